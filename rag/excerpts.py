"""The part of a long passage that answers: whole sentences around the one that fits best."""

from __future__ import annotations

import math
import re
from collections import Counter

from rag.tokens import indexed

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*[”’」』）)\"]*")
ROOM = 60  # characters for the note of the place and the marks of omission


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of ``text``, without gap; a text without marks is one."""
    ends = [found.end() for found in _SENTENCE.finditer(text)] or [len(text)]
    ends[-1] = len(text)
    return list(zip([0, *ends[:-1]], ends, strict=True))


def best(text: str, question: str, longest: int) -> tuple[int, int]:
    """The span, at most ``longest`` characters, of the sentences that share most with ``question``:
    a word counts by its length, and less where many sentences have it. The beginning, where none
    shares anything."""
    spans = [part for span in sentences(text) for part in _cut(span, longest)]
    held = [set(indexed(text[a:b])) for a, b in spans]
    common = Counter(token for one in held for token in one)
    asked = {
        token: len(token) * math.log(1 + len(spans) / common[token])
        for token in set(indexed(question))
        if token in common
    }
    scores = [sum(asked[token] for token in one & asked.keys()) for one in held]
    first = last = max(range(len(spans)), key=scores.__getitem__)
    while True:  # the better neighbour that still fits, first what follows
        size = spans[last][1] - spans[first][0]
        near = [
            (scores[at], at)
            for at in (last + 1, first - 1)
            if 0 <= at < len(spans) and size + spans[at][1] - spans[at][0] <= longest
        ]
        if not near:
            return spans[first][0], spans[last][1]
        at = max(near, key=lambda one: (one[0], one[1]))[1]
        first, last = min(first, at), max(last, at)


def _cut(span: tuple[int, int], longest: int) -> list[tuple[int, int]]:
    """A sentence longer than ``longest`` in pieces."""
    start, end = span
    return [(at, min(at + longest, end)) for at in range(start, end, longest)]


def part(text: str, question: str, longest: int) -> str:
    """``text``, or where it is longer than ``longest`` characters its first line (the question of a
    bank's row, where that is short) and the part that fits ``question``, with the place said."""
    if len(text) <= longest:
        return text
    head, _, rest = text.partition("\n")
    head = f"{head}\n" if rest and len(head) <= longest // 3 else ""
    body = text[len(head) :]
    start, end = best(body, question, max(longest - len(head) - ROOM, 40))
    place = f"（全文{len(body)}字，此为第{start + 1}–{end}字）"
    before, after = "…" if start else "", "…" if end < len(body) else ""
    return f"{head}{place}{before}{body[start:end].strip()}{after}"
