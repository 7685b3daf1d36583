"""Recognised pages as the PDF reader's lines: the same reading order, columns and joined lines.

What was recognised gets a place in points; a doubtful line is flagged with its place and words, and
its part of the picture is kept under a name that the file's hash and the place make.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from core import progress
from core.files import atomic, sha256
from core.findings import Finding
from core.language import words
from data_tools.ledger import Ledger
from data_tools.ocr import engine, pictures
from data_tools.readers.blocks import Line
from data_tools.readers.printed import Char, Printed, joined, place, printed

DOUBT, NOT_READ = "ocr-doubt", "handwriting"
UNSURE = 0.9  # of a line's score: a first choice, not yet set on benchmarks/ocr.py's pages
TALL = 842.0  # points of a picture's height that has no other: A4's
ALIKE = (0.6, 1.6)  # heights of boxes, against the usual, that are one size of type
TYPE = 0.72  # of a box's height that is the type's size: the boxes have a margin
FOOT = 0.32  # of a box's height below its middle, where the baseline runs
APART = 1.2  # sizes of type between characters of one box that stand apart; less is OCR's guess
_PLACE = re.compile(rf"^{DOUBT}: (\S+) ")


class Scan:
    """The pages of one file that are recognised; ``pages`` is how many the file has."""

    def __init__(self, path: Path, name: str, pages: int) -> None:
        self.name, self.pages, self.read = name, pages, 0
        self.sha = sha256(path)

    def page(self, picture: bytes, number: int, height: float) -> tuple[float, list[Printed]]:
        """The height in points, and the lines of page ``number``, whose picture stood ``height``
        points high; doubts are flagged. Raises :class:`UserError` for a picture that is not read.
        """
        progress.tell(engine.STAGE, number - 1, self.pages)
        told = engine.page(picture, f"{self.name} page:{number}")
        if told["turned"] % 180:
            height *= told["height"] / told["width"]
        scale = height / told["height"]
        lines = printed(characters(told["lines"], scale, height), told["width"] * scale)
        self._doubt(lines, told, number, height, scale)
        self.read += 1
        if told["fresh"]:
            said = words(
                f"{self.name}: 第 {number}/{self.pages} 页已识别",
                f"{self.name}: page {number}/{self.pages} recognised",
            )
            print(said, file=sys.stderr, flush=True)
        return height, lines

    def _doubt(
        self, lines: list[Printed], told: dict[str, Any], number: int, height: float, scale: float
    ) -> None:
        """Flag the doubtful lines, and keep their parts of the picture."""
        page = None
        for line in lines:
            if min(c.sure for segment in line.segments for c in segment.chars) >= UNSURE:
                continue
            where = place(number, line, height)
            line.flags = (Finding(DOUBT, f"{where} {line.text}"),)
            kept = crops() / crop_name(self.sha, where)
            if not kept.is_file():
                page = page or _opened(engine.mended(told["key"]))
                size = line.segments[0].size
                top, foot = height - line.y - 1.4 * size, height - line.y + 0.7 * size
                left, right = line.segments[0].left - size, line.segments[-1].right + size
                _cut(page, [edge / scale for edge in (left, top, right, foot)], kept)

    def note(self, ledger: Ledger) -> None:
        """Say what no recogniser reads, once a file."""
        if self.read:
            reason = Finding(
                NOT_READ,
                f"识别了 {self.read} 页；手写的勾和字不读",
                f"{self.read} pages recognised; ticks and words by hand are not read",
            )
            ledger.add(self.name, "page:1:0", reason, "")


def picture(path: Path, name: str, ledger: Ledger) -> Iterator[Line]:
    """The lines of a scan or photograph. Raises :class:`UserError` for one that is not read."""
    data = path.read_bytes()
    pictures.check(data, name)
    scan = Scan(path, name, 1)
    height, lines = scan.page(data, 1, TALL)
    yield from joined(lines, 1, height)
    scan.note(ledger)


def characters(lines: Iterable[dict[str, Any]], scale: float, height: float) -> list[Char]:
    """Recognised lines as characters on a page ``height`` points high; ``scale`` points a pixel.

    Boxes of nearly one height are one size of type: theirs wavers with what letters they hold."""
    lines = [line for line in lines if line["chars"]]
    if not lines:
        return []
    usual = median(line["box"][3] - line["box"][1] for line in lines)
    made: list[Char] = []
    for line in lines:
        left, top, right, foot = line["box"]
        tall = usual if ALIKE[0] * usual < foot - top < ALIKE[1] * usual else foot - top
        y = height - ((top + foot) / 2 + FOOT * tall) * scale
        size = TYPE * tall * scale
        made += _placed(line, left * scale, right * scale, y, size, scale)
    return made


def _placed(
    line: dict[str, Any], left: float, right: float, y: float, size: float, scale: float
) -> Iterator[Char]:
    """The characters of one box. They touch unless they stand well apart, since the recogniser
    knows where they are to half a character; spaces are those that it read."""
    signs = [(sign, a * scale, b * scale) for sign, a, b, _ in line["chars"] if sign.strip()]
    spaced = _spaced(line["text"])
    at = left
    for k, (sign, start, _) in enumerate(signs):
        after = signs[k + 1][1] if k + 1 < len(signs) else right
        start = start if start - at > APART * size else at
        width = size if sign > "\u2e80" else 0.55 * size
        end = max(start + 0.1, after if after - start < APART * size + width else start + width)
        yield Char(sign, start, y, end, size, "", k in spaced, line["score"])
        at = end


def _spaced(text: str) -> set[int]:
    """The numbers of the characters of ``text``, spaces not counted, that follow a space."""
    found: set[int] = set()
    count = 0
    for sign, last in zip(text, " " + text, strict=False):
        if sign.strip():
            if count and not last.strip():
                found.add(count)
            count += 1
    return found


def crop_name(sha: str, where: str) -> str:
    """What the picture of a place of a file is called: by the file's hash and the locator."""
    return f"{sha[:16]}-{where.replace(':', '-')}.jpg"


def crops() -> Path:
    """Where the pictures of doubtful places are kept until a data set takes them along."""
    return engine.KEPT / "crops"


def places(flags: Iterable[str]) -> Iterator[str]:
    """The locators that a row's doubts name."""
    for flag in flags:
        if found := _PLACE.match(flag):
            yield found[1]


def kept(sources: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Path]:
    """The pictures of what (a file's hash, a row's flags) are in doubt about."""
    for sha, flags in sources:
        for where in places(flags):
            if (found := crops() / crop_name(sha, where)).is_file():
                yield found


def _opened(path: Path) -> Any:
    from PIL import Image

    return Image.open(path)


def _cut(page: Any, edges: list[float], path: Path) -> None:
    """Keep a part of a page (left, top, right, foot in pixels)."""
    left, top, right, foot = (round(edge) for edge in edges)
    box = (max(0, left), max(0, top), min(page.width, right), min(page.height, foot))
    with atomic(path, "wb") as out:
        page.crop(box).save(out, "JPEG", quality=80)
