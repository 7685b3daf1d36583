"""What a machine with a GPU does, on one that only shows one (tests/bin/nvidia-smi): which engine,
which command, how much memory, in which order; and the proof of the hand-over for TurboMind."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core import gpu
from core.errors import UserError
from core.files import write_json
from deploy import doctor, engines, fit, plan, preflight
from tests.deploy import helper
from tests.deploy.helper import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = helper.make(tmp_path / "served")
    yield made
    made.stop_all()


def log(folder: Path) -> list[dict]:
    file = folder / "gpu.log"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


@pytest.mark.parametrize(
    ("named", "seen"),
    [(None, [0, 1, 2]), ("", []), ("-1", []), ("2,0", [2, 0]), ("7", []), ("GPU-8f1c", [0, 1, 2])],
)
def test_only_the_gpus_that_are_named_are_used(
    monkeypatch: pytest.MonkeyPatch, named: str | None, seen: list[int]
) -> None:
    if named is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    every = [replace(gpu.parse("A, 550.54.15, 24576, 24000, 9"), index=n) for n in range(3)]
    assert [one.index for one in gpu.visible(every)] == seen
    assert every[0].capability == (9, 0), "a number without a point"


@pytest.mark.parametrize(
    ("named", "busy", "order"),
    [
        ("0,1,2,3", "0", "1,2,3,0"),
        ("0,1,2,3", "", "0,1,2,3"),
        ("2,3", "2", "3,2"),
        ("GPU-8f1c", "0", "GPU-8f1c"),
    ],
)
def test_a_gpu_that_somebody_uses_is_taken_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, busy: str, order: str
) -> None:
    """Its 2 GB were what `make deploy` saw of four GPUs with 43 GB each, and refused."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    show(monkeypatch, gpus=4, memory_mb=40960, busy=busy)
    gpu.prefer_free()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == order
    if named != order:
        values = engines.of("turbomind").settings()
        assert fit.settle(big(tmp_path / "m", 15.5e9), values, None, 0.0)["tp"] == 1
    if "-" not in named:
        gpu.prefer_free(most=1)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == order.partition(",")[0]
    gpu.once.cache_clear()


def test_deploy_on_a_gpu_is_turbomind_with_its_hand_over_proved(room: Room, tmp_path: Path) -> None:
    env = helper.gpu_environment(tmp_path, driver="550.54.15")
    done = room.deploy("start", "--work-dir", room.run, "--port", room.port, env=env)
    assert done.returncode == 0, done.stderr
    assert "serve api_server" in done.stdout and "--backend turbomind" in done.stdout
    assert "(turbomind)" in done.stdout and room.record()["backend"] == "turbomind"
    proof = json.loads((room.run / "merged.served.json").read_text())
    assert proof["engine"] == "turbomind" and proof["prompt_ids_equal"]
    assert proof["greedy_equal"] == 3
    assert log(tmp_path)[0]["argv"][log(tmp_path)[0]["argv"].index("--tp") + 1] == "1"


@pytest.mark.slow  # its quick neighbour: test_server's other template and other weights
def test_a_server_that_reads_other_tokens_is_stopped_and_said(room: Room, tmp_path: Path) -> None:
    env = helper.gpu_environment(tmp_path) | {"GPU_ENGINE_WRONG": "bos"}
    done = room.deploy("start", "--work-dir", room.run, "--port", room.port, env=env)
    assert done.returncode == 2 and "other prompt tokens" in done.stderr
    assert not room.record() and not (room.run / "merged.served.json").exists()
    assert [one["what"] for one in log(tmp_path)] == ["start", "end"]


