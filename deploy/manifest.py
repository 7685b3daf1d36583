"""``make convert BACKEND=turbomind``: is this folder ready for LMDeploy? → ``turbomind.json``.

lmdeploy converts in memory while it loads (``lmdeploy convert`` left in 0.10), so readiness is what
can be checked before: architecture, head size, quantisation. The first real load on a GPU, at
``make deploy``, is the last check.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import chat
from core.files import write_json
from deploy import models, preflight


def write(folder: Path, backend: str, shape: dict[str, Any]) -> Path:
    """Note that ``folder``, checked for ``backend``, has ``shape``; ``RUN/turbomind.json``."""
    ours = folder.name in ("merged", "awq", "w8a8")
    where = folder.parent if ours else chat.SERVERS  # others' folders may not be ours to write
    out = where / ("turbomind.json" if ours else f"{folder.name}.turbomind.json")
    write_json(
        out,
        {
            "model": folder.name,
            "version": models.version(folder, out.with_suffix(".version.json")),
            "backend": backend,
            "checked_for": f"lmdeploy {preflight.LMDEPLOY}",
            **shape,
        },
    )
    return out
