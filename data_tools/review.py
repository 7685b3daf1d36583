"""Read back the workbook that a person edited, and put their decisions onto freshly read rows.

An edit is never lost, a deleted row stays deleted, a row added by hand stays, whatever the bank
says the next time it is read. The workbook alone carries the
decisions (see :mod:`data_tools.workbook`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from core import labels
from core.choices import chosen
from core.errors import UserError
from core.files import digest, read_jsonl, shown
from core.findings import Finding
from core.kept import AT, BASE, fused
from core.language import words
from core.rows import KINDS, Row, Source
from core.signs import without
from core.text import nfkc
from data_tools import clean, learn
from data_tools.ledger import Ledger
from data_tools.workbook import ALL, BULK, DOUBTS, HEAD, Line, fingerprint

_SAID = {
    "drop": {"drop", "delete", "deleted", "remove", "删除", "删", "删掉", "刪除", "去掉", "移除"}
    | {"不要"},
    "keep": {"keep", "kept", "保留", "留", "留下", "要"},
}
_LETTERS = re.compile(r"[A-Z]+$")


@dataclass(slots=True)
class Seen:
    """One line as it stands in the workbook: the row with what a person may have changed."""

    row: Row
    key: str
    decision: str
    cell: str
    extra: dict[str, str]


@dataclass(slots=True)
class Review:
    """A person's decisions. ``lines``: by key what stands in the workbook; ``edited``: keys whose
    row differs from what the bank said; ``added``: new lines; ``deleted``: keys taken out."""

    lines: dict[str, Seen] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)
    added: list[Seen] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)


def key_of(known: clean.Keys) -> str:
    """The name of a parsed row: the same for every typing of one question with one answer."""
    text = f"{known.question}\0{known.answer}".encode()
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def known_as(known: clean.Keys, review: Review) -> str:
    """The name of a row in a workbook, which may be from before signs counted (C# was C)."""
    key = key_of(known)
    old = key_of(clean.Keys(without(known.question), without(known.answer)))
    here = review.lines.keys() | review.deleted if old != key else ()
    return old if old in here and key not in here else key


def text_of(value: Any) -> str:
    """A cell as text: what a person typed, without the apostrophe that defused it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "正确" if value else "错误"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return fused(clean.tidy(unescape(str(value))))


def choice(answer: str, options: dict[str, str], cell: str) -> str:
    """The letters of a choice, typed as letters or as an option's text."""
    typed = re.sub(r"[\s,，、;；]", "", answer).upper()
    if _LETTERS.match(typed) and set(typed) <= set(options):
        return "".join(sorted(set(typed)))
    same = [letter for letter, text in options.items() if text == answer]
    if len(same) == 1:
        return same[0]
    raise UserError(
        f"{cell}: "
        + words(
            f"答案“{answer}”不是选项 {'/'.join(options)} 之一：请填选项字母",
            f"the answer '{answer}' is none of the options {'/'.join(options)}: "
            "write the letter(s)",
        )
    )


def _seen(values: dict[str, str], cell: str, extra: dict[str, str]) -> Seen:
    """Make a row of the cells of one line."""
    options = {key[-1]: text for key, text in values.items() if key.startswith("option_") and text}
    answer = values["answer"]
    letters = choice(answer, options, cell) if options else ""
    kind = "qa" if not options else "single" if len(letters) == 1 else "multiple"
    if values["kind"]:
        kind = labels.key_in(labels.KINDS, values["kind"])
    if not kind:
        raise UserError(
            f"{cell}: "
            + words(
                f"没有题型“{values['kind']}”；可选 {', '.join(KINDS)}",
                f"unknown kind '{values['kind']}'; choose from {', '.join(KINDS)}",
            )
        )
    if not answer:
        raise UserError(
            f"{cell}: "
            + words("答案为空：补上或删除该行", "the answer is empty: fill it or delete the row")
        )
    text = values.get("text") or f"{values['question']} -> {answer}"
    file, _, locator = values.get("source", "").rpartition(AT)
    if not file or values.get("key", "+")[:1] in ("", "+"):
        file, locator = "review.xlsx", cell.partition(" ")[2]
    row = Row(
        question=values["question"],
        answer=chosen(letters, options) if options else answer,
        source=Source(file, digest(text), locator, text),
        kind=kind,
        options=options,
        letters=letters,
        explanation=values.get("explanation", ""),
    )
    return Seen(row, values.get("key", ""), decided(values.get("decision", ""), cell), cell, extra)


def decided(said: str, cell: str) -> str:
    """``keep`` or ``drop`` as a person writes them (删除, 保留 keep, Delete), "" for nothing;
    :class:`UserError` for what is neither, rather than to pass it over."""
    parts = set(re.findall(r"[a-z]+|[\u4e00-\u9fff]+", nfkc(said).casefold()))
    found = [name for name, some in _SAID.items() if some & parts]
    if len(found) != 1 and said.strip():
        raise UserError(
            f"{cell}: "
            + words(
                f"处理“{said}”看不懂：请填“删除”或“保留”",
                f"unknown decision '{said}': write drop or keep",
            )
        )
    return found[0] if found else ""


def _header(sheet: Any) -> list[str]:
    return [text_of(value) for value in next(sheet.iter_rows(values_only=True, max_row=1), ())]


def _sheet(book: Any, name: str, path: Path) -> list[Seen]:
    """The lines of one sheet, by their header's names; empty lines are skipped."""
    rows = book[name].iter_rows(values_only=True, min_row=2)
    header = _header(book[name])
    keys = [labels.column_key(title) for title in header]
    missing = [labels.column(key) for key in HEAD[2:] if key not in keys]
    if missing:
        raise UserError(
            f"{shown(path)} {name}: "
            + words(f"第1行缺少列 {', '.join(missing)}", f"row 1 lacks {', '.join(missing)}")
        )
    column = get_column_letter(keys.index("question") + 1)
    found = []
    for number, cells in enumerate(rows, 2):
        # In the header's order, not a set's: options stand in the order of their columns.
        values = dict.fromkeys(filter(None, keys), "")
        extra = {}
        for key, title, cell in zip(keys, header, cells, strict=False):
            text = text_of(cell)
            if key:
                values[key] = text
            elif title and text:
                extra[title] = text
        if values["question"]:
            found.append(_seen(values, f"{path.name} {name}!{column}{number}", extra))
    return found


Marks = dict[str, tuple[str, str, str]]


def _marks(book: Any, beside: Path) -> Marks:
    """Key → (fingerprint as parsed, as written, "?" for a doubt), from the hidden sheet, or from
    the file ``beside`` the workbook where a program dropped the sheet."""
    if BASE in book.sheetnames:
        lines = [list(map(text_of, line)) for line in book[BASE].iter_rows(values_only=True)]
    else:
        lines = [line["mark"] for line in read_jsonl(beside)] if beside.is_file() else []
    return {
        key: (parsed, written, doubt)
        for key, parsed, written, doubt in ((*line, "", "", "")[:4] for line in lines)
    }


def _sheets(book: Any, path: Path) -> tuple[list[Seen], list[Seen] | None]:
    """The lines of the sheet of all questions (or of whichever sheet has its columns), and of the
    sheet of doubts, None where it is gone."""
    main = ALL
    if ALL not in book.sheetnames:
        others = [name for name in book.sheetnames if name not in (DOUBTS, BASE)]
        titles = {name: set(map(labels.column_key, _header(book[name]))) for name in others}
        fits = [name for name in others if titles[name].issuperset(HEAD[2:])]
        if not fits:
            raise UserError(
                f"{shown(path)}: "
                + words(f"缺少工作表“{ALL}”：请恢复它", f"sheet '{ALL}' is missing: restore it")
            )
        main = fits[0]
    doubts = _sheet(book, DOUBTS, path) if DOUBTS in book.sheetnames else None
    return _sheet(book, main, path), doubts


def read(path: Path, beside: Path | None = None) -> Review:
    """The decisions in the workbook at ``path``.

    Raises :class:`UserError` naming the cell for what cannot be understood, and when the two sheets
    of questions were edited into different answers for one question.
    """
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError) as error:
        why = words("打不开，不是工作簿", "cannot be opened as a workbook")
        raise UserError(f"{shown(path)}: {why} ({error})") from None
    review = Review()
    base = _marks(book, beside or path.with_name(".baseline.jsonl"))
    main, doubts = _sheets(book, path)
    book.close()
    for seen in main:
        _take(review, seen, base)
    _merge(review, doubts or [], base)
    listed = {seen.key for seen in doubts} if doubts is not None else set(base)
    for key, (parsed, written, doubt) in base.items():
        line = review.lines.get(key)
        changed = line is not None and fingerprint(line.row) != written
        if line is None or line.decision == "drop" or (doubt and key not in listed and not changed):
            review.deleted.add(key)
            review.lines.pop(key, None)
        elif fingerprint(line.row) != parsed:
            review.edited.add(key)
    return review


