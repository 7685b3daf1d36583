"""Long stages in a bad hour: each ends with one line or by the signal, leaves the old whole or
nothing, and comes out right when it is run again. ``docs/keep.md`` has the table of all stages.

A full disk and one that may only be read are small file systems of their own (root mounts them)."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.files import ROOT, read_json, sha256
from custody import keep
from rag.query import Index

pytestmark = pytest.mark.slow

BANK = ROOT / "samples" / "gongkao" / "bank.docx"
FUTURE = time.time() + 10 * 365 * 86400  # files of a clock that was set back since


@dataclass
class Stage:
    """``line``: what is run for a house and an output folder; ``whole``: what is in that, None for
    nothing, AssertionError for half of it."""

    line: Callable[[Path, Path], list[str]]
    whole: Callable[[Path], object]


def data_set(out: Path) -> object:
    if not (out / "card.json").is_file():
        return None
    outputs = read_json(out / "card.json")["outputs"]
    assert outputs == {name: sha256(out / name) for name in outputs}
    return {name: key for name, key in outputs.items() if name.endswith("jsonl")}


def index(out: Path) -> object:
    if not (out / "index.json").is_file():
        return None
    opened = Index.open(out)
    seen = opened.size, [one.id for one in opened.search("世界上最大的宫殿是？", 3)]
    del opened
    gc.collect()  # its file is open as long as it is there, and the disk it lies on cannot be taken
    return seen


def backup(out: Path) -> object:
    if not out.exists():
        return None
    found = keep.noted(out)["files"]
    assert found == {name: sha256(out / name) for name in found}
    return found


STAGES = {
    "data": Stage(
        lambda house, out: ["data_tools", "build", f"--out={out}", f"--bank={BANK}"], data_set
    ),
    "index": Stage(
        lambda house, out: ["rag", "index", f"--data={house / 'data'}", f"--out={out}",
                     "--embedding=none"], index
    ),
    "backup": Stage(
        lambda house, out: ["custody", "backup", f"--work-dirs={house}",
                     "--domain=data", f"--to={out}"], backup
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set, which the later stages read."""
    home = tmp_path_factory.mktemp("faults")
    done = start(STAGES["data"], home / "data")
    assert said(done)[0] == 0
    return home


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> Stage:
    return STAGES[request.param]


@pytest.fixture
def place(house: Path) -> Iterator[Path]:
    """An empty folder beside the data set."""
    folder = house / "place"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def start(
    stage: Stage, out: Path, limit: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    house = next((one.parent for one in out.parents if one.name == "place"), out.parent)
    line = [sys.executable, "-m", *stage.line(house, out)]
    pipe = subprocess.PIPE
    return subprocess.Popen(line, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, preexec_fn=limit)


def said(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, text = process.communicate(timeout=300)
    return process.returncode, text


def one_line(code: int, text: str) -> None:
    assert code == 2 and text.count("\n") == 1 and "Traceback" not in text, text[-2000:]


def right(stage: Stage, out: Path) -> object:
    """What a run without any fault leaves."""
    code, text = said(start(stage, out))
    assert code == 0, text
    found = stage.whole(out)
    assert found
    return found


def left(out: Path) -> list[str]:
    """Drafts that nobody needs."""
    hidden = [path.name for path in out.parent.rglob(".*")]
    drafts = (".new-", ".keep-")
    return [name for name in hidden if name.startswith(drafts) and not name.endswith(".lock")]


@contextmanager
def disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of ``size`` bytes at ``folder``."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip("only root may mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_kill_9(stage: Stage, place: Path) -> None:
    began = time.monotonic()
    wanted = right(stage, place / "timed")
    lasts = time.monotonic() - began
    for share in (0.3, 0.5, 0.7, 0.8, 0.9, 0.97):
        process = start(stage, place / "out")
        time.sleep(share * lasts)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert stage.whole(place / "out") in (None, wanted)
    if stage.whole(place / "out") is None:
        assert right(stage, place / "out") == wanted
    assert not left(place / "out")


def test_a_full_disk(stage: Stage, place: Path) -> None:
    wanted = right(stage, place / "timed")
    needs = weight(place / "timed")
    for share in (0.1, 0.5, 0.9):
        small = place / "small"
        small.mkdir()
        with disk(small, max(4096, int(needs * share))):
            one_line(*said(start(stage, small / "out")))
            assert stage.whole(small / "out") is None and not left(small / "out")
            subprocess.run(["mount", "-o", f"remount,size={needs * 4}", str(small)], check=True)
            assert right(stage, small / "out") == wanted
        small.rmdir()


def test_a_folder_that_may_only_be_read(stage: Stage, place: Path) -> None:
    small = place / "small"
    small.mkdir()
    with disk(small, 1 << 26):
        wanted = right(stage, small / "out")
        before = {path: sha256(path) for path in small.rglob("*") if path.is_file()}
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        code, text = said(start(stage, small / "other"))
        one_line(code, text)
        assert stage.whole(small / "out") == wanted
        assert before == {path: sha256(path) for path in small.rglob("*") if path.is_file()}


def test_a_limit_of_the_file_size(stage: Stage, place: Path) -> None:
    wanted = right(stage, place / "timed")
    largest = max(path.stat().st_size for path in (place / "timed").rglob("*") if path.is_file())
    for share in (0.1, 0.9):
        most = int(largest * share)
        limit = lambda most=most: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # noqa: E731
        one_line(*said(start(stage, place / "out", limit)))
        assert stage.whole(place / "out") is None and not left(place / "out")
    assert right(stage, place / "out") == wanted


def test_too_little_memory(stage: Stage, place: Path) -> None:
    """Whatever library runs out of it first: nothing half-written, and at the end all of it."""
    wanted = right(stage, place / "timed")
    ended = 0
    for megabytes in (30, 60, 120, 180, 250, 350):
        most = megabytes << 20
        limit = lambda most=most: resource.setrlimit(resource.RLIMIT_AS, (most, most))  # noqa: E731
        code, _ = said(start(stage, place / "out", limit))
        ended += code != 0
        assert stage.whole(place / "out") == (wanted if code == 0 else None)
        if code == 0:
            break
    assert ended
    if stage.whole(place / "out") is None:
        assert right(stage, place / "out") == wanted


def test_a_clock_that_was_set_back(stage: Stage, place: Path) -> None:
    wanted = right(stage, place / "out")
    for path in (place / "out").rglob("*"):
        os.utime(path, (FUTURE, FUTURE))
    if stage is STAGES["backup"]:  # it never writes over one that is there
        assert stage.whole(place / "out") == wanted
        return
    assert right(stage, place / "out") == wanted


def test_two_at_once(stage: Stage, place: Path) -> None:
    wanted = right(stage, place / "timed")
    both = [start(stage, place / "out") for _ in range(2)]
    ends = [said(one) for one in both]
    assert 0 in [code for code, _ in ends], ends
    for code, text in ends:
        if code:
            one_line(code, text)
    assert stage.whole(place / "out") == wanted and not left(place / "out")
