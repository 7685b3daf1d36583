"""The table in which a person mends questions: what is typed goes into ``review.xlsx``, and through
``python -m data_tools review`` into the data set, so that it survives every later build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import UserError
from core.files import read_json, write_json
from web import frame, jobs, places, texts
from web.texts import say

PAGE = 50  # questions in the table at once
DECISIONS = {"": "", "keep": "保留 keep", "drop": "删除 drop"}
TYPED = ("题干", "答案", "解析")
DOUBTED = ("处理", "存疑", "题干", "答案", "来源", "题型", "解析")
EMPTY = ("处理", "题型", "题干", "答案", "解析", "存疑", "来源")


def questions(out: Path, rows: list[dict[str, str]], key: str) -> None:
    """The table of questions with its search box, pages, and the button that saves."""
    if not rows:
        st.caption(say("nothing_here"))
        return
    words = st.text_input(
        say("search"), key=f"search-{key}", placeholder=say("search"), label_visibility="collapsed"
    )
    found = [row for row in rows if not words or any(words in text for text in row.values())]
    pages = max(1, -(-len(found) // PAGE))
    number = 1
    if pages > 1:
        number = st.number_input(
            say("page_of", pages=pages), 1, pages, 1, key=f"page-{key}-{words}"
        )
    part = found[(number - 1) * PAGE : number * PAGE]
    before = [_cells(row) for row in part]
    after = st.data_editor(
        before,
        key=f"edit-{key}-{words}-{number}-{_stamp(out)}",
        hide_index=True,
        width="stretch",
        column_config=_columns(before),
        column_order=[*DOUBTED, *_options(before)] if key == "doubts" else None,
        disabled=["题型", "存疑", "来源"],
        num_rows="fixed",
        placeholder="—",
    )
    changed = changes(part, before, after)
    added = add(rows, key) if key == "all" else []
    if changed and st.button(say("save", n=len(changed)), type="primary", key=f"save-{key}"):
        save(out, {"changed": changed})
    if added:
        save(out, {"added": added})
    st.caption(say("edit_help"))


def _stamp(out: Path) -> int:
    return (out / "review.xlsx").stat().st_mtime_ns


def _cells(row: dict[str, str]) -> dict[str, str]:
    """A row as the table shows it."""
    letters = sorted(name for name in row if name.startswith("选项 "))
    texts_of = {name: row.get(name, "") for name in EMPTY}
    texts_of["处理"] = next((d for d, text in DECISIONS.items() if text == row.get("处理", "")), "")
    texts_of["题型"] = texts.one(row.get("题型", ""))
    texts_of["存疑"] = "\n".join(map(texts.one, row.get("存疑", "").splitlines()))
    return texts_of | {name: row[name] for name in letters}


def _options(rows: list[dict[str, str]]) -> list[str]:
    """The columns of options, A first."""
    return sorted({name for row in rows for name in row if name.startswith("选项 ")})


def _columns(rows: list[dict[str, str]]) -> dict[str, Any]:
    config = st.column_config
    widths: dict[str, Any] = {"题干": "large", "答案": "medium", "解析": "medium"}
    found: dict[str, Any] = {
        name: config.TextColumn(say(f"col_{name}"), width=widths.get(name, "small"))
        for name in EMPTY
    }
    found["处理"] = config.SelectboxColumn(
        say("col_处理"),
        options=list(DECISIONS),
        format_func=lambda name: say(f"decision_{name}") if name else "",
        width="small",
    )
    for name in _options(rows):
        found[name] = config.TextColumn(say("option", letter=name[-1]))
    return found


def changes(
    rows: list[dict[str, str]], before: list[dict[str, str]], after: list[dict[str, Any]]
) -> dict[str, dict[str, str]]:
    """What was typed: key → column → text, as the workbook wants it."""
    found: dict[str, dict[str, str]] = {}
    for row, was, now in zip(rows, before, after, strict=True):
        for name, text in now.items():
            text = str(text or "").strip()
            if text != was.get(name, "") and (name == "处理" or name in TYPED or "选项" in name):
                typed = DECISIONS[text] if name == "处理" else text
                found.setdefault(row["key"], {})[name] = typed
    return found


def add(rows: list[dict[str, str]], key: str) -> list[dict[str, str]]:
    """A question of one's own."""
    with (
        st.expander(say("add"), icon=":material/add:"),
        st.form(f"add-{key}", border=False, clear_on_submit=True),
    ):
        question = st.text_area(say("question"), height=80, max_chars=4000)
        answer = st.text_input(say("answer"), max_chars=4000)
        explanation = st.text_input(say("explanation"), max_chars=4000)
        if st.form_submit_button(say("add")) and question.strip() and answer.strip():
            line = {"题干": question.strip(), "答案": answer.strip(), "解析": explanation.strip()}
            return [{name: text for name, text in line.items() if text}]
    return []


def save(out: Path, edits: dict[str, Any]) -> None:
    """Type the edits into the workbook and build the set again from it."""
    file, book = jobs.folder(out) / "edits.json", str(out / "review.xlsx")
    try:
        if jobs.state(out)["state"] == "running":
            raise UserError("这份数据正在构建 this data set is being built")
        write_json(file, edits)
        domain = _domain(out)
        review = ["data_tools", "review", "--domain", domain, "--out", str(out)]
        listing = ["web.sheet", "list", book, str(jobs.folder(out))]
        jobs.start(out, [["web.sheet", "apply", book, str(file)], review, listing])
    except UserError as error:
        st.error(texts.plain(str(error)))
        return
    st.rerun()


def _domain(out: Path) -> str:
    return str(read_json(out / "card.json")["domain"])


def ledger(lost: list[dict[str, str]]) -> None:
    """What did not become a question, or became one with a doubt: where and why."""
    if not lost:
        st.caption(say("nothing_here"))
        return
    most = 300
    frame.table(
        [say(name) for name in ("place", "reason", "text")],
        [
            (
                places.place(dict(line), texts.language()),
                texts.one(line.get("reason", "")),
                line.get("text", "")[:200],
            )
            for line in lost[:most]
        ],
    )
    if len(lost) > most:
        st.caption(say("ledger_more", n=len(lost) - most))
