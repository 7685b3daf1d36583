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
from rag.tokens import tokens

SAMPLE = 200  # passages asked for
ABSENT = 75  # percentile of what absent questions find that becomes 0.5
LEAST = 20  # passages of a kind below which there is nothing to learn from
FALLBACK = (0.0, 0.5, 1.0)
_SENTENCE = re.compile(r"[^。！？!?\n]{8,60}")
Scale = tuple[float, float, float]  # cosines that become 0, 0.5 and 1


SORTS = ("asked", "text")  # passages with a question of their own, and without


def sort(question: str) -> str:
    """The sort of a passage, by its question; each sort has a scale of its own."""
    return "asked" if question else "text"


def scales(
    rows: Sequence[dict[str, Any]], vectors: np.ndarray, model: embed.Embedder
) -> dict[str, Scale]:
    """The scale of each sort of passages."""
    found = {}
    for name in SORTS:
        members = [at for at, row in enumerate(rows) if sort(row.get("question", "")) == name]
        found[name] = _scale([rows[at] for at in members], vectors[members], model)
    return found


def _scale(rows: Sequence[dict[str, Any]], vectors: np.ndarray, model: embed.Embedder) -> Scale:
    if len(rows) < LEAST:
        return FALLBACK
    rng = random.Random(0)
    chosen = rng.sample(range(len(rows)), min(SAMPLE, len(rows)))
    questions = model.encode([_question(rows[at], rng) for at in chosen], True)
    answers: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        answers.setdefault(row.get("answer", ""), []).append(at)
    best, own = [], []
    for at, question in zip(chosen, questions, strict=True):
        cosines = vectors @ question
        own.append(float(cosines[at]))
        # What may answer it: its answer elsewhere, or a text's neighbours, which overlap it.
        cosines[
            answers[rows[at].get("answer", "")]
            if rows[at].get("question")
            else slice(max(0, at - 2), at + 3)
        ] = -1
        best.append(float(cosines.max()))
    zero, half = (float(value) for value in np.percentile(best, [1, ABSENT]))
    half = max(half, zero + 1e-3)
    return zero, half, max(float(np.median(own)), half + 1e-3)


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
