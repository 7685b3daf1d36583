"""The server behind the page, its domain, and whether it answers."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from dataclasses import dataclass

import streamlit as st

from core import chat, domain
from core.errors import UserError

PORT = int(os.environ.get("TIKUFORGE_PORT") or chat.DEFAULT_PORT)


@dataclass(frozen=True)
class Found:
    """``target`` is None where nothing was deployed; ``state`` is ready, loading or down."""

    target: chat.Endpoint | None
    state: str
    domain: domain.Domain


def find() -> Found:
    """The noted server (the usual port first) with its domain; its state is asked anew."""
    try:
        target = chat.endpoint(PORT)
    except UserError:
        target = None
    name = (target and target.domain) or os.environ.get("TIKUFORGE_DOMAIN") or "gongkao"
    return Found(target, _state(target.root) if target else "down", load(name))


@st.cache_data(ttl=2, show_spinner=False)
def _state(root: str) -> str:
    """Asked at most every two seconds, however many people look."""
    try:
        with urllib.request.urlopen(root + "/health", timeout=2):
            return "ready"
    except urllib.error.HTTPError as error:  # another's server may have no /health: it is there
        return "loading" if error.code == 503 else "ready"
    except urllib.error.URLError as error:
        refused = isinstance(getattr(error, "reason", None), ConnectionRefusedError)
        return "down" if refused else "loading"
    except OSError:
        return "loading"


def forget_state() -> None:
    """Ask again at once."""
    _state.clear()


@st.cache_resource
def load(name: str) -> domain.Domain:
    """A domain by its name, read once."""
    return domain.load(name)
