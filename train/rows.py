"""Rows of ``train.jsonl`` as the data set that XTuner's ``process_hf_dataset`` takes."""

from __future__ import annotations

from typing import Any

from core.errors import UserError
from core.files import read_jsonl, shown

TURN = ("system", "input", "output")


def load_rows(path: str) -> Any:
    """A ``datasets.Dataset`` with the one column ``conversation``.

    The other fields of a row are left behind: their shape differs from row to row, and Arrow wants
    one schema. Raises :class:`UserError` for a missing or empty file, or a row that is none.
    """
    from datasets import Dataset

    rows = []
    for number, row in enumerate(read_jsonl(path), 1):
        try:
            turns = [{key: turn.get(key, "") for key in TURN} for turn in row["conversation"]]
        except (KeyError, TypeError, AttributeError):
            raise UserError(f"{shown(path)} 第{number}行没有 conversation") from None
        rows.append({"conversation": turns})
    if not rows:
        raise UserError(f"{shown(path)} 没有可训练的行 holds no rows: 请检查 make data 的输出")
    return Dataset.from_list(rows)
