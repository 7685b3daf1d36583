"""One conversation: what was said, what is sent, and how the answer arrives and is shown."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import streamlit as st

from core import chat
from core.errors import UserError
from core.thinking import parted, without_thinking
from web import access, frame, store, written
from web.i18n import say

CUT = store.CUT
TICK = 0.25  # seconds after which a waiting reader is looked at again
DRAW = 0.1  # seconds between two looks at a growing answer: the browser draws no faster usefully
LIMIT = 300.0  # seconds for a whole answer
_MARK = 0xF0000  # first of the private characters that hold a mark's place while text is drawn


def current() -> int:
    """The conversation that is open, 0 for a new one. ``?c=`` in the address keeps it over
    reloads."""
    if "conversation" not in st.session_state:
        asked = st.query_params.get("c", "")
        number = int(asked) if asked.isdecimal() and len(asked) < 16 else 0
        st.session_state.conversation = number if store.owns(access.owner(), number) else 0
    return int(st.session_state.conversation)


def open_(conversation: int) -> None:
    """Open another conversation (0: a new one)."""
    st.session_state.conversation = conversation


def history() -> list[dict[str, Any]]:
    """The messages of the open conversation; what a model thought is apart from what it said."""
    found = store.messages(access.owner(), current()) if current() else []
    for one in found:
        if one["role"] == "assistant":
            thought, one["content"] = parted(one["content"])
            if thought:
                one["extra"]["thinking"] = thought
    return found


def ask(question: str) -> None:
    """Put a question, and the place of its answer, at the end of the conversation."""
    if not current():
        open_(store.begin(access.owner(), question))
    store.add_turn(access.owner(), current(), question)


def earlier(said: list[dict[str, Any]], turns: int) -> list[dict[str, str]]:
    """The last ``turns`` whole turns before the question.

    Turns whose answer broke off are left out: half an answer would be continued, or believed. What
    the model thought before it answered is left out too.
    """
    whole = [
        [asked, answered]
        for asked, answered in zip(said[:-2:2], said[1:-2:2], strict=True)
        if not answered.get("problem")
    ]
    kept = [one for turn in whole[len(whole) - turns :] for one in turn] if turns else []
    return [
        {
            "role": one["role"],
            "content": without_thinking(one["content"])
            if one["role"] == "assistant"
            else one["content"],
        }
        for one in kept
    ]


def messages(system: str, said: list[dict[str, Any]], turns: int) -> list[dict[str, str]]:
    """What the model is sent: the domain's system prompt, ``turns`` earlier turns, the question."""
    question = {"role": "user", "content": said[-2]["content"]}
    return [{"role": "system", "content": system}, *earlier(said, turns), question]


def pieces(
    target: chat.Endpoint, sent: list[dict[str, str]], tick: float = TICK, **parameters: Any
) -> Iterator[str | None]:
    """Yield the answer piece by piece, and None at least every ``tick`` seconds while none comes,
    so that a reader who leaves a slow server is noticed. Raises what the server raised."""
    arrived: queue.SimpleQueue[str | UserError | None] = queue.SimpleQueue()
    left = threading.Event()

    def read() -> None:
        try:
            for piece in chat.stream(target, sent, timeout=LIMIT, **parameters):
                if left.is_set():
                    return
                arrived.put(piece)
            arrived.put(None)
        except UserError as error:
            arrived.put(error)

    # In a context like this one: what the server's errors say is in the reader's language.
    threading.Thread(target=copy_context().run, args=(read,), daemon=True).start()
    try:
        while True:
            try:
                piece = arrived.get(timeout=tick)
            except queue.Empty:
                yield None
                continue
            if piece is None:
                return
            if isinstance(piece, UserError):
                raise piece
            yield piece
    finally:
        left.set()


def answer(
    message: dict[str, Any], target: chat.Endpoint, sent: list[dict[str, str]], **parameters: Any
) -> Iterator[str]:
    """Yield the growing answer at most every :data:`DRAW` seconds; whatever came is in ``message``
    and in the store even when the reader leaves midway.

    An error of the server does not rise: it is the ``problem`` of the message.
    """
    owner, drawn = access.owner(), 0.0  # asked now: a reader who leaves takes the session along
    try:
        for piece in pieces(target, sent, **parameters):
            message["content"] += piece or ""
            if piece is None or time.monotonic() - drawn >= DRAW:
                drawn = time.monotonic()
                yield message["content"]
        message["problem"] = ""
    except UserError as error:
        message["problem"] = str(error)
    finally:
        store.save(owner, message)


def thinking(text: str, open_: bool = False) -> None:
    """What a reasoning model thought on the way: folded away."""
    if text:
        with st.expander(say("thinking" if open_ else "thought"), icon=":material/psychology:"):
            frame.exact(text)


def judged(text: str, checks: list[dict[str, Any]], words: dict[bool, str]) -> str:
    """``text`` as markdown with a mark after each sentence: ``words[True]`` (a format that takes
    the numbers of its evidence) where the evidence supports it, ``words[False]`` where not. None
    stands within code or a formula, and in a table it stands within its cell."""
    made, at, kept = [], 0, written.spans(text)
    marks: list[str] = []
    for one in checks:
        start = text.find(one["text"], at)
        if start < 0:
            continue
        end = start + len(one["text"].rstrip("| "))
        if any(first < end < last for first, last in kept):
            continue
        numbers = "".join(f"[{number}]" for number in one["numbers"])
        made += [text[at:end], chr(_MARK + len(marks))]
        marks.append(words[one["supported"]].format(numbers=numbers))
        at = end
    drawn = written.markdown("".join([*made, text[at:]]))
    for number, mark in enumerate(marks):
        drawn = drawn.replace(chr(_MARK + number), f" {mark} " if mark else "", 1)
    return drawn
