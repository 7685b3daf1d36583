"""Where a person mends questions: one at a time beside its text, or many in a table. Every edit is
kept at once (:mod:`web.edits`); the data set follows when it is built anew from the workbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from core import findings, labels
from core.errors import UserError
from core.files import read_json, write_json
from core.kept import AT
from core.language import words
from web import access, catalog, edits, frame, i18n, jobs, written
from web.edits import Row
from web.i18n import say

PAGE = 50  # questions in the table at once
SHOWN = 25  # questions in the list at once
TYPED = ("decision", "question", "answer", "explanation")
SEEN = ("kind", "doubts", "source")
COLUMNS = ("decision", "kind", "question", "answer", "explanation", "doubts", "source")


def waiting(out: Path) -> None:
    """How many corrections the data set does not hold yet, and the buttons that take the last one
    back or bring them all in."""
    left = edits.pending(out)
    with st.container(horizontal=True, vertical_alignment="center", key="waiting"):
        if st.button(say("undo"), icon=":material/undo:", shortcut="Alt+Z", key="undo"):
            if key := edits.undo(out):
                st.session_state.review_at = key
                st.session_state.review_drawn = st.session_state.get("review_drawn", 0) + 1
            st.rerun()
        if left:
            busy = jobs.state(out)["state"] == "running"
            if st.button(
                say("take_edits", n=len(left)), type="primary", key="take_edits", disabled=busy
            ):
                rebuild(out, {"changed": left})
            st.caption(say("edits_wait"), width="content")
        else:
            st.caption(say("edits_none"), width="content")


def rebuild(out: Path, typed: dict[str, Any]) -> None:
    """Type ``typed`` into the workbook and build the set again from it, in the background."""
    file, book = jobs.folder(out) / "edits.json", str(out / "review.xlsx")
    try:
        if jobs.state(out)["state"] == "running":
            raise jobs.busy()
        number = edits.newest(out)
        write_json(file, typed)
        domain = str(read_json(out / "card.json")["domain"])
        review = ["data_tools", "review", "--domain", domain, "--out", str(out)]
        listing = ["web.sheet", "list", book, str(jobs.folder(out))]
        settle = ["web.sheet", "settle", str(out), str(number)]
        jobs.start(out, [["web.sheet", "apply", book, str(file)], review, listing, settle])
    except UserError as error:
        st.error(written.literal(str(error)))
        return
    st.rerun()


# One question at a time


def review(out: Path, rows: list[Row]) -> None:
    """The list beside the form beside the text it came from, and a question of one's own."""
    if rows:
        waiting(out)
        found = listed(rows)
        if found:
            one(out, found)
        else:
            st.caption(say("nothing_here"))
    add(out)


def one(out: Path, found: list[Row]) -> None:
    """The question that is looked at, among those ``found``."""
    keys = [row.get("key", "") for row in found]
    at = st.session_state.get("review_at")
    last = min(st.session_state.get("review_no", 0), len(keys) - 1)
    number = keys.index(at) if at in keys else last
    go(keys, number)
    left, middle, right = st.columns([3, 5, 4], gap="medium")
    with left:
        beside(found, number)
    with middle:
        form(out, found[number])
        steps(keys, number)
    with right:
        origin(found[number])


