"""The quiz page: practise from a bank, see the explanation and the source, keep what was wrong."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from web import access, frame, places, quiz, server, store, talk, texts
from web.quiz import Question
from web.texts import say

KINDS = ("single", "multiple", "judge", "short")


@st.cache_resource(max_entries=4, show_spinner=False)
def _questions(folder: str, stamp: float) -> tuple[Question, ...]:
    bank = next(one for one in places.banks() if str(one.folder) == folder)
    return tuple(quiz.question(row) for row in places.rows(bank))


def chosen_bank(found: server.Found) -> places.Bank | None:
    """The bank to practise from; a box where there are several."""
    banks = places.banks()
    first = places.bank_of(found.target, [b for b in banks if b.domain == found.domain.name])
    if len(banks) < 2:
        return banks[0] if banks else None
    names = [bank.name for bank in banks]
    at = names.index(first.name) if first else 0
    name = st.sidebar.selectbox(say("bank"), names, index=at, key="quiz_bank")
    return banks[names.index(name)]


def chosen(questions: tuple[Question, ...], bank: str) -> list[Question]:
    """The questions of the chosen kinds and range."""
    there = [kind for kind in KINDS if any(one.kind == kind for one in questions)]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        reach = st.segmented_control(
            say("range"),
            ["all", "wrong"],
            default="all",
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
    """This visit's place in the questions: ``at``, ``given`` (None until answered), ``right``."""
    mark = (bank, st.session_state.get("quiz_range"), tuple(st.session_state.get("quiz_kinds", ())))
    kept: dict[str, Any] = st.session_state.setdefault("quiz", {})
    if kept.get("mark") != mark:
        kept.clear()
        kept |= {"mark": mark, "seed": time.time_ns(), "at": 0, "given": None, "right": None}
        kept["keys"] = [found[place].key for place in quiz.order(found, kept["seed"])]
    return kept


def figures(bank: str) -> None:
    """How it goes, in one line."""
    done, right = store.score(access.owner(), bank)
    wrong = len(store.notebook(access.owner(), bank))
    share = f"{100 * right / done:.0f}%" if done else "—"
    st.caption(say("quiz_figures", done=done, share=share, wrong=wrong))


def answered(asked: Question) -> str | None:
    """The reader's answer once it is sent."""
    with st.form(f"answer-{asked.key}", border=False):
        if asked.kind == "multiple":
            picked = [
                letter
                for letter, text in asked.options.items()
                if st.checkbox(f"{letter}. {talk.shown(text)}", key=f"{asked.key}-{letter}")
            ]
            given: str | None = "".join(picked)
        elif asked.options:
            given = st.radio(
                say("your_answer"),
                list(asked.options),
                index=None,
                format_func=lambda letter: (
                    talk.shown(asked.options[letter])
                    if asked.kind == "judge"
                    else f"{letter}. {talk.shown(asked.options[letter])}"
                ),
                label_visibility="collapsed",
            )
        else:
            given = st.text_input(
                say("your_answer"), placeholder=say("your_answer"), label_visibility="collapsed"
            )
        sent = st.form_submit_button(say("submit"), type="primary")
    return given.strip() if sent and given and given.strip() else None


def verdict(asked: Question, now: dict[str, Any], bank: str) -> None:
    """Right or wrong, the bank's answer, its explanation, and where it stands."""
    if now["right"] is None:
        st.info(say("judge_yourself", answer=talk.shown(asked.answer)), icon=":material/balance:")
        with st.container(horizontal=True):
            for name, right in (("was_right", True), ("was_wrong", False)):
                if st.button(say(name), key=name):
                    now["right"] = right
                    store.tried(access.owner(), bank, asked.key, right)
                    st.rerun()
    elif now["right"]:
        st.success(say("right", answer=talk.shown(asked.answer)), icon=":material/check_circle:")
    else:
        st.error(
            say("wrong", given=talk.shown(now["given"]), answer=talk.shown(asked.answer)),
            icon=":material/cancel:",
        )
    if asked.explanation:
        st.markdown(f"**{say('explanation')}**　{talk.shown(asked.explanation)}")
    with st.expander(
        f"{say('source')}：{places.place(asked.source, texts.language())}",
        icon=":material/article:",
    ):
        frame.passage(
            places.place(asked.source, texts.language()), asked.source.get("text", ""), True
        )


