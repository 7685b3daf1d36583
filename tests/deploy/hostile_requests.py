"""Requests that mean harm, made by rule: (name, method, path, body).

``door`` is a port of ours that nobody has business with: an engine that fetches an address in a
message knocks there.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from typing import Any

CHAT = "/v1/chat/completions"
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "问"}], "max_tokens": 2}
Case = tuple[str, str, str, bytes]


def nested(core: str, times: int, levels: int, form: str = "({}){{{}}}") -> str:
    for _ in range(levels):
        core = form.format(core, times)
    return core


def grammars() -> Iterator[str]:
    for core, times, levels in itertools.product(('"a"?', "[a-z]*", '"" | "b"'), (9, 20), (3, 5)):
        yield "root ::= " + nested(core, times, levels)
    for depth in (5_000, 40_000):
        for left, right in ("()", "[]"):
            yield "root ::= " + left * depth + '"a"' + right * depth
    yield "root ::= root root | root"
    yield "root ::= a\n" + "".join(f"a{n} ::= a{n + 1} a{n + 1}\n" for n in range(40))
    yield 'root ::= "a"{1000000000}'


def schemas() -> Iterator[dict[str, Any]]:
    for core, times, levels in itertools.product(("a?", "(a|a)*", "[^b]*"), (9, 20), (3, 4)):
        yield {"type": "string", "pattern": f"^{nested(core, times, levels)}$"}
    yield {"type": "string", "pattern": "^" + "(" * 40_000 + "a" + ")" * 40_000 + "$"}
    for key, value in (("items", "array"), ("additionalProperties", "object")):
        for depth in (300, 20_000):
            yield raw_chain(key, value, depth)
    yield {"type": "array", "items": {"type": "string"}, "maxItems": 10**9}
    yield {"type": "string", "minLength": 10**7}
    yield {"$ref": "http://127.0.0.1:@DOOR@/schema.json"}
    yield {"$ref": "file:///etc/passwd"}
    yield {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}
    yield {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}},
           "$ref": "#/$defs/b"}  # fmt: skip
    text = {"type": "string"}
    for inner in ({"anyOf": [{"$ref": "@"}] * 4}, {"oneOf": [{"items": {"$ref": "@"}}] * 3},
                  {"properties": {"a": {"$ref": "@"}, "b": {"$ref": "@"}}}):  # fmt: skip
        steps = {f"d{n}": relinked(inner, f"#/$defs/d{n + 1}") for n in range(13)}
        yield {"$defs": {**steps, "d13": text}, "$ref": "#/$defs/d0"}
    for least, most in (("minLength", "maxLength"), ("minItems", "maxItems"),
                        ("minimum", "maximum"), ("exclusiveMinimum", "maximum")):  # fmt: skip
        yield {"type": "object", "properties": {"a": {"items": text, least: 9, most: 1}}}
    yield {"enum": [str(number) * 3 for number in range(20_000)]}
    yield {"allOf": [{"properties": {f"p{n}": {"type": "string"}}} for n in range(5_000)]}


def relinked(form: dict[str, Any], target: str) -> dict[str, Any]:
    """A form whose references are to ``target``."""
    return json.loads(json.dumps(form).replace("@", target))


def raw_chain(key: str, value: str, depth: int) -> dict[str, Any]:
    return {"@RAW@": f'{{"type":"{value}","{key}":' * depth + "true" + "}" * depth}


def dumped(value: Any, door: int) -> bytes:
    """JSON, with a chain too deep for Python's writer put in as text."""
    raw = find_raw(value)
    text = json.dumps(value)
    if raw:
        text = text.replace(json.dumps({"@RAW@": raw}), raw)
    return text.replace("@DOOR@", str(door)).encode()


def find_raw(value: Any) -> str:
    if isinstance(value, dict):
        if "@RAW@" in value:
            return str(value["@RAW@"])
        return next(filter(None, map(find_raw, value.values())), "")
    return ""


def addresses() -> Iterator[dict[str, Any]]:
    """Parts of a message that name an address."""
    targets = (
        "http://127.0.0.1:@DOOR@/a.png", "http://localhost:@DOOR@/a", "http://[::1]:@DOOR@/x",
        "http://0x7f000001:@DOOR@/", "http://127.1:@DOOR@/", "file:///etc/hostname",
        "data:image/png;base64,AAAA",
    )  # fmt: skip
    for target in targets:
        yield {"type": "image_url", "image_url": {"url": target}}
    for kind in ("video_url", "audio_url", "file"):
        yield {"type": kind, kind: {"url": targets[0]}}
    yield {"type": "input_audio", "input_audio": {"data": targets[0], "format": "wav"}}
    yield {"type": "text", "text": "x", "image_url": {"url": targets[0]}}
    yield {"type": "image", "image": targets[0]}


