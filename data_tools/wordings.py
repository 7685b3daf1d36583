"""Other wordings of training questions, by rules: no model, nothing invented; and the guards of
those that a model wrote (:mod:`data_tools.generate.reword`).

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from core import units
from core.choices import chosen, reordered
from core.domain import Domain
from core.errors import UserError
from core.explanations import NONE
from core.language import words
from core.rows import Row
from core.text import bare
from data_tools import contamination, groups, taught

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
_COUNT = re.compile("[二两三四五六七八九十百千万亿]+")  # 一 stands in question words
_MEASURED = re.compile(rf"(?:多少|几)(?![年月日号点届次])个?({units.UNIT})")
_HAN = re.compile(r"[\u4e00-\u9fff]")
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
    """Whether ``text`` still asks about all that ``question`` names and counts, in its unit, and
    for the same kind of thing."""
    before, after = groups.Question(question, Counter()), groups.Question(text, Counter())
    return (
        all(name in text for name in _NAMED.findall(question))
        and set(_LATIN.findall(question)) == set(_LATIN.findall(text))
        and before.numbers == after.numbers
        and before.tops == after.tops
        and before.negations == after.negations
        and set(_COUNT.findall(before.text)) == set(_COUNT.findall(after.text))
        and _units(question) == _units(text)
        and not _another(asked_for(question), asked_for(text))
    )


def _units(question: str) -> set[units.Unit]:
    """The units of measure in which ``question`` wants its answer."""
    found = map(units.unit, _MEASURED.findall(question))
    return {unit for unit in found if units.is_physical(unit[0])}


def asked_for(question: str) -> set[str]:
    """What ``question`` asks for by its question words: who, when, where …; empty for what."""
    return {kind for kind, said in TABLES["asked"].items() if re.search(said, question)}


def _another(one: set[str], other: set[str]) -> bool:
    return bool(one and other and one.isdisjoint(other))


def same(question: str, text: str) -> bool:
    """Whether a model's ``text`` asks what ``question`` does. Rules know what they exchange; of
    a model every character of what the question is about must stand there again (a name is told
    from a word by nothing), words of ``equal`` in the place of each other, nothing that narrows
    it (北方最大 for 最大) added, and no more new than old."""
    old, new = _content(question), _content(text)
    added = new - old
    return (
        _keeps(question, text)
        and old <= new
        and len(added) <= len(new & old)
        and added.isdisjoint(TABLES["narrows"])
        and (asked_for(text) <= asked_for(question) or not asked_for(question))
        and bare(question) != bare(text)
    )


_LIKE = {word: key for key, equals in TABLES["equal"].items() for word in (*equals, key)}
_ANY = re.compile("|".join(sorted(_LIKE, key=len, reverse=True)))


def _content(question: str) -> set[str]:
    """The Chinese characters of what ``question`` is about, equal words made one."""
    text = _ANY.sub(lambda word: _LIKE[word[0]], groups.canon(question))
    found = set(_HAN.findall("".join(groups.tokens(text))))
    return found.difference(TABLES["loose"])


def gives_away(row: Row, text: str) -> bool:
    """Whether ``text`` holds the answer to ``row``, and the question itself does not."""
    texts = [row.options[letter] for letter in row.letters] if row.options else [row.answer]
    return any(bare(one) in bare(text) and bare(one) not in bare(row.question) for one in texts)


def may_reword(row: Row) -> bool:
    """Whether a model is asked for other wordings of ``row``: not of a dialogue, and not of a
    statement, which a slight turn makes false."""
    return not row.history and row.kind not in ("general", "judge")


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
        if not gives_away(row, text):
            yield replace(row, question=text)


_LETTER = re.compile(r"(?<![A-Za-z])[A-H](?![A-Za-z])|[①-⑧]")


def _shuffled(row: Row, count: int, pick: random.Random) -> Iterator[Row]:
    """The options in other orders, each with its right letters."""
    if row.explain != NONE and _LETTER.search(row.explanation):  # it would name other options
        return
    for options, letters in reordered(row.options, row.letters, count, pick):
        yield replace(row, options=options, letters=letters, answer=chosen(letters, options))


def records(
    train: Sequence[Row],
    held_out: Sequence[Row],
    count: int,
    domain: Domain,
    written: Mapping[str, taught.Wordings] = taught.NO_WORDINGS,
) -> list[dict[str, Any]]:
    """What ``wordings.jsonl`` holds: up to ``count`` wordings of each row of ``train`` by rules and
    as many of those that a model wrote (``written``, by :func:`taught.key_of`), in the form of
    ``train.jsonl``, with ``source.made``, the row that each was made of (``source.of``) and the
    model (``source.by``).

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
        texts, model = written.get(taught.key_of(row.prompt(), row.answer), taught.NO_TEXTS)
        sides: tuple[tuple[Iterable[Row], dict[str, str]], ...] = (
            (of_row(row, count + SPARE, pick), {}),
            (of_model(row, texts), {"by": model}),
        )
        seen = {bare(row.prompt())}
        for others, by in sides:
            for other in fresh(others, probe, count, seen):
                record = replace(other, id=f"{row.id}-w{len(seen) - 1}").json(domain.system)
                record["source"] |= {"made": MADE, "of": row.id, **by}
                made.append(record)
    return made


def of_model(row: Row, texts: Iterable[str]) -> Iterator[Row]:
    """``row`` in those of a model's wordings that may stand for it."""
    for text in texts:
        if may_reword(row) and same(row.question, text) and not gives_away(row, text):
            yield replace(row, question=text)


def fresh(
    others: Iterable[Row], probe: contamination.Probe, count: int, seen: set[str]
) -> Iterator[Row]:
    """Up to ``count`` of ``others`` that are not ``seen`` yet and repeat nothing of ``probe``."""
    for other in others:
        if not count:
            return
        if bare(other.prompt()) not in seen and not any(probe.hits(other.prompt())):
            seen.add(bare(other.prompt()))
            count -= 1
            yield other
