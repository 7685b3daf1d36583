"""The files of a data set that people open, ``ledger.csv`` and ``review.xlsx``, as data: what the
data tools write there and the page reads back."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.findings import Finding, kept

BASE = "_baseline"  # the workbook's hidden sheet
AT = " · "  # between a source's file and its locator

# Excel and its kin run a cell that begins with one of these (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNED = re.compile(r"[+-]\d[\d.,:/]*\s*[^\d\s(!|=]{0,4}$")  # -5, +3%, -40℃: an answer, no formula


def defused(text: str) -> str:
    """``text`` so that no spreadsheet runs it: an apostrophe before a leading formula character.

    A plain signed number stays as it is: it is an answer, and runs nothing. :func:`fused` undoes
    it, so what begins with an apostrophe before such a character gets one more."""
    if text.lstrip("'").startswith(FORMULA) and not _SIGNED.match(text):
        return "'" + text
    return text


def fused(text: str) -> str:
    """The text that :func:`defused` was given."""
    bare = text.lstrip("'")
    return text[1:] if bare != text and bare.startswith(FORMULA) else text


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of a source that became no row, or a row with a doubt."""

    file: str
    locator: str
    reason: Finding
    text: str

    @property
    def code(self) -> str:
        """The reason without its detail."""
        return self.reason.code


def read(path: Path) -> Iterator[Entry]:
    """The entries of a ``ledger.csv``; those written before findings were data have one detail."""
    with open(path, encoding="utf-8-sig", newline="") as lines:
        for line in csv.DictReader(lines):
            data = [fused(line[name]) for name in ("code", "zh", "en") if name in line]
            reason = Finding(*data) if data else Finding.of(line["reason"])
            yield Entry(fused(line["file"]), line["locator"], reason, fused(line["text"]))


def doubts(mark: Sequence[str], shown: str) -> list[dict[str, str]]:
    """The doubts of a row as data: from its mark on the hidden sheet or, where that has none (a
    workbook of before), from the lines ``shown`` in the column of doubts."""
    if len(mark) > 4 and mark[4]:
        return list(json.loads(mark[4]))
    return [line.json() for line in kept(shown)]
