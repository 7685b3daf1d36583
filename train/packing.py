"""Rows of a batch in one sequence, exactly: each row sees itself and what all rows begin with.

Bank rows share a system prompt and end in a short answer, so most of a padded batch is the same
prefix and padding. Here the prefix stands once, the rows' rests follow, no row sees another, and
positions go on from the prefix: the loss and its gradients are those of the padded batch, for a
fraction of the tokens (tests/train/test_packing.py compares them). It needs an attention that takes
a mask of its own (SDPA or eager), so it is the other way beside XTuner's packing for flash-attn
(``use_varlen_attn``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

IGNORE = -100


def shared_prefix(rows: Sequence[dict[str, Any]]) -> int:
    """How many leading tokens all rows share, one unsupervised token of each row left over (it
    stands before the row's first supervised one and predicts it)."""
    size = min(first_answer(row["labels"]) for row in rows) - 1
    first = rows[0]["input_ids"]
    for row in rows[1:]:
        ids = row["input_ids"]
        size = next((i for i in range(max(size, 0)) if ids[i] != first[i]), size)
    return max(size, 0)


def first_answer(labels: Sequence[int]) -> int:
    """Index of the first supervised token (the length where there is none)."""
    return next((i for i, label in enumerate(labels) if label >= 0), len(labels))


def collate(instances: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch for :class:`train.model.Finetune`: all tensors 1 × length; ``segments`` is 0 for the
    shared prefix, else the number of the row."""
    import torch

    # XTuner's packing by count: an instance may already be several rows.
    rows = [row for instance in instances for row in instance.get("rows", [instance])]
    size = shared_prefix(rows) if len(rows) > 1 else 0
    ids = list(rows[0]["input_ids"][:size])
    labels, segments, positions = [IGNORE] * size, [0] * size, list(range(size))
    for number, row in enumerate(rows, 1):
        rest = row["input_ids"][size:]
        ids += rest
        own = list(row["labels"][size:])
        if number > 1 and own:
            own[0] = IGNORE  # the token before it in the sequence belongs to another row
        labels += own
        segments += [number] * len(rest)
        positions += range(size, size + len(rest))
    data = {
        "input_ids": ids,
        "labels": labels,
        "position_ids": positions,
        "segments": segments,
    }
    tensors = {name: torch.tensor([values]) for name, values in data.items()}
    return {"data": tensors, "data_samples": None}


def allowed(segments: Any) -> Any:
    """Who may see whom: a boolean mask (1 × 1 × length × length) from ``segments``."""
    import torch

    length = segments.shape[-1]
    own = segments[:, None, :, None] == segments[:, None, None, :]
    prefix = (segments == 0)[:, None, None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=segments.device).tril()
    return (own | prefix) & causal


def bins(lengths: Sequence[int], size: int, order: Iterable[int]) -> list[list[int]]:
    """Row numbers, taken in ``order``, gathered while they fit into ``size`` tokens (a longer row
    stands alone)."""
    packs: list[list[int]] = []
    used = size + 1
    for number in order:
        if used + lengths[number] > size:
            packs.append([])
            used = 0
        packs[-1].append(number)
        used += lengths[number]
    return packs


class Packed:
    """A data set whose items are ``{"rows": [...]}`` of at most ``max_length`` tokens together,
    the shared prefix counted once; the same rows stand together in every epoch."""

    def __init__(self, dataset: Any, max_length: int, seed: int) -> None:
        import random

        from xtuner.registry import BUILDER

        self.dataset = BUILDER.build(dataset) if isinstance(dataset, dict) else dataset
        rows = [self.dataset[i] for i in range(len(self.dataset))]
        prefix = shared_prefix(rows) if len(rows) > 1 else 0
        lengths = [len(row["input_ids"]) - prefix for row in rows]
        order = list(range(len(rows)))
        random.Random(seed).shuffle(order)
        self.bins = bins(lengths, max_length - prefix, order)
        self.length = [prefix + sum(lengths[i] for i in numbers) for numbers in self.bins]

    def __len__(self) -> int:
        return len(self.bins)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"rows": [self.dataset[i] for i in self.bins[index]]}
