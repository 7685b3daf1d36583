"""A bank's questions for other tools, made on demand by the data tools and kept until a rebuild."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.errors import UserError
from core.files import ROOT, held
from core.language import chosen
from web.catalog import Bank

FORMATS = ("docx", "xlsx", "anki", "moodle", "gift", "qti", "aiken")
SECONDS = 300.0


def files(bank: Bank, form: str) -> tuple[list[Path], str]:
    """The files of a format, and what is said of them (what they could not hold).

    Raises :class:`UserError` where nothing can be written."""
    folder = bank.folder / "export" / form
    said = folder / f"said-{chosen()}.txt"
    with held(bank.folder / ".job" / f"export-{form}.lock"):
        made = (
            said.is_file() and said.stat().st_mtime >= (bank.folder / "card.json").stat().st_mtime
        )
        if not made:
            text = _made(bank, form)
            folder.mkdir(parents=True, exist_ok=True)
            said.write_text(text, encoding="utf-8")
    found = sorted(file for file in folder.iterdir() if not file.name.startswith("said-"))
    return found, said.read_text(encoding="utf-8")


def _made(bank: Bank, form: str) -> str:
    """Write the files; the lines that were printed, but for the last, which names them."""
    about = ["--out", str(bank.folder), "--domain", bank.domain, "--format", form]
    line = [sys.executable, "-m", "data_tools", "export", *about, "--title", bank.title]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIKU_LANG": chosen()}
    done = subprocess.run(
        line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise UserError(lines[-1] if lines else form)
    return "\n".join(done.stdout.splitlines()[:-1])
