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
        line = [
            sys.executable,
            "-m",
            "data_tools",
            "build",
            "--out",
            str(tmp_path / "data"),
            *words,
        ]
        return subprocess.run(
            line, cwd=ROOT, env={**os.environ, progress.FILE: str(note)}, capture_output=True
        ).returncode

    assert build() == 0
    assert progress.read(note)["stage"] == "write"
    assert build("--bank", str(tmp_path / "none.docx")) == 2
    assert "none.docx" in progress.read(note)["error"]
    assert progress.read(tmp_path / "elsewhere.json") == {}


def test_two_savers_of_one_file_in_one_process(tmp_path: Path) -> None:
    """Sessions of the page are threads: neither save may fail, and the file is one of them."""
    from concurrent.futures import ThreadPoolExecutor

    from core.files import read_json, write_json

    path = tmp_path / "note.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_json(path, {"number": number}), range(200)))
    assert read_json(path)["number"] in range(200)
    assert list(tmp_path.iterdir()) == [path]
