"""The quiz page: practise from a bank, see the explanation and the source, keep what was wrong."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.errors import UserError
from core.thinking import parted
from web import (
    access,
    banks,
    catalog,
    chapters,
    conversation,
    editor,
    exam_page,
    exports,
    frame,
    i18n,
    learning,
    quiz,
    server,
    store,
    written,
)
from web.i18n import say
from web.quiz import Question

KINDS = ("single", "multiple", "judge", "short")


@st.cache_resource(max_entries=4, show_spinner=False)
def _questions(folder: str, stamp: float) -> tuple[Question, ...]:
    bank = next(one for one in catalog.banks() if str(one.folder) == folder)
    return tuple(quiz.question(row) for row in catalog.rows(bank))


@st.cache_resource(max_entries=4, show_spinner=False)
def _headings(folder: str, stamp: float) -> chapters.Headings:
    return chapters.of(next(one for one in catalog.banks() if str(one.folder) == folder))


def chosen(questions: tuple[Question, ...], bank: str) -> list[Question]:
    """The questions of the chosen kinds and range."""
    there = [kind for kind in KINDS if any(one.kind == kind for one in questions)]
    if st.session_state.get("quiz_of") != bank or "quiz_range" not in st.session_state:
        kept = store.place(access.owner(), bank)
        st.session_state.quiz_of = bank
        st.session_state.quiz_range = kept.get("range", "all")
        st.session_state.quiz_kinds = [one for one in kept.get("kinds", []) if one in there]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        reach = st.segmented_control(
            say("range"),
            ["all", "due", "wrong"],
            required=True,
            format_func=lambda name: say(f"range_{name}"),
            key="quiz_range",
            label_visibility="collapsed",
        )
        kinds = st.pills(
            say("kind"),
            there,
            selection_mode="multi",
            format_func=lambda kind: say(f"kind_{kind}"),
            key="quiz_kinds",
            label_visibility="collapsed",
        )
    found = [one for one in questions if not kinds or one.kind in kinds]
    if reach == "due":
        by_key = {one.key: one for one in found}
        late = learning.due(learning.cards(store.reviews(access.owner(), bank)), time.time())
        found = [by_key[key] for key in late if key in by_key]
    if reach == "wrong":
        wrong = {one["question"] for one in store.notebook(access.owner(), bank)}
        found = [one for one in found if one.key in wrong]
    return found


def state(bank: str, found: list[Question]) -> dict[str, Any]:
    """The reader's place in the questions: ``at``, ``given`` (None until answered), ``right``. It
    is kept for the next visit (:func:`keep`), which draws the same order from ``seed``."""
    reach, kinds = st.session_state.quiz_range, list(st.session_state.quiz_kinds or ())
    mark = [bank, reach, kinds]
    now: dict[str, Any] = st.session_state.setdefault("quiz", {})
    if now.get("mark") == mark:
        return now
    now.clear()
    kept = store.place(access.owner(), bank)
    fresh = {"seed": time.time_ns(), "key": "", "given": None, "right": None, "tried": 0.0}
    same = kept.get("range") == reach and kept.get("kinds") == kinds
    now |= fresh | ({name: kept.get(name, fresh[name]) for name in fresh} if same else {})
    places = range(len(found)) if reach == "due" else quiz.order(found, now["seed"])
    keys = [found[place].key for place in places]  # what is due: the longest waiting first
    if now["key"] and now["key"] not in keys:
        now |= {"key": "", "given": None, "right": None}
    now |= {"mark": mark, "keys": keys, "at": keys.index(now["key"]) if now["key"] else 0}
    return now


def keep(now: dict[str, Any], **changed: Any) -> None:
    """Change the reader's place, and keep it for the next visit."""
    now |= changed
    bank, reach, kinds = now["mark"]
    at = now["at"]
    now["key"] = now["keys"][at] if at < len(now["keys"]) else ""
    kept = {name: now[name] for name in ("seed", "key", "given", "right", "tried")}
    store.keep_place(access.owner(), bank, {"range": reach, "kinds": kinds, **kept})


