"""The train environment, a tiny model, a small data set, and cheap training processes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import ROOT, write_jsonl
from tests.forks import VENVS, Zygote

PYTHON = VENVS / "train" / "bin" / "python"
HERE = Path(__file__).parent


def environment() -> dict[str, str]:
    # One thread: models are tiny, and tests run beside each other.
    own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    return {**os.environ, **own, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    if not PYTHON.exists():
        pytest.skip("no train environment (python3 requirements/install.py train)")
    made = Zygote("train", tmp_path_factory.mktemp("zygote"), environment())
    yield made
    made.end()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, zygote: Zygote) -> Path:
    """A tiny llama with InternLM2's conventions."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    done = zygote(str(HERE / "tiny.py"), str(folder))
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def printed(zygote: Zygote, script: str, *argv: Path) -> dict[str, Any]:
    """What a script of this folder measures: its last line."""
    done = zygote(str(HERE / script), *map(str, argv))
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def probed(tiny: Path, zygote: Zygote) -> dict[str, Any]:
    """What ``probe.py`` measures on the tiny model, in one process."""
    return printed(zygote, "probe.py", tiny)


def pair(row: dict[str, Any]) -> dict[str, Any]:
    """A row's answer over a wrong one, as ``make sample`` writes it."""
    turn = row["conversation"][0]
    prompt = [{"role": "system", "content": turn["system"]}]
    prompt += [{"role": "user", "content": turn["input"]}]
    answers = {"chosen": turn["output"], "rejected": "不知道，大概是别的吧"}
    sides = {name: [{"role": "assistant", "content": text}] for name, text in answers.items()}
    return {"id": f"p-{row['id']}", "prompt": prompt, **sides, "source": {"made": "sampled"}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """24 rows in the contract's format, some with fields that others lack, and a pair of each."""
    rows: list[dict[str, Any]] = []
    for number in range(24):
        row: dict[str, Any] = {"id": f"t-{number:06d}", "kind": "qa", "group": f"g-{number:05d}"}
        turn = {"system": "简答。", "input": f"第{number}题的答案是？", "output": f"答案{number}"}
        row["conversation"] = [turn]
        if number % 5 == 0:
            row |= {"kind": "single", "options": {"A": "甲", "B": "乙"}, "answer": "A"}
        rows.append(row)
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    write_jsonl(tmp_path / "data" / "pairs.jsonl", map(pair, rows))
    return tmp_path / "data"


@pytest.fixture
def argv(tiny: Path, data: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """``argv(command, config, *overrides, work_dir=…, **flags)`` on the tiny model and the CPU."""

    def make(command: str, config: str, *overrides: str, work_dir: str = "run", **flags: str):
        line = [command, config, "--domain", "gongkao"]
        line += ["--data", str(data), "--work-dir", str(tmp_path / work_dir)]
        for name, value in flags.items():
            line += [f"--{name}"] + ([value] if value else [])
        base = [f"pretrained_model_name_or_path={tiny}", "device=cpu", "lora_layers=None"]
        return [*line, "--override", *base, *overrides]

    return make


@pytest.fixture
def train(zygote: Zygote, argv: Callable[..., list[str]]) -> Callable[..., Any]:
    """``train(config, *overrides, wait=True, limit=0, **flags)``: a run of the tiny model."""

    def run(config: str, *overrides: str, wait: bool = True, limit: int = 0, **flags: str):
        process = zygote.start(argv("run", config, *overrides, **flags), limit)
        return process.completed() if wait else process

    return run
