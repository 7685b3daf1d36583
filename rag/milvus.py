"""The way out when one machine is too small: the same passages in Milvus, on a cluster or a file.

``settings.rag.store = {"uri": "http://…:19530", "collection": "gongkao"}`` (a path ending in
``.db`` is Milvus Lite, the same API in one file). The token comes from TIKUFORGE_MILVUS_TOKEN.
Rows are changed in place, each by its id; a run that was cut off is completed by the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.errors import UserError
from core.language import words
from rag import layout
from rag.passages import Passage, filters, of_json, order
from rag.store import Pool
from rag.tokens import indexed

BATCH = 500
_TEXTS = {"key": 64, "kind": 32, "file": 512, "split": 16, "chapter": 512}
_LONG = 60_000  # bytes; Milvus allows 65,535 in a text field


def _client(store: dict[str, str]) -> Any:
    """A connection; :class:`UserError` when pymilvus or the server is missing."""
    try:
        from pymilvus import MilvusClient, MilvusException
    except ImportError:
        said = words("需要 pymilvus: 请安装", "pymilvus is needed: install")
        raise UserError(f"{said} requirements/milvus.txt") from None
    if set(store) != {"uri", "collection"}:
        said = words("需要 uri 与 collection", "uri and collection are needed")
        raise UserError(f"settings.rag.store: {said}")
    try:
        return MilvusClient(store["uri"], token=os.environ.get("TIKUFORGE_MILVUS_TOKEN", ""))
    except MilvusException as error:
        said = words("连不上 Milvus", "Milvus cannot be reached")
        raise UserError(f"{said}: {store['uri']}: {error.message}") from None


def _create(client: Any, name: str, size: int) -> None:
    """An empty collection: our tokens, spelt in ASCII, go through Milvus's own BM25."""
    from pymilvus import DataType, Function, FunctionType

    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.VARCHAR, max_length=256, is_primary=True)
    for field, longest in _TEXTS.items():
        schema.add_field(field, DataType.VARCHAR, max_length=longest)
    schema.add_field("place", DataType.INT64)
    schema.add_field("body", DataType.VARCHAR, max_length=65_535)
    schema.add_field(
        "words",
        DataType.VARCHAR,
        max_length=65_535,
        enable_analyzer=True,
        analyzer_params={"tokenizer": "standard"},
    )
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=size)
    schema.add_function(Function("bm25", FunctionType.BM25, ["words"], ["sparse"]))
    index = client.prepare_index_params()
    index.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
    index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection(name, schema=schema, index_params=index)


def remove(client: Any, name: str, ids: Sequence[str]) -> None:
    """Delete passages by id."""
    for at in range(0, len(ids), BATCH):
        client.delete(name, ids=list(ids[at : at + BATCH]))


def drop(client: Any, name: str) -> None:
    """Remove a collection that nobody reads any more."""
    client.drop_collection(name)


def keys(client: Any, name: str) -> dict[str, str]:
    """Id → key of every passage that is there."""
    rows = client.query_iterator(name, output_fields=["id", "key"], batch_size=BATCH)
    found: dict[str, str] = {}
    while part := rows.next():
        found |= {one["id"]: one["key"] for one in part}
    rows.close()
    return found


def ready(store: dict[str, str], name: str, size: int) -> tuple[Any, dict[str, str]]:
    """The collection, made where it is not there, and the keys of what it holds."""
    client = _client(store)
    if not client.has_collection(name):
        _create(client, name, size)
    client.load_collection(name)
    return client, keys(client, name)


def record(row: dict[str, Any], key: str, vector: np.ndarray) -> dict[str, Any]:
    """A passage as Milvus keeps it."""
    body = json.dumps(row, ensure_ascii=False)
    if len(body.encode()) > _LONG:
        size = len(body.encode())
        said = words(f"对 Milvus 太长 ({size} 字节)", f"too long for Milvus ({size} bytes)")
        raise UserError(f"{row['id']}: {said}")
    texts = {"key": key, "kind": row["kind"], "file": row["source"]["file"]}
    texts |= {"split": row.get("split", ""), "chapter": row.get("chapter", "")}
    texts |= {"id": row["id"], "body": body, "words": spelt(row["text"])[:_LONG] or "g"}
    return {**texts, "place": place(row), "vector": vector.tolist()}


def spelt(text: str) -> str:
    """Our tokens as ASCII words: every analyzer would cut Chinese pairs apart, and Milvus Lite has
    none that only splits at spaces."""
    return " ".join("".join(f"g{ord(char):x}" for char in token) for token in indexed(text))