def explain(asked: Question, found: server.Found) -> None:
    """The model's own explanation, when it is wanted."""
    if found.state != "ready" or found.target is None:
        return
    if st.button(say("explain"), icon=":material/lightbulb:", key="explain"):
        slot = st.empty()
        message = {"id": 0, "content": "", "problem": talk.CUT, "extra": {}}
        sent = quiz.explaining(asked, found.domain.system)
        for text in talk.answer(message, found.target, sent, temperature=0.0, max_tokens=300):
            slot.markdown(talk.shown(text) + " ▌")
        if message["problem"]:
            st.error(say("broken", reason=texts.plain(str(message["problem"]))))
        slot.markdown(talk.shown(str(message["content"])) or say("empty"))
        st.caption(say("by_model"))


def practise(found: server.Found, bank: places.Bank, questions: tuple[Question, ...]) -> None:
    """One question after another."""
    some = chosen(questions, bank.name)
    now = state(bank.name, some)
    by_key = {one.key: one for one in some} | {one.key: one for one in questions}
    if now["at"] >= len(now["keys"]):
        st.success(say("quiz_done" if now["keys"] else "quiz_none"), icon=":material/done_all:")
        if now["keys"] and st.button(say("quiz_again")):
            now["mark"] = None
            st.rerun()
        return
    asked = by_key[now["keys"][now["at"]]]
    with st.container(border=True):
        number = say("quiz_number", at=now["at"] + 1, all=len(now["keys"]))
        st.caption(f"{number} · {say(f'kind_{asked.kind}')}")
        st.markdown(f"#### {talk.shown(asked.stem)}")
        if now["given"] is None:
            given = answered(asked)
            if given is not None:
                now |= {"given": given, "right": quiz.marked(asked, given)}
                if now["right"] is not None:
                    store.tried(access.owner(), bank.name, asked.key, now["right"])
                st.rerun()
        else:
            verdict(asked, now, bank.name)
            explain(asked, found)
    with st.container(horizontal=True, horizontal_alignment="right"):
        name = "skip" if now["given"] is None else "next"
        if st.button(say(name), icon=":material/arrow_forward:", type="secondary"):
            now |= {"at": now["at"] + 1, "given": None, "right": None}
            st.rerun()


def notebook(bank: places.Bank, questions: tuple[Question, ...]) -> None:
    """The questions that went wrong, with their answers."""
    by_key = {one.key: one for one in questions}
    listed = [one for one in store.notebook(access.owner(), bank.name) if one["question"] in by_key]
    if not listed:
        st.info(say("notebook_empty"), icon=":material/book:")
    for one in listed[:100]:
        asked = by_key[one["question"]]
        with st.container(border=True):
            st.markdown(f"**{talk.shown(asked.stem)}**")
            for letter, text in asked.options.items():
                st.markdown(f"{letter}. {talk.shown(text)}")
            place = places.place(asked.source, texts.language())
            st.markdown(f"{say('answer')}：{talk.shown(asked.answer)}")
            st.caption(f"{say('wrong_times', times=one['times'])} · {place}")
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
    bank = chosen_bank(found)
    if bank is None:
        st.info(say("no_bank"), icon=":material/dataset:")
        return
    questions = _questions(str(bank.folder), (bank.folder / "card.json").stat().st_mtime)
    figures(bank.name)
    tabs = st.tabs([say("practise"), say("notebook")])
    with tabs[0]:
        practise(found, bank, questions)
    with tabs[1]:
        notebook(bank, questions)


page()
