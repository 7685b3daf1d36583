"""Retrieval on the page: the open index of a data set, and what it says to a question."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.chat import Endpoint
from core.domain import Domain
from core.errors import UserError
from core.files import read_jsonl
from web.catalog import Bank

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


def kept(passage: Passage, bank: Bank | None) -> dict[str, Any]:
    """A passage as the conversation keeps it: with the bank that it came from."""
    found = {"id": passage.id, "text": passage.text, "source": passage.source}
    return found | ({"bank": bank.name} if bank else {})


NEAR = 2  # passages shown before and after the one that is cited
IDENTITY = ("file", "locator", "sha256")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two passages are the same place with the same content: ids do not tell."""
    return all(one["source"].get(name) == other["source"].get(name) for name in IDENTITY)


def check(answer: str, passages: tuple[Passage, ...], question: str = "") -> list[dict[str, Any]]:
    """Every sentence of the answer: ``text``, ``numbers`` of its evidence, ``supported``."""
    from rag import query

    return [
        {"text": one.text, "numbers": list(one.numbers), "supported": one.supported}
        for one in query.check(answer, passages, question)
    ]


def around(bank: Bank, passage: dict[str, Any]) -> list[dict[str, Any]]:
    """The passage between its neighbours in the document, as ``bank`` has it; [] where it has not.

    The index is asked by the passage's id, and believed where file, locator and content are the
    passage's; else the bank's own lines are searched."""
    opened, _ = index(bank)
    if opened is not None and opened.passage(passage["id"]):
        found = [kept(one, bank) for one in opened.neighbours(passage["id"], NEAR)]
        if any(same(one, passage) and one["id"] == passage["id"] for one in found):
            return found
    file = passage["source"].get("file")
    path = bank.folder / "kb.jsonl"
    lines = read_jsonl(path) if path.is_file() else ()
    there = [line for line in lines if line["source"].get("file") == file]
    at = next((at for at, line in enumerate(there) if same(line, passage)), None)
    return [] if at is None else there[max(0, at - NEAR) : at + NEAR + 1]
