"""Second rounds, best checkpoints, early ends, all weights, text, two processes, Slurm."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.files import ROOT, read_json, read_jsonl, write_jsonl
from tests.deploy.helper import free_port
from tests.forks import Zygote
from train import curves, launch

FEW = ("pack_to_max_length=False", "batch_size=4", "max_epochs=2", "evaluation_samples=0")


def test_best_checkpoint_early_end_and_second_round(
    train: Callable, zygote: Zygote, data: Path, tmp_path: Path
) -> None:
    write_jsonl(data / "eval.jsonl", list(read_jsonl(data / "train.jsonl"))[:5])
    rate = ("lr=3e-2", "max_epochs=6", "evaluation_freq=3", "early_stopping_patience=2")
    done = train("smollm2_cpu_qlora.py", *FEW, *rate)
    assert done.returncode == 0, done.stderr[-2000:]
    work = tmp_path / "run"
    points = curves.read(work / "eval_loss.jsonl")
    best = min(points, key=lambda point: point["loss"])["iter"]
    assert (work / f"best_iter_{best}.pth").is_file()
    assert len(list(work.glob("best_iter_*.pth"))) == 1
    state = read_json(work / "run.json")
    assert state["steps"] == 36 or points[-1]["iter"] == state["steps"] < 36
    if state["steps"] < 36:
        assert "提前结束" in done.stdout
    assert zygote("adapter", "--work-dir", str(work)).returncode == 0
    assert read_json(work / "run.json")["adapter_from"] == f"best_iter_{best}.pth"
    card = (work / "card.md").read_text(encoding="utf-8")
    assert state["data_sha256"] in card and "commit" in card and state["tokens"] > 0

    second = train("smollm2_cpu_qlora.py", *FEW, f"load_from={work}", "lr=1e-5", work_dir="second")
    assert second.returncode == 0, second.stderr[-2000:]
    fresh = curves.read(work / "loss.jsonl")[0]["loss"]
    assert curves.read(tmp_path / "second" / "loss.jsonl")[0]["loss"] < fresh, "it starts anew"
    other = train("smollm2_cpu_qlora.py", *FEW, f"load_from={work}", "lora_r=8", work_dir="third")
    assert other.returncode == 2 and "lora_r=64" in other.stderr and "OVERRIDE" in other.stderr


def test_bad_inputs_are_said_before_training(train: Callable, data: Path) -> None:
    for option in ("prompt_template=nonsense", "optim_type=Nonsense"):
        unknown = train("smollm2_cpu_qlora.py", option)
        assert unknown.returncode == 2 and option in unknown.stderr, unknown.stderr[-500:]
        assert "Traceback" not in unknown.stderr
    short = train("smollm2_cpu_qlora.py", "max_length=8")
    assert short.returncode == 2 and "max_length=8" in short.stderr
    foreign = train("smollm2_cpu_qlora.py", "prompt_template=llama3_1")
    assert foreign.returncode == 2 and "prompt_template=llama3_1" in foreign.stderr
    assert "Traceback" not in short.stderr + foreign.stderr


@pytest.mark.slow
def test_all_weights_and_text(train: Callable, zygote: Zygote, data: Path, tmp_path: Path) -> None:
    whole = train("qwen2_5_0_5b_full.py", *FEW, "prompt_template=internlm2_chat", "lr=1e-3")
    assert whole.returncode == 0, whole.stderr[-2000:]
    for name in ("adapter", "merge"):
        step = zygote(name, "--work-dir", str(tmp_path / "run"))
        assert step.returncode == 0, step.stderr[-2000:]
    handover = read_json(tmp_path / "run" / "merged" / "handover.json")
    assert handover["n"] == 8 and handover["prompt_ids_equal"]
    passages = [{"text": f"第{n}段。" * 20, "split": "train"} for n in range(12)]
    write_jsonl(data / "kb.jsonl", [*passages, {"text": "x", "split": "eval"}])
    text = train("qwen2_5_7b_pretrain.py", "max_length=64", "max_epochs=2", work_dir="text")
    assert text.returncode == 0, text.stderr[-2000:]
    losses = [point["loss"] for point in curves.read(tmp_path / "text" / "loss.jsonl")]
    assert losses[-1] < losses[0]


CONSTANT = """
from mmengine.config import read_base
with read_base():
    from .base.recipe import recipe
