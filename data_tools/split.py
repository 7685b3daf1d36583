"""A split that no paraphrase crosses, and that stays put when the bank grows."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from core.rows import Row


def rank(seed: int, key: str) -> bytes:
    """Where a group stands in the queue for the evaluation set: a hash, so that it depends on the
    seed and the group alone, and a later row elsewhere moves nothing."""
    return hashlib.sha256(f"{seed}\n{key}".encode()).digest()


def split(
    rows: Sequence[Row], questions: Sequence[str], ratio: float, most: int, seed: int
) -> tuple[list[Row], list[Row]]:
    """(train, eval) in the order of ``rows``; rows of one ``group`` stay together.

    ``questions`` are the rows' question keys. About ``ratio`` of the rows, at most ``most``, go to
    eval: whole groups by rising :func:`rank` of their smallest key, as long as they fit. With two
    groups or more and a ratio above 0, neither side is empty. A dialogue of several turns trains:
    an evaluation asks one question.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    turns = {row.group for row in rows if row.history}
    for index, row in enumerate(rows):
        if row.group not in turns:
            members[row.group].append(index)
    if len(members) < 2 or ratio <= 0 or most < 1:
        return list(rows), []
    target = max(1, min(round(ratio * len(rows)), most))
    queue: list[list[int]] = sorted(
        members.values(), key=lambda group: rank(seed, min(questions[index] for index in group))
    )
    taken: set[int] = set()
    for group in queue:
        if len(taken) + len(group) <= min(target, len(rows) - 1):
            taken.update(group)
        if len(taken) == target:
            break
    if not taken:  # every group is larger than the target: the smallest is the least surprise
        taken.update(sorted(queue, key=len)[0])
    train = [row for index, row in enumerate(rows) if index not in taken]
    return train, [rows[index] for index in sorted(taken)]
