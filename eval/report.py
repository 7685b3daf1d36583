"""The card as a person reads it: a table on the terminal, ``report.html``, ``report.md``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.files import read_json, shown, write_json, write_text
from core.language import words
from core.terminal import as_json, padded, width
from eval import card, labels, retrieval
from eval.labels import Say, both

TEMPLATES = Path(__file__).parent / "templates"


def percent(value: float | None) -> str:
    """A share as a person reads it."""
    return "—" if value is None else f"{100 * value:.1f}%"


def interval(cell: dict[str, Any]) -> str:
    """The 95% interval, in per cent."""
    low, high = cell["ci95"]
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def star(cell: dict[str, Any]) -> str:
    """``*`` where a cell differs significantly from base."""
    return "*" if cell.get("vs_base", {}).get("significant") else ""


def names(report: dict[str, Any]) -> list[str]:
    """Every cell's name, in the main column's order, then what other columns have besides."""
    columns = report["columns"]
    every = [*columns[report["main"]], *(name for cells in columns.values() for name in cells)]
    return sorted(dict.fromkeys(every), key=lambda name: order(report, name))


def order(report: dict[str, Any], name: str) -> tuple[int, int]:
    """Suites as they were asked, then failures, then speed; metrics as :data:`labels.METRICS`."""
    suite, _, metric = name.partition(".")
    places = [*report["suites"], "failure", "speed"]
    speed = (key.partition(".")[2] for key in labels.SPEED)
    within = [*labels.METRICS, *labels.MODES, *speed]
    return places.index(suite), within.index(metric)


def shown_cell(cell: dict[str, Any] | None, n: int) -> str:
    """A cell of the table: value, interval, star, and n where it is not the row's."""
    if cell is None:
        return "—"
    other = f" n={cell['n']}" if cell["n"] != n else ""
    return f"{percent(cell['value']):>6} {interval(cell)}{star(cell)}{other}"


def lines(report: dict[str, Any], say: Say) -> list[tuple[str, int, list[str]]]:
    """The table's rows: label, n, one figure per column. Left out (they stand in report.json):
    failure modes that no column shows, and a more lenient metric that adds nothing to the row
    before."""
    found: list[tuple[str, int, list[str]]] = []
    before: tuple[str, list[str]] = ("", [])
    columns = report["columns"]
    for name in names(report):
        cells = [cells.get(name) for cells in columns.values()]
        known = [cell for cell in cells if cell]
        n = columns[report["main"]].get(name, known[-1])["n"]
        if name in labels.SPEED:
            figures = ["—" if not c or c["value"] is None else f"{c['value']:.2f}" for c in cells]
            found.append((labels.cell(name, say), n, figures))
        elif not name.startswith("failure.") or any(cell["value"] for cell in known):
            figures = [shown_cell(cell, n) for cell in cells]
            row = (name.split(".")[0], figures)
            if row != before or row[0] == "failure":
                found.append((labels.cell(name, say), n, figures))
            before = row
    return found


def notes(report: dict[str, Any], say: Say) -> list[str]:
    """What must be said beside the table: how retrieval was done, and what was not measured."""
    found = []
    for mode, about in report["retrieval"].items():
        zh, en = {
            retrieval.OPEN: ("开卷", "open-book"),
            retrieval.CLOSED: ("闭卷，不含留出题", "closed-book, without held-out questions"),
        }[mode]
        found.append(
            say(
                f"检索（{zh}），{about['size']} 条。"
                "自己的原文在索引里 · 检索到答案 · 依据足够，去问模型 / 题数 · 每题秒数：",
                f"Retrieval, {en}, {about['size']} passages. "
                "Own passage in the index · answer retrieved · enough evidence to ask / questions "
                "· seconds each:",
            )
        )
        found += [
            f"{suite} {one['in_index']} · {one['found']} · {one['asked']} / {one['n']} · "
            f"{one['seconds']:.3f}"
            for suite, one in about["suites"].items()
        ]
    if "int4" in report["columns"]:
        found.append(f"int4: {report['models']['int4']['model']}")
    for column, marks in report["exams"].items():
        each = (f"{k} {percent(c['value'])} {interval(c)} n={c['n']}" for k, c in marks.items())
        found.append(f"{say('考试', 'exams')}, {column}: {'; '.join(each)}")
    if report["unmeasured"]:
        found.append(f"{say('尚未测量', 'not yet measured')}: {', '.join(report['unmeasured'])}")
    return found


def verdict(report: dict[str, Any], say: Say) -> str:
    """Two sentences: is the main column better than base, and does it pass."""
    main = report["main"]
    changes = {
        name.split(".")[0]: cell["vs_base"]
        for name, cell in report["columns"][main].items()
        if "vs_base" in cell and name.endswith((".correct", ".standard2", ".refused"))
    }
    clear = {at: 100 * one["value"] for at, one in changes.items() if one["significant"]}
    zh = "; ".join(f"{at} {'高' if by > 0 else '低'} {abs(by):.1f}" for at, by in clear.items())
    en = "; ".join(
        f"{at} {'better' if by > 0 else 'worse'} by {abs(by):.1f}" for at, by in clear.items()
    )
    failed = ", ".join(gate["name"] for gate in report["gates"] if not gate["pass"])
    end_zh, end_en = (
        (f"未过门槛: {failed}", f"FAILED gates: {failed}")
        if failed
        else ("门槛全部通过", "All gates pass")
    )
    if not changes:
        return f"{main}: {say(end_zh, end_en)}"
    return say(
        f"{main} 与 base 相比: {zh or '没有显著差别'}。{end_zh}。",
        f"{main} against base: {en or 'no significant difference'}. {end_en}.",
    )


