"""What a reader chose and finds again after a reload: kept in this browser's cookie.

The cookie holds no secret: the bank's name, the language, whether answers rest on the bank.
:mod:`web.frame` writes it; a new visit reads it once.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import streamlit as st

COOKIE = "tikuforge_set"
LONGEST = 400  # characters of the cookie; more is nobody's choice


def _kept() -> dict[str, str]:
    if "kept" not in st.session_state:
        sent = st.context.cookies.get(COOKIE, "")[:LONGEST]
        st.session_state.kept = dict(parse_qsl(sent.strip('"')))
    kept: dict[str, str] = st.session_state.kept
    return kept


def get(name: str, default: str = "") -> str:
    """What was chosen for ``name``."""
    return _kept().get(name, default)


def put(name: str, value: str) -> None:
    """Keep a choice."""
    _kept()[name] = value


def cookie() -> str:
    """All choices as the cookie holds them."""
    return urlencode(_kept())
