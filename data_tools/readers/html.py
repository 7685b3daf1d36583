"""An HTML page as displayed lines and tables, each with its characters in the source.

Python's own tolerant parser tells where each piece stands, lxml does not, so that ``c:A-B`` is
the source of a line. Scripts and hidden elements are left out, struck-out text too (flagged); lists
show the numbers and letters that a browser shows; a table inside a cell becomes lines of the cell.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from core.errors import UserError
from data_tools.readers import encodings
from data_tools.readers.blocks import Block, Cell, Line, Table, squeezed
from data_tools.readers.encodings import not_in, too_large
from data_tools.readers.raised import DOWN, UP, raised

LIMIT = 64 << 20  # bytes of a page
DEEP = 200  # elements within each other; what is nested deeper is read without its look
BLOCKS = {
    "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "dt", "dd", "pre",
    "section", "article", "header", "footer", "main", "aside", "nav", "ul", "ol", "dl", "form",
    "fieldset", "figure", "figcaption", "center", "address", "details", "summary", "hr", "body",
    "html", "option", "title", "tbody", "thead", "tfoot", "caption",
}  # fmt: skip
UNSEEN = {"script", "style", "template", "head", "noscript", "svg", "object", "math"}
VOID = {
    "br", "img", "input", "hr", "meta", "link", "col", "area", "base", "embed", "source", "track",
    "wbr",
}  # fmt: skip
MARKS = {"b": "bold", "strong": "bold", "u": "underline", "ins": "underline", "i": "italic",
         "em": "italic", "mark": "highlight"}  # fmt: skip
STRUCK = {"s", "del", "strike"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.I)
_COLOR = re.compile(r"(?<![-\w])color\s*:\s*([^;]{1,40})", re.I)
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})"
    r"(?:\s{1,40}[A-Za-z_:@][\w:.@-]{0,80}(?:\s{0,9}=\s{0,9}(?:\"[^\"]{0,4000}\"|'[^']{0,4000}'|[^\s\"'<>=]{1,4000}))?)"
    r"{0,40}\s{0,40}/?>"
)
_END = re.compile(r"</([A-Za-z][A-Za-z0-9]{0,20})")
_LESS = re.compile(r"<!?")
_ENDLESS = {"td", "th", "tr", "head"}  # their ends may be left out; so may those of blocks
_SPACE = re.compile(r"[ \t\r\n\f\u00a0]+")
Place = Callable[[int, int], str]


def spot(start: int, end: int) -> str:
    """The locator of characters of a text."""
    return f"c:{start}-{end}"


def decoded(data: bytes, name: str, given: str = "") -> str:
    """A page as text: in the encoding ``given``, of its mark, of its ``charset=``, or found out."""
    known = None if given or data[:3] == codecs.BOM_UTF8 else _CHARSET.search(data[:4096])
    encoding = known[1].decode().lower() if known else ""
    encoding = "gb18030" if encoding in ("gb2312", "gbk") else encoding
    try:
        codecs.lookup(encoding or "utf-8")
        if encoding and data[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        pass  # a page that says one thing and is another
    found = encodings.encoding_of(data, name, given=given)
    try:
        return data.decode(found).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise UserError(f"{name}: {not_in(found)}") from None


def file_blocks(path: Path, name: str, given: str = "") -> list[Block]:
    """The lines and tables of an HTML file."""
    if path.stat().st_size > LIMIT:
        raise UserError(f"{name}: {too_large(LIMIT)}")
    return blocks(decoded(path.read_bytes(), name, given))


def blocks(text: str, place: Place = spot) -> list[Block]:
    """The lines and tables of a page; ``place`` makes their locators."""
    page = _Page(text, place)
    page.feed(text)
    page.close()
    page.flush()
    return page.finished()


def plain(text: str) -> str:
    """A piece of HTML as text, a line for each block: superscripts kept, tags gone."""
    if "<" not in text and "&" not in text:
        return text.strip()
    lines: list[str] = []
    for block in blocks(signs_kept(text)):
        if isinstance(block, Line):
            lines.append(block.label + block.text)
        else:
            lines += markdown(block).split("\n")
    return "\n".join(line for line in (one.strip() for one in lines) if line)


def signs_kept(text: str) -> str:
    """``text`` with its signs of less-than (a<b 且 b>c) as ``&lt;``: what has neither the form of a
    tag nor, where it is none of those that need no end, an end of its name."""
    ended = {name.lower() for name in _END.findall(text)}

    def kept(found: re.Match[str]) -> str:
        tag = _TAG.match(text, found.start())
        name = tag[2].lower() if tag else ""
        alone = name in VOID or name in BLOCKS or name in _ENDLESS
        if found[0] == "<!" or (name and (alone or name in ended)):
            return found[0]
        return found[0].replace("<", "&lt;")

    return _LESS.sub(kept, text)


def markdown(table: Table) -> str:
    """A table as Markdown."""
    rows = [
        [cell.text.replace("\n", " ").replace("|", "\\|") if not cell.covered or k == 0
         or row[k - 1].lines is not cell.lines else "" for k, cell in enumerate(row)]
        for row in table.rows
    ]  # fmt: skip
    width = max((len(row) for row in rows), default=0)
    shown = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([*shown[:1], "| " + " | ".join(["---"] * width) + " |", *shown[1:]])


class _Open:
    """An element that is open: its tag and what it does to text within it."""

    __slots__ = ("how", "struck", "tag", "unseen", "vertical")

    def __init__(self, tag: str, how: str, vertical: str, struck: bool, unseen: bool) -> None:
        self.tag, self.how, self.vertical = tag, how, vertical
        self.struck, self.unseen = struck, unseen


class _Grid:
    """A table that is open; ``above`` counts the rows that a cell still reaches down."""

    def __init__(self) -> None:
        self.table = Table()
        self.above: dict[int, tuple[int, Cell]] = {}
        self.lines: list[Line] = []
        self.span = (1, 1)
        self.start = -1

    def row(self) -> None:
        self.table.rows.append([])
        self._covered()

    def cell(self, end: int, place: Place) -> None:
        """Close the open cell."""
        if self.start < 0:
            return
        if not self.table.rows:
            self.row()
        row, made = self.table.rows[-1], Cell(self.lines, place(self.start, end))
        wide, high = self.span
        for k in range(wide):
            one = made if k == 0 else Cell(made.lines, made.loc, True)
            if high > 1:
                self.above[len(row)] = (high - 1, made)
            row.append(one)
        self.lines, self.start = [], -1
        self._covered()

    def _covered(self) -> None:
        row = self.table.rows[-1]
        while len(row) in self.above:
            left, cell = self.above.pop(len(row))
            if left > 1:
                self.above[len(row)] = (left - 1, cell)
            row.append(Cell(cell.lines, cell.loc, True))
            if left > 1:
                self.above[len(row) - 1] = (left - 1, cell)


class _Page(HTMLParser):
    """One pass over a page."""

    def __init__(self, text: str, place: Place) -> None:
        super().__init__(convert_charrefs=True)
        self.place = place
        self.starts = [0]
        for found in re.finditer("\n", text):
            self.starts.append(found.end())
        self.made: list[Block] = []
        self.open: list[_Open] = []
        self.lists: list[list[object]] = []  # [sign, number] of each open list
        self.grids: list[_Grid] = []
        self.pieces: list[tuple[str, str, str]] = []  # text, mark, vertical
        self.flags: list[str] = []
        self.label, self.first, self.last, self.heading = "", -1, 0, False
        self.skipped = 0  # elements opened within one that is not shown

    def here(self) -> int:
        """Where the parser stands in the source."""
        line, column = self.getpos()
        return self.starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {key: value or "" for key, value in attrs}
        style = told.get("style", "").lower().replace(" ", "")
        if tag == "math":
            self._math(told)
        if tag in VOID:
            self._void(tag, told)
            return
        if tag in ("p", "li", "td", "th", "tr", "option", "dt", "dd"):
            self._implied(tag)
        if tag in BLOCKS:
            self.flush()
            self.heading = tag in HEADINGS
        if tag in ("ul", "ol"):
            start = told.get("start", "1")
            sign = told.get("type", "1") if tag == "ol" else ""
            self.lists.append([sign, int(start) if start.lstrip("-").isdecimal() else 1])
        elif tag == "li":
            self.label = self._number()
        elif tag == "table":
            self.flush()
            self.grids.append(_Grid())
        elif tag in ("tr", "td", "th") and self.grids:
            self._cell(tag, told)
        if len(self.open) < DEEP:
            hidden = "hidden" in told or "display:none" in style
            self.open.append(
                _Open(
                    tag,
                    _how(tag, told, style),
                    {"sup": UP, "sub": DOWN}.get(tag, ""),
                    tag in STRUCK or "line-through" in style,
                    tag in UNSEEN or hidden,
                )
            )

    def handle_endtag(self, tag: str) -> None:
        if tag == "br":
            self._void("br", {})
        if tag in BLOCKS or tag in ("td", "th", "tr", "table"):
            self.flush()
        depth = next((k for k in range(len(self.open) - 1, -1, -1) if self.open[k].tag == tag), -1)
        if depth >= 0:
            del self.open[depth:]
        if tag in ("ul", "ol") and self.lists:
            self.lists.pop()
        elif tag in ("td", "th") and self.grids:
            self.grids[-1].cell(self.here(), self.place)
        elif tag == "table" and self.grids:
            self._end_table()
        self.heading = False if tag in HEADINGS else self.heading

    def handle_data(self, data: str) -> None:
        if any(one.unseen for one in self.open):
            if data.strip() and any(one.unseen and one.tag not in UNSEEN for one in self.open):
                self.flags.append("hidden-text")
            return
        if any(one.struck for one in self.open):
            if data.strip():
                self.flags.append("struck-text")
            return
        if not any(one.tag == "pre" for one in self.open):
            data = _SPACE.sub(" ", data)
        if not data.strip() and not self.pieces:
            return
        marks = " ".join(dict.fromkeys(one.how for one in self.open if one.how))
        vertical = next((one.vertical for one in reversed(self.open) if one.vertical), "")
        self._take(data, marks, vertical)

    def _take(self, text: str, marks: str = "", vertical: str = "") -> None:
        start = self.here()
        self.first = start if self.first < 0 else self.first
        self.last = max(self.last, start + len(text))
        self.pieces.append((text, marks, vertical))

    def _void(self, tag: str, told: dict[str, str]) -> None:
        if any(one.unseen for one in self.open):
            return
        if tag == "br" or tag == "hr":
            self.flush()
        elif tag == "img":
            tex = told.get("alt", "") if "math" in told.get("class", "").lower() else ""
            name = told.get("src", "").split("?")[0].replace("\\", "/").rpartition("/")[2]
            if tex:
                self._take(f"${tex}$")
            else:
                shown = told.get("alt", "") if told.get("src", "").startswith("data:") else name
                self._take(f"[图片:{shown[:80]}]" if shown else "[图片]")
                self.flags.append("image")
        elif tag == "input" and told.get("type", "").lower() in ("checkbox", "radio"):
            self._take("☑" if "checked" in told else "□")

    def _math(self, told: dict[str, str]) -> None:
        """A formula in MathML: the LaTeX that its maker gives beside it, else flagged."""
        if told.get("alttext"):
            self._take(f"${told['alttext']}$")
        else:
            self._take("[公式]")
            self.flags.append("formula")

    def _implied(self, tag: str) -> None:
        """Close what HTML closes by itself: a paragraph by the next, a cell by the next."""
        for k in range(len(self.open) - 1, -1, -1):
            other = self.open[k].tag
            if other in ("table", "ul", "ol", "div", "body", "select", "dl") or (
                tag in ("td", "th") and other == "tr"
            ):
                return
            if other == tag or {tag, other} == {"td", "th"} or (tag == "tr" and other in "tdth"):
                self.handle_endtag(other)
                return

    def _number(self) -> str:
        """What a browser shows before an item of the innermost list."""
        if not self.lists or not self.lists[-1][0]:
            return ""
        sign, number = self.lists[-1]
        assert isinstance(number, int)
        self.lists[-1][1] = number + 1
        if sign in ("A", "a") and 1 <= number <= 26:
            return f"{chr(ord(str(sign)) + number - 1)}. "
        return f"{number}. "

    def _cell(self, tag: str, told: dict[str, str]) -> None:
        grid = self.grids[-1]
        self.flush()
        grid.cell(self.here(), self.place)
        if tag == "tr":
            grid.row()
            return
        spans = [told.get(key, "1") for key in ("colspan", "rowspan")]
        wide, high = (min(max(int(x), 1), 200) if x.isdecimal() else 1 for x in spans)
        grid.span, grid.start = (wide, high), self.here()

    def _end_table(self) -> None:
        grid = self.grids.pop()
        grid.cell(self.here(), self.place)
        table = Table([row for row in grid.table.rows if row])
        if self.grids and self.grids[-1].start >= 0:  # within a cell: its lines are the cell's
            self.grids[-1].lines += [
                x for r in table.rows for c in r if not c.covered for x in c.lines
            ]
        elif table.rows:
            self.made.append(table)

    def flush(self) -> None:
        """Close the line that is open."""
        text, marks = "", []
        for k, (piece, mark, vertical) in enumerate(self.pieces):
            if vertical and k + 1 < len(self.pieces) and self.pieces[k + 1][2] == vertical:
                self.pieces[k + 1] = (piece + self.pieces[k + 1][0], mark, vertical)
                continue
            shown = raised(piece, vertical)
            shown = shown.lstrip(" ") if not text or text.endswith(" ") else shown
            marks += [(len(text), len(text) + len(shown), how) for how in mark.split()]
            text += shown
        text = text.rstrip()
        if text:
            flags = tuple(dict.fromkeys(self.flags))
            line = Line(
                text,
                self.place(self.first, self.last),
                self.label,
                tuple(marks),
                flags,
                self.heading,
            )
            self._put(squeezed(line))
            self.label = ""
        if text or not self.pieces:
            self.flags = [] if text else self.flags
        self.pieces, self.first, self.last = [], -1, 0

    def _put(self, line: Line) -> None:
        if self.grids and self.grids[-1].start >= 0:
            self.grids[-1].lines.append(line)
        else:
            self.made.append(line)

    def finished(self) -> list[Block]:
        """All blocks, a table that was never closed among them."""
        while self.grids:
            self._end_table()
        return self.made


def _how(tag: str, told: dict[str, str], style: str) -> str:
    """How an element emphasises its text."""
    if tag in MARKS:
        return MARKS[tag]
    color = told.get("color", "") if tag == "font" else ""
    if not color and (found := _COLOR.search(style)):
        color = found[1]
    if color and color.strip() not in ("black", "#000", "#000000", "inherit", "initial", "#333",
                                       "#333333", "rgb(0,0,0)", "windowtext"):  # fmt: skip
        return f"color:{color.strip()}".replace(" ", "")
    if "font-weight:bold" in style or "font-weight:700" in style:
        return "bold"
    return "underline" if "text-decoration:underline" in style else ""
