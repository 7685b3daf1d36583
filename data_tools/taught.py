"""What a teacher model wrote for a data set, in its folder, for the next build.

``explanations.jsonl`` (:mod:`data_tools.generate.explain`): filled in where a source has none and
``EXPLAIN=`` asks for them. ``rewordings.jsonl`` (:mod:`data_tools.generate.reword`): training
questions in other words, where ``WORDINGS=`` asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import UserError
from core.explanations import NONE
from core.files import digest, read_jsonl, shown
from core.language import words
from core.rows import Row, row_of
from core.text import bare
from data_tools.sources import Inputs
from data_tools.workbook import BULK

FILE, MADE = "explanations.jsonl", "taught"
REWORDED = "rewordings.jsonl"
Wordings = tuple[list[str], str]  # texts, and the model that wrote them
NO_TEXTS: Wordings = ([], "")
NO_WORDINGS: Mapping[str, Wordings] = {}


@dataclass(frozen=True)
class Taught:
    """Explanations and wordings, by :func:`key_of`."""

    explanations: Mapping[str, str] = field(default_factory=dict)
    wordings: Mapping[str, Wordings] = field(default_factory=dict)


def key_of(prompt: str, answer: str) -> str:
    """The name of a question with its answer, however it is typed."""
    return digest(bare(prompt), bare(answer))[:16]


def read(out: Path, inputs: Inputs) -> Taught:
    """What was written for the data set in ``out`` and ``inputs`` ask for."""
    why, how = out / FILE, out / REWORDED
    explained = read_jsonl(why) if inputs.explain != NONE and why.is_file() else ()
    reworded = read_jsonl(how) if inputs.wordings and how.is_file() else ()
    return Taught(
        {line["key"]: line["explanation"] for line in explained},
        {line["key"]: (line["texts"], line["model"]) for line in reworded},
    )


def trained(out: Path) -> Iterator[Row]:
    """The training rows of the data set in ``out`` that a teacher may be asked about: none of a
    table, none of a dialogue. Raises :class:`UserError` where there is no data set."""
    train = out / "train.jsonl"
    if not train.is_file():
        raise UserError(f"{shown(out)}: {words('请先运行 make data', 'run make data first')}")
    for record in read_jsonl(train):
        if record["kind"] not in BULK and len(record["conversation"]) == 1:
            yield row_of(record)


def fill(rows: Iterable[Row], explanations: Mapping[str, str]) -> None:
    """Give ``rows`` that have no explanation the one of the teacher, and say so in their source.

    Before a person's edits are put onto them: who empties the cell in ``review.xlsx`` has the last
    word."""
    for row in rows if explanations else ():
        if not row.explanation and (found := explanations.get(key_of(row.prompt(), row.answer))):
            row.explanation, row.source = found, replace(row.source, made=MADE)
