"""The card's figures: everything in ``report.json``, from what the last complete run left
behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import domain as domains
from core.errors import UserError
from core.explanations import answer_of
from core.files import read_json, read_jsonl, shown
from core.language import words
from core.thinking import without_thinking
from eval import (
    choices,
    exams,
    failures,
    gates,
    journal,
    labels,
    preference,
    retrieval,
    run,
    standards,
    stats,
)

Row = dict[str, Any]
WORST = 50
COLUMNS = ("base", "tuned", "rag", "tuned_rag", "int4")  # what one table should have


def rows_of(folder: Path, abbr: str, suite: dict[str, Any]) -> list[Row]:
    """One column's answers to one suite: ``question``, ``given``, ``scores``, and what the journal
    knows: ``finish``, ``seconds``, ``tokens`` (None for a model without a journal)."""
    questions = list(read_jsonl(folder / "questions" / f"{suite['abbr']}.jsonl"))
    answers = journal.Journal(folder / "answers" / f"{abbr}.jsonl")
    found = []
    for question, judged in zip(questions, run.results(folder, abbr, suite), strict=True):
        entry = answers.get(journal.key(question["messages"], suite["max_tokens"])) or {}
        found.append(
            {
                "question": question,
                "given": judged["given"],
                "scores": {key: judged[key] for key in labels.METRICS if key in judged},
                **{key: entry.get(key) for key in ("finish", "seconds", "tokens")},
            }
        )
    return found


def consistency(asked: dict[str, list[Row]]) -> None:
    """Score each question of ``shuffled`` that was asked in its own order too: whether the same
    options were chosen, by their texts (none made out is not the same)."""
    before = {at: row for rows in asked.values() for at, row in by_id(rows).items()}
    for row in asked.get("shuffled", []):
        if first := before.get(row["question"]["of"]):
            texts = options_chosen(row)
            row["scores"]["consistent"] = float(bool(texts) and texts == options_chosen(first))


def options_chosen(row: Row) -> set[str]:
    """The texts of the options that an answer chooses."""
    options = row["question"]["options"]
    said = choices.letters(answer_of(without_thinking(row["given"])), options)
    return {options[letter] for letter in said if letter in options}


def scores(rows: list[Row], metric: str) -> list[float]:
    """A metric's score of every row that has it."""
    return [row["scores"][metric] for row in rows if metric in row["scores"]]


def speed(rows: list[Row]) -> dict[str, Any]:
    """Median seconds an answer took and tokens a second within one answer, as the asker felt them
    (several were asked at a time)."""
    timed = [row for row in rows if row["seconds"]]
    rates = [row["tokens"] / row["seconds"] for row in timed if row["tokens"]]
    return {
        "speed.seconds": stats.middle([row["seconds"] for row in timed]),
        "speed.tokens_per_second": stats.middle(rates),
    }


def figures(asked: dict[str, list[Row]]) -> dict[str, Any]:
    """All cells of one column: ``<suite>.<metric>``, ``failure.<mode>`` over all suites but those
    that want a refusal, and ``speed.*`` (of the asking alone; retrieval's own time stands in
    ``report["retrieval"]``)."""
    cells: dict[str, Any] = {}
    for suite, rows in asked.items():
        for metric in labels.METRICS:
            values = scores(rows, metric)
            if values:
                cells[f"{suite}.{metric}"] = stats.cell(values)
    plain = [row for rows in asked.values() for row in rows if not row["question"].get("refuse")]
    if plain:
        for mode, marks in failures.find(plain).items():
            cells[f"failure.{mode}"] = stats.cell(marks)
    return cells | speed([row for rows in asked.values() for row in rows])


def by_id(rows: list[Row]) -> dict[str, Row]:
    """Rows by their question's id: a +RAG column may be asked a part of a suite only."""
    return {row["question"]["id"]: row for row in rows}


def against(base: dict[str, list[Row]], other: dict[str, list[Row]], cells: dict[str, Any]) -> None:
    """Add ``vs_base`` to every scored cell of ``other`` (:func:`eval.stats.difference`), over the
    questions that both were asked; its ``n`` says how many."""
    for suite, rows in other.items():
        before = by_id(base.get(suite, []))
        for metric in labels.METRICS:
            pairs = [
                (before[at]["scores"][metric], row["scores"][metric])
                for at, row in by_id(rows).items()
                if metric in row["scores"] and metric in before.get(at, {}).get("scores", {})
            ]
            if pairs:
                was, now = (list(side) for side in zip(*pairs, strict=True))
                cells[f"{suite}.{metric}"]["vs_base"] = {
                    **stats.difference(was, now),
                    "n": len(pairs),
                }


