"""Is what an answer says in the passages it cites? A rule, not a judgement: see :func:`check`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.text import bare, nfkc
from rag.passages import Passage
from rag.tokens import tokens

COVER = 0.6  # share of a sentence's character pairs that its passages must hold
_SENTENCE = re.compile(
    r"[^。！？!?；;\n]+[。！？!?；;\n]*(?:\s*[\[［【]\s*\d[\d\s,，、]*[\]］】])*"
)
_CITED = re.compile(r"[\[［【]\s*(\d[\d\s,，、]*)[\]］】]")
_NUMBER = re.compile(r"\d+(?:[.:/]\d+)*%?")
_CHINESE = str.maketrans("〇零一二两三四五六七八九", "001223456789")


@dataclass(frozen=True)
class Cited:
    """One sentence of an answer: ``numbers`` of the passages it rests on, as it cites them or,
    where ``given`` is False, as found; ``supported`` says whether they hold it."""

    text: str
    numbers: tuple[int, ...]
    supported: bool
    given: bool = True


def check(answer: str, passages: Sequence[Passage]) -> list[Cited]:
    """Every sentence of ``answer`` with its passages (numbered from 1, as in the prompt).

    A sentence is supported when the passages that it cites hold every number in it and at least
    :data:`COVER` of its character pairs (of its characters, where it has four or fewer). Where it
    cites none, the first passage that supports it alone is taken. A number cited that is not there
    supports nothing. Limits: words are compared, not meaning. A denial, or two names exchanged,
    passes; a true paraphrase in quite other words does not.
    """
    found = []
    for match in _SENTENCE.finditer(answer):
        text = match.group().strip()
        if not bare(_CITED.sub("", text)):
            continue
        cited = _numbers(text)
        if cited:
            known = all(1 <= number <= len(passages) for number in cited)
            rests = [passages[number - 1].text for number in cited] if known else []
            found.append(Cited(text, cited, bool(rests) and holds("\n".join(rests), text)))
        else:
            at = (n for n, one in enumerate(passages, 1) if holds(one.text, text))
            number = next(at, None)
            found.append(Cited(text, (number,) if number else (), number is not None, False))
    return found


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(one) for group in _CITED.findall(text) for one in re.findall(r"\d+", group)]
    return tuple(dict.fromkeys(numbers))


def holds(passage: str, sentence: str) -> bool:
    """Whether ``passage`` holds the numbers and most of the words of ``sentence``."""
    sentence = _CITED.sub("", sentence)
    if not figures(sentence) <= figures(passage):
        return False
    if bare(sentence) in bare(passage):
        return True
    said, there = tokens(sentence), set(tokens(passage))
    pairs = [token for token in said if len(token) > 1] or said
    return bool(pairs) and sum(token in there for token in pairs) / len(pairs) >= COVER


def figures(text: str) -> set[str]:
    """The numbers in ``text``, Chinese digits as Arabic ones."""
    return set(_NUMBER.findall(nfkc(text)))