def table(report: dict[str, Any]) -> str:
    """The score table for the terminal, in the reader's language."""
    found = lines(report, words)
    first = 2 + max(width(text) for text, _, _ in found)
    cell = 2 + max(len(figure) for _, _, figures in found for figure in figures)
    heads = "".join(padded(name, cell) for name in report["columns"])
    rows = [padded("", first) + padded("n", 6) + heads]
    for text, n, figures in found:
        rows.append(
            padded(text, first) + padded(str(n), 6) + "".join(padded(f, cell) for f in figures)
        )
    for name, modes in report["failures"].items():
        for mode in modes:
            share, most = percent(mode["value"]), percent(mode["limit"])
            rows.append(f"! {name}: {words(*labels.MODES[mode['name']])} {share} > {most}")
    for gate in report["gates"]:
        if not gate["pass"] or not gate["name"].startswith("failure."):
            rows.append(
                f"{passed(gate, words)}  {gate['name']} {percent(gate['value'])} "
                f"({words('要求', 'required')} {gate['rule']} {percent(gate['threshold'])})"
            )
    return "\n".join(row.rstrip() for row in [*rows, *notes(report, words), verdict(report, words)])


def passed(gate: dict[str, Any], say: Say) -> str:
    """How a gate ended."""
    return say("通过", "pass") if gate["pass"] else say("未过", "FAIL")


def markdown(report: dict[str, Any]) -> str:
    """The table for a model card (``report.md``)."""
    columns = list(report["columns"])
    rows = [
        f"## {report['title']}: {report['model']}\n",
        f"{verdict(report, both)}\n",
        "| | n | " + " | ".join(columns) + " |",
        "| --- | --- |" + " --- |" * len(columns),
    ]
    rows += [f"| {text} | {n} | " + " | ".join(f) + " |" for text, n, f in lines(report, both)]
    rows += [f"\n{note}" for note in notes(report, both)]
    end = both(
        "方括号是 95% Wilson 区间；* 与 base 差异显著（p < 0.05）。",
        "Brackets: 95% Wilson intervals; * differs from base (p < 0.05).",
    )
    return "\n".join([*rows, f"\n{end} {report['finished']}"]) + "\n"


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
    pages.filters.update(percent=percent, interval=interval, star=star)
    every = names(report)
    main = report["columns"][report["main"]]
    cells = {name: [c[name] for c in report["columns"].values() if name in c] for name in every}
    return pages.get_template("report.html").render(
        r=report,
        worst=worst,
        names=every,
        counts={name: main.get(name, cells[name][-1])["n"] for name in every},
        heads=heads(report),
        places={name: place for place, name in enumerate(report["columns"])},
        labels=labels,
        both=both,
        passed=passed,
        verdict=verdict(report, both),
        notes=notes(report, both),
    )


def heads(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The chart's rows: each suite with the one metric that says most."""
    every = names(report)
    found = []
    for suite in report["suites"]:
        for metric in ("refused", "standard1", "correct"):
            if f"{suite}.{metric}" in every:
                found.append((suite, f"{suite}.{metric}", both(*labels.METRICS[metric])))
                break
    return found


def changes(report: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """What moved since an earlier report: cells of the main column outside each other's
    interval."""
    old = before["columns"].get(before["main"], {})
    found = []
    for name, cell in report["columns"][report["main"]].items():
        was = old.get(name)
        if was and was["value"] is not None and cell["value"] is not None and "speed" not in name:
            clear = not was["ci95"][0] <= cell["value"] <= was["ci95"][1]
            if cell["value"] != was["value"]:
                found.append({"name": name, "was": was, "now": cell, "clear": clear})
    return found


def write(work_dir: Path) -> int:
    """Write ``RUN/report.json``, ``.html`` and ``.md``, print the table; 1 when a gate fails. An
    earlier report of other answers is kept under ``RUN/eval/history`` and compared with."""
    report, worst = card.build(work_dir)
    place, history = work_dir / "report.json", work_dir / "eval" / "history"
    if place.is_file() and (before := read_json(place)).get("finished") != report["finished"]:
        write_json(
            history / f"{before['finished'].replace(' ', '_').replace(':', '')}.json", before
        )
    kept = sorted(history.glob("*.json"))
    before = read_json(kept[-1]) if kept else None
    report["before"] = (
        {"finished": before["finished"], "changes": changes(report, before)} if before else None
    )
    write_json(place, report)
    write_text(work_dir / "report.html", html(report, worst))
    write_text(work_dir / "report.md", markdown(report))
    failed = [gate for gate in report["gates"] if not gate["pass"]]
    if as_json():
        print(json.dumps(report, ensure_ascii=False))
        return 1 if failed else 0
    print(f"{words('报告', 'report')}: {shown(work_dir / 'report.html')}, report.json, report.md")
    about = words(
        "方括号是 95% 置信区间, * 与 base 显著不同",
        "brackets: 95% intervals, * differs significantly from base",
    )
    print(f"\n{report['title']} · {report['model']} · {about}\n")
    print(table(report))
    return 1 if failed else 0
