"""Aiken: a stem, lettered options, ``ANSWER: B``. It holds choices with one right option alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.files import write_text
from core.language import words
from core.rows import Row
from data_tools.exports import question as of


def refuses(row: Row) -> str:
    """Why Aiken cannot hold ``row``."""
    if not (of.choice(row) and of.one_right(row) and len(row.options) > 1):
        return words("Aiken 只有单选题", "Aiken has nothing but choices with one right option")
    if any("\n" in text for text in (row.question, *row.options.values())):
        return words("Aiken 里一段文字只有一行", "a text is one line in Aiken")
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``rows``, one a block."""
    blocks = []
    for row in rows:
        options = (f"{letter}. {text}" for letter, text in row.options.items())
        blocks.append("\n".join([row.question, *options, f"ANSWER: {row.letters}"]))
    write_text(file, "\n\n".join(blocks) + "\n")
