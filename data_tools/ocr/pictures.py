"""Whether a picture may be recognised: looked at before anything heavy is started."""

from __future__ import annotations

import io

from core.errors import UserError
from core.language import words

PIXELS = 60_000_000  # of a picture before it is decoded: A4 at 600 dpi has 35 million
LEAST = 16  # pixels of a side; nothing smaller holds a character


def check(picture: bytes, where: str) -> tuple[int, int]:
    """The size of an encoded picture, in pixels. Raises :class:`UserError` that begins with
    ``where`` for one that is too small, too large (told by its header) or does not decode."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own bound comes first
    try:
        with Image.open(io.BytesIO(picture)) as opened:
            wide, high = opened.size
            if min(wide, high) >= LEAST and wide * high <= PIXELS:
                opened.draft("L", (wide // 8, high // 8))  # a JPEG is decoded small
                opened.load()
    except Exception as error:  # PIL's decoders raise whatever they like
        said = " ".join(str(error).split())[:60]
        raise UserError(
            f"{where}: "
            + words("图片不完整或已损坏", "a truncated or damaged picture")
            + f" ({said})"
        ) from None
    size = f"{wide}×{high}"
    if min(wide, high) < LEAST:
        raise UserError(
            f"{where}: " + words(f"图片只有 {size} 像素", f"a picture of only {size} pixels")
        )
    if wide * high > PIXELS:
        most = PIXELS // 1_000_000
        raise UserError(
            f"{where}: "
            + words(
                f"图片有 {size} 像素，超过 {most} 百万，请缩小",
                f"a picture of {size} pixels, more than {most} million: make it smaller",
            )
        )
    return wide, high
