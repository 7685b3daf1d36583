"""Pairs: XTuner's losses over kept log-probabilities; they are learnt, resumed, and guarded."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.files import read_json, read_jsonl, write_jsonl
from tests.forks import Zygote
from tests.train.conftest import printed
from train import card, curves

OPTIONS = ("lr=1e-3", "max_epochs=4", "evaluation_samples=0", "save_steps=5", "log_interval=8")
OPTIONS += ("dtype=float32",)


def test_losses_are_xtuners_and_the_reference_is_the_untouched_model(
    tiny: Path, data: Path, zygote: Zygote
) -> None:
    found = printed(zygote, "pairs.py", tiny, data)
    assert found["reference"] == pytest.approx(found["untouched"], rel=1e-4)
    assert found["batch"][0] == 1, "four pairs are one sequence"
    for name, theirs in found["xtuners"].items():
        assert found["ours"][name] == pytest.approx(theirs, rel=1e-3), name
    shown = found["shown"]["sigmoid"]
    assert shown["drift"] > 0 and shown["margin"] != 0


@pytest.mark.slow
def test_pairs_are_learnt_and_a_killed_run_goes_on_the_same_curve(
    train: Callable, zygote: Zygote, data: Path, tmp_path: Path
) -> None:
    """From an adapter, whose answers are the reference; the merge is the pairs' own."""
    first = train("smollm2_cpu_qlora.py", "max_epochs=1", "evaluation_samples=0", work_dir="sft")
    assert first.returncode == 0, first.stderr[-2000:]
    assert zygote("adapter", "--work-dir", str(tmp_path / "sft")).returncode == 0
    write_jsonl(data / "eval.jsonl", [])
    start = (*OPTIONS, f"load_from={tmp_path / 'sft'}")
    whole = train("smollm2_cpu_dpo.py", *start)
    assert whole.returncode == 0, whole.stderr[-2000:]
    work = tmp_path / "run"
    points = curves.read(work / "loss.jsonl")
    assert len(points) == 24
    assert points[0]["loss"] == pytest.approx(0.6931, abs=1e-3) and points[0]["drift"] < 1e-3
    late = curves.means(points[-6:])
    assert late["margin"] > 0.5 and late["accuracy"] == 1 and late["loss"] < 0.5, late
    assert late["drift"] > 0.01
    state = read_json(work / "run.json")
    assert state["rows"] == 24 and state["preference"]["accuracy"][1] == 1
    assert re.search(r"margin [-\d.]+ → \d", (work / "card.md").read_text("utf-8"))
    assert "preferred" in whole.stdout or "选对" in whole.stdout
    for command in ("adapter", "merge"):
        step = zygote(command, "--work-dir", str(work))
        assert step.returncode == 0, step.stderr[-2000:]
    assert read_json(work / "merged" / "handover.json")["n"] == 8

    process = train("smollm2_cpu_dpo.py", *start, wait=False, work_dir="cut")
    curve = tmp_path / "cut" / "loss.jsonl"
    deadline = time.time() + 240
    while time.time() < deadline and process.poll() is None:
        if len(curves.read(curve)) >= 13:
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = (tmp_path / "cut" / "reference.jsonl").stat().st_mtime_ns
    rest = train("smollm2_cpu_dpo.py", *start, work_dir="cut", resume="1")
    assert rest.returncode == 0, rest.stderr[-2000:]
    assert (tmp_path / "cut" / "reference.jsonl").stat().st_mtime_ns == kept, "computed once"
    again = curves.read(curve)
    assert [p["iter"] for p in again] == list(range(1, 25))
    for name in ("loss", "margin"):
        assert [p[name] for p in again] == pytest.approx(
            [p[name] for p in points], rel=0.03, abs=0.01
        )


@pytest.mark.parametrize("steps", [1, 2, 9, 24])
def test_the_card_of_a_short_run_tells_its_beginning_from_its_end(steps: int) -> None:
    names = ("margin", "accuracy", "chosen", "drift")
    points = [{"iter": n, "loss": 1.0, **dict.fromkeys(names, float(n))} for n in range(steps)]
    found = card.figures(points, [])["preference"]
    assert all(last > first or steps == 1 for first, last in found.values()), found


def test_orpo_learns_answers_and_preference_without_a_first_round(train: Callable) -> None:
    done = train("qwen2_5_orpo.py", *OPTIONS, "prompt_template=internlm2_chat", "batch_size=4",
                 "accumulative_counts=1", "quantization=None")  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "选对" in done.stdout or "preferred" in done.stdout


def test_a_held_out_question_among_the_pairs_is_refused(train: Callable, data: Path) -> None:
    row = next(read_jsonl(data / "train.jsonl"))
    row["conversation"][0]["input"] += "！"
    write_jsonl(data / "eval.jsonl", [row])
    done = train("smollm2_cpu_dpo.py", *OPTIONS)
    assert done.returncode == 2 and "第0题的答案是？" in done.stderr, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (None, "make sample"),
        ([], "make sample"),
        ([{"id": "x", "prompt": [{"role": "user", "content": "问"}], "chosen": []}], "第1行"),
        ([{"id": "x", "prompt": [], "chosen": "a", "rejected": "b"}], "第1行"),
    ],
)
def test_what_is_no_pairs_is_one_line(
    train: Callable, data: Path, pairs: list | None, said: str
) -> None:
    (data / "pairs.jsonl").unlink()
    if pairs is not None:
        write_jsonl(data / "pairs.jsonl", pairs)
    done = train("smollm2_cpu_dpo.py", *OPTIONS)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
