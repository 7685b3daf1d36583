"""What means harm: refused by name within two seconds, nothing fetched, the engine unhurt."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import helper, hostile_requests
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


TEMPLATES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__init__.__globals__['os'].system('touch CANARY') }}",
    "{{ cycler.__init__.__globals__.os.popen('touch CANARY').read() }}",
    "{{ strftime_now.__globals__['os'].system('touch CANARY') }}",
    "{{ (messages|attr('__class__')).__mro__ }}",
    "{% for c in ().__class__.__base__.__subclasses__() %}{{ c() }}{% endfor %}",
    "{{ messages.append(1) }}",
    "{{ range(10**9)|list }}",
    "{{ raise_exception('no') }}",
    "{{ messages[0].nothing.more }}",
    "{% for m in messages %}",
)
RENDER = """
import json, sys
from pathlib import Path
from core.errors import UserError
from deploy import export
folder, templates = Path(sys.argv[1]), json.loads(sys.argv[2])
file = folder / "tokenizer_config.json"
settings = json.loads(file.read_text())
for template in templates:
    file.write_text(json.dumps({**settings, "chat_template": template + settings["chat_template"]}))
    try:
        export.modelfile(folder, "x.gguf", "s")
        print("rendered")
    except UserError as error:
        print("refused", *str(error).split())
"""


def test_templates_that_reach_for_more_are_refused_in_one_line(room: Room, tmp_path: Path) -> None:
    folder, canary = tmp_path / "m", tmp_path / "canary"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((room.run / "merged" / name).read_bytes())
    asked = json.dumps([one.replace("CANARY", str(canary)) for one in TEMPLATES])
    line = [str(helper.SERVE), "-c", RENDER, str(folder), asked]
    done = subprocess.run(
        line, capture_output=True, text=True, env=room.environment(), cwd=helper.ROOT
    )
    said = done.stdout.splitlines()
    assert len(said) == len(TEMPLATES), done.stderr[-1000:]
    assert all(one.startswith("refused") for one in said), said
    assert not canary.exists()


def keys(room: Room, *asked: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "deploy", "keys", *asked]
    return subprocess.run(
        line, capture_output=True, text=True, env=room.environment(), cwd=helper.ROOT
    )


def test_a_key_by_name_is_bounded_and_revoked_at_once(served: Room) -> None:
    def asks(key: str, text: str = "问") -> tuple[int, bytes]:
        body = json.dumps({"content": text}).encode()
        head = {"Authorization": f"Bearer {key}"}
        return send(served.port, ("", "POST", "/tokenize", head, body))

    made = keys(served, "--name=anna", "--per-minute=3", "--longest=2000")
    key = re.search(r"tk-\S+", made.stdout)[0]  # type: ignore[index]
    noted = served.work / "servers" / "keys.json"
    assert key not in noted.read_text() and key not in keys(served).stdout
    assert "anna" in keys(served).stdout
    assert asks(key)[0] == 200 and asks(key[:-1])[0] == 401
    assert asks(key, "长" * 1000)[0] == 413
    assert asks(key)[0] == 200
    status, text = asks(key)
    assert status == 429 and "again in" in json.loads(text)["error"]["message"]
    assert asks(served.key(), "长" * 1000)[0] == 200  # the owner has no such bounds
    for wrong in ("--name=anna", "--name=a b", "--revoke=berta"):
        done = keys(served, wrong)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert keys(served, "--revoke=anna").returncode == 0
    assert asks(key)[0] == 401
    noted.write_text("{")  # a damaged file opens nothing, and shuts nobody else out
    assert asks(key)[0] == 401 and asks(served.key())[0] == 200
    noted.unlink()
