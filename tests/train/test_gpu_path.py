"""What a GPU would show, without one: devices, dtypes, flash-attn, two ranks, drivers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core import gpu
from core.errors import UserError
from core.files import write_json
from tests.deploy import helper
from tests.train.conftest import HERE, VENVS, environment
from train import launch, preflight, recipes, run


def python(script: str, *words: str, stage: str = "train", timeout: float = 580) -> Any:
    interpreter = VENVS / stage / "bin" / "python"
    if not interpreter.exists():
        pytest.skip(f"no environment (python3 requirements/install.py {stage})")
    return subprocess.run(
        [str(interpreter), *words, str(HERE / script)],
        env=environment(), capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip


def test_every_call_that_feeds_a_model_feeds_it_on_its_device() -> None:
    done = python("fake_cuda.py")
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found.values()) == {"ok"}, found


def test_flash_attn_installed_changes_nothing_on_one_gpu(probed: dict[str, Any]) -> None:
    assert probed["flash_installed"].get("loss", 0) > 0, probed["flash_installed"]


@pytest.mark.parametrize(
    "name", ["qwen2_5_7b_lora.py", "qwen2_5_7b_qlora.py", "qwen2_5_0_5b_full.py"]
)
def test_weights_have_the_dtypes_that_the_estimate_counts(
    probed: dict[str, Any], name: str
) -> None:
    found = probed["weights"][name]
    trained, kept = found["told"]
    assert found["trained"] == pytest.approx(trained, rel=0.02, abs=2000)
    # 4-bit scales, of which a small model has proportionally more, are no parameters.
    assert found["kept"] == pytest.approx(kept, rel=0.06, abs=2000)


def test_merging_writes_out_one_layer_at_a_time(probed: dict[str, Any]) -> None:
    """Of a 20B that was trained on 32 GB all layers at once are 39.7 GB."""
    found = probed["written_out"]
    assert found["peak"] == found["layer"] < found["all"] / 4
    assert found["devices"] == ["cpu"]


@pytest.mark.parametrize(
    "kind", ["nf4", "nf4, no dropout", "nf4, checkpointing", "16 bits", "all weights"]
)
def test_the_estimate_counts_what_the_backward_pass_keeps(
    probed: dict[str, Any], kind: str
) -> None:
    counted, told = probed["saved_for_backward"][kind]
    assert told == pytest.approx(counted, rel=0.1)


@pytest.mark.slow
def test_two_ranks_answer_sample_questions_together() -> None:
    done = python("ranks.py", "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone")
    assert done.returncode == 0, done.stderr[-1500:]
    assert done.stdout.count("done") == 2 and done.stdout.count("实答") == 1


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch):
    """``shown(driver=…, cap=…)``: what nvidia-smi shows from now on."""
    stand_in = Path(__file__).parents[1] / "bin"

    def show(**values: object) -> None:
        monkeypatch.setenv("PATH", f"{stand_in}:/usr/bin:/bin")
        for name, value in values.items():
            monkeypatch.setenv(f"FAKE_{name.upper()}", str(value))
        gpu.once.cache_clear()

    yield show
    monkeypatch.undo()
    gpu.once.cache_clear()


def resolved(name: str, **options: object) -> Any:
    """The config of recipe ``name`` as a run on this machine has it."""
    path = recipes.find(name)
    return recipes.measured(path, recipes.load(path, options), options)


@pytest.mark.parametrize("asked", [{}, {"dtype": "auto"}])
@pytest.mark.parametrize("name", ["internlm2_qlora.py", "qwen2_5_7b_qlora.py"])
def test_bfloat16_where_the_gpu_has_it_float16_on_older_ones(
    name: str, asked: dict[str, Any], shown
) -> None:
    shown(cap="8.0")
    new = resolved(name, **asked)
    assert new.settings.dtype == "bfloat16" and new.optim_wrapper.loss_scale == 1.0
    shown(cap="7.5", gpu="Tesla T4")
    old = resolved(name, **asked)
    assert old.settings.dtype == "float16" and old.optim_wrapper.loss_scale == "dynamic"
    assert resolved(name, dtype="bfloat16").settings.dtype == "bfloat16"


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """Options of a 7B recipe whose data and base (its config and a hole) are there."""
    (tmp_path / "data").mkdir()
    turn = {"system": "简答。", "input": "问", "output": "答"}
    (tmp_path / "data" / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}\n")
    helper.weights(tmp_path / "base" / "model.safetensors", 1000)
    named = {"data": str(tmp_path / "data")}
    return {**named, "pretrained_model_name_or_path": str(tmp_path / "base")}


def test_the_gpu_that_happens_to_be_there_makes_no_other_run(job: dict[str, str], shown) -> None:
    """A run begun where bfloat16 is native goes on with RESUME=1 where it is not."""
    path, keys = recipes.find("internlm2_qlora.py"), []
    for cap in ("8.0", "7.5"):
        shown(cap=cap)
        asked = recipes.load(path, job)
        state = run.describe(path, asked, "gongkao", Path(job["data"]))
        keys.append(state["key"])
    assert keys[0] == keys[1]


def test_a_login_node_without_a_gpu_hands_a_job_to_slurm(
    job: dict[str, str], tmp_path: Path, shown, capsys: pytest.CaptureFixture[str]
) -> None:
    """What only the node can tell is decided there: its driver, its dtype."""
    path, where = recipes.find("internlm2_qlora.py"), launch.Where(gpus=8, launcher="slurm")
    shown(fail="No devices were found")
    settings = recipes.load(path, job).settings.to_dict()
    preflight.check(path.name, settings, where)
    with pytest.raises(UserError, match="No devices were found"):
        preflight.check(path.name, settings)
    preflight.ready(path.name, Path(job["data"]), [f"{k}={v}" for k, v in job.items()], where)
    assert "by its node" in capsys.readouterr().out
    text = launch.script(tmp_path / "run", where)
    assert text.index("train settle") < text.index("train worker")
    launch.note(tmp_path / "run", "", recipe=str(path), options=job)
    write_json(tmp_path / "run" / "run.json", {"settings": {"dtype": "auto", "lr": "0.0002"}})
    with pytest.raises(UserError, match="No devices were found"):
        run.settle(tmp_path / "run")
    shown(fail="", cap="7.5", gpu="Tesla V100")
    run.settle(tmp_path / "run")
    assert "dtype='float16'" in (tmp_path / "run" / "config.py").read_text()
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"] == {
        "dtype": "float16", "lr": "0.0002",
    }  # fmt: skip


def test_preflight_says_what_nvidia_smi_says(job: dict[str, str], shown, monkeypatch) -> None:
    path = recipes.find("internlm2_qlora.py")
    settings = recipes.load(path, job).settings.to_dict()
    shown(driver="[N/A]")
    with pytest.raises(UserError, match=r"no driver version.*TIKUFORGE_CUDA"):
        preflight.check(path.name, settings)
    shown(driver="550.54.15", gpus=2)
    with pytest.raises(UserError, match=r"GPUS=4.*2 GPU"):
        preflight.check(path.name, settings, launch.Where(gpus=4))
    for there, driver in (("2.13.0+cpu", "580.65.06"), ("2.13.0", "550.54.15")):
        shown(driver=driver)
        monkeypatch.setattr(preflight.importlib.metadata, "version", lambda name, v=there: v)
        with pytest.raises(UserError, match=rf"torch {there.replace('+', '.')}.*make env-"):
            preflight.check(path.name, settings)
    monkeypatch.setattr(preflight.importlib.metadata, "version", lambda name: "2.10.0")
    preflight.check(path.name, settings)


def test_preflight_says_a_driver_that_is_too_old_and_a_gpu_that_is_small(
    tmp_path: Path, shown, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train.jsonl").write_text("{}\n")
    (tmp_path / "config.json").write_text("{}")
    helper.weights(tmp_path / "model.safetensors", 1000)
    options = {"data": str(tmp_path), "pretrained_model_name_or_path": str(tmp_path)}
    settings = recipes.load(recipes.find("internlm2_20b_qlora.py"), options).settings.to_dict()
    shown(driver="470.82.01")
    with pytest.raises(preflight.UserError, match=r"470\.82.*525"):
        preflight.check("internlm2_20b_qlora.py", settings)
    for driver in ("550.54.15", "580.65.06"):
        shown(driver=driver, memory_mb=16376, gpus=8)
        given = [f"{name}={value}" for name, value in options.items()]
        preflight.ready("internlm2_20b_qlora.py", tmp_path, given, launch.Where())
        assert "17 GB" in capsys.readouterr().out


def test_lora_leaves_the_output_layer_alone(probed_hub: dict[str, Any]) -> None:
    assert "output" not in probed_hub["lora"] and "wqkv" in probed_hub["lora"]


LORA = """
import json, sys
from train import patches, recipes
patches.apply()
from xtuner.registry import BUILDER
options = {"pretrained_model_name_or_path": sys.argv[1], "device": "cpu", "data": "none"}
model = BUILDER.build(recipes.load(recipes.find("internlm2_qlora.py"), options).model)
names = {name.split(".lora_")[0].rpartition(".")[2] for name, _ in model.named_parameters()
         if ".lora_" in name}
print(json.dumps({"lora": sorted(names)}))
"""


@pytest.fixture(scope="module")
def probed_hub(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Which layers get LoRA in a tiny InternLM2 as on the hub."""
    interpreter = VENVS / "train-448" / "bin" / "python"
    if not interpreter.exists():
        pytest.skip("no environment (python3 requirements/install.py train-448)")
    folder = tmp_path_factory.mktemp("hub")
    own = {**environment(), "HF_MODULES_CACHE": str(folder / "modules")}
    for line in ([str(HERE / "hub_internlm2.py"), str(folder / "m")], ["-c", LORA, folder / "m"]):
        done = subprocess.run(
            [str(interpreter), *map(str, line)], env=own, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])
