"""A question while it is being read, and the section and case that it stands in."""

from __future__ import annotations

from dataclasses import dataclass, field

from data_tools.readers.blocks import Line
from data_tools.readers.patterns import BRACKET, plain


@dataclass(slots=True)
class Section:
    """A run of questions under one heading. ``ordinal`` is the heading's own number (二、 is 2),
    ``rank`` how high it stands among headings (0 is highest)."""

    title: str = ""
    kind: str = ""
    declared: int | None = None
    chapter: str = ""
    ordinal: int = 0
    loc: str = ""
    rank: int = 0
    questions: int = 0
    lost: int = 0


@dataclass(slots=True)
class Case:
    """A text or a set of options that several questions share; ``first`` and ``last`` are the
    numbers of those questions (0: until the next heading)."""

    stem: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    first: int = 0
    last: int = 0
    members: list[Draft] = field(default_factory=list)
    shared_options: bool = False


@dataclass(slots=True)
class Draft:
    """A question as read so far. ``hows`` maps each option to how it is emphasised, ``starred``
    holds the options that carry a tick, ``lead`` the bracket before the number, ``inline`` the line
    whose stem and options were told apart."""

    section: Section
    lines: list[Line] = field(default_factory=list)
    number: int = 0
    family: str = ""
    stem: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    own_line: dict[str, bool] = field(default_factory=dict)
    hows: dict[str, frozenset[str]] = field(default_factory=dict)
    stem_marks: list[tuple[str, str]] = field(default_factory=list)
    starred: str = ""
    lead: str = ""
    inline: str = ""
    answer: list[str] = field(default_factory=list)
    answered: bool = False
    explanation: list[str] = field(default_factory=list)
    tag: str = ""
    case: Case | None = None
    flags: list[str] = field(default_factory=list)
    loc: str = ""
    source: str = ""
    gaps: list[str] = field(default_factory=list)  # what was being read behind each empty line

    def take(self, line: Line) -> None:
        """Note that ``line`` belongs to this question."""
        if not self.lines or self.lines[-1] is not line:
            self.lines.append(line)
            self.flags += [flag for flag in line.flags if flag not in self.flags]

    @property
    def loc_is_cell(self) -> bool:
        """Whether the question stands in a numbered row of a table, where letters mean options."""
        return self.number > 0 and ("!" in self.loc or self.loc.startswith("t:"))

    @property
    def open(self) -> bool:
        """Whether neither an answer line nor a bracket or tick of its own answers it."""
        if self.answered or self.lead or self.starred:
            return False
        stem = plain("".join(self.stem))
        return not any(found.group("in") for found in BRACKET.finditer(stem))

    @property
    def titled(self) -> bool:
        """Whether it is nothing but a line in a heading style."""
        return len(self.lines) == 1 and self.lines[0].heading and not self.options

    @property
    def text(self) -> str:
        """Every line of the question as stored, for ``Source.text``."""
        return self.source or "\n".join(line.stored.strip() for line in self.lines)
