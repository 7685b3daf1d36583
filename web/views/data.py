"""The data page: upload a bank, build the set, see what was read, doubted and lost, mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core import domain as domains
from core.errors import UserError
from core.files import read_json, read_jsonl
from web import access, editor, feedback, frame, jobs, places, server, sheet, texts, uploads
from web.texts import say

NEW = "+"


def out_of(domain: str, name: str) -> Path:
    """Where a data set made here lies."""
    return uploads.set_folder(domain, name) / "data"


def known() -> dict[str, Path]:
    """The data sets by name: complete ones, and those that the page is building or failed at."""
    found = {bank.name: bank.folder for bank in places.banks()}
    for job in places.runs(".job/job.json"):
        found.setdefault(places.name_of(job), job)
    return dict(sorted(found.items()))


def choose() -> str:
    """Which data set, or a new one."""
    names = [NEW, *known()]
    if (made := st.session_state.pop("data_made", None)) in names:
        st.session_state.data_set = made
    return str(
        st.selectbox(
            say("data_set"),
            names,
            format_func=lambda name: say("data_new") if name == NEW else name,
            key="data_set",
        )
    )


def steps(out: Path, domain: str, banks: list[Path]) -> list[list[str]]:
    """What ``make data`` runs, and then the workbook's questions for this page."""
    build = ["data_tools", "build", "--domain", domain, "--out", str(out)]
    return [[*build, "--bank", *map(str, banks)], listing(out)]


def listing(out: Path) -> list[str]:
    """The step that lists the workbook for this page."""
    return ["web.sheet", "list", str(out / "review.xlsx"), str(jobs.folder(out))]


def new() -> None:
    """A data set of uploaded files."""
    left, right = st.columns(2)
    name = left.text_input(say("data_name"), max_chars=40, key="data_name", help=say("name_help"))
    there = domains.names()
    domain = right.selectbox(
        say("domain"),
        there,
        index=there.index(server.find().domain.name),  # most add to what they are served
        format_func=lambda one: domains.load(one).title,
        key="data_domain",
    )
    build_form("new", name, domain, [])


def build_form(key: str, name: str, domain: str, there: list[Path]) -> None:
    """Files, and the button that builds."""
    files = st.file_uploader(
        say("upload"),
        type=list(uploads.KINDS),
        accept_multiple_files=True,
        key=f"files-{key}-{st.session_state.get('uploads', 0)}",
        help=say("upload_help"),
    )
    if there:
        st.caption(say("uploaded", names="、".join(path.name for path in there)))
    more = feedback.accepted(domain)
    with_more = bool(more) and st.checkbox(say("with_corrections"), value=True, key=f"more-{key}")
    arrived = bool(files or there)  # a file counts once it is whole
    if st.button(say("build"), type="primary", key=f"build-{key}", disabled=not arrived):
        try:
            if not name.strip():
                raise UserError(say("name_first"))
            out = out_of(domain, name)
            if key == "new" and out.exists():
                raise UserError(say("name_taken"))
            folder = out.parent / "uploads"
            for file in files:
                uploads.keep(folder, file.name, file.getvalue())
            banks = [*uploads.listed(folder), *([more] if more and with_more else [])]
            jobs.start(out, steps(out, domain, banks))
        except UserError as error:
            st.error(texts.plain(str(error)), icon=":material/error:")
            return
        places.look_again()
        st.session_state.data_made = places.name_of(out)
        st.session_state.uploads = st.session_state.get("uploads", 0) + 1  # an empty box next time
        st.rerun()


@st.fragment(run_every=0.7)
def progress(out: Path) -> None:
    """The bar of a build that runs."""
    now = jobs.state(out)
    if now["state"] != "running":
        places.look_again()
        st.rerun()
    st.progress(now["share"], text=say("building", doing=say(f"doing_{now['doing']}")))
    if st.button(say("cancel"), icon=":material/cancel:", key="cancel"):
        jobs.cancel(out)


def ended(out: Path, now: dict[str, Any]) -> None:
    """What a build that did not succeed said."""
    if now["state"] in ("none", "done"):
        return
    if now["state"] == "failed":
        short = now["error"].startswith("MemoryError")
        reason = say("no_memory") if short else texts.plain(now["error"])
        st.error(say("build_failed", reason=reason), icon=":material/error:")
    else:
        st.warning(say(f"build_{now['state']}"), icon=":material/warning:")


