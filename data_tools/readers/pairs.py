"""Questions with their answer on the next line and nothing to say so: by what a section repeats.

Read only where a section keeps to it (see :data:`KEPT`); elsewhere the lines stay what they were,
and a question without an answer goes to the ledger.
"""

from __future__ import annotations

import re
from itertools import pairwise

from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.items import Item

LEAST, KEPT = 3, 0.8  # pairs that make a pattern, and the share of questions that must follow it
_ASKS = re.compile(
    r"[?？]\s*[”\"]?\s*$|^\s*(?:简述|试述|论述|什么是|何谓|如何|怎样|为什么|简要|列举|名词解释|阐述|说明)"
)
_WAITS = re.compile(r"[:：]\s*$")
_SPOKEN = re.compile(r"\s*[“\"「]")


def settle(items: list[Item]) -> None:
    """Mark the questions and answers of every section that alternates between them."""
    if any(item.kind == it.KEY for item in items):
        return
    edges = [k for k, x in enumerate(items) if x.kind in (it.SECTION, it.CHAPTER)]
    for first, end in pairwise([-1, *edges, len(items)]):
        section = items[first + 1 : end]
        if any(x.options or len(x.parts) > 1 or x.kind in _SETTLED for x in section):
            continue
        if any(pt.TICKED.search(x.plain) for x in section):
            continue  # options without letters, one of them marked (正确答案)
        starts = _numbered(section) or _asking(section)
        for start, following in pairwise([*starts, len(section)]):
            _pair(section, start, following)


_SETTLED = (it.OPTION, it.BARE, it.BOTH, *it.LABELLED)


def _filled(section: list[Item], start: int, end: int) -> list[int]:
    """The lines between that are neither blank nor page furniture."""
    return [k for k in range(start, end) if section[k].kind not in (it.BLANK, it.NOISE)]


def _asks(item: Item) -> bool:
    """Whether a line reads like a question."""
    text = item.plain[item.body :].strip()
    waits = _WAITS.search(text) or pt.BLANK.search(text)
    return bool(_ASKS.search(text) or (item.family and waits))


def _numbered(section: list[Item]) -> list[int]:
    """The first lines of numbered questions that have their answers below them."""
    families = [x.family for x in section if x.kind == it.NUMBER]
    if not families:
        return []
    starts: list[int] = []
    for k, item in enumerate(section):
        last = section[starts[-1]].value if starts else None
        counted = item.kind == it.NUMBER and item.family == families[0]
        if counted and (last is None or item.value == last + 1):
            starts.append(k)
    lone = [
        len(_filled(section, start + 1, end)) == 0
        for start, end in pairwise([*starts, len(section)])
    ]
    asking = sum(_asks(section[k]) for k in starts)
    if len(starts) < LEAST or sum(lone) > 0.1 * len(starts) or asking < KEPT * len(starts):
        return []
    return starts


def _asking(section: list[Item]) -> list[int]:
    """The questions of a section without numbers: each line that asks, if one line answers each or
    a blank line parts them."""
    lines = _filled(section, 0, len(section))
    starts = [k for k in lines if _asks(section[k])]
    if len(starts) < LEAST or any(section[k].kind == it.NUMBER for k in lines):
        return []
    if sum(bool(_SPOKEN.match(section[k].plain)) for k in starts) > 0.2 * len(starts):
        return []  # the dialogue of a story
    answers = [len(_filled(section, a + 1, b)) for a, b in pairwise([*starts, len(section)])]
    if sum(count == 0 for count in answers) > 0.1 * len(starts):
        return []
    single = sum(count == 1 for count in answers) >= KEPT * len(starts)
    parted = sum(k == 0 or section[k - 1].kind == it.BLANK for k in starts) >= KEPT * len(starts)
    return starts if single or parted else []


def _pair(section: list[Item], start: int, end: int) -> None:
    """Make the line after a question its answer."""
    below = _filled(section, start + 1, end)
    if not below:
        return
    question, answer = section[start], section[below[0]]
    if not _asks(question) and _asks(answer):
        return  # the question goes on in the second line
    if question.kind != it.NUMBER:
        question.kind, question.family = it.NUMBER, "Q:"
    size = len(answer.plain)
    answer.kind, answer.family, answer.key_line = it.ANSWER, "", False
    answer.parts = [it.Part("head", 0, 0), it.Part(it.ANSWER, 0, size)]