def place(row: dict[str, Any]) -> int:
    """Where a passage stands in its file, from its locator alone: growing, with gaps."""
    value = 0
    for number in order(row)[2][:3]:
        value = value * 100_000 + min(number, 99_999)
    return value


def put(client: Any, name: str, records: Iterator[dict[str, Any]]) -> None:
    """Write records, replacing those of the same id."""
    batch: list[dict[str, Any]] = []
    for one in records:
        batch.append(one)
        if len(batch) == BATCH:
            client.upsert(name, batch)
            batch = []
    if batch:
        client.upsert(name, batch)


class Milvus:
    """An :class:`rag.store.Store` over a collection."""

    def __init__(self, store: dict[str, str], name: str) -> None:
        self.client, self.name = _client(store), name
        if not self.client.has_collection(name):
            raise layout.Unusable(f"{store['uri']}: {words('没有', 'no')} collection {name}")
        self.client.load_collection(name)
        counted = self.client.query(name, filter="", output_fields=["count(*)"])
        self.size = int(counted[0]["count(*)"])

    def pool(
        self, query: str, vector: np.ndarray | None, n: int, where: dict[str, Any] | None
    ) -> Pool:
        """See :class:`rag.store.Store`. A passage that only one way found has no BM25 score (0)
        or its cosine computed here from its vector."""
        test, spelling = expression(where), spelt(query)
        by_words = self._search("sparse", spelling, n, test) if spelling else {}
        by_vector = self._search("vector", vector.tolist(), n, test) if vector is not None else {}
        missing = [key for key in by_words if key not in by_vector]
        if missing and vector is not None:
            for one in self.client.get(self.name, missing, output_fields=["id", "vector"]):
                by_vector[one["id"]] = float(np.asarray(one["vector"], np.float32) @ vector)
        found = list(dict.fromkeys([*by_vector, *by_words]))
        cosines = np.array([by_vector.get(key, 0.0) for key in found], dtype=np.float32)
        scores = np.array([by_words.get(key, 0.0) for key in found], dtype=np.float32)
        return Pool(found, cosines if vector is not None else None, scores)

    def _search(self, field: str, value: Any, n: int, test: str) -> dict[str, float]:
        metric = "BM25" if field == "sparse" else "COSINE"
        hits = self.client.search(
            self.name,
            data=[value],
            anns_field=field,
            limit=n,
            filter=test,
            search_params={"metric_type": metric},
        )[0]
        return {hit["id"]: float(hit["distance"]) for hit in hits}

    def rows(self, keys: Sequence[Any] | np.ndarray) -> list[Passage]:
        """The passages of these ids, in their order."""
        if not len(keys):
            return []
        found = self.client.get(self.name, [str(key) for key in keys], output_fields=["id", "body"])
        bodies = {one["id"]: one["body"] for one in found}
        return [of_json(json.loads(bodies[key])) for key in keys]

    def by_id(self, identifier: str) -> Passage | None:
        """The passage with this id."""
        found = self.client.get(self.name, [identifier], output_fields=["body"])
        return of_json(json.loads(found[0]["body"])) if found else None

    def around(self, identifier: str, n: int) -> list[Passage]:
        """The passage among its neighbours in its source."""
        found = self.client.get(self.name, [identifier], output_fields=["file", "place"])
        if not found:
            return []
        file, at = found[0]["file"], int(found[0]["place"])
        rows: list[dict[str, Any]] = []
        for width in (4 * n, 1000, 10**6, 10**15):  # places have gaps: look as far as need be
            span = f" and place >= {at - width} and place <= {at + width}"
            test = expression({"file": [file]}) + span
            rows = self.client.query(self.name, filter=test, output_fields=["id", "place", "body"])
            rows.sort(key=lambda one: (int(one["place"]), one["id"]))
            here = next(number for number, one in enumerate(rows) if one["id"] == identifier)
            if here >= n and len(rows) - here > n:
                break
        return [of_json(json.loads(one["body"])) for one in rows[max(0, here - n) : here + n + 1]]


def expression(where: dict[str, Any] | None) -> str:
    """``where`` as a Milvus filter; values are quoted as JSON."""
    tests = [
        f"{field} in {json.dumps(options, ensure_ascii=False)}"
        for field, options in filters(where or {}).items()
    ]
    return " and ".join(tests)
