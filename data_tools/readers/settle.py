"""What lines are not, seen together: numbers that count nothing, options without neighbours."""

from __future__ import annotations

import re
from itertools import pairwise

from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.items import Item
from data_tools.readers.options import Option
from data_tools.readers.patterns import judgement

_IN_BRACKET = re.compile(r"\s*[(\[]\s*([A-H](?:[\s,、]*[A-H])*)\s*[)\]]\s*[.。]?\s*")
_TIGHT = re.compile(r"[A-H](?=[A-Z0-9\u4e00-\u9fff])")
_ASKS = re.compile(r"[(\[]\s*[)\]][。.]?\s*$|_{2,}|[?？]\s*$")
REACH = 60  # lines looked ahead at most: longer than any question seen


def numbers(items: list[Item]) -> None:
    """Weak numbers (``1 题干``, ``1.5倍``) count only beside their neighbours."""
    led = [item for item in items if item.lead and item.family == "("]
    counting = sum(_counts(one, other) for one, other in pairwise(led))
    for item in led if 2 * counting < len(led) - 1 else ():
        if not judgement(item.lead):
            item.start = 0
            _unnumbered(item)
    decimals(items)
    dotted(items)
    circled(items)
    for index, item in enumerate(items):
        if item.family not in ("~", "~.", "l"):
            continue
        near = [
            other.value - item.value
            for other in items[max(0, index - REACH) : index + 1 + REACH]
            if other.kind == it.NUMBER and other.family in ("d", "~", "~.", "l")
        ]
        if 1 in near or -1 in near:
            item.family = "d" if item.family == "l" else item.family
            continue
        _unnumbered(item)


def _unnumbered(item: Item) -> None:
    """What looked like the number of a line is the beginning of its text."""
    item.family, item.value, item.lead = "", 0, ""
    item.body = item.parts[0].start = item.start
    item.options = it.chain(item.plain, item.body, item.head.end)
    item.kind = it.OPTION if item.options else it.TEXT
    item.options = item.options or it.inline(item.plain, item.body, item.head.end)


def decimals(items: list[Item]) -> None:
    """``3.14日`` is no third question where nearly every question names its kind (``[单选题]``)."""
    counted = [item for item in items if item.kind == it.NUMBER and item.family in ("d", "~", "~.")]
    plain = [item for item in counted if not pt.TAG.search(item.plain)]
    if len(plain) <= 0.2 * len(counted):
        for item in plain:
            if item.plain[item.body : item.body + 1].isdigit():
                _unnumbered(item)


def dotted(items: list[Item]) -> None:
    """``1.1``, ``1-2`` number questions where most of them count up within their chapters."""
    found = [
        (item, m)
        for item in items
        if (m := pt.DOTTED.match(item.plain, item.start)) and item.text[m.end(1) - 1] != "．"
    ]
    told = [(m.group(1), int(m.group(2))) for _, m in found]
    others = sum(x.family == "d" and x.kind == it.NUMBER for x in items)
    steps = sum(
        (one == two and b == a + 1) or (one != two and b == 1)
        for (one, a), (two, b) in pairwise(told)
    )
    if len(found) < max(3, others) or steps < 0.8 * (len(found) - 1):
        return
    for (item, match), (_, value) in zip(found, told, strict=True):
        item.family, item.value, item.lead, item.kind = "-", value, "", it.NUMBER
        item.body = item.parts[0].start = match.end()
        item.options = it.inline(item.plain, item.body, item.head.end)


def circled(items: list[Item]) -> None:
    """①, ② number questions where most of them have options or an answer of their own; else they
    are statements within a stem."""
    marked = [k for k, item in enumerate(items) if item.family == "①"]
    own = 0
    for place, index in enumerate(marked):
        end = marked[place + 1] if place + 1 < len(marked) else index + 12
        between = items[index + 1 : end]
        own += bool(items[index].options) or any(
            (x.options and x.options[0].letter == "A") or x.kind == it.ANSWER for x in between
        )
    values = [items[index].value for index in marked]
    steps = sum(b == a + 1 for a, b in pairwise(values))
    if 5 * own < 4 * len(marked) or own < 2 or 2 * steps < len(marked) - 1:
        for index in marked:
            _unnumbered(items[index])


def _glued(items: list[Item]) -> None:
    """Lines that begin with A, B, C in turn, each letter right before its text (``AHTTP``), are
    options all the same, where they stand below a line that asks."""
    run: list[Item] = []
    above = ""
    for item in items:
        plain = item.plain.strip()
        begins = plain[:1] == chr(65 + len(run)) and _TIGHT.match(plain)
        if begins and item.kind in (it.TEXT, it.OPTION, it.BARE) and len(item.options) < 2:
            run.append(item)
            continue
        if len(run) > 2 and _ASKS.search(above):
            for one in run:
                start = len(one.plain) - len(one.plain.lstrip())
                letter = one.plain[start]
                one.options = [Option(letter, start, start + 1, len(one.plain), "b")]
                one.kind = it.OPTION
        run = []
        above = item.plain if item.kind != it.BLANK else above


