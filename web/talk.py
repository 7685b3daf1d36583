"""A spoken dialogue in a situation: who asks, what is said first, what an answer is held against.

Nothing here listens or speaks (:mod:`web.speech`), and nothing draws (``parts/talk.js``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from core.text import bare
from web.quiz import Question

LINES = 200  # lines of a transcript that are kept


@dataclass(frozen=True)
class Situation:
    """``asks``: the page asks questions of the bank, and the person answers; otherwise the person
    asks and the model answers from the bank. ``warns``: the domain's disclaimer is said, too."""

    asks: bool
    warns: bool = False


SITUATIONS = {  # their names and first words are in web/i18n: talk_NAME, talk_NAME_first
    "interview": Situation(asks=True),
    "oral": Situation(asks=False),
    "patient": Situation(asks=False, warns=True),
}


def aloud(asked: Question) -> str:
    """A question as it is read to somebody who does not see it: the options follow the stem."""
    stem = re.sub(r"[（(]\s*[）)]|_{2,}", "什么", asked.stem).rstrip("。.")
    options = "；".join(f"{letter}，{text}" for letter, text in asked.options.items())
    return f"{stem}。{options}" if options else stem


def right(asked: Question, heard: str) -> bool:
    """Whether what was heard holds the bank's answer: all of its words, or of a choice the
    letters, or the right options' words and no other's. A no is no judgement: other words may be
    right as well, and words that sound alike are mistaken by the recogniser."""
    said = bare(heard)
    if not asked.options:
        return bool(bare(asked.answer)) and bare(asked.answer) in said
    letters = "".join(sorted(set(re.findall(r"[A-H]", heard.upper()))))
    named = {one for one, text in asked.options.items() if bare(text) and bare(text) in said}
    return sorted(asked.letters) in (sorted(letters), sorted(named))


def transcript(lines: list[dict[str, Any]], names: dict[str, str]) -> str:
    """The lines as a text file; ``names``: what the two sides are called."""
    return "".join(f"{names[one['who']]}：{one['text']}\n" for one in lines)
