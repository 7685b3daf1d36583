"""Word's automatic numbers: ``w:numPr`` says "the next one of list 3", this says "(二) "."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from data_tools.readers.package import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = f"{W}val"
HAN = "零一二三四五六七八九"
MOST = 32_767  # Word's own; as letters or in Roman numerals a larger one grows without bound
LEGAL = "零壹贰叁肆伍陆柒捌玖"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


def chinese(number: int, digits: str = HAN, units: str = "十百千") -> str:
    """``number`` (1 to 9999) as counted in Chinese: 12 is 十二, 105 is 一百零五."""
    text = ""
    for place, digit in enumerate(reversed(str(number))):
        unit = units[place - 1] if place else ""
        text = (digits[int(digit)] + (unit if digit != "0" else "")) + text
    while "零零" in text:
        text = text.replace("零零", "零")
    text = text.rstrip("零") if number else text
    return text[1:] if digits is HAN and 10 <= number < 20 else text


def roman(number: int) -> str:
    """``number`` in lower-case Roman numerals."""
    text = ""
    for value, sign in _ROMAN:
        while number >= value:
            text, number = text + sign, number - value
    return text


def letters(number: int) -> str:
    """Word's letter numbering: a, b, ..., z, aa, bb, ..."""
    return chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else ""


def formatted(number: int, style: str) -> str:
    """``number`` in one of WordprocessingML's number formats (ST_NumberFormat)."""
    circled = {"decimalEnclosedCircle": 0x2460, "decimalEnclosedCircleChinese": 0x2460,
               "decimalEnclosedParen": 0x2474, "decimalEnclosedFullstop": 0x2488}  # fmt: skip
    if style in circled and 1 <= number <= 20:
        return chr(circled[style] + number - 1)
    if style in ("bullet", "none") or number < 0:
        return ""
    if style == "decimalZero":
        return f"{number:02d}"
    if style == "decimalFullWidth":
        return "".join(chr(ord(c) + 0xFEE0) for c in str(number))
    if number > MOST:
        return str(number)
    if style.endswith("Letter"):
        return letters(number).upper() if style == "upperLetter" else letters(number)
    if style.endswith("Roman"):
        return roman(number).upper() if style == "upperRoman" else roman(number)
    if style in ("chineseLegalSimplified", "ideographLegalTraditional"):
        return chinese(number, LEGAL, "拾佰仟") if number < 10000 else str(number)
    if style.lower().endswith(("counting", "countingthousand", "ideographdigital")):
        return chinese(number) if number < 10000 else str(number)
    return str(number)


@dataclass(slots=True)
class _Level:
    start: int = 1
    style: str = "decimal"
    text: str = ""
    suffix: str = " "


@dataclass(slots=True)
class _List:
    """One numbered list: its levels, and its counters, which lists of one kind share."""

    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """The document's lists, counting as the paragraphs come by."""

    def __init__(self, package: Package, folder: str) -> None:
        root = package.tree(f"{folder}numbering.xml")
        self.lists: dict[str, _List] = {}
        if root is None:
            return
        kinds = {
            e.get(f"{W}abstractNumId"): _List(_levels(e)) for e in root.iter(f"{W}abstractNum")
        }
        for num in root.iter(f"{W}num"):
            link = num.find(f"{W}abstractNumId")
            kind = kinds.get(link.get(VAL)) if link is not None else None
            if kind is None:
                continue
            overrides = num.findall(f"{W}lvlOverride")
            if overrides:
                kind = _List(dict(kind.levels))
                for override in overrides:
                    _override(kind.levels, override)
            self.lists[num.get(f"{W}numId")] = kind

    def label(self, number_id: str, level: int) -> str:
        """Count one paragraph of list ``number_id`` and return what Word shows before it."""
        found = self.lists.get(number_id)
        if found is None or level not in found.levels:
            return ""
        counts = found.counts
        counts[level] = counts.get(level, found.levels[level].start - 1) + 1
        for deeper in [key for key in counts if key > level]:
            del counts[deeper]
        text = found.levels[level].text
        if found.levels[level].style in ("bullet", "none") and "%" not in text:
            return ""
        for upper in range(level + 1):
            if f"%{upper + 1}" in text:
                shape = found.levels.get(upper, _Level())
                number = formatted(counts.get(upper, shape.start), shape.style)
                text = text.replace(f"%{upper + 1}", number)
        return text + found.levels[level].suffix if text else ""


def _levels(element: Any) -> dict[int, _Level]:
    """The levels of an abstractNum or lvlOverride element."""
    levels = {}
    for lvl in element.findall(f"{W}lvl"):
        level = _Level()
        for child in lvl:
            value = child.get(VAL, "")
            if child.tag == f"{W}start" and value.isdecimal():
                level.start = int(value)
            elif child.tag == f"{W}numFmt":
                level.style = value
            elif child.tag == f"{W}lvlText":
                level.text = value
            elif child.tag == f"{W}suff":
                level.suffix = "" if value == "nothing" else " "
        levels[int(lvl.get(f"{W}ilvl", "0"))] = level
    return levels


def _override(levels: dict[int, _Level], override: Any) -> None:
    """Apply one lvlOverride: a level of its own, or another start."""
    levels.update(_levels(override))
    start = override.find(f"{W}startOverride")
    index = int(override.get(f"{W}ilvl", "0"))
    if start is not None and index in levels and start.get(VAL, "").isdecimal():
        old = levels[index]
        levels[index] = _Level(int(start.get(VAL)), old.style, old.text, old.suffix)
