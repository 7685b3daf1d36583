"""A Word document as lines and tables, streamed in body order with exact locators.

Only the body is read (no headers, footers); what has a note or a comment is flagged with its
text. Paragraph numbers count the body's
own paragraphs, so that ``p:N`` is ``Document(path).paragraphs[N - 1]`` in python-docx, and
``t:T:r:R:c:C`` is ``tables[T - 1].cell(R - 1, C - 1)``. A paragraph inside the M-th content control
after paragraph N is ``p:N:s:M``; a text box has the locator of the paragraph that anchors it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from core.errors import UserError
from core.language import words
from data_tools.ledger import Ledger
from data_tools.readers import encodings, html, mht, symbols
from data_tools.readers.blocks import Block, Cell, Line, Table, squeezed
from data_tools.readers.encodings import too_large
from data_tools.readers.package import Package
from data_tools.readers.runs import M, Paragraphs, W
from data_tools.readers.styles import drawn_in

WIDEST = 1024  # columns of a row, those that spanning cells fill among them; Word allows 63
LIMIT = 64 << 20  # bytes of a part in another format
NESTED = 3  # documents within documents
P, TBL, TR, TC, T = f"{W}p", f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}t"
BODY, CHUNK = f"{W}body", f"{W}altChunk"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
WRAPPERS = tuple(W + name for name in ("sdt", "sdtContent", "customXml", "ins", "moveTo"))
FONTS = f"{W}rFonts"
PLAIN_PROBE = (
    T, f"{W}tab", f"{W}br", f"{W}cr", f"{W}sym", f"{W}drawing", f"{W}pict", f"{W}object",
    f"{W}numPr", f"{W}pStyle", f"{W}rStyle", f"{W}vanish", f"{W}b", f"{W}u", f"{W}color",
    f"{W}highlight", f"{W}shd", f"{W}em", f"{W}i", f"{W}ruby", f"{W}del", f"{W}moveFrom",
    f"{W}fldChar", f"{W}fldSimple", f"{W}strike", f"{W}dstrike", f"{W}vertAlign",
    f"{W}noBreakHyphen", f"{W}ptab", f"{M}oMath", f"{W}caps", f"{W}smallCaps", f"{W}position",
    f"{W}footnoteReference", f"{W}endnoteReference", f"{W}commentReference", f"{W}sdtPr", FONTS,
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent",
)  # fmt: skip


def blocks(
    path: Path | IO[bytes], name: str, ledger: Ledger | None = None, depth: int = 0
) -> Iterator[Block]:
    """Yield the document's lines and tables; :class:`UserError` on a file that is no docx.

    Paragraphs that are struck out or hidden as a whole go to ``ledger``."""
    with Package(path, name) as package:
        part = main_part(package)
        reader = _Body(package, part, depth)
        for element in package.events(part, (P, TBL, CHUNK, *WRAPPERS[:1], *WRAPPERS[2:])):
            parent = element.getparent()
            if parent is None or parent.tag != BODY:
                continue
            yield from reader.element(element)
            element.clear()
            while element.getprevious() is not None:
                del parent[0]
        if ledger is not None:
            for loc, (why, text) in reader.paragraphs.left_out.items():
                ledger.add(name, loc, why, text)
        if not reader.seen_body:
            raise UserError(f"{name}: {words('文档没有正文', 'the document has no body text')}")


def main_part(package: Package) -> str:
    """The part that holds the text: named by ``_rels/.rels``, usually ``word/document.xml``."""
    root = package.tree("_rels/.rels")
    for relation in root if root is not None else ():
        if str(relation.get("Type", "")).endswith("/officeDocument"):
            part = str(relation.get("Target", "")).lstrip("/")
            if part in package.names:
                return part
    return "word/document.xml"


class _Body:
    """Counts paragraphs and tables of the body and turns each into blocks."""

    def __init__(self, package: Package, part: str, depth: int = 0) -> None:
        self.package, self.depth = package, depth
        self.paragraphs = Paragraphs(package, part)
        self.number = self.tables = self.inner = 0
        self.seen_body = False

    def element(self, element: Any) -> Iterator[Block]:
        """One child of the body."""
        self.seen_body = True
        if element.tag == P:
            self.number += 1
            self.inner = 0
            yield from self.lines(element, f"p:{self.number}")
        elif element.tag == TBL:
            self.tables += 1
            yield self.table(element, f"t:{self.tables}")
        elif element.tag == CHUNK:
            yield from self.chunk(element)
        else:
            yield from self.wrapped(element)

    def chunk(self, element: Any) -> Iterator[Block]:
        """What a part in another format (HTML, a saved page, text, Word) shows in this place."""
        part = self.paragraphs.parts.get(element.get(RELATED, ""), "")
        if part not in self.package.names:
            return
        with self.package.open(part) as file:
            data = b"".join(iter(lambda: file.read(1 << 20), b""))
        name = f"{self.package.name}: {part}"
        if len(data) > LIMIT:
            raise UserError(f"{name}: {too_large(LIMIT)}")
        for block in _foreign(data, name, self.depth):
            yield self.placed(block)

    def placed(self, block: Block) -> Block:
        """A block of another format with its place in this document."""
        self.inner += 1
        here = f"p:{self.number}:a:{self.inner}"
        if isinstance(block, Line):
            return replace(block, loc=here)
        for r, row in enumerate(block.rows, 1):
            for c, cell in enumerate(row, 1):
                cell.loc = f"{here}:r:{r}:c:{c}"
                for line in cell.lines if not cell.covered else ():
                    line.loc = cell.loc
        return block

    def wrapped(self, element: Any) -> Iterator[Block]:
        """What a content control or a tracked block holds."""
        for child in element:
            if child.tag == P:
                self.inner += 1
                yield from self.lines(child, f"p:{self.number}:s:{self.inner}")
            elif child.tag == TBL:
                self.inner += 1
                yield self.table(child, f"p:{self.number}:s:{self.inner}:t:1")
            elif child.tag in WRAPPERS:
                yield from self.wrapped(child)

    def lines(self, paragraph: Any, loc: str) -> list[Line]:
        """The lines of a paragraph; the quick way where it holds nothing but text."""
        texts = []
        for node in paragraph.iter(*PLAIN_PROBE):
            if node.tag == FONTS and not drawn_in(node):
                continue
            if node.tag != T:
                break
            texts.append(node.text or "")
        else:
            text = "".join(texts)
            if text.isascii() or not symbols.private(text):
                return [squeezed(Line(text, loc))]
        return [squeezed(line) for line in self.paragraphs.lines(paragraph, loc)]

    def table(self, table: Any, loc: str) -> Table:
        """The table as a grid: merged cells repeat, nested tables become lines of their cell."""
        grid = Table()
        for r, row in enumerate(table.iter(TR), 1):
            if _owner(row, TBL) is not table:
                continue
            cells: list[Cell] = []
            c = 1
            for cell in row.iter(TC):
                if _owner(cell, TR) is not row:
                    continue
                span, continued = _merge(cell)
                if c + span > WIDEST:
                    why = words(
                        f"多于 {WIDEST} 列，文件已损坏",
                        f"more than {WIDEST} columns: the file is damaged",
                    )
                    raise UserError(f"{self.package.name}: {loc}:r:{r} {why}")
                here = f"{loc}:r:{r}:c:{c}"
                lines = [line for p in cell.iter(P) for line in self.lines(p, here)]
                above = grid.rows[-1] if grid.rows else []
                if continued and c <= len(above):
                    above_cell = above[c - 1]
                    cells.append(Cell(above_cell.lines, above_cell.loc, True))
                else:
                    cells.append(Cell(lines, here))
                cells.extend(Cell(cells[-1].lines, cells[-1].loc, True) for _ in range(span - 1))
                c += span
            grid.rows.append(cells)
        return grid


def _foreign(data: bytes, name: str, depth: int) -> Iterator[Block]:
    """The blocks of a part in another format; :class:`UserError` for one that is not read."""
    if data.startswith(b"PK"):
        if depth >= NESTED:
            why = words("文档中嵌套的文档太多层", "documents within documents within documents")
            raise UserError(f"{name}: {why}")
        yield from blocks(io.BytesIO(data), name, depth=depth + 1)
    elif mht.is_mht(data[:4096]):
        yield from html.blocks(mht.page(data, name))
    elif b"<" in data[:1000]:
        yield from html.blocks(html.decoded(data, name))
    elif data.startswith(b"{\\rtf"):
        why = words(
            "文档里嵌着 RTF，请在 Word 中另存为 docx",
            "the document embeds RTF: save it as docx in Word",
        )
        raise UserError(f"{name}: {why}")
    else:
        text = data.decode(encodings.encoding_of(data, name)).removeprefix("\ufeff")
        yield from (squeezed(Line(line, "")) for line in text.splitlines())


def _owner(element: Any, tag: str) -> Any:
    """The nearest ancestor with ``tag``."""
    return next(element.iterancestors(tag), None)


def _merge(cell: Any) -> tuple[int, bool]:
    """How many grid columns the cell spans, and whether it continues the cell above."""
    properties = cell.find(f"{W}tcPr")
    if properties is None:
        return 1, False
    span, merge = properties.find(f"{W}gridSpan"), properties.find(f"{W}vMerge")
    wide = span.get(f"{W}val", "1") if span is not None else "1"
    continued = merge is not None and merge.get(f"{W}val", "continue") == "continue"
    return max(1, min(int(wide) if wide.isdecimal() else 1, 200)), continued
