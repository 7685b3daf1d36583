"""Numbers, units and dates as values, so that 一千米 is 1公里 and 1949-10-01 is 1949年10月1日."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from core.text import nfkc

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10**4, "亿": 10**8}
_HAN = "零〇一二两三四五六七八九十百千万亿"

# Unit → (dimension, factor). Legal and everyday Chinese units; the dimension's base is the first.
_UNITS: dict[str, tuple[str, Fraction]] = {}
for _dimension, _names in {
    "m": "米 m:1 厘米 cm 公分:1/100 毫米 mm:1/1000 公里 千米 km:1000 里 华里:500 海里:1852",
    "m2": "平方米 m2:1 平方公里 平方千米 km2:1000000 公顷:10000 亩:2000/3",
    "kg": "千克 公斤 kg:1 克 g:1/1000 毫克 mg:1/1000000 吨 t:1000 斤:1/2 两:1/20",
    "l": "升 l:1 毫升 ml:1/1000 立方米 m3:1000",
    "s": "秒 秒钟 s:1 分钟:60 小时 h:3600 天:86400 周 星期:604800",
    "%": "% 百分之:1 ‰:1/10",
    "c": "摄氏度 ℃ °c 度:1",
    "age": "岁 周岁:1",
    "yuan": "元 块 人民币:1",
}.items():
    _pending: list[str] = []
    for _word in _names.split():
        _name, _, _factor = _word.partition(":")
        _pending.append(_name)
        if _factor:
            _UNITS.update({name: (_dimension, Fraction(_factor)) for name in _pending})
            _pending = []
_UNIT = "|".join(re.escape(name) for name in sorted(_UNITS, key=len, reverse=True))
_NUMBER = rf"\d+(?:\.\d+)?(?:/\d+)?[万亿]?|[{_HAN}]+"
_QUANTITY = re.compile(
    rf"(?P<sign>[-−负])?(?P<percent>百分之)?(?P<number>{_NUMBER})"
    rf"(?P<unit>{_UNIT}|[个人次名年月日座种位章条国])?",
    re.I,
)
_DATE = re.compile(
    r"(?P<bc>公元前|前)?(?:(?P<y>(?<=前)\d{1,4}|\d{3,4})年)?(?:(?P<m>\d{1,2})月)?(?:(?P<d>\d{1,2})[日号])?"
)
_ISO = re.compile(r"(?<!\d)(\d{4})[-./](\d{1,2})(?:[-./](\d{1,2}))?(?!\d)")


@dataclass(frozen=True)
class Quantity:
    """A value in its dimension's base unit; ``dimension`` is '' for a bare number, the counting
    word itself for things counted, and ``date`` for a date (its value: year, month, day)."""

    value: Fraction | tuple[int, int, int]
    dimension: str


def _han_number(text: str) -> Fraction | None:
    """一百二十三 → 123, 二〇〇八 → 2008, 三万五千 → 35000."""
    if all(char in _DIGITS for char in text):
        return Fraction(int("".join(str(_DIGITS[char]) for char in text)))
    total = section = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            section += (digit or 1) * _TENS[char]
            digit = 0
        else:
            total = (total + section + digit or 1) * _BIG[char]
            section = digit = 0
    return Fraction(total + section + digit)


def number(text: str) -> Fraction | None:
    """Arabic (with 万, 亿, a point or a fraction bar) or Chinese figures as a value."""
    big = 1
    if text and text[0].isdigit():
        if text[-1] in _BIG:
            text, big = text[:-1], _BIG[text[-1]]
        top, _, bottom = text.partition("/")
        if bottom and not int(bottom):
            return None
        return Fraction(top) * big / (Fraction(bottom) if bottom else 1)
    return _han_number(text) if text else None


def _dates(text: str) -> tuple[list[Quantity], str]:
    """The dates of a text, and the text without them."""
    found: list[Quantity] = []

    def take(match: re.Match[str]) -> str:
        year, month, day = (int(match[key] or 0) for key in "ymd")
        if not (month or (year and match["y"])):
            return match.group()
        if month > 12 or day > 31 or (day and not month):
            return match.group()
        found.append(Quantity((-year if match["bc"] else year, month, day), "date"))
        return " "

    text = _ISO.sub(lambda m: f"{m[1]}年{m[2]}月" + (f"{m[3]}日" if m[3] else ""), text)
    years = re.compile(rf"[{_HAN}]{{4}}(?=年)|[{_HAN}]{{1,3}}(?=[月日号])")
    text = years.sub(lambda m: str(number(m.group())), text)
    return found, _DATE.sub(take, text)


def quantities(text: str) -> list[Quantity]:
    """Every quantity of a text, dates first."""
    found, rest = _dates(nfkc(text))
    for match in _QUANTITY.finditer(rest):
        value = number(match["number"])
        if value is None:
            continue
        dimension, factor = _UNITS.get((match["unit"] or "").lower(), (match["unit"] or "", 1))
        if match["percent"]:
            dimension, factor = "%", 1
        found.append(Quantity((-value if match["sign"] else value) * factor, dimension))
    return found


def single(text: str) -> Quantity | None:
    """The quantity that ``text`` is, where it is nothing else: ``约1405年``, ``100``,
    ``6月5日``."""
    text = re.sub(r"^(?:约|大约|公元(?!前)|第|共|为|是)+", "", nfkc(text).rstrip("。. "))
    dates, rest = _dates(text)
    if dates and not rest.strip():
        return dates[0]
    match = _QUANTITY.fullmatch(text)
    found = quantities(text) if match else []
    return found[0] if len(found) == 1 else None


def same(given: Quantity, expected: Quantity) -> bool:
    """Equal values; a date may say more than was asked, a counting word may be left out or be
    another, a physical unit may not."""
    if expected.dimension == "date" or given.dimension == "date":
        if given.dimension != expected.dimension:
            return False
        assert isinstance(given.value, tuple) and isinstance(expected.value, tuple)
        pairs = zip(given.value, expected.value, strict=True)
        return all(have == want for have, want in pairs if want)
    physical = {dimension for dimension, _ in _UNITS.values()}
    both = {given.dimension, expected.dimension} & physical
    agree = (
        given.dimension == expected.dimension
        or not expected.dimension
        or not (given.dimension and both)
    )
    return given.value == expected.value and agree


def comparable(given: Quantity, expected: Quantity) -> bool:
    """Whether the two could answer one question: a rival value, if they differ."""
    return given.dimension == expected.dimension or not given.dimension


def matches(given: str, expected: str, question: str = "") -> bool | None:
    """Whether an answer states the expected quantity and no rival one; None where ``expected`` is
    no quantity. What the question itself says is no rival."""
    wanted = single(expected)
    if wanted is None:
        return None
    said = set(quantities(question))
    found = [one for one in quantities(given) if comparable(one, wanted) or same(one, wanted)]
    rivals = [one for one in found if not same(one, wanted) and one not in said]
    return any(same(one, wanted) for one in found) and not rivals
