"""What a question names exactly, and whether a passage holds it: codes, numbers, titles.

A passage about E1035 is near E1034 by every vector and by most of its words, and answers nothing
about it. So what a question names exactly must stand in the passage: codes and model numbers
(E1034, KX-328, GB/T 7714-2015), ordinals (第十二条), numbers with their unit (0.25g, 1998年),
identifiers (ISBN, 8080), and titles in 《》; compared after width, case, hyphens, spaces and
digits (十二, 12) are the same. Small bare numbers and words are left to the scores.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from core import numerals, units
from core.text import bare, nfkc

_HAN_NUMBER = re.compile(r"[〇零一二两三四五六七八九十百千万亿]+")
_ATOM = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_JOINED = re.compile(r"(?<![\d-])\d{1,7}(?:-\d{1,7}){2,}(?![\d-])")  # ISBN, telephone
_DATE = re.compile(r"(?:1[5-9]|20)\d\d-\d{1,2}-\d{1,2}")
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—―−－﹣_", "-"))
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LETTER = re.compile(r"(?<=[a-z])[/-](?=[a-z](?![a-z]))")  # gb/t
_GAP = re.compile(r"[ \-./·:]{0,3}")
_ORDINAL = re.compile(r"第 ?(\d+|[零一二两三四五六七八九十百千]+) ?([\u4e00-\u9fff])")
_MARKED = re.compile(r"(?<![\d.])\d{1,4}(?= ?[#号])|(?<=#)\d{1,4}")  # 3#泵, 3号泵, #3
_ENTRY = "条章款节号编卷项则届课页题版期集篇回批附目步代排栋层"
_UNITS = (
    "mg 毫克 g 克 kg 千克 公斤 ml 毫升 l 升 km 公里 千米 m 米 cm 厘米 mm 毫米 "
    "v 伏 w 瓦 kw 千瓦 a 安 hz 赫兹 ℃ °c 度 %"
)
_MEANT = {"a": "安", "度": "℃"}  # in a question; to core.units a is a year
_UNIT = re.compile(rf" ?({'|'.join(sorted(_UNITS.split(), key=len, reverse=True))})(?![a-z])")
_TITLE = re.compile(r"《([^《》]{1,40})》")
_YEAR = re.compile(r"(?<![\d.])((?:1\d|20)\d\d) ?年")
_HAN_YEAR = re.compile(r"(?<![〇零一二三四五六七八九])([〇零一二三四五六七八九]{4}) ?年")
_STATE = "中华人民共和国"
_PLAIN = 100  # a bare number from here on is a name (port 8080), below it an amount
# Words before a number that are no part of a name: port 8080, chapter 3.
_WORDS = re.compile(
    r"(?:port|chapter|article|section|page|line|room|step|part|figure|table|no|in|of|the|on|at|to|by|is|a|an|and|or|for|"
    r"isbn|year|top|about|than|over|under|from|with|since|until|before|after|error|code|model|type|are|was|has|have)$"
)


@dataclass(frozen=True)
class Demand:
    """Something that must stand in a passage: ``text`` as asked, ``kind`` and its normal form."""

    text: str
    kind: str  # code, ordinal, amount, number, title
    key: tuple[str, ...]
    more: str = ""  # letters behind a code and a space, which may belong to it: LX 500 Pro


@dataclass(frozen=True)
class _Atom:
    """A run of letters or of digits at ``start``–``end`` of a plain text."""

    text: str
    start: int
    end: int


def plain(text: str) -> str:
    """``text`` in one width, case and hyphen; numbers in groups (ISBN; 1,000) in one piece."""
    text = nfkc(text).casefold().translate(_HYPHENS)
    text = _THOUSANDS.sub("", _LETTER.sub("", text))
    return _JOINED.sub(
        lambda found: found[0] if _DATE.fullmatch(found[0]) else found[0].replace("-", ""), text
    )


def value(numeral: str) -> Fraction:
    """The value of a numeral: 12, 0.25, 十二, 一九九八, 三千五百; -1 for a version (1.2.3)."""
    found = numerals.value(numeral) if numeral.count(".") < 2 else None
    return Fraction(-1) if found is None else found


class _Held:
    """A passage's text as demands are held against it."""

    def __init__(self, text: str) -> None:
        self.text = plain(text)
        self.atoms = _atoms(self.text)
        self.bare = bare(text)
        self.numbers = {value(one.text) for one in self.atoms if one.text[0].isdigit()}
        self.numbers |= {value(found) for found in _HAN_NUMBER.findall(self.text)}
        self.ordinals = {(value(n), unit) for n, unit in _ORDINAL.findall(self.text)}
        self.ordinals |= {(value(found), "#") for found in _MARKED.findall(self.text)}
        self.amounts = {(number, unit) for _, number, unit in _amounts(self.text, self.atoms)}
        self.measures = {_measure(number, unit) for number, unit in self.amounts}

    def holds(self, demand: Demand) -> bool:
        if demand.kind == "title":
            return demand.key[0] in self.bare
        if demand.kind == "code":
            longer = (*demand.key, demand.more)
            return self._code(demand.key) or bool(demand.more and self._code(longer))
        number = Fraction(demand.key[0])
        if demand.kind == "ordinal":
            return (number, demand.key[1]) in self.ordinals
        if demand.kind == "amount":
            other = any(n == number and unit for n, unit in self.amounts)
            held = _measure(number, demand.key[1]) in self.measures
            return held or (number in self.numbers and not other)
        return number in self.numbers

    def _code(self, key: Sequence[str]) -> bool:
        """Whether the atoms of a code follow each other with nothing but joiners between, and
        neither letter nor digit right at them: E1034 is not E10345, nor E1034B."""
        for at in range(len(self.atoms) - len(key) + 1):
            run = self.atoms[at : at + len(key)]
            if tuple(one.text for one in run) != tuple(key):
                continue
            joined = all(_GAP.fullmatch(self.text[a.end : b.start]) for a, b in pairwise(run))
            before = self.atoms[at - 1].end if at else -1
            after = self.atoms[at + len(key)].start if at + len(key) < len(self.atoms) else -1
            if joined and before != run[0].start and after != run[-1].end:
                return True
        return False


