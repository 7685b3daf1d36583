"""What a command says to type next can be pasted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from core.files import ROOT

TABLE = ROOT / "samples" / "medical" / "drugs.csv"


def test_the_next_command_keeps_what_the_user_said(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def make(*words: str) -> str:
        done = subprocess.run(
            ["make", *words], cwd=ROOT, env=clean, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    out = make("data", f"TABLE={TABLE}", "TEMPLATES=medical", "DOMAIN=medical", f"OUT={tmp_path}")
    said = re.search(r"next: .*?(make train .*)", out)
    assert said
    words = shlex.split(said[1])[1:]
    planned = make("-n", *words)  # as pasted, only not run
    assert f"--data={tmp_path}" in planned and "--domain=medical" in planned
