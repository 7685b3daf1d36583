"""The data page: upload a bank, build the set, see what was read, doubted and lost, mend it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core import domain as domains
from core.errors import UserError
from core.files import read_json
from web import (
    access,
    banks,
    catalog,
    editor,
    edits,
    feedback,
    frame,
    i18n,
    jobs,
    server,
    sheet,
    training,
    uploads,
    written,
)
from web.i18n import say

NEW = "+"


def out_of(domain: str, name: str) -> Path:
    """Where a data set made here lies."""
    return uploads.set_folder(domain, name) / "data"


def known() -> dict[str, Path]:
    """The data sets by name: complete ones, and those that the page is building or failed at."""
    found = {bank.name: bank.folder for bank in catalog.banks()}
    for job in filter(made_here, catalog.runs(".job/job.json")):
        found.setdefault(catalog.name_of(job), job)
    return dict(sorted(found.items()))


def choose(there: dict[str, Path]) -> str:
    """Which data set, or a new one: the bank of the visit, unless another is looked at here."""
    if (made := st.session_state.pop("data_made", None)) in there:
        st.session_state.data_other = made
        banks.choose(made)
    bank = banks.chosen(server.find())
    other = st.session_state.get("data_other")
    names, titles = [NEW, *there], catalog.titles()
    own = other in names and other not in titles  # new, or not complete: no bank to choose yet
    shown = str(other) if own else bank.name if bank else NEW
    st.session_state.data_set = shown

    def chosen() -> None:
        name = st.session_state.data_set
        st.session_state.data_other = None if name in titles else name
        if name in titles:
            banks.choose(name)

    def called(name: str) -> str:
        return say("data_new") if name == NEW else titles.get(name) or there[name].parent.name

    st.selectbox(say("data_set"), names, format_func=called, key="data_set", on_change=chosen)
    banks.keep(banks.chosen(server.find()))
    return shown


def steps(out: Path, domain: str, banks: list[Path]) -> list[list[str]]:
    """What ``make data`` runs, and then the workbook's questions for this page."""
    build = ["data_tools", "build", "--domain", domain, "--out", str(out)]
    return [[*build, "--bank", *map(str, banks)], listing(out)]


def listing(out: Path) -> list[str]:
    """The step that lists the workbook for this page."""
    return ["web.sheet", "list", str(out / "review.xlsx"), str(jobs.folder(out))]


def new() -> None:
    """A data set of uploaded files."""
    way(None)
    left, right = st.columns(2)
    name = left.text_input(say("data_name"), max_chars=40, key="data_name", help=say("name_help"))
    there = domains.names()
    domain = right.selectbox(
        say("domain"),
        there,
        index=there.index(server.find().domain.name),  # most add to what they are served
        format_func=lambda one: i18n.title(domains.load(one)),
        key="data_domain",
    )
    build_form("new", name, domain, [])


def build_form(key: str, name: str, domain: str, there: list[Path]) -> None:
    """Files, and the button that builds."""
    files = st.file_uploader(
        say("upload"),
        accept_multiple_files=True,
        key=f"files-{key}-{st.session_state.get('uploads', 0)}",
        help=say("upload_help"),
    )
    st.caption(say("upload_kinds", kinds="、".join(uploads.KINDS).upper()))
    if there:
        names = written.literal("、".join(path.name for path in there))
        st.caption(say("uploaded", names=names))
    more = feedback.accepted(domain)
    with_more = bool(more) and st.checkbox(say("with_corrections"), value=True, key=f"more-{key}")
    arrived = bool(files or there)  # a file counts once it is whole
    if st.button(say("build"), type="primary", key=f"build-{key}", disabled=not arrived):
        try:
            if not name.strip() and key == "new":  # the first file's, as a person would call it
                name = uploads.safe_name(files[0].name).rpartition(".")[0].replace(".", "-")[:40]
            out = out_of(domain, name)
            if key == "new" and out.exists():
                raise UserError(say("name_taken"))
            folder = out.parent / "uploads"
            for file in files:
                uploads.looked_at(file.name, file.getvalue())
            for file in files:
                uploads.keep(folder, file.name, file.getvalue())
            banks = [*uploads.listed(folder), *([more] if more and with_more else [])]
            jobs.start(out, steps(out, domain, banks))
        except UserError as error:
            st.error(written.literal(str(error)), icon=":material/error:")
            return
        catalog.look_again()
        st.session_state.data_made = catalog.name_of(out)
        st.session_state.uploads = st.session_state.get("uploads", 0) + 1  # an empty box next time
        st.rerun()


@st.fragment(run_every=0.7)
def progress(out: Path) -> None:
    """The bar of a build that runs."""
    i18n.speak()
    now = jobs.state(out)
    if now["state"] != "running":
        catalog.look_again()
        st.rerun()
    text = say("building", doing=say(f"doing_{now['doing']}"))
    if now.get("total"):
        text += " " + say("building_of", done=f"{now['done']:,}", total=f"{now['total']:,}")
    if now.get("left"):
        text += " " + say("building_left", seconds=math.ceil(now["left"]))
    with st.container(key="building"):
        st.progress(now["share"], text=text)
        if st.button(say("cancel"), icon=":material/stop_circle:", key="cancel"):
            jobs.cancel(out)