@lru_cache(4096)
def _held(text: str) -> _Held:
    return _Held(text)


def holds(demand: Demand, text: str) -> bool:
    """Whether a passage's ``text`` holds what is demanded."""
    return _held(text).holds(demand)


def _atoms(text: str) -> list[_Atom]:
    return [_Atom(found[0], *found.span()) for found in _ATOM.finditer(text)]


def _amounts(text: str, atoms: Sequence[_Atom]) -> list[tuple[_Atom, Fraction, str]]:
    """Numbers that begin no code, with their unit ("" for none)."""
    found = []
    for one in atoms:
        if not one.text[0].isdigit() or (
            text[max(0, one.start - 1) : one.start].isalpha() and text[one.start - 1].isascii()
        ):
            continue
        unit = _UNIT.match(text, one.end)
        found.append((one, value(one.text), unit[1] if unit else ""))
    return found


def _measure(number: Fraction, unit: str) -> tuple[Fraction, str]:
    """An amount in the basic unit of its kind: 250mg is 0.25g."""
    dimension, factor = units.unit(_MEANT.get(unit, unit)) if unit else ("", Fraction(1))
    return number * factor, dimension


def measured(text: str) -> str:
    """A plain text with its amounts in the basic unit: 0.1g and 100毫克 are the same."""
    text = plain(text)
    for one, number, unit in reversed(_amounts(text, _atoms(text))):
        behind = _UNIT.match(text, one.end)
        if behind:
            amount, base = _measure(number, unit)
            text = f"{text[: one.start]}{amount}{base}{text[behind.end() :]}"
    return text


def codes(text: str) -> list[str]:
    """The codes and long numbers of a text, each as one word (E-1034: e1034)."""
    text = plain(text)
    if not re.search(r"\d", text):
        return []
    return ["".join(one.text for one in run) for _, run in _codes(text, _atoms(text))]


