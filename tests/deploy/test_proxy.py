"""Two servers behind one address: one dies under load, requests go on, it comes back."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.deploy import bad_requests, helper
from tests.deploy.helper import Room
from tests.deploy.test_unwanted import send
from tests.deploy.tiny import ANSWER

LMDEPLOY = helper.VENVS / "lmdeploy" / "bin" / "python"
LETS_GO = 12.0  # seconds until a gateway asks a dead server no more (measured alone: 0.8)
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Load:
    """Four clients that ask one after the other until told to stop."""

    def __init__(self, port: int, key: str) -> None:
        self.seen: Counter[str] = Counter()
        self.broken: list[float] = []  # when an answer was not the right one
        self.stopping = threading.Event()
        client = openai.OpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0, timeout=60
        )
        self.threads = [threading.Thread(target=self.ask, args=(client,)) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def ask(self, client: openai.OpenAI) -> None:
        while not self.stopping.is_set():
            try:
                answer = client.chat.completions.create(
                    model="gongkao-tiny",
                    messages=[{"role": "user", "content": "问"}],
                    temperature=0,
                    max_tokens=12,
                )
                good = answer.choices and answer.choices[0].message.content == ANSWER[:9]
                what = "right" if good else "wrong"
            except openai.OpenAIError as error:
                what = type(error).__name__
            self.seen[what] += 1
            if what != "right":
                self.broken.append(time.monotonic())
                time.sleep(0.1)

    def wait(self, more: int, seconds: float = 90) -> None:
        """Until ``more`` right answers came."""
        goal, end = self.seen["right"] + more, time.monotonic() + seconds
        while self.seen["right"] < goal:
            assert time.monotonic() < end, self.seen
            time.sleep(0.1)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def engines(room: Room, ports: list[int]) -> list[int]:
    found = []
    for port in ports:
        pid = room.record(port)["pid"]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found += [int(child) for child in children]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("gateway", ["lmdeploy", "nginx"])
def test_one_of_two_dies_under_load_and_comes_back(served: Room, gateway: str) -> None:
    if gateway == "lmdeploy" and not LMDEPLOY.exists():
        pytest.skip("no environment 'lmdeploy': make env-lmdeploy")
    if gateway == "nginx" and not NGINX:
        pytest.skip("no nginx: apt install nginx-light libnginx-mod-http-js")
    other, front = helper.free_port(), helper.free_port()
    assert served.start(port=other).returncode == 0
    ports = [served.port, other]
    line = ("proxy", "--nodes", *ports, "--gateway", gateway, "--port", front)
    started = served.deploy(*line)
    assert started.returncode == 0, started.stderr
    load = Load(front, served.key())
    try:
        load.wait(20)
        gone = [time.monotonic()]
        os.kill(engines(served, ports)[0], signal.SIGKILL)
        load.wait(40)  # the other one, and soon both
        gone.append(time.monotonic())
        stopped = served.stop(other)
        assert "已停止" in stopped.stdout
        load.wait(20)
        assert served.start(port=other).returncode == 0
        load.wait(20)
    finally:
        load.stop()
        served.stop(front)
        served.stop(other)
    assert all(at > gone[0] for at in load.broken), load.seen  # none of an earlier proxy's nodes
    late = [min(at - one for one in gone if at > one) for at in load.broken]
    print(gateway, json.dumps(load.seen), max(late, default=0.0))
    assert len(late) <= (4 if gateway == "nginx" else 200), load.seen
    assert max(late, default=0.0) < LETS_GO, load.seen


@pytest.fixture
def front(served: Room) -> Iterator[int]:
    """nginx's port before one server."""
    if not NGINX:
        pytest.skip("no nginx: apt install nginx-light libnginx-mod-http-js")
    port = helper.free_port()
    done = served.deploy("proxy", "--nodes", served.port, "--gateway", "nginx", "--port", port)
    assert done.returncode == 0, done.stderr
    yield port
    served.stop(port)


def post(room: Room, port: int, body: bytes, seconds: float = 30) -> tuple[int, float]:
    """The status of a chat request, and how long it took."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    head = {"Authorization": f"Bearer {room.key()}", "Content-Type": "application/json"}
    with contextlib.suppress(OSError):  # refused while we still wrote: the answer is there
        connection.request("POST", "/v1/chat/completions", body, head)
    try:
        return connection.getresponse().status, time.monotonic() - began
    finally:
        connection.close()


@pytest.mark.slow
def test_nginx_refuses_what_is_too_large(served: Room, front: int) -> None:
    oversized = [one for one in bad_requests.cases(served.key()) if len(one[4]) > 300_000]
    assert [one[0] for one in oversized] == ["10 MB prompt", "50,000 messages"]
    for _, _, _, _, body in oversized:
        status, seconds = post(served, front, body)
        assert status == 413 and seconds < 5
    assert post(served, front, json.dumps(bad_requests.GOOD).encode())[0] == 200
    log = (served.work / "servers" / f"{front}.log").read_text()
    assert "POST /v1/chat/completions 413" in log and served.key() not in log


@pytest.mark.slow
def test_behind_nginx_every_bad_request_is_the_clients_fault(served: Room, front: int) -> None:
    """The engine's own 500s too (docs/deploy.md): they are refused before it sees them."""
    if "js_import" not in (served.work / "servers" / f"{front}.nginx/nginx.conf").read_text():
        pytest.skip("no JavaScript module: apt install libnginx-mod-http-js")
    seen: Counter[int] = Counter()
    for case in bad_requests.cases(served.key()):
        if len(case[4]) > 256 * 1024:
            continue  # 413, tried above
        status, text = send(front, case)
        seen[status] += 1
        assert 400 <= status < 500, f"{case[0]}: {status} {text[:200]!r}"
        assert b"Traceback" not in text
    print(dict(seen))
    assert post(served, front, json.dumps(bad_requests.GOOD).encode())[0] == 200


@pytest.mark.slow
def test_nginx_lets_good_requests_of_every_shape_through(served: Room, front: int) -> None:
    text = {"role": "user", "content": "问"}
    parts = {"role": "user", "content": [{"type": "text", "text": "问"}]}
    for body in (
        {"messages": [text]},
        {"messages": [{"role": "system", "content": ""}, parts]},
        {"messages": [text, {"role": "assistant", "content": "答"}, text]},
        {"messages": [text], "tools": None},
    ):
        line = json.dumps({**body, "max_tokens": 2}).encode()
        said = [post(served, port, line)[0] for port in (served.port, front)]
        assert said == [200, 200], body


@pytest.mark.slow
def test_nginx_cuts_slow_clients_off_and_counts_them(served: Room, front: int) -> None:
    with socket.create_connection(("127.0.0.1", front), timeout=30) as slow:
        slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-")
        began = time.monotonic()
        slow.recv(1000)  # 408 or the end, nothing else comes
        assert 5 < time.monotonic() - began < 20
    head = (
        f"POST {bad_requests.CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.key()}\r\n"
    )
    slow_bodies = []
    try:
        for _ in range(64):
            one = socket.create_connection(("127.0.0.1", front), timeout=30)
            one.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n{")
            slow_bodies.append(one)
        time.sleep(0.5)
        assert post(served, front, json.dumps(bad_requests.GOOD).encode())[0] == 429
        began = time.monotonic()
        said = slow_bodies[0].recv(100)  # its body did not come within 10 s: 408, or just the end
        assert (b"408" in said or not said) and time.monotonic() - began < 20
    finally:
        for one in slow_bodies:
            one.close()
    assert post(served, front, json.dumps(bad_requests.GOOD).encode())[0] == 200
