"""Answers with evidence for programs: OpenAI's own client and an MCP client against the service."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import openai
import pytest

from core.files import ROOT
from tests.deploy.helper import VENVS, free_port
from tests.rag import bad_asks

PYTHON = VENVS / "answers" / "bin" / "python"
KEY = "tk-test"
QUESTION, COUNTRY = "世界上面积最大的国家是？", "俄罗斯"


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


class Model(BaseHTTPRequestHandler):
    """A stand-in for the served model: streams an answer, and notes what it was sent."""

    sent: ClassVar[list[dict[str, Any]]] = []
    answer: ClassVar[str] = COUNTRY

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """One streamed completion."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.sent.append({**body, "key": self.headers["Authorization"]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in self.answer:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            self.wfile.write(f"data: {json.dumps({**chunk, 'choices': [choice]})}\n\n".encode())
        if body.get("stream_options", {}).get("include_usage"):
            last = {**chunk, "choices": [], "usage": USAGE}
            self.wfile.write(f"data: {json.dumps(last)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


@dataclass
class Service:
    """The running service and its own model."""

    url: str
    data: Path
    environment: dict[str, str]
    model_port: int

    @property
    def client(self) -> openai.OpenAI:
        """OpenAI's client with the key."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=KEY, max_retries=0)

    def post(self, route: str, body: dict[str, Any], key: str = KEY) -> tuple[int, Any]:
        """Status and JSON of a bare request."""
        request = urllib.request.Request(
            self.url + route,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def service(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if not PYTHON.exists():
        pytest.skip("没有环境 no environment 'answers': make env-answers")
    work = tmp_path_factory.mktemp("work")
    model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    behind, port = model.server_address[1], free_port()
    (work / "servers").mkdir()
    note = {"url": f"http://127.0.0.1:{behind}/v1", "model": "tiny", "domain": "gongkao"}
    (work / "servers" / f"{behind}.json").write_text(json.dumps(note))
    environment = {key: text for key, text in os.environ.items() if not key.startswith("TIKUFORGE")}
    environment |= {"TIKUFORGE_WORK_DIRS": str(work), "TIKUFORGE_API_KEY": KEY, "TIKU_LANG": "zh"}
    line = [str(PYTHON), "-m", "rag", "serve", f"--data={sample / 'data'}", f"--port={behind}"]
    process = subprocess.Popen([*line, f"--listen={port}"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "the service ended"
                time.sleep(0.2)
        yield Service(url, sample / "data", environment, behind)
    finally:
        process.terminate()
        process.wait(20)
        model.shutdown()


def test_an_answer_comes_with_its_evidence(service: Service) -> None:
    Model.answer = COUNTRY
    said = service.client.chat.completions.create(
        model="tiny",
        messages=[{"role": "system", "content": "别的"}, {"role": "user", "content": QUESTION}],
        max_tokens=50,
    )
    answer, extra = said.choices[0].message.content or "", said.model_extra or {}
    assert (
        answer.startswith(f"{COUNTRY}\n\n依据：\n[1] ") and said.choices[0].finish_reason == "stop"
    )
    first = extra["evidence"][0]
    assert COUNTRY in first["text"] and first["file"] and first["locator"] and first["sha256"]
    assert f"[1] {first['file']} · {first['locator']}" in answer
    assert extra["checks"] == [{"text": COUNTRY, "evidence": [1], "supported": True}]
    assert extra["refused"] is False
    assert said.usage and said.usage.model_dump(exclude_none=True) == USAGE  # clients count on it
    sent = Model.sent[-1]
    assert sent["key"] == f"Bearer {KEY}" and sent["max_tokens"] == 50 and sent["temperature"] == 0
    assert first["text"][:6] in sent["messages"][-1]["content"]  # the evidence stood in the prompt
    assert [one["content"] for one in sent["messages"] if one["role"] == "system"] != ["别的"]


def test_a_stream_says_the_same_as_the_whole(service: Service) -> None:
    Model.answer = f"<think>想一想</think>{COUNTRY}。月亮是绿的。"
    asked: dict[str, Any] = {
        "model": "tiny",
        "messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
    }
    whole = service.client.chat.completions.create(**asked)
    chunks = list(service.client.chat.completions.create(**asked, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == whole.choices[0].message.content and "想一想" not in text
    assert "⚠ 出处里没有: 月亮是绿的。" in text
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 3  # as it grows
    assert (chunks[-1].model_extra or {})["evidence"] == (whole.model_extra or {})["evidence"]
    assert chunks[-1].choices[0].finish_reason == "stop" and chunks[-1].usage is None
    counted = {"stream": True, "stream_options": {"include_usage": True}}
    last = list(service.client.chat.completions.create(**asked, **counted))[-1]
    assert not last.choices and last.usage and last.usage.total_tokens == USAGE["total_tokens"]
    bare = service.client.chat.completions.create(**asked, extra_body={"citations": "fields"})
    assert bare.choices[0].message.content == f"{COUNTRY}。月亮是绿的。"


def test_nothing_is_asked_without_evidence(service: Service) -> None:
    before = len(Model.sent)
    said = service.client.chat.completions.create(
        model="tiny", messages=[{"role": "user", "content": "量子引力的重整化群流如何计算？"}]
    )
    assert (said.choices[0].message.content or "").startswith("资料中没有找到依据")
    assert (said.model_extra or {})["refused"] is True and said.usage and len(Model.sent) == before


def test_search_and_source(service: Service) -> None:
    status, found = service.post("/v1/search", {"query": QUESTION, "k": 3})
    assert status == 200 and found["enough"] and COUNTRY in found["evidence"][0]["text"]
    assert len(found["evidence"]) == 3
    id = found["evidence"][0]["id"]
    request = urllib.request.Request(
        f"{service.url}/v1/source/{id}", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        passages = json.load(answer)["passages"]
    assert [one["id"] for one in passages if one["here"]] == [id] and len(passages) > 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400, "question"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "image_url"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": [{}]}, 400, "tools"),
        ({"messages": [{"role": "user", "content": "x"}], "n": 2}, 400, "n:"),
        ({"messages": [{"role": "user", "content": "x"}], "model": "gpt-9"}, 404, "gpt-9"),
        ({"messages": [{"role": "user", "content": "x" * 9000}]}, 400, "8000"),
    ],
)
def test_what_cannot_be_is_said(
    service: Service, body: dict[str, Any], status: int, said: str
) -> None:
    found, answer = service.post("/v1/chat/completions", body)
    assert found == status and said in answer["error"]["message"]


def test_bad_requests_get_a_reason_and_hurt_nobody(service: Service) -> None:
    sent = len(Model.sent)
    head = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    accept = {"Accept": "application/json, text/event-stream"}
    lines = [*bad_asks.cases(), *bad_asks.tools()]
    assert len(lines) > 250
    for name, method, route, body in lines:
        line = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=60)
        line.request(method, route, body, head | accept if route == bad_asks.MCP else head)
        answer = line.getresponse()
        status, said = answer.status, answer.read()
        line.close()
        assert 400 <= status < 500 or (status == 200 and route == bad_asks.MCP), (name, status)
        assert b"Traceback" not in said and b"passwd:" not in said, name
        if method == "POST" and route != bad_asks.MCP:
            assert json.loads(said)["error"]["message"], name
    assert len(Model.sent) == sent  # none of them came as far as the model
    assert service.post("/v1/search", {"query": QUESTION})[0] == 200


@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/search", "/mcp", "/v1/models"])
def test_nobody_is_served_without_the_key(service: Service, route: str) -> None:
    for key in ("", "tk-other"):
        status, answer = service.post(route, {}, key)
        assert status == 401 and answer["error"]["code"] == "invalid_api_key"


def test_a_model_that_is_away_is_said(service: Service, sample: Path) -> None:
    note = Path(service.environment["TIKUFORGE_WORK_DIRS"]) / f"servers/{service.model_port}.json"
    text = note.read_text()
    note.unlink()
    try:
        with pytest.raises(openai.InternalServerError, match="make deploy"):
            service.client.chat.completions.create(
                model="gongkao", messages=[{"role": "user", "content": QUESTION}]
            )
        assert service.post("/v1/search", {"query": QUESTION})[0] == 200  # needs no model
    finally:
        note.write_text(text)


CLIENT = """
import asyncio, json, sys
import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

async def main(how, *words):
    if how == "http":
        url, key = words
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60)
        where = streamable_http_client(url, http_client=http)
    else:
        where = StdioServerParameters(command=words[0], args=list(words[1:]), env=dict(ENV))
    async with Client(where) as client:
        tools = (await client.list_tools()).tools
        async def call(name, **given):
            done = await client.call_tool(name, given)
            return done.structured_content if not done.is_error else {"error": done.content[0].text}
        found = await call("search", query="世界上面积最大的国家是？", k=2)
        asked = await call("ask", question="世界上面积最大的国家是？")
        source = await call("source", id=found["evidence"][0]["id"])
        drawn = (await call("quiz", kind="qa", count=2))["questions"]
        marked = await call("quiz", id=drawn[0]["id"], answer="不知道")
        right = await call("quiz", id=drawn[0]["id"], answer=marked["answer"])
        wrong = await call("source", id="nothing")
        print(json.dumps({"tools": [one.name for one in tools], "found": found, "asked": asked,
                          "source": source, "drawn": drawn, "marked": marked, "right": right,
                          "wrong": wrong}))

import os
ENV = os.environ
asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("how", ["http", "stdio"])
def test_the_tools_of_an_mcp_client(service: Service, how: str) -> None:
    Model.answer = COUNTRY
    own = [
        str(PYTHON),
        "-m",
        "rag",
        "mcp",
        f"--data={service.data}",
        f"--port={service.model_port}",
    ]
    words = [f"{service.url}/mcp", KEY] if how == "http" else own
    done = subprocess.run(
        [str(PYTHON), "-c", CLIENT, how, *words],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["tools"] == ["search", "ask", "source", "quiz"]
    assert COUNTRY in said["found"]["evidence"][0]["text"] and len(said["found"]["evidence"]) == 2
    assert said["asked"]["answer"] == COUNTRY and said["asked"]["checks"][0]["supported"]
    assert any(one["here"] for one in said["source"]["passages"])
    assert len(said["drawn"]) == 2 and all("answer" not in one for one in said["drawn"])
    assert said["marked"]["right"] is None and said["right"]["right"] is True
    assert said["marked"]["source"]["locator"] and "nothing" in said["wrong"]["error"]