@lru_cache(1024)
def of(question: str) -> tuple[Demand, ...]:
    """What ``question`` names exactly, in its order."""
    text = plain(question)
    atoms = _atoms(text)
    found: dict[int, Demand] = {}
    for title in _TITLE.finditer(nfkc(question)):
        key = bare(title[1]).removeprefix(_STATE)
        if key:
            found[-1000 + title.start()] = Demand(f"《{title[1]}》", "title", (key,))
    inside = [match.span() for match in _TITLE.finditer(text)]
    for match in _ORDINAL.finditer(text):
        if match[2] in _ENTRY:
            found[match.start()] = Demand(match[0], "ordinal", (str(value(match[1])), match[2]))
            inside.append(match.span())
    for match in _HAN_YEAR.finditer(text):
        found[match.start()] = Demand(match[0], "number", (str(value(match[1])),))
    used: set[int] = set()
    for at, run in _codes(text, atoms):
        if not any(a <= run[0].start < b for a, b in inside):
            shown = _as_asked(question, text[run[0].start : run[-1].end])
            behind = re.match(r" ([a-z]{1,6})(?![a-z\d])", text[run[-1].end :])
            more = behind[1] if behind and run[-1].text[0].isdigit() else ""
            found[run[0].start] = Demand(shown, "code", tuple(one.text for one in run), more)
            used.update(range(at, at + len(run)))
    for one, number, unit in _amounts(text, atoms):
        if atoms.index(one) in used or any(a <= one.start < b for a, b in inside):
            continue
        year = _YEAR.match(text, one.start)
        if unit:
            behind = _UNIT.match(text, one.end)
            shown = text[one.start : behind.end() if behind else one.end]
            found[one.start] = Demand(shown, "amount", (str(number), unit))
        elif year or number >= _PLAIN or "#" in text[max(0, one.start - 1) : one.end + 1]:
            plainly = Demand(year[0] if year else one.text, "number", (str(number),))
            marked = not year and "#" in text[max(0, one.start - 1) : one.end + 1]
            numbered = Demand(f"{one.text}#", "ordinal", (str(number), "#"))
            found[one.start] = numbered if marked else plainly
    return tuple(found[at] for at in sorted(found))


def _as_asked(question: str, code: str) -> str:
    """A plain code as the question writes it, in upper case where that cannot be found."""
    at = nfkc(question).casefold().find(code)
    return nfkc(question)[at : at + len(code)] if at >= 0 else code.upper()


def _codes(text: str, atoms: Sequence[_Atom]) -> list[tuple[int, list[_Atom]]]:
    """Runs of atoms that make a name: letters and digits that touch, or are joined by hyphens and
    the like, or short letters and digits with a space between (E 1034)."""
    found, at = [], 0
    while at < len(atoms):
        run = [atoms[at]]
        while at + len(run) < len(atoms) and _joins(text, run[-1], atoms[at + len(run)]):
            run.append(atoms[at + len(run)])
        letters = any(one.text.isalpha() for one in run)
        digits = any(one.text[0].isdigit() for one in run)
        if letters and digits and not _is_amount(run):
            found.append((at, run))
        at += len(run)
    return found


def _joins(text: str, one: _Atom, other: _Atom) -> bool:
    gap = text[one.end : other.start]
    if not gap or gap in ("-", "/", "."):
        return True
    if gap not in (" ", "- ", " -", " - ", ":"):
        return False
    # With a space: letters then digits, where the letters are no word of a sentence.
    if not (one.text.isalpha() and other.text[0].isdigit()) or _WORDS.fullmatch(one.text):
        return gap == "-"
    ahead = text[: one.start].rstrip()
    chinese = not (ahead and ahead[-1].isascii() and ahead[-1].isalpha())
    return chinese and (len(one.text) <= 4 or not text.isascii())


def _is_amount(run: Sequence[_Atom]) -> bool:
    """Whether a run is a number with its unit: 50mg."""
    return len(run) == 2 and run[0].text[0].isdigit() and run[1].text in _UNITS
