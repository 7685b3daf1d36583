"""What the neighbours of a line say about it: the lookahead that the state machine asks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.items import Item
from data_tools.readers.patterns import judgement

REACH = 60  # lines looked ahead at most: longer than any question seen
_ASKS = re.compile(
    r"[?？:：]\s*$|^\s*(?:简述|试述|论述|什么是|何谓|如何|怎样|为什么|请|简要|列举|名词解释|阐述|说明)"
)


@dataclass(slots=True)
class Ahead:
    """What comes before the next number of the same family."""

    option: bool = False
    answer: bool = False
    explain: bool = False
    lines: int = 0


class Context:
    """A run of items with what can be asked about the surroundings of each."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self._settle_numbers()
        self._settle_options()
        self._settle_headers()
        numbers = sum(i.kind == it.NUMBER and i.family not in ("~", "~.") for i in items)
        first_options = sum(bool(i.options) and i.options[0].letter == "A" for i in items)
        answers = sum(i.kind == it.ANSWER for i in items)
        self.numbered = numbers * 2 >= max(first_options, answers, 1)
        self.spaced = sum(i.kind == it.BLANK for i in items) * 6 >= len(items)

    def _settle_options(self) -> None:
        """Keep only options that have their neighbours: A with a B after it, C with a B before."""
        opened: dict[str, int] = {}
        ticked = sum(i.kind == it.TEXT and bool(pt.TICKED.search(i.plain)) for i in self.items)
        for index, item in enumerate(self.items):
            if not item.options or item.kind != it.OPTION:
                if item.options:
                    opened = {item.options[-1].letter: index}
                continue
            first, last = item.options[0], item.options[-1]
            if ticked > 1 and first.style in "cd":  # options without letters: A股 is no option A
                item.kind, item.options = it.TEXT, []
                continue
            before = opened.get(chr(ord(first.letter) - 1))
            continues = before is not None and index - before <= 12
            if first.letter == "A":
                continues = (len(item.options) > 1 and first.style in "ab") or len(item.options) > 2
                continues = continues or self._letter_follows(index, chr(ord(last.letter) + 1))
            elif not continues:
                continues = self._letter_behind(index, chr(ord(first.letter) - 1))
            if not continues:
                item.kind, item.options = it.TEXT, []
                continue
            opened[last.letter] = index

    def _letter_follows(self, index: int, letter: str) -> bool:
        """Whether an option ``letter`` begins a line among the next few."""
        for other in self.items[index + 1 : index + 9]:
            if other.kind == it.OPTION and other.options:
                return other.options[0].letter == letter
            if other.kind in (it.NUMBER, *it.LABELLED) and other.plain.strip():
                return False
        return False

    def _letter_behind(self, index: int, letter: str) -> bool:
        """Whether ``letter.`` ends a stem's own line shortly before (``1. 题干（ ）A.甲``)."""
        for other in self.items[max(0, index - 3) : index]:
            if re.search(rf"(?<![A-Za-z]){letter}\s*[、.:)]", other.plain):
                return True
        return False

    def _settle_headers(self) -> None:
        """Page headers: one short line of words again and again, with no question about it."""
        texts = Counter(i.plain.strip() for i in self.items if i.kind in (it.TEXT, it.CHAPTER))
        if any(pt.CORRECT.search(i.plain) for i in self.items if i.kind == it.TEXT):
            return
        places: dict[str, list[int]] = {}
        for index, item in enumerate(self.items):
            text = item.plain.strip()
            if item.kind not in (it.TEXT, it.CHAPTER) or not 6 <= len(text) <= 40:
                continue
            if re.match(r"[A-Za-z]\s*[:.、]", text):
                continue
            if texts[text] >= 2 and not re.search(r"[。?？:：;；)]$", text):
                places.setdefault(text, []).append(index)
        for found in places.values():
            paged = any(
                other.kind == it.NOISE
                for index in found
                for other in self.items[max(0, index - 1) : index + 2]
            )
            stray = any(not self.ahead(index).option for index in found)
            if (len(found) >= 3 or paged) and stray:
                for index in found:
                    self.items[index].kind = it.NOISE

    def _settle_numbers(self) -> None:
        """Weak numbers (``1 题干``, ``1.5倍``) count only beside their neighbours."""
        led = [item for item in self.items if item.lead and item.family == "("]
        counting = sum(_counts(one, other) for one, other in pairwise(led))
        for item in led if 2 * counting < len(led) - 1 else ():
            if not judgement(item.lead):
                item.family, item.value, item.lead, item.body = "", 0, "", 0
                item.parts[0].start = 0
                item.options = it.chain(item.plain, 0, item.head.end)
                item.kind = it.OPTION if item.options else it.TEXT
        for index, item in enumerate(self.items):
            if item.family not in ("~", "~."):
                continue
            near = [
                other.value - item.value
                for other in self.items[max(0, index - REACH) : index + 1 + REACH]
                if other.kind == it.NUMBER and other.family in ("d", "~", "~.")
            ]
            if 1 in near or -1 in near:
                continue
            item.family, item.value, item.kind = "", 0, it.TEXT
            item.body = len(item.plain) - len(item.plain.lstrip())
            item.parts[0].start = item.body
            item.options = it.inline(item.plain, item.body, item.head.end)

    def ahead(self, index: int, family: str | None = None) -> Ahead:
        """What comes between item ``index`` and the next number of ``family`` (any if None)."""
        seen = Ahead()
        for other in self.items[index + 1 : index + 1 + REACH]:
            if other.kind in (it.BLANK, it.NOISE):
                continue
            if other.kind in (it.SECTION, it.KEY) or (
                other.kind == it.CHAPTER and other.line.heading
            ):
                break
            counted = other.kind == it.NUMBER and other.family not in ("~", "~.")
            if counted and (family in (None, other.family) or other.key_line):
                break
            seen.lines += 1
            if other.options and other.options[0].letter == "A":
                seen.option = True
            names = {part.name for part in other.parts[1:]}
            seen.answer = seen.answer or it.ANSWER in names or other.kind == it.BARE
            seen.explain = seen.explain or it.EXPLAIN in names
        return seen

    def next(self, index: int) -> tuple[int, int]:
        """The index of the next line that is neither blank nor plain words, and how many plain
        lines stand between; (-1, n) at the end."""
        between = 0
        for other in range(index + 1, min(len(self.items), index + 1 + REACH)):
            kind = self.items[other].kind
            if kind in (it.BLANK, it.NOISE):
                continue
            if kind != it.TEXT or self.items[other].options:
                return other, between
            between += 1
        return -1, between

    def strong(self, index: int, family: str | None = None) -> bool:
        """Whether the line is surely a question: it has options, an answer, or a filled bracket."""
        item = self.items[index]
        if item.options or item.lead or any(p.name == it.ANSWER for p in item.parts[1:]):
            return True
        head = item.plain[item.body : item.head.end]
        if any(match.group("in") for match in pt.BRACKET.finditer(head)) or pt.TAG.search(head):
            return True
        seen = self.ahead(index, family)
        return seen.option or seen.answer

    def sequel(self, index: int, value: int) -> bool:
        """Whether a line numbered ``value`` comes soon."""
        return any(
            other.value == value and other.kind == it.NUMBER
            for other in self.items[index + 1 : index + 1 + REACH]
        )

    def asks(self, index: int, family: str | None = None) -> bool:
        """Whether the line at least reads like a question."""
        item = self.items[index]
        head = item.plain[item.body : item.head.end].strip()
        return bool(_ASKS.search(head) or pt.BLANK.search(head)) or self.strong(index, family)

    def key_follows(self, index: int) -> bool:
        """Whether what follows a heading reads like an answer key."""
        for other in range(index + 1, min(len(self.items), index + 12)):
            item = self.items[other]
            if (
                item.kind in (it.BLANK, it.NOISE, it.SECTION, it.CHAPTER, it.KEY)
                and not item.key_line
            ):
                continue
            if item.key_line or item.kind == it.BARE:
                return True
            if item.kind == it.NUMBER:
                if item.head.start >= item.head.end and len(item.parts) > 1:
                    return True
                return not (item.options or self.ahead(other, item.family).option)
            row = re.fullmatch(r"(?:题号|序号|题目)?[\sA-H√×,、;；0-9.:()|-]+", item.plain)
            return row is not None and len(re.findall(r"[A-H√×]|\d+", item.plain)) > 3
        return False


def _counts(one: Item, other: Item) -> bool:
    """Whether ``( A )（1）`` and the line after it count questions, rather than list options."""
    if other.value != one.value + 1:
        return False
    return len(one.lead) > 1 or len(other.lead) > 1 or ord(other.lead) != ord(one.lead) + 1
