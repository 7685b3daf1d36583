"""Text normalisation shared by deduplication, retrieval and scoring."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")


def nfkc(text: str) -> str:
    """NFKC form with white space folded to single spaces: the same text, typed in other ways."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def bare(text: str) -> str:
    """``text`` as a key for "the same question": NFKC, lower case, without punctuation and space.

    Symbols that carry meaning (``+ - % < > =`` and the like, Unicode category S) are kept, so that
    ``x>1`` and ``x<1`` stay apart; a point between digits is kept too (``3.5`` is not ``35``).
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = []
    for index, char in enumerate(text):
        category = unicodedata.category(char)
        between_digits = (
            char in ".:/-"
            and 0 < index < len(text) - 1
            and text[index - 1].isdigit()
            and text[index + 1].isdigit()
        )
        if char in "%-" or between_digits or category[0] not in "PZC":
            kept.append(char)
    return "".join(kept)
