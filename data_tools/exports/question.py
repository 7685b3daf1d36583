"""What the writers share: the sense of a judgement, a choice's right options, HTML, names."""

from __future__ import annotations

import html
from dataclasses import dataclass

from core.files import digest
from core.judgement import SAYS_RIGHT, SAYS_WRONG
from core.rows import Row
from core.text import nfkc

MOST_OPTIONS = 8  # letters A to H: what sheets and cards of other tools have columns for


@dataclass(frozen=True)
class Left:
    """A question that stays out of a file, and why."""

    row: Row
    reason: str


def key(row: Row) -> str:
    """What names a question wherever it goes, and stays when the set is built anew."""
    return digest(row.question, row.options)[:16]


def judged(row: Row) -> bool | None:
    """Whether a judgement says right; None where its words say neither, or it offers more."""
    if row.options and len(row.options) != 2:
        return None
    said = row.options.get(row.letters, "") if row.options else row.answer
    senses = {_sense(text) for text in row.options.values()}
    return None if row.options and senses != {True, False} else _sense(said)


def _sense(text: str) -> bool | None:
    word = nfkc(text).strip().casefold()
    return True if word in SAYS_RIGHT else False if word in SAYS_WRONG else None


def verdict(row: Row) -> bool | None:
    """The sense of a judgement that has no options of its own; None for any other question."""
    return judged(row) if row.kind == "judge" and not row.options else None


def choice(row: Row) -> bool:
    """Whether the question offers options, and names right ones among them."""
    return bool(row.options) and bool(row.letters)


def one_right(row: Row) -> bool:
    """Whether exactly one option may be chosen."""
    return row.kind != "multiple" and len(row.letters) == 1


def name(row: Row) -> str:
    """A short name for lists: the first words of the question, on one line."""
    short = " ".join(row.question.split())
    return short if len(short) <= 40 else short[:39] + "…"


def marked_up(text: str) -> str:
    """``text`` as HTML that shows it as it is."""
    return html.escape(text, quote=False).replace("\n", "<br>")
