"""One conversation of one browser session: what was said, what is sent, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import streamlit as st

from core import chat
from core.errors import UserError

CUT = "cut"  # the problem of an answer that its reader did not wait for


def history() -> list[dict[str, Any]]:
    """Messages so far: ``role``, ``content``, and ``problem`` where an answer broke off."""
    return st.session_state.setdefault("history", [])


def clear() -> None:
    """Forget the conversation."""
    st.session_state.history = []


def ask(question: str) -> None:
    """Put a question, and the place of its answer, at the end of the conversation."""
    history().append({"role": "user", "content": question})
    history().append({"role": "assistant", "content": "", "problem": CUT})


def messages(system: str, turns: int) -> list[dict[str, str]]:
    """What the model is sent: the domain's system prompt, ``turns`` earlier turns, the question.

    Turns whose answer broke off are left out: half an answer would be continued, or believed.
    """
    *earlier, question, _ = history()
    whole = [
        [asked, answered]
        for asked, answered in zip(earlier[::2], earlier[1::2], strict=True)
        if not answered.get("problem")
    ]
    kept = [one for turn in whole[len(whole) - turns :] for one in turn] if turns else []
    return [
        {"role": "system", "content": system},
        *({"role": one["role"], "content": one["content"]} for one in (*kept, question)),
    ]


def answer(target: chat.Endpoint, sent: list[dict[str, str]], **parameters: Any) -> Iterator[str]:
    """Yield the growing answer; whatever came is in the history even when the reader leaves midway.

    An error of the server does not rise: it is the ``problem`` of the message.
    """
    message = history()[-1]
    try:
        for piece in chat.stream(target, sent, **parameters):
            message["content"] += piece
            yield message["content"]
        message["problem"] = ""
    except UserError as error:
        message["problem"] = str(error)


def shown(text: str) -> str:
    """``text`` as markdown that fetches nothing: no pictures, and line breaks as they were written.

    Streamlit itself shows HTML as text.
    """
    return text.replace("![", "!\\[").replace("\n", "  \n")
