"""``review.xlsx``: the workbook in which a person reads, mends, deletes and adds questions.

Sheets: every question; the doubtful ones again, worst first; the ledger. A hidden sheet remembers
what was written (a key and two fingerprints a row), so that the workbook alone tells what a person
changed, however it was sorted, mailed or copied.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from core import labels
from core.files import digest
from core.findings import Finding, labelled
from core.kept import AT, BASE, defused
from core.labels import both
from core.rows import KINDS, Row
from data_tools.ledger import FIELDS, Ledger

ALL, DOUBTS, LEDGER = (both(labels.SHEETS[name]) for name in ("all", "doubts", "ledger"))
# Kinds that come by the hundred thousand and are mended in their table: shown only when in doubt.
BULK = ("template", "general")
HEAD = ("id", "decision", "kind", "question", "answer")  # keys of core.labels.COLUMNS
TAIL = ("explanation", "doubts", "source", "text", "key")
WIDTHS = {"id": 16, "question": 60, "answer": 30, "explanation": 40}
WIDTHS |= {"doubts": 30, "source": 22, "text": 40}
LEDGER_FIELDS = FIELDS[:4]
LEDGER_MOST = 200_000  # the whole ledger is in ledger.csv; a sheet holds a million lines at most
CELL_MOST = 32_767  # characters in one cell, Excel's limit

assert set(labels.KINDS) == set(KINDS)


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


def columns(lines: Iterable[Line]) -> tuple[list[str], list[str]]:
    """Our columns by key, with as many options as the widest row has, and the person's own."""
    letters: set[str] = set("ABCD")
    extra: dict[str, None] = {}
    for line in lines:
        letters.update(line.row.options)
        extra.update(dict.fromkeys(line.extra))
    return [*HEAD, *(f"option_{letter}" for letter in sorted(letters)), *TAIL], list(extra)


def cells(line: Line) -> dict[str, str]:
    """The texts of one line by column."""
    row = line.row
    return {
        "id": row.id,
        "decision": both(labels.DECISIONS[line.decision]) if line.decision else "",
        "kind": both(labels.KINDS[row.kind]),
        "question": row.question,
        "answer": row.letters if row.options else row.answer,
        **{f"option_{letter}": text for letter, text in row.options.items()},
        "explanation": row.explanation,
        "doubts": "\n".join(map(labelled, row.flags)),
        "source": f"{row.source.file}{AT}{row.source.locator}",
        "text": row.source.text,
        "key": line.key,
    }


_COLOURED = ("doubts", "question")


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

    def table(self, name: str, keys: Sequence[str], titles: Sequence[str]) -> Any:
        """A sheet with a frozen, filtered header and text columns, also for rows yet to come."""
        sheet = self.book.add_worksheet(name)
        for index, title in enumerate(titles):
            key = keys[index] if index < len(keys) else ""
            hidden = {"hidden": True} if key == "key" else {}
            sheet.set_column(index, index, WIDTHS.get(key, 14), self.plain, hidden)
            sheet.write_string(0, index, title, self.head)
        sheet.freeze_panes(1, 0)
        return sheet

    def questions(
        self, name: str, keys: Sequence[str], extra: Sequence[str], lines: Sequence[Line]
    ) -> None:
        """One line a question; colour only where a look is needed."""
        sheet = self.table(name, keys, [*map(labels.column, keys), *extra])
        for number, line in enumerate(lines, 1):
            values = cells(line)
            texts = [values.get(key, "") for key in keys]
            texts += [line.extra.get(title, "") for title in extra]
            for index, text in enumerate(texts):
                if text:
                    look = line.row.flags and index < len(keys) and keys[index] in _COLOURED
                    style = self.doubt if look else self.plain
                    sheet.write_string(number, index, defused(text)[:CELL_MOST], style)
        last = max(len(lines), 1)
        sheet.autofilter(0, 0, last, len(keys) + len(extra) - 1)
        for key, choices in (("kind", labels.KINDS), ("decision", labels.DECISIONS)):
            column = keys.index(key)
            listed = {"validate": "list", "source": [both(pair) for pair in choices.values()]}
            sheet.data_validation(1, column, last + 1000, column, listed)

    def ledger(self, ledger: Ledger) -> None:
        """What did not become a row, or became one with a doubt."""
        sheet = self.table(LEDGER, (), LEDGER_FIELDS)
        number = 0
        for number, entry in enumerate(ledger, 1):
            if number > LEDGER_MOST:
                break
            for index, name in enumerate(LEDGER_FIELDS):
                text = getattr(entry, name)
                text = labelled(text) if name == "reason" else text
                sheet.write_string(number, index, defused(text)[:CELL_MOST], self.plain)
        sheet.autofilter(0, 0, max(number, 1), len(LEDGER_FIELDS) - 1)

    def baseline(self, marks: Iterable[Sequence[str]]) -> None:
        """The hidden sheet with the ``marks`` of :func:`baseline`."""
        sheet = self.book.add_worksheet(BASE)
        sheet.very_hidden()
        for number, mark in enumerate(marks):
            for index, text in enumerate(mark):
                sheet.write_string(number, index, text)


def baseline(lines: Iterable[Line], gone: Iterable[str]) -> list[tuple[str, ...]]:
    """What a later reading compares with: key, fingerprint as parsed and as written, ``?`` for a
    doubt, and the doubts as JSON (:func:`doubts`); of a row that a person took out, the key
    alone."""
    marks = []
    for line in lines:
        found = [Finding.of(flag).json() for flag in line.row.flags]
        data = json.dumps(found, ensure_ascii=False) if found else ""
        mark = "?" * bool(found), data if len(data) <= CELL_MOST else ""
        marks.append((line.key, line.parsed, fingerprint(line.row), *mark))
    return [*marks, *((key,) for key in sorted(gone))]


def worst_first(lines: Iterable[Line]) -> list[Line]:
    """The doubtful lines: contradictions first (side by side), then the most doubts."""

    def order(line: Line) -> tuple[bool, str, int]:
        conflict = any(Finding.of(flag).code == "conflict" for flag in line.row.flags)
        return not conflict, line.row.group if conflict else "", -len(line.row.flags)

    return sorted((line for line in lines if line.row.flags), key=order)


def close(book: xlsxwriter.Workbook) -> None:
    """Write ``book`` out. xlsxwriter wraps what the disk says, so that nobody knows it for an
    :class:`OSError` (a full disk was a traceback): this raises what it wraps."""
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from None


def write(
    path: Path, lines: Sequence[Line], marks: Iterable[Sequence[str]], ledger: Ledger
) -> None:
    """Write the workbook to ``path`` (whole or absent)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    keys, extra = columns(lines)
    try:
        writer = _Writer(temporary)
        writer.questions(ALL, keys, extra, lines)
        writer.questions(DOUBTS, keys, extra, worst_first(lines))
        writer.ledger(ledger)
        writer.baseline(marks)
        close(writer.book)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
