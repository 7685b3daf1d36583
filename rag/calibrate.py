"""Scores that mean the same in every index: 0 nothing to do with it, 0.5 doubtful, 1 the same.

A cosine of 0.88 is a lot for one embedding model and one corpus and nothing for another. What a
question finds whose answer is *not* in the corpus can be seen in the corpus itself: take a
passage's own question, and the best passage other than those with its answer. On the civil-service
bank median and quartiles of that came within 0.005 of those of written paraphrases whose own row
had been taken out (docs/rag.md).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from rag import embed
from rag.engine import Engine
from rag.passages import Passage
from rag.tokens import tokens

SAMPLE = 200  # passages asked for
# Percentile of what absent questions find that becomes 0.5. At 40 the bank answers 96% of written
# paraphrases, refuses 95% of requests off the topic and 41% of questions whose row was removed; at
# 50 it is 92, 100 and 56, at 75 63, 100 and 82.
ABSENT = 40
LEAST = 20  # passages of a sort below which there is too little to learn from
_SENTENCE = re.compile(r"[^。！？!?\n]{8,60}")
_SPAN = re.compile(r"c:(\d+)-(\d+)")
NEAR = 100  # passages looked at for each question
RULE = f"{SAMPLE}/{ABSENT}"  # an index calibrated by another rule is calibrated anew
Scale = tuple[float, float, float]  # cosines that become 0, 0.5 and 1


SORTS = ("asked", "text")  # passages with a question of their own, and without


def sort(question: str) -> str:
    """The sort of a passage, by its question; each sort has a scale of its own."""
    return "asked" if question else "text"


def scales(
    rows: Sequence[dict[str, Any]], engine: Engine, model: embed.Embedder
) -> dict[str, Scale]:
    """The scale of each sort of passages; ``engine`` holds them all."""
    found = {}
    for name in SORTS:
        members = [row for row in rows if sort(row.get("question", "")) == name]
        found[name] = _scale(members, engine, model) if len(members) >= LEAST else model.scale
    return found


def _scale(rows: Sequence[dict[str, Any]], engine: Engine, model: embed.Embedder) -> Scale:
    rng = random.Random(0)
    chosen = rng.sample(rows, min(SAMPLE, len(rows)))
    vectors = model.encode([_question(row, rng) for row in chosen], True)
    best, own = [], []
    for row, vector in zip(chosen, vectors, strict=True):
        pool = engine.pool("", vector, NEAR, None)
        cosines = np.zeros(0) if pool.cosines is None else pool.cosines
        found = list(zip(engine.rows(pool.keys), cosines.tolist(), strict=True))
        own += [cosine for one, cosine in found if one.id == row["id"]]
        others = [cosine for one, cosine in found if not _answers(one, row)]
        best.append(max(others, default=min(cosines.tolist(), default=0.0)))
    zero, half = (float(value) for value in np.percentile(best, [1, ABSENT]))
    half = max(half, zero + 1e-3)
    return zero, half, max(float(np.median(own or [1.0])), half + 1e-3)


def _answers(one: Passage, row: dict[str, Any]) -> bool:
    """Whether ``one`` may answer what ``row`` is asked: it has its answer, is of another sort (a
    text about it), or is a text's own neighbour in its chapter, which overlaps it."""
    if sort(one.question) != sort(row.get("question", "")):
        return True
    if one.question:
        return one.answer == row.get("answer")
    return one.id == row["id"] or _overlap(one.source, row["source"])


def _overlap(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two pieces of one text share characters (locators ``c:A-B``)."""
    spans = [_SPAN.fullmatch(source["locator"]) for source in (one, other)]
    if one["file"] != other["file"] or not all(spans):
        return False
    (a, b), (c, d) = (map(int, span.groups()) for span in spans if span)
    return a < d and c < b


def _question(row: dict[str, Any], rng: random.Random) -> str:
    """A passage's own question; a sentence of it where it has none."""
    if row.get("question"):
        return row["question"]
    return rng.choice(_SENTENCE.findall(row["text"]) or [row["text"][:60]])


def apply(cosine: float, scale: Sequence[float]) -> float:
    """A cosine as a score of 0 to 1, in two straight pieces that meet at 0.5."""
    return float(np.interp(cosine, scale, [0.0, 0.5, 1.0]))


def shared(query: str, text: str) -> float:
    """Without vectors: the share of the query's tokens, longer ones counting more, in ``text``."""
    asked, there = set(tokens(query)), set(tokens(text))
    weight = sum(len(token) for token in asked)
    return sum(len(token) for token in asked & there) / weight if weight else 0.0
