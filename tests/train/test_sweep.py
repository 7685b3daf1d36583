"""Many runs of one recipe: what is tried, which is best, and that a stopped sweep goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import read_json, read_jsonl, write_json, write_jsonl
from tests.forks import Zygote
from train import sweep


def test_a_space_is_every_combination_of_it() -> None:
    points = sweep.grid(["lr=5e-4,1e-3", "lora_layers=[0,1],None", "lora_r=8,8"])
    assert [" ".join(point) for point in points] == [
        f"lr={lr} lora_layers={layers} lora_r=8"
        for lr in ("5e-4", "1e-3")
        for layers in ("[0,1]", "None")
    ]
    assert len({sweep.folder(point) for point in points}) == 4
    assert all("/" not in sweep.folder([f"load_from=a/b{n}"]) for n in range(2))


@pytest.mark.parametrize(
    "space",
    [
        ["lr"],
        ["lr=1,,2"],
        ["lr="],
        ["lr=1", "lr=2"],
        ["lr=" + ",".join("1" * n for n in range(1, 66))],
    ],
)
def test_what_is_no_space_is_said(space: list[str]) -> None:
    with pytest.raises(UserError):
        sweep.grid(space)


def run_of(folder: Path, status: str, losses: list[float]) -> None:
    """What a run leaves."""
    state = {
        **dict.fromkeys(("config", "data_file", "rows", "steps", "seconds", "key"), 1),
        **dict.fromkeys(("tokens", "tokens_per_second"), 1),
        **dict.fromkeys(("answer_tokens", "answer_tokens_per_second"), 1),
        "loss": 0.5,
        "status": status,
        "settings": {"best_by": "loss"},
        "made_with": {"device": "x", "cpus": 1, "commit": "x", "packages": {}},
    }
    write_json(folder / "run.json", state)
    lines = [json.dumps({"iter": n, "loss": loss}) + "\n" for n, loss in enumerate(losses, 1)]
    (folder / "eval_loss.jsonl").write_text("".join(lines))


def test_the_best_evaluation_wins_and_its_card_says_of_how_many(tmp_path: Path) -> None:
    points = sweep.grid(["lr=1,2,3,4"])
    runs = [("trained", [0.9, 0.4, 0.8]), ("trained", [0.5, 0.45]), ("running", [0.1])]
    for point, (status, losses) in zip(points, runs, strict=False):
        run_of(tmp_path / sweep.folder(point), status, losses)
    found, best = sweep.compared("x.py", points, tmp_path)
    assert best["options"] == ["lr=1"] and best["best"] == {"iter": 2, "loss": 0.4}
    assert [run["status"] for run in found] == ["trained", "trained", "failed", "failed"]
    made = read_json(tmp_path / sweep.FILE)
    assert made["tried"] == 4 and made["winner"] == "lr=1" and len(made["runs"]) == 4
    cards = [(tmp_path / f"lr={n}" / "card.md").read_text("utf-8") for n in (1, 2)]
    assert "4: ['lr=1']" in cards[0] and "['lr=" not in cards[1]
    run_of(tmp_path / "lr=2", "trained", [0.3])
    sweep.compared("x.py", points, tmp_path)
    cards = [(tmp_path / f"lr={n}" / "card.md").read_text("utf-8") for n in (1, 2)]
    assert "['lr=" not in cards[0] and "4: ['lr=2']" in cards[1]
    lines = sweep.table(found, best).splitlines()
    assert lines[1].startswith("* lr=1") and len(lines) == 5
    with pytest.raises(UserError):
        sweep.compared("x.py", [["lr=9"]], tmp_path)


@pytest.mark.slow
def test_a_sweep_of_the_tiny_model(
    zygote: Zygote, argv: Callable, data: Path, tmp_path: Path
) -> None:
    line = argv("sweep", "smollm2_cpu_qlora.py", "max_epochs=2", "batch_size=4")
    line[2:2] = ["--space", "lr=1e-5,1e-3"]
    empty = zygote(*line)
    assert empty.returncode == 2 and "eval.jsonl" in empty.stderr
    write_jsonl(data / "eval.jsonl", list(read_jsonl(data / "train.jsonl"))[:5])
    typo = zygote(*line[:3], "lrr=1", *line[4:])
    assert typo.returncode == 2 and "'lrr'" in typo.stderr
    done = zygote(*line)
    assert done.returncode == 0, done.stderr[-2000:]
    made = read_json(tmp_path / "run" / sweep.FILE)
    assert made["winner"] == "lr=1e-3" and made["tried"] == 2
    winner = tmp_path / "run" / "lr=1e-3"
    assert (winner / "adapter" / "adapter_model.safetensors").is_file()
    assert "2: ['lr=1e-3']" in (winner / "card.md").read_text("utf-8")
    first = (winner / "loss.jsonl").stat().st_mtime_ns
    again = zygote(*line)
    assert again.returncode == 0 and (winner / "loss.jsonl").stat().st_mtime_ns == first
