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

from rag import asked, demands, embed, fit
from rag.passages import Passage
from rag.store import Store
from rag.tokens import tokens

SAMPLE = 200  # passages asked for
# Percentile of what absent questions find that becomes 0.5, of the cosine and of the margin. The
# second was set on 323 written paraphrases over 22,778 of the bank's passages (docs/benchmarks.md):
# about 93% are answered (interpolated between percentiles), none of the requests off the topic, and
# 34% of those whose row was removed; over 4,922 of them 95%, 5% and 40%. Words shared (of the
# question, of the passage, weighed or not) told no more: 35% instead of 36% for the best of them.
# Not confirmed on the whole bank.
ABSENT = 40
ABSENT_MARGIN = 62
RIVALS = slice(5, 25)  # by cosine: what stands about a question where nothing answers it
OWN, OTHERS = 1.5, 0.5  # a passage's own scaled cosine and its rivals' in its margin
LEAST = 20  # passages of a sort below which there is too little to learn from
_SENTENCE = re.compile(r"[^。！？!?\n]{8,60}")
_SPAN = re.compile(r"c:(\d+)-(\d+)")
NEAR = 100  # passages looked at for each question
RULE = (
    f"{SAMPLE}/{ABSENT}/{ABSENT_MARGIN}/2"  # an index calibrated by another rule is calibrated anew
)
Scale = tuple[float, float, float]  # cosines that become 0, 0.5 and 1


SORTS = ("asked", "text")  # passages with a question of their own, and without


def sort(question: str) -> str:
    """The sort of a passage, by its question; each sort has a scale of its own."""
    return "asked" if question else "text"


def scales(
    rows: Sequence[dict[str, Any]], store: Store, model: embed.Embedder
) -> dict[str, dict[str, Scale]]:
    """``scales`` of cosines, one for each sort of passages, and ``margins`` of what stands out from
    its rivals, where there was enough to learn that from; ``store`` holds the passages."""
    found: dict[str, dict[str, Scale]] = {"scales": {}, "margins": {}}
    for name in SORTS:
        members = [row for row in rows if sort(row.get("question", "")) == name]
        seen = _asked(members, store, model) if len(members) >= LEAST else []
        if len(seen) < LEAST:
            found["scales"][name] = model.scale
            continue
        best, own, rivals = (np.array(values) for values in zip(*seen, strict=True))
        scale = _three(best, own[own > 0], ABSENT)
        found["scales"][name] = scale
        if name == "asked" and not np.isnan(rivals).any():  # a text's neighbours overlap it
            there, absent, others = (np.interp(x, scale, HEIGHTS) for x in (own, best, rivals))
            margins = OWN * absent - OTHERS * others
            found["margins"][name] = _three(margins, OWN * there - OTHERS * others, ABSENT_MARGIN)
    return found


HEIGHTS = (0.0, 0.5, 1.0)


def _three(absent: np.ndarray, own: np.ndarray, percentile: float) -> Scale:
    """The values that become 0, 0.5 and 1."""
    zero, half = (float(value) for value in np.percentile(absent, [1, percentile]))
    half = max(half, zero + 1e-3)
    return zero, half, max(float(np.median(own)) if len(own) else 1.0, half + 1e-3)


def rivals(cosines: np.ndarray) -> float:
    """The cosine of what merely stands about a question; NaN where there is too little."""
    if len(cosines) <= RIVALS.start * 2:
        return float("nan")
    return float(np.mean(np.sort(cosines)[::-1][RIVALS]))


def _asked(
    rows: Sequence[dict[str, Any]], store: Store, model: embed.Embedder
) -> list[tuple[float, float, float]]:
    """For questions of the rows themselves: the best cosine of what does not answer them, their own
    row's (0: not found), and their rivals'. Rows that all lack what a question names are refused
    for that already: such a question teaches nothing here."""
    rng = random.Random(0)
    chosen = rng.sample(rows, min(SAMPLE, len(rows)))
    vectors = model.encode([_question(row, rng) for row in chosen], True)
    seen = []
    for row, vector in zip(chosen, vectors, strict=True):
        pool = store.pool("", vector, NEAR, None)
        cosines = np.zeros(0) if pool.cosines is None else pool.cosines
        found = list(zip(store.rows(pool.keys), cosines.tolist(), strict=True))
        named = demands.of(row.get("question", ""))
        others = [cosine for one, cosine in found if not _answers(one, row)]
        able = [
            cosine
            for one, cosine in found
            if not _answers(one, row)
            and fit.fits(named, fit.met(named, one.text))
            and not asked.differs(row.get("question", ""), one)
        ]
        if others and not able:
            continue
        own = next((cosine for one, cosine in found if one.id == row["id"]), 0.0)
        best = max(able, default=min(cosines.tolist(), default=0.0))
        seen.append((best, own, rivals(cosines)))
    return seen


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
    return float(np.interp(cosine, scale, HEIGHTS))


def margin(cosine: float, others: float, scale: Sequence[float], margins: Sequence[float]) -> float:
    """The same for a passage against its rivals: where an answer is there, it stands out."""
    value = OWN * apply(cosine, scale) - OTHERS * apply(others, scale)
    return float(np.interp(value, margins, HEIGHTS))


def shared(query: str, text: str) -> float:
    """Without vectors: the share of the query's tokens, longer ones counting more, in ``text``."""
    asked, there = set(tokens(query)), set(tokens(text))
    weight = sum(len(token) for token in asked)
    return sum(len(token) for token in asked & there) / weight if weight else 0.0
