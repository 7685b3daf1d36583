"""The index on this machine: passages in SQLite, vectors and BM25 in files mapped into memory.

A long passage has several vectors and word lists, one a piece; its score is its best piece's.

Every cosine is computed, so nothing is missed: 100,000 passages take a few milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import UserError
from core.files import shown
from core.language import words
from rag import layout
from rag.bm25 import Bm25
from rag.passages import Passage, Passages
from rag.store import Pool


class Local:
    """An :class:`rag.store.Store` over one generation's folder."""

    def __init__(self, folder: Path, dense: bool) -> None:
        try:
            self.passages = Passages(folder / layout.PASSAGES)
            self.bm25 = Bm25(folder / layout.LEXICAL)
            self.vectors = np.load(folder / layout.VECTORS, mmap_mode="r") if dense else None
            self.starts = _starts(folder, self.passages.size)
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise UserError(_damaged(folder, type(error).__name__)) from None
        self.size = self.passages.size
        parts = self.bm25.size
        if self.vectors is not None and len(self.vectors) != parts:
            raise UserError(_damaged(folder, f"{len(self.vectors)} != {parts}"))
        if len(self.starts) != self.size or parts < self.size:
            raise UserError(_damaged(folder, f"{parts}, {len(self.starts)} != {self.size}"))
        self.whole = parts == self.size

    def _best_part(self, scores: np.ndarray) -> np.ndarray:
        """A passage's score: that of its best piece."""
        return scores if self.whole else np.maximum.reduceat(scores, self.starts)

    def pool(
        self, query: str, vector: np.ndarray | None, n: int, where: dict[str, Any] | None
    ) -> Pool:
        """See :class:`rag.store.Store`; with vectors every row has both scores."""
        mask = self.passages.mask(where) if where else None
        scores = self._best_part(self.bm25.scores(query))
        best = _best(scores, n, mask)
        best = best[scores[best] > 0]
        if self.vectors is None or vector is None:
            return Pool(best, None, scores[best])
        cosines = self._best_part(self.vectors @ vector)
        rows = np.union1d(_best(cosines, n, mask), best)
        return Pool(rows, cosines[rows], scores[rows])

    def rows(self, keys: Sequence[Any] | np.ndarray) -> list[Passage]:
        """The passages of a pool's keys."""
        return self.passages.rows([int(key) for key in keys])

    def by_id(self, identifier: str) -> Passage | None:
        """The passage with this id."""
        return self.passages.by_id(identifier)

    def around(self, identifier: str, n: int) -> list[Passage]:
        """The passage among its neighbours in its source."""
        return self.passages.around(identifier, n)


def _starts(folder: Path, size: int) -> np.ndarray:
    """Where each passage's pieces begin; an index from before there were any has one each."""
    file = folder / layout.STARTS
    return np.load(file) if file.is_file() else np.arange(size)


def _damaged(folder: Path, what: str) -> str:
    parent = shown(folder.parent)
    said = words(
        f"索引损坏 ({what}): 请删除 {parent}, 再运行 make index",
        f"the index is damaged ({what}): remove {parent}, then run make index",
    )
    return f"{shown(folder)}: {said}"


def _best(scores: np.ndarray, k: int, mask: np.ndarray | None) -> np.ndarray:
    """Rows of the ``k`` highest scores among those in ``mask``, best first."""
    rows = np.arange(len(scores)) if mask is None else np.flatnonzero(mask)
    values = scores[rows]
    if len(rows) > k:
        top = np.argpartition(-values, k - 1)[:k]
        rows, values = rows[top], values[top]
    return rows[np.argsort(-values, kind="stable")]
