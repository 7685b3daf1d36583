"""Two runs side by side: what the second gains or loses, tested on the questions that both
answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from core.terminal import padded
from eval import card, labels, report, stats


def main(work_dir: Path) -> dict[str, Any]:
    """The column that the card is about: ``model``, ``abbr``, ``suites``."""
    columns = card.last_run(work_dir)["columns"]
    return dict(columns[card.main_column(columns)])


def main_rows(work_dir: Path) -> dict[str, list[card.Row]]:
    """Its judged answers by suite."""
    column = main(work_dir)
    return {
        suite: card.rows_of(work_dir / "eval", column["abbr"], about)
        for suite, about in column["suites"].items()
    }


def pairs(first: list[card.Row], second: list[card.Row], metric: str) -> list[tuple[float, float]]:
    """The scores of the questions that both runs asked in the same words and expected the same."""

    def asked(row: card.Row) -> str:
        return f"{row['question']['messages']}|{row['question']['answer']}"

    before = {asked(row): row["scores"].get(metric) for row in first}
    found = []
    for row in second:
        was, now = before.get(asked(row)), row["scores"].get(metric)
        if was is not None and now is not None:
            found.append((was, now))
    return found


def compare(first: Path, second: Path) -> list[dict[str, Any]]:
    """One row per metric that both runs have: ``name``, ``n`` shared questions, ``first`` and
    ``second`` cells over those, and ``change`` (:func:`eval.stats.difference`)."""
    a, b = main_rows(first), main_rows(second)
    found = []
    for suite in a:
        for metric in labels.METRICS:
            both = pairs(a[suite], b.get(suite, []), metric)
            if both:
                was, now = (list(side) for side in zip(*both, strict=True))
                found.append(
                    {
                        "name": f"{suite}.{metric}",
                        "n": len(both),
                        "first": stats.cell(was),
                        "second": stats.cell(now),
                        "change": stats.difference(was, now),
                    }
                )
    if not found:
        said = words("没有相同的题目, 无法比较", "no question in common: nothing to compare")
        raise UserError(f"{shown(first)}, {shown(second)}: {said}")
    return found


def lost(rows: list[dict[str, Any]]) -> list[str]:
    """The names of the rows in which the second run is significantly worse."""
    changes = ((row["name"], row["change"]) for row in rows)
    return [name for name, change in changes if change["significant"] and change["value"] < 0]


def show(first: Path, second: Path, plain: bool = False) -> int:
    """Print the comparison (``plain``: as JSON); 1 when the second run is significantly worse
    somewhere."""
    rows = compare(first, second)
    worse = lost(rows)
    if plain:
        models = {"A": main(first)["model"], "B": main(second)["model"]}
        print(json.dumps({"models": models, "rows": rows, "worse": worse}, ensure_ascii=False))
        return 1 if worse else 0
    for letter, run in (("A", first), ("B", second)):
        print(f"{letter} {shown(run)} · {main(run)['model']}")
    print()
    print(padded("", 46) + padded("n", 6) + padded("A", 24) + "B")
    for row in rows:
        cells = [
            f"{report.percent(c['value']):>6} {report.interval(c)}"
            for c in (row["first"], row["second"])
        ]
        change = row["change"]
        mark = "" if not change["significant"] else " ↑" if change["value"] > 0 else " ↓"
        print(
            padded(labels.cell(row["name"], words), 46)
            + padded(str(row["n"]), 6)
            + padded(cells[0], 24)
            + padded(cells[1], 24)
            + f"{100 * change['value']:+.1f}{mark}"
        )
    places = ", ".join(worse)
    print()
    if worse:
        print(words(f"B 显著更差: {places}", f"B is significantly worse: {places}"))
    else:
        print(words("B 没有显著更差", "B is nowhere significantly worse"))
    return 1 if worse else 0
