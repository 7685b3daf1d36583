"""Tiny random models of each architecture: 3 steps, adapter, merge, generate; where each can."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.train.conftest import HERE, VENVS, environment

STAGES = {
    "train": ("qwen2_5", "qwen3", "llama3_1", "deepseek_r1", "smollm2"),
    "train-448": ("internlm2", "internlm3"),
}


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_families_train_convert_merge_and_generate(stage: str, tmp_path: Path) -> None:
    python = VENVS / stage / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no environment (python3 requirements/install.py {stage})")
    done = subprocess.run(
        [str(python), str(HERE / "chain.py"), str(tmp_path), *STAGES[stage]],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for name, found in json.loads(done.stdout.strip().splitlines()[-1]).items():
        assert "error" not in found, f"{name}: {found['error']}"
        assert found["steps"] == 3 and found["parity"], name
        handover = found["handover"]
        assert handover["n"] == 6 and handover["prompt_ids_equal"], name
        assert handover["max_logit_difference"] < 0.1, name
