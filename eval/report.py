"""The card: ``report.json`` and ``report.html`` from the judged answers, and the table on the
terminal."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

from core import domain as domains
from core.errors import UserError
from core.files import read_json, read_jsonl, shown, write_json, write_text
from eval import gates, run, stats

TEMPLATES = Path(__file__).parent / "templates"
METRICS = {
    "exact": "完全一致 exact",
    "normalised": "规范后一致 normalised",
    "contains": "包含答案 contains",
}
SUITES = {
    "train": "训练题 bank questions it was trained on",
    "heldout": "留出题 questions kept out of training",
    "paraphrase": "换个问法 other wordings of bank questions",
}
WORST = 50


def build(work_dir: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report and the worst answers, from what the last complete run left under ``RUN/eval``."""
    folder = work_dir / "eval"
    if not (folder / "state.json").is_file():
        raise UserError(
            f"{shown(folder)} 里没有完整的评测 holds no complete evaluation: 请 make eval"
        )
    state = read_json(folder / "state.json")
    columns: dict[str, gates.Cells] = {name: {} for name in state["columns"]}
    wrong: list[dict[str, Any]] = []
    main = "tuned" if "tuned" in columns else list(columns)[-1]
    for suite, about in state["suites"].items():
        questions = list(read_jsonl(folder / "questions" / f"{about['abbr']}.jsonl"))
        judged = {
            name: run.results(folder, info["abbr"], about)
            for name, info in state["columns"].items()
        }
        for name, rows in judged.items():
            for metric in METRICS:
                scores = [row[metric] for row in rows if metric in row]
                if scores:
                    columns[name][f"{suite}.{metric}"] = stats.cell(scores)
        for index, question in enumerate(questions):
            if judged[main][index]["normalised"] < 1:
                given = {name: rows[index]["given"] for name, rows in judged.items()}
                wrong.append({"suite": suite, "given": given, **question})
    settings = domains.load(state["domain"]).settings.get("eval", {})
    report = {
        "model": state["columns"][main]["model"],
        "domain": state["domain"],
        "title": state["title"],
        "finished": state["finished"],
        "seconds": state["seconds"],
        "main": main,
        "columns": columns,
        "gates": gates.judge(settings.get("gates", {}), columns[main], main),
        "models": state["columns"],
        "suites": state["suites"],
    }
    if (work_dir / "run.json").is_file():
        report["train"] = read_json(work_dir / "run.json")
    return report, wrong[:WORST]


def percent(value: float | None) -> str:
    """A share as a person reads it."""
    return "—" if value is None else f"{100 * value:.1f}%"


def interval(cell: dict[str, Any]) -> str:
    """The 95% interval, in per cent."""
    low, high = cell["ci95"]
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def padded(text: str, width: int) -> str:
    """``text`` filled with spaces to ``width`` terminal columns (Chinese characters take two)."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return text + " " * max(0, width - len(text) - wide)


def table(report: dict[str, Any]) -> str:
    """The score table for the terminal."""
    columns = report["columns"]
    lines = [padded("", 46) + padded("n", 6) + "".join(padded(name, 24) for name in columns)]
    for name in columns[report["main"]]:
        suite, metric = name.split(".", 1)
        cells = [cells[name] for cells in columns.values()]
        label = f"{SUITES.get(suite, suite).split()[0]} {suite} · {METRICS[metric]}"
        figures = [f"{percent(cell['value']):>6} {interval(cell)}" for cell in cells]
        lines.append(
            padded(label, 46)
            + padded(str(cells[0]["n"]), 6)
            + "".join(padded(figure, 24) for figure in figures)
        )
    for gate in report["gates"]:
        mark = "通过 pass" if gate["pass"] else "未过 FAIL"
        lines.append(
            f"{mark}  {gate['name']} {gate['rule']} {percent(gate['threshold'])}: "
            f"{percent(gate['value'])}"
        )
    return "\n".join(line.rstrip() for line in lines)


def html(report: dict[str, Any], worst: list[dict[str, Any]]) -> str:
    """The card as one self-contained page (no script, no font, no address to load)."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(percent=percent, interval=interval)
    return pages.get_template("report.html").render(
        r=report, worst=worst, metrics=METRICS, suites=SUITES
    )


def write(work_dir: Path) -> int:
    """Write ``RUN/report.json`` and ``RUN/report.html``, print the table; 1 when a gate fails."""
    report, worst = build(work_dir)
    write_json(work_dir / "report.json", report)
    write_text(work_dir / "report.html", html(report, worst))
    failed = [gate for gate in report["gates"] if not gate["pass"]]
    print(f"报告 report: {shown(work_dir / 'report.html')}, {shown(work_dir / 'report.json')}")
    print(f"\n{report['title']} · {report['model']} · 95% 置信区间 95% intervals (Wilson)\n")
    print(table(report))
    return 1 if failed else 0
