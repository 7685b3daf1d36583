"""What Excel displays in a cell is what trains: values through their number formats.

Excel turns typed answers into numbers: ``9月10日`` becomes day number 45545, the odds ``1/6``
become 45297, ``5%`` becomes 0.05 and the ratio ``1:3`` the time 01:03. The format tells what is
displayed (ECMA-376 part 1, 18.8.30 and 18.8.31); what was typed may have been something else, so
every date and time is flagged with its likely reading.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from data_tools.readers.doubt import doubt
from data_tools.readers.raised import DOWN, UP, joined

# Built-in formats of Chinese Excel, which openpyxl takes for General (18.8.30, zh-cn and zh-tw).
_YM, _MD, _YMD = 'yyyy"年"m"月"', 'm"月"d"日"', 'yyyy"年"m"月"d"日"'
_HM, _HMS = 'h"时"mm"分"', 'h"时"mm"分"ss"秒"'
EAST_ASIAN = {
    27: _YM, 28: _MD, 29: _MD, 30: "m-d-yy", 31: _YMD, 32: _HM, 33: _HMS, 34: f"AM/PM{_HM}",
    35: f"AM/PM{_HMS}", 36: _YM, 50: _YM, 51: _MD, 52: _YM, 53: _MD, 54: _MD,
    55: f"AM/PM{_HM}", 56: f"AM/PM{_HMS}", 57: _YM, 58: _MD,
}  # fmt: skip
LOCALE = {14: "yyyy/m/d", 22: "yyyy/m/d h:mm"}  # shown by the system's short date
EPOCH = dt.datetime(1899, 12, 30)
HUGE = 1e300  # near the end of a double, where a percentage or a denominator would overflow
_TOKEN = re.compile(
    r'"(?P<text>[^"]*)"|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_(?P<pad>.)|\*(?P<fill>.)'
    r"|(?P<ampm>AM/PM|A/P|上午/下午)|(?P<general>General)|(?P<date>[yY]+|[aA]{3,4}|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?|e+)"
    r"|(?P<number>[0#?]+(?:[,.][0#?]*)*(?:E[+-]0+)?)|(?P<at>@)|(?P<other>.)",
    re.S,
)
_FRACTION = re.compile(r"([#0?]*)\s*([#0?]+)/([#0?]+|\d+)")
_WEEK = "一二三四五六日"
EXACT = 1e15  # Excel keeps 15 digits; what was typed beyond them is lost
NO_VALUE, LONG, STRUCK, IMAGE = "formula-no-value", "long-number", "struck-text", "image"
_PICTURE = re.compile(r'=?(?:_xlfn\.)?DISPIMG\(\s*"?([^",()]{1,80})"?[^()]{0,40}\)', re.I)


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell or a part of its text looks: struck out, raised or lowered."""

    struck: bool = False
    vertical: str = ""


PLAIN = Look()


@dataclass(frozen=True, slots=True)
class Rich:
    """Text of several fonts."""

    parts: Sequence[tuple[str, Look]]


class Fonts:
    """The looks of a workbook's cells, by the number of their font."""

    def __init__(self, book: Any) -> None:
        self.odd = {
            number: _look(font) for number, font in enumerate(book._fonts) if _look(font) != PLAIN
        }

    def look(self, source: Any) -> Look:
        """The look of an openpyxl cell."""
        if not self.odd or not source.has_style:
            return PLAIN
        return self.odd.get(source.style_array.fontId, PLAIN)


def _look(font: Any) -> Look:
    """A font of openpyxl (None: the cell's own) as far as it matters here."""
    align = getattr(font, "vertAlign", None) or ""
    return Look(bool(getattr(font, "strike", False)), align if align in (UP, DOWN) else "")


def inline(element: Any) -> Rich:
    """Text of several fonts that stands in its cell (``is`` of a sheet's XML)."""
    parts = []
    for run in element.iter("{*}r"):
        struck, align = run.find("{*}rPr/{*}strike"), run.find("{*}rPr/{*}vertAlign")
        off = struck is None or struck.get("val", "1") in ("0", "false")
        vertical = align.get("val", "") if align is not None else ""
        parts.append((run.findtext("{*}t") or "", Look(not off, vertical)))
    return Rich(parts)


def _parts(value: Any, look: Look) -> list[tuple[str, Look]]:
    """The parts of a cell's text, each with its look."""
    if isinstance(value, Rich):
        return list(value.parts)
    if isinstance(value, str):
        return [(value, look)]
    return [  # openpyxl's rich text: a list of strings and of blocks with a font
        (part, look) if isinstance(part, str) else (part.text or "", _look(part.font))
        for part in value
    ]


