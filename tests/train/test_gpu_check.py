"""``make gpu-check REHEARSE=1``: the script for a rented GPU, every line of it, on a CPU."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from core.files import ROOT
from tests.train.conftest import PYTHON, VENVS, environment


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


def test_without_a_gpu_it_says_so_in_one_line(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("no train environment (python3 requirements/install.py train)")
    line = [str(PYTHON), "-m", "train", "gpu-check", "--out", str(tmp_path)]
    done = subprocess.run(
        line, env={**environment(), "PATH": "/usr/bin:/bin"}, cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "REHEARSE=1" in done.stderr
