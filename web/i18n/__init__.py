"""Every sentence of the page, in Chinese and English; the reader chooses in the sidebar."""

from __future__ import annotations

import streamlit as st

from core import language as rooms
from core.domain import Domain
from web import settings
from web.i18n import en, zh
from web.i18n.widgets import WIDGET_PATTERNS as WIDGET_PATTERNS
from web.i18n.widgets import WIDGETS as WIDGETS

LANGUAGES = {"zh": "中文", "en": "English"}
TEXTS = {"zh": zh.TEXTS, "en": en.TEXTS}


def language() -> str:
    """The reader's language."""
    return str(st.session_state.get("language") or "zh")


def say(key: str, **values: object) -> str:
    """The sentence ``key`` in the reader's language."""
    return TEXTS[language()][key].format(**values)


def label(name: str, text: str) -> str:
    """``text`` behind what it is, with the colon of the reader's language."""
    return f"{name}：{text}" if language() == "zh" else f"{name}: {text}"


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


def remember() -> None:
    """Take the language from the address (``?lang=en``), else from the cookie, else from the
    browser, when a visit begins; :func:`speak` it in every run."""
    if "language" not in st.session_state:
        asked = st.query_params.get("lang") or settings.get("lang") or _browsers()
        st.session_state.language = asked if asked in LANGUAGES else "zh"
    speak()


def _browsers() -> str:
    """English for a browser that speaks another language than Chinese."""
    locale = str(st.context.locale or "zh")
    return "zh" if locale.lower().startswith("zh") else "en"


def speak() -> None:
    """Let the rooms speak the reader's language in this run of the page, which has a thread of its
    own; a fragment that runs by itself begins with this."""
    rooms.choose(language())


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
