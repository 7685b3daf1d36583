"""Nothing computes in a number format that the processor has to emulate: on one without AVX-512
(imitated, which any x86 allows), and where a user asks for it all the same."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.files import read_json
from tests.train.conftest import HERE, PYTHON, environment

AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the switches that imitate AVX2 are for x86"
)


def chain(tiny: Path, data: Path, work: Path, *options: str) -> tuple[dict[str, Any], str]:
    """Formats of each stage of a short run under AVX2, and what it printed."""
    overrides = [f"pretrained_model_name_or_path={tiny}", "device=cpu", "max_epochs=2"]
    overrides += ["lora_layers=None", *options]
    line = [str(PYTHON), str(HERE / "probe_number_formats.py"), str(work), str(data), *overrides]
    done = subprocess.run(line, env={**environment(), **AVX2}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), done.stdout


def test_without_avx512_everything_computes_in_float32(
    tiny: Path, data: Path, tmp_path: Path
) -> None:
    met, printed = chain(tiny, data, tmp_path / "run")
    assert met["fastest"] == "float32" and met["slower"] > 3, "AVX2 was not imitated"
    for stage in ("train", "merge"):
        assert list(met[stage]) == ["float32"], f"{stage} computed in {met[stage]}"
    assert read_json(tmp_path / "run" / "run.json")["settings"]["dtype"] == "float32"
    assert "steps, about" in printed and "note: " not in printed
    merged = read_json(tmp_path / "run" / "merged" / "config.json")
    base = read_json(tiny / "config.json")
    kept = [c.get("dtype") or c.get("torch_dtype") for c in (merged, base)]
    assert kept[0] == kept[1] == "bfloat16", "what is saved keeps its format"


@pytest.mark.slow
def test_a_slow_format_that_is_asked_for_is_used_and_said(
    tiny: Path, data: Path, tmp_path: Path
) -> None:
    met, printed = chain(tiny, data, tmp_path / "run", "dtype=bfloat16", "max_epochs=1")
    assert "bfloat16" in met["train"]
    assert "dtype=bfloat16" in printed and "leave dtype= out for float32" in printed
    before = printed.index("note: dtype=bfloat16")
    assert before < printed.index("training: "), "before the first step"
