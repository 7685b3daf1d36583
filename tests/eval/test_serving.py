"""``make eval`` on a machine that shows a GPU: which servers run when, and that none stays."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.files import write_json
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.eval.conftest import PYTHON


@pytest.fixture
def room(tmp_path: Path) -> Room:
    if not PYTHON.exists():
        pytest.skip("no eval environment: make env-eval")
    made = helper.make(tmp_path / "served")
    data = tmp_path / "data"
    data.mkdir()
    turn = {"system": helper.SYSTEM, "input": "世界上最大的宫殿是？", "output": "故宫"}
    row = {"id": "t-1", "kind": "qa", "group": "g-1", "conversation": [turn]}
    (data / "train.jsonl").write_text(json.dumps(row) + "\n")
    base = tmp_path / "models" / "base"
    tiny = Path(helper.__file__).with_name("tiny.py")
    subprocess.run([str(helper.SERVE), str(tiny), str(base), "backwards"], check=True)
    write_json(made.run / "run.json", {"base": str(base), "data": str(data), "domain": "gongkao"})
    yield made
    made.stop_all()


def evaluate(room: Room, env: dict[str, str], deployed: int) -> subprocess.CompletedProcess[str]:
    words = [f"WORK_DIRS={room.work}", f"RUN={room.run}", f"DATA={room.work.parent / 'data'}"]
    words += [f"{name}={helper.free_port()}" for name in ("TUNED_PORT", "BASE_PORT", "INT4_PORT")]
    return subprocess.run(
        ["make", "eval", *words, f"PORT={deployed}"],
        env={**room.environment(), **env}, cwd=helper.ROOT, capture_output=True, text=True,
    )  # fmt: skip


def events(tmp_path: Path) -> list[tuple[str, str]]:
    lines = (tmp_path / "gpu.log").read_text().splitlines()
    return [(one["what"], Path(one["folder"]).name) for one in map(json.loads, lines)]


@pytest.mark.slow
def test_columns_that_do_not_fit_together_are_served_in_turn(room: Room, tmp_path: Path) -> None:
    env = helper.gpu_environment(tmp_path, memory_mb=4000)
    done = evaluate(room, env, helper.free_port())
    assert (room.run / "report.json").is_file(), done.stderr
    report = json.loads((room.run / "report.json").read_text())
    assert list(report["columns"]) == ["base", "tuned"]
    assert {one["backend"] for one in report["models"].values()} == {"turbomind"}
    assert events(tmp_path) == [
        ("start", "merged"), ("end", "merged"), ("start", "base"), ("end", "base"),
    ]  # fmt: skip
    assert not [note for note in (room.work / "servers").glob("*.json") if note.stem.isdigit()]


@pytest.mark.slow
def test_the_running_deployment_is_used_and_left_alone(room: Room, tmp_path: Path) -> None:
    env = helper.gpu_environment(tmp_path)
    started = room.deploy("start", "--work-dir", room.run, "--port", room.port, env=env)
    assert started.returncode == 0, started.stderr
    done = evaluate(room, env, room.port)
    assert (room.run / "report.json").is_file(), done.stderr
    assert events(tmp_path) == [("start", "merged"), ("start", "base"), ("end", "base")]
    assert room.record()["model"] == "gongkao-tiny"


@pytest.mark.slow
def test_nothing_is_left_running_after_a_failure(room: Room, tmp_path: Path) -> None:
    base = Path(json.loads((room.run / "run.json").read_text())["base"])
    config = json.loads((base / "config.json").read_text())
    write_json(base / "config.json", {**config, "vocab_size": 7})  # what loads it finds out
    done = evaluate(room, helper.gpu_environment(tmp_path), helper.free_port())
    assert done.returncode != 0 and not (room.run / "report.json").exists()
    assert events(tmp_path) == [("start", "merged"), ("end", "merged")]
    assert not [note for note in (room.work / "servers").glob("*.json") if note.stem.isdigit()]
