"""Papers as pictures: what the generators set, drawn at 200 dpi and scanned or photographed.

Drawn with a Chinese font of the system (Debian: fonts-noto-cjk); the faults of a scan come from the
seed: tilt, blur, grain, JPEG; those of a photograph are perspective on a dark table, and shade.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.data.bankgen import Maker, Truth

FONTS = tuple(
    Path("/usr/share/fonts/opentype/noto") / name
    for name in ("NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc")
)
DPI = 200
WIDE, HIGH = 1654, 2339  # A4
MARGIN = 170
SIMPLIFIED = 2  # the face of the collection that holds mainland China's shapes


@dataclass
class Paper:
    """One page: its picture, and what it asks."""

    name: str
    picture: Image.Image
    truths: list[Truth]

    def jpeg(self) -> bytes:
        """The picture as a scanner saves it."""
        out = io.BytesIO()
        self.picture.convert("L").save(out, "JPEG", quality=75, dpi=(DPI, DPI))
        return out.getvalue()


def font(size: int, which: int = 0) -> ImageFont.FreeTypeFont:
    """A font for Chinese, ``size`` pixels high."""
    return ImageFont.truetype(str(FONTS[which]), size, index=SIMPLIFIED)


def available() -> bool:
    """Whether the fonts are there."""
    return all(font.is_file() for font in FONTS)


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` pixels."""
    lines, line = [], ""
    for sign in text:
        if font.getlength(line + sign) > width and sign not in "，。、；：？）)”》":
            lines.append(line)
            line = ""
        line += sign
    return [*lines, line]


def drawn(
    paragraphs: list[str], font: ImageFont.FreeTypeFont, columns: int = 1
) -> Image.Image | None:
    """A white page of paragraphs in one column or two; None where they do not fit."""
    page = Image.new("L", (WIDE, HIGH), 255)
    pen = ImageDraw.Draw(page)
    gap = 90
    width = (WIDE - 2 * MARGIN - gap * (columns - 1)) // columns
    step = round(font.size * 1.6)
    x, y = MARGIN, MARGIN
    for paragraph in paragraphs:
        for line in wrapped(paragraph, font, width):
            if y + step > HIGH - MARGIN:
                x, y = x + width + gap, MARGIN
            if x >= WIDE - MARGIN:
                return None
            pen.text((x, y), line, fill=20, font=font)
            y += step
    return page


def question(n: int, truth: Truth, rng: Random, beside: bool) -> list[str]:
    """A question's paragraphs; ``beside`` sets two options a line."""
    lines = [f"{n}. {truth.stem}"]
    options = [f"{letter}. {text}" for letter, text in truth.options.items()]
    if beside and all(len(option) < 14 for option in options):
        lines += ["".join(o.ljust(18, "\u3000") for o in options[k : k + 2]).rstrip("\u3000")
                  for k in range(0, len(options), 2)]  # fmt: skip
    else:
        lines += options
    lines.append(f"答案：{truth.answer}")
    if truth.explanation:
        lines.append(f"解析：{truth.explanation}")
    return lines


def paper(seed: int, columns: int = 1) -> tuple[list[str], list[Truth], ImageFont.FreeTypeFont]:
    """The paragraphs of a page: choice under 一、, judgements with √ and × under 二、."""
    rng = Random(seed)
    maker = Maker(rng)
    beside = columns == 1 and rng.random() < 0.5
    which = rng.randrange(len(FONTS))
    type_ = font(rng.choice([27, 29, 32]), which)
    lines, truths = ["一、选择题"], []
    for n in range(1, rng.randint(4, 6)):
        truth = maker.choice(several=rng.random() < 0.3)
        truths.append(truth)
        lines += question(n, truth, rng, beside)
    lines.append("二、判断题（对的打√，错的打×）")
    for n in range(1, 6):
        truth = maker.judge()
        truth.stem = truth.stem.replace("（ ）", "").replace("（  ）", "").rstrip("。")
        truth.answer = "√" if truth.verdict else "×"
        truths.append(truth)
        lines.append(f"{n}. {truth.stem}（{truth.answer}）")
    return lines, truths, type_


def scanned(page: Image.Image, rng: Random) -> Image.Image:
    """A page as a scanner sees it: up to 2.5 degrees of tilt, blur, grain."""
    turned = page.rotate(rng.uniform(-2.5, 2.5), Image.Resampling.BICUBIC, fillcolor=250)
    return grained(turned.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 0.9))), rng, 9)


def grained(page: Image.Image, rng: Random, much: float) -> Image.Image:
    """``page`` with normal noise of ``much`` grey levels."""
    noise = np.random.default_rng(rng.randrange(2**32)).normal(0, much, (page.height, page.width))
    return Image.fromarray(np.clip(np.asarray(page) + noise, 0, 255).astype(np.uint8))


def photographed(page: Image.Image, rng: Random) -> Image.Image:
    """A page on a dark table, seen aslant, one side in the shade."""
    wide, high = 2000, 2700
    far = lambda: rng.uniform(30, 210)  # noqa: E731
    corners = [(far(), far()), (wide - far(), far()), (wide - far(), high - far()),
               (far(), high - far())]  # fmt: skip
    inner = [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)]
    table = Image.new("L", (wide, high), 70)
    whole = Image.new("L", page.size, 255)
    how = (wide, high), Image.Transform.PERSPECTIVE, plane(corners, inner)
    seen = page.transform(*how, Image.Resampling.BICUBIC)
    table.paste(seen, mask=whole.transform(*how, Image.Resampling.BICUBIC))
    shade = np.linspace(rng.uniform(0.65, 0.85), 1.0, wide)[None, :]
    lit = Image.fromarray((np.asarray(table) * shade).astype(np.uint8))
    return grained(lit.filter(ImageFilter.GaussianBlur(0.9)), rng, 6)


def plane(out: list[tuple[float, float]], into: list[tuple[float, float]]) -> tuple[float, ...]:
    """The eight numbers that take ``out`` to ``into``, as PIL wants them."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(out, into, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    target = [value for point in into for value in point]
    return tuple(np.linalg.solve(np.array(rows), np.array(target)))


def sheet(rng: Random, columns: int) -> tuple[Image.Image, list[Truth]]:
    """A page with what it asks: the first paper of ``rng`` that it holds."""
    while True:
        lines, truths, type_ = paper(rng.randrange(10**6), columns)
        if columns == 2:
            more, others, _ = paper(rng.randrange(10**6), columns)
            lines, truths = [*lines, *more], [*truths, *others]
        if (page := drawn(lines, type_, columns)) is not None:
            return page, truths


def papers(count: int, seed: int = 0) -> list[Paper]:
    """``count`` pages of each: scans in one column and two, photographs, scans that lie on a side
    or on their head."""
    made = []
    for k in range(count):
        rng = Random(f"{seed} {k}")
        for name, columns in (("scan", 1), ("columns", 2), ("photo", 1), ("turned", 1)):
            page, truths = sheet(rng, columns)
            page = photographed(page, rng) if name == "photo" else scanned(page, rng)
            if name == "turned":
                page = page.transpose(rng.choice([Image.Transpose.ROTATE_90,
                    Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270]))  # fmt: skip
            made.append(Paper(f"{name}-{k}", page, truths))
    return made
