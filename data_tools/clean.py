"""Normalise rows, take out exact repeats, hold back contradictions, and say so in the ledger."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.choices import chosen
from core.findings import Finding
from core.judgement import SAYS_RIGHT, SAYS_WRONG
from core.rows import Row
from core.signs import exact
from core.text import nfkc
from data_tools.doubts import doubts
from data_tools.ledger import Ledger

CONFLICT = "conflict"
DUPLICATE = "duplicate"
OVERRULED = "overruled"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # not allowed in XML, hence in no workbook
_LIST = re.compile(r"[、;；|\n]")
_ORDERED = re.compile(r"依次|顺序|次序|先后|排序|排列|前三|从[^，。]{1,6}[到至]")
_LETTER = re.compile(r"\s*[A-HＡ-Ｈ]\s*[.．、:：]\s*(?=\S{2})")


@dataclass(frozen=True, slots=True)
class Keys:
    """What decides whether two rows are the same question (``question``) and say the same
    (``answer``), whatever the typing: width, case, punctuation, order of options and lists. Signs
    that make another question (C#, 5!, 2³) stay: :mod:`core.signs`."""

    question: str
    answer: str


def tidy(text: str) -> str:
    """``text`` without control characters and outer space; nothing else changes but line ends,
    since what the document says is what trains. Other invisible characters are flagged."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).strip()


@lru_cache(1 << 16)  # the phrasings of one template follow each other with one answer
def listed(text: str, ordered: bool) -> str:
    """``text`` as a key: without a leading option letter; a list of short parts in any order,
    unless the question asks for an order."""
    text = _LETTER.sub("", text, count=1) if _LETTER.match(text) else text
    parts = [part for part in _LIST.split(text) if part.strip()]
    if ordered or len(parts) < 2 or max(map(len, parts)) > 20:
        return exact(text) or nfkc(text)
    return "".join(sorted(exact(part) or nfkc(part) for part in parts))


def keys(row: Row) -> Keys:
    """The keys of ``row``. Options count as a set, the answer to a choice as its texts."""
    question = exact(row.question) or nfkc(row.question)
    if row.history:  # the same words after other turns are another question
        question = "\n".join([*(exact(text) for turn in row.history for text in turn), question])
    if row.options:
        texts = {letter: exact(text) or nfkc(text) for letter, text in row.options.items()}
        chosen = sorted(texts.get(letter, letter) for letter in row.letters)
        return Keys("\n".join([question, *sorted(texts.values())]), "|".join(chosen))
    if row.kind == "judge":
        said = nfkc(row.answer).casefold()
        return Keys(question, "√" if said in SAYS_RIGHT else "×" if said in SAYS_WRONG else said)
    return Keys(question, listed(row.answer, bool(_ORDERED.search(row.question))))


def normalise(rows: Iterable[Row], convert: Callable[[str], str] = str) -> list[Row]:
    """Tidy every row in place (``convert``: traditional to simplified), write a choice's answer out
    from its letters, and note the doubts that the text earns."""
    kept = []
    for row in rows:
        row.question, row.answer = convert(tidy(row.question)), convert(tidy(row.answer))
        row.explanation = convert(tidy(row.explanation)) if row.explanation else ""
        row.history = [(convert(tidy(a)), convert(tidy(b))) for a, b in row.history]
        if row.options:
            row.options = {letter: convert(tidy(text)) for letter, text in row.options.items()}
            row.letters = "".join(sorted(set(row.letters)))
            row.answer = chosen(row.letters, row.options) or row.answer
        row.flags.extend(doubts(row))
        kept.append(row)
    return kept


def converter(name: str) -> Callable[[str], str]:
    """OpenCC's conversion ``name`` (``t2s``: traditional to simplified), or none for ""."""
    if not name:
        return str
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(name).convert
    return convert


def place(row: Row) -> str:
    """Where the row comes from, for a ledger line."""
    return f"{row.source.file} {row.source.locator}"


@dataclass(slots=True)
class Cleaned:
    """``rows`` may train, with their ``keys``; ``held`` contradict each other and wait for a
    person; ``conflicts`` counts the questions that they ask."""

    rows: list[Row]
    keys: list[Keys]
    held: list[Row]
    duplicates: int
    conflicts: int


# What becomes of a row that does not simply stay: its first twin, or the rows it contradicts.
Verdict = tuple[str, list[int]]


def decide(known: Sequence[Keys], right: Container[int] = ()) -> dict[int, Verdict]:
    """Judge rows by their keys: position → (:data:`DUPLICATE`, [first]), (:data:`CONFLICT`, the
    rows with different answers) or (:data:`OVERRULED`, []). ``right`` are the positions that a
    person declared right. Only rows with one question key matter to each other."""
    settled: defaultdict[str, set[str]] = defaultdict(set)
    for index, key in enumerate(known):
        if index in right:
            settled[key.question].add(key.answer)
    seen: dict[Keys, int] = {}
    first: dict[str, int] = {}
    differ: dict[str, list[int]] = {}
    found: dict[int, Verdict] = {}
    for index, key in enumerate(known):
        if key.question in settled and key.answer not in settled[key.question]:
            found[index] = OVERRULED, []
        elif (twin := seen.setdefault(key, index)) != index:
            found[index] = DUPLICATE, [twin]
        elif (other := first.setdefault(key.question, index)) != index:
            differ.setdefault(key.question, [other]).append(index)
    for indexes in differ.values():
        found.update((index, (CONFLICT, indexes)) for index in indexes)
    return found


def clean(
    rows: Sequence[Row],
    known: Sequence[Keys],
    ledger: Ledger,
    right: Container[str] = (),
    judge: Callable[[Sequence[Keys], Container[int]], dict[int, Verdict]] = decide,
) -> Cleaned:
    """Keep the first of exact repeats, hold back questions whose answers differ.

    ``known`` are the rows' keys; ``right`` the ids of rows that a person declared right: what
    contradicts one of them goes."""
    verdicts = judge(known, {index for index, row in enumerate(rows) if row.id in right})
    result = Cleaned([], [], [], 0, 0)
    for index, (row, key) in enumerate(zip(rows, known, strict=True)):
        verdict, others = verdicts.get(index, ("", []))
        if verdict == OVERRULED:
            ledger.note(row, Finding(OVERRULED))
        elif verdict == DUPLICATE:
            result.duplicates += 1
            ledger.note(row, Finding(DUPLICATE, f"{place(rows[others[0]])} {rows[others[0]].id}"))
        elif verdict == CONFLICT:
            variants = " | ".join(rows[other].answer[:40] for other in others)
            row.flags.append(Finding(CONFLICT, variants))
            result.conflicts += index == others[0]
            result.held.append(row)
        else:
            result.rows.append(row)
            result.keys.append(key)
    return result


def note_flags(rows: Iterable[Row], ledger: Ledger) -> int:
    """Write every doubt about a kept or held row into the ledger; returns how many have one."""
    count = 0
    for row in rows:
        count += bool(row.flags)
        for flag in row.flags:
            ledger.note(row, flag)
    return count
