"""The review workbook for the page, in a process of its own.

``python -m web.sheet list REVIEW FOLDER`` writes its questions and its ledger as JSON lines;
``python -m web.sheet apply REVIEW EDITS`` types edits into it as a person would, after which
``python -m data_tools review`` takes them over; ``python -m web.sheet settle DATA N`` then notes
that the data set holds all edits up to the N-th.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError, run_cli
from core.files import read_json, shown, write_jsonl

MAIN, LEDGER = "题目", "台账"  # the sheets' names begin so
BASE = "_baseline"  # key, fingerprint as read, as written (data_tools.workbook)
ROWS, LOST = "rows.jsonl", "ledger.jsonl"
_DEFUSED = re.compile(r"^'(?='*[=+\-@\t\r])")  # the apostrophe that keeps a formula from running


def _sheet(book: Any, name: str, path: Path) -> Any:
    found = next((sheet for sheet in book if sheet.title.startswith(name)), None)
    if found is None:
        raise UserError(f"{shown(path)}: 缺少工作表 sheet is missing: {name}")
    return found


def short(title: str) -> str:
    """A column's name in the page's files: the Chinese half (题干 of 题干 question)."""
    head, _, tail = title.partition(" ")
    return f"{head} {tail}" if head == "选项" else head


def _lines(sheet: Any) -> Iterator[dict[str, str]]:
    rows = sheet.iter_rows(values_only=True)
    head = [short(str(title or "")) for title in next(rows, ())]
    for cells in rows:
        texts = ["" if cell is None else _DEFUSED.sub("", str(cell)) for cell in cells]
        line = {name: text for name, text in zip(head, texts, strict=False) if name and text}
        if line:
            yield line


def _edited(book: Any) -> set[str]:
    """The keys of the questions that differ from their source, by the workbook's hidden sheet."""
    if BASE not in book.sheetnames:
        return set()
    marks = ([str(cell or "") for cell in row] for row in book[BASE].iter_rows(values_only=True))
    return {mark[0] for mark in marks if len(mark) > 2 and mark[2] and mark[1] != mark[2]}


def list_(path: Path, folder: Path) -> None:
    """Write the workbook's questions and ledger into ``folder``."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    edited = _edited(book)
    lines = (
        {**line, "已改": "1"} if line.get("key") in edited else line
        for line in _lines(_sheet(book, MAIN, path))
    )
    write_jsonl(folder / ROWS, lines)
    write_jsonl(folder / LOST, _lines(_sheet(book, LEDGER, path)))


def apply(path: Path, edits: dict[str, Any]) -> None:
    """Type ``edits`` into the workbook: ``changed`` (key → column → text) and ``added`` (a list of
    column → text)."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    sheet = _sheet(book, MAIN, path)
    columns = {short(str(cell.value or "")): cell.column for cell in sheet[1]}
    left = dict(edits.get("changed", {}))
    filled = 1
    for number in range(2, sheet.max_row + 1):
        if sheet.cell(number, columns["题干"]).value:
            filled = number
        for name, text in left.pop(str(sheet.cell(number, columns["key"]).value), {}).items():
            _type(sheet, number, columns, name, text)
    if left:
        raise UserError(
            "工作簿已经变了，请刷新后再改 the workbook has changed: reload and edit again"
        )
    for number, line in enumerate(edits.get("added", []), filled + 1):
        for name, text in line.items():
            _type(sheet, number, columns, name, text)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        book.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _type(sheet: Any, row: int, columns: dict[str, int], name: str, text: str) -> None:
    if name not in columns:
        raise UserError(f"工作簿没有这一列 the workbook has no column {name}")
    cell = sheet.cell(row, columns[name])
    cell.value = text or None
    if text:
        cell.data_type = "s"  # text, also where it begins like a formula
        cell.number_format = "@"


def main() -> None:
    """Run one command."""
    command, path, other = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if command == "list":
        list_(path, other)
    elif command == "settle":
        from web import edits

        edits.settle(path, int(sys.argv[3]))
    else:
        apply(path, read_json(other))


if __name__ == "__main__":
    run_cli(main)
