"""Training as a user runs it, on a tiny model: learn, resume, convert, merge; the traps guarded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import progress
from core.files import read_json, read_jsonl, write_jsonl
from tests.forks import Zygote
from tests.train.conftest import PYTHON, environment


def losses(folder: Path) -> list[float]:
    return [point["loss"] for point in read_jsonl(folder / "loss.jsonl")]


@pytest.mark.slow
def test_internlm2_recipe_trains_converts_and_merges(
    train: Callable, argv: Callable, zygote: Zygote, tmp_path: Path
) -> None:
    """The 7B recipe's own path (NF4, LoRA, packing, its template) on a model of its schema; once as
    a process of its own, as make starts it, for somebody who reads English."""
    options = ("max_length=64", "max_epochs=8", "accumulative_counts=2", "evaluation_samples=0")
    line = [str(PYTHON), "-m", "train", *argv("run", "internlm2_qlora.py", *options)]
    note = tmp_path / "progress.json"
    env = {**environment(), "TIKU_LANG": "en", progress.FILE: str(note)}
    done = subprocess.run(line, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "training: " in done.stdout and not re.search("[一-鿿]", done.stdout), done.stdout
    work = tmp_path / "run"
    curve = losses(work)
    told = {"stage": "train", "done": len(curve), "total": len(curve), "left": 0.0}
    assert progress.read(note) == told
    assert sum(curve[-5:]) < 0.98 * sum(curve[:5]), "the loss does not fall"
    assert (work / "loss.png").read_bytes().startswith(b"\x89PNG")
    state = read_json(work / "run.json")
    assert state["status"] == "trained" and state["steps"] == len(curve)
    for command in ("adapter", "merge"):
        step = zygote(command, "--work-dir", str(work))
        assert step.returncode == 0, step.stderr[-2000:]
    assert read_json(work / "adapter" / "adapter_config.json")["r"] == 64
    handover = read_json(work / "merged" / "handover.json")
    assert handover["prompt_ids_equal"] and handover["n"] == 8
    again = train("internlm2_qlora.py", *options)
    assert "up to date" in again.stdout
    other = train("internlm2_qlora.py", "max_length=64", "max_epochs=9")
    assert other.returncode == 2 and "FORCE=1" in other.stderr


@pytest.mark.parametrize("dtype", [pytest.param("bfloat16", marks=pytest.mark.slow), "float32"])
def test_killed_run_resumes_on_the_same_curve(train: Callable, tmp_path: Path, dtype: str) -> None:
    options = ("pack_to_max_length=False", "batch_size=4", "max_epochs=5", "save_steps=5")
    options += ("evaluation_freq=100", "log_interval=5", f"dtype={dtype}")
    whole = train("smollm2_cpu_qlora.py", *options, work_dir="whole")
    assert whole.returncode == 0, whole.stderr[-2000:]
    process = train("smollm2_cpu_qlora.py", *options, wait=False, work_dir="cut")
    curve = tmp_path / "cut" / "loss.jsonl"
    deadline = time.time() + 240
    while time.time() < deadline and process.poll() is None:
        if curve.is_file() and len(curve.read_text().splitlines()) >= 13:
            break
        time.sleep(0.02)
    second = train("smollm2_cpu_qlora.py", *options, work_dir="cut", resume="1")
    assert second.returncode == 2 and "RUN=" in second.stderr, "two runs in one folder"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert read_json(tmp_path / "cut" / "run.json")["status"] == "running"
    plain = train("smollm2_cpu_qlora.py", *options, work_dir="cut")
    assert plain.returncode == 2 and "RESUME=1" in plain.stderr
    rest = train("smollm2_cpu_qlora.py", *options, work_dir="cut", resume="1")
    assert rest.returncode == 0, rest.stderr[-2000:]
    samples = list(read_jsonl(tmp_path / "whole" / "samples.jsonl"))  # the page shows them
    assert [one["expected"] for one in samples] == ["答案0", "答案1"] and "given" in samples[0]
    first, second = losses(tmp_path / "whole"), losses(tmp_path / "cut")
    assert len(first) == len(second) == 30
    assert second == pytest.approx(first, rel=0.02), "another order of data, or another state"


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_stopped_run_saves_and_goes_on(
    train: Callable, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C, or a scheduler's SIGTERM: no step is lost, though no checkpoint was due."""
    options = ("pack_to_max_length=False", "batch_size=2", "max_epochs=4", "log_interval=5")
    options += ("accumulative_counts=4", "evaluation_freq=100")
    process = train("smollm2_cpu_qlora.py", *options, wait=False)
    curve = tmp_path / "run" / "loss.jsonl"
    deadline = time.time() + 240
    while time.time() < deadline and process.poll() is None:
        if curve.is_file() and len(curve.read_text().splitlines()) >= 5:
            break
        time.sleep(0.02)
    os.kill(process.pid, number)
    assert process.wait() == 128 + number
    done = len(losses(tmp_path / "run"))
    assert done % 4 == 0 and (tmp_path / "run" / f"iter_{done}.pth").is_file()
    rest = train("smollm2_cpu_qlora.py", *options, resume="1")
    assert rest.returncode == 0, rest.stderr[-2000:]
    points = list(read_jsonl(curve))
    assert [point["iter"] for point in points] == list(range(1, 49))