globals().update(recipe(pretrained_model_name_or_path="", prompt_template="smollm2"))
param_scheduler = []
del recipe
"""


@pytest.mark.slow
def test_two_processes_learn_as_one_with_twice_the_accumulation(
    train: Callable, tmp_path: Path
) -> None:
    """Batches of one row, so that both see the same rows an update; gloo on this machine. At a
    constant rate: a schedule goes by iterations, of which two processes have half as many, so that
    its rate at an update is not quite the same (0.3% of the loss at the end of this run)."""
    (tmp_path / "base").symlink_to(ROOT / "configs" / "base")
    recipe = tmp_path / "constant.py"
    recipe.write_text(CONSTANT, encoding="utf-8")
    same = ("pack_to_max_length=False", "group_by_length=False", "batch_size=1", "max_epochs=2")
    same += ("evaluation_samples=0", "evaluation_rows=0", "dtype=float32", "quantization=None")
    same += ("prompt_template=internlm2_chat", "lora_dropout=0.0", "lora_alpha=128", "lr=1e-3")
    one = train(str(recipe), *same, "accumulative_counts=4", work_dir="one")
    assert one.returncode == 0, one.stderr[-2000:]
    two = train(
        str(recipe), *same, "accumulative_counts=2", work_dir="two", gpus="2", port=str(free_port())
    )
    assert two.returncode == 0, two.stderr[-2000:]

    def updates(name: str, counts: int) -> list[float]:
        losses = [point["loss"] for point in curves.read(tmp_path / name / "loss.jsonl")]
        return [sum(losses[i : i + counts]) / counts for i in range(0, len(losses), counts)]

    learnt = updates("one", 4)
    assert len(learnt) == 12 and learnt[-1] < 0.9 * learnt[0]
    assert updates("two", 2) == pytest.approx(learnt, rel=2e-4)


def test_slurm_script_is_sound(tmp_path: Path) -> None:
    where = launch.Where(gpus=8, nodes=2, launcher="slurm", deepspeed="zero2", partition="a100")
    text = launch.script(tmp_path / "run", where)
    path = tmp_path / "slurm.sh"
    path.write_text(text, encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(path)]).returncode == 0
    for part in ("--nodes=2", "--gpus-per-node=8", "--partition=a100", "--signal=TERM@120"):
        assert f"#SBATCH {part}" in text
    assert "--node-rank=$SLURM_NODEID" in text and "--nproc-per-node=8" in text
    assert "--deepspeed zero2" in text and "train finish" in text


def test_slurm_gets_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for sbatch on the PATH notes what it is handed."""
    sbatch = tmp_path / "bin" / "sbatch"
    sbatch.parent.mkdir()
    sbatch.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/handed\necho "Submitted batch job 7"\n')
    sbatch.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sbatch.parent}:{os.environ['PATH']}")
    launch.submit(tmp_path / "run", launch.Where(gpus=4, launcher="slurm"))
    assert "--gpus-per-node=4" in (tmp_path / "handed").read_text()


def test_torchrun_command_names_machine_and_processes(tmp_path: Path) -> None:
    where = launch.Where(gpus=8, nodes=2, node_rank=1, addr="10.0.0.1", deepspeed="zero3")
    line = launch.torchrun(tmp_path, where)
    for part in ("--nnodes=2", "--node-rank=1", "--nproc-per-node=8", "--master-addr=10.0.0.1"):
        assert part in line
    assert line[-2:] == ["--deepspeed", "zero3"]


def test_distributed_needs_are_said() -> None:
    settings = {"sequence_parallel_size": 4}
    assert "deepspeed" in str(launch.Where(deepspeed="zero2").problem(settings))
    assert "flash-attn" in str(launch.Where(gpus=4).problem(settings))
    assert launch.Where(gpus=2).problem({"sequence_parallel_size": 1}) is None


def test_estimate_is_what_the_run_shows(
    train: Callable, zygote: Zygote, argv: Callable, tmp_path: Path
) -> None:
    done = zygote(*argv("estimate", "smollm2_cpu_qlora.py", *FEW))
    assert done.returncode == 0, done.stderr[-2000:]
    found = read_json(tmp_path / "run" / "estimate.json")
    run = train("smollm2_cpu_qlora.py", *FEW)
    assert run.returncode == 0, run.stderr[-2000:]
    state = read_json(tmp_path / "run" / "run.json")
    assert found["steps"] == state["steps"] == 12
    assert found["trainable"] == found["trainable_counted"], "the formula counts what is trained"
    assert found["tokens_per_epoch"] * 2 == pytest.approx(state["tokens"], rel=0.15)
    assert found["answer_tokens_per_epoch"] * 2 == state["answer_tokens"]
    assert found["seconds_per_step"] > 0 and found["peak_gb"] > 0
