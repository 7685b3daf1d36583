"""Real Word and Excel files for the tests, and a build of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from docx import Document
from openpyxl import Workbook

from core.files import ROOT
from data_tools.sources import Inputs

REAL_DATA = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture
def real_bank() -> Path:
    path = REAL_DATA / "gongkao" / "src.docx"
    if not path.is_file():
        pytest.skip(f"no real bank at {path} (set REAL_DATA)")
    return path


@pytest.fixture
def make_docx(tmp_path: Path) -> Callable[..., Path]:
    def make(lines: Sequence[str], name: str = "bank.docx") -> Path:
        document = Document()
        for line in lines:
            document.add_paragraph(line)
        path = tmp_path / name
        document.save(str(path))
        return path

    return make


@pytest.fixture
def make_xlsx(tmp_path: Path) -> Callable[..., Path]:
    def make(rows: Sequence[Sequence[str]], name: str = "bank.xlsx") -> Path:
        book = Workbook()
        book.active.title = "Sheet1"
        for row in rows:
            book.active.append(list(row))
        path = tmp_path / name
        book.save(path)
        return path

    return make


@pytest.fixture
def inputs() -> Callable[..., Inputs]:
    return lambda *bank: Inputs("gongkao", tuple(map(str, bank)))