def displayed_cell(value: Any, code: str, look: Look = PLAIN) -> tuple[str, list[str]]:
    """The displayed text of a cell with its fonts, and doubts about it. Struck-out text is left
    out, a picture in the cell (WPS writes ``=DISPIMG("ID_…",1)``) is named."""
    if not isinstance(value, str | list | Rich):
        said, flags = shown(value, code)
        return ("", [STRUCK]) if look.struck and said else (said, flags)
    parts = _parts(value, look)
    kept = [(text, part.vertical) for text, part in parts if not part.struck]
    flags = [STRUCK] if any(part.struck and text.strip() for text, part in parts) else []
    said = joined(kept).replace("_x000D_", "").replace("\r\n", "\n")
    if "DISPIMG" in said.upper() and (named := _PICTURE.sub(r"[图片:\1]", said)) != said:
        said, flags = named, [*flags, IMAGE]
    return said, flags + shown(said, code)[1]


def unvalued(formula: str) -> tuple[str, list[str]]:
    """Text and flag of a cell whose formula has no stored value; a picture is named."""
    if found := _PICTURE.search(formula):
        return f"[图片:{found[1]}]", [IMAGE]
    return f"[公式:={formula[:200]}]", [doubt(NO_VALUE, formula=formula[:80])]


def shown(value: object, code: str = "General") -> tuple[str, list[str]]:
    """The displayed text of a cell holding ``value`` under format ``code``, and doubts about it."""
    if value is None:
        return "", []
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), []
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        number = serial(value)
        return displayed(number, code) if is_date(code) else str(value), doubts(number, code)
    if isinstance(value, int | float):
        return displayed(value, code), doubts(value, code)
    text = str(value)
    return text, ["excel-error"] if re.fullmatch(
        r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)", text
    ) else []


