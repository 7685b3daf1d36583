"""The passages of an index in one SQLite file: read-only once written, with their metadata."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UserError
from core.language import words

FIELDS = ("kind", "file", "split", "chapter")  # what ``where`` may filter by
_SCHEMA = """
CREATE TABLE passage (
    row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT, file TEXT, split TEXT,
    chapter TEXT, place INTEGER, body TEXT NOT NULL);
CREATE INDEX in_file ON passage (file, place);
"""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Passage:
    """A piece of evidence. ``score`` is 0 to 1 and comparable to the domain's threshold; 0 where
    the passage was not searched for. ``source`` is the ``Source`` of ``core.rows`` as a dict.
    ``part`` is what of a long text stands in the prompt ("": all of it)."""

    id: str
    kind: str
    text: str
    question: str
    answer: str
    source: dict[str, str]
    split: str
    score: float = 0.0
    part: str = ""

    def scored(self, score: float) -> Passage:
        """The same passage with a score."""
        return replace(self, score=score)


def of_json(row: dict[str, Any]) -> Passage:
    """A line of ``kb.jsonl`` as a passage."""
    return Passage(
        id=row["id"],
        kind=row["kind"],
        text=row["text"],
        question=row.get("question", ""),
        answer=row.get("answer", ""),
        source=row["source"],
        split=row.get("split", ""),
    )


def order(row: dict[str, Any]) -> tuple[Any, ...]:
    """A key that sorts passages as they stand in their source: the numbers of its locator."""
    locator = row["source"]["locator"]
    numbers = tuple(int(number) for number in _NUMBER.findall(locator))
    return (row["source"]["file"], locator.partition("!")[0] if "!" in locator else "", numbers)


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write ``rows`` (lines of ``kb.jsonl``) in their order; row numbers begin at 0."""
    base = sqlite3.connect(path)
    with base:
        base.executescript(_SCHEMA)
        base.executemany("INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _records(rows))
    base.close()


def _records(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[Any, ...]]:
    ordered = sorted(range(len(rows)), key=lambda at: order(rows[at]))
    places = {at: place for place, at in enumerate(ordered)}
    for at, row in enumerate(rows):
        body = json.dumps(row, ensure_ascii=False)
        meta = (row["kind"], row["source"]["file"], row.get("split", ""), row.get("chapter", ""))
        yield (at, row["id"], *meta, places[at], body)


class Passages:
    """Read access; one connection under a lock, since a look-up takes microseconds."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.Lock()
        self.masks: dict[str, np.ndarray] = {}
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self.base = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.size: int = self._ask("SELECT count(*) FROM passage")[0][0]

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self.lock:
            return self.base.execute(query, values).fetchall()

    def rows(self, numbers: Sequence[int]) -> list[Passage]:
        """The passages of row numbers, in that order."""
        marks = ",".join("?" * len(numbers))
        found = dict(self._ask(f"SELECT row, body FROM passage WHERE row IN ({marks})", numbers))
        return [of_json(json.loads(found[number])) for number in numbers]

    def by_id(self, identifier: str) -> Passage | None:
        """The passage with this id."""
        found = self._ask("SELECT body FROM passage WHERE id = ?", (identifier,))
        return of_json(json.loads(found[0][0])) if found else None

    def around(self, identifier: str, n: int) -> list[Passage]:
        """The passage with ``n`` before and ``n`` after it in its file, in the file's order."""
        place = self._ask("SELECT file, place FROM passage WHERE id = ?", (identifier,))
        if not place:
            return []
        file, at = place[0]
        query = "SELECT body FROM passage WHERE file = ? AND place BETWEEN ? AND ? ORDER BY place"
        return [of_json(json.loads(one[0])) for one in self._ask(query, (file, at - n, at + n))]

    def mask(self, where: dict[str, Any]) -> np.ndarray:
        """Which rows fit ``where`` (see :func:`filters`)."""
        key = json.dumps(wanted := filters(where), sort_keys=True)
        if key not in self.masks:
            tests = [f"{field} IN ({','.join('?' * len(some))})" for field, some in wanted.items()]
            values = [value for some in wanted.values() for value in some]
            chosen = np.zeros(self.size, dtype=bool)
            test = " AND ".join(tests) or "1"
            for (row,) in self._ask(f"SELECT row FROM passage WHERE {test}", values):
                chosen[row] = True
            if len(self.masks) > 32:
                self.masks.clear()
            self.masks[key] = chosen
            return chosen
        return self.masks[key]


def filters(where: dict[str, Any]) -> dict[str, list[str]]:
    """Field → the values that fit, for a ``where`` of single values and lists; all fields must
    fit. :class:`UserError` for a field that cannot be filtered by."""
    unknown = set(where) - set(FIELDS)
    if unknown:
        wrong, known = ", ".join(sorted(unknown)), ", ".join(FIELDS)
        said = words(f"不能按 {wrong} 筛选; 可用 {known}", f"no filter {wrong}; there are {known}")
        raise UserError(said)
    return {
        field: [wanted] if isinstance(wanted, str) else [str(one) for one in wanted]
        for field, wanted in where.items()
    }
