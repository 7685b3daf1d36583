"""Text normalisation shared by deduplication, retrieval and scoring."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_SPACE = re.compile(r"\s+")


_ODD = re.compile(r"[\W_]")  # no letter, digit or mark: most of these carry no meaning
_POINT = re.compile(r"(?<!\d)[.:/]|[.:/](?!\d)")


@cache
def _drops(char: str) -> bool:
    return char not in "%-.:/" and unicodedata.category(char)[0] in "PZC"


def nfkc(text: str) -> str:
    """NFKC form with white space folded to single spaces: the same text, typed in other ways."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def bare(text: str) -> str:
    """``text`` as a key for "the same question": NFKC, lower case, without punctuation and space.

    Symbols that carry meaning (``+ - % < > =`` and the like, Unicode category S) are kept, so that
    ``x>1`` and ``x<1`` stay apart; a point between digits is kept too (``3.5`` is not ``35``).
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    odd = set(_ODD.findall(text))
    if not odd.isdisjoint(".:/"):
        text = _POINT.sub("", text)
    for char in filter(_drops, odd):
        text = text.replace(char, "")
    return text
