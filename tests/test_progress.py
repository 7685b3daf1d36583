"""Long work says how far it is, as data, to whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core import progress
from core.files import ROOT


def test_a_build_notes_its_stages_and_its_error(tmp_path: Path) -> None:
    note = tmp_path / "progress.json"

    def build(*words: str) -> int:
        line = [sys.executable, "-m", "data_tools", "build", "--out", str(tmp_path / "data"), *words]
        return subprocess.run(
            line, cwd=ROOT, env={**os.environ, progress.FILE: str(note)}, capture_output=True
        ).returncode

    assert build() == 0
    assert progress.read(note)["stage"] == "write"
    assert build("--bank", str(tmp_path / "none.docx")) == 2
    assert "none.docx" in progress.read(note)["error"]
    assert progress.read(tmp_path / "elsewhere.json") == {}
