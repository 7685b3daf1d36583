"""A PDF's text layer as lines in reading order, page by page.

Characters come from PDFium with their origins and boxes. Those on one baseline are a line; a gutter
that next to nothing crosses makes columns; what stands at the same height on many pages is a header
or footer; a line that reaches its column's edge goes on in the next one. Locator ``page:N:Y``: page
N (1-based), Y points below its top edge. A page is closed before the next is opened.
"""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from core.errors import UserError
from core.language import words
from data_tools.ledger import Ledger
from data_tools.readers.blocks import Line, squeezed
from data_tools.readers.doubt import doubt
from data_tools.readers.raised import DOWN, UP, raised

SAMPLE = 40  # pages looked at for what comes again on each
SMALL = 0.9  # of the usual size: a raised or lowered character (browsers take .83, Word .65)
EDGE = 0.12  # of a page's height, above and below: where headers and footers stand
OFTEN = 0.4  # of the sampled pages on which a line at the edge must stand to be one
MOST = 200_000  # characters of a page; beyond it stands a picture drawn in dots
_NUMBER = re.compile(
    r"\W{0,3}(?:第\s*)?(?:page\s*)?\d{1,5}\s*(?:页|/|of|共)?\s*(?:共\s*)?\d{0,5}\s*页?\W{0,3}",
    re.I,
)
# What begins a line of its own: a number, an option's letter, a label, a bullet.
_BEGINS = re.compile(
    r"\s*(?:[（(【\[]?\s*(?:第\s*[\d一二三四五六七八九十百]+\s*[题章节页]|\d{1,4}\s*[.、．:：)）\]】]"
    r"|[A-Ha-h]\s*[.、．:：)）]|[一二三四五六七八九十]{1,3}\s*[、.．)）])|[①-⑳●○•·▪■□☐☑√×*-]"
    r"|[【\[（(]?\s*(?:参考|正确|标准)?(?:答案|解析|答|解|问|题|材料|案例)\s*[】\])）:：]|[【]"
    r"|(?:answer|explanation|question|q\d|a\d)\s*[\d:.)])",
    re.I,
)


@dataclass(slots=True)
class Char:
    """One character: its text, origin (x, baseline above the foot), right edge, size, colour."""

    text: str
    x: float
    y: float
    right: float
    size: float
    color: str = ""
    spaced: bool = False  # PDFium sees a space before it that the file does not hold


@dataclass(slots=True)
class Segment:
    """Characters of one baseline without a wide gap between them."""

    chars: list[Char]
    y: float
    size: float
    left: float = 0.0
    right: float = 0.0

    def __post_init__(self) -> None:
        self.left, self.right = self.chars[0].x, self.chars[-1].right


@dataclass(slots=True)
class Printed:
    """A line of a page: its segments, and the edges of the column that it stands in."""

    segments: list[Segment]
    column: tuple[float, float] = (0.0, 0.0)
    text: str = ""
    marks: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def y(self) -> float:
        """Its baseline above the page's foot."""
        return self.segments[0].y


def blocks(path: Path, name: str, ledger: Ledger) -> Iterator[Line]:
    """The lines of a PDF; a page without text goes to ``ledger``.

    Raises :class:`UserError` for a damaged or locked file, and one of which no page has text."""
    import pypdfium2 as pdfium

    try:
        book = pdfium.PdfDocument(path)
        pages = len(book)
    except pdfium.PdfiumError as error:
        raise UserError(f"{name}: {_why(str(error))}") from None
    try:
        usual = _usual(book, pages, name)
        silent: list[int] = []
        said: set[str] = set()
        for number in range(1, pages + 1):
            height, lines = _page(book, number - 1, name)
            if not lines:
                silent.append(number)
                continue
            kept = []
            by_height = sorted(line.y for line in lines)
            for line in lines:
                outermost = pages > 1 and line.y in (by_height[0], by_height[-1])
                if _furniture(line, height, usual, outermost):
                    if line.text not in said:
                        said.add(line.text)
                        ledger.add(name, _place(number, line, height), "page-furniture", line.text)
                else:
                    kept.append(line)
            yield from _joined(kept, number, height)
        if len(silent) == pages:
            why = words(
                f"{pages} 页都没有文字层，是扫描件或图片：请先做文字识别",
                f"none of {pages} pages has a text layer (a scan): run OCR on it first",
            )
            raise UserError(f"{name}: {why}")
        for number in silent:
            ledger.add(name, f"page:{number}:0", doubt("no-text-layer"), "")
    finally:
        book.close()


