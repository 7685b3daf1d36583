"""An exam: a paper drawn by numbers a kind and chapter, and its marking by the exam's rules."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from web import quiz
from web.quiz import Question

KINDS = ("single", "multiple", "judge", "short")
PARTIAL = ("none", "half", "each")


@dataclass(frozen=True)
class Rules:
    """``points`` a question of each kind; ``partial``: what a 多选 is worth of which some right
    options were chosen and no wrong one: none, half of its points, or its points' share of each;
    ``minutes``: 0 for no limit."""

    points: dict[str, float]
    partial: str = "half"
    minutes: int = 60


def paper(
    questions: Sequence[Question],
    wanted: dict[str, int],
    seed: int,
    chapters: Sequence[str] = (),
    chapter: Callable[[Question], str] = lambda _: "",
) -> list[str]:
    """The keys of a paper: ``wanted`` questions of each kind, drawn by ``seed``, kind after kind;
    from ``chapters`` alone where some are named, then as evenly from each as they allow."""
    pick, keys = random.Random(seed), []
    for kind in KINDS:
        parts: dict[str, list[str]] = {}
        for one in questions:
            where = chapter(one)
            if one.kind == kind and (not chapters or where in chapters):
                parts.setdefault(where if chapters else "", []).append(one.key)
        for some in parts.values():
            pick.shuffle(some)
        drawn: list[str] = []
        while len(drawn) < wanted.get(kind, 0) and any(parts.values()):
            for some in parts.values():
                if some and len(drawn) < wanted[kind]:
                    drawn.append(some.pop())
        keys += drawn
    return keys


def marks(asked: Question, given: str, rules: Rules) -> float | None:
    """The points of an answer; None where only a person can tell (other words than the bank's)."""
    full = rules.points.get(asked.kind, 1.0)
    if not given:
        return 0.0
    right = quiz.marked(asked, given)
    if right is None:
        return None
    if right:
        return full
    chosen, good = set(given), set(asked.letters)
    if asked.kind != "multiple" or not chosen < good:
        return 0.0
    share = {"none": 0.0, "half": 0.5, "each": len(chosen) / len(good)}
    return full * share[rules.partial]


@dataclass(frozen=True)
class Result:
    """One question of a marked paper."""

    asked: Question
    given: str
    points: float | None
    full: float

    @property
    def right(self) -> bool:
        """Whether it earned all its points."""
        return self.points == self.full


def marked(
    paper: Sequence[Question], answers: dict[str, str], judged: dict[str, bool], rules: Rules
) -> list[Result]:
    """Every question of a paper with its points; ``judged`` is what the learner said of answers
    that only a person can mark."""
    made = []
    for one in paper:
        full = rules.points.get(one.kind, 1.0)
        given = answers.get(one.key, "")
        points = marks(one, given, rules)
        if points is None and one.key in judged:
            points = full * judged[one.key]
        made.append(Result(one, given, points, full))
    return made


def left(state: dict[str, Any], now: float) -> float | None:
    """Seconds that are left; None without a limit."""
    minutes = state["rules"]["minutes"]
    return None if not minutes else max(0.0, state["began"] + 60 * minutes - now)
