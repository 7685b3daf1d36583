"""Other wordings of training questions, by rules: no model, nothing invented.

A small model that saw one wording of a question answers that wording (docs/benchmarks.md). A rule
turns the sentence (发明者 into 谁发明了, 最大的湖 into 哪个湖最大), puts a question word or a
common word in the place of its equal, or the question into a frame (``wordings.yaml``). Kept is
what the data tools themselves count as the same question: every number, name in brackets or quotes,
Latin word, negation and superlative of the original stands in it, the answer does not, and it is
no repetition of a held-out or probe question. Options change places, their letters with them; a
statement to be judged comes in another frame.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from core.choices import chosen, reordered
from core.domain import Domain
from core.errors import UserError
from core.explanations import NONE
from core.language import words
from core.rows import Row
from core.text import bare
from data_tools import contamination, groups

MADE = "rewritten"  # in ``source.made``: who or what put the question into these words
MOST = 8  # wordings a row: more shapes than that no question has
TRIES = 4  # draws a wording: many make one that is there already
SPARE = 2  # wordings made beyond what is asked for, for those that repeat a probe

TABLES = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))

_MARKS = re.compile(r"[\s:：?？。.，,]+$|[（(](?:[\s　]*|[多单]选题?|判断题?)[)）]$|_{2,}$")
_PLAIN = str.maketrans("", "", "《》“”\"'‘’「」")
_ENDS = ("？", "？", "", "?")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9.+-]*")
_NAMED = re.compile(r"[《“\"「](.+?)[》”\"」]")
_PARTS = str.maketrans({mark: f"{{{number}}}" for number, mark in enumerate("①②③④")})


_EQUAL = re.compile("|".join(sorted(TABLES["equal"], key=len, reverse=True)))


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{([A-Z]+)\}", lambda name: TABLES["lists"][name[1]], pattern))


SHAPES = [
    (_shape(shape["of"]), [text.translate(_PARTS) for text in shape["to"]])
    for shape in TABLES["shapes"]
]


def of_question(question: str, count: int, pick: random.Random) -> list[str]:
    """Up to ``count`` other wordings of an open question, the most different shapes first."""
    stem = question
    while stem != (shorter := _MARKS.sub("", stem)):
        stem = shorter
    shapes = [stem, *_turned(stem)]
    pick.shuffle(shapes)
    made: dict[str, str] = {}
    for number in range(TRIES * count):
        frame = pick.choice(TABLES["frames"]) + pick.choice(_ENDS)
        asked = _exchanged(shapes[number % len(shapes)], pick)
        text = frame.replace("呢", "" if asked[-1:] in "吗呢么吧" else "呢").format(asked)
        if _keeps(question, text):
            made.setdefault(bare(text), text)
    made.pop(bare(question), None)
    return list(made.values())[:count]


def _turned(stem: str) -> list[str]:
    """The sentence in its other shapes; empty where none of them is known."""
    for pattern, templates in SHAPES:
        if match := pattern.fullmatch(stem):
            parts = [part or "" for part in match.groups()]
            return [text for template in templates if (text := template.format(*parts)) != stem]
    return []


def _exchanged(text: str, pick: random.Random) -> str:
    """Words in the place of their equals, each with even chance; names without their brackets."""

    def equal(word: re.Match[str]) -> str:
        return pick.choice(TABLES["equal"][word[0]]) if pick.random() < 0.5 else word[0]

    text = _EQUAL.sub(equal, text)
    return text.translate(_PLAIN) if pick.random() < 0.4 else text


def _keeps(question: str, text: str) -> bool:
    """Whether ``text`` still asks about all that ``question`` names and counts."""
    named = [*_NAMED.findall(question), *_LATIN.findall(question)]
    before, after = groups.Question(question, Counter()), groups.Question(text, Counter())
    return (
        all(name in text for name in named)
        and before.numbers == after.numbers
        and before.tops == after.tops
        and before.negations == after.negations
    )


def of_row(row: Row, count: int, pick: random.Random) -> Iterator[Row]:
    """``row`` in up to ``count`` other wordings, as its kind allows; of a dialogue, none."""
    if row.history or row.kind == "general":
        return
    if row.options:
        yield from _shuffled(row, count, pick)
        return
    if row.kind == "judge":
        frames = pick.sample(TABLES["judged"], min(count, len(TABLES["judged"])))
        texts = [frame.format(_MARKS.sub("", row.question)) for frame in frames]
    else:
        texts = of_question(row.question, count, pick)
    for text in texts:
        if bare(row.answer) not in bare(text) or bare(row.answer) in bare(row.question):
            yield replace(row, question=text)


_LETTER = re.compile(r"(?<![A-Za-z])[A-H](?![A-Za-z])|[①-⑧]")


def _shuffled(row: Row, count: int, pick: random.Random) -> Iterator[Row]:
    """The options in other orders, each with its right letters."""
    if row.explain != NONE and _LETTER.search(row.explanation):  # it would name other options
        return
    for options, letters in reordered(row.options, row.letters, count, pick):
        yield replace(row, options=options, letters=letters, answer=chosen(letters, options))


def records(
    train: Sequence[Row], held_out: Sequence[Row], count: int, domain: Domain
) -> list[dict[str, Any]]:
    """What ``wordings.jsonl`` holds: up to ``count`` wordings of each row of ``train``, in
    the form of ``train.jsonl``, with ``source.made`` and the row that each was made of
    (``source.of``).

    One that repeats a held-out row or a probe question of the domain, exactly or nearly
    (:mod:`data_tools.contamination`), is left out, so that those go on measuring what was not
    trained. Raises :class:`UserError` for a count that is none.
    """
    if not 0 <= count <= MOST:
        raise UserError(f"WORDINGS={count}: {words(f'应为 0 到 {MOST}', f'should be 0 to {MOST}')}")
    probe = contamination.guard(held_out, domain)
    made = []
    for row in train if count else ():
        pick = random.Random(f"{domain.seed} {row.question}")
        number = 0
        for other in of_row(row, count + SPARE, pick):
            if number < count and not any(probe.hits(other.prompt())):
                number += 1
                record = replace(other, id=f"{row.id}-w{number}").json(domain.system)
                record["source"] |= {"made": MADE, "of": row.id}
                made.append(record)
    return made
