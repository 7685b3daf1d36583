"""Write a data set so that it is whole or absent, whenever the power goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from core.domain import Domain
from core.files import read_json, sha256, write_json, write_jsonl, write_text
from core.rows import Row
from data_tools import card, charts, workbook
from data_tools import passages as texts
from data_tools.ledger import Ledger
from data_tools.ocr import pages
from data_tools.sources import Inputs
from data_tools.workbook import Line

CARD, INPUTS, REVIEW = "card.json", "inputs.json", "review.xlsx"
BASELINE = ".baseline.jsonl"  # the workbook's hidden sheet once more, should a program drop it
FILES = ("train.jsonl", "wordings.jsonl", "eval.jsonl", "kb.jsonl", "ledger.csv", "card.md", REVIEW)
PICTURES = "pictures"  # of places that were recognised with doubt
MADE_OF_IT = ("sampled.jsonl", "pairs.jsonl")  # of rows that may be held out now: make sample
CHARTS = ("kinds.png", "lengths.png")


@dataclass(slots=True)
class Made:
    """All that is written. ``lines`` are the workbook's, ``gone`` the keys a person took out."""

    train: list[Row]
    held_out: list[Row]
    lines: list[Line]
    gone: set[str]
    ledger: Ledger
    facts: dict[str, Any]
    wordings: list[dict[str, Any]]


def passage(row: Row, side: str) -> dict[str, Any]:
    """One line of ``kb.jsonl``: ``text`` is what is indexed and shown, ``split`` the side of the
    row (train or eval), so that an evaluation can leave the held-out rows out of the index."""
    before = "".join(f"{asked}\n{said}\n" for asked, said in row.history)
    text = f"{before}{row.prompt()}\n答案：{row.answer}"
    if row.explanation:
        text += f"\n解析：{row.explanation}"
    return {
        "id": row.id,
        "kind": row.kind,
        "split": side,
        "text": text,
        "question": row.question,
        "answer": row.answer,
        "source": row.source.json(),
    }


def passages(made: Made) -> Iterator[dict[str, Any]]:
    """``kb.jsonl``: every row but the general ones, which are no knowledge of the domain."""
    for side, rows in (("train", made.train), ("eval", made.held_out)):
        yield from (passage(row, side) for row in rows if row.kind != "general")


def records(rows: Iterable[Row], system: str) -> Iterator[dict[str, Any]]:
    """Training records; general conversations stand under no system prompt of ours."""
    return (row.json("" if row.kind == "general" else system) for row in rows)


def placed(lines: Sequence[Line]) -> None:
    """Let the rows added by hand say in which cell of the new workbook they stand."""
    for number, line in enumerate(lines, 2):
        if line.key.startswith("+"):
            place = f"{workbook.ALL}!D{number}"
            line.row.source = replace(line.row.source, locator=place)


def write(out: Path, made: Made, domain: Domain, inputs: Inputs) -> dict[str, str]:
    """Write all files into a folder beside, then move them in; returns their hashes.

    ``card.json`` goes first, and the caller writes it last: a folder without it is unfinished."""
    for old in out.glob(".new-*"):
        shutil.rmtree(old)
    new = out / f".new-{os.getpid()}"
    placed(made.lines)
    try:
        return _written(out, new, made, domain, inputs)
    finally:  # a draft that was given up would keep a full disk full
        shutil.rmtree(new, ignore_errors=True)


def _written(out: Path, new: Path, made: Made, domain: Domain, inputs: Inputs) -> dict[str, str]:
    write_jsonl(new / "train.jsonl", records(made.train, domain.system))
    write_jsonl(new / "wordings.jsonl", made.wordings)
    write_jsonl(new / "eval.jsonl", records(made.held_out, domain.system))
    long = texts.of_texts(inputs.novel, domain.name)
    write_jsonl(new / "kb.jsonl", chain(passages(made), long))
    made.ledger.write(new / "ledger.csv")
    rows = [*made.train, *made.held_out]
    charts.draw(new, made.facts["by_kind"], [len(r.prompt()) + len(r.output()) for r in rows])
    text = card.markdown(made.facts, domain, made.train[:5], made.ledger, CHARTS)
    write_text(new / "card.md", text)
    marks = workbook.baseline(made.lines, made.gone)
    workbook.write(new / REVIEW, made.lines, marks, made.ledger)
    write_jsonl(new / BASELINE, ({"mark": mark} for mark in marks))
    hashes = {name: sha256(new / name) for name in FILES}
    _pictures(out, made.lines)
    write_json(out / INPUTS, asdict(inputs))
    _keep_edited(out)
    for name in (CARD, *MADE_OF_IT):
        (out / name).unlink(missing_ok=True)
    for name in (BASELINE, *FILES, *CHARTS):
        (new / name).replace(out / name)
    return hashes


def _pictures(out: Path, lines: Iterable[Line]) -> None:
    """Put the pictures of what was recognised with doubt beside the data set; a name says of which
    file (its hash) and place they are, so one that is there is right."""
    doubts = ((line.row.source.sha256, line.row.flags) for line in lines)
    for found in pages.kept(doubts):
        kept = out / PICTURES / found.name
        if not kept.is_file():
            kept.parent.mkdir(exist_ok=True)
            shutil.copyfile(found, kept)


def _keep_edited(out: Path) -> None:
    """Put a copy of a workbook that a person edited aside before the new one, which holds the same
    decisions, takes its place."""
    path = out / REVIEW
    if not path.is_file():
        return
    current = sha256(path)
    written = read_json(out / CARD)["outputs"].get(REVIEW) if (out / CARD).is_file() else ""
    if current != written:
        folder = out / "review-copies"
        folder.mkdir(exist_ok=True)
        shutil.copy2(path, folder / f"review-{current[:8]}.xlsx")
