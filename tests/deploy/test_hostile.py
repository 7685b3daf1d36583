"""What means harm: refused by name within two seconds, nothing fetched, the engine unhurt."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.deploy import hostile_requests
from tests.deploy.helper import Room
from tests.deploy.test_unwanted import send


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port on which nobody should knock."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        one.settimeout(0.1)
        yield one


def test_hostile_requests_are_refused_by_name(served: Room, door: socket.socket) -> None:
    pid = served.record()["pid"]
    head = {"Authorization": f"Bearer {served.key()}", "Content-Type": "application/json"}
    sent = list(hostile_requests.cases(door.getsockname()[1]))
    assert len(sent) >= 150
    for name, method, path, body in sent:
        more = {"Content-Encoding": "gzip"} if name.endswith("gzip") else {}
        began = time.monotonic()
        try:
            status, text = send(served.port, (name, method, path, {**head, **more}, body))
        except (OSError, http.client.HTTPException) as error:
            raise AssertionError(f"{name}: {error!r}") from None
        assert time.monotonic() - began < 2, name
        assert 400 <= status < 500, f"{name}: {status} {text[:200]!r}"
        assert json.loads(text)["error"]["message"], name
        assert b"Traceback" not in text, name
    with pytest.raises(TimeoutError):
        door.accept()
    log = (served.work / "servers" / f"{served.port}.log").read_text(errors="replace")
    assert "supervisor: the engine ended" not in log.rpartition("listening on")[2]
    good = json.dumps(hostile_requests.ASK).encode()
    assert send(served.port, ("", "POST", hostile_requests.CHAT, head, good))[0] == 200
    assert served.record()["pid"] == pid


def test_a_refusal_names_the_field(served: Room) -> None:
    head = {"Authorization": f"Bearer {served.key()}"}
    for name, value in (("grammar", "root ::= x"), ("id_slot", 1), ("temperature", "hot")):
        body = json.dumps({**hostile_requests.ASK, name: value}).encode()
        status, text = send(served.port, ("", "POST", hostile_requests.CHAT, head, body))
        assert status == 400 and name in json.loads(text)["error"]["message"]
