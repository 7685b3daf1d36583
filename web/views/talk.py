"""The spoken dialogue: without hands, in a chosen situation, with a figure that speaks."""

from __future__ import annotations

import base64
import time
from typing import Any

import streamlit as st

from core.errors import UserError
from core.thinking import parted
from web import (
    access,
    banks,
    catalog,
    conversation,
    evidence,
    frame,
    i18n,
    quiz,
    server,
    speech,
    store,
    talk,
    written,
)
from web.i18n import say

SPOKEN = 120  # characters of the model's answer that are read aloud: nobody waits for more


def state(name: str) -> dict[str, Any]:
    """The dialogue in situation ``name``, as it was left: ``lines`` (who, text), ``key`` of the
    question that waits, ``seed`` of their order."""
    kept = store.place(access.owner(), f"talk/{name}")
    return {"lines": [], "key": "", "seed": time.time_ns()} | kept


def keep(name: str, now: dict[str, Any]) -> None:
    """Keep it for the next run and the next visit."""
    now["lines"] = now["lines"][-talk.LINES :]
    store.keep_place(access.owner(), f"talk/{name}", now)


def ask_next(now: dict[str, Any], questions: list[quiz.Question]) -> str:
    """The next question of the bank, as it is read aloud; they begin anew after the last."""
    if not questions:
        return say("no_bank")
    order = quiz.order(questions, now["seed"])
    keys = [questions[at].key for at in order]
    at = (keys.index(now["key"]) + 1) % len(keys) if now["key"] in keys else 0
    now["key"] = keys[at]
    return talk.aloud(questions[order[at]])


def examined(now: dict[str, Any], questions: list[quiz.Question], heard: str) -> str:
    """What the examiner says to an answer, and the next question."""
    asked = next((one for one in questions if one.key == now["key"]), None)
    verdict = ""
    if asked is not None:
        name = "talk_right" if talk.right(asked, heard) else "talk_reference"
        verdict = say(name, answer=asked.answer) + " "
    return verdict + say("talk_next") + ask_next(now, questions)


def answered(found: server.Found, bank: catalog.Bank | None, heard: str) -> str:
    """What the model answers, from the bank where it has an index; what went wrong in a line."""
    if found.state != "ready" or found.target is None:
        return say(found.state)
    opened, _ = evidence.index(bank)
    sent = [
        {"role": "system", "content": found.domain.system},
        {"role": "user", "content": heard},
    ]
    try:
        if opened is not None:
            ready = evidence.prepare(opened, found.domain, heard, [], found.target)
            if not ready.enough:
                return i18n.refusal(evidence.refusal(found.domain, ready.missing))
            sent = ready.messages
    except UserError as error:
        return str(error)
    message: dict[str, Any] = {"id": 0, "content": "", "problem": conversation.CUT, "extra": {}}
    for _ in conversation.answer(message, found.target, sent, temperature=0.0, max_tokens=200):
        st.empty()  # a run that is not wanted any more ends at such a place
    text = parted(str(message["content"]))[1].strip()
    return text or str(message["problem"]) or say("empty")


def reply(name: str, now: dict[str, Any], found: server.Found, heard: str) -> None:
    """Answer what was said (nothing: the first words), and let it be spoken."""
    situation, bank = talk.SITUATIONS[name], banks.chosen(found)
    questions = [quiz.question(row) for row in catalog.rows(bank)] if bank else []
    if heard:
        now["lines"].append({"who": "you", "text": heard})
        keep(name, now)
        text = examined(now, questions, heard) if situation.asks else answered(found, bank, heard)
        if situation.warns:
            text += " " + i18n.disclaimer(found.domain)
    else:
        text = say(f"talk_{name}_first")
        text += ask_next(now, questions) if situation.asks else ""
    now["lines"].append({"who": "page", "text": text})
    keep(name, now)
    sound = speech.speak(text[:SPOKEN]) if speech.ready() else b""
    # Together, and not before the voice is there: the browser speaks when the number changes.
    number, _ = st.session_state.get("talk_voice", (0, ""))
    st.session_state.talk_voice = (number + 1, base64.b64encode(sound).decode())


def heard_of(said: dict[str, Any]) -> str:
    """The words in what the browser sent."""
    sound = base64.b64decode(str(said.get("wav", "")))[: speech.SOUND]
    return speech.listen(sound) if sound else ""


def lines(name: str, now: dict[str, Any]) -> None:
    """The transcript, its file, and a new beginning."""
    names = {"you": say("talk_you"), "page": say(f"talk_{name}_page")}
    for one in now["lines"]:
        frame.exact(one["text"], mark=names[one["who"]])
    if not now["lines"]:
        return
    with st.container(horizontal=True):
        st.download_button(
            say("talk_file"),
            talk.transcript(now["lines"], names),
            file_name="dialogue.txt",
            icon=":material/download:",
            on_click="ignore",
        )
        if st.button(say("talk_over"), icon=":material/restart_alt:"):
            store.keep_place(access.owner(), f"talk/{name}", {})
            st.rerun()


def page() -> None:
    """The page from top to bottom."""
    found = server.find()
    st.title(say("talk"))
    st.caption(say("talk_help"))
    name = str(
        st.segmented_control(
            say("talk_situation"),
            list(talk.SITUATIONS),
            default="interview",
            required=True,
            format_func=lambda one: say(f"talk_{one}"),
            key="talk_situation",
        )
    )
    now = state(name)
    if not speech.ready():
        st.info(say("speech_missing"), icon=":material/volume_off:")
        frame.for_admin(speech.INSTALL)
    said = frame.talk(f"talk-{name}", *st.session_state.get("talk_voice", (0, "")))
    typed = st.chat_input(say("talk_type"), max_chars=2000, key="talk_typed")
    lines(name, now)
    if not said and not typed:
        return
    try:
        with st.spinner(say("thinking")):
            heard = typed.strip() if typed else heard_of(said) if speech.ready() else ""
            if not heard and now["lines"]:  # a cough, or a dialogue that goes on
                number, _ = st.session_state.get("talk_voice", (0, ""))
                st.session_state.talk_voice = (number + 1, "")
            else:
                reply(name, now, found, heard)
    except UserError as error:
        st.error(written.literal(str(error)), icon=":material/volume_off:")
        return
    st.rerun()


page()
