"""Text in columns: Chinese characters take two of a terminal's."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, columns: int) -> str:
    """``text`` filled with spaces to ``columns``."""
    return text + " " * max(0, columns - width(text))
