"""A citation opened: the passage it names in the bank it came from, and in no other.

Ids repeat in every bank and change with a build, so a citation carries its bank, the hash of its
source and the locator; only a passage that has all of them is shown in its context. Where the bank
has it no more, what was cited then is shown, and said so.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from web import catalog, edits, evidence, frame, i18n, written
from web.catalog import Bank
from web.i18n import say


def open_(passage: dict[str, Any]) -> None:
    """Show the paragraph or cell between its neighbours."""
    file = passage["source"].get("file", "")

    @st.dialog(say("source_of", file=written.literal(file)), width="medium")
    def dialog() -> None:
        bank, around = located(passage)
        if bank is not None:
            st.caption(say("source_in", bank=written.literal(catalog.titles()[bank.name])))
        st.caption(say("source_help" if around else "source_gone"))
        for one in around or [passage]:
            show(one, bank, evidence.same(one, passage))

    dialog()


def located(passage: dict[str, Any]) -> tuple[Bank | None, list[dict[str, Any]]]:
    """The bank that the citation names, and the passage among its neighbours there; nothing where
    the bank, or this passage in it, is no more."""
    bank = catalog.find(str(passage.get("bank", "")))
    return bank, evidence.around(bank, passage) if bank else []


def show(passage: dict[str, Any], bank: Bank | None, here: bool) -> None:
    """One passage: as somebody corrected it, with the document's own words folded below."""
    source = passage["source"]
    place = catalog.place(source, i18n.language())
    text = source.get("text") or passage["text"]
    better = edits.corrected(bank.folder, source, text) if bank else ""
    frame.passage(f"{place} · {say('corrected')}" if better else place, better or text, here)
    if better:
        with st.expander(say("as_it_stood")):
            frame.exact(text)
