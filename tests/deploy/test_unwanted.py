"""What no client should send: a reason in 4xx, no hang, no traceback, and the server lives on."""

from __future__ import annotations

import http.client
import json
import socket
import time

from tests.deploy import bad_requests
from tests.deploy.helper import Room


def send(port: int, case: bad_requests.Case) -> tuple[int, bytes]:
    _, method, path, headers, body = case
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_bad_requests_get_a_reason_and_hurt_nobody(served: Room) -> None:
    """Before the gateway some were answered, 500, or (10 MB of text) refused after 108 s."""
    sent = list(bad_requests.cases(served.key()))
    assert len(sent) >= 254
    pid = served.record()["pid"]
    for case in sent:
        name, most = case[0], 1 if case[0] == "10 MB prompt" else 2
        for tries in (2, 1, 0):  # a moment's wait is the machine's: all of 10 MB must be sent first
            began = time.monotonic()
            status, text = send(served.port, case)
            took = time.monotonic() - began
            if took < most:
                break
            assert tries, f"{name}: {took:.1f} s"
        assert 400 <= status < 500 and json.loads(text)["error"]["message"], f"{name}: {status}"
        assert b"Traceback" not in text and b".cpp:" not in text, name
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
