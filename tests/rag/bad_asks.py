"""Requests that no client of ``make answers`` should send: (name, method, route, body)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

CHAT, SEARCH, MCP = "/v1/chat/completions", "/v1/search", "/mcp"
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "世界上面积最大的国家是？"}]}
Case = tuple[str, str, str, bytes]

TEXTS = {
    "empty": b"", "blank": b"  ", "open": b"{", "nul": b"\0" * 50, 
    "no UTF-8": b'{"messages": "\xff"}',
    "UTF-16": '{"messages": []}'.encode("utf-16"), "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000, "NaN": b"NaN", "two": b"{}{}", "a form": b"messages=1",
    "many digits": b'{"messages": ' + b"9" * 100_000 + b"}", "xml": b"<a/>",
    "half a pair": b'{"messages": [{"role": "user", "content": "\\ud800?"}]}',
    "half a pair to seek": b'{"query": "\\udc00"}',
    "half a pair in a key": b'{"\\ud800": 1, "messages": [{"role": "user", "content": "x"}]}',
    "a deep field": b'{"messages": [{"role": "user", "content": "x"}], "z": '
    + b"[" * 5_000 + b"]" * 5_000 + b"}",
}  # fmt: skip
WRONG: tuple[Any, ...] = ("many", [], {}, [1], {"a": 1}, True, -1e300, 10**400)
FIELDS = ("temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop",
          "presence_penalty", "frequency_penalty", "stream", "model", "citations", "n")  # fmt: skip
MESSAGES: tuple[Any, ...] = (
    None, [], {}, "x", [1], [None], [[]], [{}], [{"role": "user"}], [{"role": "x", "content": "y"}],
    [{"role": "user", "content": 1}], [{"role": "user", "content": [1]}],
    [{"role": "user", "content": {"type": "text"}}], [{"role": "user", "content": [{}]}],
    [{"role": "user", "content": [{"type": "text", "text": [1]}]}],
    [{"role": "user", "content": [{"type": "text", "text": "x", "url": "y"}, {"type": "file"}]}],
    [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://[::1]/"}}]}],
    [{"role": "system", "content": "x"}], [{"role": "assistant", "content": "x"}],
    [{"role": "user", "content": "   "}], [{"role": "user", "content": "长" * 8001}],
    [{"role": "user", "content": "x"}] * 201, [{"role": "tool", "content": "x"}],
    [{"role": "user", "content": "前" * 2_000_000}, {"role": "user", "content": "x"}],
)  # fmt: skip
SOUGHT: tuple[Any, ...] = (
    {}, [], None, {"query": ""}, {"query": 1}, {"query": "x" * 8001}, {"query": ["x"]},
    {"query": "x", "k": 0}, {"query": "x", "k": 21}, {"query": "x", "k": "many"},
    {"query": "x", "k": 10**400}, {"query": "x", "k": 1.5}, {"query": None},
)  # fmt: skip
PLACES = (
    "/", "/docs", "/openapi.json", "/redoc", "/v1", "/v1/source/", "/v1/source/../../etc/passwd",
    "/v1/source/%2e%2e%2fcard.json", "/v1/source/%00", "/v1/source/" + "a" * 5000,
    "/v1/completions",
    "/v1/embeddings", "/v1/source/%ff%fe", "/v1//models", "/static/../x", "/mcp/x", "/sse",
)  # fmt: skip


def cases() -> Iterator[Case]:
    """All of them; no answer may be 200 or 5xx."""
    for route in (CHAT, SEARCH):
        for name, text in TEXTS.items():
            if ("seek" in name) == (route == SEARCH) or "messages" not in str(text):
                yield f"{route} {name}", "POST", route, text
    for field in FIELDS:
        for value in WRONG:
            if (field, value) not in FINE:
                text = json.dumps({**ASK, field: value}).encode()
                yield f"{field} {str(value)[:20]}", "POST", CHAT, text
    for value in MESSAGES:
        yield f"messages {str(value)[:50]}", "POST", CHAT, json.dumps({"messages": value}).encode()
    for value in SOUGHT:
        yield f"search {str(value)[:40]}", "POST", SEARCH, json.dumps(value).encode()
    for place in PLACES:
        yield place[:40], "GET", place, b""
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        yield method, method, CHAT, json.dumps(ASK).encode()


def tools() -> Iterator[Case]:
    """Calls of MCP's tools: what is said is the protocol's (200 with an error), never 5xx."""
    wrong: tuple[Any, ...] = (
        {}, {"query": 1}, {"query": "x", "k": 10**400}, {"query": "\ud800"}, {"query": "x" * 10**6},
        {"id": "../../etc/passwd"}, {"id": "\0"}, {"id": "x", "around": 10**9}, {"kind": "x"},
        {"question": "\ud800"}, {"question": ["x"]}, {"count": -1}, {"id": {}, "answer": []},
    )  # fmt: skip
    for name in ("search", "ask", "source", "quiz", "nothing", "__class__"):
        for given in wrong:
            call = {"name": name, "arguments": given}
            asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
            yield f"{name} {str(given)[:40]}", "POST", MCP, json.dumps(asked).encode()
    for name, text in TEXTS.items():
        yield f"{MCP} {name}", "POST", MCP, text
    for method in ("resources/read", "nothing", "prompts/get", "completion/complete"):
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": method,
            "params": {"uri": "file:///etc/passwd"},
        }
        yield method, "POST", MCP, json.dumps(asked).encode()


# What those who take a field for something else may send with right (true is 1).
FINE: list[tuple[str, Any]] = [("stop", "many"), ("stop", []), ("stream", True), ("n", True)]
