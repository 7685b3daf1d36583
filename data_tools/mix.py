"""General conversations mixed into training, against forgetting; never into evaluation."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from pathlib import Path

from core.errors import UserError
from core.findings import Finding
from core.language import words
from core.rows import Row
from data_tools import formats
from data_tools.contamination import Probe
from data_tools.ledger import Ledger
from data_tools.split import rank


def general(
    paths: Sequence[Path],
    ratio: float,
    train: int,
    held_out: Sequence[Row],
    seed: int,
    ledger: Ledger,
) -> list[Row]:
    """Rows of kind ``general`` so that they are ``ratio`` of all training rows (``train`` of them
    are the domain's own). Which ones is decided by :func:`rank`: the same for the same seed. A row
    that repeats a question of ``held_out`` is ledgered and left out.

    Raises :class:`UserError` for a ratio outside 0..1.
    """
    if not 0 < ratio < 1:
        raise UserError(
            words(
                f"混合比例 MIX_RATIO 应在 0 与 1 之间: {ratio}",
                f"MIX_RATIO must be between 0 and 1: {ratio}",
            )
        )
    wanted = round(train * ratio / (1 - ratio))
    probe = Probe(held_out)
    seen: set[str] = set()

    repeated = Finding("contaminated", "与评测题重复", "repeats an eval question")

    def clean() -> list[Row]:
        kept = []
        for path in paths:
            for row in formats.read(path, ledger, path.name):
                if next(probe.hits(row.question), None):
                    ledger.note(row, repeated)
                elif row.question not in seen:
                    seen.add(row.question)
                    row.kind, row.group = "general", ""
                    kept.append(row)
        return kept

    return heapq.nsmallest(wanted, clean(), key=lambda row: rank(seed, row.question))
