"""What generation leaves for a build: ``generated.jsonl`` (what stood the screen), one pair a line
with the characters of the text that it stands on, and ``generated-dropped.jsonl`` beside it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, read_jsonl, sha256, shown, write_json, write_jsonl
from core.findings import Finding
from core.language import words
from core.rows import Row, Source
from data_tools.generate.prompts import TYPES
from data_tools.ledger import Ledger, SourceReport

ROWS, DROPPED, CARD = "generated.jsonl", "generated-dropped.jsonl", "generated.json"


def is_generated(path: Path) -> bool:
    """Whether a file is one that this module wrote (or a person's copy of it, beside the rest)."""
    return path.name == ROWS and (path.parent / DROPPED).is_file()


def finding(kept: str | dict[str, str]) -> Finding:
    """A finding as these files keep it: its parts, or one line in files of before."""
    return Finding(**kept) if isinstance(kept, dict) else Finding.of(kept)


def read(path: Path, ledger: Ledger, name: str) -> Iterator[Row]:
    """The rows of a ``generated.jsonl``, each with its place in the text as source; what was
    dropped goes into the ledger."""
    reports: dict[str, SourceReport] = {}
    types: Counter[str] = Counter()
    for number, line in enumerate(read_jsonl(path), 1):
        try:
            source = Source(**line["source"])
            row = Row(str(line["question"]), str(line["answer"]), source, "generated")
        except (KeyError, TypeError):
            raise UserError(
                words(
                    f"{shown(path)} 第{number}行缺 question、answer 或 source",
                    f"{shown(path)}: line {number} lacks question, answer or source",
                )
                + " (file, sha256, locator, text)"
            ) from None
        row.flags = [finding(flag) for flag in line.get("flags", [])]
        report = reports.setdefault(source.file, SourceReport(source.file, source.sha256))
        report.questions += 1
        types[str(line.get("type", ""))] += 1
        yield row
    for kind in TYPES if set(types) & set(TYPES) else ():  # a list of pairs may name no type
        if not types[kind]:
            reason = Finding(
                "missing-type", f"没有一道{kind}题", f"none of its questions is of the type {kind}"
            )
            ledger.add(name, "types", reason, ", ".join(f"{k} {n}" for k, n in types.items()))
    for line in read_jsonl(path.parent / DROPPED):
        ledger.add(line["file"], line["locator"], finding(line["reason"]), line["text"])
    ledger.sources.extend(reports.values())


def made_of(out: Path, texts: Sequence[Path]) -> Path | None:
    """The ``generated.jsonl`` in ``out`` if it was made of ``texts`` as they are now; None where
    there is none. Raises :class:`UserError` where it was made of other texts."""
    if not (out / CARD).is_file() or not (out / ROWS).is_file():
        return None
    made = {source["sha256"] for source in read_json(out / CARD)["sources"]}
    for text in texts:
        if not text.is_file():
            raise UserError(f"{shown(text)}: {words('没有这个文件', 'no such file')}")
        if sha256(text) not in made:
            raise UserError(
                words(
                    f"{shown(out / ROWS)} 不是由现在的 {shown(text)} 生成的：请重新生成",
                    f"{shown(out / ROWS)} is not made of {shown(text)} as it is now: "
                    "run generate again",
                )
            )
    return out / ROWS


def write(
    out: Path,
    rows: Sequence[dict[str, Any]],
    dropped: Sequence[dict[str, Any]],
    card: dict[str, Any],
) -> None:
    """Write all three; a ``generated.jsonl`` that a person changed is kept beside as a copy."""
    path = out / ROWS
    if path.is_file():
        old = read_json(out / CARD).get("rows_sha256") if (out / CARD).is_file() else ""
        current = sha256(path)
        if current != old:
            copy = out / f"generated-edited-{current[:8]}.jsonl"
            shutil.copy2(path, copy)
            edited = words("被修改过，留了一份", "was edited, a copy is kept")
            print(f"{shown(path)}: {edited}: {copy.name}")
    (out / CARD).unlink(missing_ok=True)
    write_jsonl(out / DROPPED, dropped)
    write_jsonl(path, rows)
    write_json(out / CARD, {**card, "rows_sha256": sha256(path)})