@pytest.mark.slow
def test_a_near_tie_between_two_calls_is_no_other_prompt(room: Room, tmp_path: Path) -> None:
    """A prompt in the prefix cache is computed by other kernels than the one before it."""
    env = helper.gpu_environment(tmp_path) | {"GPU_ENGINE_WRONG": "tie"}
    done = room.deploy("start", "--work-dir", room.run, "--port", room.port, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_folder_whose_ids_are_not_those_of_training_is_said(room: Room, tmp_path: Path) -> None:
    from core.files import sha256

    data = tmp_path / "data"
    data.mkdir()
    turn = {"system": helper.SYSTEM, "input": "世界上最大的宫殿是？", "output": "故宫"}
    (data / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    write_json(room.run / "run.json", {"base": str(room.run / "merged"), "data": str(data)})
    note = {"data_sha256": sha256(data / "train.jsonl"), "prompts": [{"ids": [1, 2, 3]}]}
    write_json(room.run / "merged" / "handover.json", note)
    env = helper.gpu_environment(tmp_path)
    done = room.deploy("start", "--work-dir", room.run, "--port", room.port, env=env)
    assert done.returncode == 2 and "than in training" in done.stderr


@pytest.mark.parametrize(("memory", "gpus", "tp"), [(24564, 1, None), (24564, 8, "2"),
                                                    (81559, 1, "1"), (81559, 8, "1")])  # fmt: skip
def test_a_model_is_spread_over_as_many_gpus_as_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int, gpus: int, tp: str | None
) -> None:
    show(monkeypatch, memory_mb=memory, gpus=gpus)
    folder = big(tmp_path / "m", 26e9)
    values = engines.of("turbomind").settings()
    if tp is None:
        with pytest.raises(UserError, match="ROLE=int4"):
            fit.settle(folder, values, None, 0.0)
    else:
        assert fit.settle(folder, values, None, 0.0)["tp"] == int(tp)


def test_gpus_that_are_named_and_not_there_and_heads_that_do_not_divide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong number meant the CPU without a word, TP=3 an assertion once the model was loaded."""
    show(monkeypatch, memory_mb=81559, gpus=8)
    values = engines.of("turbomind").settings()
    with pytest.raises(UserError, match=r"TP=3.*32"):
        fit.settle(big(tmp_path / "m", 15e9), values, 3, 0.0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "9")
    gpu.once.cache_clear()
    assert gpu.gpus() == () and "CUDA_VISIBLE_DEVICES=9" in gpu.trouble()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # somebody wants none
    gpu.once.cache_clear()
    assert gpu.gpus() == () and gpu.trouble() == ""


def show(monkeypatch: pytest.MonkeyPatch, **shown: object) -> None:
    from core import gpu

    monkeypatch.setenv("PATH", f"{helper.ROOT / 'tests' / 'bin'}:/usr/bin:/bin")
    for name, value in shown.items():
        monkeypatch.setenv(f"FAKE_{name.upper()}", str(value))
    monkeypatch.setattr(gpu, "gpus", gpu.present)  # uncached: the next test shows another machine


def big(folder: Path, size: float) -> Path:
    """A folder in InternLM2-7B's shape with ``size`` bytes of weights (a file with a hole)."""
    folder.mkdir(parents=True)
    write_json(folder / "config.json", {
        "architectures": ["InternLM2ForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
    })  # fmt: skip
    helper.weights(folder / "model.safetensors", int(size))
    return folder


def groups(tmp_path: Path, sizes: dict[str, float]) -> list[list[dict]]:
    from deploy.models import Model

    made = {role: Model(big(tmp_path / role, size), role) for role, size in sizes.items()}
    ports = {"tuned": 23342, "base": 23341, "int4": 23343}
    return plan.groups(made, engines.of("turbomind"), ports, {})


SIZES = {"tuned": 15.5e9, "base": 15.5e9, "int4": 5e9}


def test_columns_of_a_7b_go_in_turn_on_24_gb_together_on_80_and_one_a_gpu_on_eight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(monkeypatch, memory_mb=24564)
    turns = groups(tmp_path / "a", SIZES)
    assert [[one["role"] for one in group] for group in turns] == [["tuned"], ["base"], ["int4"]]
    show(monkeypatch, memory_mb=81559, gpu="NVIDIA A100-SXM4-80GB")
    (together,) = groups(tmp_path / "b", SIZES)
    assert sum(one["budget"] for one in together) <= 81559 * 2**20 / 1e9
    values = engines.of("turbomind").settings()
    shares = [
        fit.settle(tmp_path / "b" / one["role"], values, None, one["budget"])[
            "cache_max_entry_count"
        ]
        for one in together
    ]
    assert max(shares) < 0.5, "each takes but its part of what is free"
    show(monkeypatch, memory_mb=24564, gpus=8)
    (apart,) = groups(tmp_path / "c", SIZES)
    assert [one["devices"] for one in apart] == ["0", "1", "2"]


def test_internlm3_is_refused_before_the_quantiser_runs(tmp_path: Path) -> None:
    folder = big(tmp_path / "m", 1)
    assert preflight.lite(folder, 128)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**config, "architectures": ["InternLM3ForCausalLM"]})
    with pytest.raises(UserError, match="InternLM3"):
        preflight.lite(folder, 128)


