"""Ways to fail that a score alone can hide, each found by name in the answers of one model."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from core.text import bare
from eval import metrics

# name → the greatest share of answers that passes (a domain may set its own).
LIMITS = {
    "empty": 0.05,
    "echo": 0.10,
    "constant": 0.20,
    "repetition": 0.10,
    "cut": 0.30,
    "listing": 0.05,
    "language": 0.10,
    "refusal": 0.10,
}
GRAM = 4
_CJK = re.compile(r"[\u3400-\u9fff]")


def repeats(text: str) -> bool:
    """At least half of the four-character pieces of a text of 24 or more characters were there
    before. The share is our judgement, not a measured one."""
    text = re.sub(r"\s+", "", text)
    if len(text) < 24:
        return False
    grams = [text[i : i + GRAM] for i in range(len(text) - GRAM + 1)]
    return 1 - len(set(grams)) / len(grams) >= 0.5


def echoes(question: str, given: str) -> bool:
    """The answer is the question again and nothing, or nearly nothing, more."""
    asked, said = bare(question), bare(given)
    return (bool(said) and (said in asked if len(said) > 0.6 * len(asked) else False)) or (
        bool(asked) and said.startswith(asked) and len(said) <= len(asked) + 1
    )


def drifts(question: str, expected: str, given: str) -> bool:
    """A Chinese question with a Chinese answer, answered in hardly any Chinese."""
    if not (_CJK.search(question) and _CJK.search(expected)):
        return False
    words = [char for char in given if char.isalpha()]
    return len(words) >= 8 and len(_CJK.findall(given)) < 0.3 * len(words)


def _listed(rows: list[dict[str, Any]]) -> list[bool]:
    """Per row: it names at least five expected answers of other questions of its suite (two or more
    characters, neither asked about nor part of its own), and three times as many as its own."""
    golds: dict[str, dict[str, None]] = {}
    for row in rows:
        names = row["question"].get("labels") or [row["question"]["answer"]]
        golds.setdefault(row["question"]["suite"], {}).update(
            dict.fromkeys(name for name in map(bare, names) if len(name) > 1)
        )
    found = []
    for row in rows:
        said, asked = bare(row["given"]), bare(row["question"]["question"])
        names = row["question"].get("labels") or [row["question"]["answer"]]
        own = "|".join(map(bare, names))
        others = [
            gold
            for gold in golds[row["question"]["suite"]]
            if gold in said and gold not in asked and gold not in own
        ]
        found.append(len(others) >= max(5, 3 * len(names)))
    return found


def find(rows: list[dict[str, Any]]) -> dict[str, list[float]]:
    """For each of :data:`LIMITS`, 0 or 1 per row. A row: ``question`` (as in the question file),
    ``given``, ``finish`` (OpenAI's finish_reason; None where unknown) and ``scores``."""
    counts = Counter(bare(row["given"]) for row in rows if bare(row["given"]))
    usual, times = counts.most_common(1)[0] if counts else ("", 0)
    listed = _listed(rows)
    found: dict[str, list[float]] = {name: [] for name in LIMITS}
    for row, lists in zip(rows, listed, strict=True):
        question, given, expected = row["question"], row["given"], row["question"]["answer"]
        right = max(row["scores"].get("correct", 0), row["scores"].get("standard1", 0))
        declined = question.get("evidence") is not None and metrics.refuses(given)
        same = times > 2 and bare(given) == usual and bare(expected) != usual and not declined
        marks = {
            "empty": not bare(given),
            "echo": echoes(question["question"], given) and not right,
            "constant": same and not right,
            "repetition": repeats(given),
            "cut": row["finish"] == "length",
            "listing": lists,
            "language": drifts(question["question"], expected, given),
            "refusal": metrics.refuses(given) and not right,
        }
        for name, mark in marks.items():
            found[name].append(float(mark))
    return found
