"""The environments that an engine or a quantiser runs in, made on first use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core import gpu
from core.errors import UserError
from core.files import ROOT
from core.language import words

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")


def make(stage: str) -> None:
    """``requirements/install.py`` for a stage that only some targets need."""
    done = subprocess.run([sys.executable, str(ROOT / "requirements/install.py"), stage])
    if done.returncode:
        raise UserError(
            words(
                f"环境 {stage} 没有装好（原因见上）",
                f"environment {stage} could not be made (see above)",
            )
        )


def python(stage: str) -> Path:
    """The interpreter of a stage's environment."""
    return VENVS / stage / "bin" / "python"


def lmdeploy() -> Path:
    """The interpreter that runs LMDeploy's quantisers and proxy; made on first use.

    With a GPU that is TurboMind's environment, without one a lighter one (no CUDA).
    """
    stage = "turbomind" if gpu.gpus() else "lmdeploy"
    make(stage)
    return python(stage)
