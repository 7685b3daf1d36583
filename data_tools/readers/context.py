"""What the neighbours of a line say about it: the lookahead that the state machine asks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from data_tools.readers import items as it
from data_tools.readers import keys, pairs, settle
from data_tools.readers import patterns as pt
from data_tools.readers.items import Item
from data_tools.readers.settle import REACH

_ASKS = re.compile(
    r"[?？:：]\s*$|^\s*(?:简述|试述|论述|什么是|何谓|如何|怎样|为什么|请|简要|列举|名词解释|阐述|说明)"
)
_TYPE = re.compile(r"\s*[\[(]?\s*(?:题型|(?:试题|题目)类型|type)\b", re.I).match
_ENDED = re.compile(r"[?？。]\s*$|[(\[]\s*[)\]]|_{2,}")
_PAGED = re.compile(r"第\s?\d{1,4}\s?页|\bPage \d{1,4}\b")


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
        settle.numbers(items)
        settle.options(items)
        pairs.settle(items)
        settle.pages(items)
        herald = next((k for k, x in enumerate(items) if x.kind == it.META and _TYPE(x.plain)), -1)
        asked = (k for k, x in enumerate(items) if x.kind == it.NUMBER or x.family == "Q:")
        self.heralded = 0 <= herald < next(asked, len(items))  # the type stands over its question
        self._settle_headers()
        numbers = sum(i.kind == it.NUMBER and i.family not in ("~", "~.") for i in items)
        first_options = sum(bool(i.options) and i.options[0].letter == "A" for i in items)
        answers = sum(i.kind == it.ANSWER for i in items)
        self.numbered = numbers * 2 >= max(first_options, answers, 1)
        self.spaced = sum(i.kind == it.BLANK for i in items) * 6 >= len(items)

    def _settle_headers(self) -> None:
        """Page headers: one short line of words again and again, with no question about it."""
        texts = Counter(i.plain.strip() for i in self.items if i.kind in (it.TEXT, it.CHAPTER))
        if any(pt.CORRECT.search(i.plain) for i in self.items if i.kind == it.TEXT):
            return
        numbered = [  # words and the page: 某某题库　第 3 页 共 5 页
            (re.sub(r"\d+", "0", i.plain), i) for i in self.items
            if i.kind in (it.TEXT, it.CHAPTER) and len(i.plain) <= 60 and _PAGED.search(i.plain)
        ]  # fmt: skip
        often = Counter(shape for shape, _ in numbered)
        for shape, item in numbered:
            item.kind = it.NOISE if often[shape] > 1 else item.kind
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
            paged = [
                any(other.kind == it.NOISE for other in self.items[max(0, index - 2) : index + 3])
                for index in found
            ]
            stray = any(not self.ahead(index).option for index in found)
            if all(paged) or ((len(found) >= 3 or any(paged)) and stray):
                for index in found:
                    self.items[index].kind = it.NOISE

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

    def titles(self, index: int) -> bool:
        """Whether a line is named as a chapter is, or the line below asks by itself."""
        after = self.items[index + 1 : index + 4]
        below = next((x for x in after if x.kind not in (it.BLANK, it.NOISE)), None)
        named = pt.CHAPTER.match(self.items[index].plain.strip())
        return bool(named) or (below is not None and bool(_ENDED.search(below.plain)))

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

    def listed_in_case(self, index: int) -> bool:
        """Whether ``（1）`` is a list in the text of a case: its questions 1., 2. come below."""
        family = self.items[index].family
        for other in self.items[index : index + 20] if family == "(" else ():
            if other.options or other.kind in it.LABELLED:
                return False
            if other.kind == it.NUMBER and other.family != family:
                return other.value == 1
        return False

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
            if keys.counted(item.text, 0):
                return True
            row = re.fullmatch(r"(?:题号|序号|题目)?[\sA-H√×,、;；0-9.:()|-]+", item.plain)
            return row is not None and len(re.findall(r"[A-H√×]|\d+", item.plain)) > 3
        return False
