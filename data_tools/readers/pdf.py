"""A PDF's text layer as lines in reading order, page by page.

Characters come from PDFium with their origins and boxes, :mod:`.printed` makes lines of them; what
stands at the same height on many pages is a header or footer. A page that is a picture is
recognised (:mod:`data_tools.ocr`). Locator ``page:N:Y``: page N (1-based), Y points below its top
edge. A page is closed before the next is opened.
"""

from __future__ import annotations

import ctypes
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.findings import Finding
from core.language import words
from data_tools.ledger import Ledger
from data_tools.ocr.pages import Scan
from data_tools.readers.blocks import Line
from data_tools.readers.doubt import doubt
from data_tools.readers.printed import Char, Printed, joined, place, printed

REFUSED = "ocr.refused"  # the code of an error that is of one page only
SAMPLE = 40  # pages looked at for what comes again on each
EDGE = 0.12  # of a page's height, above and below: where headers and footers stand
OFTEN = 0.4  # of the sampled pages on which a line at the edge must stand to be one
FEW = 30  # characters beside the picture of a scanned page: a stamp, a page number
DPI, DRAWN = 200, 2400  # how a scanned page is drawn for the recogniser, which takes no more
TINY = 6  # points of a page's side; nothing smaller holds a character
MOST = 200_000  # characters of a page; beyond it stands a picture drawn in dots
_NUMBER = re.compile(
    r"\W{0,3}(?:第\s*)?(?:page\s*)?\d{1,5}\s*(?:页|/|of|共)?\s*(?:共\s*)?\d{0,5}\s*页?\W{0,3}",
    re.I,
)


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
        scan = Scan(path, name, pages)
        usual = _usual(book, pages, scan)
        silent: list[int] = []
        said: set[str] = set()
        refused: dict[int, str] = {}
        for number in range(1, pages + 1):
            height, lines, why = _tried(book, number - 1, scan)
            if why:
                refused[number] = why
            elif not lines:
                silent.append(number)
            kept = []
            by_height = sorted(line.y for line in lines)
            for line in lines:
                outermost = pages > 1 and line.y in (by_height[0], by_height[-1])
                if _furniture(line, height, usual, outermost):
                    if line.text not in said:
                        said.add(line.text)
                        ledger.add(name, place(number, line, height), "page-furniture", line.text)
                else:
                    kept.append(line)
            yield from joined(kept, number, height)
        if len(silent) + len(refused) == pages:
            if refused:
                raise UserError(next(iter(refused.values())), REFUSED)
            raise UserError(
                f"{name}: "
                + words(
                    f"{pages} 页都没有文字层，也没有认出文字",
                    f"{pages} pages without a text layer, and no text was recognised",
                )
            )
        scan.note(ledger)
        for number, why in refused.items():
            ledger.add(name, f"page:{number}:0", Finding("page-refused", why), "")
        for number in silent:
            ledger.add(name, f"page:{number}:0", doubt("no-text-layer"), "")
    finally:
        book.close()


def _why(said: str) -> str:
    """PDFium's complaint in one line."""
    if "assword" in said or "ecurity" in said:
        return words("PDF 有密码，请先去掉", "the PDF is locked by a password: take it off first")
    why = words(
        "PDF 不完整或已损坏，请重新下载或保存",
        "truncated or damaged PDF: download or save it again",
    )
    return f"{why} ({said[:80]})"


def _usual(book: Any, pages: int, scan: Scan) -> set[str]:
    """What comes again at one height of many pages: the same words, or words with a number that
    counts with the pages."""
    if pages < 3:
        return set()
    step = max(1, pages // SAMPLE)
    looked = range(0, pages, step)
    seen: dict[str, list[tuple[int, str]]] = {}
    for index in looked:
        height, lines, _ = _tried(book, index, scan)
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


def _tried(book: Any, index: int, scan: Scan) -> tuple[float, list[Printed], str]:
    """A page's height and lines, and why it was refused, "" where it was not: one page must not end
    those behind it."""
    try:
        return *_page(book, index, scan), ""
    except UserError as error:
        if error.code != REFUSED:
            raise
        return 0.0, [], str(error)


def _page(book: Any, index: int, scan: Scan) -> tuple[float, list[Printed]]:
    """A page's height and its lines in reading order."""
    import pypdfium2 as pdfium

    try:
        page = book[index]
    except pdfium.PdfiumError:
        why = words(f"第{index + 1}页读不出", f"page {index + 1} is damaged")
        raise UserError(f"{scan.name}: {why}", REFUSED) from None
    try:
        width, height = page.get_size()
        textpage = page.get_textpage()
        try:
            chars = _chars(textpage, page.get_rotation(), width, height)
        finally:
            textpage.close()
        picture = drawn(page, width, height) if _scanned(page, chars, width, height) else b""
    finally:
        page.close()
    if picture:
        return scan.page(picture, index + 1, height)
    return height, printed(chars, width)


def _scanned(page: Any, chars: list[Char], width: float, height: float) -> bool:
    """Whether a page is a picture: next to no text, and an image over half of it."""
    import pypdfium2.raw as raw

    if min(width, height) < TINY or sum(bool(char.text.strip()) for char in chars) >= FEW:
        return False
    for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = thing.get_bounds()
        if (right - left) * (top - bottom) > 0.5 * width * height:
            return True
    return False


def drawn(page: Any, width: float, height: float) -> bytes:
    """A page as a grey picture at :data:`DPI`, of :data:`DRAWN` pixels a side at most."""
    scale = min(DPI / 72, DRAWN / max(width, height, 1))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        out = io.BytesIO()
        bitmap.to_pil().save(out, "PNG", compress_level=1)
    finally:
        bitmap.close()
    return out.getvalue()


def _chars(textpage: Any, turned: int, width: float, height: float) -> list[Char]:
    """The characters of a page that PDFium did not make up, upright."""
    import pypdfium2.raw as raw

    found: list[Char] = []
    x, y = ctypes.c_double(), ctypes.c_double()
    edges = [ctypes.c_double() for _ in range(4)]
    shades = [ctypes.c_uint() for _ in range(4)]
    matrix = raw.FS_MATRIX()
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
        if raw.FPDFText_GetMatrix(textpage, k, matrix):  # "1 Tf" may be drawn eleven times as large
            size *= math.hypot(matrix.c, matrix.d)
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
