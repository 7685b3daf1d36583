"""Crashes, hangs, stops and logs: what the supervisor does, with a real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from deploy import supervisor
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER

MESSAGES = [{"role": "user", "content": "世界上最大的宫殿是？"}]


def engine(room: Room) -> int:
    pid = room.record()["pid"]
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def stream(room: Room, tokens: int = 600) -> Iterator[str]:
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{room.port}/v1", api_key=room.key(), max_retries=0, timeout=60
    )
    pieces = client.chat.completions.create(
        model="gongkao-tiny", messages=MESSAGES, temperature=0, max_tokens=tokens, stream=True
    )
    for piece in pieces:
        if piece.choices and piece.choices[0].delta.content:
            yield piece.choices[0].delta.content


def back(room: Room, seconds: float) -> float:
    """How long until an answer comes again."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if "".join(stream(room, 6)) == ANSWER[:3]:
                return time.monotonic() - began
        except openai.OpenAIError:
            time.sleep(0.1)
    raise AssertionError(f"no answer within {seconds} s")


def test_kill_9_mid_stream_is_an_error_and_the_service_comes_back(served: Room) -> None:
    pieces = stream(served)
    assert next(pieces)
    began = time.monotonic()
    os.kill(engine(served), signal.SIGKILL)
    with pytest.raises((openai.OpenAIError, OSError)) as broken:
        list(pieces)
    assert time.monotonic() - began < 5, broken
    assert back(served, 10) < 10
    log = (served.work / "servers" / f"{served.port}.log").read_text(errors="replace")
    assert "supervisor: the engine ended (status -9)" in log


def test_a_stop_lets_running_answers_finish_and_takes_no_new_ones(served: Room) -> None:
    pieces = stream(served)
    said = next(pieces)
    stopping = threading.Thread(target=served.stop)
    stopping.start()
    refused = 0
    while stopping.is_alive():
        said += next(pieces, "")
        with socket.socket() as probe:
            refused += probe.connect_ex(("127.0.0.1", served.port)) != 0
    stopping.join()
    assert said + "".join(pieces) == ANSWER[: len(said)] and len(said) > 500
    assert refused > 10
    assert not served.record()


def test_no_engine_outlives_its_supervisor(served: Room) -> None:
    child = engine(served)
    served.kill()
    end = time.monotonic() + 15
    while Path(f"/proc/{child}/exe").exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}/exe").exists()
    assert "已不在" in served.stop().stdout


SILENT = """
import http.server, sys, threading, time
class One(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if time.time() - born > 1.5: time.sleep(60)
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
born = time.time()
print("alive " + "x" * 300, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), One).serve_forever()
"""


def start(tmp_path: Path, code: str, *words: str, **limits: float) -> tuple[subprocess.Popen, Path]:
    port, log = helper.free_port(), tmp_path / "x.log"
    line = [sys.executable, "-m", "deploy.supervisor", "--log", str(log)]
    for name, value in limits.items():
        line += [f"--{name}", str(value)]
    line += ["--health", f"http://127.0.0.1:{port}/", "--", sys.executable, "-c", code, str(port)]
    return subprocess.Popen([*line, *words], cwd=helper.ROOT), log


def until(log: Path, text: str, seconds: float = 30) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = log.read_text() if log.exists() else ""
        if text in found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{text!r} not in the log: {found}")


@pytest.mark.slow
def test_an_engine_that_no_longer_answers_is_replaced(tmp_path: Path) -> None:
    process, log = start(tmp_path, SILENT, hang=2)
    try:
        found = until(log, "a new one in")
        assert "no answer for 2 s, killed" in found
        until(log, "alive")
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_an_engine_that_never_answered_is_not_started_again(tmp_path: Path) -> None:
    process, log = start(tmp_path, "raise SystemExit('no such file: model.gguf')")
    assert process.wait(30) == 1
    assert log.read_text().count("model.gguf") == 1


def test_an_engine_that_does_not_end_is_killed_after_the_drain(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SILENT
    process, log = start(tmp_path, code, drain=-4)  # one second with the extra five
    until(log, "alive")
    began = time.monotonic()
    process.terminate()
    assert process.wait(20) == 0
    assert 0.5 < time.monotonic() - began < 5


def test_the_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 2000)
    monkeypatch.setattr(
        sys,
        "argv",
        [
            *("x", "--log", str(tmp_path / "x.log"), "--health", "http://127.0.0.1:1/", "--"),
            *(sys.executable, "-c", "for n in range(1000): print('line', n)"),
        ],
    )
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        supervisor.main()
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + supervisor.LOG_FILES
    assert sum(file.stat().st_size for file in files) < 2000 * 4
    assert "given up" in (tmp_path / "x.log").read_text()


LOADING = """
import http.server, sys, threading, time
class One(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), One)
threading.Thread(target=server.serve_forever, daemon=True).start()
time.sleep(2)
print("0.00.1 E chat template parsing error: unexpected end", flush=True)
print("0.00.2 I cleaning up before exit", flush=True)
raise SystemExit(1)
"""


def test_a_loading_engines_503_is_no_answer(tmp_path: Path) -> None:
    process, log = start(tmp_path, LOADING)
    assert process.wait(30) == 1
    text = log.read_text()
    assert text.count("parsing error") == 1 and "given up" in text
    assert "parsing error" in supervisor.reason(log)  # the reason, not the last line


STUCK = """
import os, signal, sys, time
from deploy import shutdown
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
shutdown.end_with_parent(signal.SIGKILL)
open(sys.argv[2], "w").write(str(os.getpid()))
while True: time.sleep(60)
"""


def test_kill_9_of_the_supervisor_ends_a_hung_engine_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    process, _ = start(tmp_path, STUCK, str(note))
    end = time.monotonic() + 30
    while not (note.is_file() and note.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    child = Path("/proc") / note.read_text()
    assert child.exists()
    process.kill()
    process.wait()
    while (child / "exe").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not (child / "exe").exists()


def test_a_template_that_the_engine_cannot_parse_is_said_at_once(
    room: Room, tmp_path: Path
) -> None:
    merged = tmp_path / "run" / "merged"
    shutil.copytree(room.run / "merged", merged)
    file = merged / "tokenizer_config.json"
    settings = json.loads(file.read_text())
    settings["chat_template"] = "{% for m in messages %}{{ m['content'] }}"  # no endfor
    file.write_text(json.dumps(settings))
    began = time.monotonic()
    done = room.deploy(
        "start", "--work-dir", tmp_path / "run", "--port", helper.free_port(), "--model", merged
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "template" in done.stderr.lower(), done.stderr
    assert time.monotonic() - began < 120