@pytest.mark.parametrize(("driver", "build", "gpus", "memory", "size"), [
    ("550.54.15", "CUDA 12 (torch 2.10)", 1, 24564, "7B"),
    ("580.65.06", "CUDA 13 (torch 2.13)", 8, 81559, "20B"),
])  # fmt: skip
def test_doctor_says_driver_cuda_and_what_fits(
    room: Room, tmp_path: Path, driver: str, build: str, gpus: int, memory: int, size: str
) -> None:
    env = helper.gpu_environment(tmp_path, driver=driver, gpus=gpus, memory_mb=memory)
    said = room.deploy("doctor", env=env).stdout
    assert said.count("GeForce") == gpus and driver.partition(".")[0] in said
    assert build in said and f"serves up to {size}" in said


def test_doctor_promises_nothing_on_a_driver_that_is_too_old_and_says_one_that_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAKE_DRIVER", "470.82.01")
    show(monkeypatch)
    gpu.once.cache_clear()
    said = doctor.table()
    assert "470.82.01" in said and "too old" in said and "trains up to" not in said
    show(monkeypatch, fail="NVIDIA-SMI has failed because it could not talk to the driver")
    gpu.once.cache_clear()
    said = doctor.table()
    gpu.once.cache_clear()
    assert "could not talk to the driver" in said and "无 none" not in said


def test_doctor_asks_for_more_disk_where_cudas_libraries_come_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: SimpleNamespace(free=12 * 2**30))
    show(monkeypatch)
    assert f"take {doctor.DISK_GPU:.0f} GB" in doctor.table()
    monkeypatch.setattr(gpu, "gpus", tuple)
    assert "environments take" not in doctor.table()


def test_doctors_sizes_are_those_of_the_recipes() -> None:
    """The deploy room may not ask the train room; the recipes' headers say them too."""
    names = {"1.8B": "internlm2_1_8b_qlora", "7B": "internlm2_qlora", "20B": "internlm2_20b_qlora"}
    for size, need in doctor.TRAINS:
        text = (helper.ROOT / "configs" / f"{names[size]}.py").read_text()
        assert f"about {need} GB" in text, size


def test_what_is_served_is_looked_at_before_an_environment_is_made(
    room: Room, tmp_path: Path
) -> None:
    env = helper.gpu_environment(tmp_path) | {"UV_OFFLINE": "1"}
    (tmp_path / "venvs" / "turbomind" / ".installed").unlink()
    (tmp_path / "none").mkdir()
    words = ("start", "--port", helper.free_port())
    absent = room.deploy(*words, "--work-dir", tmp_path / "none", env=env)
    assert absent.returncode == 2 and "make merge" in absent.stderr
    large = big(tmp_path / "large", 90e9)
    huge = room.deploy(*words, "--work-dir", room.run, "--model", large, env=env)
    assert huge.returncode == 2 and "96.3 GB" in huge.stderr and "GPU memory" in huge.stderr
    assert "准备环境" not in absent.stdout + huge.stdout


@pytest.mark.slow
def test_quantising_on_a_gpu_is_measured_by_the_engine_that_will_serve(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 16-bit model is asked through TurboMind: no GGUF of it is made."""
    data = tmp_path / "data"
    data.mkdir()
    turn = {"system": helper.SYSTEM, "input": "世界上最大的宫殿是？", "output": "故宫"}
    (data / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    env = helper.gpu_environment(tmp_path)
    words = ["quantize", "--work-dir", room.run, "--data", data, "--sample", "1"]
    done = room.deploy(*words, "--format", "awq", env=env)
    # The stand-in environment serves but holds no quantiser: the run ends there, measured before.
    assert "量化前 before (bf16), 2 题 2 questions, turbomind" in done.stdout, done.stderr
    assert [one["what"] for one in log(tmp_path)][:2] == ["start", "end"]
    assert json.loads((room.run / "gguf" / "before.turbomind.json").read_text())["score"]["n"] == 2
    assert '"device": "cuda"' not in done.stderr and not list((room.run / "gguf").glob("*.gguf"))
    assert done.returncode == 2 and not (room.run / "awq").exists()
