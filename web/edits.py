"""Corrections made on the page: each is on disk at once, the data set follows when it is built.

``.job/edits.jsonl`` only grows. An entry has ``n`` (its number), ``key`` (the question's, of
``review.xlsx``), ``was`` and ``now`` (column → text, by the keys of :mod:`core.labels`), and
``undoes`` (another entry) where it takes one back; ``{"applied": n}`` says that the workbook and
the data set hold all up to ``n``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from core import findings, kept, labels
from core.files import held, read_jsonl, versioned
from web import jobs, sheet

FILE = "edits.jsonl"
JUDGED = ("正确", "错误")
Row = dict[str, Any]  # a question by the keys of the workbook's columns
_BEFORE = {zh: key for key, (zh, _) in labels.COLUMNS.items()} | {"已改": "edited"}


def _keyed(line: Row) -> Row:
    """A line of this folder by key, also one written when columns went by their Chinese names."""
    found = {
        _BEFORE.get(name) or labels.column_key(name) or name: text for name, text in line.items()
    }
    for key, table in (("kind", labels.KINDS), ("decision", labels.DECISIONS)):
        if found.get(key):
            found[key] = labels.key_in(table, found[key])
    if isinstance(found.get("doubts"), str):
        found["doubts"] = [doubt.json() for doubt in findings.kept(found["doubts"])]
    if "reason" in found:
        found |= findings.kept(found.pop("reason"))[0].json()
    return found


def _path(out: Path) -> Path:
    return jobs.folder(out) / FILE


def entries(out: Path) -> list[dict[str, Any]]:
    """All that was noted, the oldest first."""
    path = _path(out)
    sides = ("was", "now")
    return [
        {name: _keyed(part) if name in sides else part for name, part in line.items()}
        for line in (read_jsonl(path) if path.is_file() else ())
    ]


def _append(out: Path, line: dict[str, Any]) -> None:
    path = _path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path.with_suffix(".lock")), open(path, "ab") as file:
        if "key" in line:
            line = {"n": len(entries(out)) + 1, **line}
        file.write((json.dumps(versioned(path, line), ensure_ascii=False) + "\n").encode())


def pending(out: Path) -> dict[str, Row]:
    """What the data set does not hold yet: key → column → text."""
    noted = entries(out)
    applied = max((line["applied"] for line in noted if "applied" in line), default=0)
    found: dict[str, Row] = {}
    for line in noted:
        if line.get("n", 0) > applied:
            found.setdefault(line["key"], {}).update(line["now"])
    base = {row.get("key", ""): row for row in listed(out) or ()} if found else {}
    return {
        key: typed
        for key, typed in found.items()
        if any(base.get(key, {}).get(name, "") != text for name, text in typed.items())
    }


def newest(out: Path) -> int:
    """The number of the last edit."""
    return max((line.get("n", 0) for line in entries(out)), default=0)


def settle(out: Path, number: int) -> None:
    """Note that the data set holds all edits up to ``number``."""
    _append(out, {"applied": number})


@lru_cache(maxsize=4)
def _listed(file: str, stamp: int) -> list[Row]:
    return list(map(_keyed, read_jsonl(file)))


def listed(out: Path, name: str = sheet.ROWS) -> list[Row] | None:
    """The workbook's questions (or ledger) as last listed: shared, read only. None where the
    workbook has changed since."""
    file, book = jobs.folder(out) / name, out / "review.xlsx"
    if not file.is_file() or file.stat().st_mtime < book.stat().st_mtime:
        return None
    return _listed(str(file), file.stat().st_mtime_ns)


def rows(out: Path) -> list[Row] | None:
    """The questions as they stand with every edit; ``edited`` says which differ from the source."""
    found = listed(out)
    if found is None:
        return None
    waiting = pending(out)
    return [
        {**row, **waiting[row["key"]], "edited": True} if row.get("key") in waiting else row
        for row in found
    ]


def doubted(found: Sequence[Row]) -> list[Row]:
    """The questions in doubt that nobody has said are right."""
    return [row for row in found if row.get("doubts") and row.get("decision") != "keep"]


def options(row: Row) -> dict[str, str]:
    """The options of a question, A first."""
    return {name[-1]: row[name] for name in sorted(row) if name.startswith("option_") and row[name]}


def refused(row: Row) -> str:
    """Why a question cannot be saved so (a key of the texts), or nothing."""
    answer, there = row.get("answer", "").strip(), options(row)
    if not row.get("question", "").strip():
        return "refused_stem"
    if not answer:
        return "refused_empty"
    if there and not set(answer) <= set(there):
        return "refused_letters"
    if there and row.get("kind") == "single" and len(answer) > 1:
        return "refused_single"
    return ""


def holds(row: Row, text: str) -> bool:
    """Whether a question has ``text`` in any of its columns."""
    return any(text in value for value in row.values() if isinstance(value, str))


def save(out: Path, row: Row, now: Row) -> str:
    """Keep what was typed of one question (as it stands in ``row``); returns why it is refused, or
    nothing. Letters are put in order."""
    after = {**row, **now}
    if options(after) and "answer" in now:
        letters = now["answer"].upper().replace(" ", "").replace(",", "").replace("、", "")
        now = {**now, "answer": "".join(sorted(set(letters)))}
    now = {name: text for name, text in now.items() if text != row.get(name, "")}
    if not now:
        return ""
    if now.get("decision") != "drop" and (reason := refused({**row, **now})):
        return reason
    _append(out, {"key": row["key"], "was": {name: row.get(name, "") for name in now}, "now": now})
    return ""


def undo(out: Path) -> str:
    """Take the last edit back, by one that says the contrary; returns its question's key, or
    nothing where there is none."""
    noted = entries(out)
    gone = {line["undoes"] for line in noted if "undoes" in line}
    for line in reversed(noted):
        if "key" in line and "undoes" not in line and line["n"] not in gone:
            back = {"was": line["now"], "now": line["was"], "undoes": line["n"]}
            _append(out, {"key": line["key"], **back})
            return str(line["key"])
    return ""


def as_text(row: Row) -> str:
    """A question with its answer, for reading."""
    lines = [
        row.get("question", ""),
        *(f"{letter}. {text}" for letter, text in options(row).items()),
    ]
    lines.append(f"答案：{row.get('answer', '')}")
    if row.get("explanation"):
        lines.append(f"解析：{row['explanation']}")
    return "\n".join(lines)


def row_at(found: Sequence[Row], source: dict[str, Any], text: str) -> Row | None:
    """The question of a place in a document, by its ``text`` there; None where there is none."""
    place = f"{source.get('file', '')}{kept.AT}{source.get('locator', '')}"
    there = (row for row in found if row.get("source") == place)
    return next((row for row in there if row.get("text", text) == text), None)


def corrected(out: Path, source: dict[str, Any], text: str) -> str:
    """The question of ``source`` as somebody corrected it; nothing where nobody did."""
    row = row_at(rows(out) or (), source, text)
    return as_text(row) if row and row.get("edited") else _in_ledger(out, source)


def _in_ledger(out: Path, source: dict[str, Any]) -> str:
    """The same for a set whose workbook was never listed here."""
    path, bank = out / "ledger.csv", out / "kb.jsonl"
    if not (path.is_file() and bank.is_file()):
        return ""
    at = (source.get("file"), source.get("locator"))
    found = kept.read(path)
    if not any(each.code == "edited" and (each.file, each.locator) == at for each in found):
        return ""
    same = ("file", "locator", "sha256")
    for line in read_jsonl(bank):
        if all(line["source"].get(name) == source.get(name) for name in same):
            return str(line["text"])
    return ""
