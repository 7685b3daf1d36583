"""What a kill, a full disk or a broken file leaves, and how a run goes on from it."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.files import read_json
from tests.forks import Zygote
from train import checkpoints, curves


def archive(path: Path) -> Path:
    """A file that torch would take for a checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.pkl", os.urandom(5000))
    return path


def test_newest_whole_checkpoint_is_found_whatever_the_note_says(tmp_path: Path) -> None:
    for step in (5, 10, 100):
        archive(tmp_path / f"iter_{step}.pth")
    for note in ("", str(tmp_path / "iter_5.pth"), "/elsewhere/iter_7.pth"):
        (tmp_path / "last_checkpoint").write_text(note)
        assert checkpoints.last(tmp_path).endswith("iter_100.pth")


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped"])
def test_damaged_checkpoints_are_passed_over(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path / "iter_5.pth")
    newest = archive(tmp_path / "iter_10.pth")
    content = bytearray(newest.read_bytes())
    if damage == "flipped":
        content[200] ^= 255
    newest.write_bytes({"cut": content[:-40], "empty": b"", "flipped": content}[damage])
    assert checkpoints.last(tmp_path).endswith("iter_5.pth")
    assert "iter_10.pth" in capsys.readouterr().out


def test_deepspeeds_folders_need_every_part(tmp_path: Path) -> None:
    archive(tmp_path / "iter_4.pth" / "mp_rank_00_model_states.pt")
    (tmp_path / "iter_8.pth").mkdir()
    (tmp_path / "iter_8.pth" / "mp_rank_00_model_states.pt").write_bytes(b"half")
    assert checkpoints.last(tmp_path).endswith("iter_4.pth")


def test_nothing_whole_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "iter_3.pth").write_bytes(b"no")
    assert checkpoints.last(tmp_path) == "" and checkpoints.best(tmp_path) == ""


@pytest.mark.parametrize("tail", [b'{"iter": 3, "lo', b"\xff\xfe\x00", b"null\n", b"\n\n"])
def test_half_a_line_in_the_curve_is_passed_over(tmp_path: Path, tail: bytes) -> None:
    curve = tmp_path / "loss.jsonl"
    lines = [json.dumps({"iter": step, "loss": 1.0}) + "\n" for step in (1, 2)]
    curve.write_bytes("".join(lines).encode() + tail)
    assert [point["iter"] for point in curves.read(curve)] == [1, 2]
    with curve.open("ab") as out:  # a step that was done twice counts as it was done last
        out.write(b'\n{"iter": 2, "loss": 7.0}\n')
    assert [point["loss"] for point in curves.read(curve)] == [1.0, 7.0]
    assert [point["iter"] for point in curves.read(curve, until=1)] == [1]


def test_keep_of_one_never_leaves_none(probed: dict[str, Any]) -> None:
    """The new checkpoint is whole before the old one goes; a failed write leaves the old one."""
    assert probed["failed_write"]["left"] == ["iter_5.pth"]
    assert "iter_5.pth 完好" in probed["failed_write"]["said"]


OPTIONS = ("pack_to_max_length=False", "batch_size=4", "max_epochs=4", "save_steps=3")
OPTIONS += ("evaluation_samples=0", "log_interval=5", "save_total_limit=1")


def test_full_disk_is_one_line_and_the_last_checkpoint_is_whole(
    train: Callable, tmp_path: Path
) -> None:
    """The file size limit stands in for the full disk (no root needed): it lets the run write its
    curve, and stops it at a checkpoint that is too large."""
    few = (*OPTIONS, "max_epochs=1", "lora_r=2", "save_total_limit=0")
    done = train("smollm2_cpu_qlora.py", *few)
    assert done.returncode == 0, done.stderr[-2000:]
    before = checkpoints.last(tmp_path / "run")
    size = Path(before).stat().st_size
    state = read_json(tmp_path / "run" / "run.json")
    (tmp_path / "run" / "run.json").write_text(json.dumps({**state, "status": "running"}))
    os.truncate(tmp_path / "run" / "loss.jsonl", 250)  # and the curve ends in the middle of a line

    Path(before).unlink()  # iter_3.pth stays: three steps are left to do
    full = train("smollm2_cpu_qlora.py", *few, limit=size // 2, resume="1")
    lines = [line for line in full.stderr.splitlines() if line.startswith("错误")]
    assert full.returncode == 2 and len(lines) == 1, full.stderr[-2000:]
    assert "磁盘已满" in lines[0] and "Traceback" not in full.stderr
    assert checkpoints.last(tmp_path / "run").endswith("iter_3.pth")
    assert not list((tmp_path / "run").glob(".iter_*"))


def killed_at(train: Callable, config: str, seconds: float) -> None:
    """Kill a run after ``seconds``, whatever it is at; end it by a rerun; look at all of it."""
    process = train(config, *OPTIONS, wait=False, work_dir="kill", resume="auto")
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


SFT, DPO = "smollm2_cpu_qlora.py", "smollm2_cpu_dpo.py"


@pytest.mark.parametrize(
    ("config", "times"),
    [
        pytest.param(SFT, 1, id="1"),
        pytest.param(SFT, 20, id="20", marks=pytest.mark.slow),
        pytest.param(DPO, 10, id="10-pairs", marks=pytest.mark.slow),
    ],
)
def test_killed_anywhere_it_comes_to_its_end(
    train: Callable, zygote: Zygote, tmp_path: Path, config: str, times: int
) -> None:
    started = time.monotonic()
    whole = train(config, *OPTIONS, work_dir="kill")
    span = time.monotonic() - started
    assert whole.returncode == 0, whole.stderr[-2000:]
    first = [point["loss"] for point in curves.read(tmp_path / "kill" / "loss.jsonl")]
    draw = random.Random(0)
    state = tmp_path / "kill" / "run.json"
    for _ in range(times):
        if read_json(state)["status"] == "trained":  # start over: its key is made another
            state.write_text(json.dumps({**read_json(state), "key": "another"}))
        killed_at(train, config, draw.uniform(0.3, 1.0) * span)
        assert read_json(state), "run.json is whole"
    rest = train(config, *OPTIONS, work_dir="kill", resume="auto")
    assert rest.returncode == 0, rest.stderr[-2000:]
    points = curves.read(tmp_path / "kill" / "loss.jsonl")
    assert [point["iter"] for point in points] == list(range(1, 25))
    assert [point["loss"] for point in points] == pytest.approx(first, rel=0.02)
    step = zygote("adapter", "--work-dir", str(tmp_path / "kill"))
    assert step.returncode == 0, step.stderr[-2000:]
    assert (tmp_path / "kill" / "adapter" / "adapter_model.safetensors").is_file()
