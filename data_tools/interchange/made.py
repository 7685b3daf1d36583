"""What all formats of questions share: texts, options, answers and the row that they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.rows import Row, Source
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import answers, html
from data_tools.readers.patterns import section_kind

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NO_ANSWER, NO_QUESTION, NOT_OPTION = "no-answer", "no-question", "answer-not-an-option"
RIGHT, WRONG = "正确", "错误"
_MARKUP = re.compile(
    r"</?(?:p|div|br|span|su[bp]|b|i|u|s|del|em|strong|img|table|t[rdh]|[uo]l|li|font|h[1-6]|pre|code"
    r"|a|math|mark|strike)\b[^<>]{0,2000}>|&(?:nbsp|lt|gt|amp|quot|[a-z]{2,8}|#x?[\da-f]{2,6});",
    re.I,
)
_IMAGE = "[图片"


class Plain(str):
    """A text that its format declares to be no HTML: what looks like a tag in it is text."""

    __slots__ = ()


def text_of(value: str) -> str:
    """A text as displayed: HTML resolved where there is any, outer space gone."""
    marked = not isinstance(value, Plain) and _MARKUP.search(value)
    return html.plain(value) if marked else value.strip()


@dataclass
class Question:
    """A question as a format states it. ``right`` are positions of right options (from 0), ``said``
    the answer of one without options; ``kind`` as in rows, or "" to be told by the rest."""

    stem: str
    options: list[str] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    said: str = ""
    kind: str = ""
    explanation: str = ""
    flags: list[str] = field(default_factory=list)

    def row(self, source: Source) -> Row | str:
        """The row, or the reason why there is none."""
        stem, said = text_of(self.stem), text_of(self.said)
        options = [text_of(option) for option in self.options][: len(LETTERS)]
        if not stem:
            return NO_QUESTION
        if options and not self.right:
            return NOT_OPTION if said else NO_ANSWER
        if not options and not said:
            return NO_ANSWER
        flags = list(self.flags)
        shown = [stem, said, *options]
        if any(_IMAGE in text for text in shown) and "image" not in flags:
            flags.append("image")
        letters = "".join(LETTERS[k] for k in sorted(set(self.right)) if k < len(options))
        told = dict(zip(LETTERS, options, strict=False))
        answer = "；".join(f"{letter}. {told[letter]}" for letter in letters) if options else said
        if any(not text for text in options):
            flags.append("empty-option")
        kind = self.kind or _kind(options, letters, said)
        if kind == "single" and len(letters) > 1:
            kind = "multiple"
        return Row(
            stem, answer, source, kind, options=told, letters=letters,
            explanation=text_of(self.explanation), flags=flags,
        )  # fmt: skip


def judged(right: bool, stem: str) -> str:
    """A judgement in the language of its question."""
    if any("\u4e00" <= char <= "\u9fff" for char in stem):
        return RIGHT if right else WRONG
    return "True" if right else "False"


def _kind(options: Sequence[str], letters: str, said: str) -> str:
    """The kind of a question that does not say it."""
    if options:
        judged = len(options) == 2 and all(answers.judgement(text) for text in options)
        return "judge" if judged else "multiple" if len(letters) > 1 else "single"
    return "judge" if said in (RIGHT, WRONG) or answers.plain_judgement(said) else "qa"


def kind_of(told: str) -> str:
    """The kind that a format's own word means; "" where it means none of ours."""
    return section_kind(told) if told else ""


class Taker:
    """Turns the questions of one file into rows, ledger entries and its report."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        self.name, self.sha, self.ledger = name, sha, ledger
        self.report = SourceReport(name, sha)

    def row(self, question: Question, locator: str, text: str) -> list[Row]:
        """The row of a question, or none and a line in the ledger."""
        made = question.row(Source(self.name, self.sha, locator, text))
        if isinstance(made, Row):
            self.report.questions += 1
            return [made]
        self.lost(locator, made, text)
        return []

    def lost(self, locator: str, reason: str, text: str) -> None:
        """Note a question that gave no row."""
        self.report.lost += 1
        self.ledger.add(self.name, locator, reason, text)

    def done(self) -> None:
        """The file is exhausted."""
        self.ledger.sources.append(self.report)
