"""The chat page: ask, watch the answer grow, stop it, see what it rests on, correct it."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from core.chat import Endpoint
from core.errors import UserError
from core.thinking import parted
from web import (
    access,
    banks,
    catalog,
    conversation,
    evidence,
    feedback,
    frame,
    i18n,
    inquiries,
    quiz,
    server,
    sidebar,
    sources,
    speech,
    store,
    written,
)
from web.i18n import say

COMMAND = "make deploy"
AVATARS = {"user": ":material/person:", "assistant": ":material/menu_book:"}


def cites(message: dict[str, Any]) -> None:
    """The evidence under an answer; each opens in its context. What is cited comes first."""
    passages = message["extra"].get("passages", [])
    if not passages:
        return
    if message["extra"].get("refused"):
        st.caption(say("nearest"))
    used = {number for one in message["extra"].get("checks", []) for number in one["numbers"]}
    order = sorted(range(1, len(passages) + 1), key=lambda number: (number not in used, number))
    with st.container(horizontal=True, gap="small", key=f"cite-{message['id']}"):
        for number in order:
            passage = passages[number - 1]
            place = catalog.place(passage["source"], i18n.language())
            begins = f" · {passage['text'][:24]}…" if message["extra"].get("refused") else ""
            label = written.literal(f"[{number}] {place}{begins}")
            kind = "secondary" if number in used else "tertiary"
            if st.button(label, key=f"open-{message['id']}-{number}", type=kind):  # type: ignore[arg-type]
                sources.open_(passage)


def body(message: dict[str, Any]) -> None:
    """The text of one message, with what became of it."""
    problem, extra = message["problem"], message["extra"]
    if message["role"] == "user":
        frame.exact(message["content"])
        return
    marks = {True: ":gray[{numbers}✓]", False: f":orange-badge[{say('unsupported')}]"}
    if extra.get("own"):  # a template that may answer from its own knowledge
        marks[False] = f":gray-badge[{say('own_knowledge')}]"
    if extra.get("query"):
        st.caption(say("understood", query=written.literal(extra["query"])))
    conversation.thinking(extra.get("thinking", ""))
    text = conversation.judged(message["content"], extra.get("checks", []), marks)
    if extra.get("refused"):
        text = i18n.refusal(message["content"])
    if not message["content"] and not problem:
        text = say("empty")
    st.markdown(text + (f" {say('cut')}" if problem else ""))
    if problem and problem != conversation.CUT:
        st.error(say("broken", reason=written.literal(problem)), icon=":material/error:")


def show(message: dict[str, Any], question: str, last: bool) -> None:
    """One message, its evidence and its buttons."""
    with st.chat_message(message["role"], avatar=AVATARS[message["role"]]):
        body(message)
        if message["role"] == "user":
            return
        cites(message)
        act(message, question, last)


def act(message: dict[str, Any], question: str, last: bool) -> None:
    """The buttons under an answer, and what they do."""
    voice = sidebar.voice()
    buttons = ["copy", "speak", *(["again"] if last else []), "up", "down", "correct"]
    pressed = frame.actions(
        f"act-{message['id']}",
        message["content"],
        buttons,
        message["extra"].get("thumb", ""),
        browser=voice.browser,
        network=voice.network,
    )
    if pressed in ("up", "down") and pressed != message["extra"].get("thumb"):
        message["extra"]["thumb"] = pressed
        store.save(access.owner(), message)
        feedback.add(server.find().domain.name, access.owner(), question, message, pressed)
        inquiries.thumb(message["id"], pressed)
        st.toast(say("thanks"), icon=":material/check:")
    if pressed in ("down", "correct"):
        correct(message, question)
    if pressed == "again":
        st.session_state.again = message["id"]
        st.rerun()
    if pressed == "speak":
        speech.play(message["content"])


def correct(message: dict[str, Any], question: str) -> None:
    """Ask for the right answer."""

    @st.dialog(say("correct_title"), width="medium")
    def dialog() -> None:
        st.caption(say("correct_help"))
        asked = st.text_area(say("question"), question, max_chars=2000, key="correct_question")
        right = st.text_area(
            say("right_answer"), message["content"], max_chars=4000, key="correct_answer"
        )
        if st.button(say("send"), type="primary", disabled=not (asked.strip() and right.strip())):
            domain = server.find().domain.name
            feedback.add(
                domain, access.owner(), asked.strip(), message, "correction", right.strip()
            )
            st.session_state.thanked = True
            st.rerun()

    dialog()


def reply(
    found: server.Found, target: Endpoint, values: dict[str, Any], said: list[dict[str, Any]]
) -> None:
    """Stream the answer to the last question into its place."""
    message, opened, bank = said[-1], values.pop("index"), values.pop("bank")
    turns, began = values.pop("turns"), time.monotonic()
    sent = conversation.messages(found.domain.system, said, turns)
    message |= {"content": "", "problem": conversation.CUT, "extra": {"model": target.model}}
    with st.chat_message("assistant", avatar=AVATARS["assistant"]):
        slot, below = st.empty(), st.empty()
        slot.markdown("▌")
        prepared = None
        if opened is not None:
            try:
                prepared = evidence.prepare(
                    opened,
                    found.domain,
                    said[-2]["content"],
                    conversation.earlier(said, turns),
                    target,
                )
            except UserError as error:  # the index's model is not there any more, or the like
                message["problem"] = str(error)
            else:
                message["extra"]["passages"] = [
                    evidence.kept(one, bank) for one in prepared.passages
                ]
                if prepared.query != prepared.question:
                    message["extra"]["query"] = prepared.query
                sent = prepared.messages
        if prepared and not prepared.enough:
            message |= {"content": evidence.refusal(found.domain, prepared.missing)}
            message["problem"] = ""
            message["extra"] |= {"refused": True, "checks": []}
            store.save(access.owner(), message)
        elif prepared is None and opened is not None:
            store.save(access.owner(), message)
        else:
            below.button(say("stop"), icon=":material/stop_circle:", key="stop")
            stream(slot, message, target, sent, values)
            message["extra"]["thinking"], message["content"] = parted(message["content"])
            store.save(access.owner(), message)
        if prepared and prepared.enough:
            message["extra"]["checks"] = evidence.check(
                message["content"], prepared.passages, prepared.question
            )
            store.save(access.owner(), message)
        below.empty()
    named, question = bank.name if bank else "", said[-2]["content"]
    inquiries.note(
        access.owner(), found.domain.name, named, question, message, time.monotonic() - began
    )
    server.forget_state()
    st.rerun()


def stream(
    slot: Any, message: dict[str, Any], target: Endpoint, sent: list[Any], values: dict[str, Any]
) -> None:
    """Draw the growing answer; say how long nothing has come."""
    began = time.monotonic()
    for text in conversation.answer(message, target, sent, **values):
        waited = time.monotonic() - began
        thought, text = parted(text)
        if text:
            slot.markdown(written.markdown(text) + " ▌")
        elif thought:
            slot.markdown(f"▌ {say('thinking')}")
        else:
            slot.markdown("▌" if waited < 2 else f"▌ :gray[{say('waiting', seconds=int(waited))}]")


def asked(found: server.Found) -> str:
    """What the reader says now; what is typed waits in ``st.session_state.tried``."""
    ready = found.state == "ready"
    if not ready:
        st.warning(say(found.state), icon=":material/cloud_off:")
        st.button(say("again"), on_click=server.forget_state)
        frame.for_admin(COMMAND)
    spoken = speech.heard() if ready else ""
    st.chat_input(say("ask"), disabled=not ready, max_chars=4000, key="typed", on_submit=keep_typed)
    return spoken.strip()


def keep_typed() -> None:
    """A question typed while the server answered is kept even if it has gone since: Streamlit
    gives nothing back from a box that the new run draws disabled."""
    st.session_state.tried = (st.session_state.typed or "").strip()


def hello(found: server.Found) -> None:
    """What an empty conversation shows: how this works, and three questions to try."""
    st.info(say("hello"), icon=":material/waving_hand:")
    bank = banks.chosen(found)
    if found.state != "ready" or bank is None:
        return
    st.caption(say("try_one"))
    with st.container(horizontal=True, gap="small", key="starters"):
        for text in quiz.samples(catalog.rows(bank)):
            st.button(
                written.literal(text),
                key=f"try-{text}",
                on_click=st.session_state.__setitem__,
                args=("tried", text),
            )


def page() -> None:
    """The page from top to bottom."""
    found = server.find()
    st.title(i18n.title(found.domain))
    if disclaimer := i18n.disclaimer(found.domain):
        st.caption(disclaimer)
    values = sidebar.chat(found)
    if st.session_state.pop("thanked", False):
        st.toast(say("correction_kept"), icon=":material/check:")
    again = st.session_state.pop("again", 0)
    tried = st.session_state.get("tried", "")
    said = conversation.history()
    if not said and not tried:
        hello(found)
    for number, message in enumerate(said):
        if not (again and message["id"] == again):
            question = said[number - 1]["content"] if number else ""
            show(message, question, number == len(said) - 1)
    if again and said and found.target:
        reply(found, found.target, values, said)
    question = asked(found) or tried
    if question:
        conversation.ask(question)
        st.session_state.pop("tried", "")  # not before: the run may be cut off by another click
        said = conversation.history()
        show(said[-2], "", False)
        if found.target:
            reply(found, found.target, values, said)
        show(said[-1], question, True)  # nothing was ever deployed, or it was stopped


page()