def figures(bank: str) -> None:
    """How it goes, in one line."""
    done, right = store.score(access.owner(), bank)
    wrong = len(store.notebook(access.owner(), bank))
    share = f"{100 * right / done:.0f}%" if done else "—"
    late = len(learning.due(learning.cards(store.reviews(access.owner(), bank)), time.time()))
    st.caption(say("quiz_figures", done=done, share=share, wrong=wrong, due=late))


def tried(asked: Question, bank: str, right: bool) -> float:
    """Note an answer; its time."""
    return store.tried(access.owner(), bank, asked.key, right, learning.rating(right))


def again(asked: Question, now: dict[str, Any], bank: str) -> None:
    """When the question is due again, and how hard it was where that is not what was taken."""
    reviews = store.reviews(access.owner(), bank, asked.key)
    card = learning.cards(reviews).get(asked.key)
    if card is None or not now["tried"]:
        return
    given = reviews[-1][1]
    if now["right"]:
        names = {"hard": learning.HARD, "good": learning.GOOD, "easy": learning.EASY}
        there = next((name for name, value in names.items() if value == given), "good")
        told = st.segmented_control(
            say("how_hard"),
            list(names),
            default=there,
            required=True,
            format_func=lambda name: say(f"rating_{name}"),
            key=f"rating-{asked.key}-{now['tried']}",
        )
        if names[told] != given:
            store.rated(access.owner(), bank, asked.key, names[told], now["tried"])
            st.rerun()
    st.caption(say("due_again", time=waiting(card.due.timestamp() - time.time())))


def waiting(seconds: float) -> str:
    """A time to come, in days or minutes."""
    days = seconds / 86400
    if days >= 1:
        return say("in_days", n=round(days))
    return say("in_minutes", n=max(1, round(seconds / 60)))


def answered(asked: Question, now: dict[str, Any]) -> str:
    """The reader's answer once it is sent. The options stay after it, right and wrong marked."""
    if asked.options:
        right = asked.letters if now["given"] is not None else None
        several, judge = asked.kind == "multiple", asked.kind == "judge"
        key = f"options-{asked.key}-{now['seed']}"
        return frame.options(key, asked.options, several, judge, now["given"] or "", right)
    if now["given"] is not None:
        frame.exact(now["given"], "answer", say("your_answer"))
        return ""
    with st.form(f"answer-{asked.key}", border=False):
        given = st.text_input(
            say("your_answer"), placeholder=say("your_answer"), label_visibility="collapsed"
        )
        sent = st.form_submit_button(say("submit"), type="primary")
    return given.strip() if sent else ""


def verdict(asked: Question, now: dict[str, Any], bank: catalog.Bank) -> None:
    """Right or wrong, the bank's answer, its explanation, and where it stands."""
    if now["right"] is None:
        frame.exact(asked.answer, "answer", say("bank_answer"))
        st.info(say("judge_yourself"), icon=":material/balance:")
        with st.container(horizontal=True):
            for name, right in (("was_right", True), ("was_wrong", False)):
                if st.button(say(name), key=name):
                    keep(now, right=right, tried=tried(asked, bank.name, right))
                    st.rerun()
    else:
        if now["right"]:
            st.success(say("right"), icon=":material/check_circle:")
        else:
            st.error(say("wrong"), icon=":material/cancel:")
        frame.exact(asked.answer, "answer", say("bank_answer"))
        again(asked, now, bank.name)
    why(asked, bank)


def why(asked: Question, bank: catalog.Bank) -> None:
    """The bank's explanation, where the question stands, and its form for who may mend it."""
    if asked.explanation:
        frame.exact(asked.explanation, "answer", say("explanation"))
    place = catalog.place(asked.source, i18n.language())
    with st.expander(i18n.label(say("source"), written.literal(place)), icon=":material/article:"):
        frame.passage(place, asked.source.get("text", ""), True)
    editor.mend(bank.folder, asked.source, asked.key)