def listed(rows: list[Row]) -> list[Row]:
    """The questions of the chosen filter and words."""
    of = {
        "doubts": edits.doubted(rows),
        "edited": [row for row in rows if row.get("edited")],
        "all": rows,
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.segmented_control(
            say("show"),
            list(of),
            default="doubts" if of["doubts"] else "all",
            format_func=lambda name: say(f"show_{name}", n=len(of[name])),
            required=True,
            key="review_filter",
            label_visibility="collapsed",
        )
        sought = st.text_input(
            say("search"),
            key="review_words",
            placeholder=say("search"),
            label_visibility="collapsed",
        )
    found = of[str(shown)]
    return [row for row in found if edits.holds(row, sought)] if sought else found


def go(keys: list[str], number: int) -> None:
    """Show another question."""
    number = max(0, min(number, len(keys) - 1))
    st.session_state.update(review_at=keys[number], review_no=number)


def beside(found: list[Row], number: int) -> None:
    """The questions around the one that is shown."""
    first = max(0, min(number - SHOWN // 2, len(found) - SHOWN))
    keys = [row.get("key", "") for row in found]
    with st.container(height=420, border=True, gap="xxsmall", key="review_list"):
        for place, row in enumerate(found[first : first + SHOWN], first):
            marks = ("● " if row.get("doubts") else "") + ("✎ " if row.get("edited") else "")
            st.button(
                f"{place + 1}. {marks}{written.literal(row.get('question', '')[:40])}",
                key=f"review-go-{row.get('key')}",
                type="secondary" if place == number else "tertiary",
                width="stretch",
                on_click=go,
                args=(keys, place),
            )
    st.caption(say("review_at", at=number + 1, all=len(found)))


def steps(keys: list[str], number: int) -> None:
    """To the question before and after."""
    with st.container(horizontal=True, key="review_steps"):
        for name, by, shortcut in (("before", -1, "Alt+Up"), ("next", 1, "Alt+Down")):
            st.button(
                say(name),
                key=f"review-{name}",
                shortcut=shortcut,
                on_click=go,
                args=(keys, number + by),
                disabled=not 0 <= number + by < len(keys),
            )


def form(out: Path, row: Row) -> None:
    """The question as it stands; each field is kept when it is left."""
    key = f"{row.get('key')}-{st.session_state.get('review_drawn', 0)}"

    def keep(name: str, place: str) -> None:
        if reason := edits.save(out, row, {name: str(st.session_state[place]).strip()}):
            st.session_state.review_refused = reason

    def field(name: str, label: str, height: int) -> None:
        place = f"f-{name}-{key}"
        st.text_area(
            label,
            row.get(name, ""),
            height=height,  # type: ignore[arg-type]
            key=place,
            max_chars=8000,
            on_change=keep,
            args=(name, place),
        )

    with st.container(key="review_form"):
        if reason := st.session_state.pop("review_refused", ""):
            st.error(say(reason), icon=":material/block:")
        field("question", say("col_question"), 110)
        for letter in edits.options(row):
            option = f"option_{letter}"
            place = f"f-{option}-{key}"
            st.text_input(
                say("option", letter=letter),
                row[option],
                key=place,
                on_change=keep,
                args=(option, place),
            )
        answer(out, row, field)
        field("explanation", say("explanation"), 80)
        decide(out, row)


def answer(out: Path, row: Row, field: Any) -> None:
    """The answer: letters, true or false, or words."""
    there = edits.options(row)
    if not there and row.get("kind") == "judge":
        there = dict.fromkeys(edits.JUDGED, "")
    if not there:
        field("answer", say("bank_answer"), 80)
        return
    given = row.get("answer", "")
    several = row.get("kind") == "multiple"
    st.caption(say("answer"))
    with st.container(horizontal=True, key="letters"):
        for number, letter in enumerate(there, 1):
            on = letter in given if len(letter) == 1 else letter == given
            if st.button(
                f"{letter} ✓" if on else letter,
                key=f"letter-{row.get('key')}-{letter}",
                type="primary" if on else "secondary",
                shortcut=str(number) if number < 10 else None,
            ):
                typed = letter
                if several:
                    typed = given.replace(letter, "") if on else given + letter
                st.session_state.review_refused = edits.save(out, row, {"answer": typed})
                st.rerun()
        if edits.options(row):
            other = "single" if several else "multiple"
            if st.button(say(f"make_{other}"), key=f"kind-{row.get('key')}", type="tertiary"):
                st.session_state.review_refused = edits.save(out, row, {"kind": other})
                st.rerun()


def decide(out: Path, row: Row) -> None:
    """Keep as it is in spite of the doubt, or delete."""
    now = row.get("decision", "")
    with st.container(horizontal=True, key="decide"):
        for name, icon in (("keep", ":material/check:"), ("drop", ":material/delete:")):
            on = now == name
            if st.button(
                say(f"decided_{name}" if on else f"decide_{name}"),
                key=f"{name}-{row.get('key')}",
                icon=icon,
                type="primary" if on else "secondary",
            ):
                edits.save(out, row, {"decision": "" if on else name})
                st.rerun()


def origin(row: Row) -> None:
    """Where the question came from, and what is doubted of it."""
    for doubt in row.get("doubts", ()):
        st.warning(written.literal(said(doubt)), icon=":material/help:")
    file, _, locator = row.get("source", "").rpartition(AT)
    frame.passage(
        catalog.place({"file": file, "locator": locator}, i18n.language()),
        row.get("text", ""),
        True,
    )


def mend(out: Path, source: dict[str, Any], key: str) -> None:
    """Where a question is seen: the button that opens its form there, for an editor. ``key`` tells
    it from the others on the page; one form is open at a time."""
    if not access.may_edit():
        return
    is_open = st.session_state.get("mending") == key
    if st.button(
        say("mend_close" if is_open else "mend"), key=f"mend-{key}", icon=":material/edit:"
    ):
        st.session_state.mending = "" if is_open else key
        st.rerun()
    if not is_open:
        return
    row = edits.row_at(edits.rows(out) or (), source, str(source.get("text", "")))
    with st.container(border=True, key="mending_box"):
        if row is None:
            st.info(say("mend_unlisted"), icon=":material/info:")
            return
        form(out, row)
        origin(row)
        if row["key"] in edits.pending(out):
            st.caption(say("mend_waits"))
            st.page_link("views/data.py", label=say("data"), icon=":material/dataset:")


# Many at once: for those who know the workbook


def grid(out: Path, rows: list[Row], key: str) -> None:
    """The table of questions with its search box and pages; what is typed is kept at once."""
    if not rows:
        st.caption(say("nothing_here"))
        return
    sought = st.text_input(
        say("search"), key=f"search-{key}", placeholder=say("search"), label_visibility="collapsed"
    )
    found = [row for row in rows if not sought or edits.holds(row, sought)]
    pages = max(1, -(-len(found) // PAGE))
    number = 1
    if pages > 1:
        number = st.number_input(
            say("page_of", pages=pages), 1, pages, 1, key=f"page-{key}-{sought}"
        )
    mark = (str(out), key, sought, number, st.session_state.get("review_drawn", 0), _stamp(out))
    kept = st.session_state.get(f"grid-{key}", {})
    if kept.get("mark") != mark:  # drawn once a page: what is typed into it stays where it is
        part = found[(number - 1) * PAGE : number * PAGE]
        kept = {"mark": mark, "keys": [row.get("key", "") for row in part]}
        kept["cells"] = [_cells(row) for row in part]
        st.session_state[f"grid-{key}"] = kept
    after = st.data_editor(
        kept["cells"],
        key=f"edit-{'-'.join(map(str, mark[1:]))}",
        hide_index=True,
        width="stretch",
        column_config=_columns(kept["cells"]),
        disabled=SEEN,
        num_rows="fixed",
        placeholder="—",
    )
    now = {row.get("key", ""): row for row in rows}
    typed = changes(kept["keys"], kept["cells"], after)
    before, refused = kept.get("typed", {}), kept.setdefault("refused", {})
    for name, line in typed.items():
        if name in now and line != before.get(name):  # an older word must not undo the form's
            refused[name] = edits.save(out, now[name], line)
    kept["typed"] = typed
    for name in (name for name, reason in refused.items() if reason and name in now):
        question = written.literal(now[name].get("question", "")[:30])
        st.error(i18n.label(question, say(refused[name])), icon=":material/block:")
    st.caption(say("edit_help"))


def _stamp(out: Path) -> int:
    return (out / "review.xlsx").stat().st_mtime_ns


_TWIN = re.compile(r"(.+) (\S+) \S+")  # the file, the locator and the id of what is repeated


def said(finding: dict[str, str]) -> str:
    """A doubt or reason in the reader's language; the place of what a line repeats, too."""
    if finding["code"] == "duplicate" and (twin := _TWIN.fullmatch(finding["zh"])):
        there = {"file": twin[1], "locator": twin[2]}
        place = catalog.place(there, i18n.language())
        finding = {**finding, "zh": place, "en": place}
    return findings.told(findings.Finding(finding["code"], finding["zh"], finding["en"]))


def _cells(row: Row) -> Row:
    """A row as the table shows it."""
    shown = {name: row.get(name, "") for name in COLUMNS}
    if kind := row.get("kind"):
        shown["kind"] = words(*labels.KINDS[kind])
    shown["doubts"] = "\n".join(map(said, row.get("doubts", ())))
    return shown | {name: row[name] for name in sorted(row) if name.startswith("option_")}


def _columns(rows: list[Row]) -> dict[str, Any]:
    config = st.column_config
    widths: dict[str, Any] = {"question": "large", "answer": "medium", "explanation": "medium"}
    found: dict[str, Any] = {
        name: config.TextColumn(say(f"col_{name}"), width=widths.get(name, "small"))
        for name in COLUMNS
    }
    found["decision"] = config.SelectboxColumn(
        say("col_decision"),
        options=["", *labels.DECISIONS],
        format_func=lambda name: say(f"decision_{name}") if name else "",
        width="small",
    )
    for name in sorted({name for row in rows for name in row if name.startswith("option_")}):
        found[name] = config.TextColumn(say("option", letter=name[-1]))
    return found


def changes(keys: list[str], before: list[Row], after: list[dict[str, Any]]) -> dict[str, Row]:
    """What was typed: key → column → text, as the workbook wants it."""
    found: dict[str, Row] = {}
    for key, was, now in zip(keys, before, after, strict=True):
        for name, text in now.items():
            text = str(text or "").strip()
            if text != was.get(name, "") and (name in TYPED or name.startswith("option_")):
                found.setdefault(key, {})[name] = text
    return found


def add(out: Path) -> None:
    """A question of one's own."""
    with (
        st.expander(say("add"), icon=":material/add:"),
        st.form("add", border=False, clear_on_submit=True),
    ):
        question = st.text_area(say("question"), height=80, max_chars=4000)
        answer = st.text_input(say("answer"), max_chars=4000)
        explanation = st.text_input(say("explanation"), max_chars=4000)
        if st.form_submit_button(say("add")) and question.strip() and answer.strip():
            line = {"question": question, "answer": answer, "explanation": explanation}
            line = {name: text.strip() for name, text in line.items() if text.strip()}
            rebuild(out, {"changed": edits.pending(out), "added": [line]})


# Of these nothing is lost: a document has hundreds of them, and the lines that matter among them.
_HARMLESS = ("heading", "no-question", "duplicate", "deleted", "edited")


def ledger(lost: list[Row]) -> None:
    """What did not become a question, or became one with a doubt: where and why. What may be a
    question that was lost comes first."""
    lost = sorted(lost, key=lambda line: line["code"] in _HARMLESS)
    if not lost:
        st.caption(say("nothing_here"))
        return
    most = 300
    frame.table(
        [say(name) for name in ("place", "reason", "text")],
        [
            (
                catalog.place(dict(line), i18n.language()),
                said(line),
                line.get("text", "")[:200],
            )
            for line in lost[:most]
        ],
    )
    if len(lost) > most:
        st.caption(say("ledger_more", n=len(lost) - most))
