"""``make gpu-check REHEARSE=1``: the script for a rented GPU, every line of it, on a CPU."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.files import ROOT
from deploy import gpu_check as deploy_check
from tests.train.conftest import PYTHON, VENVS, environment
from train import gpu_check


@pytest.mark.slow
def test_the_rehearsal_runs_to_its_end_and_leaves_no_weights(tmp_path: Path) -> None:
    for stage in ("serve", "lmdeploy"):
        if not (VENVS / stage).exists():
            pytest.skip(f"no environment (python3 requirements/install.py {stage})")
    done = subprocess.run(
        ["make", "gpu-check", "REHEARSE=1", f"WORK_DIRS={tmp_path}"],
        env=environment(), cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    rows = {row["what"]: row for row in found["rows"]}
    assert not [row for row in rows.values() if "error" in row], rows
    assert rows["train: make train"]["steps"] >= 20 and rows["train: Trainer + PEFT"]["steps"] == 30
    assert rows["train: make train"]["rows_per_s"] > 0
    for served in ("serve: cpu", "generate"):
        assert all(rows[served][f"tokens_per_s_{count}"] > 0 for count in (1, 8, 64))
    assert rows["serve: awq"]["seconds"] > 0
    left = list(tmp_path.rglob("*.safetensors"))
    assert not left and "serve: cpu" in done.stdout


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt, "SIGTERM"])
def test_its_weights_go_however_it_ends(tmp_path: Path, end: Any) -> None:
    """They are 15.5 GB of a rented disk."""
    work = tmp_path / "models"
    expected = SystemExit if end == "SIGTERM" else end
    with pytest.raises(expected), gpu_check.removed_on_failure(work):
        (work / "internlm2-chat-7b").mkdir()
        (work / "internlm2-chat-7b" / "model.safetensors").write_bytes(b"x")
        if end == "SIGTERM":
            signal.raise_signal(signal.SIGTERM)
        raise expected
    assert not work.exists()


SERVING = """
import sys, threading, time
from pathlib import Path
from core.files import write_json
from deploy import engines, gpu_check

out = Path(sys.argv[1])
merged = out / "models" / "m" / "run" / "merged"
merged.mkdir(parents=True)
(merged / "config.json").write_text("{}")
note = {"rehearsed": True, "began": time.time(), "minutes": 10, "gpu": "x", "rows": []}
write_json(out / "train.json", note)
gpu_check.one_model = lambda *_, **__: 1 / 0
try:
    gpu_check.gpu_check(out)
except ZeroDivisionError:
    print("removed", not (out / "models").exists())
thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
thread.start()
try:
    with gpu_check.until(time.time() + 0.5):
        thread.join()
except gpu_check.OutOfTime:
    print("ended")
with gpu_check.until(time.time() + 0.1):
    pass
time.sleep(0.3)
print("off")
gpu_check.served = lambda folder, engine, found: (found.update(load_s=1.0), time.sleep(60))
with_time = gpu_check.needs(out)
gpu_check.STOPPING = with_time - 1
gpu_check.needs = lambda folder: 0
print(gpu_check.attempt(out, engines.of("cpu"), time.time() + with_time))
"""


def test_the_serving_half_keeps_to_the_clock_and_removes_them_too(tmp_path: Path) -> None:
    python = VENVS / "serve" / "bin" / "python"
    if not python.exists():
        pytest.skip("no environment (python3 requirements/install.py serve)")
    done = subprocess.run(
        [str(python), "-c", SERVING, str(tmp_path)],
        env=environment(), cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[:3] == ["removed True", "ended", "off"], done.stderr
    assert "out of time" in lines[-1] and "'load_s': 1.0" in lines[-1]


@pytest.mark.parametrize(("speed", "left_out"), [(1.0, ["merge"]), (2.0, [])])
def test_both_halves_fit_ten_minutes_and_what_does_not_is_left_out_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed: float, left_out: list[str]
) -> None:
    """On a machine that takes as long as is planned, and on one that is twice as fast."""
    now, planned, plan = [0.0], [0.0], gpu_check.needs

    def step(call: Any, result: Path, left: float) -> dict[str, Any]:
        now[0] += planned[0] / speed
        return {}

    def needs(what: str, shape: Any) -> float:
        planned[:] = [plan(what, shape)]
        return planned[0]

    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0])
    monkeypatch.setattr(gpu_check, "time", clock)
    monkeypatch.setattr(gpu_check, "alone", step)
    monkeypatch.setattr(gpu_check, "needs", needs)
    monkeypatch.setattr(gpu_check, "device_name", lambda rehearse: "GPU")
    gpu_check.gpu_check(tmp_path)
    rows = json.loads((tmp_path / "train.json").read_text())["rows"]
    lost = [row for row in rows if "error" in row]
    assert [row["what"] for row in lost] == left_out and len(rows) == 8
    assert all(row["model"] == "internlm2-chat-7b" and "out of time" in row["error"]
               for row in lost)  # fmt: skip
    serving = deploy_check.AWQ_SECONDS + 3 * (deploy_check.START + len(deploy_check.CLIENTS)
                                              * deploy_check.SECONDS) + 3.8 + 15.5  # fmt: skip
    assert now[0] + serving / speed + deploy_check.STOPPING <= 600


def test_minutes_hold_within_a_step_too() -> None:
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    process.start()
    began = time.monotonic()
    assert gpu_check.ended(process, 0.5) and not process.is_alive()
    assert time.monotonic() - began < 30


def test_what_it_cannot_do_is_said_before_an_environment_is_made(tmp_path: Path) -> None:
    path = f"{ROOT / 'tests' / 'bin'}:{os.environ['PATH']}"
    for given, said in (
        (["MINUTES=0.5", "REHEARSE=1"], "MINUTES=0.5"),
        ([], "nvidia-smi: No devices were found"),
    ):
        done = subprocess.run(
            ["make", "gpu-check", f"WORK_DIRS={tmp_path}", *given],
            env={**environment(), "PATH": path, "FAKE_FAIL": "No devices were found"},
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert "准备环境" not in done.stdout and not (tmp_path / "gpu-check").exists()


def test_without_a_gpu_it_says_so_in_one_line(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("no train environment (python3 requirements/install.py train)")
    line = [str(PYTHON), "-m", "train", "gpu-check", "--out", str(tmp_path)]
    done = subprocess.run(
        line, env={**environment(), "PATH": "/usr/bin:/bin"}, cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "REHEARSE=1" in done.stderr
