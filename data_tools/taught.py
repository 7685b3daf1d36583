"""Explanations that a teacher model wrote (:mod:`data_tools.generate.explain`).

``explanations.jsonl`` in the data set's folder: filled in where a source has none and ``EXPLAIN=``
asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from core.files import digest, read_jsonl
from core.rows import Row
from core.text import bare

FILE, MADE = "explanations.jsonl", "taught"


def key_of(prompt: str, answer: str) -> str:
    """The name of a question with its answer, however it is typed."""
    return digest(bare(prompt), bare(answer))[:16]


def read(out: Path) -> dict[str, str]:
    """The explanations that were written for the data set in ``out``, by :func:`key_of`."""
    path = out / FILE
    lines = read_jsonl(path) if path.is_file() else ()
    return {line["key"]: line["explanation"] for line in lines}


def fill(rows: Iterable[Row], explanations: Mapping[str, str]) -> None:
    """Give ``rows`` that have no explanation the one of the teacher, and say so in their source.

    Before a person's edits are put onto them: who empties the cell in ``review.xlsx`` has the last
    word."""
    for row in rows if explanations else ():
        if not row.explanation and (found := explanations.get(key_of(row.prompt(), row.answer))):
            row.explanation, row.source = found, replace(row.source, made=MADE)