UNLISTED: dict[str, Any] = {
    "id_slot": 0, "samplers": ["x"] * 1000, "mirostat": 2, "dry_multiplier": 9.0, "image_data": [],
    "chat_template": "{% for a in range(10**9) %}{% endfor %}", "grammar_lazy": True, "echo": True,
    "grammar_triggers": [{"type": 3, "value": "(a*)*b"}], "preserved_tokens": ["x"], "n_keep": -1,
    "slot_save_path": "/tmp", "n_discard": 2, "t_max_predict_ms": -1, "chat_parser": "x",
    "post_sampling_probs": True, "timings_per_token": True, "reasoning_format": "x",
    "thinking_forced_open": True, "parallel_tool_calls": True, "add_generation_prompt": False,
    "typical_p": 0, "dynatemp_range": 9, "speculative.n_max": 99, "input_prefix": "x",
    "response_fields": ["a/b/c"], "xtc_probability": 1, "n_indent": 9, "tools": [1],
    "best_of": 10**6, "min_keep": 9,
}  # fmt: skip
BEYOND: dict[str, list[Any]] = {
    "temperature": [-1e30, "0"], "top_p": [-1, 2, [0.5]], "max_tokens": [-5, 0, 2**63, 1.5],
    "n": [0, -1, 10**9], "top_logprobs": [-1, 10**6], "seed": [2**70, "x"], "top_k": [-1, 2**40],
    "stop": [["x"] * 50_000, "x" * 100_000, [1], {"a": 1}], "stream": ["yes", 1],
    "lora": [[{"id": -1, "scale": 1}], [{"id": 0, "scale": 1e308}], [{"id": 0, "scale": 1}] * 99],
    "model": [1, "x" * 10_000], "logprobs": [7, "x"], "chat_template_kwargs": [
        {"messages": []}, {"x": {"y": 1}}, {str(n): 1 for n in range(99)}, {"__class__": [1]},
    ],
    "messages": [[], [{"role": "root", "content": "x"}], [{"role": "user"}], [[]],
                 [{"role": "user", "content": [{"type": "text"}] * 200}]],
}  # fmt: skip
ROUTES = (
    *(("POST", path) for path in (
        "/slots/0?action=save", "/slots/0?action=erase", "/props", "/lora-adapters", "/models/load",
        "/infill", "/embedding", "/v1/rerank", "/v1/messages", "/v1/responses", "/completions",
        "/tools", "/v1/audio/transcriptions", "/v1/embeddings",
    )),
    *(("GET", path) for path in ("/slots", "/props", "/lora-adapters", "/tools", "/cors-proxy?url="
                                 "http://127.0.0.1:@DOOR@/", "/index.html", "/v1/../props")),
)  # fmt: skip
BODIES = {
    "bignum": b'{"messages": [{"role": "user", "content": "x"}], "seed": ' + b"9" * 100_000 + b"}",
    "surrogate": b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
    "NaN": b'{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
    "twice": b'{"messages": [], "messages": 1}',
    "deep": b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep text": b'{"messages": [{"role": "user", "content": ' + b'{"a":' * 60_000,
    "10 MB": json.dumps({"messages": [{"role": "user", "content": "长" * 1_700_000}]}).encode(),
    "50,000 messages": json.dumps(
        {"messages": [{"role": "user", "content": "x"}] * 50_000}
    ).encode(),
    "many messages": json.dumps({"messages": [{"role": "user", "content": "x"}] * 5_000}).encode(),
    "gzip": gzip.compress(bytes(50_000_000)),
}


def cases(door: int) -> Iterator[Case]:
    """All of them."""
    for place, grammar in enumerate(grammars()):
        yield f"grammar {place}", "POST", CHAT, dumped({**ASK, "grammar": grammar}, door)
    for place, form in enumerate(schemas()):
        wrapped = {"type": "json_schema", "json_schema": {"name": "x", "schema": form}}
        given: dict[str, Any]
        for given in ({"response_format": wrapped}, {"json_schema": form}):
            name = f"schema {place} {next(iter(given))}"
            yield name, "POST", CHAT, dumped({**ASK, **given}, door)
    for place, part in enumerate(addresses()):
        asked = {"messages": [{"role": "user", "content": [part, {"type": "text", "text": "?"}]}]}
        yield f"address {place}", "POST", CHAT, dumped({**ASK, **asked}, door)
    for name, value in UNLISTED.items():
        yield f"field {name}", "POST", CHAT, dumped({**ASK, name: value}, door)
    for name, values in BEYOND.items():
        for place, value in enumerate(values):
            yield f"beyond {name} {place}", "POST", CHAT, dumped({**ASK, name: value}, door)
    for method, path in ROUTES:
        yield f"{method} {path}", method, path.replace("@DOOR@", str(door)), dumped(ASK, door)
    for tokens in ([2**31 - 1], [10**6], [0, 2**30]):
        yield f"tokens {tokens[-1]}", "POST", "/detokenize", dumped({"tokens": tokens}, door)
    for name, body in BODIES.items():
        yield f"body {name}", "POST", CHAT, body
