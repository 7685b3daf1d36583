"""A long text in pieces that a reader would cut: by chapter, by paragraph, not inside a speech.

Every piece is a span of the text, in characters; the spans follow each other without gap or
overlap, so ``"".join(text[c.start:c.end])`` is the text. No library kept up today weighs quotations
and chapters of Chinese prose and keeps offsets (LangChain's splitter cuts inside speech in 15% of
pieces, DESIGN §3), so this is ours: candidates with a cost, and the cheapest one near the aim.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

AIM, MOST = 2500, 3000  # characters; the earlier project cut at 2,000-3,000
TINY = 200  # a section with less prose than this (a volume's title page) joins the next one
HARD = 2000.0  # the cost of a cut inside a sentence; inside a speech it is more
SPEECH = 1500  # a quotation longer than this was left open by mistake

_NUMERAL = r"[零〇○一二三四五六七八九十百千万两\d]{1,9}"
_ENDING = r"(?:$|[\s:：·、.．—\-《【（(])"
HEADING = re.compile(
    rf"[ \t\u3000#【\[《]*(?:"
    rf"(?P<volume>第\s*{_NUMERAL}\s*[卷部集]{_ENDING}|卷\s*{_NUMERAL}{_ENDING})"
    rf"|第\s*{_NUMERAL}\s*(?:[章回](?![^。\n]*(?:。|[，,、]$))|[节幕折话篇]{_ENDING})"
    rf"|(?:chapter|part|book)\s+(?:\d+|[ivxlc]+|one|two|three|four|five|six|seven|eight|nine|ten)\b"
    rf"|(?:楔子|序章|序幕|序言|序|前言|引子|引言|尾声|终章|后记|番外|大结局|正文)\d*{_ENDING}"
    rf"|(?:prologue|epilogue|preface|foreword)\b"
    rf")[^\n]{{0,40}}$",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_STOP = re.compile(r"(?:[。！？!?…]+|\.(?=\s|$))[”’」』）)】\"']*")
_PAUSE = re.compile(r"[，,；;：:、][”’」』\"']*|\s")
_MARKS = re.compile(r"[“”「」『』\"\n]")
_OPEN, _CLOSE = {"“": "”", "「": "」", "『": "』"}, "”」』"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters ``start`` to ``end`` of a text, in the chapter called ``title``."""

    start: int
    end: int
    title: str
    text: str

    @property
    def locator(self) -> str:
        """As in a row's source."""
        return f"c:{self.start}-{self.end}"

    @property
    def prose(self) -> str:
        """The text without its headings and outer space."""
        lines = (line for line in self.text.splitlines() if not is_heading(line))
        return "\n".join(lines).strip()


