"""Rows in one sequence: exact, apart, and cheaper."""

from __future__ import annotations

from typing import Any

import pytest

from train.packing import bins, shared_prefix


def row(ids: list[int], answer: int) -> dict[str, Any]:
    size = len(ids) - answer
    return {"input_ids": ids, "labels": [-100] * size + ids[size:]}


def test_loss_and_gradients_are_those_of_the_padded_batch(probed: dict[str, Any]) -> None:
    found = probed["packed"]
    assert found["norm"] > 0.1, "nothing to compare"
    for name in ("answers_only", "shared"):
        assert found[name] == pytest.approx(found["plain"], rel=1e-5)
        assert found[f"{name}_difference"] < 1e-4 * found["norm"]
    assert found["shared_tokens"] < 0.5 * found["tokens"]


def test_prefix_stops_before_answers_and_differences() -> None:
    rows = [row([1, 2, 3, 4, 5], 1), row([1, 2, 3, 9], 1)]
    assert shared_prefix(rows) == 2, "one unsupervised token is left to predict the answer"
    assert shared_prefix([row([1, 2], 1), row([1, 2], 1)]) == 0
    same = [row([1, 2, 3, 4], 2), row([1, 2, 3, 4], 2)]
    assert shared_prefix(same) == 1
    assert shared_prefix([row([7, 2, 3], 1), row([1, 2, 3], 1)]) == 0


def test_bins_hold_every_row_once_and_do_not_overflow() -> None:
    lengths = [5, 9, 3, 30, 1, 8]
    found = bins(lengths, 12, range(len(lengths)))
    assert sorted(number for part in found for number in part) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in part) <= 12 or len(part) == 1 for part in found)
