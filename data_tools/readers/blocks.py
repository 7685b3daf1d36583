"""What a document is made of before anyone knows what is a question: lines and tables, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

Marks = tuple[tuple[int, int, str], ...]
RUN = 48  # of one sign: longer than any blank or rule that carries a meaning of its own
LONGEST = 10_000  # characters of a line; no question, option or answer seen comes near it
_RUN = re.compile(rf"(.)\1{{{RUN},}}", re.S)


@dataclass(slots=True)
class Line:
    """One displayed line: a paragraph, or a part of one between soft line breaks.

    ``text`` is what a reader sees, ``loc`` its locator (DESIGN.md section 1), ``label`` the number
    that Word shows before it but does not store; ``marks`` the emphasised stretches as (start, end,
    how), ``how`` being bold, underline, a colour, ...; ``flags`` doubts for a person; ``heading``
    whether its style is a heading; ``raw`` the stored text where it differs from ``text``.
    """

    text: str
    loc: str
    label: str = ""
    marks: Marks = ()
    flags: tuple[str, ...] = ()
    heading: bool = False
    raw: str = ""

    @property
    def stored(self) -> str:
        """What a search at the locator finds."""
        return self.raw or self.text


@dataclass(slots=True)
class Cell:
    """One cell of a table: its lines, its locator, whether a merge above or left covers it, and
    its text, the lines one a line."""

    lines: list[Line]
    loc: str
    covered: bool = False
    text: str = field(init=False, default="")

    def __post_init__(self) -> None:
        if self.lines:
            self.text = "\n".join(line.label + line.text for line in self.lines).strip()

    @property
    def flags(self) -> list[str]:
        """The doubts about its lines."""
        return [flag for line in self.lines for flag in line.flags]


@dataclass(slots=True)
class Table:
    """A table as a grid of cells; a cell that a merge covers repeats the merged cell's content."""

    rows: list[list[Cell]] = field(default_factory=list)


Block = Line | Table


def squeezed(line: Line) -> Line:
    """``line`` with runs of one sign (4,400 spaces behind an option) cut to :data:`RUN` of them, so
    that what reads it takes time in proportion to what a person sees; ``raw`` keeps what is stored.
    """
    if len(line.text) <= RUN or not _RUN.search(line.text):
        return line
    text, gone, last = "", [], 0
    for found in _RUN.finditer(line.text):
        text += line.text[last : found.start() + RUN]
        gone.append((found.start() + RUN, found.end()))
        last = found.end()

    def moved(place: int) -> int:
        return place - sum(min(place, end) - start for start, end in gone if start < place)

    marks = tuple((moved(start), moved(end), how) for start, end, how in line.marks)
    return replace(line, text=text + line.text[last:], marks=marks, raw=line.stored)
