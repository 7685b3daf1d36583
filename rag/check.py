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
# A number with the unit right behind it, where it has one of these: 30万 is not 30, 5米 not 5里.
_UNITS = "平方|立方|公里|千米|厘米|毫米|公斤|千克|小时|分钟|世纪"
_UNITS += "|[年月日号岁米里克吨斤元万亿度届亩升秒天]"
_NUMBER = re.compile(rf"(\d+(?:[.:/]\d+)*%?)\s*({_UNITS})?")
_DIGITS = re.compile(r"[〇零一二三四五六七八九]{2,}")
_ARABIC = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True)
class Cited:
    """One sentence of an answer: ``numbers`` of the passages it rests on, as it cites them or,
    where ``given`` is False, as found; ``supported`` says whether they hold it."""

    text: str
    numbers: tuple[int, ...]
    supported: bool
    given: bool = True


def cite(answer: str, number: int) -> str:
    """``answer`` with ``[number]`` behind each of its sentences."""

    def mark(found: re.Match[str]) -> str:
        text = found.group().rstrip()
        return f"{text}[{number}]{found.group()[len(text) :]}" if bare(text) else found.group()

    return _SENTENCE.sub(mark, answer)


def check(answer: str, passages: Sequence[Passage]) -> list[Cited]:
    """Every sentence of ``answer`` with its passages (numbered from 1, as in the prompt).

    A sentence is supported when the passages that it cites hold every number in it, with its unit
    if it has one, and at least
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
    passage, sentence = plain(passage), plain(_CITED.sub("", sentence))
    there = figures(passage)
    for number, unit in figures(sentence):
        if not any(number == one and unit in ("", other) for one, other in there):
            return False
    if bare(sentence) in bare(passage):
        return True
    said, held = tokens(sentence), set(tokens(passage))
    pairs = [token for token in said if len(token) > 1] or said
    return bool(pairs) and sum(token in held for token in pairs) / len(pairs) >= COVER


def plain(text: str) -> str:
    """NFKC, with Chinese digits in a row (一九四九) as Arabic ones."""
    return _DIGITS.sub(lambda found: found.group().translate(_ARABIC), nfkc(text))


def figures(text: str) -> set[tuple[str, str]]:
    """The numbers in a plain text with their units (``""`` for none)."""
    return set(_NUMBER.findall(text))
