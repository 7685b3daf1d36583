"""What a document is made of before anyone knows what is a question: lines and tables, in order."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Line:
    """One displayed line: a paragraph, or a part of one between soft line breaks.

    ``loc`` is its locator (DESIGN.md section 1); ``label`` the number that Word shows before it
    but does not store in the text; ``marks`` the emphasised stretches as (start, end, how), where
    ``how`` names the emphasis (bold, underline, a colour, ...); ``flags`` doubts for a person.
    """

    text: str
    loc: str
    label: str = ""
    marks: tuple[tuple[int, int, str], ...] = ()
    flags: tuple[str, ...] = ()
    heading: bool = False


@dataclass(slots=True)
class Cell:
    """One cell of a table: its lines, its locator, and whether a merge above or left covers it."""

    lines: list[Line]
    loc: str
    covered: bool = False
    flags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The lines of the cell, one a line."""
        return "\n".join(line.label + line.text for line in self.lines)


@dataclass(slots=True)
class Table:
    """A table as a grid of cells; a cell that a merge covers repeats the merged cell's content."""

    rows: list[list[Cell]] = field(default_factory=list)


Block = Line | Table
