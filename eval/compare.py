"""Runs side by side: what the second gains or loses, tested on the questions that both answered;
of several, what each step brought."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from core.terminal import padded
from eval import card, labels, report, stats

HEADS = ("refused", "standard2", "correct", "exact")  # a suite's one figure: the first it has


def main(work_dir: Path) -> dict[str, Any]:
    """The column that the card is about: ``model``, ``abbr``, ``suites``."""
    columns = card.last_run(work_dir)["columns"]
    return dict(columns[card.main_column(columns)])


def judged(work_dir: Path, column: dict[str, Any]) -> dict[str, list[card.Row]]:
    """A column's judged answers by suite."""
    found = {
        suite: card.rows_of(work_dir / "eval", column["abbr"], about)
        for suite, about in column["suites"].items()
    }
    card.consistency(found)
    return found


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
    a, b = (judged(run, main(run)) for run in (first, second))
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


def steps(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """One row a run, the first one's base before them where it was asked: ``name``, ``model`` and
    of each suite its first of :data:`HEADS` (:func:`eval.stats.cell`), with the ``change`` from
    the row before over the ``n`` questions that both answered."""
    base = card.last_run(runs[0])["columns"].get("base")
    sides = [("base", base, runs[0])] if base else []
    sides += [(shown(run), main(run), run) for run in runs]
    found: list[dict[str, Any]] = []
    before: dict[str, list[card.Row]] = {}
    for name, column, run in sides:
        asked = judged(run, column)
        cells = {suite: step(before.get(suite, []), rows) for suite, rows in asked.items() if rows}
        found.append({"name": name, "model": column["model"], "cells": cells})
        before = asked
    return found


def step(before: list[card.Row], rows: list[card.Row]) -> dict[str, Any]:
    """One suite of one row of :func:`steps`."""
    metric = next(name for name in HEADS if name in rows[0]["scores"])
    cell = {"metric": metric, **stats.cell(card.scores(rows, metric))}
    if both := pairs(before, rows, metric):
        was, now = (list(side) for side in zip(*both, strict=True))
        cell["change"] = {**stats.difference(was, now), "n": len(both)}
    return cell


def show_steps(runs: Sequence[Path], plain: bool = False) -> int:
    """Print :func:`steps` as a Markdown table (``plain``: as JSON); 0."""
    rows = steps(runs)
    if plain:
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    suites = list(dict.fromkeys(suite for row in rows for suite in row["cells"]))
    print(f"| | {' | '.join(labels.suite(name, words) for name in suites)} |")
    print("| --- |" + " ---: |" * len(suites))
    for row in rows:
        cells = (stepped(row["cells"].get(suite)) for suite in suites)
        print(f"| {row['name']} | {' | '.join(cells)} |")
    print(
        words(
            "每格：值、95% 区间、n；其后是与上一行相比、同一批题上的差、McNemar 检验的 p",
            "each cell: value, 95% interval, n; then the change from the row above on the "
            "questions that both answered, and McNemar's p",
        )
    )
    return 0


def stepped(cell: dict[str, Any] | None) -> str:
    """One cell of the table."""
    if cell is None:
        return "—"
    text = f"{report.percent(cell['value'])} {report.interval(cell)} n={cell['n']}"
    if change := cell.get("change"):
        p = f", p={change['p']:.3g}" if "p" in change else ""
        text += f"; {100 * change['value']:+.1f} (n={change['n']}{p})"
    return text


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
