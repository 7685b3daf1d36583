"""The curves of a run: one JSON line a step, read back whatever a kill left of the last one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.files import atomic
from core.journal import lines


def read(path: Path, until: int | None = None) -> list[dict[str, Any]]:
    """The points of a curve in order, each step once (the last one written counts), those after
    step ``until`` left out. Lines that a kill or a full disk cut short are passed over."""
    points: dict[int, dict[str, Any]] = {}
    for point in lines(path):
        step = point.get("iter")
        if isinstance(step, int) and (until is None or step <= until):
            points[step] = point
    return [points[step] for step in sorted(points)]


def means(points: list[dict[str, Any]]) -> dict[str, float]:
    """The means of what all ``points`` have."""
    names = set.intersection(*(set(point) for point in points)) if points else set()
    return {name: sum(point[name] for point in points) / len(points) for name in names}


def best_of(points: list[dict[str, Any]], by: str) -> int:
    """Index of the first best point by ``loss`` or ``exact`` (ties by loss)."""
    if by == "exact":
        return min(range(len(points)), key=lambda i: (-points[i]["exact"], points[i]["loss"]))
    return min(range(len(points)), key=lambda i: points[i]["loss"])


def draw(points: list[dict[str, Any]], evaluated: list[dict[str, Any]], path: Path) -> None:
    """Loss, evaluation loss (left axis) and learning rate (right axis) over iterations as a PNG;
    of a run on pairs, below it, how the better answers fare."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if not points:
        return
    steps = [point["iter"] for point in points]
    pairs = "margin" in points[0]
    figure, axes = pyplot.subplots(
        1 + pairs, figsize=(7, 4 + 3 * pairs), layout="constrained", squeeze=False
    )
    left = axes[0][0]
    left.plot(steps, [point["loss"] for point in points], color="tab:blue", label="train")
    if evaluated:
        at = [point["iter"] for point in evaluated]
        left.plot(at, [point["loss"] for point in evaluated], "o-", color="tab:red", label="eval")
        left.legend(loc="upper right")
    left.set(xlabel="iteration", ylabel="loss", yscale="log")
    right = left.twinx()
    right.plot(steps, [point["lr"] for point in points], color="tab:gray", linestyle=":")
    right.set_ylabel("learning rate")
    for name in ("margin", "accuracy", "chosen", "drift") if pairs else ():
        axes[1][0].plot(steps, [point[name] for point in points], label=name)
    if pairs:
        axes[1][0].legend(loc="upper left")
        axes[1][0].set(xlabel="iteration")
    with atomic(path, "wb") as out:
        figure.savefig(out, format="png", dpi=120)
    pyplot.close(figure)