def explain(asked: Question, found: server.Found) -> None:
    """The model's own explanation of this question, when it is wanted; it is held against the
    question's own words, and said so where none of it comes from them."""
    if found.state != "ready" or found.target is None:
        return
    if st.button(say("explain"), icon=":material/lightbulb:", key="explain"):
        slot = st.empty()
        message: dict[str, Any] = {"id": 0, "content": "", "problem": conversation.CUT, "extra": {}}
        sent = quiz.explaining(asked, found.domain.system)
        for text in conversation.answer(
            message, found.target, sent, temperature=0.0, max_tokens=300
        ):
            slot.markdown(written.markdown(parted(text)[1]) + " ▌")
        slot.empty()
        if message["problem"]:
            st.error(say("broken", reason=written.literal(message["problem"])))
        thought, said = parted(str(message["content"]))
        conversation.thinking(thought)
        fits = quiz.about(asked, said)
        if not fits:
            st.warning(say("explains_other"), icon=":material/help:")
        with st.container() if fits else st.expander(say("model_said")):
            st.markdown(written.markdown(said) or say("empty"))
        st.caption(say("by_model"))


def practise(found: server.Found, bank: catalog.Bank, questions: tuple[Question, ...]) -> None:
    """One question after another."""
    some = chosen(questions, bank.name)
    now = state(bank.name, some)
    by_key = {one.key: one for one in questions}
    if now["at"] >= len(now["keys"]):
        st.success(say("quiz_done" if now["keys"] else "quiz_none"), icon=":material/done_all:")
        if now["keys"] and st.button(say("quiz_again")):
            keep(now, seed=time.time_ns(), at=0, given=None, right=None)
            now["mark"] = None
            st.rerun()
        return
    asked = by_key[now["keys"][now["at"]]]
    with st.container(border=True):
        number = say("quiz_number", at=now["at"] + 1, all=len(now["keys"]))
        st.caption(f"{number} · {say(f'kind_{asked.kind}')}")
        frame.exact(asked.stem, "stem")
        given = answered(asked, now)
        if given and now["given"] is None:
            right = quiz.marked(asked, given)
            at = 0.0 if right is None else tried(asked, bank.name, right)
            keep(now, given=given, right=right, tried=at)
            st.rerun()
        if now["given"] is not None:
            verdict(asked, now, bank)
            explain(asked, found)
    with st.container(horizontal=True, horizontal_alignment="right"):
        name = "skip" if now["given"] is None else "next"
        if st.button(say(name), icon=":material/arrow_forward:", type="secondary", key="quiz_next"):
            keep(now, at=now["at"] + 1, given=None, right=None)
            st.rerun()


def recite(bank: catalog.Bank, questions: tuple[Question, ...]) -> None:
    """背题: question after question with its answer, chapter by chapter, nothing asked."""
    there = _headings(str(bank.folder), (bank.folder / "card.json").stat().st_mtime)
    parts: dict[str, list[Question]] = {}
    for one in questions:
        parts.setdefault(chapters.chapter(one.source, there), []).append(one)
    name = st.selectbox(say("chapter"), list(parts), key="recite_chapter")
    some = parts[name]
    marks: dict[str, int] = st.session_state.setdefault("recited", {})
    mark = f"{bank.name}/{name}"
    at = min(marks.get(mark, 0), len(some) - 1)
    asked = some[at]
    with st.container(border=True):
        number = say("quiz_number", at=at + 1, all=len(some))
        st.caption(f"{number} · {say(f'kind_{asked.kind}')}")
        frame.exact(asked.stem, "stem")
        if asked.options:
            several, judge = asked.kind == "multiple", asked.kind == "judge"
            key = f"recite-{asked.key}"
            frame.options(key, asked.options, several, judge, "", asked.letters)
        frame.exact(asked.answer, "answer", say("answer"))
        why(asked, bank)
    with st.container(horizontal=True, horizontal_alignment="right"):
        for name, to, off in (("previous", at - 1, at == 0), ("next", at + 1, at + 1 == len(some))):
            if st.button(say(name), key=f"recite_{name}", disabled=off):
                marks[mark] = to
                st.rerun()


