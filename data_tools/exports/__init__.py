"""A data set's questions in the formats of other tools: what each of them can hold, and no more.

Each module writes one format. What is written is read again by the reader of that format, and a
question that does not come back as it is stays out and is named: nothing is flattened on the way.
Anki, Moodle and QTI show text as HTML does, where runs of spaces are one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import UserError
from core.files import read_jsonl, shown
from core.language import words
from core.rows import Row, row_of
from core.text import bare
from data_tools import interchange
from data_tools.exports import aiken, anki, gift, moodle, paper, qti, sheet
from data_tools.exports.question import Left, judged
from data_tools.ledger import Ledger
from data_tools.readers.how import USUAL

Writer = Callable[[Path, Sequence[Row], str], None]
Refusal = Callable[[Row], str]


@dataclass(frozen=True)
class Format:
    """``file``: the name of what is written; ``write`` takes it, the rows and the set's title;
    ``refuses`` says why a row cannot be held ("" where it can); ``exact``: every question must come
    back from the format's reader (a paper for people is read by rules of thumb, and need not);
    ``without`` names what the format has no place for, in the reader's language."""

    file: str
    write: Writer
    refuses: Refusal
    exact: bool = True
    without: tuple[str, str] = ("", "")


NO_EXPLANATION = ("解析（格式没有它的位置）", "explanations (the format has no place for them)")
FORMATS = {
    "xlsx": Format("questions.xlsx", sheet.write, sheet.refuses),
    "docx": Format("questions.docx", paper.write, paper.refuses, exact=False),
    "anki": Format("questions.apkg", anki.write, anki.refuses),
    "gift": Format("questions.gift", gift.write, gift.refuses),
    "moodle": Format("questions.xml", moodle.write, moodle.refuses),
    "qti": Format("questions.zip", qti.write, qti.refuses),
    "aiken": Format("questions.txt", aiken.write, aiken.refuses, without=NO_EXPLANATION),
}


@dataclass
class Made:
    """What was written: the files, how many questions they hold, and which stayed out."""

    files: list[Path]
    kept: int
    left: list[Left] = field(default_factory=list)
    changed: int = 0  # of a paper: questions that our reader would take otherwise


def export(data: Path, form: str, title: str, to: Path | None = None) -> Made:
    """Write the questions of the data set in ``data`` to ``to`` (``data/export/FORM``).

    Raises :class:`UserError` where not one of them can be held."""
    about, folder = FORMATS[form], to or data / "export" / form
    given = list(questions(data))
    left = [Left(row, reason) for row in given if (reason := refused(about, row))]
    out = {id(one.row) for one in left}
    rows = [row for row in given if id(row) not in out]
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / about.file
    lost = written(about, file, rows, title)
    if about.exact and lost:
        gone = {id(row) for row in lost}
        reason = words("读回来会变样", "would not come back as it is")
        left += [Left(row, reason) for row in lost]
        rows = [row for row in rows if id(row) not in gone]
        lost = written(about, file, rows, title)
    if not rows:
        file.unlink(missing_ok=True)
        why = left[0].reason if left else words("没有题目", "no questions")
        nothing = words(f"没有可写成 {form} 的题", f"nothing to write as {form}")
        raise UserError(f"{shown(data)}: {nothing} ({why})")
    made = sorted(one for one in folder.iterdir() if one.suffix == file.suffix)
    return Made(made, len(rows), left, len(lost))


def questions(data: Path) -> Iterator[Row]:
    """The questions of a data set, in the order in which they were read; general conversations,
    which are no questions of the bank, left out."""
    records = [
        record
        for name in ("train.jsonl", "eval.jsonl")
        if (data / name).is_file()
        for record in read_jsonl(data / name)
        if record["kind"] != "general"
    ]
    if not records:
        raise UserError(
            f"{shown(data)}: {words('没有题目，先 make data', 'no questions: make data first')}"
        )
    yield from map(row_of, sorted(records, key=lambda record: str(record["id"])))


_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def refused(about: Format, row: Row) -> str:
    """Why the format cannot hold ``row``; "" where it can."""
    if row.history:
        return words("多轮对话", "a dialogue of several turns")
    texts = (row.question, row.answer, row.explanation, *row.options.values())
    if any(map(_NO_XML.search, texts)):
        return words("含 XML 不允许的字符", "holds characters that XML does not allow")
    return about.refuses(row)


def written(about: Format, file: Path, rows: Sequence[Row], title: str) -> list[Row]:
    """Write ``rows`` and return those that the format's reader does not give back."""
    about.write(file, rows, title)
    explained = not about.without[0]
    try:
        read = interchange.reader(file)(file, Ledger(), file.name, USUAL)
        there = Counter(signature(row, explained) for row in read)
    except UserError:
        return list(rows)
    lost = []
    for row in rows:
        sign = signature(row, explained)
        if there[sign] > 0:
            there[sign] -= 1
        else:
            lost.append(row)
    return lost


def signature(row: Row, explained: bool = True) -> tuple[object, ...]:
    """What must come back of a question: its words line by line (runs of blanks count as one),
    options, the right ones or the answer, the explanation. A judgement counts by its sense."""
    answer: object = row.letters if row.options else _lines(row.answer)
    options = tuple((letter, _lines(text)) for letter, text in row.options.items())
    if row.kind == "judge" and (right := judged(row)) is not None:
        options, answer = (), right
    why = _lines(row.explanation) if explained else ()
    return _lines(row.question), options, answer, why


def _lines(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def told(left: Iterable[Left]) -> list[str]:
    """One line a reason: how many stayed out, and the first of them."""
    by: dict[str, list[Row]] = {}
    for one in left:
        by.setdefault(one.reason, []).append(one.row)
    return [
        words(f"未写出 {len(rows)} 题", f"{len(rows)} left out")
        + f": {reason} ({words('如', 'as')} {bare(rows[0].question)[:20]})"
        for reason, rows in sorted(by.items(), key=lambda pair: -len(pair[1]))
    ]
