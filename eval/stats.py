"""Intervals, so that no figure stands without its uncertainty."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Any

Z95 = NormalDist().inv_cdf(0.975)


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


def cell(scores: list[float]) -> dict[str, Any]:
    """A figure of the report from one score (0 to 1) per question: ``value``, ``n``, ``ci95``."""
    n = len(scores)
    low, high = wilson(sum(scores), n)
    value = round(sum(scores) / n, 6) if n else None
    return {"value": value, "n": n, "ci95": [round(low, 6), round(high, 6)]}
