"""CSV and TSV records, each with its line, and the lines that are none.

Python's ``csv`` reads on to the next quotation mark wherever that stands, so that one stray mark
swallows rows. Here a field is quoted only where its closing mark is followed by a delimiter or the
line's end; a field that begins with a mark and is not so closed is taken as it stands if its marks
pair up (``"离骚"的作者``), else its line is refused alone and reading goes on with the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, islice

from data_tools.readers.doubt import doubt

QUOTE, EXTRA = "csv-quote", "extra-cells"
LONGEST = 200  # lines of one quoted field; a longer one was never closed
LOOK = 200  # lines looked at for the usual width


@dataclass(slots=True)
class Record:
    """One record: its first line (1-based), its offset in characters, its raw text, its fields, and
    why it is no record ("" where it is one)."""

    line: int
    start: int
    raw: str
    fields: list[str] = field(default_factory=list)
    reason: str = ""

    @property
    def wide(self) -> int:
        """The number of its fields without empty ones at the end."""
        width = len(self.fields)
        while width and not self.fields[width - 1].strip():
            width -= 1
        return width


@cache
def _closed(delimiter: str) -> re.Pattern[str]:
    """A quoted field with its end."""
    return re.compile(rf'"((?:[^"]|"")*)"[ \t]*(?={re.escape(delimiter)}|\r?\n?\Z)')


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """The records of ``lines`` (each with its end, as of a file opened with ``newline=""``)."""
    source, number, start = iter(lines), 0, 0
    waiting: list[str] = []
    while True:
        line = waiting.pop(0) if waiting else next(source, None)
        if line is None:
            return
        number += 1
        made = Record(number, start, line)
        start += len(line)
        fields, open_ = fields_of(line, delimiter)
        if open_ and waiting is not None:
            more = _more(line, waiting, source, delimiter)
            if more:
                taken = waiting[:more]
                del waiting[:more]
                made.raw = line + "".join(taken)
                made.fields = fields_of(made.raw, delimiter)[0]
                number += more
                start += sum(map(len, taken))
                yield made
                continue
        made.fields = fields
        made.reason = QUOTE if open_ else ""
        yield made


def _more(line: str, waiting: list[str], source: Iterator[str], delimiter: str) -> int:
    """How many of the lines that follow belong to the field left open in ``line``; 0 for none."""
    text = line
    for count in range(1, LONGEST):
        if len(waiting) < count:
            following = next(source, None)
            if following is None:
                return 0
            waiting.append(following)
        following = waiting[count - 1]
        text += following
        if '"' not in following:
            continue
        fields, open_ = fields_of(text, delimiter)
        if open_ == LATER:
            continue
        if open_:
            return 0
        alone = len(fields_of(line, delimiter)[0])
        return 0 if alone > len(fields) else count
    return 0


LATER, NEVER = 1, 2  # a field may yet be closed; it is closed in a wrong place


def fields_of(text: str, delimiter: str) -> tuple[list[str], int]:
    """The fields of a record and whether one is left open: 0, :data:`LATER` or :data:`NEVER`."""
    fields: list[str] = []
    at, open_, size = 0, 0, len(text.rstrip("\r\n"))
    body = text[:size]
    while True:
        found = _closed(delimiter).match(body, at) if body[at : at + 1] == '"' else None
        if found:
            fields.append(found[1].replace('""', '"').replace("\r\n", "\n"))
            at = found.end()
        else:
            end = body.find(delimiter, at)
            end = size if end < 0 else end
            said = body[at:end]
            if said.startswith('"') and said.count('"') % 2:
                rest = body[at + 1 :].replace('""', "")
                open_ = open_ or (NEVER if '"' in rest else LATER)
            fields.append(said)
            at = end
        if at >= size:
            return fields, open_
        at += len(delimiter)


def checked(found: Iterable[Record], width: int) -> Iterator[Record]:
    """Records of which those with more fields than ``width`` are refused, unless most have more
    (then the titles are wrong, not the rows). ``width`` 0: nothing is known of it."""
    given = iter(found)
    first = list(islice(given, LOOK))
    good = [one for one in first if not one.reason]
    known = width and 2 * sum(one.wide > width for one in good) <= len(good)
    for one in chain(first, given):
        if known and not one.reason and one.wide > width:
            one.reason = EXTRA
        yield one


def told(one: Record, width: int) -> str:
    """The reason of a refused record, with its line, for the ledger."""
    if one.reason == QUOTE:
        return doubt(QUOTE, line=one.line)
    return doubt(EXTRA, line=one.line, cells=one.wide, titles=width)
