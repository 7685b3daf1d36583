"""``make data`` and ``make review``: sources and a person's decisions to one data set."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from core import domain as domains
from core.domain import Domain
from core.errors import UserError
from core.files import ROOT, digest, read_json, sha256, shown, write_json, write_jsonl, write_text
from core.rows import Row
from data_tools import card, clean, groups, passages, review, split, workbook
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.workbook import Line

CARD, INPUTS, REVIEW = "card.json", "inputs.json", "review.xlsx"
OUTPUTS = ("train.jsonl", "eval.jsonl", "kb.jsonl", "ledger.csv", "card.md", REVIEW)


@dataclass(frozen=True)
class Inputs:
    """What a data set is made from; ``bank`` are paths, absolute or from the repository's root."""

    domain: str
    bank: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """Every file that is read."""
        return [ROOT / name for name in self.bank]


@cache
def code_key() -> str:
    """A hash of the code that makes data sets: other code, other rows."""
    files = sorted([*(ROOT / "data_tools").rglob("*.py"), *(ROOT / "core").glob("*.py")])
    return digest([[str(path.relative_to(ROOT)), sha256(path)] for path in files])


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold ``out`` against a second build at the same time."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{shown(out)}: 另一个 make data 正在写 another build is running"
            ) from None
        yield


def names(files: Sequence[Path]) -> list[str]:
    """A name a file for locators: its base name, with its folder where two would be alike."""
    base = [path.name for path in files]
    return [
        f"{path.resolve().parent.name}/{path.name}" if base.count(path.name) > 1 else path.name
        for path in files
    ]


def read_banks(inputs: Inputs, ledger: Ledger) -> list[Row]:
    """All rows of all banks, numbered in reading order: the number stays whatever is dropped."""
    rows: list[Row] = []
    files = inputs.files()
    for path, name in zip(files, names(files), strict=True):
        before = len(rows)
        rows.extend(read(path, ledger, name))
        if len(rows) == before:
            raise UserError(
                f"{shown(path)}: 没有读到任何题 0 questions found: 支持的写法 layouts: "
                "见 see docs/data.md"
            )
    for number, row in enumerate(rows, 1):
        row.id = f"{inputs.domain}-{number:06d}"
    return rows


def key_of(inputs: Inputs, domain: Domain) -> str:
    """The key of a data set: same key and same review workbook, same files."""
    files = [[path.name, sha256(path)] for path in inputs.files()]
    return digest(files, asdict(domain), code_key())


def up_to_date(out: Path, key: str) -> dict[str, Any] | None:
    """The card in ``out`` when it was made with ``key`` and every file, the workbook that a person
    may have edited among them, is as it was written."""
    if not (out / CARD).is_file():
        return None
    made = read_json(out / CARD)
    if made.get("key") != key:
        return None
    for name, written in made["outputs"].items():
        if not (out / name).is_file() or sha256(out / name) != written:
            return None
    return made


def build(inputs: Inputs, out: Path, force: bool = False) -> dict[str, Any]:
    """Make the data set in ``out`` and return its card (``fresh`` False when nothing had changed).

    Raises :class:`UserError` for a source or workbook that cannot be read; nothing is written then.
    """
    domain = domains.load(inputs.domain)
    for path in inputs.files():
        if not path.is_file():
            raise UserError(f"没有这个文件 no such file: {path}")
    with locked(out):
        key = key_of(inputs, domain)
        made = None if force else up_to_date(out, key)
        if made is not None:
            return {**made, "fresh": False}
        path = out / REVIEW
        person = review.read(path) if path.is_file() else review.Review()
        return {**_make(inputs, domain, out, person, key), "fresh": True}


def _make(
    inputs: Inputs, domain: Domain, out: Path, person: review.Review, key: str
) -> dict[str, Any]:
    """Read, clean, group, split, write."""
    start = time.monotonic()
    ledger = Ledger()
    parsed = clean.normalise(read_banks(inputs, ledger))
    dropped = len(ledger)
    lines = review.apply(parsed, person, ledger)
    for number, line in enumerate(lines, 1):
        line.row.id = line.row.id or f"{domain.name}-{len(parsed) + number:06d}"
        if line.decision == "keep":
            line.row.flags = []
    rows = [line.row for line in lines]
    right = {line.row.id for line in lines if line.decision == "keep"}
    cleaned = clean.clean(rows, ledger, right)
    count = groups.group(cleaned.rows, cleaned.keys)
    flagged = clean.note_flags([*cleaned.rows, *cleaned.held], ledger)
    questions = [each.question for each in cleaned.keys]
    train, held_out = split.split(
        cleaned.rows, questions, domain.eval_ratio, domain.eval_max, domain.seed
    )
    facts = {
        "domain": domain.name,
        "system": domain.system,
        "rows": len(cleaned.rows) + len(cleaned.held),
        "parsed": len(parsed),
        "dropped": dropped,
        "flagged": flagged,
        "duplicates": cleaned.duplicates,
        "conflicts": cleaned.conflicts,
        "held": len(cleaned.held),
        "deleted": sum(review.key_of(row) in person.deleted for row in parsed),
        "added": sum(line.key.startswith("+") for line in lines),
        "train": len(train),
        "eval": len(held_out),
        "groups": count,
        "by_kind": card.by_kind(cleaned.rows),
        "sources": card.sources(ledger.sources),
        "tokens": {},
        "characters": card.percentiles([len(r.prompt()) + len(r.answer) for r in cleaned.rows]),
        "key": key,
    }
    visible = {row.id for row in [*cleaned.rows, *cleaned.held]}
    shown_lines = [line for line in lines if line.row.id in visible]
    gone = person.deleted | person.edited - {line.key for line in shown_lines}
    fresh = _write(out, facts, domain, (train, held_out), (shown_lines, gone), ledger, inputs)
    facts["seconds"] = round(time.monotonic() - start, 2)
    write_json(out / CARD, {**facts, "outputs": fresh})
    return facts


def _write(
    out: Path,
    facts: dict[str, Any],
    domain: Domain,
    sides: tuple[list[Row], list[Row]],
    shown_lines: tuple[list[Line], set[str]],
    ledger: Ledger,
    inputs: Inputs,
) -> dict[str, str]:
    """Write all files into a folder beside, then move them in; returns their hashes.

    ``card.json`` goes first and comes back last: a folder without it is unfinished."""
    new = out / f".new-{os.getpid()}"
    for old in out.glob(".new-*"):
        shutil.rmtree(old)
    train, held_out = sides
    write_jsonl(new / "train.jsonl", (row.json(domain.system) for row in train))
    write_jsonl(new / "eval.jsonl", (row.json(domain.system) for row in held_out))
    both = (("train", train), ("eval", held_out))
    write_jsonl(
        new / "kb.jsonl", (passages.passage(row, side) for side, rows in both for row in rows)
    )
    ledger.write(new / "ledger.csv")
    write_text(new / "card.md", card.markdown(facts, domain, train[:5], ledger))
    lines, gone = shown_lines
    for number, line in enumerate(lines, 2):
        if line.key.startswith("+"):
            place = f"{workbook.ALL}!D{number}"
            line.row.source = replace(line.row.source, locator=place)
    workbook.write(new / REVIEW, lines, sorted(gone), ledger)
    hashes = {name: sha256(new / name) for name in OUTPUTS}
    write_json(out / INPUTS, asdict(inputs))
    _keep_edited(out)
    (out / CARD).unlink(missing_ok=True)
    for name in OUTPUTS:
        (new / name).replace(out / name)
    new.rmdir()
    return hashes


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
