"""An index that is open for searching: dense and lexical scores of every passage, fused."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core.errors import UserError
from core.files import shown
from rag import embed, layout
from rag.lexical import Lexical
from rag.passages import Passage, Passages

POOL = 100  # best passages of each way that are fused
DENSE = 0.7  # weight of the dense way; docs/rag.md has what other weights gave


class Index:
    """Open with :meth:`open`; threads may search at once. ``size`` is the number of passages."""

    def __init__(self, folder: Path) -> None:
        self.note = layout.note(folder)
        home = folder / self.note["generation"]
        try:
            self.passages = Passages(home / layout.PASSAGES)
            self.lexical = Lexical(home / layout.LEXICAL)
            dense = self.note["model"] != "none"
            self.vectors = np.load(home / layout.VECTORS, mmap_mode="r") if dense else None
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise UserError(
                f"{shown(home)}: 索引损坏 damaged ({type(error).__name__}): "
                f"请删除 {shown(folder)} 再运行 make index"
            ) from None
        self.size = self.passages.size
        if self.vectors is not None and len(self.vectors) != self.size:
            raise UserError(
                f"{shown(home)}: 索引损坏 damaged: 请删除 {shown(folder)} 再运行 make index"
            )
        self.threshold: float = self.note.get("threshold", 0.0)
        self.embedder: embed.Embedder | None = None
        self.asked: OrderedDict[str, np.ndarray] = OrderedDict()
        self.lock = Lock()

    @staticmethod
    def open(folder: Path) -> Index:
        """The index in ``folder``; :class:`UserError` if absent, damaged or of another version."""
        return Index(Path(folder))

    def search(self, query: str, k: int = 5, where: dict[str, Any] | None = None) -> list[Passage]:
        """The ``k`` best passages for ``query``, best first, among those that fit ``where``."""
        query = query.strip()
        if not query or k < 1:
            return []
        mask = self.passages.mask(where) if where else None
        words = self.lexical.scores(query)
        dense = self._dense(query)
        if dense is None:
            best, score = _best(words, k, mask), words / max(float(words.max(initial=0)), 1e-9)
            best = best[words[best] > 0]
        else:
            pool = np.union1d(_best(dense, POOL, mask), _best(words, POOL, mask))
            fused = DENSE * _spread(dense[pool]) + (1 - DENSE) * _spread(words[pool])
            best, score = pool[np.argsort(-fused, kind="stable")[:k]], dense
        found = self.passages.rows([int(row) for row in best])
        values = np.clip(score[best], 0, 1)
        return [one.scored(float(value)) for one, value in zip(found, values, strict=True)]

    def passage(self, id: str) -> Passage | None:
        """The passage with this id."""
        return self.passages.by_id(id)

    def neighbours(self, id: str, n: int = 2) -> list[Passage]:
        """The passage with ``n`` before and after it in its source, as they stand there."""
        return self.passages.around(id, n)

    def _dense(self, query: str) -> np.ndarray | None:
        """Cosine of every passage with the query."""
        if self.vectors is None:
            return None
        return self.vectors @ self._vector(query)

    def _vector(self, query: str) -> np.ndarray:
        """The query's vector; the last 256 are kept: a page asks the same one several times."""
        with self.lock:
            if query in self.asked:
                self.asked.move_to_end(query)
                return self.asked[query]
            if self.embedder is None:
                self.embedder = self._load()
        vector = self.embedder.encode([query], True)[0]
        with self.lock:
            self.asked[query] = vector
            if len(self.asked) > 256:
                self.asked.popitem(last=False)
        return vector

    def _load(self) -> embed.Embedder:
        """The model that the index was built with."""
        found = embed.load(self.note["embedding"])
        if found is None or found.name != self.note["model"]:
            raise UserError(
                f"索引用 {self.note['model']} 建立, 现在是 {found and found.name}: {layout.REBUILD}"
            )
        return found


def _best(scores: np.ndarray, k: int, mask: np.ndarray | None) -> np.ndarray:
    """Rows of the ``k`` highest scores among those in ``mask``, best first."""
    rows = np.arange(len(scores)) if mask is None else np.flatnonzero(mask)
    values = scores[rows]
    if len(rows) > k:
        top = np.argpartition(-values, k - 1)[:k]
        rows, values = rows[top], values[top]
    return rows[np.argsort(-values, kind="stable")]


def _spread(values: np.ndarray) -> np.ndarray:
    """Min-max to 0..1; all 0 where they are equal."""
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
