"""Every sentence of the page, in Chinese and English; the reader chooses in the sidebar."""

from __future__ import annotations

import re

import streamlit as st

from web.texts import en, zh
from web.texts.widgets import WIDGET_PATTERNS, WIDGETS

__all__ = ["LANGUAGES", "TEXTS", "WIDGETS", "WIDGET_PATTERNS", "choose", "language", "plain", "say"]

LANGUAGES = {"zh": "中文", "en": "English"}
TEXTS = {"zh": zh.TEXTS, "en": en.TEXTS}


def language() -> str:
    """The reader's language."""
    return str(st.session_state.get("language") or "zh")


def say(key: str, **values: object) -> str:
    """The sentence ``key`` in the reader's language."""
    return TEXTS[language()][key].format(**values)


def one(text: str) -> str:
    """The reader's half of a line that says the same in Chinese and English (labels of the data
    tools: 重复 duplicate: …); the whole line where it has no two halves."""
    head, space, tail = text.partition(" ")
    if not (space and head and "\u4e00" <= head[0] <= "\u9fff"):
        return text
    return head if language() == "zh" else tail


_ENGLISH = re.compile(r"[A-Za-z][a-z'’-]*[:,.;?]?")
_COMMANDS = {"make", "python", "python3", "-m", "streamlit"}


def plain(line: str) -> str:
    """A one-line error of the tools, which says everything in Chinese and English, for the reader:
    in Chinese its English words are left out, but for commands, paths and names."""
    if language() != "zh" or not re.search("[\u4e00-\u9fff]", line):
        return line
    kept: list[str] = []
    for word in line.split(" "):
        command = word in _COMMANDS or (kept and kept[-1] in _COMMANDS)
        if not _ENGLISH.fullmatch(word) or command:
            kept.append(word)
        elif word[-1] in ":;" and kept and kept[-1][-1:] not in ":：;，。":
            kept[-1] += word[-1]
    return " ".join(kept)


def remember() -> None:
    """Take the language from the address (``?lang=en``) when a visit begins."""
    if "language" not in st.session_state:
        asked = st.query_params.get("lang", "zh")
        st.session_state.language = asked if asked in LANGUAGES else "zh"


def choose() -> None:
    """The language box in the sidebar; ``?lang=en`` in the address keeps it over reloads."""
    with st.sidebar:
        st.segmented_control(
            say("language"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            key="language",
            required=True,
            label_visibility="collapsed",
        )
    if st.session_state.language == "zh":
        st.query_params.pop("lang", None)
    else:
        st.query_params["lang"] = st.session_state.language
