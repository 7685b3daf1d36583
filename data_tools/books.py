"""Books for ``NOVEL=`` and the index: text, Markdown, Word, HTML, EPUB, PDF and slides as one text.

A text file is itself. Of any other the displayed lines are put together, a table as Markdown; its
headings are its chapters, and ``places`` leads from the text back into the file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.files import shown
from core.language import words
from data_tools.ledger import Ledger
from data_tools.readers import DOCUMENTS, html
from data_tools.readers.blocks import Block, Line, Table
from data_tools.readers.how import USUAL, How
from data_tools.readers.kinds import kind_of
from data_tools.readers.text import decoded


@dataclass(frozen=True)
class Book:
    """A book's text; ``heads`` are the offsets of its headings (empty where only their words tell),
    ``starts`` and ``places`` the offset and locator of each of its blocks (empty: the text is the
    file's own)."""

    text: str
    heads: frozenset[int] = frozenset()
    starts: list[int] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def locator(self, start: int, end: int) -> str:
        """Where characters ``start`` to ``end`` stand in the file: their first block."""
        if not self.starts:
            return f"c:{start}-{end}"
        return self.places[max(0, bisect_right(self.starts, start) - 1)]


def read(path: Path, how: How = USUAL) -> Book:
    """The text of a book; :class:`UserError` for what is none."""
    if not path.is_file():
        raise UserError(f"{shown(path)}: {words('没有这个文件', 'no such file')}")
    kind = kind_of(path, path.name)
    if kind in ("txt", "csv"):  # a novel may begin with a line of commas
        return Book(decoded(path, path.name, how.encoding))
    if kind not in DOCUMENTS:
        raise UserError(
            f"{shown(path)}: {words('不是文章', 'no text to read')} ({kind}): "
            "docx, pdf, epub, html, md, txt"
        )
    if kind == "md":
        return _markdown(decoded(path, path.name, how.encoding))
    return put_together(DOCUMENTS[kind](path, path.name, Ledger(), how))


def _markdown(text: str) -> Book:
    """Markdown is its own text; its headings are those that it marks."""
    heads, at, fenced = set(), 0, False
    for line in text.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and line.startswith("#") and line.lstrip("#")[:1] in (" ", "\t"):
            heads.add(at)
        at += len(line)
    return Book(text, frozenset(heads))


def put_together(blocks: Iterable[Block]) -> Book:
    """Blocks as one text."""
    parts: list[str] = []
    heads, starts, places, at = set(), [], [], 0
    for block in blocks:
        table = isinstance(block, Table)
        text = html.markdown(block) if isinstance(block, Table) else block.label + block.text
        if not text.strip():
            continue
        first = block.rows[0][0].loc if isinstance(block, Table) and block.rows[0] else ""
        starts.append(at)
        places.append(block.loc if isinstance(block, Line) else first)
        if isinstance(block, Line) and block.heading:
            heads.add(at)
        text += "\n\n" if table else "\n"
        parts.append(text)
        at += len(text)
    return Book("".join(parts), frozenset(heads), starts, places)
