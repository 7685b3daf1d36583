"""``python -m data_tools read FILE …``: what is read of some files, shown and not written."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from core.findings import Finding, told
from core.language import words
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers.how import USUAL, How
from data_tools.sources import joined_rows, mostly_lost, names, read_bank

SHOWN = 5  # rows shown to a person, those in doubt first
LOSS = 3  # exit status where most of a file was lost


def confidence(row: Row) -> float:
    """An order by doubt, worst last: by how many flags a row has. Rough, and not yet measured as a
    share of right rows: of real files nobody has written down every row."""
    return (0.98, 0.3, 0.1)[min(len(row.flags), 2)]


def fields(row: Row) -> dict[str, Any]:
    """A row as it is previewed."""
    turns = [{"question": asked, "answer": said} for asked, said in row.history]
    more: dict[str, Any] = {"history": turns} if turns else {}
    return more | {
        "question": row.question,
        "options": row.options,
        "letters": row.letters,
        "answer": row.answer,
        "kind": row.kind,
        "explanation": row.explanation,
        "flags": row.flags,
        "confidence": confidence(row),
        "locator": row.source.locator,
        "file": row.source.file,
    }


def read_files(files: list[Path], how: How = USUAL) -> tuple[list[Row], Ledger, set[str]]:
    """The rows of ``files`` read together, the ledger, and the files that only gave answers."""
    ledger, rows = Ledger(), []
    named = names(files)
    made = [
        list(read_bank(path, ledger, name, how)) for path, name in zip(files, named, strict=True)
    ]
    late, used = joined_rows(ledger)
    for name, found in zip(named, made, strict=True):
        rows += [*found, *late.get(name, [])]
    return rows, ledger, used


def counts(rows: list[Row], ledger: Ledger) -> dict[str, Any]:
    """The last line: rows, doubts, what was lost and why, file by file."""
    return {
        "rows": len(rows),
        "flagged": sum(bool(row.flags) for row in rows),
        "by_kind": dict(Counter(row.kind for row in rows)),
        "ledger": dict(ledger.counts()),
        "flags": dict(Counter(Finding.of(flag).code for row in rows for flag in row.flags)),
        "sources": [
            {"file": s.file, "questions": s.questions, "declared": s.declared, "lost": s.lost}
            for s in ledger.sources
        ],
    }


def main(files: list[Path], as_json: bool, allow_loss: bool, how: How = USUAL) -> int:
    """Print the rows; exit status :data:`LOSS` where most of a file was lost.

    Raises :class:`core.errors.UserError` for a file that cannot be read."""
    rows, ledger, used = read_files(files, how)
    totals = counts(rows, ledger)
    if as_json:
        for row in rows:
            print(json.dumps(fields(row), ensure_ascii=False))
        print(json.dumps(totals, ensure_ascii=False))
    else:
        _tell(rows, totals)
    lost = mostly_lost(ledger, used)
    lost = lost or ("" if rows else words("没有读到任何题", "0 questions found"))
    if lost and not allow_loss:
        print(f"{words('警告', 'warning')}: {lost}", file=sys.stderr)
        return LOSS
    return 0


def _tell(rows: list[Row], totals: dict[str, Any]) -> None:
    """A summary for a person, with the rows most in doubt."""
    read, doubtful = totals["rows"], totals["flagged"]
    told_of = words(f"{read} 题，{doubtful} 题存疑", f"{read} questions, {doubtful} in doubt")
    print(f"{told_of}: {totals['by_kind']}")
    for code, count in totals["ledger"].items():
        print(f"  {count:>6}  {code}: {told(code)}")
    for row in sorted(rows, key=confidence)[:SHOWN]:
        print(f"\n[{row.source.locator}] {row.kind} {'; '.join(map(told, row.flags))}")
        print(f"{row.prompt()}\n→ {row.answer}")