def is_heading(line: str) -> bool:
    """Whether a line is a chapter's or volume's heading (第十二章 …, 卷一, Chapter 3, 楔子)."""
    return len(line) <= 60 and HEADING.match(line.rstrip("\r\n 】]》\u3000")) is not None


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the lines, each with its line end."""
    at = 0
    while at < len(text):
        found = _LINE.match(text, at)
        assert found
        yield at, found.end()
        at = found.end()


def sections(text: str, heads: Collection[int] = ()) -> list[tuple[int, int, str]]:
    """(start, end, title) of the chapters; the whole text as one where there is no heading.
    ``heads`` are the offsets of headings that the document marks: where there are any, they tell.

    Headings that follow each other with next to nothing between (a volume's title, a table of
    contents) stay with what comes after them; the title is then the last one, with its volume."""
    found: list[tuple[int, int, str]] = []
    start, title, volume, prose = 0, "", "", 0
    for begin, end in lines_of(text):
        line = text[begin:end].strip()
        if not (begin in heads if heads else is_heading(line)):
            prose += len(line)
            continue
        if prose >= TINY:
            found.append((start, begin, title))
            start, prose = begin, 0
        named = HEADING.match(line)
        if named and named["volume"]:
            volume = title = line.strip("#【】[]《》 \u3000")
        else:
            name = line.strip("#【】[]《》 \u3000")
            title = f"{volume} {name}" if volume else name
    if start < len(text):
        found.append((start, len(text), title))
    return found


def quoted(text: str) -> list[tuple[int, int]]:
    """Spans of quotations. A speech of several paragraphs (each opens, the last closes) is one; a
    mark that is never closed ends with its paragraph."""
    spans: list[tuple[int, int]] = []
    mark, begin = "", 0  # the open mark and where it stands
    for found in _MARKS.finditer(text):
        char, at = found[0], found.start()
        if char == "\n":
            if mark and not _goes_on(text, at, mark, begin):
                mark = ""
        elif not mark and (char in _OPEN or char == '"'):
            mark, begin = char, at
        elif mark and char in (_OPEN.get(mark, '"'),):
            spans.append((begin, found.end()))
            mark = ""
    return spans


def _goes_on(text: str, newline: int, mark: str, begin: int) -> bool:
    """Whether a quotation open at a line's end goes on: the next line opens again, or closes it
    before another one opens."""
    if mark == '"' or newline - begin > SPEECH:
        return False
    rest = text[newline : newline + SPEECH].lstrip()
    if rest.startswith(mark):
        return True
    closes, opens = rest.find(_OPEN[mark]), rest.find(mark)
    return closes >= 0 and (opens < 0 or closes < opens)


def _inside(spans: Sequence[tuple[int, int]], starts: Sequence[int], at: int) -> bool:
    """Whether a cut at ``at`` falls into one of ``spans``."""
    index = bisect_left(starts, at) - 1
    return index >= 0 and at < spans[index][1]


def cuts(text: str) -> list[tuple[int, float]]:
    """(offset, cost) of the places where ``text`` may be cut. Costs are in characters: a
    paragraph's end 300 further from the aim is as good as one between two turns of a dialogue."""
    spans = quoted(text)
    starts = [begin for begin, _ in spans]
    costs: dict[int, float] = {}
    speech_before = heading_before = False
    for begin, end in lines_of(text):
        line = text[begin:end].strip()
        speech = line[:1] in ("“", "「", "『", '"')
        if begin and line:
            costs[begin] = 300.0 if speech and speech_before else HARD * heading_before
        if line:
            speech_before, heading_before = speech, is_heading(line)
    for pattern, cost in ((_STOP, 400.0), (_PAUSE, HARD)):
        for found in pattern.finditer(text):
            costs.setdefault(found.end(), cost)
    return sorted(
        (at, cost + 1.5 * HARD * _inside(spans, starts, at))
        for at, cost in costs.items()
        if 0 < at < len(text)
    )


def pieces(text: str, aim: int, most: int) -> list[int]:
    """The ends of the pieces of one section: about ``aim`` characters, never above ``most``. Where
    that forces a cut into a sentence or a speech, one or two more pieces leave more room."""
    count = max(math.ceil(len(text) / most), round(len(text) / aim), 1)
    if count == 1:
        return [len(text)]
    places = cuts(text)
    tries = (_parted(len(text), places, number, aim, most) for number in range(count, count + 3))
    best, worst = next(tries)
    for ends, cost in tries:
        if worst < HARD:
            break
        if cost < worst:
            best, worst = ends, cost
    return best


def _parted(
    size: int, places: Sequence[tuple[int, float]], count: int, aim: int, most: int
) -> tuple[list[int], float]:
    """The ends of ``count`` pieces, and the cost of the worst cut."""
    offsets = [at for at, _ in places]
    ends: list[int] = []
    start, worst = 0, 0.0
    for left in range(count, 1, -1):
        target = start + (size - start) / left
        low = max(start + 1, size - (left - 1) * most, round(target - aim / 2))
        high = max(low, min(start + most, size - left + 1, round(target + aim / 2)))
        near = places[bisect_left(offsets, low) : bisect_right(offsets, high)]
        hard = (min(max(round(target), low), high), 2 * HARD)  # no mark in reach: a wall of text
        start, cost = min(near, key=lambda place: place[1] + abs(place[0] - target), default=hard)
        worst = max(worst, cost)
        ends.append(start)
    return [*ends, size], worst


def chunks(text: str, aim: int = AIM, most: int = MOST, heads: Collection[int] = ()) -> list[Chunk]:
    """The pieces of ``text``: chapters, each cut into pieces of about ``aim`` characters."""
    found = []
    for begin, end, title in sections(text, heads):
        start = 0
        for stop in pieces(text[begin:end], aim, most):
            span = text[begin + start : begin + stop]
            found.append(Chunk(begin + start, begin + stop, title, span))
            start = stop
    return found
