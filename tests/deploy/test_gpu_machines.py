"""Six verbs on eight machines that only show their GPUs: what each says, which command would run.

Driver 550 and 580, one GPU and eight, of 24 and of 80 GB; InternLM2 in 7B and 20B. In this process,
with nothing started: what starts them through make is in test_gpu_commands.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands import evaluate
from commands.options import Given
from commands.places import Places
from commands.run import Runner
from core import gpu
from core.errors import UserError
from core.files import ROOT, read_json
from deploy import doctor, engines, environments, fit, lmdeploy_quantize, plan, quantize
from deploy.models import Model
from tests.deploy.test_gpu import big
from train import launch, preflight, recipes

sys.path.insert(0, str(ROOT / "requirements"))
import install

SIZES = {"7b": 15.5e9, "20b": 39.7e9, "7b int4": 5.2e9}
MACHINES = [
    (driver, gpus, memory)
    for driver in ("550.54.15", "580.65.06")
    for gpus in (1, 8)
    for memory in (24564, 81559)
]
RECIPES = {"7b": "internlm2_qlora.py", "20b": "internlm2_20b_qlora.py"}


@dataclass
class Machine:
    driver: str
    gpus: int
    memory: int
    folder: Path

    @property
    def large(self) -> bool:
        return self.memory > 80000

    @property
    def cuda(self) -> tuple[str, str]:
        return ("CUDA12", "2.10") if self.driver.startswith("550") else ("CUDA13", "2.13")

    def settings(self, size: str) -> dict[str, Any]:
        """The recipe of ``size`` with data and base there."""
        named = {"data": str(self.folder / "data")}
        named["pretrained_model_name_or_path"] = str(self.folder / size)
        return recipes.load(recipes.find(RECIPES[size]), named).settings.to_dict()


@pytest.fixture(params=MACHINES, ids=lambda m: f"{m[0][:3]}-{m[1]}x{m[2] // 1000}GB")
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    driver, gpus, memory = request.param
    name = "NVIDIA A100-SXM4-80GB" if memory > 80000 else "NVIDIA GeForce RTX 4090"
    shown = {"driver": driver, "gpus": gpus, "memory_mb": memory, "gpu": name, "cap": "8.0"}
    become(tmp_path, monkeypatch, **shown)
    yield Machine(driver, gpus, memory, tmp_path)
    gpu.once.cache_clear()


def become(folder: Path, monkeypatch: pytest.MonkeyPatch, **shown: Any) -> None:
    """Let ``nvidia-smi`` show this, and ``folder`` hold the models and the data."""
    monkeypatch.setenv("PATH", f"{ROOT / 'tests' / 'bin'}:/usr/bin:/bin")
    for key, value in shown.items():
        monkeypatch.setenv(f"FAKE_{key.upper()}", str(value))
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.setenv(name, "")  # what is set in a test goes with it
        monkeypatch.delenv(name)
    gpu.once.cache_clear()
    for size, taken in SIZES.items():
        big(folder / size, taken)
    turn = {"system": "简答。", "input": "问", "output": "答"}
    (folder / "data").mkdir()
    (folder / "data" / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")


# Machines of another kind: what nvidia-smi shows; torch and dtype of training; GPUs of a 7B and a
# 20B (0: refused, with the way out); which columns of an evaluation run together, on which GPUs.
FURTHER = {
    "2 × 24 GB, driver 535": (
        {"driver": "535.183.01", "gpus": 2, "memory_mb": 24564},
        ("2.10", "bfloat16"), (1, 2), [["0", "1"]],
    ),
    "T4": (
        {"driver": "535.183.01", "memory_mb": 15360, "cap": "7.5", "gpu": "Tesla T4"},
        ("2.10", "float16"), (0, 0), [["tuned"], ["base"]],
    ),
    "H200, driver 570": (
        {"driver": "570.124.06", "memory_mb": 143771, "cap": "9.0", "gpu": "NVIDIA H200"},
        ("2.10", "bfloat16"), (1, 1), [["tuned", "base"]],
    ),
    "4 × 40 GB, one in use": (
        {"driver": "550.90.07", "gpus": 4, "memory_mb": 40960, "cap": "8.0", "busy": "0"},
        ("2.10", "bfloat16"), (1, 2), [["1", "2"]],
    ),
    "V100, driver 580": (
        {"memory_mb": 32768, "cap": "7.0", "gpu": "Tesla V100-SXM2-32GB"},
        ("2.10", "float16"), (1, 0), [["tuned"], ["base"]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FURTHER)
def test_machines_of_other_kinds(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, (torch, dtype), spread, together = FURTHER[name]
    become(tmp_path, monkeypatch, **shown)
    gpu.prefer_free()  # as train, deploy and quantize begin
    here = Machine(shown.get("driver", ""), shown.get("gpus", 1), shown["memory_mb"], tmp_path)
    said = preflight.plan(RECIPES["7b"], here.settings("7b"), launch.Where())
    assert dtype in said and f"train-448 (torch {torch}, CUDA12)" in said, said
    assert preflight.tight(here.settings("7b")) is None
    if "busy" in shown:
        assert "GPU 0" in str(preflight.tight(here.settings("7b"), here.gpus))
    engine = engines.choose("auto")
    for size, tp in zip(("7b", "20b"), spread, strict=True):
        model, values = Model(tmp_path / size, size), engine.settings()
        if tp:
            engine.suits(model, values, None)
            assert engine.fitted(model, values, None, 0.0)["tp"] == tp
        else:
            four = (size, name) != ("20b", "T4")  # 4 bits of a 20B are too large for it too
            with pytest.raises(UserError, match="ROLE=int4" if four else r"GB; [^;]*BACKEND=cpu$"):
                engine.suits(model, values, None)
    int4 = Model(tmp_path / "7b int4", "int4")
    assert engine.fitted(int4, engine.settings(), None, 0.0)["tp"] == 1
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)  # the plan looks at all of them
    wanted = {role: Model(tmp_path / "7b", role) for role in ("tuned", "base")}
    found = plan.groups(wanted, engine, {"tuned": 1, "base": 2}, {})
    groups = [[one["devices"] or one["role"] for one in group] for group in found]
    assert groups == together
    gpu.once.cache_clear()


def test_doctor(machine: Machine) -> None:
    said = doctor.table()
    cuda, torch = machine.cuda
    assert said.count("NVIDIA A100" if machine.large else "GeForce") == machine.gpus
    assert f"{cuda[:4]} {cuda[4:]} (torch {torch})" in said
    fits = ("20B", "20B") if machine.large else ("7B", "7B")
    assert f"trains up to {fits[0]}" in said and f"serves up to {fits[1]}" in said
    assert "bfloat16" in said


@pytest.mark.parametrize("size", RECIPES)
def test_preflight(machine: Machine, size: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = machine.settings(size)
    preflight.check(RECIPES[size], settings)
    base = f"pretrained_model_name_or_path={machine.folder / size}"
    preflight.ready(RECIPES[size], machine.folder / "data", [base], launch.Where())
    short = size == "20b" and not machine.large  # 27 GB of 25.8: said, no reason to stop
    assert ("note: the recipe takes about 27 GB" in capsys.readouterr().out) == short
    where = launch.Where(gpus=8)
    if machine.gpus == 8:
        preflight.check(RECIPES[size], settings, where)
    else:
        with pytest.raises(UserError, match=r"GPUS=8.*1 GPU"):
            preflight.check(RECIPES[size], settings, where)


def test_train(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan, the environment that is made for it, and the processes of ``GPUS=8``."""
    cuda, torch = machine.cuda
    where = launch.Where(gpus=machine.gpus)
    said = preflight.plan(RECIPES["7b"], machine.settings("7b"), where)
    counted = f"{machine.gpus} / {machine.gpus} × NVIDIA"
    for part in ("LoRA NF4", "bfloat16", counted, "14 GB", f"train-448 (torch {torch}, {cuda})"):
        assert part in said, said
    made = install.inputs("train-448", install.cuda_line("train-448"))
    assert ("cuda12" in made) == (cuda == "CUDA12")
    given = Given({"GPUS": str(machine.gpus), "WORK_DIRS": str(machine.folder)})
    place = Places(given)
    assert place.train_stage() == "train-448"
    line = launch.torchrun(Path(place.run), where)
    assert f"--nproc-per-node={machine.gpus}" in line and line[-3:-1] == ["worker", "--work-dir"]
    assert where.alone == (machine.gpus == 1)


