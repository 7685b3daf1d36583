"""The one bank of a visit: chosen once, the same for the chat, the quiz and the data page.

It is kept in the address (``?bank=``, so that a link opens the same bank) and in the cookie, so
that a reload or a new visit finds it again.
"""

from __future__ import annotations

import os

import streamlit as st

from core.files import read_json
from web import catalog, server, settings, written
from web.catalog import Bank
from web.i18n import say


def remember() -> None:
    """Take the bank from the address when a visit begins."""
    if "bank" not in st.session_state:
        st.session_state.bank = st.query_params.get("bank", "")
        if st.session_state.bank:
            settings.put("bank", st.session_state.bank)


def chosen(found: server.Found) -> Bank | None:
    """The bank of this visit: as chosen, else the one that the served model was trained with."""
    there = catalog.banks()
    by_name = {bank.name: bank for bank in there}
    wanted = (st.session_state.bank, settings.get("bank"))
    bank = next((by_name[name] for name in wanted if name in by_name), None)
    if bank is None:
        domain = os.environ.get("TIKUFORGE_DOMAIN") or found.domain.name
        own = [one for one in there if catalog.is_named(one.folder, "DATA")]
        own = own or [one for one in there if one.domain == domain]
        bank = catalog.bank_of(found.target, own or there)
    return bank


def choose(name: str) -> None:
    """Take another bank."""
    st.session_state.bank = name
    settings.put("bank", name)


def keep(bank: Bank | None) -> None:
    """Let the address name the bank."""
    if bank is None:
        st.query_params.pop("bank", None)
    elif st.query_params.get("bank") != bank.name:
        st.query_params["bank"] = bank.name


def bar(found: server.Found) -> None:
    """Under the navigation: which bank, how many questions, whether the chat answers from it."""
    bank = chosen(found)
    keep(bank)
    if bank is None:
        return
    titles = catalog.titles()
    st.session_state.bank_box = bank.name
    with st.container(key="bank_bar", horizontal=True, vertical_alignment="center", gap="small"):
        if len(titles) > 1:
            st.selectbox(
                say("bank"),
                list(titles),
                format_func=titles.__getitem__,
                key="bank_box",
                on_change=lambda: choose(st.session_state.bank_box),
                label_visibility="collapsed",
                width=260,
            )
        else:
            st.markdown(f"**{written.literal(titles[bank.name])}**", width="content")
        ready = say("bank_ready" if bank.index.is_dir() else "bank_not_ready")
        rows = f"{_rows(bank):,}"
        st.caption(say("bank_about", rows=rows, ready=ready), width="content")


def _rows(bank: Bank) -> int:
    return int(read_json(bank.folder / "card.json").get("rows", 0))
