"""The ledger: no source unit disappears without a line that says what, where and why."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.files import atomic
from core.findings import Finding
from core.kept import Entry, defused
from core.rows import Row

# The line of a finding is ``reason``; what it is made of stands behind, for whoever reads it back.
FIELDS = ("file", "locator", "reason", "text", "code", "zh", "en")
LONGEST = 2000  # characters of a unit kept in the ledger; a person needs to recognise it, no more


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