def _take(review: Review, seen: Seen, base: Marks) -> None:
    """Sort one line in: known by its key, or by its content where the key was dropped; else it was
    added by hand (so is a copy of a line that was changed)."""
    key = seen.key or key_of(clean.keys(seen.row))
    twin = review.lines.get(key)
    if key in base and twin is None:
        review.lines[key] = replace(seen, key=key)
    elif twin is None or fingerprint(twin.row) != fingerprint(seen.row):
        review.added.append(replace(seen, key=""))


def _merge(review: Review, doubts: Sequence[Seen], base: Marks) -> None:
    """Take over what was edited on the sheet of doubts."""
    for seen in doubts:
        if seen.key not in base:
            review.added.append(replace(seen, key=""))
            continue
        line = review.lines.get(seen.key)
        if line is None:
            continue
        written = base[seen.key][1]
        if fingerprint(seen.row) != written:
            if fingerprint(line.row) not in (written, fingerprint(seen.row)):
                raise UserError(
                    words(
                        f"{seen.cell} 与 {line.cell}：同一题改成了两种内容：请改成一致",
                        f"{seen.cell} and {line.cell}: one question was edited into two: "
                        "make them agree",
                    )
                )
            review.lines[seen.key] = replace(line, row=seen.row)
        review.lines[seen.key].decision = seen.decision or line.decision


