"""Every sentence of the page, in Chinese and English; the reader chooses in the sidebar."""

from __future__ import annotations

import re

import streamlit as st

from core.domain import Domain
from web import settings
from web.texts import en, zh
from web.texts.widgets import WIDGET_PATTERNS as WIDGET_PATTERNS
from web.texts.widgets import WIDGETS as WIDGETS

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


def title(domain: Domain) -> str:
    """The name of a domain; those that are shipped have one in each language."""
    return TEXTS[language()].get(f"title_{domain.name}", domain.title)


def disclaimer(domain: Domain) -> str:
    """What a domain says of its answers; that of a domain of one's own is in its own language."""
    known = TEXTS[language()].get(f"disclaimer_{domain.name}", domain.disclaimer)
    return known if domain.disclaimer else ""


def refusal(text: str) -> str:
    """What is said instead of an answer; the usual sentence in the reader's language."""
    return say("refusal") if text == TEXTS["zh"]["refusal"] else text


# A detail that says the same twice: 原文里有不止一处答案 its text holds more than one answer
_HALVES = re.compile(r"(.*[\u4e00-\u9fff]) ([a-z][a-z'’-]*(?: [\w'’.,()/-]+)+)$")


def doubt(line: str) -> str:
    """A doubt of the data tools (重复 duplicate: detail) as a sentence with its detail."""
    label, detail = line, ""
    code = re.match(r"(?:[^\s:]+ )?[a-z-]+:\s*", line)
    if code:
        label, detail = code.group().rstrip(": "), line[code.end() :]
    if halves := _HALVES.match(detail):
        detail = halves.group(1 if language() == "zh" else 2)
    label = one(label) if " " in label or language() == "zh" else label
    return f"{label}：{detail}" if detail and detail != label else label


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
    """Take the language from the address (``?lang=en``), else from the cookie, when a visit
    begins."""
    if "language" not in st.session_state:
        asked = st.query_params.get("lang") or settings.get("lang", "zh")
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
            on_change=lambda: settings.put("lang", st.session_state.language),
        )
    if st.session_state.language == "zh":
        st.query_params.pop("lang", None)
    else:
        st.query_params["lang"] = st.session_state.language
