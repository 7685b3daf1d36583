"""The review workbook for the page, in a process of its own.

``python -m web.sheet list REVIEW FOLDER`` writes its questions, and the ledger beside it, as JSON
lines by the keys of :mod:`core.labels`; ``python -m web.sheet apply REVIEW EDITS`` types
edits into it as a person would, after which ``python -m data_tools review`` takes them over;
``python -m web.sheet settle DATA N`` then notes that the data set holds all edits up to the N-th.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import kept, labels
from core.errors import UserError, run_cli
from core.files import read_json, shown, write_jsonl
from core.language import words

ROWS, LOST = "rows.jsonl", "ledger.jsonl"
_CHOSEN = {"kind": labels.KINDS, "decision": labels.DECISIONS}  # columns with a list of choices


def _keys(sheet: Any) -> list[str]:
    """The keys of a sheet's columns; a column of the person's own is called as they call it."""
    first = next(sheet.iter_rows(values_only=True, max_row=1), ())
    titles = [str(title or "") for title in first]
    return [labels.column_key(title) or title for title in titles]


def _questions(book: Any, path: Path) -> Any:
    """The sheet of all questions: the first that has their columns."""
    for sheet in book:
        if {"question", "answer", "key"} <= set(_keys(sheet)):
            return sheet
    missing = words("缺少题目的工作表", "the sheet of the questions is missing")
    raise UserError(f"{shown(path)}: {missing}")


def _lines(sheet: Any) -> Iterator[dict[str, Any]]:
    keys = _keys(sheet)
    for cells in sheet.iter_rows(values_only=True, min_row=2):
        texts = ["" if cell is None else kept.fused(str(cell)) for cell in cells]
        line = {key: text for key, text in zip(keys, texts, strict=False) if key and text}
        for key, table in _CHOSEN.items():
            if key in line:
                line[key] = labels.key_in(table, line[key])
        if line:
            yield line


def _marks(book: Any) -> dict[str, list[str]]:
    """The workbook's hidden sheet by key (:func:`data_tools.workbook.baseline`)."""
    if kept.BASE not in book.sheetnames:
        return {}
    rows = book[kept.BASE].iter_rows(values_only=True)
    marks = ([str(cell or "") for cell in row] for row in rows)
    return {mark[0]: mark for mark in marks if len(mark) > 2}


def list_(path: Path, folder: Path) -> None:
    """Write the workbook's questions and the ledger into ``folder``."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    marks = _marks(book)

    def row(line: dict[str, Any]) -> dict[str, Any]:
        mark = marks.get(line.get("key", ""), [])
        if "doubts" in line:
            line["doubts"] = kept.doubts(mark, line["doubts"])
        edited = bool(mark) and bool(mark[2]) and mark[1] != mark[2]
        return {**line, "edited": True} if edited else line

    write_jsonl(folder / ROWS, map(row, _lines(_questions(book, path))))
    lost = kept.read(path.with_name("ledger.csv"))
    write_jsonl(
        folder / LOST,
        ({"file": e.file, "locator": e.locator, "text": e.text, **e.reason.json()} for e in lost),
    )


def apply(path: Path, edits: dict[str, Any]) -> None:
    """Type ``edits`` into the workbook: ``changed`` (key → column → text) and ``added`` (a list of
    column → text)."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    sheet = _questions(book, path)
    columns = {key: number for number, key in enumerate(_keys(sheet), 1) if key}
    left = dict(edits.get("changed", {}))
    filled = 1
    for number in range(2, sheet.max_row + 1):
        if sheet.cell(number, columns["question"]).value:
            filled = number
        for name, text in left.pop(str(sheet.cell(number, columns["key"]).value), {}).items():
            _type(sheet, number, columns, name, text)
    if left:
        raise UserError(
            words("工作簿已经变了，请刷新后再改", "the workbook has changed: reload and edit again")
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
        raise UserError(words(f"工作簿没有 {name} 这一列", f"the workbook has no column {name}"))
    if text and name in _CHOSEN:
        text = labels.both(_CHOSEN[name][text])
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
