"""A workbook, one line a question, in the columns that question banks usually have. Every cell is
text: nothing is taken for a date, a number or a formula."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from core.language import words
from core.rows import Row
from data_tools.exports import question as of
from data_tools.workbook import CELL_MOST, close

KINDS = {"single": "单选题", "multiple": "多选题", "judge": "判断题"}
LETTERS = "ABCDEFGH"
TITLES = ("题型", "题干", *(f"选项{letter}" for letter in LETTERS), "答案", "解析", "来源")
WIDTHS = {"题型": 8, "题干": 60, "答案": 20, "解析": 40, "来源": 20}


def refuses(row: Row) -> str:
    """Why a sheet cannot hold ``row``."""
    if len(row.options) > of.MOST_OPTIONS:
        return words("表里最多 8 个选项", "the sheet has 8 options at most")
    if max(map(len, (row.question, row.answer, row.explanation))) > CELL_MOST:
        return words("超过一格的长度", "longer than a cell")
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``rows`` on one sheet."""
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
    plain = {"num_format": "@", "text_wrap": True, "valign": "top"}
    body, head = book.add_format(plain), book.add_format({**plain, "bold": True})
    page = book.add_worksheet("题库")
    for column, name in enumerate(TITLES):
        page.set_column(column, column, WIDTHS.get(name, 16), body)
        page.write_string(0, column, name, head)
    for number, row in enumerate(rows, 1):
        options = [row.options.get(letter, "") for letter in LETTERS]
        said = row.letters if row.options else row.answer
        place = f"{row.source.file} {row.source.locator}"
        kind = KINDS.get(row.kind, "问答题")
        texts = [kind, row.question, *options, said, row.explanation, place]
        for column, text in enumerate(texts):
            if text:
                page.write_string(number, column, text, body)
    page.freeze_panes(1, 0)
    close(book)