def given(asked: dict[str, dict[str, list[Row]]]) -> dict[str, dict[str, dict[str, str]]]:
    """Every column's answer: suite → question id → column → answer."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, suites in asked.items():
        for suite, rows in suites.items():
            for at, row in by_id(rows).items():
                found.setdefault(suite, {}).setdefault(at, {})[name] = row["given"]
    return found


def worst(asked: dict[str, dict[str, list[Row]]], main: str) -> list[Row]:
    """The main column's worst answers, the furthest from right first (no trace of the expected
    text, then part of it), with what every column gave."""
    found = []
    said = given(asked)
    for suite, rows in asked[main].items():
        for row in rows:
            marks = row["scores"]
            head = next((k for k in ("refused", "standard2", "correct") if k in marks), "exact")
            if marks[head] < 1:
                near = marks.get("contains", marks.get("standard1", 0.0))
                answers = said[suite][row["question"]["id"]]
                found.append({"suite": suite, "given": answers, "near": near, **row["question"]})
    return sorted(found, key=lambda item: item["near"])[:WORST]


def named(cells: dict[str, Any], limits: dict[str, float | None]) -> list[dict[str, Any]]:
    """The failure modes of one column that pass their limit, by name."""
    found = []
    for mode, limit in limits.items():
        value = cells.get(f"failure.{mode}", {}).get("value")
        if limit is not None and value is not None and value > limit:
            found.append({"name": mode, "value": value, "limit": limit})
    return found


def main_column(columns: dict[str, Any]) -> str:
    """The column that the card is about: tuned, or the last one that is asked without evidence."""
    plain = [name for name in columns if not columns[name].get("mode")] or list(columns)
    return "tuned" if "tuned" in columns else plain[-1]


def last_run(work_dir: Path) -> dict[str, Any]:
    """What the last complete run was (``RUN/eval/state.json``); :class:`UserError` where there is
    none or an earlier version wrote it."""
    path = work_dir / "eval" / "state.json"
    if not path.is_file():
        said = words("没有完整的评测: 请 make eval", "no complete evaluation: make eval")
        raise UserError(f"{shown(path.parent)}: {said}")
    state = read_json(path)
    columns = state.get("columns")
    if not isinstance(columns, dict) or not all("suites" in info for info in columns.values()):
        said = words(
            "由旧版本写成: 请重新 make eval (已答的题不会再问)",
            "written by an earlier version: make eval again (nothing answered is asked again)",
        )
        raise UserError(f"{shown(path)}: {said}")
    return dict(state)


def build(work_dir: Path) -> tuple[dict[str, Any], list[Row]]:
    """The report and the worst answers."""
    folder, state = work_dir / "eval", last_run(work_dir)
    asked = {
        name: {
            suite: rows_of(folder, info["abbr"], about) for suite, about in info["suites"].items()
        }
        for name, info in state["columns"].items()
    }
    for suites in asked.values():
        consistency(suites)
    columns = {name: figures(suites) for name, suites in asked.items()}
    main = main_column(state["columns"])
    for name in columns:
        if "base" in columns and name != "base":
            against(asked["base"], asked[name], columns[name])
    settings = domains.load(state["domain"]).settings.get("eval", {})
    limits = gates.limits(settings.get("failures", {}))
    report = {
        "model": state["columns"][main]["model"],
        "domain": state["domain"],
        "title": state["title"],
        "finished": state["finished"],
        "seconds": state["seconds"],
        "main": main,
        "columns": columns,
        "gates": gates.judge(settings.get("gates", {}), limits, columns, main),
        "failures": {name: named(cells, limits) for name, cells in columns.items()},
        "models": state["columns"],
        "suites": state["suites"],
        "preference": preference.summary(folder, main),
        "exams": exams.found(work_dir),
        "unmeasured": [name for name in COLUMNS if name not in columns],
        "retrieval": {
            mode: retrieval.note(work_dir, mode)
            for mode in sorted({info["mode"] for info in state["columns"].values()} - {""})
        },
        "published": {
            table["name"]: standards.PUBLISHED.get(table.get("published", ""), {})
            for table in settings.get("tables", ())
        },
    }
    preference.write_pairs(folder, asked["base" if "base" in asked else main], given(asked))
    if (work_dir / "run.json").is_file():
        report["train"] = read_json(work_dir / "run.json")
    return report, worst(asked, main)
