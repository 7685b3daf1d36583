"""Normalise rows, take out exact repeats, hold back contradictions, and say so in the ledger."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from core.rows import Row
from core.text import bare, nfkc
from data_tools.ledger import Ledger

CONFLICT = "conflict"
DUPLICATE = "duplicate"
OVERRULED = "overruled"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # not allowed in XML, hence in no workbook
_UNSEEN = re.compile(r"[\x7f-\x84\x86-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")
_LIST = re.compile(r"[、;；|\n]")
_ORDERED = re.compile(r"依次|顺序|次序|先后|排序|排列|前三|从[^，。]{1,6}[到至]")
_LETTER = re.compile(r"\s*[A-HＡ-Ｈ]\s*[.．、:：]\s*(?=\S{2})")
_TRUE = {"正确", "对", "√", "✓", "是", "true", "t", "yes", "y"}
_FALSE = {"错误", "错", "×", "✗", "✕", "否", "false", "f", "no", "n"}


@dataclass(frozen=True, slots=True)
class Keys:
    """What decides whether two rows are the same question (``question``) and say the same
    (``answer``), whatever the typing: width, case, punctuation, order of options and of lists."""

    question: str
    answer: str


def tidy(text: str) -> str:
    """``text`` without control characters and outer space; nothing else changes, since what the
    document says is what trains. Other invisible characters are flagged, for a person to see."""
    return _CONTROL.sub("", text).strip() if text else ""


def listed(text: str, ordered: bool) -> str:
    """``text`` as a key: without a leading option letter; a list of short parts in any order,
    unless the question asks for an order."""
    text = _LETTER.sub("", text, count=1) if _LETTER.match(text) else text
    parts = [part for part in _LIST.split(text) if part.strip()]
    if ordered or len(parts) < 2 or max(map(len, parts)) > 20:
        return bare(text) or nfkc(text)
    return "".join(sorted(bare(part) or nfkc(part) for part in parts))


def keys(row: Row) -> Keys:
    """The keys of ``row``. Options count as a set, the answer to a choice as its texts."""
    question = bare(row.question) or nfkc(row.question)
    if row.options:
        texts = {letter: bare(text) or nfkc(text) for letter, text in row.options.items()}
        chosen = sorted(texts.get(letter, letter) for letter in row.letters)
        return Keys("\n".join([question, *sorted(texts.values())]), "|".join(chosen))
    if row.kind == "judge":
        said = nfkc(row.answer).casefold()
        return Keys(question, "√" if said in _TRUE else "×" if said in _FALSE else said)
    return Keys(question, listed(row.answer, bool(_ORDERED.search(row.question))))


def chosen(letters: str, options: dict[str, str]) -> str:
    """The answer to a choice as the model should say it: each letter with its text."""
    return "；".join(f"{letter}. {options[letter]}" for letter in letters if letter in options)


def normalise(rows: Iterable[Row]) -> list[Row]:
    """Tidy every row in place; a choice's answer is written out from its letters."""
    kept = []
    for row in rows:
        row.question, row.answer = tidy(row.question), tidy(row.answer)
        row.explanation = tidy(row.explanation)
        if row.options:
            row.options = {letter: tidy(text) for letter, text in row.options.items()}
            row.letters = "".join(sorted(set(row.letters)))
            row.answer = chosen(row.letters, row.options) or row.answer
        if found := _UNSEEN.search(row.prompt() + row.answer):
            row.flags.append(f"invisible: 不可见字符 U+{ord(found[0]):04X}")
        kept.append(row)
    return kept


def place(row: Row) -> str:
    """Where the row comes from, for a ledger line."""
    return f"{row.source.file} {row.source.locator}"


@dataclass(slots=True)
class Cleaned:
    """``rows`` may train; ``held`` contradict each other and wait for a person. ``keys`` and
    ``held_keys`` run parallel to them; ``conflicts`` counts the questions held back."""

    rows: list[Row]
    keys: list[Keys]
    held: list[Row]
    duplicates: int
    conflicts: int


def clean(rows: Sequence[Row], ledger: Ledger, right: Container[str] = ()) -> Cleaned:
    """Keep the first of exact repeats, hold back questions whose answers differ.

    ``right``: ids of rows that a person declared right; rows that contradict one of them go."""
    seen: dict[Keys, Row] = {}
    answers: defaultdict[str, list[str]] = defaultdict(list)
    duplicates = 0
    known = [keys(row) for row in rows]
    settled: defaultdict[str, set[str]] = defaultdict(set)
    for row, key in zip(rows, known, strict=True):
        if row.id in right:
            settled[key.question].add(key.answer)
    for row, key in zip(rows, known, strict=True):
        if key.question in settled and key.answer not in settled[key.question]:
            reason = f"{OVERRULED}: 已选定另一答案 another answer was kept"
            ledger.add(row.source.file, row.source.locator, reason, row.source.text)
            continue
        first = seen.setdefault(key, row)
        if first is row:
            answers[key.question].append(row.answer)
        else:
            duplicates += 1
            ledger.add(
                row.source.file,
                row.source.locator,
                f"{DUPLICATE}: {place(first)} {first.id}",
                row.source.text,
            )
    result = Cleaned([], [], [], duplicates, sum(len(said) > 1 for said in answers.values()))
    for key, row in seen.items():
        said = answers[key.question]
        row.flags = [flag for flag in row.flags if not flag.startswith(CONFLICT)]
        if len(said) > 1:
            row.flags.append(f"{CONFLICT}: {' | '.join(text[:40] for text in said)}")
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
            ledger.add(row.source.file, row.source.locator, flag, row.source.text)
    return count