@pytest.mark.parametrize("size", RECIPES)
def test_deploy(machine: Machine, size: str) -> None:
    engine = engines.choose("auto")
    assert engine.name == "turbomind"
    model, values = Model(machine.folder / size, "named"), engine.settings()
    if size == "20b" and not machine.large and machine.gpus == 1:
        with pytest.raises(UserError, match=r"46\.0 GB.*1 × 25\.8 GB.*ROLE=int4"):
            engine.suits(model, values, None)
        return
    engine.suits(model, values, None)
    values = engine.fitted(model, values, None, 0.0)
    line = engine.command(model.path, "named", "127.0.0.1", 23333, values, Path("none"))
    assert line[0] == str(environments.VENVS / "turbomind" / "bin" / "python")
    assert line[1:5] == ["-m", "deploy.turbomind", "serve", "api_server"]
    flags = dict(pairwise(line))
    tp = "2" if size == "20b" and not machine.large else "1"
    assert flags["--tp"] == tp and flags["--backend"] == "turbomind"
    assert flags["--cache-max-entry-count"] == "0.8" and flags["--server-port"] == "23333"


def test_quantize(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """By LMDeploy on the GPU, in TurboMind's environment; measured by TurboMind, or where the GPUs
    do not hold the 16-bit model by the CPU engine: that model is why it is quantised."""
    ran: list[list[str]] = []
    monkeypatch.setattr(environments, "make", lambda stage: ran.append([stage]))
    monkeypatch.setattr(quantize, "run_logged", lambda line, log: ran.append(line))
    work, folder, engine = machine.folder / "work", machine.folder / "7b", engines.choose("auto")
    work.mkdir()
    by = quantize.measured_by(folder, engine)
    data, out = machine.folder / "data", work / "awq"
    made = quantize.build(folder, folder, out, "awq", 128, data, work, by)
    assert engine.formats[0] == "awq" and by.name == "turbomind" and made == out
    assert ran[0] == ["turbomind"]
    python = str(environments.VENVS / "turbomind" / "bin" / "python")
    assert ran[1] == [python, "-m", "deploy.lmdeploy_quantize", str(work / "lite.json")]
    spec = read_json(work / "lite.json")
    assert spec["device"] == "cuda" and spec["format"] == "awq" and spec["plain"] == ""
    small = machine.gpus == 1 and not machine.large
    large = quantize.measured_by(machine.folder / "20b", engine)
    assert large.name == ("cpu" if small else "turbomind")
    assert quantize.measured_by(folder, engines.of("cpu")).name == "cpu"


@pytest.mark.parametrize(("cap", "dtype"), [("9.0", "auto"), ("7.5", "float16")])
def test_awq_is_calibrated_in_the_models_own_dtype_where_the_gpu_has_it(
    cap: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qwen2-class activations overflow in float16, and spoil their layer's scales."""
    monkeypatch.setenv("PATH", f"{ROOT / 'tests' / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("FAKE_CAP", cap)
    gpu.once.cache_clear()
    assert lmdeploy_quantize.dtype("cuda") == dtype and lmdeploy_quantize.dtype("cpu") == "float16"
    gpu.once.cache_clear()


def test_eval(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """In turn on one GPU of 24 GB, each with its part of one of 80, one a GPU on eight."""
    wanted = {
        role: Model(machine.folder / size, role)
        for role, size in (("tuned", "7b"), ("base", "7b"), ("int4", "7b int4"))
    }
    ports = {"tuned": 23342, "base": 23341, "int4": 23343}
    engine = engines.choose("auto")
    groups = plan.groups(wanted, engine, ports, {})
    roles = [[one["role"] for one in group] for group in groups]
    alone = machine.gpus == 1 and not machine.large
    assert roles == ([["tuned"], ["base"], ["int4"]] if alone else [["tuned", "base", "int4"]])
    begun: list[tuple[list[str], dict[str, str]]] = []
    runner = Runner(False, {})
    process = SimpleNamespace(wait=lambda: 0, kill=lambda: None)
    monkeypatch.setattr(runner, "begin", lambda line, **more: begun.append((line, more)) or process)
    given = Given({"WORK_DIRS": str(machine.folder), "INT4": "shipped"})
    deploy = evaluate.Deploy(runner, given, Places(given))
    for group in groups:
        deploy.start(group, {"backend": "turbomind", "at_once": not engine.needs_gpu})
    for number, ((line, more), port) in enumerate(zip(begun, ports.values(), strict=True)):
        assert line[1:4] == ["-m", "deploy", "start"] and f"--port={port}" in line
        assert "--backend=turbomind" in line and "--for=eval-23342" in line
        assert more == ({"CUDA_VISIBLE_DEVICES": str(number)} if machine.gpus > 1 else {})
    budgets = [float(w[9:]) for line, _ in begun for w in line if w.startswith("--budget=")]
    if machine.gpus == 1 and machine.large:
        assert len(budgets) == 3 and sum(budgets) <= fit.SAFE * machine.memory * 2**20 / 1e9 + 0.2
        shares = [
            engine.fitted(one, engine.settings(), None, budget)
            for one, budget in zip(wanted.values(), budgets, strict=True)
        ]
        assert max(one["cache_max_entry_count"] for one in shares) < 0.5
    else:
        assert not budgets, "all that is free"