def serial(value: dt.datetime | dt.date | dt.time | dt.timedelta) -> float:
    """Excel's number for a date or time: days since 1899-12-30."""
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(days=1)
    if isinstance(value, dt.time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
        return seconds / 86400
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    return (value.replace(tzinfo=None) - EPOCH) / dt.timedelta(days=1)


@lru_cache(maxsize=256)
def parts(code: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """A format code as sections of (kind, text) tokens."""
    sections: list[list[tuple[str, str]]] = [[]]
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or "other"
        text = found.group(kind)
        if kind == "other" and text == ";":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return tuple(tuple(section) for section in sections)


@lru_cache(maxsize=256)
def is_date(code: str) -> bool:
    """Whether ``code`` displays a date or a time."""
    return any(
        kind == "date" or (kind == "bracket" and re.fullmatch(r"[hms]+", text, re.I))
        for kind, text in parts(code)[0]
    )


def displayed(value: float, code: str) -> str:
    """``value`` as a spreadsheet displays it under ``code``."""
    sections = parts(code)
    section = sections[0]
    if value < 0 and len(sections) > 1:
        section, value = sections[1], -value
    elif value == 0 and len(sections) > 2:
        section = sections[2]
    if is_date(code):
        return _date(value, section)
    if abs(value) >= HUGE:
        return _general(value)
    if not any(kind in ("number", "at", "general") for kind, _ in section):
        literal = "".join(text for kind, text in section if kind in ("text", "escaped", "other"))
        return literal if section else _general(value)
    fraction = _FRACTION.search(code.split(";")[0])
    if fraction and "yy" not in code:
        return _fraction(value, fraction)
    percent = sum(text.count("%") for kind, text in section if kind == "other")
    value *= 100**percent
    text = ""
    for kind, token in section:
        if kind == "number":
            text += _digits(abs(value), token)
        elif kind in ("at", "general"):
            text += _general(abs(value))
        elif kind in ("text", "escaped", "other"):
            text += token
        elif kind == "bracket" and token.startswith("$"):
            text += token[1:].partition("-")[0]
    return ("-" if value < 0 and re.search("[1-9]", text) else "") + text.strip()


def _general(value: float) -> str:
    """A number without a format: whole numbers in full, others to ten digits as a cell shows."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(Decimal(f"{value:.15g}")))  # what is stored beyond 15 digits is no digit
    return f"{value:.10g}".upper()


def _digits(value: float, token: str) -> str:
    """``value`` by one run of ``0#?,.`` (and E+00)."""
    mantissa, _, exponent = token.partition("E")
    whole, _, decimals = mantissa.partition(".")
    thousands = "," in whole.rstrip(",")
    value /= 1000 ** (len(whole) - len(whole.rstrip(",")))
    least, most = decimals.count("0"), len(decimals.replace(",", ""))
    if exponent:
        shape = f"{value:.{most}E}"
        base, _, power = shape.partition("E")
        return f"{base}E{power[0] if exponent[0] == '+' or power[0] == '-' else ''}{power[1:]}"
    text = f"{value:,.{most}f}" if thousands else f"{value:.{most}f}"
    head, _, tail = text.partition(".")
    while len(tail) > least and tail.endswith("0"):
        tail = tail[:-1]
    head = head.zfill(whole.count("0")) if not thousands else head
    if head == "0" and "0" not in whole:
        head = ""
    return head + ("." + tail if tail or ("." in mantissa and least) else "")


def _fraction(value: float, found: re.Match[str]) -> str:
    """``value`` as a fraction: ``1/6``, ``1 1/2``."""
    whole_wanted, _, below = found.groups()
    sign, value = ("-", -value) if value < 0 else ("", value)
    limit = int(below) if below.isdecimal() and int(below) else 10 ** len(below) - 1
    whole = int(value) if whole_wanted else 0
    if below.isdecimal() and int(below):
        upper, lower = round((value - whole) * limit), limit
    else:
        part = Fraction(value - whole).limit_denominator(limit)
        upper, lower = part.numerator, part.denominator
    if upper == lower and whole_wanted:
        whole, upper = whole + 1, 0
    if not upper:
        return sign + str(whole)
    return sign + (f"{whole} " if whole else "") + f"{upper}/{lower}"


def _date(value: float, section: tuple[tuple[str, str], ...]) -> str:
    """A day number as a date or time."""
    try:
        moment = EPOCH + dt.timedelta(seconds=round(value * 86400))
    except OverflowError:
        return _general(value)
    half = any(kind == "ampm" for kind, _ in section)
    dates = [i for i, (kind, text) in enumerate(section) if kind in ("date", "bracket")]
    text = ""
    for index, (kind, token) in enumerate(section):
        low = token.lower()
        if kind == "date":
            text += _field(moment, low, half, _is_minute(section, dates, index))
        elif kind == "bracket" and re.fullmatch(r"[hms]+", low):
            total = {"h": value * 24, "m": value * 1440, "s": value * 86400}[low[0]]
            text += str(int(total + 1e-6)).zfill(len(low))
        elif kind == "ampm":
            chinese = "午" in token or any("时" in part for _, part in section)
            words = ("上午", "下午") if chinese else ("AM", "PM")
            text += words[moment.hour >= 12]
        elif kind in ("text", "escaped", "other"):
            text += token
    return text.strip().removesuffix(";@")


def _is_minute(section: tuple[tuple[str, str], ...], dates: list[int], index: int) -> bool:
    """Whether an ``m`` means minutes: after hours or before seconds."""
    place = dates.index(index)
    before = section[dates[place - 1]][1].lower() if place else ""
    after = section[dates[place + 1]][1].lower() if place + 1 < len(dates) else ""
    return before.startswith("h") or after.startswith("s")


def _field(moment: dt.datetime, low: str, half: bool, minute: bool) -> str:
    """One date token, such as ``yyyy`` or ``mm``."""
    hour = (moment.hour - 1) % 12 + 1 if half else moment.hour
    if low[0] in "ye":
        return f"{moment.year % 100:02d}" if low == "yy" else str(moment.year)
    if low[0] == "m" and not minute:
        return moment.strftime({3: "%b", 4: "%B"}.get(len(low), "")) or str(moment.month).zfill(
            min(2, len(low))
        )
    if low[0] in "da" and len(low) > 2:
        return ("周" if len(low) == 3 else "星期") + _WEEK[moment.weekday()]
    number = {"m": moment.minute, "d": moment.day, "h": hour, "s": moment.second}[low[0]]
    return str(number).zfill(min(2, len(low.partition(".")[0])))


def doubts(value: float, code: str) -> list[str]:
    """Flags where Excel may have made a date or a time of something typed."""
    if is_date(code):
        if abs(value) < 1:
            return [doubt("excel-time", ratio=_ratio(value))]
        day = EPOCH + dt.timedelta(days=int(value)) if 0 < value < 2_958_466 else EPOCH
        return [doubt("excel-date", day=day)]
    if abs(value) >= EXACT and value == int(value):
        return [doubt(LONG)]
    if code in ("General", "0", "@", ""):
        if value == int(value) and 20_000 <= value < 55_000:  # 1954 to 2050
            day = EPOCH + dt.timedelta(days=int(value))
            return [doubt("excel-date/number", value=value, day=day)]
        seconds = value * 86400
        if 0 < value < 1 and abs(seconds - round(seconds)) < 1e-6 and len(repr(value)) > 8:
            return [doubt("excel-time/number", value=value, ratio=_ratio(value))]
    return []


def _ratio(value: float) -> str:
    """A time as the ratio that may have been typed: 1:3, 2:8:3."""
    seconds = round(value * 86400)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes}" + (f":{rest}" if rest else "")
