"""A second, slower look at the best passages: a cross-encoder, here or behind HTTP.

``settings.rag.rerank`` of a domain: None, the name or folder of a sentence-transformers
cross-encoder, or ``{"url": "http://…/v1", "model": "…"}`` for the ``/rerank`` route that
Xinference, vLLM, TEI and llama.cpp offer.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from core.errors import UserError
from core.language import words
from rag import layout


class Reranker(Protocol):
    """Orders passages for a query."""

    def order(self, query: str, texts: Sequence[str]) -> list[int]:
        """The places of ``texts``, best first."""
        ...


class Folder:
    """A cross-encoder run by sentence-transformers."""

    def __init__(self, path: str) -> None:
        try:
            from sentence_transformers import CrossEncoder
        except ImportError:
            raise layout.needs(f"{words('重排模型', 'reranker')} {path}") from None
        self.model = CrossEncoder(path, device="cpu")

    def order(self, query: str, texts: Sequence[str]) -> list[int]:
        """See :class:`Reranker`."""
        scores = self.model.predict([(query, text) for text in texts])
        return [int(at) for at in np.argsort(-np.asarray(scores), kind="stable")]


class Endpoint:
    """``POST {url}/rerank``; the key comes from TIKUFORGE_EMBEDDING_KEY."""

    def __init__(self, url: str, model: str) -> None:
        self.url, self.model = url.rstrip("/") + "/rerank", model

    def order(self, query: str, texts: Sequence[str]) -> list[int]:
        """See :class:`Reranker`; :class:`UserError` when the endpoint fails."""
        body = {"model": self.model, "query": query, "documents": list(texts)}
        request = urllib.request.Request(
            self.url,
            json.dumps(body).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": "Bearer " + os.environ.get("TIKUFORGE_EMBEDDING_KEY", "EMPTY"),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                results = json.load(answer)["results"]
            scores = {int(one["index"]): float(one["relevance_score"]) for one in results}
        except (OSError, KeyError, TypeError, ValueError) as error:
            said = words(f"重排服务 {self.url} 出错", f"rerank service {self.url} failed")
            raise UserError(f"{said}: {error}") from None
        return sorted(range(len(texts)), key=lambda at: (-scores.get(at, float("-inf")), at))


@lru_cache(maxsize=4)
def _loaded(setting: str) -> Reranker:
    value: Any = json.loads(setting)
    if isinstance(value, str):
        return Folder(value)
    if set(value) != {"url", "model"}:
        said = words("需要 url 与 model", "url and model are needed")
        raise UserError(f"settings.rag.rerank: {said}")
    return Endpoint(**value)


def load(setting: str | dict[str, str] | None) -> Reranker | None:
    """The reranker of a setting, loaded once a process; None for None."""
    return _loaded(json.dumps(setting, sort_keys=True)) if setting else None
