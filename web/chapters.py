"""The chapter of a question: the heading above it in its document, else its sheet or file.

The data tools note headings in the ledger with where they stand; those that only name a kind of
question (一、单项选择题) or a key are no chapters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from core import kept
from web.catalog import Bank

LONGEST = 40  # characters of a chapter's name
_PLACE = re.compile(r"(?:p:|c:|.+!c:)(\d+)")
_CELL = re.compile(r"(.+)![A-Z]+(\d+)$")
_NUMBER = re.compile(r"^[\s第]*[\d一二三四五六七八九十]{1,4}\s*[、.．)）]\s*|[（(]\s*共.*$")
_NO_CHAPTER = re.compile(
    r"(?:单项|单|多项|多|不定项)?选择?题?|判断(?:正误|改错)?题?|填空题?|简答题?|问答题?|名词解释"
    r"|论述题?|计算题?|案例(?:分析)?题?|(?:参考|标准|正确)?答案(?:[与及和]解析)?|.*答案.*|.*解析"
    r"|single.*|multiple.*|true.*false.*|answers?( key)?",
    re.I,
)
Headings = dict[tuple[str, str], list[tuple[int, str]]]  # file and sheet → places and headings


def place(locator: str) -> tuple[str, int] | None:
    """A locator's sheet ("" in a text) and its place there, or None where it has no order."""
    if found := _CELL.match(locator):
        return found[1], int(found[2])
    found = _PLACE.match(locator)
    return ("", int(found[1])) if found else None


def name(heading: str) -> str:
    """A heading as a chapter's name; "" where it is none."""
    text = " ".join(heading.split())
    bare = _NUMBER.sub("", text).strip(" ：:")
    return "" if not bare or _NO_CHAPTER.fullmatch(bare) else text[:LONGEST]


def headings(entries: Iterable[kept.Entry]) -> Headings:
    """The chapters' headings of a ledger, in their order."""
    found: Headings = defaultdict(list)
    for entry in entries:
        there = place(entry.locator) if entry.code == "heading" else None
        if there and (title := name(entry.text)):
            found[entry.file, there[0]].append((there[1], title))
    for some in found.values():
        some.sort()
    return dict(found)


def of(bank: Bank) -> Headings:
    """The chapters' headings of a bank."""
    file = bank.folder / "ledger.csv"
    return headings(kept.read(file)) if file.is_file() else {}


def chapter(source: dict[str, Any], there: Headings) -> str:
    """The chapter of what stands at ``source``."""
    file, locator = str(source.get("file", "")), str(source.get("locator", ""))
    at = place(locator)
    if at and (above := there.get((file, at[0]))):
        number = bisect_right(above, (at[1], "\U0010ffff"))
        if number:
            return above[number - 1][1]
    return at[0] if at and at[0] else PurePosixPath(file).stem