@st.fragment(run_every=3)
def watch(out: Path, was: tuple[str, int]) -> None:
    """Another tab may start a job, or end one, or both between two looks: this one follows."""
    if jobs.mark(out) != was:
        catalog.look_again()
        st.rerun()


def ended(out: Path, now: dict[str, Any]) -> None:
    """What a build that did not succeed said."""
    if now["state"] in ("none", "done"):
        return
    if now["state"] == "failed":
        short = now["error"].startswith("MemoryError")
        reason = say("no_memory") if short else now["error"]
        st.error(say("build_failed", reason=written.literal(reason)), icon=":material/error:")
    else:
        st.warning(say(f"build_{now['state']}"), icon=":material/warning:")


def way(out: Path | None, rows: Sequence[edits.Row] = ()) -> None:
    """Upload, check, answer, practise: how far the set has come, and the one button that goes on.

    Doubts are counted at their step and stop nobody: a set may answer while they wait."""
    names = [say(f"step_{name}") for name in ("upload", "check", "ready", "practise")]
    if out is None:
        frame.steps(say("steps"), names, 0)
        return
    if doubts := len(edits.doubted(rows)):
        names[1] += say("step_doubts", n=doubts)
    old = _index_old(out)
    at = 1 if edits.pending(out) else 3 if old is False else 2
    with st.container(horizontal=True, vertical_alignment="center", key="way"):
        frame.steps(say("steps"), names, at)
        if jobs.state(out)["state"] == "running":
            return
        if at == 2 and st.button(
            say("index_it"), icon=":material/manage_search:", key="index", type="primary"
        ):
            domain = str(read_json(out / "card.json")["domain"])
            jobs.start(out, [["rag", "index", "--domain", domain, "--data", str(out)]])
            st.rerun()
        if at == 3 and st.button(say("go_practise"), icon=":material/quiz:", key="go_practise"):
            st.switch_page("views/quiz.py")
    if old is not False:
        st.caption(say("index_old" if old else "index_none"))


def _index_old(out: Path) -> bool | None:
    """Whether the index is older than the set; None where there is none."""
    note, kb = out.parent / "index" / "index.json", out / "kb.jsonl"
    if not kb.is_file():  # nothing to search in
        return False
    return note.stat().st_mtime < kb.stat().st_mtime if note.is_file() else None


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
    rows, lost = edits.rows(out), edits.listed(out, sheet.LOST)
    way(out, rows or [])
    summary(out)
    if rows is None or lost is None:
        if jobs.state(out)["state"] == "running":
            return
        st.info(say("not_listed"), icon=":material/info:")
        if st.button(say("list_it")):
            jobs.start(out, [listing(out)])
            st.rerun()
        return
    names = ["tab_rows", "tab_grid", "tab_ledger", "tab_files", "tab_more"]
    many = {"tab_rows": len(rows), "tab_ledger": len(lost)}
    tabs = st.tabs([say(one, n=many.get(one, 0)) for one in names], key="data", on_change="rerun")
    parts = (
        lambda: editor.review(out, rows),
        lambda: editor.grid(out, rows, "all"),
        lambda: editor.ledger(lost),
        lambda: downloads(out),
        lambda: more(out),
    )
    for tab, part in zip(tabs, parts, strict=True):
        if tab.open:
            with tab:
                part()


def more(out: Path) -> None:
    """More files for a set that was made here, and its end."""
    if not made_here(out):
        st.caption(say("made_elsewhere"))
        return
    domain = read_json(out / "card.json")["domain"]
    build_form(out.parent.name, out.parent.name, domain, uploads.listed(out.parent / "uploads"))
    remove(out)


def made_here(out: Path) -> bool:
    """Whether the set was made on this page: nothing else is ever deleted from it."""
    return out.parent.parent.name == "sets" and out.name == "data"


def remove(out: Path) -> None:
    """Delete a set that was made here, with its uploads, its index and its runs."""
    busy = jobs.state(out)["state"] == "running" or training.within(out.parent)
    if not made_here(out) or busy:
        return
    # By the set: neither the open box nor a click that comes when it is gone may meet the next one.
    name = catalog.name_of(out)
    with st.popover(say("delete_set"), icon=":material/delete:", key=f"delete-box-{name}"):
        st.write(say("delete_sure", name=written.literal(out.parent.name)))
        if st.button(say("delete_yes"), type="primary", key=f"delete-{name}"):
            shutil.rmtree(out.parent)
            catalog.look_again()
            st.session_state.data_other = None
            st.rerun()


def page() -> None:
    """The page from top to bottom."""
    st.title(say("data"))
    if not access.may_edit():
        st.info(say("no_editor"), icon=":material/lock:")
        return
    there = known()
    name = choose(there)
    if name == NEW:
        new()
        return
    out = there[name]
    mark, now = jobs.mark(out), jobs.state(out)
    if now["state"] == "running":
        progress(out)
    else:
        watch(out, mark)
        ended(out, now)
    if (out / "card.json").is_file():
        shown(out)
    elif made_here(out) and now["state"] != "running":
        domain = out.parent.parent.parent.name
        there_ = uploads.listed(out.parent / "uploads")
        build_form(out.parent.name, out.parent.name, domain, there_)
        remove(out)


page()
