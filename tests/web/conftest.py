"""The real page, a real server with the tiny model behind it, and Debian's Chromium in front."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


@pytest.fixture(scope="package")
def browser() -> Iterator[object]:
    """A headless Chromium, until this room's tests end: it keeps an event loop in the thread."""
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


QUESTIONS = 30  # of each of the two banks
ODD = ("3~5天，最长7~9天", "2*3*4", ">60分", "__init__", "# 号键", "$5 和 $6 -> <b>x</b> :smile:")


@dataclass(frozen=True)
class House:
    """A page without a model server: ``work`` holds two sets, 甲 and 乙, made of files of one name
    whose ids and locators are the same, and whose words are not."""

    work: Path
    address: str

    def set(self, name: str) -> Path:
        """The data of a set."""
        return self.work / "gongkao" / "sets" / name / "data"

    def environment(self) -> dict[str, str]:
        """What a command needs to see to work in it."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith("TIKUFORGE")}
        return {**kept, "TIKUFORGE_WORK_DIRS": str(self.work), "PYTHONPATH": str(helper.ROOT)}

    def build(self, name: str, text: str, index: bool = True) -> None:
        """Make a set of one file a.txt."""
        out = self.set(name)
        (out.parent / "uploads").mkdir(parents=True)
        (out.parent / "uploads" / "a.txt").write_text(text)
        build = ["data_tools", "build", "--domain", "gongkao", "--out", str(out), "--bank"]
        steps = [[*build, str(out.parent / "uploads" / "a.txt")]]
        job = out / ".job"
        steps += [["web.sheet", "list", str(out / "review.xlsx"), str(job)]]
        if index:
            steps += [["rag", "index", "--domain", "gongkao", "--data", str(out)]]
        for step in steps:
            job.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                [sys.executable, "-m", *step],
                check=True,
                cwd=helper.ROOT,
                env=self.environment(),
                capture_output=True,
            )


def questions(name: str) -> str:
    """A bank: choices whose words tell which bank they are of, and texts with signs in them."""
    made = []
    for number in range(1, QUESTIONS + 1):
        odd = ODD[number % len(ODD)]
        made.append(
            f"{number}. {name}第{number}问的疗程是（ ）{odd}\nA. {name}一{odd}\nB. {name}二\n"
            f"C. {name}三\nD. {name}四\n答案：D\n解析：{name}解{odd}\n"
        )
    return "\n".join(made)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house and its page server."""
    work, port = tmp_path_factory.mktemp("house"), helper.free_port()
    made = House(work, f"http://127.0.0.1:{port}")
    for name in ("甲", "乙"):
        made.build(name, questions(name))
    environment = {**made.environment(), "TIKUFORGE_PORT": str(helper.free_port())}
    environment.pop("PYTHONPATH")
    command = [sys.executable, "-m", "streamlit", "run", "web/app.py", "--server.port", str(port)]
    with open(work / "page.log", "w") as out:
        process = subprocess.Popen(
            command, cwd=helper.ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        up(made.address, process)
        yield made
    finally:
        process.terminate()
        process.wait(20)
