"""What searching needs of a store, whether it lies on this machine or is a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rag.passages import Passage


@dataclass(frozen=True)
class Pool:
    """Candidates: the store's ``keys``, their ``cosines`` with the query (None: no vectors) and
    their BM25 scores ``words``."""

    keys: Sequence[Any] | np.ndarray
    cosines: np.ndarray | None
    words: np.ndarray


class Store(Protocol):
    """A store of passages that can be searched both ways; ``size`` passages."""

    size: int

    def pool(
        self, query: str, vector: np.ndarray | None, n: int, where: dict[str, Any] | None
    ) -> Pool:
        """The ``n`` best passages by cosine and the ``n`` best by words, together."""
        ...

    def rows(self, keys: Sequence[Any] | np.ndarray) -> list[Passage]:
        """The passages of these keys, in their order."""
        ...

    def by_id(self, identifier: str) -> Passage | None:
        """The passage with this id."""
        ...

    def around(self, identifier: str, n: int) -> list[Passage]:
        """The passage with ``n`` before and after it in its file, in the file's order."""
        ...
