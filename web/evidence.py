"""Retrieval on the page: the open index of a data set, and what it says to a question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.chat import Endpoint
from core.domain import Domain
from core.errors import UserError
from web.places import Bank

if TYPE_CHECKING:
    from rag.query import Index, Passage, Prepared


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(folder: str, stamp: float) -> Index:
    from rag.query import Index

    return Index.open(Path(folder))


def index(bank: Bank | None) -> tuple[Index | None, str]:
    """The index of ``bank``, shared by all sessions, or None and why not (a line for a person)."""
    if bank is None or not bank.index.is_dir():
        return None, ""
    try:
        stamp = max((file.stat().st_mtime for file in bank.index.iterdir()), default=0.0)
        return _open(str(bank.index), stamp), ""
    except (UserError, ImportError) as error:
        return None, str(error)


def prepare(
    opened: Index,
    domain: Domain,
    question: str,
    history: list[dict[str, str]],
    target: Endpoint | None = None,
) -> Prepared:
    """What to send to the model, with its evidence; ``target`` rewrites follow-ups where the domain
    has that switched on."""
    from rag import query

    rewrite = query.rewriter(domain, target)
    return query.prepare(opened, domain, question, history, rewrite=rewrite)


def refusal(domain: Domain, missing: tuple[str, ...] = ()) -> str:
    """What is said where the evidence is too weak, with what it lacks."""
    from rag import query

    return query.refusal(domain, missing)


def kept(passage: Passage) -> dict[str, Any]:
    """A passage as the conversation keeps it."""
    return {"id": passage.id, "text": passage.text, "source": passage.source}


def check(answer: str, passages: tuple[Passage, ...], question: str = "") -> list[dict[str, Any]]:
    """Every sentence of the answer: ``text``, ``numbers`` of its evidence, ``supported``."""
    from rag import query

    return [
        {"text": one.text, "numbers": list(one.numbers), "supported": one.supported}
        for one in query.check(answer, passages, question)
    ]


def around(opened: Index | None, passage: dict[str, Any]) -> list[dict[str, Any]]:
    """The passage between its neighbours in the document; alone where the index has changed."""
    found = []
    if opened is not None and opened.passage(passage["id"]):
        found = [kept(one) for one in opened.neighbours(passage["id"], 2)]
    return found if any(one["id"] == passage["id"] for one in found) else [passage]
