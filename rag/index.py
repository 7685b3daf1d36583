"""An index that is open for searching: dense and lexical scores, fused and put on one scale."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core.language import words
from rag import calibrate, demands, embed, fit, layout
from rag.local import Local
from rag.passages import Passage
from rag.rerank import Reranker
from rag.store import Pool, Store

POOL = 100  # best passages of each way that are fused
DENSE = 0.7  # weight of the dense way; docs/rag.md has what other weights gave
LOOKED = 20  # best passages that are looked at for what they deny
RERANKED = 20  # best passages that a reranker reads


class Index:
    """Open with :meth:`open`; threads may search at once. ``size`` is the number of passages."""

    def __init__(self, folder: Path) -> None:
        self.note = layout.note(folder)
        self.dense = self.note["model"] != "none"
        self.store: Store = _store(folder, self.note, self.dense)
        self.size = self.store.size
        self.scales: dict[str, tuple[float, ...]] = {
            name: tuple(scale) for name, scale in self.note.get("scales", {}).items()
        }
        self.margins: dict[str, tuple[float, ...]] = {
            name: tuple(scale) for name, scale in self.note.get("margins", {}).items()
        }
        self.embedder: embed.Embedder | None = None
        self.asked: OrderedDict[str, np.ndarray] = OrderedDict()
        self.lock = Lock()

    @staticmethod
    def open(folder: Path) -> Index:
        """The index in ``folder``; :class:`UserError` if absent, damaged or of another version."""
        return Index(Path(folder))

    def search(
        self,
        query: str,
        k: int = 5,
        where: dict[str, Any] | None = None,
        reranker: Reranker | None = None,
    ) -> list[Passage]:
        """The ``k`` best passages for ``query``, best first, among those that fit ``where`` (field
        of ``rag.passages.FIELDS`` → a value or a list of values). A ``reranker`` orders the best
        :data:`RERANKED` again; scores stay what they were."""
        query = query.strip()
        if not query or k < 1:
            return []
        vector = self._vector(query) if self.dense else None
        pool = self.store.pool(query, vector, max(k, POOL), where)
        fused = _spread(pool.words)
        if pool.cosines is not None:
            fused = DENSE * _spread(pool.cosines) + (1 - DENSE) * fused
        named = demands.of(query)
        order, single = self._ordered(query, pool, fused)
        order = order[: max(k, RERANKED) if reranker else k]
        found = self.store.rows([pool.keys[at] for at in order])
        found = self._scored(query, found, pool, order)
        found = [one.scored(fit.score(query, one, named, single)) for one in found]
        if reranker and found:
            found = [found[at] for at in reranker.order(query, [one.text for one in found])]
        return found[:k]

    def _ordered(
        self, query: str, pool: Pool, fused: np.ndarray
    ) -> tuple[np.ndarray, set[demands.Demand]]:
        """The places of a pool, best first, and the codes of the query that single passages out.
        Where the question names something exactly, all of the pool is looked at for it; for a
        denial the best :data:`LOOKED` are enough."""
        order = np.argsort(-fused, kind="stable")
        named = demands.of(query)
        looked = order if named else order[:LOOKED]
        found = self.store.rows([pool.keys[at] for at in looked])
        fused = fused.astype(np.float64)
        fused[looked] += fit.raised(query, found)
        return np.argsort(-fused, kind="stable"), fit.single(named, found)

    def passage(self, id: str) -> Passage | None:
        """The passage with this id."""
        return self.store.by_id(id)

    def neighbours(self, id: str, n: int = 2) -> list[Passage]:
        """The passage with ``n`` before and after it in its source, as they stand there."""
        return self.store.around(id, n)

    def _scored(
        self, query: str, found: Sequence[Passage], pool: Pool, order: np.ndarray
    ) -> list[Passage]:
        """Passages with scores: calibrated cosines, against their rivals' where the index knows how
        much these tell, or the words shared where there are no vectors."""
        if pool.cosines is None:
            return [one.scored(calibrate.shared(query, one.text)) for one in found]
        others = calibrate.rivals(pool.cosines)
        scored = []
        for one, cosine in zip(found, pool.cosines[order].tolist(), strict=True):
            name = calibrate.sort(one.question)
            margins = self.margins.get(name)
            if margins and not np.isnan(others):
                score = calibrate.margin(cosine, others, self.scales[name], margins)
            else:
                score = calibrate.apply(cosine, self.scales[name])
            scored.append(one.scored(score))
        return scored

    def _vector(self, query: str) -> np.ndarray:
        """The query's vector; the last 256 are kept: a page asks the same one several times."""
        with self.lock:
            if query in self.asked:
                self.asked.move_to_end(query)
                return self.asked[query]
            if self.embedder is None:
                self.embedder = _embedder(self.note)
        vector = self.embedder.encode([query], True)[0]
        with self.lock:
            self.asked[query] = vector
            if len(self.asked) > 256:
                self.asked.popitem(last=False)
        return vector


def _store(folder: Path, note: dict[str, Any], dense: bool) -> Store:
    """The store that the index was built in."""
    if note.get("store", "local") == "local":
        return Local(folder / note["generation"], dense)
    from rag.milvus import Milvus

    return Milvus(note["store"], note["generation"])


def _embedder(note: dict[str, Any]) -> embed.Embedder:
    """The model that the index was built with."""
    found = embed.load(note["embedding"])
    if found is None or found.name != note["model"]:
        name = found.name if found else "none"
        raise layout.Unusable(
            words(
                f"索引用的是 {note['model']}, 现在是 {name}",
                f"the index was made with {note['model']}, the model is now {name}",
            )
        )
    return found


def _spread(values: np.ndarray) -> np.ndarray:
    """Min-max to 0..1; all 0 where they are equal."""
    if not len(values):
        return values
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
