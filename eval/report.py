"""The card as a person reads it: a table on the terminal, ``report.html``, ``report.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.files import read_json, shown, write_json, write_text
from core.terminal import padded, width
from eval import card, failures, metrics, retrieval

TEMPLATES = Path(__file__).parent / "templates"
SUITES = {
    "train": "训练题 bank questions it was trained on",
    "heldout": "留出题 questions kept out of training",
    "shuffled": "选项换序 choice questions, options in another order",
    "paraphrase": "换个问法 other wordings of bank questions",
    "general": "通用常识 general knowledge (forgetting)",
    "dangerous": "危险问题 dangerous, to be declined",
    "unanswerable": "无法回答的问题 unanswerable, to be declined",
    "offtopic": "领域外问题 out of domain, to be declined",
}
SPEED = {
    "speed.seconds": "每答秒数（中位） seconds an answer, median",
    "speed.tokens_per_second": "每答 tokens/s（中位） tokens a second, median",
}


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


def label(name: str) -> str:
    """A cell's name for a person: 训练题 train · 完全一致 exact."""
    suite, _, metric = name.partition(".")
    if suite == "failure":
        return f"失败 · {failures.MODES[metric][0]}"
    title = SUITES.get(suite, suite).split()[0]
    return f"{title if title == suite else f'{title} {suite}'} · {metrics.LABELS[metric]}"


def names(report: dict[str, Any]) -> list[str]:
    """Every cell's name, in the main column's order, then what other columns have besides."""
    columns = report["columns"]
    every = [*columns[report["main"]], *(name for cells in columns.values() for name in cells)]
    return sorted(dict.fromkeys(every), key=lambda name: order(report, name))


def order(report: dict[str, Any], name: str) -> tuple[int, int]:
    """Suites as they were asked, then failures, then speed; metrics as :data:`metrics.LABELS`."""
    suite, _, metric = name.partition(".")
    places = [*report["suites"], "failure", "speed"]
    within = [*metrics.LABELS, *failures.MODES, *(key.partition(".")[2] for key in SPEED)]
    return places.index(suite), within.index(metric)


def shown_cell(cell: dict[str, Any] | None, n: int) -> str:
    """A cell of the table: value, interval, star, and n where it is not the row's."""
    if cell is None:
        return "—"
    other = f" n={cell['n']}" if cell["n"] != n else ""
    return f"{percent(cell['value']):>6} {interval(cell)}{star(cell)}{other}"


def lines(report: dict[str, Any]) -> list[tuple[str, int, list[str]]]:
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
        if name in SPEED:
            figures = ["—" if not c or c["value"] is None else f"{c['value']:.2f}" for c in cells]
            found.append((SPEED[name], n, figures))
        elif not name.startswith("failure.") or any(cell["value"] for cell in known):
            figures = [shown_cell(cell, n) for cell in cells]
            row = (name.split(".")[0], figures)
            if row != before or row[0] == "failure":
                found.append((label(name), n, figures))
            before = row
    return found


def notes(report: dict[str, Any]) -> list[str]:
    """What must be said beside the table: how retrieval was done, and what was not measured."""
    found = []
    for mode, about in report["retrieval"].items():
        kind = "开卷 open-book" if mode == retrieval.OPEN else "闭卷 closed-book (no eval rows)"
        found.append(
            f"检索 retrieval, {kind}, {about['size']} 条 passages. 自己的原文在索引里 own passage "
            "in the index · 检索到答案 answer retrieved · 依据足够 enough evidence to ask · 秒 s:"
        )
        found += [
            f"{suite} {one['in_index']} · {one['found']} · {one['asked']} / {one['n']} · "
            f"{one['seconds']:.3f}"
            for suite, one in about["suites"].items()
        ]
    if "int4" in report["columns"]:
        found.append(f"int4: {report['models']['int4']['model']}")
    for column, marks in report["exams"].items():
        said = (f"{k} {percent(c['value'])} {interval(c)} n={c['n']}" for k, c in marks.items())
        found.append(f"考试 exams, {column}: {'; '.join(said)}")
    if report["unmeasured"]:
        found.append(f"尚未测量 not yet measured: {', '.join(report['unmeasured'])}")
    return found


def verdict(report: dict[str, Any]) -> str:
    """One sentence: is the main column better than base, and does it pass."""
    main, better = report["main"], []
    compared = False
    for name, cell in report["columns"][main].items():
        change = cell.get("vs_base")
        if change and name.endswith((".correct", ".standard2", ".refused")):
            compared = True
            if change["significant"]:
                sign = "高 better by" if change["value"] > 0 else "低 worse by"
                better.append(f"{name.split('.')[0]} {sign} {abs(100 * change['value']):.1f}")
    said = "; ".join(better) or "没有显著差别 no significant difference"
    failed = [gate["name"] for gate in report["gates"] if not gate["pass"]]
    end = f"未过门槛 FAILED: {', '.join(failed)}" if failed else "门槛全部通过 all gates pass"
    return f"{main} 与 against base: {said}。{end}" if compared else f"{main}: {end}"


def table(report: dict[str, Any]) -> str:
    """The score table for the terminal."""
    first = 2 + max(width(text) for text, _, _ in lines(report))
    cell = 2 + max(len(figure) for _, _, figures in lines(report) for figure in figures)
    heads = "".join(padded(name, cell) for name in report["columns"])
    rows = [padded("", first) + padded("n", 6) + heads]
    for text, n, figures in lines(report):
        rows.append(
            padded(text, first) + padded(str(n), 6) + "".join(padded(f, cell) for f in figures)
        )
    for name, modes in report["failures"].items():
        for mode in modes:
            share, most = percent(mode["value"]), percent(mode["limit"])
            rows.append(f"! {name}: {mode['title']} {share} > {most}")
    for gate in report["gates"]:
        if not gate["pass"] or not gate["name"].startswith("failure."):
            mark = "通过 pass" if gate["pass"] else "未过 FAIL"
            rows.append(
                f"{mark}  {gate['name']} {percent(gate['value'])} (要求 required "
                f"{gate['rule']} {percent(gate['threshold'])})"
            )
    return "\n".join(row.rstrip() for row in [*rows, *notes(report), verdict(report)])


def markdown(report: dict[str, Any]) -> str:
    """The table for a model card (``report.md``)."""
    columns = list(report["columns"])
    rows = [
        f"## {report['title']}: {report['model']}\n",
        f"{verdict(report)}\n",
        "| | n | " + " | ".join(columns) + " |",
        "| --- | --- |" + " --- |" * len(columns),
    ]
    rows += [f"| {text} | {n} | " + " | ".join(f) + " |" for text, n, f in lines(report)]
    rows += [f"\n{note}" for note in notes(report)]
    rows.append(f"\n95% Wilson intervals; * differs from base (p < 0.05). {report['finished']}")
    return "\n".join(rows) + "\n"


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
        metrics=metrics.LABELS,
        suites=SUITES,
        modes=failures.MODES,
        speed=SPEED,
        verdict=verdict(report),
        notes=notes(report),
    )


def heads(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The chart's rows: each suite with the one metric that says most."""
    every = names(report)
    found = []
    for suite in report["suites"]:
        for metric in ("refused", "standard1", "correct"):
            if f"{suite}.{metric}" in every:
                found.append((suite, f"{suite}.{metric}", metrics.LABELS[metric]))
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
    print(f"报告 report: {shown(work_dir / 'report.html')}, report.json, report.md")
    print(f"\n{report['title']} · {report['model']} · 95% 置信区间 intervals, * 与 base 显著不同\n")
    print(table(report))
    return 1 if failed else 0
