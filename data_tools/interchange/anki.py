"""Anki's notes: packages (``.apkg``, ``.colpkg``), collections, and exported text.

A package is a zip with a SQLite collection: ``collection.anki2`` or ``.anki21`` (note types as JSON
in ``col``), or ``collection.anki21b``, the same compressed by zstd (note types in tables). In text,
lines that begin with ``#`` say what separates the fields and what they are.
"""

from __future__ import annotations

import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import sha256
from core.language import words
from core.rows import Row
from data_tools.interchange import records, xml
from data_tools.interchange.made import NO_QUESTION, Question, Taker
from data_tools.ledger import Ledger
from data_tools.readers import delimited
from data_tools.readers.how import USUAL, How
from data_tools.readers.text import decoded

DATABASES = {"collection.anki2", "collection.anki21", "collection.anki21b"}
LIMIT = 1 << 30  # bytes of an unpacked collection
STEPS = 1_000_000  # of SQLite, at least, before a query is given up
BLANK = "____"
_CLOZE = re.compile(r"\{\{c(\d+)::(.*?)(?:::(.*?))?\}\}", re.S)
_SOUND = re.compile(r"\[sound:([^\]]{1,200})\]")
_HEADER = re.compile(
    r"#(separator|html|tags|columns|notetype|deck|notetype column|deck column|tags column"
    r"|guid column|if matches):(.*)", re.I
)  # fmt: skip
SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}


def is_notes(text: str) -> bool:
    """Whether a text begins with Anki's headers."""
    return bool(_HEADER.match(text.lstrip("\ufeff")))


def questions(names: Sequence[str], fields: Sequence[str]) -> list[Question]:
    """The questions of a note: one a cloze number, else what its fields' names say, else the first
    field and the rest."""
    fields = [_SOUND.sub(r"[声音:\1]", field) for field in fields]
    cloze = next((field for field in fields if _CLOZE.search(field)), None)
    if cloze is not None:
        return _clozes(cloze, [field for field in fields if field is not cloze])
    named = dict(zip(names, fields, strict=False))
    if named:
        made = records.question_of({k: v for k, v in named.items() if v.strip()}, None)
        if made is not None and (made.options or made.said):
            return [made]
    rest = [field for field in fields[1:] if field.strip()]
    return [Question(fields[0], said=rest[0] if rest else "", explanation="\n".join(rest[1:]))]


def _clozes(text: str, rest: Sequence[str]) -> list[Question]:
    """A question for each number of a cloze text: its gaps empty, the others filled."""
    numbers = sorted({int(found[1]) for found in _CLOZE.finditer(text)})
    made = []
    for number in numbers:

        def shown(found: re.Match[str], number: int = number) -> str:
            return BLANK if int(found[1]) == number else found[2]

        said = [found[2] for found in _CLOZE.finditer(text) if int(found[1]) == number]
        more = "\n".join(field for field in rest if field.strip())
        made.append(Question(_CLOZE.sub(shown, text), said="；".join(said), explanation=more))
    return made


def notes(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of notes exported as text."""
    text = decoded(path, name, how.encoding)
    taker = Taker(name, sha256(path), ledger)
    told: dict[str, str] = {}
    at = 0
    while found := _HEADER.match(text, at):
        told[found[1].lower()] = found[2].strip()
        at = text.find("\n", found.end()) + 1 or len(text)
    separator = told.get("separator", "tab")
    separator = SEPARATORS.get(separator.lower(), separator[:1] or "\t")
    apart = {int(told[key]) - 1 for key in told if key.endswith(" column") and told[key].isdigit()}
    columns = [c.strip() for c in re.split(re.escape(separator), told.get("columns", ""))]
    names = [c for k, c in enumerate(columns) if k not in apart]
    html = told.get("html", "false").lower() == "true"
    for one in delimited.records(text[at:].splitlines(keepends=True), separator):
        if not one.raw.strip():
            continue
        place = f"c:{at + one.start}-{at + one.start + len(one.raw.rstrip())}"
        if one.reason:
            taker.lost(place, delimited.told(one, 0), one.raw)
            continue
        fields = [field for k, field in enumerate(one.fields) if k not in apart]
        if not html:
            fields = [
                f.replace("&", "&amp;").replace("<", "&lt;") if "<" in f else f for f in fields
            ]
        for question in questions(names, fields or [""]):
            yield from taker.row(question, place, one.raw.strip())
    taker.done()


def package(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of a package: its newest collection is read, in a folder of its own."""
    found = {
        part: data
        for suffix in (".anki2", ".anki21", ".anki21b")
        for part, data in xml.parts(path, name, suffix)
    }
    part = next(
        p for p in ("collection.anki21b", "collection.anki21", "collection.anki2") if p in found
    )
    data = _unpacked(found[part], name) if part.endswith("b") else found[part]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "collection"
        file.write_bytes(data)
        yield from _rows(file, Taker(name, sha256(path), ledger), name)


def _unpacked(data: bytes, name: str) -> bytes:
    """A collection unpacked by zstd, no more than :data:`LIMIT` bytes."""
    import pyarrow as pa  # streamlit brings it, and with it the one zstd of the core environment

    try:
        stream = pa.CompressedInputStream(pa.BufferReader(data), "zstd")
        made = stream.read(LIMIT + 1)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{name}: {words('压缩内容损坏', 'damaged zstd data')} ({error})") from None
    if len(made) > LIMIT:
        most = f"{LIMIT >> 20} MB"
        large = words(f"解压后超过 {most}，疑似压缩炸弹", f"unpacks beyond {most} (a bomb?)")
        raise UserError(f"{name}: {large}")
    return made


def collection(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of a bare collection."""
    yield from _rows(path, Taker(name, sha256(path), ledger), name)


def _rows(file: Path, taker: Taker, name: str) -> Iterator[Row]:
    """The rows of an open collection; locators are the notes' numbers."""
    try:
        with closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            # A real table is read in fewer steps than it has bytes; a view may never end.
            base.set_progress_handler(lambda: 1, STEPS + 10 * file.stat().st_size)
            kinds = _kinds(base)
            for number, kind, text in base.execute("SELECT id, mid, flds FROM notes ORDER BY id"):
                fields = str(text).split("\x1f")
                place, said = f"note:{number}", " | ".join(fields)
                if not fields[0].strip():
                    taker.lost(place, NO_QUESTION, said)
                    continue
                for question in questions(kinds.get(kind, []), fields):
                    yield from taker.row(question, place, said)
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{name}: {words('不是完整的 Anki 集合', 'no whole Anki collection')} ({error})"
        ) from None
    taker.done()


def _kinds(base: sqlite3.Connection) -> dict[int, list[str]]:
    """The names of the fields of each note type, from the tables or from the JSON of older ones."""
    tables = {
        name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    if "notes" not in tables:
        raise ValueError("notes: no table")
    if {"fields", "notetypes"} <= tables:
        found: dict[int, list[str]] = {}
        rows: list[tuple[int, int, Any]] = base.execute(
            "SELECT ntid, ord, name FROM fields"
        ).fetchall()
        for kind, _, name in sorted(rows, key=lambda row: (row[0], row[1])):
            found.setdefault(kind, []).append(str(name))
        return found
    ((models,),) = base.execute("SELECT models FROM col LIMIT 1")
    return {
        int(key): [field["name"] for field in sorted(one["flds"], key=lambda f: f.get("ord", 0))]
        for key, one in json.loads(models or "{}").items()
    }
