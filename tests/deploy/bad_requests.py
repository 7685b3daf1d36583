"""More than 200 requests that no client should send: (name, method, path, headers, body)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
GOOD: dict[str, Any] = {"messages": [{"role": "user", "content": "问"}], "max_tokens": 2}
Case = tuple[str, str, str, dict[str, str], bytes]

# No JSON, or none that means anything: always the client's error.
BROKEN = [
    b"", b" ", b"{", b"}", b"[", b"]", b'"', b"nul", b"tru", b"{]", b"[}", b"{'a': 1}", b'{"a"}',
    b'{"a":}', b'{"a":1,}', b"{,}", b'{"messages": [}', b"\xff\xfe", b"\x00", b"\x00" * 100,
    b'{"messages": "\xc3\x28"}', b'{"messages": [{"role": "user", "content": "\xff"}]}',
    b"messages=1&model=x", b"<xml/>", b"--boundary\r\n\r\n--boundary--", b"NaN", b"Infinity",
    b'{"messages": NaN}', b"1e999", b"-", b"0x10", b'{"a": 1}{"b": 2}', b"[1, 2", b'"\\ud800"x',
    b'{"messages": [{"role": "user", "content": "x"}]', b'{"messages"', b'{"messages":[{"role":"us',
    b"\xef\xbb\xbf{", b"\x1f\x8b\x08\x00abc", b"{" * 10_000, b'{"a":' * 10_000, b"[" * 100_000,
]  # fmt: skip

# JSON, but no request.
SHAPELESS: list[Any] = [
    None, True, 1, "text", [], [1], {}, {"prompt": "x"}, {"messages": None}, {"messages": 1},
    {"messages": "x"}, {"messages": True}, {"messages": {}}, {"messages": {"role": "user"}},
    {"messages": [None]}, {"messages": [1]}, {"messages": ["x"]}, {"messages": [[]]},
    {"messages": [True]}, {"messages": [{"content": "x"}]},
    {"messages": [{"role": 1, "content": "x"}]},
    {"messages": [{"role": None, "content": "x"}]},
    {"messages": [{"role": ["user"], "content": "x"}]},
    {"messages": [{"role": "user", "content": 1}]},
    {"messages": [{"role": "user", "content": {"text": "x"}}]},
    {"messages": [{"role": "user", "content": True}]},
    {"messages": [{"role": "user", "content": [1]}]},
    {"messages": [{"role": "user", "content": [{"type": "nothing"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
    {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
]  # fmt: skip

WRONG: list[Any] = ["many", [], {}, [1], {"a": 1}]
NUMBERS = (
    "max_tokens", "temperature", "top_p", "top_k", "n", "seed", "presence_penalty", "min_p",
    "frequency_penalty", "repeat_penalty", "top_logprobs", "n_predict", "n_probs", "mirostat",
)  # fmt: skip
OTHERS: dict[str, list[Any]] = {
    "stream": ["yes", 1, [], {}],
    "stop": [1, {}, [1], [[]], [None]],
    "logit_bias": ["x", 1, [[1]], {"not a token id at all": "x"}],
    "response_format": ["json", 1, [], {"type": "nonsense"}, {"type": 1}],
    "json_schema": [1, "x", {"type": "nonsense"}, {"$ref": "#/nowhere"}],
    "grammar": [1, "root ::=", "root ::= [", "x", "root ::= undefined"],
    "tools": [1, "x", {}, [1], [{}], [{"type": "function"}]],
    "tool_choice": [1, "nonsense", {"a": 1}],
    "lora": [1, "x", [{"id": 99, "scale": 1.0}], [{"id": "x"}]],
    "samplers": [1, {"a": 1}],
    "max_tokens": [10**9, 2**31, 2**63, 2**70, -5, 1.5e300],
    "temperature": [-1, 1e30],
    "top_p": [-1, 2],
    "n": [0, -1, 1000, 10**9],
    "top_logprobs": [-1, 10**6],
    "id_slot": [99, -7, "x"],
    "cache_prompt": ["x"],
    "dry_multiplier": ["x"],
    "chat_template_kwargs": [1, "x"],
}
DEEP = 50_000


def deep(depth: int) -> bytes:
    """An object that lies ``depth`` lists deep."""
    return b'{"messages":' + b"[" * depth + b"]" * depth + b"}"


def cases(key: str) -> Iterator[Case]:
    """Every bad request; ``key`` is the server's."""
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for number, body in enumerate(BROKEN):
        yield f"broken {number} {body[:20]!r}", "POST", CHAT, head, body
        if number < 20:
            yield f"broken text {number} {body[:20]!r}", "POST", TEXT, head, body
    for number, value in enumerate(SHAPELESS):
        yield f"shape {number} {value!r}"[:80], "POST", CHAT, head, json.dumps(value).encode()
    for name, value in itertools.product(NUMBERS, WRONG):
        body = json.dumps({**GOOD, name: value}).encode()
        yield f"{name}={value!r}", "POST", CHAT, head, body
    for name, values in OTHERS.items():
        for value in values:
            body = json.dumps({**GOOD, name: value}).encode()
            yield f"{name}={value!r}"[:80], "POST", CHAT, head, body
    for depth in (200, 5_000, DEEP):
        yield f"deep {depth}", "POST", CHAT, head, deep(depth)
    long = {"messages": [{"role": "user", "content": "长" * 3_500_000}], "max_tokens": 2}
    yield "10 MB prompt", "POST", CHAT, head, json.dumps(long, ensure_ascii=False).encode()
    many = {"messages": [{"role": "user", "content": "x"}] * 50_000, "max_tokens": 2}
    yield "50,000 messages", "POST", CHAT, head, json.dumps(many).encode()
    good = json.dumps(GOOD).encode()
    for wrong in ("", "Bearer", "Bearer ", "Bearer x", f"Bearer {key}x", f"Basic {key}", key[::-1]):
        yield f"key {wrong[:8]!r}", "POST", CHAT, {**head, "Authorization": wrong}, good
    for path in (
        "/",
        "/nothing",
        "/v1",
        "/v1/",
        "/../etc/passwd",
        "/%00",
        "/v1/chat/completions/x",
    ):
        yield f"GET {path}", "GET", path, head, b""
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        yield f"{method} chat", method, CHAT, head, good
    yield "embeddings of a chat model", "POST", "/v1/embeddings", head, b'{"input": "x"}'
    yield "no prompt", "POST", TEXT, head, b"{}"
