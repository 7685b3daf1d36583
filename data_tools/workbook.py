"""``review.xlsx``: the workbook in which a person reads, mends, deletes and adds questions.

Sheets: every question; the doubtful ones again, worst first; the ledger. A hidden sheet remembers
what was written (a key and two fingerprints a row), so that the workbook alone tells what a person
changed, however it was sorted, mailed or copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter

from core.files import digest
from core.rows import KINDS, Row
from data_tools.ledger import FIELDS, Ledger, defused, labelled

ALL, DOUBTS, LEDGER, BASE = "题目 questions", "存疑 doubts", "台账 ledger", "_baseline"
KIND_NAMES = {
    "qa": "问答 qa",
    "single": "单选 single",
    "multiple": "多选 multiple",
    "judge": "判断 judge",
    "case": "案例 case",
    "template": "模板 template",
    "generated": "生成 generated",
    "general": "通用 general",
}
KEEP, DROP = "保留 keep", "删除 drop"
# Kinds that come by the hundred thousand and are mended in their table: shown only when in doubt.
BULK = ("template", "general")
HEAD = ("编号 id", "处理 decision", "题型 kind", "题干 question", "答案 answer")
TAIL = ("解析 explanation", "存疑 doubts", "来源 source", "原文 text", "key")
OPTION = "选项 {}"
AT = " · "  # between a source's file and its locator
WIDTHS = {"编号 id": 16, "题干 question": 60, "答案 answer": 30, "解析 explanation": 40}
WIDTHS |= {"存疑 doubts": 30, "来源 source": 22, "原文 text": 40}
LEDGER_MOST = 200_000  # the whole ledger is in ledger.csv; a sheet holds a million lines at most
CELL_MOST = 32_767  # characters in one cell, Excel's limit

assert set(KIND_NAMES) == set(KINDS)


@dataclass(slots=True)
class Line:
    """One row of the workbook. ``key`` names the parsed row (``+…`` for one added by hand),
    ``parsed`` is the fingerprint of what the bank said, ``extra`` the person's own columns."""

    row: Row
    key: str
    parsed: str
    decision: str = ""
    edited: bool = False
    extra: dict[str, str] = field(default_factory=dict)


def fingerprint(row: Row) -> str:
    """What a person can edit of a row, in 12 hex digits."""
    said = row.letters if row.options else row.answer
    return digest(row.kind, row.question, said, row.options, row.explanation)[:12]


def columns(lines: Iterable[Line]) -> list[str]:
    """The header: ours, as many options as the widest row has, and the person's own columns."""
    letters: set[str] = set("ABCD")
    extra: dict[str, None] = {}
    for line in lines:
        letters.update(line.row.options)
        extra.update(dict.fromkeys(line.extra))
    return [*HEAD, *(OPTION.format(letter) for letter in sorted(letters)), *TAIL, *extra]


def cells(line: Line) -> dict[str, str]:
    """The texts of one line by column."""
    row = line.row
    return {
        "编号 id": row.id,
        "处理 decision": line.decision,
        "题型 kind": KIND_NAMES[row.kind],
        "题干 question": row.question,
        "答案 answer": row.letters if row.options else row.answer,
        **{OPTION.format(letter): text for letter, text in row.options.items()},
        "解析 explanation": row.explanation,
        "存疑 doubts": "\n".join(map(labelled, row.flags)),
        "来源 source": f"{row.source.file}{AT}{row.source.locator}",
        "原文 text": row.source.text,
        "key": line.key,
        **line.extra,
    }


class _Writer:
    """The styles and sheets of one workbook that is being written."""

    def __init__(self, path: Path) -> None:
        self.book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_numbers": False}
        )
        base = {"num_format": "@", "text_wrap": True, "valign": "top", "quote_prefix": True}
        self.plain = self.book.add_format(base)
        self.doubt = self.book.add_format({**base, "bg_color": "#FFF2CC"})
        self.head = self.book.add_format({**base, "bold": True, "bg_color": "#E7E6E6"})

    def table(self, name: str, header: Sequence[str]) -> Any:
        """A sheet with a frozen, filtered header and text columns, also for rows yet to come."""
        sheet = self.book.add_worksheet(name)
        for index, title in enumerate(header):
            hidden = {"hidden": True} if title == "key" else {}
            sheet.set_column(index, index, WIDTHS.get(title, 14), self.plain, hidden)
            sheet.write_string(0, index, title, self.head)
        sheet.freeze_panes(1, 0)
        return sheet

    def questions(self, name: str, header: Sequence[str], lines: Sequence[Line]) -> None:
        """One line a question; colour only where a look is needed."""
        sheet = self.table(name, header)
        for number, line in enumerate(lines, 1):
            values = cells(line)
            for index, title in enumerate(header):
                if text := values.get(title, ""):
                    style = self.plain
                    if line.row.flags and title in ("存疑 doubts", "题干 question"):
                        style = self.doubt
                    sheet.write_string(number, index, defused(text)[:CELL_MOST], style)
        last = max(len(lines), 1)
        sheet.autofilter(0, 0, last, len(header) - 1)
        for title, choices in (
            ("题型 kind", list(KIND_NAMES.values())),
            ("处理 decision", [KEEP, DROP]),
        ):
            column = header.index(title)
            sheet.data_validation(
                1, column, last + 1000, column, {"validate": "list", "source": choices}
            )

    def ledger(self, ledger: Ledger) -> None:
        """What did not become a row, or became one with a doubt."""
        sheet = self.table(LEDGER, FIELDS)
        number = 0
        for number, entry in enumerate(ledger, 1):
            if number > LEDGER_MOST:
                break
            for index, name in enumerate(FIELDS):
                text = getattr(entry, name)
                text = labelled(text) if name == "reason" else text
                sheet.write_string(number, index, defused(text)[:CELL_MOST], self.plain)
        sheet.autofilter(0, 0, max(number, 1), len(FIELDS) - 1)

    def baseline(self, marks: Iterable[Sequence[str]]) -> None:
        """The hidden sheet with the ``marks`` of :func:`baseline`."""
        sheet = self.book.add_worksheet(BASE)
        sheet.very_hidden()
        for number, mark in enumerate(marks):
            for index, text in enumerate(mark):
                sheet.write_string(number, index, text)


def baseline(lines: Iterable[Line], gone: Iterable[str]) -> list[tuple[str, ...]]:
    """What a later reading compares with: key, fingerprint as parsed and as written, ``?`` for a
    doubt; of a row that a person took out, the key alone."""
    kept = [
        (line.key, line.parsed, fingerprint(line.row), "?" * bool(line.row.flags)) for line in lines
    ]
    return [*kept, *((key,) for key in sorted(gone))]


def worst_first(lines: Iterable[Line]) -> list[Line]:
    """The doubtful lines: contradictions first (side by side), then the most doubts."""

    def order(line: Line) -> tuple[bool, str, int]:
        conflict = any(flag.startswith("conflict") for flag in line.row.flags)
        return not conflict, line.row.group if conflict else "", -len(line.row.flags)

    return sorted((line for line in lines if line.row.flags), key=order)


def write(
    path: Path, lines: Sequence[Line], marks: Iterable[Sequence[str]], ledger: Ledger
) -> None:
    """Write the workbook to ``path`` (whole or absent)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    header = columns(lines)
    try:
        writer = _Writer(temporary)
        writer.questions(ALL, header, lines)
        writer.questions(DOUBTS, header, worst_first(lines))
        writer.ledger(ledger)
        writer.baseline(marks)
        writer.book.close()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
