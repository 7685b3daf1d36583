"""What stands before LMDeploy's routes: the same keys and bounds as before the CPU engine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core import chat
from deploy import entrance, keys, turbomind
from tests.deploy import helper, hostile_requests
from tests.deploy.test_unwanted import send

OWNER = "tk-owner"
PYTHON = helper.VENVS / "lmdeploy" / "bin" / "python"


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What came through to the application behind."""
    monkeypatch.setattr(chat, "SERVERS", tmp_path)
    return []


def ask(
    door: entrance.Entrance, method: str, path: str, key: str, body: bytes = b"", **more: str
) -> tuple[int, dict[str, Any]]:
    """One request, its body in pieces of 64 KB."""
    head = {"authorization": f"Bearer {key}", "content-type": "application/json", **more}
    pairs = [(name.encode(), value.encode()) for name, value in head.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs}
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def answer(message: dict[str, Any]) -> None:
        said.append(message)

    # In a thread: the browser tests of this process leave an event loop in its own.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(lambda: asyncio.run(door(scope, receive, answer))).result()
    return said[0]["status"], json.loads(said[1]["body"])


def guarded(seen: list[dict[str, Any]]) -> entrance.Entrance:
    async def behind(scope: dict[str, Any], receive: Any, send: Any) -> None:
        got = (await receive())["body"] if scope["method"] == "POST" else b""
        length = dict(scope["headers"]).get(b"content-length")
        assert length is None or int(length) == len(got)
        seen.append({"path": scope["path"], "body": json.loads(got) if got else None})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return entrance.Entrance(behind, [OWNER], session_len=4096)


def test_hostile_requests_do_not_reach_lmdeploy(seen: list[dict[str, Any]]) -> None:
    door = guarded(seen)
    for name, method, path, body in hostile_requests.cases(9):
        began = time.monotonic()
        status, told = ask(door, method, path.partition("?")[0], OWNER, body)
        assert 400 <= status < 500 and told["error"]["message"], name
        assert time.monotonic() - began < 2, name
    for path in ("/update_weights", "/sleep", "/terminate", "/distserve/p2p_connect", "/docs"):
        assert ask(door, "POST", path, OWNER, b"{}")[0] == 404, path
    long = str(10**7)
    assert ask(door, "POST", "/generate", OWNER, b"", **{"content-length": long})[0] == 413
    assert not seen


def test_what_our_rooms_ask_for_reaches_it_as_it_was(seen: list[dict[str, Any]]) -> None:
    door = guarded(seen)
    asked = {
        "/v1/chat/completions": {**hostile_requests.ASK, "temperature": 0, "top_k": 1},
        "/v1/encode": {"input": "故宫", "add_bos": False, "do_preprocess": False},
        "/generate": {"input_ids": [1, 2], "max_tokens": 3, "temperature": 0, "top_k": 1},
    }
    for path, body in asked.items():
        assert ask(door, "POST", path, OWNER, json.dumps(body).encode())[0] == 200
        assert seen[-1] == {"path": path, "body": body}
    for path in ("/health", "/v1/models"):
        assert ask(door, "GET", path, OWNER)[0] == 200
    assert ask(door, "GET", "/health", "nobody")[0] == 200
    for key in ("", "nobody", OWNER[:-1]):
        assert ask(door, "GET", "/v1/models", key)[0] == 401


def test_a_key_by_name_has_its_bounds_there_too(seen: list[dict[str, Any]]) -> None:
    door = guarded(seen)
    key = keys.make("anna", per_minute=2, longest=200)
    body = json.dumps({"input": "问"}).encode()
    assert ask(door, "POST", "/v1/encode", key, body)[0] == 200
    assert (
        ask(door, "POST", "/v1/encode", key, json.dumps({"input": "长" * 200}).encode())[0] == 413
    )
    assert ask(door, "POST", "/v1/encode", key, body)[0] == 429
    assert ask(door, "POST", "/v1/encode", OWNER, body)[0] == 200
    keys.revoke("anna")
    assert ask(door, "POST", "/v1/encode", key, body)[0] == 401


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """LMDeploy's own server, all but its engine."""
    if not PYTHON.exists():
        pytest.skip("no LMDeploy: make env-lmdeploy")
    port = helper.free_port()
    values = {"session_len": 4096, "max_batch_size": 8, "max_log_len": 0}
    line = turbomind.argv(str(tmp_path), "m", "127.0.0.1", port, "pytorch", values)
    own = {"TIKUFORGE_API_KEY": OWNER, "TIKUFORGE_WORK_DIRS": str(tmp_path)}
    script = Path(__file__).with_name("lmdeploy_server.py")
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            [str(PYTHON), str(script), *line], cwd=helper.ROOT, stdout=log, stderr=log,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(helper.ROOT), **own},
        )  # fmt: skip
        try:
            while helper.free(port):
                assert process.poll() is None, (tmp_path / "log").read_text()[-3000:]
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.slow
def test_lmdeploys_server_knows_the_keys_and_takes_no_weights(port: int, tmp_path: Path) -> None:
    def asks(path: str, key: str, **body: object) -> int:
        head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return send(port, ("", "POST", path, head, json.dumps(body).encode()))[0]

    head = {"Authorization": f"Bearer {OWNER}", "Content-Type": "application/json"}
    body = json.dumps({"input": "ab", "add_bos": False}).encode()
    status, text = send(port, ("", "POST", "/v1/encode", head, body))
    assert status == 200 and json.loads(text)["input_ids"] == [97, 98]
    assert send(port, ("", "GET", "/v1/models", head, b""))[0] == 200
    assert asks("/v1/encode", "nobody", input="x") == 401
    assert asks("/update_weights", OWNER, serialized_named_tensors="gASVAA==", finished=True) == 404
    image = {"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/a.png"}}
    message = {"role": "user", "content": [image]}
    assert asks("/v1/chat/completions", OWNER, model="m", messages=[message]) == 400
    made = subprocess.run(
        [str(PYTHON), "-m", "deploy", "keys", "--name=berta", "--per-minute=1"],
        cwd=helper.ROOT, capture_output=True, text=True, check=True,
        env={"PATH": "/usr/bin:/bin", "TIKUFORGE_WORK_DIRS": str(tmp_path)},
    )  # fmt: skip
    key = made.stdout.split()[1]
    assert [asks("/v1/encode", key, input="x") for _ in range(2)] == [200, 429]


HUNG = """
import socket, sys
from deploy import gateway
gateway.SILENT, gateway.PROBE = 1.0, 0.1
with socket.create_server(("127.0.0.1", 0)) as hung:  # takes connections, says nothing
    values = {"session_len": 64, "timeout": 30, "connections": 9, "drain": 0}
    values |= {"host": "127.0.0.1", "port": int(sys.argv[1])}
    gateway.serve(f"http://127.0.0.1:{hung.getsockname()[1]}", "inner", "key", values)
"""


def test_health_is_503_while_the_engines_main_loop_is_silent() -> None:
    """A hung engine's HTTP threads went on saying 200; the supervisor asks here."""
    if not helper.SERVE.exists():
        pytest.skip("no environment: make env-serve")
    port, found = helper.free_port(), []
    line = [str(helper.SERVE), "-c", HUNG, str(port)]
    process = subprocess.Popen(line, cwd=helper.ROOT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while 503 not in found and time.monotonic() < end:
            time.sleep(0.05)
            if not helper.free(port):
                found.append(send(port, ("", "GET", "/health", {}, b""))[0])
    finally:
        process.terminate()
        process.wait(20)
    assert found[0] == 200 and found[-1] == 503
