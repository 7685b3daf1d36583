"""The chat page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.chat import Endpoint
from web import server, talk
from web.texts import say

COMMAND = "make deploy"


def parameters() -> dict[str, Any]:
    """The sidebar's sliders; the defaults are those under which the model is evaluated."""
    with st.sidebar:
        st.subheader(say("settings"))
        return {
            "temperature": st.slider(
                say("temperature"), 0.0, 1.5, 0.0, 0.1, help=say("temperature_help")
            ),
            "top_p": st.slider(say("top_p"), 0.1, 1.0, 1.0, 0.05, help=say("top_p_help")),
            "max_tokens": st.slider(
                say("max_tokens"), 16, 1024, 512, 16, help=say("max_tokens_help")
            ),
            "turns": st.slider(say("turns"), 0, 8, 0, 1, help=say("turns_help")),
        }


def about(found: server.Found) -> None:
    """Who answers, at the foot of the sidebar."""
    with st.sidebar:
        if st.button(say("clear"), icon=":material/delete:", width="stretch"):
            talk.clear()
        if found.target:
            st.caption(
                f"{say('model')}: {found.target.model}  \n{say('engine')}: {found.target.backend}"
                f"  \n{say('server')}: `{found.target.root}`"
            )


def show(message: dict[str, Any]) -> None:
    """One message of the conversation."""
    with st.chat_message(message["role"]):
        problem = message.get("problem")
        st.markdown(talk.shown(message["content"]) + (f" {say('cut')}" if problem else ""))
        if problem and problem != talk.CUT:
            st.error(say("broken", reason=problem), icon=":material/error:")


def reply(found: server.Found, target: Endpoint, values: dict[str, Any]) -> None:
    """Stream the answer to the last question."""
    turns = values.pop("turns")
    sent = talk.messages(found.domain.system, turns)
    with st.chat_message("assistant"):
        slot = st.empty()
        slot.markdown("▌")
        for text in talk.answer(target, sent, **values):
            slot.markdown(talk.shown(text) + " ▌")
    server.forget_state()
    st.rerun()


def page() -> None:
    """The page from top to bottom."""
    found = server.find()
    st.header(found.domain.title)
    if found.domain.disclaimer:
        st.caption(found.domain.disclaimer)
    values = parameters()
    about(found)
    for message in talk.history():
        show(message)
    if found.state != "ready":
        st.warning(say(found.state, command=COMMAND), icon=":material/cloud_off:")
        st.button(say("again"), on_click=server.forget_state)
    question = st.chat_input(say("ask"), disabled=found.state != "ready", max_chars=4000)
    if found.target and question and question.strip():
        talk.ask(question.strip())
        show(talk.history()[-2])
        reply(found, found.target, values)


page()
