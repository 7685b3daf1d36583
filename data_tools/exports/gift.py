"""Moodle's GIFT, in plain text (``[plain]``): signs that mean something are escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from core.files import write_text
from core.language import words
from core.rows import Row
from data_tools.exports import question as of

SHORT = 255  # characters of a short answer in Moodle's database
_SIGNS = re.compile(r"[~=#{}:\\]")


def refuses(row: Row) -> str:
    """Why GIFT cannot hold ``row``."""
    if of.choice(row) or of.verdict(row) is not None:
        return ""
    if "\n" in row.answer or len(row.answer) > SHORT:
        return words("GIFT 没有长答案", "GIFT has no long answers")
    if "->" in row.answer:
        return words("答案里的 -> 在 GIFT 里是配对", "-> in an answer makes pairs in GIFT")
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``rows``, one a block."""
    head = f"$CATEGORY: {' '.join(title.replace('/', '//').split())}"
    write_text(file, "\n\n".join([head, *map(_block, rows)]) + "\n")


def _block(row: Row) -> str:
    why = f"####{escaped(row.explanation)}" if row.explanation else ""
    return f"::{of.key(row)}::[plain]{escaped(row.question)} {{{_answers(row)}{why}}}"


def _answers(row: Row) -> str:
    right = of.verdict(row)
    if right is not None:
        return "TRUE" if right else "FALSE"
    if not row.options:
        return f"={escaped(row.answer)}"
    if of.one_right(row):
        return " ".join(
            f"{'=' if letter == row.letters else '~'}{escaped(text)}"
            for letter, text in row.options.items()
        )
    worth = share(len(row.letters))
    return " ".join(
        f"~%{worth if letter in row.letters else -100}%{escaped(text)}"
        for letter, text in row.options.items()
    )


def share(count: int) -> str:
    """What each of ``count`` right options is worth, in Moodle's own fractions of 100."""
    return f"{100 / count:.5f}".rstrip("0").rstrip(".")


def escaped(text: str) -> str:
    """``text`` on one line, every sign of GIFT taken literally."""
    return _SIGNS.sub(r"\\\g<0>", text).replace("\n", "\\n")
