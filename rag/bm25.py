"""BM25 over Chinese characters, their pairs and words: kept and searched by bm25s."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rag.tokens import indexed


def write(path: Path, texts: Sequence[str]) -> None:
    """Index ``texts`` (row numbers are their places) into the folder ``path``."""
    import bm25s

    numbers: dict[str, int] = {}
    ids = [[numbers.setdefault(token, len(numbers)) for token in indexed(text)] for text in texts]
    numbers.setdefault("", len(numbers))  # bm25s's own empty token
    scorer = bm25s.BM25(method="lucene")
    scorer.index((ids, numbers), create_empty_token=False, show_progress=False)
    scorer.save(str(path), show_progress=False)


class Bm25:
    """Scores of every row for a query, from files mapped into memory."""

    def __init__(self, path: Path) -> None:
        import bm25s

        self.scorer = bm25s.BM25.load(str(path), mmap=True, load_vocab=True)
        self.size: int = int(self.scorer.scores["num_docs"])

    def scores(self, query: str) -> np.ndarray:
        """BM25 of every row, 0 where no token is shared."""
        vocabulary = self.scorer.vocab_dict
        ids = [vocabulary[token] for token in dict.fromkeys(indexed(query)) if token in vocabulary]
        if not ids:
            return np.zeros(self.size, dtype=np.float32)
        return self.scorer.get_scores_from_ids(ids)
