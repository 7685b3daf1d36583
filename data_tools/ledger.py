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

FIELDS = ("file", "locator", "reason", "text")
LONGEST = 2000  # characters of a unit kept in the ledger; a person needs to recognise it, no more

# Excel and its kin run a cell that begins with one of these (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNED = re.compile(r"[+-]\d[\d.,:/]*\s*[^\d\s(!|=]{0,4}$")  # -5, +3%, -40℃: an answer, no formula


def defused(text: str) -> str:
    """``text`` so that no spreadsheet runs it: an apostrophe before a leading formula character.

    A plain signed number stays as it is: it is an answer, and runs nothing."""
    return "'" + text if text.startswith(FORMULA) and not _SIGNED.match(text) else text


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of a source that became no row, or a row with a doubt.

    ``reason`` is a short code, optionally with a detail after a colon: ``duplicate: src.docx p:7``.
    """

    file: str
    locator: str
    reason: str
    text: str

    @property
    def code(self) -> str:
        """The reason without its detail."""
        return self.reason.partition(":")[0].strip()


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

    def add(self, file: str, locator: str, reason: str, text: str) -> None:
        """Note one unit of a source."""
        self.entries.append(Entry(file, locator, reason, text[:LONGEST]))

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
            for entry in self.entries:
                lines.writerow(
                    [defused(entry.file), entry.locator, entry.reason, defused(entry.text)]
                )
