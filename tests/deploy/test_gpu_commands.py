"""What a GPU user's commands would run, through make, on a machine that only shows a GPU: the plan,
the engine, the memory, in the right order. TurboMind and the training interpreter note how they
were called and end; nothing is trained or served here."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.files import write_json
from deploy import models
from tests.deploy import helper
from tests.deploy.test_gpu import big

NOTES = """#!/bin/sh
echo "$*" >> "{log}"
exit {code}
"""
STAMP = """
import sys
sys.path.insert(0, "requirements")
import install
print(install.stamp_of(install.inputs(sys.argv[1], install.cuda_line(sys.argv[1]))))
"""


@dataclass
class Machine:
    """A machine with a trained and merged "7B" in ``run``, whose environments count as made."""

    folder: Path
    own: dict[str, str]

    @property
    def run(self) -> Path:
        return self.folder / "work" / "gongkao" / "internlm2_qlora"

    def make(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``make WORDS`` for the 7B recipe with this machine's data, base and ports."""
        given = [f"WORK_DIRS={self.folder / 'work'}", f"DATA={self.folder / 'data'}"]
        given += ["CONFIG=internlm2_qlora.py", f"PORT={helper.free_port()}"]
        base = f"OVERRIDE=pretrained_model_name_or_path={self.folder / 'base'}"
        return subprocess.run(
            ["make", *given, base, *words],
            env=self.own, cwd=helper.ROOT, capture_output=True, text=True,
        )  # fmt: skip

    def calls(self, stage: str) -> list[str]:
        """How the interpreter of ``stage`` was called."""
        log = self.folder / f"{stage}.log"
        return log.read_text().splitlines() if log.is_file() else []

    def known(self, folder: Path, *caches: Path) -> None:
        """Note ``folder``'s content hash where it is looked up: hashing holes takes a while."""
        seen = {f.name: [f.stat().st_size, f.stat().st_mtime_ns] for f in models.files(folder)}
        for cache in caches:
            write_json(cache, {"path": str(folder), "version": "known", "files": seen})


