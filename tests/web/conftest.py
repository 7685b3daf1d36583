"""The real page, a real server with the tiny model behind it, and Debian's Chromium in front."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import helper
from tests.web.steps import up


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[helper.Room]:
    """The session's work folder with the tiny run in it."""
    made = helper.make(tmp_path_factory.getbasetemp() / "served")
    yield made
    made.stop_all()


@pytest.fixture
def served(room: helper.Room) -> helper.Room:
    """The room with its server running (converted, not proved: tests/deploy does that)."""
    if not room.record():
        assert room.deploy("convert", "--work-dir", room.run).returncode == 0
        done = room.start("--model", room.run / "gguf" / "merged-q8_0.gguf")
        assert done.returncode == 0, done.stderr
    return room


@pytest.fixture
def away(room: helper.Room) -> helper.Room:
    """The room without a server."""
    room.stop_all()
    return room


@pytest.fixture(scope="session")
def address(room: helper.Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``streamlit run web/app.py`` from the repository root, without PYTHONPATH."""
    port = helper.free_port()
    environment = {**room.environment(), "TIKUFORGE_PORT": str(room.port)}
    environment.pop("PYTHONPATH")
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    log = tmp_path_factory.mktemp("page") / "log"
    with open(log, "w") as out:
        process = subprocess.Popen(
            command, cwd=helper.ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        up(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path:
        pytest.skip("no Chromium: apt-get install chromium, or set CHROMIUM")
    with api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: PAGE_SHOTS, to look at them, or a temporary folder."""
    folder = Path(os.environ.get("PAGE_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
