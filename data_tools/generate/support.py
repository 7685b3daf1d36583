"""Whether an answer stands in the text, and where: by what both say, not by what a model claims."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from rapidfuzz import fuzz

from core.text import nfkc

# Words that ask or only hold a sentence together; names may hold any other (肖时钦, 何安).
_ASKING = re.compile(
    r"为什么|为何|什么|怎么样?|怎样|如何|何[时处地]|哪[里个些位种]?|多少|是谁|谁|时候|几"
)
_EMPTY = set("的了是在着过吗呢吧啊么被把与和或而但就也都还又他她它我你们这那")
_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+|[A-Za-z]+|\d+(?:\.\d+)?")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_HAN_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万亿]+")
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}


def units(text: str) -> list[str]:
    """What a text is about: pairs of neighbouring Han characters of which none is empty, Latin
    words, numbers; in order, with repeats."""
    found: list[str] = []
    for run in _RUN.findall(_ASKING.sub(" ", nfkc(text).casefold())):
        if run[0].isascii():
            found.append(run)
        elif len(run) == 1:
            found.extend([run] if run not in _EMPTY else [])
        else:
            found.extend(a + b for a, b in pairwise(run) if not (a in _EMPTY or b in _EMPTY))
    return found


@lru_cache(1 << 14)
def characters(text: str) -> frozenset[str]:
    """The Han characters, words and numbers of a text that are not empty."""
    found: set[str] = set()
    for run in _RUN.findall(_ASKING.sub(" ", nfkc(text).casefold())):
        found.update([run] if run[0].isascii() else set(run) - _EMPTY)
    return frozenset(found)


def han_value(text: str) -> int:
    """The value of a Chinese numeral: 十七 → 17, 三千 → 3000, 二〇二四 → 2024, 两百零五 → 205."""
    if not set(text) & set(_UNITS):
        return int("".join(str(_digit(char)) for char in text))
    total = section = digit = 0
    for char in text:
        unit = _UNITS.get(char, 0)
        if not unit:
            digit = _digit(char)
        elif unit >= 10_000:
            total, section, digit = total + (section + digit) * unit, 0, 0
        else:
            section, digit = section + (digit or 1) * unit, 0
    return total + section + digit


def _digit(char: str) -> int:
    return 2 if char == "两" else int(unicodedata.numeric(char))


def numbers(text: str, sure: bool = True) -> set[float]:
    """The numbers of a text, Arabic or Chinese. ``sure`` leaves single Chinese digits and bare
    round words out (一起, 万一, 百般), which are mostly no numbers."""
    text = nfkc(text)
    found = {float(number) for number in _DIGITS.findall(text)}
    for run in _HAN_NUMBER.findall(text):
        idiom = run[0] in "百千万亿" or set(run) == {"一"} or not set(run) - set(_UNITS)
        if not sure or (len(run) > 1 and not idiom):
            found.add(float(han_value(run)))
    return found


class Passage:
    """A chunk as answers are held against it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.units = set(units(text))
        self.characters = characters(text)
        self.numbers = numbers(text, sure=False)

    def share(self, answer: str, question: str = "") -> tuple[float, float]:
        """(pairs, characters) of the answer, without those of the question, that the text has:
        each 0 to 1; 1 where the answer has none of its own. Numbers are :meth:`strange`'s."""
        asked = set(units(question))
        own = [u for u in units(answer) if u not in asked and not u[0].isdecimal()]
        chars = {c for c in characters(answer) - characters(question) if not c[0].isdecimal()}
        pairs = sum(unit in self.units for unit in own) / len(own) if own else 1.0
        return pairs, len(chars & self.characters) / len(chars) if chars else 1.0

    def strange(self, answer: str, question: str = "") -> list[float]:
        """Numbers of the answer that neither the text nor the question has."""
        return sorted(numbers(answer) - self.numbers - numbers(question, sure=False))

    def find(self, quote: str) -> tuple[int, int] | None:
        """Where a quotation stands in the text, word for word or nearly; None where it does not."""
        quote = quote.strip(" \t\r\n“”\"'…。")
        if len(quote) < 4:
            return None
        at = self.text.find(quote)
        if at >= 0:
            return at, at + len(quote)
        match = fuzz.partial_ratio_alignment(quote, self.text, score_cutoff=80)
        if match is None or len(quote) > len(self.text):
            return None
        return match.dest_start, match.dest_end


@lru_cache(256)  # the chunks in flight
def passage(text: str) -> Passage:
    """The :class:`Passage` of a chunk's text, made once."""
    return Passage(text)


class Commonness:
    """In what share of the chunks all that a question names stands: where that is much of the book,
    it asks about nothing in particular (叶修在比赛中的策略是什么？)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.places: defaultdict[str, set[int]] = defaultdict(set)
        self.total = 0
        for number, text in enumerate(texts):
            self.total += 1
            for unit in set(units(text)):
                self.places[unit].add(number)

    def share(self, question: str) -> float:
        """0 to 1; 1.0 for a question that names nothing that stands anywhere."""
        found = [self.places[unit] for unit in units(question) if unit in self.places]
        return len(set.intersection(*found)) / self.total if found else 1.0
