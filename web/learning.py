"""When a question is due again: FSRS, the scheduler that Anki uses, over the answers ever given.

The history (``store.reviews``) is only ever added to; what is due follows from it alone, by the
library's own rules with its default parameters and without its random shift of a few days, so that
the same answers give the same dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler

from web.quiz import Question

SCHEDULER = Scheduler(enable_fuzzing=False)
AGAIN, HARD, GOOD, EASY = (int(one) for one in Rating)
Review = tuple[str, int, float]  # question, rating, seconds since 1970


def rating(right: bool) -> int:
    """How an answer counts until the learner says how hard it was."""
    return GOOD if right else AGAIN


def cards(reviews: Iterable[Review]) -> dict[str, Card]:
    """Each question's card after all its reviews; of two at one time the later line counts."""
    said: dict[str, dict[float, int]] = defaultdict(dict)
    for question, rated, at in reviews:
        said[question][at] = rated
    return {question: replayed(answers) for question, answers in said.items()}


def replayed(answers: dict[float, int]) -> Card:
    """The card after ``answers`` (time → rating)."""
    card = Card(card_id=0)
    for at, rated in sorted(answers.items()):
        when = datetime.fromtimestamp(at, UTC)
        card, _ = SCHEDULER.review_card(card, Rating(rated), when.replace(tzinfo=UTC))
    return card


def due(known: dict[str, Card], now: float) -> list[str]:
    """The questions that are due, the longest waiting first."""
    late = [(card.due.timestamp(), question) for question, card in known.items()]
    return [question for when, question in sorted(late) if when <= now]


def recalled(card: Card | None, now: float) -> float:
    """The probability that a question is answered right now; 0 for one that never was asked."""
    if card is None:
        return 0.0
    return SCHEDULER.get_card_retrievability(card, datetime.fromtimestamp(now, UTC))


@dataclass(frozen=True)
class Mastery:
    """How a chapter stands: questions, those that were tried, those due, and the mean probability
    that a question of it is answered right now (one that never was asked counts as 0)."""

    chapter: str
    questions: int
    seen: int
    due: int
    share: float


def mastery(
    questions: Sequence[Question],
    chapter: Callable[[Question], str],
    known: dict[str, Card],
    now: float,
) -> list[Mastery]:
    """Every chapter, in the bank's order."""
    parts: dict[str, list[Question]] = defaultdict(list)
    for one in questions:
        parts[chapter(one)].append(one)
    late = set(due(known, now))
    made = []
    for name, some in parts.items():
        seen = sum(one.key in known for one in some)
        waiting = sum(one.key in late for one in some)
        share = sum(recalled(known.get(one.key), now) for one in some) / len(some)
        made.append(Mastery(name, len(some), seen, waiting, share))
    return made
