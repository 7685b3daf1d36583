"""One answer against what was expected: short-answer metrics, each 0 or 1 for one question."""

from __future__ import annotations

from typing import Any

from core.text import bare


def exact(given: str, expected: str) -> float:
    """The same characters; only white space around the answer is forgiven."""
    return float(given.strip() == expected.strip())


def normalised(given: str, expected: str) -> float:
    """The same text after :func:`core.text.bare` (width, case, punctuation and space aside)."""
    return float(bare(given) == bare(expected))


def contains(given: str, expected: str) -> float:
    """The expected text stands somewhere in the answer (both bare). The most lenient of the three:
    a model that lists everything passes it, so it is never read without the length of the
    answers."""
    wanted = bare(expected)
    return float(bool(wanted) and wanted in bare(given))


def judge(question: dict[str, Any], given: str) -> dict[str, float]:
    """All metrics that apply to ``question`` (a row of ``questions/<suite>.jsonl``), by name."""
    expected = question["answer"]
    return {
        "exact": exact(given, expected),
        "normalised": normalised(given, expected),
        "contains": contains(given, expected),
    }
