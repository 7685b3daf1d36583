"""The score card: what the runs in the work folder achieved, and two of them compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from core.files import read_json
from web import catalog, frame, i18n, jobs, written
from web.i18n import say


def percent(cell: dict[str, Any]) -> str:
    """A share with its interval."""
    if cell["value"] is None:
        return "—"
    low, high = cell["ci95"]
    return f"{100 * cell['value']:.1f}%  [{100 * low:.0f}–{100 * high:.0f}]"


def named(name: str) -> str:
    """A metric's name: what it is measured on, and what it counts."""
    suite, _, metric = name.partition(".")
    known = i18n.TEXTS[i18n.language()]
    first = known.get(f"suite_{suite}", suite)
    return f"{first} · {known.get(f'metric_{metric}', metric)}"


def column(name: str) -> str:
    """A column's name."""
    return i18n.TEXTS[i18n.language()].get(f"column_{name}", name)


def is_share(name: str, cell: dict[str, Any]) -> bool:
    """Whether a cell is a share, and not seconds or the like."""
    return "ci95" in cell and not name.startswith("speed.")


def verdict(report: dict[str, Any]) -> None:
    """Whether the gates pass."""
    failed = [gate for gate in report["gates"] if not gate["pass"]]
    if failed:
        names = "、".join(str(gate["name"]) for gate in failed)
        st.error(say("gates_failed", names=names), icon=":material/block:")
    elif report["gates"]:
        st.success(say("gates_pass", n=len(report["gates"])), icon=":material/verified:")


def chart(report: dict[str, Any]) -> None:
    """Every share of every column, as a bar with its interval."""
    columns = report["columns"]
    head = ["", "n", *map(column, columns)]
    rows, before = [], None
    for name, cell in columns[report["main"]].items():
        cells = [cells.get(name) for cells in columns.values()]
        if not is_share(name, cell) or name.startswith("failure."):
            continue
        key = (name.partition(".")[0], json.dumps(cells))
        if key == before:  # a more lenient metric that adds nothing
            continue
        before = key
        drawn = [
            frame.Markup(
                f"{percent(one)}{'*' if one.get('vs_base', {}).get('significant') else ''}"
                + frame.bar(one["value"], one["ci95"], grey=of == "base").html
            )
            if one and one["value"] is not None
            else "—"
            for of, one in zip(columns, cells, strict=True)
        ]
        rows.append((named(name), cell["n"], *drawn))
    frame.table(head, rows, (1,))
    st.caption(say("card_help"))


def faults(report: dict[str, Any]) -> None:
    """The failure modes that a column shows, and the speed."""
    columns = report["columns"]
    rows = []
    for name, cell in columns[report["main"]].items():
        cells = [one.get(name) for one in columns.values()]
        if name.startswith("speed."):
            figures = [f"{c['value']:.2f}" if c and c["value"] is not None else "—" for c in cells]
            rows.append((named(name), cell["n"], *figures))
        elif name.startswith("failure.") and any(c and c["value"] for c in cells):
            rows.append((named(name), cell["n"], *(percent(c) if c else "—" for c in cells)))
    if rows:
        st.subheader(say("faults"))
        frame.table(["", "n", *map(column, columns)], rows, range(1, 2 + len(columns)))


def votes(report: dict[str, Any]) -> None:
    """What people and the judge preferred."""
    found = report.get("preference") or {}
    rows = [
        (say(f"by_{name}"), found[name]["won"], found[name]["tied"], found[name]["lost"])
        for name in ("people", "judge")
        if name in found
    ]
    if rows:
        st.subheader(say("preference"))
        frame.table(("", say("won"), say("tie"), say("lost_to")), rows, (1, 2, 3))


def one_run(run: Path) -> None:
    """The card of one run."""
    report = read_json(run / "report.json")
    st.caption(written.literal(f"{report['title']} · {report['model']} · {report['finished']}"))
    verdict(report)
    chart(report)
    faults(report)
    votes(report)
    page = run / "report.html"
    if page.is_file():
        st.download_button(
            say("full_report"),
            page.read_bytes(),
            file_name=f"{run.name}-report.html",
            mime="text/html",
            icon=":material/download:",
            on_click="ignore",
        )
    st.caption(say("full_report_help"))


@st.cache_data(max_entries=8, show_spinner=False)
def compared(
    first: str, second: str, stamps: tuple[float, float], language: str
) -> tuple[list[Any], str]:
    """What ``make compare`` finds, or its one line of error in ``language``."""
    found, error = jobs.asked(["eval", "compare", first, second], language)
    return found["rows"] if found else [], error


def outcome(rows: list[Any]) -> None:
    """In one sentence: whether the second run is better or worse anywhere."""
    moved = [(row["name"], row["change"]["value"]) for row in rows if row["change"]["significant"]]
    better, worse = ([named(name) for name, by in moved if by * way > 0] for way in (1, -1))
    if worse:
        st.error(say("runs_worse", names="、".join(worse)), icon=":material/trending_down:")
    if better:
        st.success(say("runs_better", names="、".join(better)), icon=":material/trending_up:")
    if not moved:
        st.info(say("runs_same"), icon=":material/trending_flat:")


def two_runs(runs: list[Path]) -> None:
    """Two runs on the questions that both answered."""
    names = [catalog.name_of(run) for run in runs]
    if len(runs) < 2:
        st.info(say("one_run_only"), icon=":material/info:")
        return
    left, right = st.columns(2)
    first = left.selectbox("A", names, index=0, key="card_a")
    second = right.selectbox("B", names, index=1, key="card_b")
    pair = [runs[names.index(name)] for name in (first, second)]
    if not st.button(say("compare_them"), type="primary", disabled=first == second):
        return
    with st.spinner(say("comparing")):
        stamps = tuple((run / "report.json").stat().st_mtime for run in pair)
        rows, problem = compared(str(pair[0]), str(pair[1]), stamps, i18n.language())  # type: ignore[arg-type]
    if problem or not rows:
        st.error(written.literal(problem) or say("nothing_shared"), icon=":material/error:")
        return
    outcome(rows)
    signs = {True: "↑", False: "↓"}
    same = [(row["name"].partition(".")[0], row["first"], row["second"]) for row in rows]
    rows = [row for at, row in enumerate(rows) if at == 0 or same[at] != same[at - 1]]
    frame.table(
        ("", "n", "A", "B", say("change")),
        [
            (
                named(row["name"]),
                row["n"],
                percent(row["first"]),
                percent(row["second"]),
                f"{100 * row['change']['value']:+.1f}"
                + (signs[row["change"]["value"] > 0] if row["change"]["significant"] else ""),
            )
            for row in rows
        ],
        (1, 2, 3, 4),
    )
    st.caption(say("compare_note"))


def page() -> None:
    """The page from top to bottom."""
    st.title(say("card"))
    runs = catalog.runs()
    if not runs:
        st.info(say("no_runs"), icon=":material/leaderboard:")
        frame.for_admin("make eval")
        return
    tabs = st.tabs([say("card_one"), say("card_two")])
    with tabs[0]:
        names = [catalog.name_of(run) for run in runs]
        said = [catalog.is_named(run, "RUN") for run in runs]
        made = [(run / "report.json").stat().st_mtime for run in runs]
        first = max(range(len(runs)), key=lambda i: (said[i], made[i]))
        chosen = st.selectbox(say("run"), names, index=first, key="card_run")
        one_run(runs[names.index(chosen)])
    with tabs[1]:
        two_runs(runs)


page()