def mastered(bank: catalog.Bank, questions: tuple[Question, ...]) -> None:
    """How each chapter stands."""
    there = _headings(str(bank.folder), (bank.folder / "card.json").stat().st_mtime)
    known = learning.cards(store.reviews(access.owner(), bank.name))
    found = learning.mastery(
        questions, lambda one: chapters.chapter(one.source, there), known, time.time()
    )
    head = ["chapter", "questions", "tried_ones", "due_ones", "mastery", ""]
    frame.table(
        [say(name) if name else "" for name in head],
        [
            (
                one.chapter,
                one.questions,
                one.seen,
                one.due,
                f"{100 * one.share:.0f}%",
                frame.bar(one.share, (one.share, one.share)),
            )
            for one in found
        ],
        (1, 2, 3, 4),
    )
    st.caption(say("mastery_help"))


def hand_out(bank: catalog.Bank) -> None:
    """The questions as files for other tools."""
    form = st.selectbox(
        say("export_form"),
        exports.FORMATS,
        format_func=lambda name: say(f"form_{name}"),
        key="export_form",
    )
    if not st.button(say("export_make"), icon=":material/ios_share:", key="export_make"):
        return
    try:
        with st.spinner(say("export_busy")):
            files, said = exports.files(bank, form)
    except UserError as error:
        st.error(written.literal(str(error)), icon=":material/error:")
        return
    if said:
        frame.exact(said)
    with st.container(horizontal=True):
        for file in files:
            st.download_button(
                say("download", name=file.name),
                file.read_bytes(),
                file_name=file.name,
                icon=":material/download:",
                on_click="ignore",
            )


def notebook(bank: catalog.Bank, questions: tuple[Question, ...]) -> None:
    """The questions that went wrong, with their answers."""
    by_key = {one.key: one for one in questions}
    listed = [one for one in store.notebook(access.owner(), bank.name) if one["question"] in by_key]
    if not listed:
        st.info(say("notebook_empty"), icon=":material/book:")
    for one in listed[:100]:
        asked = by_key[one["question"]]
        with st.container(border=True):
            frame.exact(asked.stem, "stem")
            if asked.options and asked.kind != "judge":
                lines = (f"{letter}. {text}" for letter, text in asked.options.items())
                frame.exact("\n".join(lines))
            place = catalog.place(asked.source, i18n.language())
            frame.exact(asked.answer, "answer", say("answer"))
            st.caption(f"{say('wrong_times', times=one['times'])} · {written.literal(place)}")
            st.button(
                say("forget"),
                key=f"forget-{asked.key}",
                type="tertiary",
                icon=":material/remove_done:",
                on_click=store.forget_wrong,
                args=(access.owner(), bank.name, asked.key),
            )


def exam(bank: catalog.Bank, questions: tuple[Question, ...]) -> None:
    """The exam of this bank."""
    there = _headings(str(bank.folder), (bank.folder / "card.json").stat().st_mtime)
    exam_page.show(bank.name, questions, lambda one: chapters.chapter(one.source, there))


def page() -> None:
    """The page from top to bottom."""
    found = server.find()
    st.title(say("quiz"))
    bank = banks.chosen(found)
    if bank is None:
        st.info(say("no_bank"), icon=":material/dataset:")
        return
    questions = _questions(str(bank.folder), (bank.folder / "card.json").stat().st_mtime)
    figures(bank.name)
    parts = {
        "practise": lambda: practise(found, bank, questions),
        "recite": lambda: recite(bank, questions),
        "exam": lambda: exam(bank, questions),
        "notebook": lambda: notebook(bank, questions),
        "mastery": lambda: mastered(bank, questions),
        "export": lambda: hand_out(bank),
    }
    tabs = st.tabs([say(name) for name in parts], key="quiz_tabs", on_change="rerun")
    for tab, show in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                show()


page()
