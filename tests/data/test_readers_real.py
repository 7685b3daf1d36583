"""The real civil-service bank and its hand-edited workbook."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from docx import Document

from data_tools.ledger import Ledger
from data_tools.readers import read


def test_every_line_of_the_real_bank(real_bank: Path) -> None:
    ledger = Ledger()
    rows = {row.source.locator: row for row in read(real_bank, ledger)}
    lost = {entry.locator for entry in ledger if entry.reason == "no-answer"}
    paragraphs = [p.text for p in Document(str(real_bank)).paragraphs]
    seen = several = 0
    for number, text in enumerate(paragraphs, 1):
        stem, arrow, answer = text.partition("->")
        if not arrow:
            continue
        seen += 1
        row = rows.get(f"p:{number}")
        if not answer.strip():
            assert row is None and f"p:{number}" in lost
            continue
        assert row is not None and (row.question, row.answer) == (stem.strip(), answer.strip())
        assert row.source.text == text.strip()
        several += row.kind == "multiple"
        assert (row.kind == "multiple") == ("多选" in stem)
    assert (seen, len(rows), several) == (41_689, 41_680, 901)
    assert ledger.sources[0].declared == 40_000  # as its title says
    assert len(ledger) == 16  # nine without answer, seven lines that are no question


@pytest.fixture
def workbook(real_bank: Path) -> dict[str, tuple[str, list[str]]]:
    rows = read(real_bank.with_suffix(".xlsx"), Ledger())
    return {row.source.locator.replace("!A", "!B"): (row.answer, row.flags) for row in rows}


def test_what_excel_did_to_the_real_answers(workbook: dict[str, tuple[str, list[str]]]) -> None:
    assert len(workbook) == 10_397
    shown = {
        "B208": "5%", "B570": "150%", "B1727": "34.50%", "B1448": "9月10日", "B624": "5月30日",
        "B1091": "2000年1月1日", "B4632": "1:03", "B593": "12369", "B2238": "8613800100500",
        "B750": "0.618",
    }  # fmt: skip
    assert {cell: workbook[f"Sheet1!{cell}"][0] for cell in shown} == shown
    likely = {"B309": "1/6", "B5414": "1/3", "B4632": "1:3", "B2728": "2:8:3", "B7619": "9:1",
              "B1448": "9/10", "B3018": "17:56:1", "B3304": "8/23"}  # fmt: skip
    for cell, reading in likely.items():
        assert any(reading in flag for flag in workbook[f"Sheet1!{cell}"][1]), cell


def test_every_date_and_time_of_the_workbook_is_flagged(real_bank: Path, workbook: dict[str,
tuple[str, list[str]]]) -> None:  # fmt: skip
    """Whatever the workbook stores as a date or a time has a flag."""
    from openpyxl import load_workbook

    sheet = load_workbook(real_bank.with_suffix(".xlsx")).active
    dated = Counter[bool]()
    for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        number = cell._style.numFmtId
        if number in (20, 21, 31, 57, 58):
            flags = workbook[f"Sheet1!{cell.coordinate}"][1]
            dated[any(flag.startswith(("excel-date", "excel-time")) for flag in flags)] += 1
    assert dated[True] > 70 and not dated[False]
