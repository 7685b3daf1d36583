"""What a person's corrections say about their like: show one, mend the rest.

A corrected row is an example: what was read, and what should have been. :func:`program` finds the
steps that lead from the one to the other (a number or label cut off the stem or the answer, lines
of the stem that are options, codes that are judgements) and :func:`mended` takes them for every row
of the same file that shows the same signs. Nothing is guessed: steps that do not lead exactly to
what the person wrote are none, and a single example counts only where what it cuts off is a number,
a mark or a label; words of a text need a second example.

Examples that a person wants kept (``LEARN=1``) make a model of their own, a JSON file beside the
data sets; documents read later are mended by it where most of their rows show the signs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.files import WORK_DIRS, digest, read_json, sha256, write_json
from core.rows import Row, Source
from core.text import bare

MODEL = WORK_DIRS / "reader" / "learned.json"
SHARE, LEAST = 0.2, 3  # share and number of a file's rows that must show the signs of an example
MOST = 0.6  # the same for a document that was read later
REACH = 300  # characters at the end of a text in which what is cut off is looked for
KEPT = 400  # examples in a person's model, the latest ones
_ALPHABETS = (
    "ABCDEFGH",
    "abcdefgh",
    "甲乙丙丁戊己庚辛",
    "①②③④⑤⑥⑦⑧",
    "12345678",
    "一二三四五六七八",
)
_TELLING = re.compile(r"[\d①-⑳⑴-⒇]|[:：)）\]】>》、.]\s*$|^\s*[(（\[【]")
Step = tuple[str, str, str]  # what, on which field, and how


@dataclass(frozen=True, slots=True)
class Example:
    """A row as it was read and as a person wants it."""

    old: Row
    new: Row


# -- from an example to steps ---------------------------------------------------------------------


def program(example: Example) -> tuple[Step, ...]:
    """The steps that lead from what was read to what the person wrote; () where none do."""
    row, steps = example.old, []
    for find in (_options, _question, _answer, _texts, _kind):
        step = find(row, example.new)
        if step is not None:
            made = applied((step,), row)
            if made is None:
                return ()
            row = made
            steps.append(step)
    return tuple(steps) if steps and _same(row, example.new) else ()


def _same(one: Row, other: Row) -> bool:
    """Whether two rows ask and answer the same."""

    def told(row: Row) -> tuple[Any, ...]:
        said = row.letters if row.options else bare(row.answer) or row.answer
        return row.kind, bare(row.question), said, {k: bare(v) for k, v in row.options.items()}

    return told(one) == told(other)


def _cut(field: str, old: str, new: str) -> Step | None:
    """The step that cuts ``new`` out of ``old``."""
    at = old.find(new) if new.strip() else -1
    if at < 0 or old == new:
        return None
    return "cut", field, json.dumps([_shape(old[:at]), _shape(old[at + len(new) :])])


def _shape(text: str) -> str:
    """A pattern for ``text`` and its like: other numbers, other spaces."""
    made = re.sub(r"\d+|[①-⑳]|[⑴-⒇]|\s+", lambda m: _kind_of(m[0]), text)
    return "".join(_CLASSES.get(sign, re.escape(sign)) for sign in made)


_CLASSES = {"\0": r"\d{1,5}", "\1": "[①-⑳]", "\2": "[⑴-⒇]", "\3": r"\s{0,20}"}


def _kind_of(text: str) -> str:
    return (
        "\0"
        if text.isdecimal()
        else "\1"
        if "①" <= text <= "⑳"
        else "\3"
        if text.isspace()
        else "\2"
    )


def _question(row: Row, new: Row) -> Step | None:
    return _cut("question", row.question, new.question)


def _answer(row: Row, new: Row) -> Step | None:
    """Words cut off an answer, or a code that stands for one."""
    if row.options or new.options or row.answer == new.answer:
        return None
    if cut := _cut("answer", row.answer, new.answer):
        return cut
    short = len(row.answer) <= 4 and len(new.answer) <= 6
    return ("code", row.answer.strip(), f"{new.kind} {new.answer}") if short else None


def _texts(row: Row, new: Row) -> Step | None:
    """The same cut off each option."""
    pairs = [(row.options[k], new.options[k]) for k in row.options if k in new.options]
    cuts = {_cut("options", old, text) for old, text in pairs if old != text}
    return cuts.pop() if len(cuts) == 1 and set(row.options) == set(new.options) else None


def _kind(row: Row, new: Row) -> Step | None:
    return ("kind", row.kind, new.kind) if row.kind != new.kind else None


def _options(row: Row, new: Row) -> Step | None:
    """Lines of the stem that are options: how they are marked."""
    if row.options or len(new.options) < 2:
        return None
    lines, texts = row.question.split("\n"), list(new.options.values())
    last = lines[-len(texts) :]
    fits = len(last) == len(texts) and all(
        a.strip().endswith(b.strip()) for a, b in zip(last, texts, strict=True)
    )
    if not fits or len(lines) == len(texts):
        return None
    marks = [
        line.strip()[: len(line.strip()) - len(text.strip())]
        for line, text in zip(last, texts, strict=True)
    ]
    if not any(mark.strip() for mark in marks):
        return "options", "", str(len(texts))
    for alphabet in _ALPHABETS:
        around = {mark.replace(sign, "\0", 1) for mark, sign in zip(marks, alphabet, strict=False)}
        if len(around) == 1 and "\0" in next(iter(around)):
            return "options", alphabet, around.pop()
    return None


# -- from steps to rows ---------------------------------------------------------------------------


def applied(steps: Sequence[Step], row: Row) -> Row | None:
    """``row`` after the steps; None where one of them finds nothing to do."""
    made: Row | None = replace(row, options=dict(row.options))
    for what, field, how in steps:
        made = _DOING[what](made, field, how) if made is not None else None
    return made


def _do_cut(row: Row, field: str, how: str) -> Row | None:
    before, after = json.loads(how)
    head, tail = re.compile(before), re.compile(rf"(?:{after})\Z")

    def cut(text: str) -> str | None:
        begin, end = head.match(text), tail.search(text, max(0, len(text) - REACH))
        kept = text[begin.end() : end.start()].strip() if begin and end else ""
        return kept or None

    if field == "options":
        texts = {letter: cut(text) for letter, text in row.options.items()}
        if not all(texts.values()):
            return None
        return _answered(replace(row, options={k: v or "" for k, v in texts.items()}))
    kept = cut(getattr(row, field))
    if kept is None:
        return None
    return replace(row, question=kept) if field == "question" else replace(row, answer=kept)


def _do_code(row: Row, field: str, how: str) -> Row | None:
    kind, _, answer = how.partition(" ")
    return (
        replace(row, kind=kind, answer=answer)
        if row.answer.strip() == field and not row.options
        else None
    )


def _do_kind(row: Row, field: str, how: str) -> Row | None:
    return replace(row, kind=how) if row.kind == field else None


def _do_options(row: Row, field: str, how: str) -> Row | None:
    lines = row.question.split("\n")
    if row.options or len(lines) < 3:
        return None
    texts: list[str] = []
    if field:
        signs = [how.replace("\0", sign) for sign in field]
        start = max(
            (k for k, line in enumerate(lines) if line.strip().startswith(signs[0])), default=0
        )
        for line, mark in zip(lines[start:], signs, strict=False):
            if not line.strip().startswith(mark):
                return None
            texts.append(line.strip()[len(mark) :].strip())
    else:
        start = len(lines) - int(how)
        texts = [line.strip() for line in lines[start:]]
    if start < 1 or len(texts) < 2:
        return None
    options = {chr(65 + k): text for k, text in enumerate(texts)}
    said = row.answer.strip()
    marks = {sign: chr(65 + k) for k, sign in enumerate(field)} | {
        letter: letter for letter in options
    }
    named = "".join(sorted({marks[sign] for sign in said if sign in marks}))
    same = [letter for letter, text in options.items() if bare(text) == bare(said)]
    letters = (
        same[0]
        if len(same) == 1
        else named
        if re.fullmatch(r"[\w\s,，、;；()（）.]{1,16}", said)
        else ""
    )
    if not letters or not set(letters) <= set(options):
        return None
    kind = "multiple" if len(letters) > 1 else "single"
    return _answered(
        replace(row, question="\n".join(lines[:start]), options=options, letters=letters, kind=kind)
    )


def _answered(row: Row) -> Row:
    """``row`` with its answer written as its letters and their texts."""
    return replace(
        row, answer="；".join(f"{letter}. {row.options[letter]}" for letter in row.letters)
    )


_DOING = {"cut": _do_cut, "code": _do_code, "kind": _do_kind, "options": _do_options}


# -- a file ---------------------------------------------------------------------------------------


def mended(
    rows: Sequence[Row], examples: Iterable[Example], share: float = SHARE
) -> dict[int, Row]:
    """By index, the rows of one file that the examples' steps mend. A program is taken where enough
    rows show its signs and it leads every example that it fits to what the person wrote."""
    told = list(examples)
    counts: dict[tuple[Step, ...], int] = {}
    for example in told:
        if steps := program(example):
            counts[steps] = counts.get(steps, 0) + 1
    made: dict[int, Row] = {}
    for steps, count in counts.items():
        against = any(
            (out := applied(steps, x.old)) is not None and not _same(out, x.new) for x in told
        )
        if against or (count < 2 and not all(map(_telling, steps))):
            continue
        fit = {k: out for k, row in enumerate(rows) if (out := applied(steps, row)) is not None}
        coded = any(what == "code" for what, _, _ in steps)
        if len(fit) >= (1 if coded and share == SHARE else max(LEAST, share * len(rows))):
            made |= {k: replace(out, flags=[]) for k, out in fit.items() if k not in made}
    return made


def _telling(step: Step) -> bool:
    """Whether a single example of a step is enough: it cuts off a number, a mark or a label."""
    what, _, how = step
    if what != "cut":
        return what in ("options", "code")
    return any(
        _TELLING.search(re.sub(r"\\(?!d)", "", part).replace("\\d", "0"))
        for part in json.loads(how)
        if part
    )


# -- a person's own model -------------------------------------------------------------------------


def load(path: Path | None = None) -> list[Example]:
    """The examples of a person's own model; none where there is no such file."""
    path = path or MODEL
    if not path.is_file():
        return []
    found = []
    for x in read_json(path)["examples"]:
        source = Source("", x["sha256"], "", "")
        found.append(Example(Row(source=source, **x["old"]), Row(source=source, **x["new"])))
    return found


