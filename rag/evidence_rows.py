"""``make evidence``: training rows as retrieval will ask them, so that a model learns to read.

A model tuned on bare questions reads badly: with evidence in front it answers fewer of the very
questions it has learnt (docs/benchmarks.md). So training questions are asked once more, in the
domain's own frame and with the passages that retrieval finds for them. In one prompt of
:data:`ASTRAY`, where others are near enough, the answer stands in none of them: evidence may be
wrong, and what was learnt must not yield to it. (RAFT, arXiv 2403.10131, keeps the right document
in 80% of its rows.) Drills (:mod:`rag.drills`) follow them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.domain import Domain
from core.explanations import answer_of
from core.files import digest, read_json, read_jsonl, sha256, write_json, write_jsonl
from core.language import words
from core.rows import spread
from core.text import bare
from rag import drills, layout, prompts
from rag.answer import prepare, settings
from rag.grounding import cite
from rag.index import Index
from rag.passages import Passage

ASTRAY = 5  # one row in so many
MOST = 2000  # questions: reading is one skill, and each prompt is several times as long as its row
DRILLS = 64  # at most: reading what nobody knows is learnt in a few dozen, whatever the bank
TRAINED = {"split": ["train", ""]}  # no held-out passage is ever trained on
VERSION = 3  # raise when the rows are made in another way
FILE, NOTE = "evidence.jsonl", "evidence.json"


def holds(passage: Passage, row: dict[str, Any]) -> bool:
    """Whether ``passage`` is the row's own or says its answer."""
    answer = bare(answer_of(row["conversation"][0]["output"]))
    return passage.id == row["id"] or bool(answer and answer in bare(passage.text))


def with_evidence(
    index: Index, domain: Domain, row: dict[str, Any], astray: bool
) -> dict[str, Any] | None:
    """``row`` as retrieval would ask it, and what is to be answered then; ``None`` where serving
    would not ask either (evidence too weak). ``astray``: only passages without the answer."""
    turn = {**row["conversation"][0]}
    turn["output"] = answer_of(turn["output"])  # the evidence stands for the explanation

    def own(passage: Passage) -> bool:
        return holds(passage, row)

    skip = own if astray else None
    ready = prepare(index, domain, turn["input"], where=TRAINED, skip=skip)
    if not ready.enough or not ready.passages:
        return None
    number = next((n for n, one in enumerate(ready.passages, 1) if holds(one, row)), 0)
    name = settings(domain)["template"]
    cites = "[编号]" in prompts.template(name)
    said = cite(turn["output"], number) if cites and number else turn["output"]
    if not number:
        said = prompts.MISSING.get(name, "{answer}").format(answer=said)
    asked = {**turn, "input": ready.messages[-1]["content"], "output": said}
    return {**row, "id": f"{row['id']}-e", "found": number, "conversation": [asked]}


def chosen(data: Path, most: int) -> list[dict[str, Any]]:
    """The training rows that are asked again: single questions of the domain, evenly spread."""
    rows = [
        row
        for row in read_jsonl(data / "train.jsonl")
        if row.get("kind") != "general" and len(row["conversation"]) == 1
    ]
    return spread(rows, most)


def write(data: Path, place: Path, domain: Domain, most: int = MOST) -> dict[str, Any]:
    """Write ``evidence.jsonl`` beside ``train.jsonl`` and return its note (``evidence.json``):
    ``rows``, in how many the answer is ``found``, how many were too ``weak``, how many ``drills``
    follow; ``new`` is False where it was up to date. Raises
    :class:`core.errors.UserError` where there are no rows or no index."""
    train = data / "train.jsonl"
    if not train.is_file():
        raise layout.no_data(train)
    index = Index.open(place)
    made_of = digest(
        sha256(train), index.note, domain.system, domain.seed, settings(domain), most, VERSION
    )
    note = data / NOTE
    if note.is_file() and (data / FILE).is_file():
        known = read_json(note)
        if known["made_of"] == made_of and known["sha256"] == sha256(data / FILE):
            return {**known, "new": False}
    asked = chosen(data, most)
    tally = {"questions": len(asked), "rows": 0, "found": 0}

    def rows() -> Iterator[dict[str, Any]]:
        pick = random.Random(domain.seed)
        for row in tqdm(asked, desc="evidence", unit=words("题", "q"), disable=None):
            # The draw is made for every row: one that is left out does not move the others.
            astray = pick.randrange(ASTRAY) == 0
            made = with_evidence(index, domain, row, astray)
            made = made or (with_evidence(index, domain, row, False) if astray else None)
            if made:
                tally["rows"] += 1
                tally["found"] += bool(made["found"])
                yield made
        tally["drills"] = min(DRILLS, 3 * tally["rows"])
        yield from drills.rows(domain, tally["drills"])

    note.unlink(missing_ok=True)
    write_jsonl(data / FILE, rows())
    about = {**tally, "weak": tally["questions"] - tally["rows"], "made_of": made_of}
    about["sha256"] = sha256(data / FILE)
    write_json(note, about)
    return {**about, "new": True}
