"""What no client should send: a reason in 4xx, no hang, no traceback, and the server lives on."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections import Counter

import pytest

from tests.deploy import bad_requests
from tests.deploy.helper import Room

# llama.cpp names its own 500 where the template or the tools cannot be read (docs/deploy.md).
KNOWN_500 = ("Failed to parse messages", "Failed to parse tools", "input is not supported")
# What it answers all the same, by the start of the case's name (docs/deploy.md).
LENIENT = (
    *("stop", "logit_bias", "response_format", "json_schema", "grammar", "tool_choice", "lora"),
    *("samplers", "temperature", "top_p", "id_slot", "chat_template_kwargs", "max_tokens", "n="),
    *("cache_prompt", "stream", "dry_multiplier"),
)


def send(port: int, case: bad_requests.Case) -> tuple[int, bytes]:
    _, method, path, headers, body = case
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def check(case: bad_requests.Case, status: int, text: bytes) -> None:
    name = case[0]
    assert b"Traceback" not in text and b".cpp:" not in text, name
    if status == 200:
        assert name.startswith(LENIENT), f"{name}: answered"
    elif status in (500, 501):
        reason = json.loads(text)["error"]["message"]
        assert status == 501 or any(known in reason for known in KNOWN_500), f"{name}: {reason}"
    else:
        assert 400 <= status < 500, f"{name}: {status}"
        if case[2].startswith("/v1/chat/completions") and case[1] == "POST":
            assert json.loads(text)["error"]["message"], name


def test_bad_requests_get_a_reason_and_hurt_nobody(served: Room) -> None:
    sent = [case for case in bad_requests.cases(served.key()) if len(case[4]) < 1_000_000]
    assert len(sent) >= 200
    seen: Counter[int] = Counter()
    for case in sent:
        status, text = send(served.port, case)
        check(case, status, text)
        seen[status] += 1
    assert sum(count for status, count in seen.items() if 400 <= status < 500) > 190, seen
    pid = served.record()["pid"]
    good = json.dumps(bad_requests.GOOD).encode()
    head = {"Authorization": f"Bearer {served.key()}"}
    status, text = send(served.port, ("good", "POST", bad_requests.CHAT, head, good))
    assert status == 200 and json.loads(text)["choices"]
    log = (served.work / "servers" / f"{served.port}.log").read_text(errors="replace")
    assert "supervisor: the engine ended" not in log.rpartition("listening on")[2]
    assert served.record()["pid"] == pid


def test_slow_clients_do_not_keep_others_out(served: Room) -> None:
    head = (
        f"POST {bad_requests.CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.key()}\r\n"
    )
    slow = []
    try:
        for _ in range(100):  # fewer than `connections`: 256 threads read at once
            one = socket.create_connection(("127.0.0.1", served.port), timeout=30)
            one.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n{")
            slow.append(one)
        began = time.monotonic()
        body = json.dumps(bad_requests.GOOD).encode()
        headers = {"Authorization": f"Bearer {served.key()}"}
        status, _ = send(served.port, ("good", "POST", bad_requests.CHAT, headers, body))
        assert status == 200 and time.monotonic() - began < 25
    finally:
        for one in slow:
            one.close()


@pytest.mark.slow
def test_an_oversized_prompt_is_refused_in_the_end(served: Room) -> None:
    for case in bad_requests.cases(served.key()):
        if case[0] == "10 MB prompt":
            # Cut between characters, or it is refused as broken UTF-8.
            start = case[4][: len(case[4]) // 10].decode(errors="ignore").encode()
            status, text = send(served.port, (*case[:4], start + b'"}]}'))
            assert status == 400 and b"context size" in text
            return
    raise AssertionError("no such case")