def _why(said: str) -> str:
    """PDFium's complaint in one line."""
    if "assword" in said or "ecurity" in said:
        return words("PDF 有密码，请先去掉", "the PDF is locked by a password: take it off first")
    return words(
        f"PDF 不完整或已损坏（{said[:80]}），请重新下载或保存",
        f"truncated or damaged PDF ({said[:80]}): download or save it again",
    )


def _usual(book: Any, pages: int, name: str) -> set[str]:
    """What comes again at one height of many pages: the same words, or words with a number that
    counts with the pages."""
    if pages < 3:
        return set()
    step = max(1, pages // SAMPLE)
    looked = range(0, pages, step)
    seen: dict[str, list[tuple[int, str]]] = {}
    for index in looked:
        height, lines = _page(book, index, name)
        for key, text in {(_key(line, height), line.text) for line in lines}:
            seen.setdefault(key, []).append((index, text))
    seen.pop("", None)
    return {key for key, found in seen.items() if _again(found) >= max(2, OFTEN * len(looked))}


def _again(found: Sequence[tuple[int, str]]) -> int:
    """On how many pages a line is the same, or differs by a number that counts with the page."""
    same = Counter(text for _, text in found).most_common(1)[0][1]
    offsets = Counter(
        (k, int(number) - page)
        for page, text in found
        for k, number in enumerate(re.findall(r"\d{1,6}", text))
    )
    return max([same, *offsets.values()])


def _key(line: Printed, height: float) -> str:
    """A line at a page's edge as it comes again on others; "" for one that stands elsewhere."""
    if EDGE * height < line.y < (1 - EDGE) * height:
        return ""
    return f"{round(line.y / 4)} {re.sub(r'[0-9]+', '#', line.text)}"


def _furniture(line: Printed, height: float, usual: set[str], outermost: bool) -> bool:
    """Whether a line is a header, a footer or, outermost on its page, a page number."""
    key = _key(line, height)
    return bool(key) and (key in usual or (outermost and bool(_NUMBER.fullmatch(line.text))))


def _place(number: int, line: Printed, height: float) -> str:
    top = height - line.y - line.segments[0].size
    return f"page:{number}:{max(0, round(top))}"


def _page(book: Any, index: int, name: str) -> tuple[float, list[Printed]]:
    """A page's height and its lines in reading order."""
    import pypdfium2 as pdfium

    try:
        page = book[index]
    except pdfium.PdfiumError:
        why = words(f"第{index + 1}页读不出", f"page {index + 1} is damaged")
        raise UserError(f"{name}: {why}") from None
    try:
        width, height = page.get_size()
        textpage = page.get_textpage()
        try:
            chars = _chars(textpage, page.get_rotation(), width, height)
        finally:
            textpage.close()
    finally:
        page.close()
    lines = _ordered(_rows(chars), width)
    for line in lines:
        line.text, line.marks = _text(line)
    return height, [line for line in lines if line.text.strip()]


def _chars(textpage: Any, turned: int, width: float, height: float) -> list[Char]:
    """The characters of a page that PDFium did not make up, upright."""
    import pypdfium2.raw as raw

    found: list[Char] = []
    x, y = ctypes.c_double(), ctypes.c_double()
    edges = [ctypes.c_double() for _ in range(4)]
    shades = [ctypes.c_uint() for _ in range(4)]
    spaced = False
    for k in range(min(textpage.count_chars(), MOST)):
        code = raw.FPDFText_GetUnicode(textpage, k)
        if raw.FPDFText_IsGenerated(textpage, k) == 1:
            spaced = spaced or code == 0x20
            continue
        if code < 0x20 or code in (0xFFFE, 0xFFFF):
            continue
        raw.FPDFText_GetCharOrigin(textpage, k, x, y)
        raw.FPDFText_GetCharBox(textpage, k, *edges)  # left, right, bottom, top
        box = [edge.value for edge in edges]
        size = raw.FPDFText_GetFontSize(textpage, k)
        at = (x.value, y.value, box[1])
        if turned == 90:
            at = (y.value, width and height - x.value, max(box[2], box[3]))
        elif turned == 270:
            at = (width - y.value, x.value, width - min(box[2], box[3]))
        elif turned == 180:
            at = (width - x.value, height - y.value, width - box[0])
        raw.FPDFText_GetFillColor(textpage, k, *shades)
        rgb = [shade.value for shade in shades[:3]]
        color = (
            "" if max(rgb) < 0x60 or min(rgb) > 0xF0 else "color:{:02x}{:02x}{:02x}".format(*rgb)
        )
        tall = max(size, 1.0)
        advance = 1.0 if code > 0x2E80 else 0.45  # the box of 。 ends where its ink does
        right = max(at[2], at[0] + advance * tall)
        found.append(Char(chr(code), at[0], at[1], right, tall, color, spaced))
        spaced = False
    return found


def _rows(chars: list[Char]) -> list[list[Char]]:
    """Characters on one baseline; small ones beside a line are raised or lowered in it (their size
    and origin stay, :func:`_text` reads them)."""
    if not chars:
        return []
    usual = median(char.size for char in chars)
    rows: list[list[Char]] = []
    for char in sorted((c for c in chars if c.size >= SMALL * usual), key=lambda c: -c.y):
        if rows and abs(rows[-1][0].y - char.y) <= 0.3 * char.size:
            rows[-1].append(char)
        else:
            rows.append([char])
    small: list[Char] = []
    for char in (c for c in chars if c.size < SMALL * usual):
        near = [row for row in rows if -0.45 * usual < char.y - row[0].y < 0.75 * usual]
        near = [
            row for row in near
            if any(-usual < char.x - o.right < usual or 0 < o.x - char.right < usual for o in row)
        ]  # fmt: skip
        if near:
            min(near, key=lambda row: abs(row[0].y - char.y)).append(char)
        else:
            small.append(char)
    for char in sorted(small, key=lambda c: -c.y):
        if (
            rows
            and rows[-1][0].size < SMALL * usual
            and abs(rows[-1][0].y - char.y) < 0.3 * char.size
        ):
            rows[-1].append(char)
        else:
            rows.append([char])
    return [sorted(row, key=lambda char: char.x) for row in rows]


def _cut(row: list[Char]) -> Iterator[Segment]:
    """A row of characters as segments."""
    size = max(char.size for char in row)
    base = next(char.y for char in row if char.size == size)
    held: list[Char] = []
    for char in row:
        if held and char.x - held[-1].right > 1.6 * size:
            if any(c.text.strip() for c in held):
                yield Segment(held, base, size)
            held = []
        if held or char.text.strip():
            held.append(char)
    if any(c.text.strip() for c in held):
        yield Segment(held, base, size)


def _ordered(rows: list[list[Char]], width: float) -> list[Printed]:
    """The lines of a page: band by band between what crosses the gutter, column by column."""
    gutter = _gutter(rows, width)
    if gutter is None:
        return _lines([segment for row in rows for segment in _cut(row)])
    made: list[Printed] = []
    left: list[Segment] = []
    right: list[Segment] = []
    for row in sorted(rows, key=lambda row: -row[0].y):
        before, after = _parted(row, gutter)
        if before is None or after is None:
            made += [*_lines(left), *_lines(right), *_lines(list(_cut(row)))]
            left, right = [], []
        else:
            left += _cut(before) if before else []
            right += _cut(after) if after else []
    return [*made, *_lines(left), *_lines(right)]


def _parted(row: list[Char], at: float) -> tuple[list[Char] | None, list[Char] | None]:
    """The characters of a row left and right of a gutter; None, None where the row crosses it."""
    before = [char for char in row if char.text.strip() and char.right <= at]
    after = [char for char in row if char.text.strip() and char.x >= at]
    size = row[0].size
    inked = sum(bool(char.text.strip()) for char in row)
    if len(before) + len(after) < inked or (
        before and after and after[0].x - before[-1].right < 0.7 * size
    ):
        return None, None
    return before, after


def _lines(segments: list[Segment]) -> list[Printed]:
    """Segments of one column as lines, from the top."""
    made: list[Printed] = []
    for segment in sorted(segments, key=lambda s: (-s.y, s.left)):
        if made and abs(made[-1].y - segment.y) <= 0.3 * segment.size:
            made[-1].segments.append(segment)
        else:
            made.append(Printed([segment]))
    edges = (
        min((s.left for s in segments), default=0),
        max((s.right for s in segments), default=0),
    )
    for line in made:
        line.segments.sort(key=lambda s: s.left)
        line.column = edges
    return made


def _gutter(rows: Sequence[list[Char]], width: float) -> float | None:
    """Where two columns part, None for one: a place in the middle that at most a tenth of the
    lines cross, with text of its own on both sides (not the options B and D beside A and C)."""
    best: tuple[int, float] | None = None
    place = 0.0
    for k in range(60, 141):
        at = width * k / 200
        parts = [_parted(row, at) for row in rows]
        crossing = sum(before is None for before, _ in parts)
        left = [before for before, _ in parts if before]
        right = [after for _, after in parts if after]
        least = max(4, 0.2 * len(rows))
        if crossing > 0.1 * len(rows) or min(len(left), len(right)) < least:
            continue
        starts = Counter(round(row[0].x / 4) for row in right)
        flush = sum(count for _, count in starts.most_common(2))
        heads = ["".join(char.text for char in row[:9]) for row in right]
        if sum(bool(_BEGINS.match(head)) for head in heads) < 2:
            continue
        options = sum(bool(re.match(r"[（(]?[B-H]\s*[.、．:：)）]", head)) for head in heads)
        if flush < 0.4 * len(right) or 2 * options > len(right):
            continue
        room = min(row[0].x for row in right) - max(row[-1].right for row in left)
        if best is None or (crossing, -room) < best:
            best, place = (crossing, -room), at
    return place if best is not None else None


def _text(line: Printed) -> tuple[str, list[tuple[int, int, str]]]:
    """The displayed text of a line, and its coloured stretches."""
    text, marks = "", []
    last: Char | None = None
    run, how = "", ""
    base, size = line.segments[0].y, max(s.size for s in line.segments)

    def close() -> None:
        nonlocal text, run
        text += raised(run, how)
        run = ""

    for segment in line.segments:
        for char in segment.chars:
            gap = char.x - last.right if last is not None else 0.0
            kind = ""
            if char.size < SMALL * size and abs(char.y - base) > 0.08 * size:
                kind = UP if char.y > base else DOWN
            if kind != how or gap > 0.3 * size or char.spaced:
                close()
                how = kind
            if last is not None and (gap > 0.3 * size or char.spaced) and text[-1:] != " ":
                text += "\t" if gap > 3 * size else "  " if gap > 1.6 * size else _space(last, char)
            if char.color:
                at = len(text) + len(run)
                marks.append((at, at + 1, char.color))
            run += char.text
            last = char
    close()
    return text.rstrip(), marks


def _space(one: Char, other: Char) -> str:
    """A space between words; none between characters of a justified line of Chinese."""
    wide = one.text > "\u2e80" and other.text > "\u2e80" and other.x - one.right < 0.5 * one.size
    return "" if wide or one.text == " " or other.text == " " else " "


def _joined(lines: list[Printed], number: int, height: float) -> Iterator[Line]:
    """The lines of a page, wrapped ones joined."""
    made: Line | None = None
    last: Printed | None = None
    for line in lines:
        if made is not None and last is not None and _goes_on(last, line):
            glue = " " if made.text[-1:].isascii() and line.text[:1].isascii() else ""
            if made.text.endswith("-") and line.text[:1].islower():
                made.text, glue = made.text[:-1], ""
            shift = len(made.text) + len(glue)
            made.marks += tuple((a + shift, b + shift, how) for a, b, how in line.marks)
            made.text += glue + line.text.lstrip()
        else:
            if made is not None:
                yield squeezed(made)
            made = Line(line.text, _place(number, line, height), marks=tuple(line.marks))
        last = line
    if made is not None:
        yield squeezed(made)


def _goes_on(last: Printed, line: Printed) -> bool:
    """Whether a line goes on with the one above: that reaches the column's edge, and this one
    begins nothing and follows at the usual distance."""
    size = last.segments[0].size
    left, right = last.column
    reaches = right - last.segments[-1].right < 2.2 * size and right - left > 8 * size
    near = 0 < last.y - line.y < 2.6 * size and last.column == line.column
    return (
        reaches
        and near
        and not _BEGINS.match(line.text)
        and line.segments[0].left < left + 4 * size
    )
