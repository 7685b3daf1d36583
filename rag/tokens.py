"""The words of the lexical index: Chinese characters with their pairs, and whole words elsewhere.

Character uni- and bigrams found paraphrased questions more often than a segmenter's words, and
need no dictionary (docs/rag.md has the figures).
"""

from __future__ import annotations

import re

from core.text import nfkc
from rag.demands import codes

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"[{_HAN}]+|\d+(?:\.\d+)?%?|[^\W\d_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")


def tokens(text: str) -> list[str]:
    """Tokens of ``text`` in order, with repetitions; letters folded to lower case."""
    found: list[str] = []
    for run in _RUNS.findall(nfkc(text).casefold()):
        found += run if _IS_HAN.match(run) else [run]
        if _IS_HAN.match(run):
            found += (run[at : at + 2] for at in range(len(run) - 1))
    return found


def indexed(text: str) -> list[str]:
    """The tokens of the lexical index: :func:`tokens`, and each code once more as one word, so that
    E1034, E-1034 and Ｅ１０３４ find each other before all that shares a letter or a digit."""
    return [*tokens(text), *codes(text)]