def save(examples: Sequence[Example], path: Path | None = None) -> int:
    """Add examples that led to a program to the model; returns how many it holds now."""
    path = path or MODEL
    found = (*load(path), *filter(program, examples))
    told = {digest(_fields(x.old), _fields(x.new)): x for x in found}
    kept = list(told.values())[-KEPT:]
    written = [
        {"sha256": x.old.source.sha256, "old": _fields(x.old), "new": _fields(x.new)} for x in kept
    ]
    write_json(path, {"examples": written})
    return len(kept)


def _fields(row: Row) -> dict[str, Any]:
    names = ("question", "answer", "kind", "options", "letters", "explanation")
    return {name: getattr(row, name) for name in names}


def model_key(path: Path | None = None) -> str:
    """What names the model in a data set's card and key: '' where there is none."""
    path = path or MODEL
    return sha256(path) if path.is_file() else ""


def known(rows: list[Row], path: Path | None = None) -> list[Row]:
    """The rows of a document as the person's own model mends them. What was taught from this very
    document stands in its own workbook."""
    shas = {row.source.sha256 for row in rows}
    examples = [x for x in load(path) if x.old.source.sha256 not in shas]
    better = mended(rows, examples, MOST) if examples else {}
    return [better.get(k, row) for k, row in enumerate(rows)]
