"""Dates, centuries, decades and times of day in a text, Chinese, English and by figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from core.numerals import HAN, value

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_FEW = rf"(?:\d{{1,2}}|[{HAN}]{{1,3}})"
_BC = r"(?P<bc>(?:西元|公元|纪元)?前|\bBCE? ?|-(?=\d{3,4}年))"
_CHINESE = re.compile(
    rf"(?:{_BC}|公元|西元|AD )?(?:(?P<y>(?<=前)\d{{1,4}}|\d{{3,4}}"
    rf"|(?<!\d)\d{{2}}(?=年\s?\d{{1,2}}月)|[〇零一二三四五六七八九]{{4}})\s?年)"
    rf"(?:\s?(?P<m>{_FEW})\s?月(?!份?[内的]?以)(?:\s?(?P<d>{_FEW})\s?[日号])?)?"
)
_NO_YEAR = re.compile(
    rf"(?P<m>(?<![\d个]){_FEW})\s?月(?:\s?(?P<d>{_FEW})\s?[日号]|(?=份|$|[,。;、)]))"
)
_ISO = re.compile(
    r"(?<![\d.])(?P<y>[12]\d{3})(?P<s>[-./])(?P<m>\d{1,2})(?:(?P=s)(?P<d>\d{1,2}))?(?![\d.]?\d)"
)
_RUN = re.compile(
    r"(?<!\d)(?P<y>(?:1[89]|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"
)
_AMERICAN = re.compile(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>[12]\d{3})(?![\d/])")
_ENGLISH = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?\s+(?:of\s+)?)?(?P<m>{_MONTH})(?:\s+(?P<d2>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?!\d))?(?:,?\s+(?P<y>\d{{3,4}}))?",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?P<bc>公元前|前(?=\d{3}))(?P<y>\d{1,4})(?![\d年]|世纪)")
_BEHIND = re.compile(
    r"(?<![\d.,])(?P<y>\d{1,4}) ?(?:BCE?|B\.C\.)(?![A-Za-z])|\bBCE? ?(?P<y2>\d{1,4})(?!\d)"
)
_CENTURY = re.compile(
    rf"(?P<bc>公元前|前)?(?P<c>\d{{1,2}}|[{HAN}]{{1,3}}|上)(?:st|nd|rd|th)?\s?(?:世纪"
    rf"|century)(?:(?P<d>[1-9]0|[一二三四五六七八九]十)年代)?"
)
_DECADE = re.compile(r"(?P<y>\d{3}0|[一二三四五六七八九〇零]{4})(?:年代|s\b)")
_CLOCK = re.compile(
    r"(?P<half>上午|早上|早晨|清晨|凌晨|中午|下午|晚上|傍晚|夜里|夜晚|晚)?\s?"
    rf"(?<![\d:.])(?:(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?![\d:])|(?P<h2>\d{{1,2}}"
    rf"|[{HAN}]{{1,3}})\s?(?:点钟?|时)(?!间|候|期|代|刻表|速"
    rf"|[/每])(?:(?P<m2>\d{{1,2}}|[{HAN}]{{1,3}})分?|(?P<part>半|一刻|三刻))?)"
)
_MERIDIEM = re.compile(
    r"(?<![\d:.])(?P<h>\d{1,2})(?::(?P<m>\d\d))?\s?(?P<half>[ap])\.?m\b\.?", re.IGNORECASE
)


@dataclass(frozen=True)
class Moment:
    """A date (``date``: year, month, day; negative years are BC), ``century``, ``decade`` (its
    first year) or ``clock`` (minutes since midnight) and its place in the text."""

    value: Fraction | tuple[int, int, int]
    kind: str
    start: int
    end: int


def _number(text: str | None) -> int:
    found = value(text) if text else None
    return int(found) if found is not None else 0


def _date(match: re.Match[str]) -> Moment | None:
    parts = match.groupdict()
    year = _number(parts.get("y") or parts.get("y2"))
    month = parts.get("m")
    number = (
        _MONTHS.index(month[:3].lower()) + 1
        if month and month[:3].lower() in _MONTHS
        else _number(month)
    )
    day = _number(parts.get("d") or parts.get("d1") or parts.get("d2"))
    if (
        number > 12
        or day > 31
        or not (year or number)
        or (number and month and month.lower() == "may" and not (day or year))
    ):
        return None
    bc = bool(parts.get("bc")) or match.re is _BEHIND
    return Moment((-year if bc else year, number, day), "date", match.start(), match.end())


def _century(match: re.Match[str]) -> Moment | None:
    number = 20 if match["c"] == "上" else _number(match["c"])
    if match["d"]:
        return Moment(
            Fraction(100 * (number - 1) + _number(match["d"])), "decade", match.start(), match.end()
        )
    return Moment(
        Fraction(-number if match["bc"] else number), "century", match.start(), match.end()
    )


def _decade(match: re.Match[str]) -> Moment | None:
    return Moment(Fraction(_number(match["y"])), "decade", match.start(), match.end())


def _clock(match: re.Match[str]) -> Moment | None:
    parts = match.groupdict()
    hour = _number(parts["h"] or parts.get("h2"))
    minute = _number(parts["m"] or parts.get("m2"))
    minute += {"半": 30, "一刻": 15, "三刻": 45}.get(parts.get("part") or "", 0)
    decimal = re.search(r"点[零〇一二三四五六七八九]+$", match.group())  # 三点一四
    if hour > 24 or minute > 59 or (decimal and not parts["half"]):
        return None
    late = parts["half"] in ("下午", "晚上", "傍晚", "夜里", "夜晚", "晚", "p", "P")
    if late and hour < 12:
        hour += 12
    if parts["half"] in ("a", "A", "凌晨") and hour == 12:
        hour = 0
    return Moment(Fraction(60 * hour + minute), "clock", match.start(), match.end())


_READERS = (
    (_DECADE, _decade),
    (_CENTURY, _century),
    (_BEHIND, _date),
    (_BEFORE, _date),
    (_CHINESE, _date),
    (_NO_YEAR, _date),
    (_ISO, _date),
    (_AMERICAN, _date),
    (_RUN, _date),
    (_ENGLISH, _date),
    (_MERIDIEM, _clock),
    (_CLOCK, _clock),
)


def dates(text: str) -> list[Moment]:
    """The moments of a :func:`core.numerals.plain` text; what one kind took, no other takes."""
    found: list[Moment] = []
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            one = read(match) if match.end() > match.start() else None
            if one:
                found.append(one)
                text = text[: one.start] + "\0" * (one.end - one.start) + text[one.end :]
    return found
