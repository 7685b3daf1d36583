"""Answer keys (``1-5 ABCDA``, ``1.A 2.√``, ``1. 北京``) and the questions that they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from data_tools.readers import patterns as pt
from data_tools.readers.draft import Draft, Section

_NUMBER = re.compile(
    r"[(\[]?(?:第\s*)?(?<![\d.])(\d{1,4})\s*[)\]]?\s*(?:[-~～—―－至到]+\s*(?:第\s*)?(\d{1,4})"
    r"\s*[)\]]?)?\s*(?:小?题)?\s*[、.:)]*\s*"
)
_TOKEN = re.compile(r"[A-Za-z]+|√|×|正确|错误|不正确|对|错")
_GROUP = re.compile(r"[^\s,、;；，/|]+")
# The next entry of a key: a number with its mark; where none comes, one whose answer is a figure.
_FREE = (
    r"(?:(?<=[\s;；。,，、])|^){n}\s*(?:、|[.:)](?!\d))\s*", r"(?:(?<=[\s;；])|^){n}\s?[.:)](?=\d)"
)  # fmt: skip
_FIRST = re.compile(r"\s*(\d{1,4})\s?[、.:)]\s*")


@dataclass(slots=True)
class Entry:
    """What the key says about one question: its answer, perhaps an explanation, and where."""

    number: int
    answer: list[str] = field(default_factory=list)
    explanation: list[str] = field(default_factory=list)
    loc: str = ""


@dataclass(slots=True)
class Group:
    """The entries of a key under one of its headings; ``before`` counts the questions
    read so far, ``family`` says how its entries are numbered."""

    section: Section
    before: int
    family: str = ""
    entries: list[Entry] = field(default_factory=list)


def entries(text: str) -> list[tuple[int, str]]:
    """The (number, answer) pairs of a key line; a range is spread over its numbers."""
    plain = pt.plain(text)
    found = list(_NUMBER.finditer(plain))
    pairs: list[tuple[int, str]] = []
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(plain)
        body = plain[match.end() : end].strip(" ,、;；。.，()[]")
        if not body:
            continue
        first, last = int(match.group(1)), int(match.group(2) or 0)
        if last <= first:
            pairs.append((first, "".join(_TOKEN.findall(body)) or body))
            continue
        answers = spread(body, last - first + 1)
        pairs += [(first + k, answer) for k, answer in enumerate(answers)]
    return pairs


def spread(body: str, count: int) -> list[str]:
    """``body`` as ``count`` answers: a letter each, or a group each; empty if it fits neither."""
    groups = _GROUP.findall(body)
    if len(groups) == count:
        return groups
    single = [
        unit for token in _TOKEN.findall(body) for unit in (token if token.isascii() else [token])
    ]
    return single if len(single) == count else []


def free(text: str, number: int) -> list[tuple[int, str]]:
    """``1. 北京  2. 上海`` on one line: cut before each next number in turn; ``text`` begins after
    the first number."""
    plain, position, pairs = pt.plain(text), 0, []
    while True:
        shapes = (re.compile(shape.replace("{n}", str(number + 1))) for shape in _FREE)
        found = (shape.search(plain, position + 1) for shape in shapes)
        following = next(filter(None, found), None)
        if not following:
            pairs.append((number, text[position:].strip()))
            return pairs
        pairs.append((number, text[position : following.start()].strip(" ;；,，")))
        position, number = following.end(), number + 1


def counted(text: str, last: int) -> list[tuple[int, str]]:
    """The entries of a line that goes on behind entry ``last`` (0: the first of the key, which must
    hold three); empty where it is none: ``1.103；百日 2. 上海``."""
    found = _FIRST.match(pt.plain(text))
    if not found or (last and int(found[1]) != last + 1):
        return []
    pairs = free(text[found.end() :], int(found[1]))
    return pairs if last or len(pairs) > 2 else []


def apply(groups: list[Group], drafts: list[Draft]) -> list[tuple[Group, Entry]]:
    """Give the unanswered drafts their answers; returns the entries that no question wanted."""
    rest: list[tuple[Group, Entry]] = []
    taken: set[int] = set()
    for group in groups:
        asked = [d for d in drafts[: group.before] if d.open]
        if not asked:  # its questions may have brackets all the same, or stand below it
            asked = [d for d in drafts[: group.before] if not d.answered]
            asked = asked or [d for d in drafts if not d.answered]
        open_runs = _runs(asked)
        numbers = {entry.number for entry in group.entries}
        if numbers == {0}:
            _in_order(group, open_runs, rest)
            continue
        ranked = sorted(
            range(len(open_runs)),
            key=lambda k: (-_fit(group, numbers, open_runs[k], taken), k),
        )
        numbered = [{draft.number: draft for draft in reversed(run)} for run in open_runs]
        for entry in group.entries:
            found = (numbered[k].get(entry.number) for k in ranked)
            target = next((draft for draft in found if draft and not draft.answered), None)
            if target is None:
                rest.append((group, entry))
                continue
            answer(target, entry)
    return rest


def answer(draft: Draft, entry: Entry) -> None:
    """Put an entry's answer into a draft."""
    draft.answer, draft.answered = entry.answer, True
    draft.explanation += entry.explanation


def _runs(drafts: list[Draft]) -> list[list[Draft]]:
    """Cut at each new section and wherever the numbers start again."""
    runs: list[list[Draft]] = []
    for draft in drafts:
        last = runs[-1][-1] if runs else None
        if last is None or last.section is not draft.section or draft.number <= last.number:
            runs.append([])
        runs[-1].append(draft)
    return runs


def _fit(group: Group, numbers: set[int], run: list[Draft], taken: set[int]) -> float:
    """How well a run of questions fits a group of the key: headings first, then the numbers."""
    here, there = group.section, run[0].section
    score = 0.0
    if here.chapter and there.chapter:
        mine, other = pt.plain(here.chapter).strip(), pt.plain(there.chapter).strip()
        score += 6.0 if other.startswith(mine) or mine.startswith(other) else -3.0
    if here.kind and there.kind:
        score += 3.0 if here.kind == there.kind else -3.0
    if here.ordinal and there.ordinal:
        score += 2.0 if here.ordinal == there.ordinal else -2.0
    counted = {draft.number for draft in run}
    return score + len(numbers & counted) / max(1, len(numbers | counted))


def _in_order(group: Group, runs: list[list[Draft]], rest: list[tuple[Group, Entry]]) -> None:
    """A key without numbers: one answer after the other, if there are as many as questions."""
    for run in runs:
        if len(run) == len(group.entries):
            for draft, entry in zip(run, group.entries, strict=True):
                answer(draft, entry)
            return
    drafts = [draft for run in runs for draft in run]
    if len(drafts) == len(group.entries):
        for draft, entry in zip(drafts, group.entries, strict=True):
            answer(draft, entry)
    else:
        rest += [(group, entry) for entry in group.entries]
