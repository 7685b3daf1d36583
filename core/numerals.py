"""Numbers as people write them, Arabic, Chinese or English, as exact values."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from core.text import nfkc

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_BIG = {"万": 10**4, "亿": 10**8}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億貳參陸", "一二三四五六七八九十百千万亿二三六")
HAN = "零〇一二两三四五六七八九十百千万亿"
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENFOLD = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(_ONES.split())} | {
    word: 10 * value for value, word in enumerate(_TENFOLD.split(), 2)
}
_TIMES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = "|".join(sorted([*_WORDS, *_TIMES], key=len, reverse=True))
_ENGLISH = re.compile(rf"\b(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*\b", re.IGNORECASE)

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED = re.compile(r"[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+[⁺⁻]?|[⁺⁻]")
_MARKUP = (
    (re.compile(r"\\(?:[dt]?frac)\s*\{([^{}]{1,20})\}\s*\{([^{}]{1,20})\}"), r"\1/\2"),
    (re.compile(r"\\(?:times|cdot)\b ?"), "×"),
    (re.compile(r"\\(?:%|,|;|!)"), lambda found: "%" if found.group() == r"\%" else ""),
    (re.compile(r"\^\s*[{(]([-+]?\d{1,4})[})]"), r"^\1"),
    (re.compile(r"<sup>([-+]?\d{1,4})</sup>"), r"^\1"),
)

_SAID = (
    (re.compile(r"\bthree[- ]quarters?\b", re.I), "3/4"),
    (re.compile(r"\b(?:a|one)[- ]quarter\b", re.I), "1/4"),
    (re.compile(r"\b(?:a|one)[- ]third\b", re.I), "1/3"),
    (re.compile(r"\btwo[- ]thirds\b", re.I), "2/3"),
    (re.compile(r"\b(?:a |one[- ])?half(?: an?)?\b", re.I), "1/2"),
    (re.compile(r"\b(?:a|one) dozen\b", re.I), "12"),
)
ARABIC = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
# A figure as one token: 3.5万, 3万5千, 一百二十, 两千五, 1.6×10^-19, 2^10, 1e3, 1/2, 二又三分之一.
_STEP = r"(?:[十百万亿]|千(?![米克瓦帕焦卡赫伏欧安牛字]))"  # 1千瓦时 is one 千瓦时
MIXED = rf"(?:{ARABIC}{_STEP}+(?:{ARABIC}{_STEP}*)*)"
POWER = (
    rf"(?:{ARABIC}(?:\s?[×xX*·]\s?10\s?\^\s?[-+]?\d{{1,4}}|[eE][-+]?\d{{1,4}}"
    rf"|\s?\^\s?[-+]?\d{{1,4}}))"
)
OF = rf"(?:(?:[{HAN}]+|\d+)又)?(?:[{HAN}]+|\d+)分之(?:{ARABIC}|[{HAN}]+(?:点[{HAN}]+)?)"
BAR = r"(?:\d+又)?\d+/\d+(?![/\d])"
RAISED = rf"(?:{ARABIC}|[{HAN}]+)的(?:{ARABIC}|[{HAN}]+)次(?:方|幂)"
FIGURE = rf"(?:{RAISED}|{POWER}|{OF}|{BAR}|{MIXED}|{ARABIC}|[{HAN}]+点[{HAN}]+|[{HAN}]+)"


def raised(text: str) -> str:
    """``text`` with raised figures as powers: 10⁸ is 10^8."""
    return _RAISED.sub(lambda found: "^" + found.group().translate(_SUPER), text)


def plain(text: str) -> str:
    """``text`` for reading numbers: NFKC with raised figures kept apart (10⁸ is 10^8, not 108),
    fractions of one character spelt out, formal and English numerals as ordinary ones."""
    for pattern, to in _MARKUP:
        text = pattern.sub(to, text)
    text = raised(text)
    text = re.sub(r"(\d)([¼½¾⅓⅔⅕-⅞])", r"\1又\2", text)
    text = "".join(
        unicodedata.normalize("NFKC", char).replace("\u2044", "/") if char in "¼½¾⅓⅔" else char
        for char in text
    )
    text = nfkc(text).replace("\u2044", "/").translate(_FORMAL)
    text = text.replace("−", "-").replace("廿", "二十").replace("卅", "三十")
    text = re.sub(r"(?<![\d.])\.(?=\d)", "0.", text).replace("∶", ":")
    text = re.sub(r"(?<=\d)比(?=\d)", ":", text)
    for pattern, to in _SAID:
        text = pattern.sub(to, text)
    text = text.replace("俩", "两个").replace("仨", "三个")
    text = _ONE_EACH.sub("每", text)
    text = _ROMAN.sub(lambda found: str(_ROMANS.index(found[1]) + 1), text)
    text = _AND_TENTH.sub(r"\1点\2度", text)
    text = _LIANG.sub("市两", text)
    text = _EITHER.sub(_spread, text)
    return _ENGLISH.sub(lambda found: str(_english(found.group())), text)


# 一日三次 is 每日三次; Ⅲ级 is 3级 (V型 and X型 are letters).
_ONE_EACH = re.compile(rf"(?<![{HAN}第\d每])[一1](?=(?:日|天|周|月|年|小时)[{HAN}\d]+次)")
_ROMANS = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]
_ROMAN = re.compile(r"(?<![A-Za-z])(I{1,3}|IV|VI{1,3}|IX|[VX](?=[级期]))(?=[级期型类度区])")
_AND_TENTH = re.compile(
    r"([一二三四五六七八九十]+)度([一二三四五六七八九])(?![一二三四五六七八九十])"
)
_LIANG = re.compile(r"(?<=[一二三四五六七八九十半\d])两(?=$|[\s,。;、(黄白金银])")
_EITHER = re.compile(
    rf"(?<![{HAN}第\d])([一二三四五六七八])([二三四五六七八九])(?=[天日人个年月岁次名位条只本分小米公克周])"
)


def _spread(found: re.Match[str]) -> str:
    """五六天 is 五到六天."""
    first, second = (_DIGITS[one] for one in found.groups())
    return f"{found[1]}到{found[2]}" if second == first + 1 else found.group()


def _english(text: str) -> int:
    total = section = 0
    for word in re.findall(r"[a-z]+", text.casefold()):
        if word in _WORDS:
            section += _WORDS[word]
        elif word == "hundred":
            section = (section or 1) * 100
        elif word in _TIMES:
            total, section = total + (section or 1) * _TIMES[word], 0
    return total + section


def value(text: str) -> Fraction | None:
    """What a :data:`FIGURE` of a :func:`plain` text is worth; None where it is no number (a
    fraction over 0, more than 400 digits: a model that ran away)."""
    text = text.replace(" ", "")
    if len(text) > 400:
        return None
    if "次" in text:
        base, _, power = text.partition("的")
        return _power(value(base), value(power.rstrip("方幂").rstrip("次")))
    whole, _, part = text.rpartition("又")
    if "分之" in part:
        bottom, _, top = part.partition("分之")
        return _ratio(whole, top, bottom)
    if "/" in part:
        top, _, bottom = part.partition("/")
        return _ratio(whole, top, bottom)
    return _scientific(text) if re.search(r"[\^eE]", text) else _positional(text)


def _ratio(whole: str, top: str, bottom: str) -> Fraction | None:
    over, under = value(top), value(bottom)
    return (
        (value(whole) or 0 if whole else 0) + over / under if over is not None and under else None
    )


def _power(base: Fraction | None, power: Fraction | None) -> Fraction | None:
    if base is None or power is None or power.denominator != 1 or not 0 < abs(base) <= 10**6:
        return None
    return base ** int(power) if abs(power) <= 400 else None


def _scientific(text: str) -> Fraction | None:
    head, _, exponent = re.sub(r"[×xX*·]10\^|[eE]", "e", text).partition("e")
    if exponent:
        ten = _power(Fraction(10), Fraction(int(exponent)))
        return _positional(head) * ten if ten else None
    base, _, exponent = text.partition("^")
    return _power(_positional(base), Fraction(int(exponent)))


def _positional(text: str) -> Fraction:
    """一百二十三 → 123, 二〇〇八 → 2008, 三万五 and 3万5千 → 35000, 三点一四 → 3.14."""
    text = text.replace(",", "")
    if "点" in text:
        whole, _, part = text.partition("点")
        digits = "".join(str(_DIGITS.get(char, 0)) for char in part)
        return _positional(whole) + Fraction(int(digits), 10 ** len(digits))
    if all(char in _DIGITS for char in text):
        return Fraction(int("".join(str(_DIGITS[char]) for char in text)))
    total = section = digit = Fraction(0)
    unit, zero = 1, False
    parts = re.findall(r"\d+(?:\.\d+)?|.", text)
    for part in parts:
        if part in _TENS:
            unit = _TENS[part]
            section, digit = section + (digit or Fraction(1)) * unit, Fraction(0)
        elif part in _BIG:
            unit = _BIG[part]
            more = section + digit
            lower = part == "万"  # 1亿2千万, but 万亿
            total = (
                (more or Fraction(1)) * unit + total
                if lower
                else (total + more or Fraction(1)) * unit
            )
            section = digit = Fraction(0)
        else:
            zero = zero or part in "零〇"
            digit = Fraction(_DIGITS[part]) if part in _DIGITS else Fraction(part)
    if len(parts) > 1 and len(parts[-1]) == 1 and unit >= 100 and not zero:
        digit *= unit // 10 if parts[-1] not in _TENS and parts[-1] not in _BIG else 1
    return total + section + digit
