"""The quiz page: practise from a bank, see the explanation and the source, keep what was wrong."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.thinking import parted
from web import access, banks, catalog, conversation, frame, i18n, quiz, server, store, written
from web.i18n import say
from web.quiz import Question

KINDS = ("single", "multiple", "judge", "short")


@st.cache_resource(max_entries=4, show_spinner=False)
def _questions(folder: str, stamp: float) -> tuple[Question, ...]:
    bank = next(one for one in catalog.banks() if str(one.folder) == folder)
    return tuple(quiz.question(row) for row in catalog.rows(bank))


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
            ["all", "wrong"],
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
    fresh = {"seed": time.time_ns(), "key": "", "given": None, "right": None}
    same = kept.get("range") == reach and kept.get("kinds") == kinds
    now |= fresh | ({name: kept[name] for name in fresh} if same else {})
    keys = [found[place].key for place in quiz.order(found, now["seed"])]
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
    kept = {name: now[name] for name in ("seed", "key", "given", "right")}
    store.keep_place(access.owner(), bank, {"range": reach, "kinds": kinds, **kept})


def figures(bank: str) -> None:
    """How it goes, in one line."""
    done, right = store.score(access.owner(), bank)
    wrong = len(store.notebook(access.owner(), bank))
    share = f"{100 * right / done:.0f}%" if done else "—"
    st.caption(say("quiz_figures", done=done, share=share, wrong=wrong))


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


def verdict(asked: Question, now: dict[str, Any], bank: str) -> None:
    """Right or wrong, the bank's answer, its explanation, and where it stands."""
    if now["right"] is None:
        frame.exact(asked.answer, "answer", say("bank_answer"))
        st.info(say("judge_yourself"), icon=":material/balance:")
        with st.container(horizontal=True):
            for name, right in (("was_right", True), ("was_wrong", False)):
                if st.button(say(name), key=name):
                    store.tried(access.owner(), bank, asked.key, right)
                    keep(now, right=right)
                    st.rerun()
    else:
        if now["right"]:
            st.success(say("right"), icon=":material/check_circle:")
        else:
            st.error(say("wrong"), icon=":material/cancel:")
        frame.exact(asked.answer, "answer", say("bank_answer"))
    if asked.explanation:
        frame.exact(asked.explanation, "answer", say("explanation"))
    place = catalog.place(asked.source, i18n.language())
    with st.expander(f"{say('source')}：{written.literal(place)}", icon=":material/article:"):
        frame.passage(place, asked.source.get("text", ""), True)


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
            if right is not None:
                store.tried(access.owner(), bank.name, asked.key, right)
            keep(now, given=given, right=right)
            st.rerun()
        if now["given"] is not None:
            verdict(asked, now, bank.name)
            explain(asked, found)
    with st.container(horizontal=True, horizontal_alignment="right"):
        name = "skip" if now["given"] is None else "next"
        if st.button(say(name), icon=":material/arrow_forward:", type="secondary", key="quiz_next"):
            keep(now, at=now["at"] + 1, given=None, right=None)
            st.rerun()


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
    tabs = st.tabs([say("practise"), say("notebook")], key="quiz_tabs", on_change="rerun")
    for tab, show in zip(
        tabs,
        (lambda: practise(found, bank, questions), lambda: notebook(bank, questions)),
        strict=True,
    ):
        if tab.open:
            with tab:
                show()


page()
