"""The ledger: no source unit disappears without a line that says what, where and why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.files import atomic
from core.rows import Row
from data_tools.findings import Finding

# The line of a finding is ``reason``; what it is made of stands behind, for whoever reads it back.
FIELDS = ("file", "locator", "reason", "text", "code", "zh", "en")
LONGEST = 2000  # characters of a unit kept in the ledger; a person needs to recognise it, no more

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


@dataclass(slots=True)
class SourceReport:
    """One source file as read. ``questions``: rows it gave; ``declared``: the count that the
    document itself states, where it does; ``lost``: units that look like questions and gave no row;
    ``sections``: one mapping a section (title, kind, questions, declared)."""

    file: str
    sha256: str
    questions: int = 0
    declared: int | None = None
    lost: int = 0
    sections: list[dict[str, Any]] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As written in ``card.json``."""
        return asdict(self)


@dataclass
class Ledger:
    """Collects entries and source reports while sources are read.

    Readers call :meth:`add` for every unit that becomes no row, and append one
    :class:`SourceReport` a file to ``sources``. Doubts about a row that *is* kept go into
    ``Row.flags``: the pipeline writes those into the ledger itself.
    """

    entries: list[Entry] = field(default_factory=list)
    sources: list[SourceReport] = field(default_factory=list)
    loose: list[Any] = field(default_factory=list)  # what a file leaves open (readers.joined.Loose)

    def add(self, file: str, locator: str, reason: str, text: str) -> Entry:
        """Note one unit of a source; ``reason`` is a :class:`Finding`, or a bare code."""
        entry = Entry(file, locator, Finding.of(reason), text[:LONGEST])
        self.entries.append(entry)
        return entry

    def note(self, row: Row, reason: str) -> None:
        """Note something of a row."""
        self.add(row.source.file, row.source.locator, reason, row.source.text)

    def counts(self) -> Counter[str]:
        """How many entries each reason has."""
        return Counter(entry.code for entry in self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def write(self, path: Path) -> None:
        """Write ``ledger.csv`` (UTF-8 with BOM, so that Excel reads it), atomically."""
        with atomic(path) as out:
            out.write("\ufeff")
            lines = csv.writer(out, lineterminator="\n")
            lines.writerow(FIELDS)
            lines.writerows(map(_line, self.entries))


def _line(entry: Entry) -> list[str]:
    reason = entry.reason
    texts = (entry.text, reason.code, reason.zh, reason.en)
    return [defused(entry.file), entry.locator, reason, *map(defused, texts)]


def read(path: Path) -> Iterator[Entry]:
    """The entries of a ``ledger.csv``; those written before findings were data have one detail."""
    with open(path, encoding="utf-8-sig", newline="") as lines:
        for line in csv.DictReader(lines):
            data = [fused(line[name]) for name in ("code", "zh", "en") if name in line]
            reason = Finding(*data) if data else Finding.of(line["reason"])
            yield Entry(fused(line["file"]), line["locator"], reason, fused(line["text"]))
