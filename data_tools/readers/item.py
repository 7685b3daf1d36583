"""One line with what it may be: the vocabulary of ``items``, ``headings`` and their readers."""

from __future__ import annotations

from dataclasses import dataclass, field

from data_tools.readers.blocks import Line
from data_tools.readers.options import Option

BLANK, NOISE, SECTION, CHAPTER, KEY, BARE, BOTH, OPTION, NUMBER, TEXT = (
    "blank", "noise", "section", "chapter", "key", "bare", "both", "option", "number", "text",
)  # fmt: skip
ANSWER, EXPLAIN, META, MINE = "answer", "explain", "meta", "mine"
LABELLED = (ANSWER, EXPLAIN, META, MINE)


@dataclass(slots=True)
class Part:
    """A stretch of a line: the head (stem, options), or what a label introduces."""

    name: str
    start: int
    end: int
    solid: bool = True  # introduced by a bracketed label or one with a colon


@dataclass(slots=True)
class Item:
    """A line and what it may be. ``body`` is where the text after number and tags begins, ``start``
    where it would begin if the number were none."""

    line: Line
    text: str
    plain: str
    kind: str = TEXT
    family: str = ""
    value: int = 0
    start: int = 0
    body: int = 0
    tag: str = ""
    lead: str = ""
    parts: list[Part] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    heading_kind: str = ""
    declared: int | None = None
    key_line: bool = False

    @property
    def head(self) -> Part:
        """What comes before the first label."""
        return self.parts[0]

    def piece(self, part: Part) -> str:
        """The text of a part."""
        return self.text[part.start : part.end].strip()