def machine(folder: Path, size: float = 15.5e9, **shown: object) -> Machine:
    for stage in ("core", "serve", "eval"):
        if not (helper.VENVS / stage).exists():
            pytest.skip(f"没有环境 no environment '{stage}': make env-{stage}")
    path = f"{helper.ROOT / 'tests' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    kept = {key: text for key, text in os.environ.items() if not key.startswith("TIKUFORGE")}
    fakes = {f"FAKE_{name.upper()}": str(value) for name, value in shown.items()}
    own = {**kept, "PATH": path, "TIKUFORGE_VENVS": str(folder / "venvs"), "UV_OFFLINE": "1"}
    made = Machine(folder, {**own, **fakes})
    for stage in ("core", "serve", "eval"):
        (folder / "venvs").mkdir(exist_ok=True, parents=True)
        (folder / "venvs" / stage).symlink_to((helper.VENVS / stage).resolve())
    for stage, code in (("train-448", 0), ("turbomind", 1)):
        python = folder / "venvs" / stage / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(NOTES.format(log=folder / f"{stage}.log", code=code))
        python.chmod(0o755)
        stamp = subprocess.run(
            ["python3", "-c", STAMP, stage], env=made.own, cwd=helper.ROOT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        (folder / "venvs" / stage / ".installed").write_text(stamp.stdout.strip())
    turn = {"system": "简答。", "input": "世界上最大的宫殿是？", "output": "故宫"}
    (folder / "data").mkdir()
    (folder / "data" / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    big(folder / "base", size)
    big(made.run / "merged", size)
    data = str(folder / "data")
    write_json(made.run / "run.json", {"base": str(folder / "base"), "data": data})
    return made


KINDS = [
    # driver, GPUs, MiB of each → CUDA line of training, torch, columns of the evaluation
    ("550.54.15", 1, 24564, "2.10, CUDA12", "tuned → base"),
    ("580.65.06", 8, 24564, "2.13, CUDA13", "tuned, GPU 0 + base, GPU 1"),
    ("550.54.15", 8, 81559, "2.10, CUDA12", "tuned, GPU 0 + base, GPU 1"),
    ("580.65.06", 1, 81559, "2.13, CUDA13", "tuned, [0-9.]+ GB \\+ base, [0-9.]+ GB"),
]


@pytest.mark.parametrize(("driver", "gpus", "memory", "torch", "columns"), KINDS[:1])
def test_make_train_says_its_plan_and_calls_the_right_environment(
    tmp_path: Path, driver: str, gpus: int, memory: int, torch: str, columns: str
) -> None:
    here = machine(tmp_path, driver=driver, gpus=gpus, memory_mb=memory)
    done = here.make("train")
    assert done.returncode == 0, done.stderr
    (plan,) = [line for line in done.stdout.splitlines() if "plan:" in line]
    for part in (
        "LoRA NF4",
        "bfloat16",
        f"1 / {gpus} ×",
        driver,
        "14 GB",
        f"train-448 (torch {torch}",
    ):
        assert part in plan, plan
    first, second = here.calls("train-448")
    assert first.startswith("-m train run internlm2_qlora.py")
    assert second.startswith("-m train adapter --work-dir")


@pytest.mark.slow
@pytest.mark.parametrize(("driver", "gpus", "memory", "torch", "columns"), KINDS)
def test_the_commands_of_a_gpu_user_in_their_order(
    tmp_path: Path, driver: str, gpus: int, memory: int, torch: str, columns: str
) -> None:
    here = machine(tmp_path, driver=driver, gpus=gpus, memory_mb=memory)
    said = here.make("doctor").stdout
    assert said.count("GeForce") == gpus and f"CUDA {torch[-2:]}" in said
    trained = here.make("train")
    assert trained.returncode == 0 and f"torch {torch}" in trained.stdout, trained.stderr
    assert here.make("merge").returncode == 0
    assert [line.split()[2] for line in here.calls("train-448")] == ["run", "adapter", "merge"]

    servers = here.folder / "work" / "servers"
    ready = (here.run / "turbomind.version.json", here.run / "quantized.source.json")
    port, tuned = helper.free_port(), helper.free_port()
    ports = [servers / f"{number}.version.json" for number in (port, tuned)]
    here.known(here.run / "merged", *ready, *ports)
    served = here.make("deploy", f"PORT={port}")
    assert served.returncode == 2 and "server ended while starting" in served.stderr
    (line,) = [text for text in served.stdout.splitlines() if "命令 command:" in text]
    for part in (
        "--backend turbomind",
        "--tp 1",
        "--cache-max-entry-count 0.8",
        f"--server-port {port}",
    ):
        assert part in line, line

    asked = here.make("eval", f"TUNED_PORT={tuned}", f"BASE_PORT={helper.free_port()}", "RAG=0")
    (plan,) = [text for text in asked.stdout.splitlines() if "plan:" in text]
    assert re.search(columns.replace("+", "\\+") if "[" not in columns else columns, plan), plan
    assert asked.returncode == 2 and not [f for f in servers.glob("*.json") if f.stem.isdigit()]

    fewer = here.make("quantize")
    assert "量化前 before (bf16)" in fewer.stdout and "turbomind" in fewer.stdout, fewer.stderr
    assert "命令 command:" in fewer.stdout and fewer.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(("gpus", "memory", "tp"), [(1, 24564, 0), (8, 24564, 2), (1, 81559, 1)])
def test_a_20b_takes_the_gpus_that_it_needs_or_is_refused_first(
    tmp_path: Path, gpus: int, memory: int, tp: int
) -> None:
    here = machine(tmp_path, size=40e9, gpus=gpus, memory_mb=memory)
    port = helper.free_port()
    cache = here.folder / "work" / "servers" / f"{port}.version.json"
    here.known(here.run / "merged", here.run / "turbomind.version.json", cache)
    served = here.make("deploy", f"PORT={port}")
    assert served.returncode == 2
    if tp:
        assert f"--tp {tp} " in served.stdout, served.stdout
    else:
        assert "GPU memory" in served.stderr and "命令 command" not in served.stdout


def test_without_a_gpu_each_command_says_what_is_missing_in_one_line(tmp_path: Path) -> None:
    here = machine(tmp_path, fail="No devices were found")
    for words, said in (
        (("train",), "No devices were found"),
        (("deploy", "BACKEND=turbomind"), "BACKEND=auto"),
    ):
        done = here.make(*words)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
        assert done.returncode == 2 and len(lines) == 1 and said in lines[0], done.stderr
    assert not here.calls("train-448") and not here.calls("turbomind")
    for count in ("0", "many"):
        done = here.make("eval", f"BASE_QUESTIONS={count}")
        assert done.returncode == 2 and not done.stdout and "BASE_QUESTIONS=" in done.stderr
