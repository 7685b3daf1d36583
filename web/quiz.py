"""The quiz: questions of a bank as they are practised, and how an answer is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.files import digest
from core.judgement import SAYS_RIGHT
from core.rows import row_of
from core.text import bare

RIGHT, WRONG = "正确", "错误"


@dataclass(frozen=True)
class Question:
    """One question. ``key`` outlives a rebuilt bank (rows are numbered anew, words stay);
    ``letters`` are the right options, ``kind`` is single, multiple, judge or short."""

    key: str
    kind: str
    stem: str
    options: dict[str, str]
    letters: str
    answer: str
    explanation: str
    source: dict[str, Any]


def question(row: dict[str, Any]) -> Question:
    """A row of ``train.jsonl`` as a question."""
    stated = row_of(row)
    options, kind, letters = stated.options, stated.kind, stated.letters
    if options:
        kind = "multiple" if kind == "multiple" or len(letters) > 1 else "single"
    elif kind == "judge":
        options = {"A": RIGHT, "B": WRONG}
        letters = "A" if bare(stated.answer) in SAYS_RIGHT else "B"
    else:
        kind = "short"
    return Question(
        digest(bare(row["conversation"][0]["input"]))[:16],
        kind,
        stated.question,
        options,
        letters,
        stated.answer,
        stated.explanation,
        row["source"],
    )


def samples(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Up to three short questions of a bank, spread over it, as examples of what to ask."""
    short = [row["conversation"][0]["input"] for row in rows if row["kind"] == "qa"]
    short = [one for one in short if 6 <= len(one) <= 24 and one[-1] in "？?"]
    return list(dict.fromkeys(short[len(short) * part // 7] for part in (1, 3, 5) if short))


def marked(asked: Question, given: str) -> bool | None:
    """Whether ``given`` (letters, or words) is right; None where only a person can tell: other
    words than the bank's may be right too."""
    if asked.options:
        return "".join(sorted(given)) == "".join(sorted(asked.letters))
    return True if bare(given) == bare(asked.answer) else None


def order(questions: Sequence[Question], seed: int) -> list[int]:
    """The places of the questions in a random order that ``seed`` brings back; a question that
    comes or goes does not move the others."""
    salt = str(seed)
    return sorted(range(len(questions)), key=lambda at: digest(salt, questions[at].key))


def explaining(asked: Question, system: str) -> list[dict[str, str]]:
    """The messages that ask the model why the bank's answer is right, with all that the bank says
    of the question."""
    options = "\n".join(f"{letter}. {text}" for letter, text in asked.options.items())
    parts = [f"题目：{asked.stem}", options, f"标准答案：{asked.answer}"]
    if asked.explanation:
        parts.append(f"题库解析：{asked.explanation}")
    if source := asked.source.get("text", ""):
        parts.append(f"原文：{source[:800]}")
    content = "\n".join(filter(None, parts))
    content += "\n\n只讲解上面这道题：用两三句话说明为什么是这个答案，不要改变答案，不要谈别的题。"
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


NEAR = 0.25  # share of an explanation's character pairs that its question must hold


def about(asked: Question, said: str) -> bool:
    """Whether ``said`` is about this question: it shares a good part of its character pairs with
    what the bank says of it. A rule for what is plainly off the point, no judgement of sense."""
    own = [asked.stem, *asked.options.values(), asked.answer, asked.explanation]
    known = _pairs(" ".join([*own, asked.source.get("text", "")]))
    given = _pairs(said)
    return len(given & known) >= NEAR * max(1, len(given)) if known and given else False


def _pairs(text: str) -> set[str]:
    text = bare(text)
    return {text[at : at + 2] for at in range(len(text) - 1)}
