"""The train environment, a tiny model and a small data set."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.files import ROOT, write_jsonl

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
PYTHON = VENVS / "train" / "bin" / "python"
HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny llama with InternLM2's conventions."""
    if not PYTHON.exists():
        pytest.skip("no train environment (python3 requirements/install.py train)")
    folder = tmp_path_factory.mktemp("tiny") / "model"
    subprocess.run([str(PYTHON), str(HERE / "tiny.py"), str(folder)], env=environment(), check=True)
    return folder


@pytest.fixture(scope="session")
def probed(tiny: Path) -> dict[str, Any]:
    """What ``probe.py`` measures on the tiny model, in one process: importing XTuner costs 10 s."""
    done = subprocess.run(
        [str(PYTHON), str(HERE / "probe.py"), str(tiny)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """24 rows in the contract's format, some with fields that others lack."""
    rows: list[dict[str, Any]] = []
    for number in range(24):
        row: dict[str, Any] = {"id": f"t-{number:06d}", "kind": "qa", "group": f"g-{number:05d}"}
        turn = {"system": "简答。", "input": f"第{number}题的答案是？", "output": f"答案{number}"}
        row["conversation"] = [turn]
        if number % 5 == 0:
            row |= {"kind": "single", "options": {"A": "甲", "B": "乙"}, "answer": "A"}
        rows.append(row)
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    return tmp_path / "data"


@pytest.fixture
def train(tiny: Path, data: Path, tmp_path: Path) -> Callable[..., Any]:
    """``train(config, *overrides, wait=True, **flags)``: a run of the tiny model on the CPU."""

    def run(config: str, *overrides: str, wait: bool = True, work_dir: str = "run", **flags: str):
        command = [str(PYTHON), "-m", "train", "run", config, "--domain", "gongkao"]
        command += ["--data", str(data), "--work-dir", str(tmp_path / work_dir)]
        for name, value in flags.items():
            command += [f"--{name}"] + ([value] if value else [])
        base = [f"pretrained_model_name_or_path={tiny}", "device=cpu", "dtype=bfloat16"]
        command += ["--override", *base, *overrides]
        if wait:
            return subprocess.run(command, env=environment(), capture_output=True, text=True)
        return subprocess.Popen(
            command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    return run
