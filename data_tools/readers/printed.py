"""Printed characters as lines in reading order: of a PDF's text layer, or of a recognised picture.

Those on one baseline are a line; a gutter that next to nothing crosses makes columns; a line that
reaches its column's edge goes on in the next one. Points, from the page's lower left.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from data_tools.readers.blocks import Line, squeezed
from data_tools.readers.raised import DOWN, UP, raised

SMALL = 0.9  # of the usual size: a raised or lowered character (browsers take .83, Word .65)
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
    sure: float = 1.0  # how sure the recogniser was, where it comes from a picture


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
    flags: tuple[str, ...] = ()

    @property
    def y(self) -> float:
        """Its baseline above the page's foot."""
        return self.segments[0].y


def printed(chars: list[Char], width: float) -> list[Printed]:
    """The lines of a page ``width`` points wide, in reading order, with their text."""
    lines = _ordered(_rows(chars), width)
    for line in lines:
        line.text, line.marks = _text(line)
    return [line for line in lines if line.text.strip()]


def place(number: int, line: Printed, height: float) -> str:
    """The locator of a line on page ``number``."""
    top = height - line.y - line.segments[0].size
    return f"page:{number}:{max(0, round(top))}"


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


def joined(lines: list[Printed], number: int, height: float) -> Iterator[Line]:
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
            made.flags += line.flags
        else:
            if made is not None:
                yield squeezed(made)
            where = place(number, line, height)
            made = Line(line.text, where, marks=tuple(line.marks), flags=line.flags)
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