def test_bad_runs_stop_with_one_line(train: Callable, data: Path, tmp_path: Path) -> None:
    misspelt = train("internlm2_qlora.py", "lrr=1")
    assert misspelt.returncode == 2 and "'lrr'" in misspelt.stderr
    high = train("smollm2_cpu_qlora.py", "lora_layers=[1,29]", work_dir="high")
    assert high.returncode == 2 and "the base has 2" in high.stderr
    burst = train("smollm2_cpu_qlora.py", "lr=1e30", "max_epochs=20", work_dir="nan")
    assert burst.returncode == 2 and "lr" in burst.stderr
    assert "Traceback" not in misspelt.stderr + burst.stderr


@pytest.mark.slow
def test_rows_with_evidence_are_trained_on_as_well(
    train: Callable, zygote: Zygote, argv: Callable, data: Path, tmp_path: Path
) -> None:
    options = ("max_length=128", "max_epochs=1")
    missing = train("internlm2_qlora.py", *options, "evidence=True")
    assert missing.returncode == 2 and "make train EVIDENCE=1" in missing.stderr
    rows = list(read_jsonl(data / "train.jsonl"))
    for row in rows:
        row["conversation"][0]["input"] = "资料：无\n\n" + row["conversation"][0]["input"]
    write_jsonl(data / "evidence.jsonl", rows[:12])
    checked = zygote(*argv("check", "internlm2_qlora.py", "evidence=True"))
    assert "36 rows equal" in checked.stdout, checked.stderr
    for name, more in (("plain", ()), ("both", ("evidence=True",))):
        done = train("internlm2_qlora.py", *options, *more, work_dir=name)
        assert done.returncode == 0, done.stderr[-2000:]
    plain, both = (read_json(tmp_path / name / "run.json") for name in ("plain", "both"))
    assert (plain["evidence_rows"], both["evidence_rows"]) == (0, 12)
    assert both["answer_tokens"] > 1.3 * plain["answer_tokens"]
    write_jsonl(data / "evidence.jsonl", rows[:11])
    other = train("internlm2_qlora.py", *options, "evidence=True", work_dir="both")
    assert other.returncode == 2 and "FORCE=1" in other.stderr, "other rows are another run"


def test_training_tokens_are_the_servers(probed: dict[str, Any]) -> None:
    found = probed["token_ids"]
    assert found["parity"]
    assert found["training"][: len(found["served"])] == found["served"]
    assert found["training"].count(1) == 1, "one bos, and one only"


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_gradients_survive_inference(probed: dict[str, Any], dtype: str) -> None:
    found = probed["guarded"][dtype]
    assert found["before"] > 0
    assert found["after_plain"] == pytest.approx(found["before"], rel=1e-4)
    assert found["after_fast"] == pytest.approx(found["before"], rel=1e-4)
    assert found["logit_difference"] < 0.05


def test_frozen_layers_computed_once_give_the_same_loss_and_gradients(
    probed: dict[str, Any],
) -> None:
    found = probed["frozen"]
    assert found["kept"] == pytest.approx(found["whole"], rel=1e-4) and min(found["kept"]) > 0
    assert found["rows_kept"] == 3, "each row once, whatever batch it stands in"
    assert found["kept_layers"] == found["whole_layers"] == 2, "the model is left whole"
    assert found["dropout"], "dropout of the trained layers does no harm below them"
    assert found["all_trained"], "nothing is frozen where every layer carries LoRA"


def test_threads_follow_what_others_leave(probed: dict[str, Any]) -> None:
    found = probed["threads"]
    assert found["alone"] == found["alone_again"] == found["cores"]
    assert found["beside"] == found["too_soon"] == max(1, found["cores"] - 1)


def test_weights_written_out_once_are_the_same_numbers(probed: dict[str, Any]) -> None:
    plain, once = probed["unpacked"]["packed"], probed["unpacked"]["unpacked"]
    assert once["gradient"] == pytest.approx(plain["gradient"], rel=1e-4) and plain["gradient"]
    assert once["loss"] == pytest.approx(plain["loss"], rel=1e-5)


def test_the_trap_is_real_here(probed: dict[str, Any]) -> None:
    """Where this CPU repacks, an unguarded run loses its gradients: the guard is needed."""
    found = probed["unguarded"]
    if not found["repacks"]:
        pytest.skip("this CPU has no AVX512-BF16: bitsandbytes does not repack here")
    assert found["after"] < 0.9 * found["before"]


def test_check_finds_leaks_and_prints_parity(zygote: Zygote, argv: Callable, data: Path) -> None:
    line = argv("check", "internlm2_qlora.py")
    done = zygote(*line)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "24 rows equal" in done.stdout
    row = json.loads((data / "train.jsonl").read_text(encoding="utf-8").splitlines()[3])
    write_jsonl(data / "eval.jsonl", [row])
    done = zygote(*line)
    assert done.returncode == 2 and "第3题的答案是？" in done.stderr
