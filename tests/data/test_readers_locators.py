"""Every row leads back: the document, opened at the locator, holds the text."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from random import Random

import pytest
import xlrd
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from core.rows import Source
from data_tools.ledger import Ledger
from data_tools.readers import read
from tests.data import bankgen_docs as docs
from tests.data import bankgen_sheets as sheets
from tests.data.bankgen import Maker
from tests.data.test_readers_banks import write_doc, write_sheet


def opened(path: Path, source: Source) -> str:
    """The text at a locator, by the usual libraries rather than by our readers."""
    kind, _, rest = source.locator.partition(":")
    if kind == "c":
        text = path.read_bytes().decode(_encoding(path)).removeprefix("\ufeff")
        start, end = map(int, rest.split("-"))
        return text[start:end]
    if kind in ("p", "t") and path.suffix == ".docx":
        document = Document(str(path))
        if kind == "p":
            paragraph = document.paragraphs[int(rest) - 1]._p
            shown = (qn("w:t"), qn("m:t"))
            hidden = {
                t
                for r in paragraph.iter(qn("w:r"))
                if r.find(f".//{qn('w:vanish')}") is not None
                for t in r
            }
            return "".join(t.text or "" for t in paragraph.iter(*shown) if t not in hidden)
        t, r, c = map(int, re.fullmatch(r"(\d+):r:(\d+):c:(\d+)", rest).groups())  # type: ignore[union-attr]
        return document.tables[t - 1].cell(r - 1, c - 1).text
    sheet, _, cell = source.locator.rpartition("!")
    column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()  # type: ignore[union-attr]
    if path.suffix == ".xlsx":
        return str(load_workbook(path)[sheet][cell].value)
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - 64
    if path.suffix == ".txt":  # columns between tabs: cells, as a spreadsheet opens it
        text = path.read_bytes().decode(_encoding(path)).removeprefix("\ufeff")
        return list(csv.reader(text.splitlines(), delimiter="\t"))[int(row) - 1][number - 1]
    return str(
        xlrd.open_workbook(str(path)).sheet_by_name(sheet).cell_value(int(row) - 1, number - 1)
    )


def _encoding(path: Path) -> str:
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "gb18030"


def bare(text: str) -> str:
    return re.sub(r"\s+|\$[^$]*\$", "", text)


@pytest.mark.parametrize("name", [*docs.LAYOUTS, *sheets.LAYOUTS])
def test_every_row_leads_back(name: str, tmp_path: Path) -> None:
    for seed in (0, 1, 3):
        made, _ = (docs.LAYOUTS if name in docs.LAYOUTS else sheets.LAYOUTS)[name](
            Maker(Random(seed))
        )
        write = write_doc if name in docs.LAYOUTS else write_sheet
        path = write(made, tmp_path / f"a{seed}", seed, name)
        for row in read(path, Ledger()):
            there = opened(path, row.source)
            assert bare(row.source.text.split("\n")[0]) in bare(there)
            assert row.source.file == path.name and len(row.source.sha256) == 64
            words = max(re.split(r"[（(\[【)）]", row.question.split("\n")[-1]), key=len)
            assert bare(words)[:6] in bare(row.source.text)
