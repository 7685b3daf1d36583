"""The data set's card: ``card.json`` for programs, ``card.md`` (a Hugging Face card) for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import labels
from core.domain import Domain
from core.findings import labelled
from core.labels import both
from core.rows import Row
from data_tools.ledger import Ledger, SourceReport


def by_kind(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows of each kind."""
    return dict(Counter(row.kind for row in rows).most_common())


def sources(reports: Sequence[SourceReport]) -> list[dict[str, Any]]:
    """The sources as read."""
    return [report.json() for report in reports]


def _table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; what of ``head`` is a key of :data:`labels.CARD` is called so."""
    head = [_said(name) if name in labels.CARD else name for name in head]
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", "<br>")


PAGE = """---
language: [zh]
task_categories: [question-answering]
size_categories: [{size}]
license: {licence}
---

# {title}

{system}：`{prompt}`

{parts}
"""


def _said(key: str) -> str:
    return both(labels.CARD[key])


def markdown(
    card: dict[str, Any],
    domain: Domain,
    examples: Sequence[Row],
    ledger: Ledger,
    charts: Sequence[str] = (),
) -> str:
    """``card.md``: counts, sources with hashes, kinds, examples, doubts, a licence line."""
    found = [
        (s["file"], s["questions"], s["declared"], s["lost"], f"`{s['sha256'][:16]}…`")
        for s in card["sources"]
    ]
    overlap = [(name, hits["exact"], hits["near"]) for name, hits in card["contamination"].items()]
    shown = [(r.prompt(), r.answer, f"{r.source.file} {r.source.locator}") for r in examples]
    doubts = [(labelled(code), n) for code, n in ledger.counts().most_common(20)]
    counts = [(both(pair), card[key]) for key, pair in labels.COUNTS.items()]
    pictures = "\n".join(f"![{Path(name).stem}]({name})" for name in charts)
    kinds = _table(["kind", "rows"], list(card["by_kind"].items()))
    parts = {
        "counts": _table(["item", "count"], counts),
        "sources": _table(["source", "questions", "declared", "lost", "sha256"], found),
        "kinds": f"{kinds}\n\n{_lengths(card)}\n\n{pictures}",
        "examples": _table(["question", "answer", "place"], shown),
        "contamination": _table(["found_in", "exact", "near"], overlap),
        "doubts": f"{_said('all_in')}\n\n{_table(['reason', 'count'], doubts)}",
    }
    return PAGE.format(
        size=size(card["rows"]),
        licence=domain.licence or f"other  # {_said('licence')}",
        title=domain.title,
        system=_said("system"),
        prompt=domain.system,
        parts="\n\n".join(f"## {_said(key)}\n\n{text}" for key, text in parts.items()),
    )


def _lengths(card: dict[str, Any]) -> str:
    """The table of lengths in characters and, where a tokenizer was there, in tokens."""
    steps = list(card["characters"])
    found = [
        (_said(key), *map(card[key].get, steps)) for key in ("characters", "tokens") if card[key]
    ]
    return _table(["length", *steps], found)


def with_lengths(page: str, card: dict[str, Any]) -> str:
    """``page`` (a ``card.md``) with its table of lengths written anew."""
    before, found, after = page.partition(f"| {_said('length')}")
    if not found:
        return page
    return before + _lengths(card) + "\n\n" + after.partition("\n\n")[2]


def size(rows: int) -> str:
    """Hugging Face's size category."""
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
    return next((name for most, name in (*steps, (1_000_000, "100K<n<1M")) if rows < most), "n>1M")
