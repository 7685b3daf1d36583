"""Intervals and tests, so that no figure and no difference stands without its uncertainty."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import comb, sqrt
from statistics import NormalDist, fmean, median
from typing import Any

Z95 = NormalDist().inv_cdf(0.975)
SEED = 20240601


def wilson(hits: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (E. B. Wilson, 1927): honest near 0 and 1 and for
    small ``n``, where the textbook interval is not. ``hits`` may be a sum of partial credits.
    Returns fractions; (0, 1) when ``n`` is 0, since nothing is known then.
    """
    if n <= 0:
        return 0.0, 1.0
    share = hits / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = ((centre + sign * spread) / (1 + z * z / n) for sign in (-1, 1))
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def bootstrap(
    values: Sequence[float], statistic: Callable[[Sequence[float]], float], rounds: int = 1000
) -> tuple[float, float]:
    """The 95% percentile interval of ``statistic`` over resamples (seeded, so a rerun agrees)."""
    draw = random.Random(SEED)
    found = sorted(statistic(draw.choices(values, k=len(values))) for _ in range(rounds))
    return found[int(0.025 * rounds)], found[int(0.975 * rounds) - 1]


def mcnemar(first: Sequence[float], second: Sequence[float]) -> float:
    """The exact two-sided p of McNemar's test for two models right (1) or wrong (0) on the same
    questions: only the questions that they judge differently speak."""
    gained = sum(b > a for a, b in zip(first, second, strict=True))
    lost = sum(b < a for a, b in zip(first, second, strict=True))
    n = gained + lost
    if not n:
        return 1.0
    tail = sum(comb(n, k) for k in range(min(gained, lost) + 1)) / 2**n
    return min(1.0, 2 * tail)


def difference(first: Sequence[float], second: Sequence[float]) -> dict[str, Any]:
    """How much ``second`` is better than ``first`` on the same questions: ``value``, ``ci95``
    (paired bootstrap), ``p`` (McNemar for right-or-wrong scores, absent for partial credit) and
    ``significant`` (p < 0.05, or an interval without 0)."""
    changes = [b - a for a, b in zip(first, second, strict=True)]
    low, high = bootstrap(changes, fmean) if any(changes) else (0.0, 0.0)
    found: dict[str, Any] = {
        "value": round(fmean(changes), 6) if changes else None,
        "ci95": [round(low, 6), round(high, 6)],
    }
    if all(score in (0, 1) for score in (*first, *second)):
        found["p"] = mcnemar(first, second)
        found["significant"] = found["p"] < 0.05
    else:
        found["significant"] = low > 0 or high < 0
    return found


def cell(scores: Sequence[float]) -> dict[str, Any]:
    """A figure of the report from one score (0 to 1) per question: ``value``, ``n``, ``ci95``."""
    n = len(scores)
    low, high = wilson(sum(scores), n)
    value = round(sum(scores) / n, 6) if n else None
    return {"value": value, "n": n, "ci95": [round(low, 6), round(high, 6)]}


def middle(values: Sequence[float]) -> dict[str, Any]:
    """A median with its bootstrap interval, in the shape of :func:`cell` (seconds, tokens/s)."""
    if not values:
        return {"value": None, "n": 0, "ci95": [None, None]}
    low, high = bootstrap(values, median, 400)
    ends = [round(low, 3), round(high, 3)]
    return {"value": round(median(values), 3), "n": len(values), "ci95": ends}