@dataclass(slots=True)
class Applied:
    """Rows with a person's decisions put onto them. ``known``: their keys; ``lines``: by row id
    those that a person has, or may have, in the workbook; ``met``: keys that the sources gave."""

    rows: list[Row] = field(default_factory=list)
    known: list[clean.Keys] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    deleted: int = 0
    examples: list[learn.Example] = field(default_factory=list)
    learned: int = 0

    def take(self, line: Line, known: clean.Keys | None = None) -> None:
        """Add one row of the workbook."""
        self.rows.append(line.row)
        self.known.append(known or clean.keys(line.row))
        self.lines[line.row.id] = line


def apply(
    rows: Sequence[Row], known: Sequence[clean.Keys], review: Review, ledger: Ledger
) -> Applied:
    """The freshly read ``rows`` as a person left them, with edited rows whose source has gone and
    rows added by hand at the end. Every deletion and edit gets a ledger line.

    Rows of :data:`BULK` kinds that the workbook does not show pass without one."""
    result, met = Applied(), set()
    named = [known_as(keys, review) for keys in known]
    result.examples = [
        learn.Example(row, review.lines[key].row)
        for row, key in zip(rows, named, strict=True)
        if key in review.edited and key in review.lines
    ]
    like = _like(rows, named, review, result.examples)
    for row, keys, key in zip(rows, known, named, strict=True):
        if id(row) in like:
            ledger.note(row, Finding("learned", f"{row.question} -> {row.answer}"[:200]))
            result.learned += 1
            row, keys = like[id(row)], clean.keys(like[id(row)])
        if key in review.deleted:
            ledger.note(row, Finding("deleted"))
            result.deleted += 1
            continue
        met.add(key)
        seen = review.lines.get(key)
        if seen is None and row.kind in BULK:
            result.rows.append(row)
            result.known.append(keys)
        elif seen is None:
            result.take(Line(row, key, fingerprint(row)), keys)
        else:
            edited = key in review.edited
            line = Line(row, key, fingerprint(row), seen.decision, edited, seen.extra)
            if edited:
                line.row = _edited(row, seen.row)
                ledger.note(row, Finding("edited", f"{row.question} -> {row.answer}"[:200]))
            if seen.decision == "keep":
                line.row.flags = []
            result.take(line, None if edited else keys)
    number = len(rows)
    for line in _beyond(review, met):
        number += 1
        line.row.id = f"{rows[0].id.rpartition('-')[0]}-{number:06d}" if rows else f"{number:06d}"
        result.take(line)
    return result


def _like(
    rows: Sequence[Row], named: Sequence[str], review: Review, examples: Sequence[learn.Example]
) -> dict[int, Row]:
    """The rows that a person's corrections mend although nobody looked at them, by the identity of
    the row as read: those of the same file that show the same signs."""
    made: dict[int, Row] = {}
    for file in {example.old.source.file for example in examples}:
        mine = [x for x in examples if x.old.source.file == file]
        told = [(row, key) for row, key in zip(rows, named, strict=True) if row.source.file == file]
        better = learn.mended([row for row, _ in told], mine)
        for k, row in better.items():
            old, key = told[k]
            seen = review.lines.get(key)
            if key not in review.edited and not (seen and seen.decision == "keep"):
                made[id(old)] = row
    return made


def _beyond(review: Review, met: set[str]) -> Iterator[Line]:
    """The lines that only the workbook knows: edited ones whose source has gone, added ones."""
    known = [(key, seen) for key, seen in review.lines.items() if key not in met]
    added = [("+" + key_of(clean.keys(seen.row))[1:], seen) for seen in review.added]
    for key, seen in (*known, *added):
        if key in met or not (key[0] == "+" or key in review.edited) or seen.decision == "drop":
            continue
        met.add(key)
        if key[0] != "+" and seen.decision != "keep":
            seen.row.flags = [Finding("source-gone", "来源已无此题", "the bank no longer has it")]
        yield Line(seen.row, key, "", seen.decision, True, seen.extra)


def _edited(row: Row, new: Row) -> Row:
    """``row`` with what a person wrote; its source, number and remaining doubts stay."""
    return replace(
        row,
        question=new.question,
        answer=new.answer,
        kind=new.kind,
        options=new.options,
        letters=new.letters,
        explanation=new.explanation,
        flags=[],
    )
