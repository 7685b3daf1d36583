"""What stands in the sidebar: conversations, parameters, retrieval, the voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from web import (
    access,
    banks,
    catalog,
    conversation,
    evidence,
    i18n,
    server,
    settings,
    speech,
    store,
    written,
)
from web.i18n import say


@dataclass(frozen=True)
class Voice:
    """Who reads aloud: the browser (with a network voice where that was allowed), or this
    machine."""

    browser: bool
    network: bool


def voice() -> Voice:
    """As chosen in the sidebar."""
    return Voice(
        st.session_state.get("voice", "browser") == "browser",
        bool(st.session_state.get("network_voice", False)),
    )


def chat(found: server.Found) -> dict[str, Any]:
    """The chat page's sidebar; returns an answer's parameters, ``index`` and ``bank`` (or None)."""
    with st.sidebar:
        conversations()
        opened, bank = retrieval(found)
        values = parameters()
        voices()
    return {**values, "index": opened, "bank": bank}


def conversations() -> None:
    """The reader's conversations: open, rename, delete."""
    st.button(
        say("new"),
        key="new_talk",
        icon=":material/add_comment:",
        width="stretch",
        on_click=conversation.open_,
        args=(0,),
    )
    current = conversation.current()
    listed = store.conversations(access.owner())
    if current:
        st.query_params["c"] = str(current)
    else:
        st.query_params.pop("c", None)
    if not listed:
        return
    with st.container(height=min(44 * len(listed) + 4, 226), border=False, gap="xxsmall"):
        for one in listed:
            with st.container(key=f"talk-{one['id']}"):
                st.button(
                    written.literal(one["title"]),
                    key=f"open-talk-{one['id']}",
                    type="secondary" if one["id"] == current else "tertiary",
                    icon=":material/chat_bubble:",
                    width="stretch",
                    on_click=conversation.open_,
                    args=(one["id"],),
                )
    if current:
        manage(current, next((one["title"] for one in listed if one["id"] == current), ""))


def manage(current: int, title: str) -> None:
    """Rename or delete the open conversation."""
    key = f"title-{current}"

    def rename() -> None:
        store.rename(access.owner(), current, st.session_state[key])

    def remove() -> None:
        store.delete(access.owner(), current)
        conversation.open_(0)

    with st.popover(say("manage"), icon=":material/edit:", width="stretch"):
        st.text_input(say("title"), title, key=key, max_chars=60, on_change=rename)
        st.button(say("rename"), on_click=rename, width="stretch")
        st.button(say("delete"), icon=":material/delete:", on_click=remove, width="stretch")


def retrieval(found: server.Found) -> tuple[Any, catalog.Bank | None]:
    """The switch for answers from the bank; the open index and its bank where it is on."""
    bank = banks.chosen(found)
    opened, problem = evidence.index(bank)
    if "rag" not in st.session_state:
        st.session_state.rag = settings.get("rag", "1") == "1"
    on = st.toggle(
        say("rag"),
        disabled=opened is None,
        help=say("rag_help"),
        key="rag",
        on_change=lambda: settings.put("rag", str(int(st.session_state.rag))),
    )
    if problem:
        st.caption(written.literal(problem))
    elif opened is None:
        st.caption(say("no_index"))
    return (opened, bank) if on else (None, None)


def parameters() -> dict[str, Any]:
    """The sliders; the defaults are those under which the model is evaluated."""
    with st.expander(say("settings"), icon=":material/tune:"):
        values = {
            "temperature": st.slider(
                say("temperature"), 0.0, 1.5, 0.0, 0.1, help=say("temperature_help")
            ),
            "top_p": st.slider(say("top_p"), 0.1, 1.0, 1.0, 0.05, help=say("top_p_help")),
            "max_tokens": st.slider(
                say("max_tokens"), 16, 1024, 512, 16, help=say("max_tokens_help")
            ),
            "turns": st.slider(say("turns"), 0, 8, 0, 1, help=say("turns_help")),
        }
        top_k = st.slider(say("top_k"), 0, 100, 0, 5, help=say("top_k_help"))
        penalty = st.slider(say("penalty"), 1.0, 1.5, 1.0, 0.05, help=say("penalty_help"))
    return {**values, **beyond(top_k, penalty)}


def beyond(top_k: int, penalty: float) -> dict[str, Any]:
    """Parameters that OpenAI's protocol does not have, by the names of our engines (LMDeploy's and
    llama.cpp's); nothing where they are off, since another server may refuse them."""
    extra: dict[str, Any] = {"top_k": top_k} if top_k else {}
    if penalty > 1:
        extra |= {"repetition_penalty": penalty, "repeat_penalty": penalty}
    return {"extra_body": extra} if extra else {}


def voices() -> None:
    """Who reads aloud and who listens, and what they need."""
    with st.expander(say("speech"), icon=":material/volume_up:"):
        st.radio(
            say("voice"),
            ["browser", "local"],
            format_func=lambda name: say(f"voice_{name}"),
            key="voice",
        )
        if not speech.ready():
            st.caption(say("speech_missing"))
            st.code(speech.INSTALL, language="bash", wrap_lines=True)
        st.toggle(say("network_voice"), key="network_voice", help=say("network_voice_help"))


def about(found: server.Found) -> None:
    """Who answers, and whether it does: at the foot of every page's sidebar."""
    with st.sidebar:
        colour = {"ready": "green", "loading": "orange"}.get(found.state, "gray")
        lines = [f":{colour}[●] {say(f'state_{found.state}')}"]
        if found.target:
            lines.append(i18n.label(say("model"), written.literal(found.target.model)))
            lines.append(i18n.label(say("engine"), found.target.backend))
        st.caption("  \n".join(lines))
        if who := access.name():
            st.text(who)
            st.button(say("log_out"), on_click=st.logout, icon=":material/logout:")
