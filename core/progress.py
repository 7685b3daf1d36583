"""How far long work has come, for whoever waits for it in another process.

Who starts a command may name a JSON file in ``TIKUFORGE_PROGRESS``; the command keeps it current:
``stage`` (a word of the room's), ``done`` of ``total``, ``left`` (seconds, null: not known), and
where it ended with an error ``error``, its one line in the reader's language, and ``code``, what
:class:`core.errors.UserError` has (often none). Nothing is written where no file is named.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.files import read_json, write_json

FILE = "TIKUFORGE_PROGRESS"


def tell(stage: str, done: int = 0, total: int = 0, left: float | None = None) -> None:
    """Note where the work stands."""
    _note({"stage": stage, "done": done, "total": total, "left": left})


def failed(error: str, code: str = "") -> None:
    """Note why the work ended."""
    _note({"error": error, "code": code} if code else {"error": error})


def read(path: Path) -> dict[str, Any]:
    """What was noted last; empty where nothing was."""
    return dict(read_json(path)) if path.is_file() else {}


def _note(values: dict[str, Any]) -> None:
    if path := os.environ.get(FILE):
        write_json(Path(path), values)