def options(items: list[Item]) -> None:
    """Keep only options that have their neighbours: A with a B after it, C with a B before."""
    _glued(items)
    for index, item in enumerate(items):
        if item.kind == it.BARE:
            _lone_letter(items, index, item)
        elif item.kind in (it.OPTION, it.TEXT) and (found := _IN_BRACKET.fullmatch(item.plain)):
            above = next((x for x in reversed(items[max(0, index - 3) : index]) if x.options), None)
            if above and ord(found.group(1)[0]) <= ord(above.options[-1].letter):
                item.kind, item.options = it.BARE, []  # （A） below the options is the answer
    opened: dict[str, int] = {}
    ticked = sum(i.kind == it.TEXT and bool(pt.TICKED.search(i.plain)) for i in items)
    for index, item in enumerate(items):
        if not item.options or item.kind != it.OPTION:
            if item.options:
                opened = {item.options[-1].letter: index}
            elif item.kind in (it.ANSWER, it.BARE):
                opened = {}
            continue
        first, last = item.options[0], item.options[-1]
        if ticked > 1 and first.style in "cd":  # options without letters: A股 is no option A
            item.kind, item.options = it.TEXT, []
            continue
        if not _continues(items, index, opened):
            item.kind, item.options = it.TEXT, []
            continue
        opened[last.letter] = index


def _continues(items: list[Item], index: int, opened: dict[str, int]) -> bool:
    """Whether the options of a line have their neighbours; ``opened`` holds, by letter, the line of
    the last option read."""
    options = items[index].options
    first, last = options[0], options[-1]
    if first.letter == "A":
        several = (len(options) > 1 and first.style in "ab") or len(options) > 2
        words = [judgement(items[index].plain[o.start : o.end]) for o in options]
        several = several or (len(options) == 2 and all(words))  # A 对   B 错
        return several or _letter_follows(items, index, chr(ord(last.letter) + 1))
    before = opened.get(chr(ord(first.letter) - 1))
    near = before is not None and index - before <= 12
    return near or _letter_behind(items, index, chr(ord(first.letter) - 1))


def pages(items: list[Item]) -> None:
    """Lines that hold a number alone and count up far from each other are page numbers."""
    found = [
        (k, int(x.plain)) for k, x in enumerate(items)
        if x.kind == it.TEXT and re.fullmatch(r"\s*\d{1,4}\s*", x.plain)
    ]  # fmt: skip
    steps = sum(b == a + 1 and k - j > 3 for (j, a), (k, b) in pairwise(found))
    if len(found) > 1 and steps >= 0.8 * (len(found) - 1):
        for k, _ in found:
            items[k].kind = it.NOISE


def _lone_letter(items: list[Item], index: int, item: Item) -> None:
    """``B、H`` between the options A and C is the option B and no answer."""
    options = it.chain(item.plain, 0, len(item.plain))
    if len(options) != 1:
        return
    near = [x for x in items[max(0, index - 3) : index] if x.kind != it.BLANK][-1:]
    near += [x for x in items[index + 1 : index + 4] if x.kind != it.BLANK][:1]
    letter = ord(options[0].letter)
    signs = [(x.options[-1].letter, x.options[0].letter) for x in near if x.options]
    after = bool(near) and near[-1].kind == it.BARE  # B、H and C、O below each other
    if after and (more := it.chain(near[-1].plain, 0, len(near[-1].plain))):
        signs.append((more[-1].letter, more[0].letter))
    if any(ord(last) == letter - 1 or ord(first) == letter + 1 for last, first in signs):
        item.kind, item.options = it.OPTION, options


def _letter_follows(items: list[Item], index: int, letter: str) -> bool:
    """Whether an option ``letter`` begins a line among the next few."""
    for other in items[index + 1 : index + 9]:
        if other.kind == it.OPTION and other.options:
            return other.options[0].letter == letter
        if other.kind in (it.NUMBER, *it.LABELLED) and other.plain.strip():
            return False
    return False


def _letter_behind(items: list[Item], index: int, letter: str) -> bool:
    """Whether ``letter.`` ends a stem's own line shortly before (``1. 题干（ ）A.甲``)."""
    for other in items[max(0, index - 3) : index]:
        if re.search(rf"(?<![A-Za-z]){letter}\s*[、.:)]", other.plain):
            return True
    return False


def _counts(one: Item, other: Item) -> bool:
    """Whether ``( A )（1）`` and the line after it count questions, rather than list options."""
    if other.value != one.value + 1:
        return False
    return len(one.lead) > 1 or len(other.lead) > 1 or ord(other.lead) != ord(one.lead) + 1