def index_of(out: Path) -> None:
    """Whether the chat can answer from this set, and the button that makes it able to."""
    note, kb = out.parent / "index" / "index.json", out / "kb.jsonl"
    if not kb.is_file() or (note.is_file() and note.stat().st_mtime >= kb.stat().st_mtime):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(say("index_old" if note.is_file() else "index_none"))
        if st.button(say("index_it"), icon=":material/manage_search:", key="index"):
            domain = str(read_json(out / "card.json")["domain"])
            jobs.start(out, [["rag", "index", "--domain", domain, "--data", str(out)]])
            st.rerun()


def summary(out: Path) -> None:
    """What was read, doubted and lost."""
    card = read_json(out / "card.json")
    with st.container(horizontal=True, gap="medium"):
        for name in ("rows", "train", "eval", "flagged", "dropped", "duplicates", "conflicts"):
            st.metric(say(f"count_{name}"), f"{card[name]:,}", width="content")
    frame.table(
        [say(name) for name in ("file", "questions", "declared", "lost")],
        [
            (one["file"], one["questions"], one["declared"] or "—", one["lost"])
            for one in card["sources"]
        ],
        (1, 2, 3),
    )
    st.caption(say("count_help"))
    index_of(out)


@st.cache_data(max_entries=8, show_spinner=False)
def _lines(file: str, stamp: float) -> list[dict[str, str]]:
    return list(read_jsonl(file))


def lines(out: Path, name: str) -> list[dict[str, str]] | None:
    """The workbook's questions or ledger as last listed; None where it has changed since."""
    file, book = jobs.folder(out) / name, out / "review.xlsx"
    if not file.is_file() or file.stat().st_mtime < book.stat().st_mtime:
        return None
    return _lines(str(file), file.stat().st_mtime)


def downloads(out: Path) -> None:
    """The files of the set."""
    with st.container(horizontal=True):
        for name in ("review.xlsx", "train.jsonl", "eval.jsonl", "ledger.csv"):
            if (out / name).is_file():
                st.download_button(
                    say("download", name=name),
                    (out / name).read_bytes(),
                    file_name=name,
                    icon=":material/download:",
                    on_click="ignore",
                )
    st.caption(say("download_help"))


def shown(out: Path) -> None:
    """A data set that is there."""
    summary(out)
    rows, lost = lines(out, sheet.ROWS), lines(out, sheet.LOST)
    if rows is None or lost is None:
        st.info(say("not_listed"), icon=":material/info:")
        if st.button(say("list_it")):
            jobs.start(out, [listing(out)])
            st.rerun()
        return
    doubtful = sum(bool(row.get("存疑")) for row in rows)
    names = [say("tab_rows", n=len(rows)), say("tab_doubts", n=doubtful)]
    tabs = st.tabs([*names, say("tab_ledger", n=len(lost)), say("tab_files"), say("tab_more")])
    with tabs[0]:
        editor.questions(out, rows, "all")
    with tabs[1]:
        editor.questions(out, [row for row in rows if row.get("存疑")], "doubts")
    with tabs[2]:
        editor.ledger(lost)
    with tabs[3]:
        downloads(out)
    with tabs[4]:
        folder = out.parent / "uploads"
        if folder.is_dir():
            domain = read_json(out / "card.json")["domain"]
            build_form(out.parent.name, out.parent.name, domain, uploads.listed(folder))
        else:
            st.caption(say("made_elsewhere"))


def page() -> None:
    """The page from top to bottom."""
    st.title(say("data"))
    if not access.may_edit():
        st.info(say("no_editor"), icon=":material/lock:")
        return
    name = choose()
    if name == NEW:
        new()
        return
    out = known()[name]
    now = jobs.state(out)
    if now["state"] == "running":
        progress(out)
        return
    ended(out, now)
    if (out / "card.json").is_file():
        shown(out)
    elif out.parent.parent.name == "sets":
        domain = out.parent.parent.parent.name
        there = uploads.listed(out.parent / "uploads")
        build_form(out.parent.name, out.parent.name, domain, there)


page()
