"""Who may see the page, and as whom: loopback alone, or a login by Streamlit's own auth."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets

import streamlit as st

COOKIE = "tikuforge"
_TOKEN = re.compile(r"[0-9a-f]{32}")


def local() -> bool:
    """Whether the page listens on this machine alone."""
    address = str(st.get_option("server.address") or "")
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:  # empty: Streamlit listens on every address then
        return False


def login_set_up() -> bool:
    """Whether ``.streamlit/secrets.toml`` has an ``[auth]`` section."""
    try:
        return "auth" in st.secrets
    except Exception:  # streamlit raises its own error, or one of TOML's, where there is no file
        return False


def refused() -> str:
    """Why nobody is served (a key of the texts), or nothing."""
    if login_set_up():
        return ""
    if not local():
        return "not_local"
    return "" if named_here(str(st.context.headers.get("Host") or "")) else "not_this_name"


def named_here(host: str) -> bool:
    """Whether a request's Host is a name of this machine alone, or the one that the owner set
    (``browser.serverAddress``, behind a proxy of their own). Any other name may be a stranger's
    that was pointed here after its page was loaded (DNS rebinding). Browsers always send one."""
    if not host:
        return True
    name = re.sub(r":\d*$", "", host.strip().lower()).strip("[]").rstrip(".")
    own = str(st.get_option("browser.serverAddress") or "").lower()
    if name == "localhost" or name.endswith(".localhost") or (own and name == own):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def waits() -> bool:
    """Whether the visitor has to log in first."""
    return login_set_up() and not st.user.is_logged_in


def token() -> str:
    """This browser's secret: from its cookie, or a new one that :mod:`web.frame` puts there."""
    if "token" not in st.session_state:
        sent = st.context.cookies.get(COOKIE, "")
        st.session_state.token = sent if _TOKEN.fullmatch(sent) else secrets.token_hex(16)
    return str(st.session_state.token)


def owner() -> str:
    """Whose conversations these are: the person who logged in, else this browser. A hash, so that
    neither the database nor a feedback file holds the cookie or an address."""
    name = token()
    if login_set_up():
        name = f"user:{st.user.get('email') or st.user.get('sub')}"
    return hashlib.sha256(f"tikuforge {name}".encode()).hexdigest()[:32]


def name() -> str:
    """Who logged in, as their provider calls them; nothing where there is no login."""
    return str(st.user.get("email") or st.user.get("name") or "?") if login_set_up() else ""


def may_edit() -> bool:
    """Whether the visitor may build data sets and judge corrections: everybody on this machine;
    of those who log in, the addresses in ``editors`` of ``secrets.toml`` (everybody without it)."""
    if not login_set_up():
        return True
    editors = st.secrets.get("editors")
    return editors is None or str(st.user.get("email")) in editors
