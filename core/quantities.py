"""Numbers, units, dates and ranges of a text as values: 一千米 is 1公里, 3到5天 is 3～5天,
1949-10-01 is 1949年10月1日. Shared by the scorer and the grounding check.

:func:`find` reads a text; :func:`same` compares two quantities. Values are exact fractions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from core import units
from core.dates import dates
from core.numerals import FIGURE, HAN, plain, value
from core.units import UNIT, is_physical

Value = Fraction | tuple[int, int, int]


@dataclass(frozen=True)
class Quantity:
    """What a text says of an amount: from ``low`` to ``high``, None where it has no such end.

    ``dimension``: the base unit (``m``, ``kg``, ``m^1·s^-1`` …), '' for a bare number, the
    counting word for things counted, ``date`` (value: year, month, day, 0 for what is not said),
    ``century``, ``decade`` or ``clock`` (minutes). ``strict``: the lower, upper end itself is not
    meant (超过, 不满). ``side``: ``before`` or ``after`` (30天前). ``ordinal``: 第. ``start`` and
    ``end`` are places in the :func:`core.numerals.plain` text, ``raw`` what stands there.
    """

    low: Value | None
    high: Value | None
    dimension: str = ""
    strict: tuple[bool, bool] = (False, False)
    side: str = ""
    factor: Fraction = Fraction(1)
    ordinal: bool = False
    start: int = 0
    end: int = 0
    raw: str = ""

    @property
    def exact(self) -> bool:
        """One value, no range and no bound."""
        return self.low == self.high and self.low is not None


_HALF = r"(?P<half>半)"
_LETTER = r"A-Za-z\u0370-\u03ff"
_NUMBER = re.compile(
    rf"(?:每(?P<per>{UNIT})[^\d{HAN},。;、\s每]{{0,4}}?)?"
    r"(?P<ordinal>第)?(?P<cold>零下|零上|华氏|摄氏)?(?P<money>[¥$€£]\s?)?"
    r"(?P<sign>(?:(?<![\w)%])|(?<=[于为是到至过达在即约]))[-+]|负)?"
    rf"(?P<number>(?<![{_LETTER}\d.])(?<!\d,)一半|{FIGURE}(?:[多余来几])?|半(?=\s?(?:个|{UNIT})))"
    rf"(?P<mid>个半|个(?!世纪|月|百分点|标准|大气)|多"
    rf"|余)?\s?(?P<unit>成[一二三四五六七八九]?(?![年员为功立长本人绩])|折(?!叠)"
    rf"|{UNIT})?(?:{_HALF}(?!\s?(?:个|{UNIT})))?"
)
_SMALL = {"成": Fraction(1, 10), "折": Fraction(1, 10)}
_MONEY = {"¥": "yuan", "$": "usd", "€": "eur", "£": "gbp"}
_TO = re.compile(r"\s?(?:到|至|~|〜|∼|-|–|—+|―+|to)\s?", re.I)
_AND = re.compile(r"\s?(?:and|和|与|及)\s?", re.I)
_EDGE = re.compile(r"\s?(?:,|，|、)?\s?")

_NEGATION = r"(?:不得|不能|不可|不应|不宜|没有|未|不|没)"
_BOUNDS = (  # before the number: pattern, end, strict
    (rf"{_NEGATION}(?:要?少于|低于|小于|早于|短于|轻于)|至少|最少|最低|起码|≥|>="
        rf"|at least|no (?:less|fewer) than"
     r"|not less than", "low", False),
    (rf"{_NEGATION}(?:要?超过|多于|大于|高于|晚于|长于|超出|逾|重于)|至多|最多|最高"
        rf"|最长|≤|<=|at most|no more than|up to"
     r"|not more than|小于(?:或|或者)?等于|不大于", "high", False),
    (r"大于(?:或|或者)?等于", "low", False),
    (r"超过|大于|多于|高于|长于|晚于|重于|超出|逾|>|more than|over|greater than|above"
        r"|exceed(?:s|ing)?", "low", True),
    (r"少于|小于|低于|短于|早于|轻于|不满|未满|不足|不到|不及|<|less than|fewer than"
        r"|under|below", "high", True),
)  # fmt: skip
_BEFORE = [
    (
        re.compile(rf"(?:{words})\s?(?:了|约|大约|每|为|是|要有|需要|要|有|需|得|:)?\s?\Z", re.I),
        end,
        strict,
    )
    for words, end, strict in _BOUNDS
]
_BEHIND = (
    (re.compile(r"\s?(?:及|或|含)?(?:以上|及其以上)"), "low"),
    (re.compile(r"\s?(?:or|and) (?:more|above|over|older|greater)\b", re.I), "low"),
    (re.compile(r"\s?(?:or|and) (?:less|fewer|under|below|younger)\b", re.I), "high"),
    (re.compile(r"\s?(?:及|或|含)?(?:以下|以内|之内|内(?![容部外科心])|及其以下)"), "high"),
)
_SIDES = (
    (re.compile(r"\s?(?:之|以)?前(?!后)"), "before"),
    (re.compile(r"\s?(?:之|以)?后"), "after"),
)


def find(text: str) -> list[Quantity]:
    """Every quantity of ``text``, in order, with places in ``plain(text)``."""
    text = plain(text)
    found = [
        Quantity(
            one.value,
            one.value,
            one.kind,
            start=one.start,
            end=one.end,
            raw=text[one.start : one.end],
        )
        for one in dates(text)
    ]
    rest = text
    for one in found:
        rest = rest[: one.start] + "\0" * (one.end - one.start) + rest[one.end :]
    found += filter(None, (_read(match) for match in _NUMBER.finditer(rest)))
    found.sort(key=lambda one: one.start)
    found = _joined(text, found)
    found = [_bounded(text, one) for one in _ranges(text, found)]
    return _between(text, found)


def _read(match: re.Match[str]) -> Quantity | None:
    """One number with its unit."""
    figure = re.sub("[多余来几]$", "", match["number"])
    read = Fraction(1, 2) if figure in ("半", "一半") else value(figure)
    if read is None:
        return None
    amount = Fraction(read)
    word, middle = match["unit"] or "", match["mid"] or ""
    if word[:1] == "成" and len(word) == 2:  # 一成五 is 15%
        amount, word = amount + Fraction(value(word[1]) or 0, 10), "成"
    if word == "折" and amount > 10:  # 七五折
        amount /= 10
    if middle == "个半" or match["half"]:
        amount += Fraction(1, 2)
    dimension, factor = _unit(word, middle)
    if match["money"]:
        dimension = _MONEY[match["money"].strip()]
    if "分之" in figure and not dimension:
        dimension = "%" if re.match("[百千万]分之", figure) else ""
    if match["per"] and word:
        dimension, factor = units.unit(f"{word}/{match['per']}")
    if match["sign"] in ("-", "负") or match["cold"] == "零下":
        amount = -amount
    if match["cold"] and dimension == "度":
        dimension = "f" if match["cold"] == "华氏" else "c"
    if dimension == "f":  # on one scale with ℃
        amount, dimension = (amount - 32) * 5 / 9, "c"
    number = amount * factor
    return Quantity(
        number,
        number,
        dimension,
        ordinal=bool(match["ordinal"]),
        factor=factor,
        start=match.start(),
        end=match.end(),
        raw=match.group(),
    )


def _unit(word: str, middle: str) -> tuple[str, Fraction]:
    if word in _SMALL:
        return "%", _SMALL[word]
    if middle.startswith("个") and f"个{word}" in ("个月", "个世纪", "个百分点"):
        return units.unit(f"个{word}")
    if word:
        return units.unit(word)
    return ("个", Fraction(1)) if middle.startswith("个") else ("", Fraction(1))


def _exact(one: Quantity) -> bool:
    return isinstance(one.low, Fraction) and one.exact


def _joined(text: str, found: list[Quantity]) -> list[Quantity]:
    """1小时30分, 3元5角, 1米75: one quantity in falling units."""
    made: list[Quantity] = []
    for one in found:
        last = made[-1] if made else None
        if (
            last is None
            or last.end != one.start
            or not (_exact(last) and _exact(one))
            or one.ordinal
        ):
            made.append(one)
            continue
        more = _part(last, one)
        if more is None:
            made.append(one)
            continue
        assert isinstance(last.low, Fraction)
        total = last.low + (more if last.low >= 0 else -more)
        made[-1] = replace(last, low=total, high=total, end=one.end, raw=text[last.start : one.end])
    return made


def _part(last: Quantity, one: Quantity) -> Fraction | None:
    """What ``one``, right behind ``last``, adds to it; None where it is a quantity of its own."""
    assert isinstance(last.low, Fraction) and isinstance(one.low, Fraction)
    for dimension, factor in units.AMBIGUOUS.get(one.dimension, ((one.dimension, Fraction(1)),)):
        if (
            is_physical(dimension)
            and dimension == last.dimension
            and abs(one.low) * factor < abs(last.low)
        ):
            return one.low * factor
    if (
        one.dimension == ""
        and last.dimension in ("m", "yuan")
        and re.fullmatch(r"\d{1,2}|[一二三四五六七八九]", one.raw)
    ):
        step = {"米": 1, "m": 1, "块": 1, "元": 1}.get(re.sub(r"[^米m块元]", "", last.raw))
        digits = str(value(one.raw))
        return Fraction(int(digits), 10 ** len(digits)) if step else None
    return None


def _ranges(text: str, found: list[Quantity]) -> list[Quantity]:
    """A到B, A~B, between A and B as one quantity; the first may leave its unit to the second."""
    made: list[Quantity] = []
    for one in found:
        last = made[-1] if made else None
        if last and _linked(text, last, one) and (both := _span(last, one)):
            made[-1] = both
        else:
            made.append(one)
    return made


def _linked(text: str, first: Quantity, last: Quantity) -> bool:
    """3到5; 3和5之间, between 3 and 5."""
    if _TO.fullmatch(text, first.end, last.start):
        return True
    if not _AND.fullmatch(text, first.end, last.start):
        return False
    return text.startswith("之间", last.end) or bool(
        re.search(r"(?:介于|between)\s?\Z", text[max(0, first.start - 10) : first.start], re.I)
    )


def _span(first: Quantity, last: Quantity) -> Quantity | None:
    if not (first.exact and last.exact):
        return None
    last = _with_per(first, last)
    low, high = first.low, last.high
    if first.dimension != last.dimension:
        if first.dimension or not isinstance(low, Fraction) or not isinstance(high, Fraction):
            return _years(first, last)
        low = low * last.factor
    return replace(last, low=low, high=high, start=first.start, raw=f"{first.raw}~{last.raw}")


def _with_per(first: Quantity, last: Quantity) -> Quantity:
    """每分钟60到100次: what stands before the first holds for both."""
    head, tail = _NUMBER.match(first.raw), _NUMBER.match(last.raw)
    if not (head and tail and head["per"] and tail["unit"]) or head["unit"]:
        return last
    if not isinstance(last.low, Fraction):  # 每年5-9月: a date
        return last
    dimension, factor = units.unit(f"{tail['unit']}/{head['per']}")
    scale = factor / last.factor
    return replace(
        last, low=last.low * scale, high=last.low * scale, dimension=dimension, factor=factor
    )


def _years(first: Quantity, last: Quantity) -> Quantity | None:
    """1939—1945年; 5～9月, 5月至9月."""
    if (
        last.dimension == "date"
        and isinstance(last.low, tuple)
        and not last.low[0]
        and not last.low[2]
        and isinstance(first.low, Fraction)
        and first.dimension in ("", "month")
        and first.low in range(1, 13)
    ):
        month = int(first.low)
        return replace(last, low=(0, month, 0), start=first.start, raw=f"{first.raw}~{last.raw}")
    if (
        last.dimension == "date"
        and isinstance(first.low, Fraction)
        and isinstance(last.low, tuple)
        and not last.low[1]
        and 100 <= first.low <= 3000
        and not first.dimension
    ):
        return replace(
            last, low=(int(first.low), 0, 0), start=first.start, raw=f"{first.raw}~{last.raw}"
        )
    return None


def _bounded(text: str, one: Quantity) -> Quantity:
    """With what 不超过, 至少, 以上, 以内, 前, 后 around it mean."""
    if not one.exact:
        return one
    behind = next((end for pattern, end in _BEHIND if pattern.match(text, one.end)), "")
    if behind:
        return replace(
            one,
            low=one.low if behind == "low" else None,
            high=one.high if behind == "high" else None,
        )
    head = text[max(0, one.start - 14) : one.start]
    for pattern, end, strict in _BEFORE:
        if pattern.search(head):
            return replace(
                one,
                low=one.low if end == "low" else None,
                high=one.high if end == "high" else None,
                strict=(strict and end == "low", strict and end == "high"),
            )
    side = next((name for pattern, name in _SIDES if pattern.match(text, one.end)), "")
    return replace(one, side=side)


def _between(text: str, found: list[Quantity]) -> list[Quantity]:
    """三年以上五年以下, 大于3小于5: two bounds of one thing are a range."""
    made: list[Quantity] = []
    for one in found:
        last = made[-1] if made else None
        if (
            last
            and last.high is None
            and one.low is None
            and one.start - last.end <= 8
            and last.dimension in (one.dimension, "")
            and isinstance(last.low, Fraction)
            and isinstance(one.high, Fraction)
            and last.low <= one.high
        ):
            strict = (last.strict[0], one.strict[1])
            made[-1] = replace(
                one, low=last.low, strict=strict, start=last.start, raw=text[last.start : one.end]
            )
        else:
            made.append(one)
    return made


def same(given: Quantity, expected: Quantity) -> bool:
    """Equal: the same ends in the same sense; a date may say more than was asked; a counting word
    may be left out or be another, a physical unit only left out; a share may be written as a
    plain fraction (50% = 0.5)."""
    if given.side != expected.side or (given.low is None) != (expected.low is None):
        return False
    if given.strict != expected.strict or (given.high is None) != (expected.high is None):
        return False
    if "date" in (given.dimension, expected.dimension):
        return _same_dates(given, expected)
    if given.ordinal != expected.ordinal and (expected if given.ordinal else given).dimension:
        return False
    return any(
        _equal(given.low, one * a, expected.low, two * b)
        and _equal(given.high, one * a, expected.high, two * b)
        for dim, one, a in _meanings(given)
        for other, two, b in _meanings(expected)
        if _agree(dim, other)
    )


def _meanings(one: Quantity) -> list[tuple[str, Fraction, int]]:
    found = [(dimension, factor, 1) for dimension, factor in units.AMBIGUOUS.get(one.dimension, ())]
    return [(one.dimension, Fraction(1), 1), *found]


def _equal(first: Value | None, by: Fraction, second: Value | None, other: Fraction) -> bool:
    if first is None or second is None:
        return first is second
    if isinstance(first, tuple) or isinstance(second, tuple):
        return first == second
    return first * by == second * other


def _agree(given: str, expected: str) -> bool:
    if given == expected or not expected or not given:
        return True
    return not is_physical(given) and not is_physical(expected)


def _same_dates(given: Quantity, expected: Quantity) -> bool:
    ends = ((given.low, expected.low), (given.high, expected.high))
    return all(_same_date(have, want) for have, want in ends)


def _same_date(have: Value | None, want: Value | None) -> bool:
    """Every part that is wanted agrees; 24年 is 2024年; a year may lack its 年."""
    have, want = (
        (int(one), 0, 0) if isinstance(one, Fraction) and one.denominator == 1 else one
        for one in (have, want)
    )
    if not (isinstance(have, tuple) and isinstance(want, tuple)):
        return False
    years = have[0] == want[0] or (
        0 < have[0] < 100 and have[1] and want[0] % 100 == have[0] and want[0] >= 1900
    )
    return (not want[0] or bool(years)) and all(
        a == b for a, b in zip(have[1:], want[1:], strict=True) if b
    )


def comparable(given: Quantity, expected: Quantity) -> bool:
    """Whether the two could answer one question: a rival value, if they differ."""
    if given.dimension == expected.dimension or not given.dimension:
        return True
    return any(
        dim == other and dim
        for dim, _, _ in _meanings(given)
        for other, _, _ in _meanings(expected)
    )
