"""Plain text and Markdown as lines: the encoding found out, the locators in characters.

``c:A-B`` are characters A to B of the decoded text with its byte-order mark removed and its line
ends as they are in the file, so ``path.read_bytes().decode(encoding)[A:B]`` is the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import UserError
from core.language import words
from data_tools.readers.blocks import LONGEST, Block, Cell, Line, Table, squeezed
from data_tools.readers.encodings import encoding_of, too_large
from data_tools.readers.raised import DOWN, UP, raised

LIMIT = 512 << 20  # bytes; a text bank is read whole, since its key may stand at its end
SAMPLE = 1 << 20
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_LEAD = re.compile(r"\s*(?:>\s*)*(?:#{1,6}\s+|[-+•]\s+(?=\S)|\*\s+(?=\S))?(?:\[( |x|X)\]\s+)?")
# Between two figures, letters or brackets * and ** are signs of arithmetic (3*4*5, 2**3), not of
# emphasis; in a formula nothing is.
_TIMES = r"(?!(?<=[0-9A-Za-z)\]])\*{1,2}[0-9A-Za-z(\[])"
_BOLD = re.compile(
    rf"({_TIMES}\*\*|(?<!_)__(?!_))(?=\S)(.+?)(?<=\S)\1"
    rf"|(?<!\*){_TIMES}\*(?=[^\s*])([^*]+?)(?<=[^\s*])\*(?!\*)|`([^`]+)`"
    r"|(?P<formula>\$(?=[^\s$])[^$]*?(?<=[^\s$])\$)"
    r"|<(?P<tag>font|span|b|strong|u|mark|em|i)\b[^<>]*>(.*?)</(?P=tag)>",
    re.I,
)
_TAGS = re.compile(r"</?(?:font|span|b|strong|u|mark|em|i|p|div|br|sub|sup)\b[^<>]*/?>", re.I)
_HOWS = {"u": "underline", "mark": "highlight", "font": "color", "span": "color", "i": "italic",
         "em": "italic"}  # fmt: skip
_STRUCK = re.compile(r"~~(?=\S)[^~]{1,2000}?(?<=\S)~~|<(del|s|strike)\b[^<>]*>.*?</\1\s*>", re.I)
_RAISED = re.compile(r"<(su[bp])\b[^<>]*>([^<>]*)</\1\s*>", re.I)
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_RULE = re.compile(r"\s*(?:[-=_*]\s*){3,}$")
_FENCE = re.compile(r"\s{0,8}(?:`{3,}|~{3,})\s{0,8}\w{0,20}\s*$")
_ESCAPED = re.compile(r"\\([_*#.>+~!`()\[\]-])")  # \_ is shown as _ and emphasises nothing
_APART = 0xE000
_UNESCAPED = {_APART + code: code for code in range(33, 127)}
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")


def decoded(path: Path, name: str, given: str = "") -> str:
    """The text of a file without its byte-order mark; see :func:`encoding_of` for the errors and
    for ``given``."""
    if path.stat().st_size > LIMIT:
        raise UserError(f"{name}: {too_large(LIMIT)}")
    data = path.read_bytes()
    encoding = encoding_of(data, name, given=given)
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = words(f"第{line}行不是合法的 {encoding} 文本", f"line {line} is not valid {encoding}")
        raise UserError(f"{name}: {why}") from None


def blocks(path: Path, name: str, markdown: bool, given: str = "") -> Iterator[Block]:
    """Yield the lines (and, in Markdown, tables) of a text file, in the encoding ``given``."""
    text = decoded(path, name, given)
    lines = _lines(text)
    if not markdown:
        yield from lines
        return
    table: list[Line] = []
    for line in lines:
        if line.text.lstrip().startswith("|") and line.text.count("|") > 2:
            table.append(line)
            continue
        if table:
            yield _table(table)
            table = []
        yield _marked_down(line) if len(line.text) <= LONGEST else line
    if table:
        yield _table(table)


def _lines(text: str) -> Iterator[Line]:
    """The lines of ``text`` with their character offsets."""
    start = 0
    while start <= len(text):
        found = _BREAK.search(text, start)
        end = found.start() if found else len(text)
        yield squeezed(Line(text[start:end], f"c:{start}-{end}"))
        if not found:
            return
        start = found.end()


def _marked_down(line: Line) -> Line:
    """A Markdown line as it is displayed, its emphasis kept as marks."""
    raw = line.text
    if _RULE.match(raw) or _FENCE.match(raw):
        return Line("", line.loc, raw=raw)
    lead = _LEAD.match(raw)
    body = raw[lead.end() :] if lead else raw
    box = lead.group(1) if lead else None
    tick = "" if box is None else "☑ " if box.strip() else "☐ "
    heading = bool(re.match(r"\s*#{1,6}\s", raw))
    flags = ("image",) if _IMAGE.search(body) else ()
    if _STRUCK.search(body):
        body, flags = _STRUCK.sub("", body), (*flags, "struck-text")
    body = _RAISED.sub(lambda m: raised(m[2], UP if m[1].lower() == "sup" else DOWN), body)
    body = _IMAGE.sub(lambda m: f"[图片:{m.group(2).rpartition('/')[2] or m.group(1)}]", body)
    body = _ESCAPED.sub(lambda m: chr(_APART + ord(m[1])), body) if "$" not in body else body
    text, marks = _emphasised(tick + body)
    text = text.translate(_UNESCAPED)
    if raw.lstrip().startswith(">") and text.strip():
        marks.append((0, len(text), "quote"))
    return Line(text, line.loc, marks=tuple(marks), flags=flags, heading=heading, raw=raw)


def _emphasised(body: str) -> tuple[str, list[tuple[int, int, str]]]:
    """``body`` without the signs of emphasis (``**``, ``<font>``, ...), and what they mark."""
    text, marks, position = "", [], 0
    for found in _BOLD.finditer(body):
        if found["formula"]:
            text, position = text + body[position : found.end()], found.end()
            continue
        inner = next(found.group(k) for k in (2, 3, 4, 7) if found.group(k) is not None)
        plain, within = _emphasised(inner) if found.group(4) is None else (inner, [])
        text += body[position : found.start()]
        how = _HOWS.get((found["tag"] or "b").lower(), "bold")
        if found.group(4) is None:
            marks.append((len(text), len(text) + len(plain), how))
        marks += [(len(text) + a, len(text) + b, how) for a, b, how in within]
        text += plain
        position = found.end()
    text += body[position:]
    return (_TAGS.sub("", text) if "<" in body else text), marks


def _table(lines: list[Line]) -> Table:
    """A Markdown table; its cells have the locators of their lines."""
    table = Table()
    for line in lines:
        if _TABLE_RULE.match(line.text):
            continue
        cells = re.split(r"(?<!\\)\|", line.text.strip().strip("|"))
        row = []
        for cell in cells:
            inner = _marked_down(Line(cell.strip().replace("\\|", "|"), line.loc))
            inner.raw = cell.strip()
            row.append(Cell([inner], line.loc))
        table.rows.append(row)
    return table
