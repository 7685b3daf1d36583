"""GPUs that differ, are old, busy, divided or called by name, and an nvidia-smi that says less than
it should: which are used, what is said, in this process on a machine that only shows them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import options
from commands.verbs import OPTIONS
from core import families, gpu
from core.errors import UserError
from core.files import ROOT, write_json
from deploy import __main__ as rooms
from deploy import doctor, engines, fit, models, plan, preflight, servers
from deploy.models import Model
from tests.deploy import helper
from tests.deploy.test_gpu import big
from train import launch, recipes
from train import preflight as training

GOOD = "NVIDIA GeForce RTX 4090, 550.54.15, 24564, 24000, 8.9"
BUSY = "NVIDIA GeForce RTX 4090, 550.54.15, 24564, 1000, 8.9"
OLD = "NVIDIA GeForce GT 710, 550.54.15, 2002, 1900, 3.5"
T4 = "Tesla T4, 550.54.15, 15360, 15000, 7.5"
A100 = "NVIDIA A100-SXM4-40GB, 550.54.15, 40960, 40000, 8.0"
PARTS = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa-1)
  MIG 1g.5gb      Device  0: (UUID: MIG-1111-a)
  MIG 3g.20gb     Device  1: (UUID: MIG-2222-b)"""
NAMES = "\n".join(f"GPU {n}: X (UUID: GPU-{n}{n}{n}{n}-8f1c)" for n in range(4))

Show = Callable[..., None]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    """``show(lines, names="", devices=None)``: what nvidia-smi lists, CUDA_VISIBLE_DEVICES."""

    def shown(*lines: str, names: str = "", devices: str | None = None, **more: object) -> None:
        monkeypatch.setenv("PATH", f"{ROOT / 'tests' / 'bin'}:/usr/bin:/bin")
        for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
            monkeypatch.setenv(name, "")  # what is set in a test goes with it
            monkeypatch.delenv(name)
        if devices is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
        monkeypatch.setenv("FAKE_TABLE", "\n".join(lines))
        monkeypatch.setenv("FAKE_LIST", names)
        for name, value in more.items():
            monkeypatch.setenv(f"FAKE_{name.upper()}", str(value))
        gpu.once.cache_clear()

    yield shown
    monkeypatch.undo()
    gpu.once.cache_clear()


def groups(folder: Path, size: float = 15.5e9) -> list[list[str]]:
    """Which columns go together, by the devices that each is given."""
    wanted = {role: Model(big(folder / role, size), role) for role in ("tuned", "base")}
    found = plan.groups(wanted, engines.of("turbomind"), {"tuned": 1, "base": 2}, {})
    return [[one["devices"] or one["role"] for one in group] for group in found]


@pytest.mark.parametrize(("lines", "number"), [((OLD, GOOD), "1"), ((GOOD, OLD, OLD), "0")])
def test_an_old_display_card_beside_a_good_gpu_is_left_out_and_said(
    show: Show, capfd: pytest.CaptureFixture[str], lines: tuple[str, ...], number: str
) -> None:
    """It made everything refuse: too old."""
    show(*lines)
    assert [one.name[-4:] for one in gpu.gpus()] == ["4090"] and gpu.cuda_line() == "cuda12"
    assert engines.choose("auto").name == "turbomind"
    said = doctor.table()
    assert "compute capability is 3.5" in said and "serves up to 7B" in said
    gpu.prefer_free()
    (line,) = capfd.readouterr().err.splitlines()
    assert "GT 710" in line and os.environ["CUDA_VISIBLE_DEVICES"] == number
    show(OLD)
    with pytest.raises(UserError, match=r"GT 710.*too old"):
        gpu.cuda_line()


@pytest.mark.parametrize(
    ("devices", "count", "left"),
    [
        ("GPU-2222-8f1c,GPU-1111", 2, "GPU-2222-8f1c,GPU-1111"),
        ("GPU-3333", 1, "GPU-3333"),
        ("0,0", 1, "0"),
        ("1, 0", 2, "1,0"),
        ("2,9,0", 1, "2"),
        ("9,0", 0, "9,0"),
        ("GPU-none", 0, "GPU-none"),
    ],
)
def test_gpus_by_uuid_twice_or_not_there(
    show: Show, tmp_path: Path, devices: str, count: int, left: str
) -> None:
    """As CUDA reads them: up to the first that is none; and never overwritten by numbers."""
    show(*[GOOD] * 4, names=NAMES, devices=devices)
    assert len(gpu.gpus()) == count and bool(gpu.trouble()) == (not count)
    gpu.prefer_free()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == left
    if count == 2:
        assert groups(tmp_path) == [left.split(",")]
    elif count == 1:
        assert groups(tmp_path) == [["tuned"], ["base"]]


def test_names_that_nvidia_smi_does_not_list_are_left_as_they_are(
    show: Show, tmp_path: Path
) -> None:
    show(A100, A100, devices="GPU-abc,GPU-def")
    gpu.prefer_free()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-abc,GPU-def"
    given = {one for group in groups(tmp_path) for one in group}
    assert not any(name.isdigit() for name in given)


@pytest.mark.parametrize(("devices", "memory"), [(None, 20), ("MIG-1111", 5), ("0", 5)])
def test_of_a_divided_gpu_one_part_is_seen_with_its_own_memory(
    show: Show, tmp_path: Path, devices: str | None, memory: int
) -> None:
    """As a whole one it was 43 GB, of which a process sees 5 or 20."""
    show(A100, names=PARTS, devices=devices)
    (one,) = gpu.gpus()
    assert one.memory_gb == memory and "MIG" in one.name
    gpu.prefer_free()
    assert os.environ["CUDA_VISIBLE_DEVICES"].startswith("MIG-")
    with pytest.raises(UserError, match=rf"1 × {memory}\.0 GB"):
        fit.settle(big(tmp_path / "m", 19e9), engines.of("turbomind").settings(), None, 0.0)


@pytest.mark.parametrize(
    ("lines", "count", "parts"),
    [
        ((BUSY, GOOD), 1, ("1 / 2 × NVIDIA GeForce RTX 4090 26 GB (GPU 1)", "bfloat16")),
        ((T4, GOOD), 1, ("RTX 4090", "(GPU 1)", "bfloat16")),
        ((T4, GOOD, GOOD), 2, ("2 / 3 × NVIDIA GeForce RTX 4090", "(GPU 1,2)", "bfloat16")),
        ((T4, GOOD), 2, ("RTX 4090 26 GB + Tesla T4 16 GB", "float16")),
    ],
)
def test_the_plan_names_the_gpus_that_train_and_their_dtype(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    lines: tuple[str, ...], count: int, parts: tuple[str, ...],
) -> None:  # fmt: skip
    """Of a busy one beside a free one it named the busy one, of unequal ones the worst dtype."""
    show(*lines)
    job(tmp_path, {})
    name, data = "internlm2_qlora.py", tmp_path / "data"
    override = (f"pretrained_model_name_or_path={tmp_path / 'base'}",)
    from train.__main__ import run

    run(name, "gongkao", data, tmp_path / "run", override, gpus=count, ask=True)
    line = next(line for line in capsys.readouterr().out.splitlines() if "plan:" in line)
    for part in (*parts, "bfloat16" if "bfloat16" in parts else ", float16"):
        assert part in line, line
    path = recipes.find(name)
    asked = recipes.load(path, {})
    assert recipes.measured(path, asked, {}, count).settings.dtype == parts[-1]


def job(folder: Path, config: dict[str, object], weights: bool = True) -> None:
    """A data set and a base whose ``config.json`` holds this."""
    (folder / "data").mkdir()
    turn = {"system": "简答。", "input": "问", "output": "答"}
    (folder / "data" / "train.jsonl").write_text(json.dumps({"conversation": [turn]}) + "\n")
    write_json(folder / "base" / "config.json", config)
    if weights:
        helper.weights(folder / "base" / "model.safetensors", 1000)


def ready(folder: Path, *override: str, name: str = "internlm2_qlora.py") -> None:
    options = [f"pretrained_model_name_or_path={folder / 'base'}", *override]
    training.ready(name, folder / "data", options, launch.Where())


INTERNLM2_20B = {
    "architectures": ["InternLM2ForCausalLM"], "vocab_size": 92544, "hidden_size": 6144,
    "intermediate_size": 16384, "num_hidden_layers": 48, "num_attention_heads": 48,
    "num_key_value_heads": 8,
}  # fmt: skip


def test_the_plans_memory_is_computed_and_too_small_is_said_before_any_installing(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was the recipe's own figure whatever base and options, and said when all was installed."""
    show(T4)
    job(tmp_path, INTERNLM2_20B)
    ready(tmp_path)
    said = capsys.readouterr().out
    assert "about 27 GB" in said and "注意: 配方约需 27 GB" in said
    ready(tmp_path, "max_length=8192", "batch_size=2")
    more = capsys.readouterr().out
    assert "GPU memory about 27 GB" not in more and "note: the recipe takes about" in more


@pytest.mark.parametrize("left", ["config alone", "pointer", "cut off"])
def test_a_folder_without_weights_is_said_at_once(show: Show, tmp_path: Path, left: str) -> None:
    show(GOOD)
    job(tmp_path, INTERNLM2_20B, weights=False)
    file = tmp_path / "base" / "model.safetensors"
    if left == "pointer":
        file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4000000\n")
    elif left == "cut off":
        helper.weights(file, 10_000)
        with open(file, "r+b") as out:
            out.truncate(5_000)
    word = {"config alone": "lacks model.safetensors", "pointer": "git lfs pull"}.get(
        left, "header"
    )
    with pytest.raises(UserError, match=word):
        ready(tmp_path)
    merged = tmp_path / "run" / "merged"
    merged.parent.mkdir()
    (tmp_path / "base").rename(merged)
    for role, given in (("tuned", None), ("tuned", str(merged))):
        with pytest.raises(UserError):
            models.pick(role, tmp_path / "run", "gongkao", given)


def test_what_gets_the_base_is_the_command_of_the_recipe_that_was_given(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(GOOD)
    monkeypatch.setenv("TIKUFORGE_GIVEN", "CONFIG=qwen2_5_7b_qlora.py DOMAIN=medical")
    monkeypatch.chdir(tmp_path)
    settings = recipes.load(recipes.find("qwen2_5_7b_qlora.py")).settings.to_dict()
    settings |= {"pretrained_model_name_or_path": str(tmp_path / "none")}
    said = str(training.base_model.missing(settings))
    assert "make download CONFIG=qwen2_5_7b_qlora.py" in said and "…" not in said


def test_free_memory_is_looked_at_before_gigabytes_are_hashed(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(BUSY)
    folder = big(tmp_path / "m", 15.5e9)
    monkeypatch.setattr(rooms, "_model", lambda *a: Model(folder, "m"))
    monkeypatch.setattr(models, "version", lambda *a: pytest.fail("hashed"))
    monkeypatch.setattr(servers, "noted", dict)
    with pytest.raises(UserError, match="not enough GPU memory"):
        rooms.start(tmp_path, port=helper.free_port())


@pytest.mark.parametrize(
    ("size", "memory", "tp", "said", "unsaid"),
    [
        (15.5e9, 16384, None, "ROLE=int4", ""),
        (60e9, 16384, None, "BACKEND=cpu", "int4"),
        (15.5e9, 8192, None, "BACKEND=cpu", "int4"),
        (40e9, 24564, 1, "TP=1.*46.*TP=2", "make stop"),
    ],
)
def test_four_bits_are_advised_where_they_fit_and_small_gpus_are_the_reason(
    show: Show, tmp_path: Path, size: float, memory: int, tp: int | None, said: str, unsaid: str
) -> None:
    show(*[f"X, 580.65.06, {memory}, {memory}, 8.9"] * (4 if tp else 1))
    values = engines.of("turbomind").settings()
    with pytest.raises(UserError, match=said) as error:
        engines.of("turbomind").suits(Model(big(tmp_path / "m", size), "m"), values, tp)
    assert not unsaid or unsaid not in str(error.value)


def test_doctor_promises_what_deploy_keeps(show: Show, tmp_path: Path) -> None:
    """At 20 GB it promised a 7B that make deploy refused. On every size of a card."""
    values = engines.of("turbomind").settings()
    names = {"1.8B": "internlm2-chat-1_8b", "7B": "internlm2-chat-7b", "20B": "internlm2-chat-20b"}
    shapes = {n: s for family in families.all_() for n, s in family.shapes.items()}
    for label, needed in doctor.served():
        _, hidden, mlp, layers, heads, kv, head, _ = shapes[names[label]]
        sizes = {"hidden_size": hidden, "intermediate_size": mlp, "num_hidden_layers": layers}
        sizes |= {"num_attention_heads": heads, "num_key_value_heads": kv, "head_dim": head}
        folder = tmp_path / label
        write_json(folder / "config.json", sizes)
        weights = {"1.8B": 3.78e9, "7B": 15.48e9, "20B": 39.72e9}[label]
        helper.weights(folder / "model.safetensors", int(weights))
        assert needed == pytest.approx(fit.needs_gb(folder, values), abs=0.1)


@pytest.mark.parametrize(
    ("heads", "kv", "mlp", "most", "counted"),
    [(14, 2, 4864, 8, [1, 2]), (28, 4, 18944, 8, [1, 2, 4]), (32, 8, 14336, 3, [1, 2]),
     (9, 3, 1536, 8, [1]), (48, 3, 16384, 4, [1]), (16, 2, 11008, 8, [1, 2, 4, 8])],
)  # fmt: skip
def test_a_model_is_spread_only_as_its_heads_divide(
    show: Show, tmp_path: Path, heads: int, kv: int, mlp: int, most: int, counted: list[int]
) -> None:
    """TP was doubled whatever the heads: LMDeploy's assertion once the model was loaded."""
    sizes = {"hidden_size": heads * 64, "num_hidden_layers": 2, "intermediate_size": mlp}
    write_json(
        tmp_path / "config.json",
        {**sizes, "num_attention_heads": heads, "num_key_value_heads": kv},
    )
    assert fit.counts(tmp_path, most) == counted


@pytest.mark.parametrize(
    ("verb", "typed"),
    [("DEEPSPEED", "zero9"), ("DEEPSPEED", "/none.json"), ("INT4", "/nonexistent"),
     ("MAX_LOSS", "-1"), ("INT4", "none.gguf")],
)  # fmt: skip
def test_what_no_step_takes_is_refused_when_it_is_typed(verb: str, typed: str) -> None:
    with pytest.raises(UserError, match=f"{verb}={typed}"):
        OPTIONS[verb].kind(verb, typed)


def test_what_is_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "ds.json").write_text("{}")
    write_json(tmp_path / "m" / "config.json", {})
    assert options.deepspeed("DEEPSPEED", str(tmp_path / "ds.json"))
    assert options.deepspeed("DEEPSPEED", "zero3") == "zero3"
    for given in ("0", "shipped", str(tmp_path / "m")):
        assert options.four_bit("INT4", given) == given


def test_awqs_group_that_turbomind_does_not_load_is_refused_first(tmp_path: Path) -> None:
    folder = big(tmp_path / "m", 1000)
    with pytest.raises(UserError, match=r"GROUP=64.*BACKEND=pytorch"):
        preflight.lite(folder, 64, "turbomind")
    assert preflight.lite(folder, 64, "pytorch") and preflight.lite(folder, 128, "turbomind")


@pytest.mark.parametrize(
    "name", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"]
)
@pytest.mark.parametrize("wrong", [None, 0, "32"])
def test_a_config_that_lacks_a_number_is_said(tmp_path: Path, name: str, wrong: object) -> None:
    folder = big(tmp_path / "m", 1000)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**config, name: wrong})
    for ask in (preflight.turbomind, fit.numbers):
        with pytest.raises(UserError, match=name):
            ask(folder)


@pytest.mark.parametrize("note", [{}, {"base": None}, {"base": ["x"]}, []])
def test_a_run_that_names_no_base_is_said(tmp_path: Path, note: object) -> None:
    (tmp_path / "run.json").write_text(json.dumps(note))
    with pytest.raises(UserError, match=r"run\.json.*make train"):
        models.pick("base", tmp_path, "gongkao")


@pytest.mark.parametrize("where", ["file", "below a file", "/proc/none/venvs"])
def test_environments_that_cannot_be_made_are_one_line(tmp_path: Path, where: str) -> None:
    import subprocess
    import sys

    (tmp_path / "file").write_text("")
    places = {"file": tmp_path / "file", "below a file": tmp_path / "file" / "venvs"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "requirements" / "install.py"), "core"],
        env={**os.environ, "TIKUFORGE_VENVS": str(places.get(where, where))},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "TIKUFORGE_VENVS=" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


WITHHELD = [
    # fields → driver, GB, GB free, capability
    ("X, 580.65, 24564, [Insufficient Permissions], 8.9", (580, 65), 25.8, 25.8, (8, 9)),
    ("X, [N/A], 24564, 24000, [N/A]", (), 25.8, 25.2, (0, 0)),
    ("NVIDIA GB10, 580.95.05, [N/A], [N/A], 12.1", (580, 95, 5), 0, 0, (12, 1)),
    ("X, 566.36, 24564 MiB, 24000 MiB, 8,9", (566, 36), 25.8, 25.2, (8, 9)),
    ("X, 535.183.01-grid, 24564, 24000, 9", (535, 183, 1), 25.8, 25.2, (9, 0)),
]


@pytest.mark.parametrize(("line", "driver", "memory", "free", "cap"), WITHHELD)
def test_figures_that_are_withheld_or_written_otherwise(
    line: str, driver: tuple[int, ...], memory: float, free: float, cap: tuple[int, int]
) -> None:
    one = gpu.parse(line)
    assert (one.driver, one.capability) == (driver, cap)
    assert (round(one.memory_gb, 1), round(one.free_gb, 1)) == (memory, free)


def test_a_gpu_that_does_not_tell_its_memory_is_used(show: Show, tmp_path: Path) -> None:
    """GB10 and Jetson share the machine's: 0 GB were too small for anything."""
    show("NVIDIA GB10, 580.95.05, [N/A], [N/A], 12.1")
    engine, model = engines.choose("auto"), Model(big(tmp_path / "m", 15.5e9), "m")
    engine.suits(model, engine.settings(), None)
    assert engine.fitted(model, engine.settings(), None, 0.0)["tp"] == 1
    assert "memory not told" in doctor.table()
    assert groups(tmp_path) == [["tuned"], ["base"]]


def test_an_nvidia_smi_that_hangs_is_waited_for_once(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(GOOD, hang=20)
    monkeypatch.setattr(gpu, "PATIENCE", 0.3)
    monkeypatch.setattr(gpu, "_hung", {})
    assert gpu.gpus() == () and "0.3 s" in gpu.trouble()
    asked: list[object] = []
    monkeypatch.setattr(gpu.subprocess, "Popen", lambda *a, **k: asked.append(a))
    gpu.prefer_free()
    assert gpu.now() == () and not asked


def test_an_nvidia_smi_that_is_no_program_and_wsls_place(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(GOOD)
    (tmp_path / "nvidia-smi").write_bytes(b"\x00\x01no program")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    gpu.once.cache_clear()
    assert gpu.gpus() == () and gpu.trouble()
    (tmp_path / "nvidia-smi").unlink()
    monkeypatch.setattr(gpu, "WSL", str(ROOT / "tests" / "bin" / "nvidia-smi"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    gpu.once.cache_clear()
    assert len(gpu.gpus()) == 1


def test_doctor_says_that_a_gpu_is_busy(show: Show) -> None:
    show(BUSY, GOOD)
    busy, free = [line for line in doctor.table().splitlines() if "RTX 4090" in line]
    assert "1 GB are free now" in busy and "are free now" not in free
    assert busy.startswith("GPU 0") and free.startswith("GPU 1")


def test_a_column_that_needs_two_gpus_beside_a_running_server(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 20B deployed on two of four small GPUs: the base was measured as if one had to hold it."""
    show(BUSY, BUSY, GOOD, GOOD)
    gpu.prefer_free()
    wanted = {role: Model(big(tmp_path / role, 40e9), role) for role in ("tuned", "base")}
    ports = {"tuned": 1, "base": 2}
    (group,) = plan.groups(wanted, engines.of("turbomind"), ports, {"tuned": 23333})
    assert [one["start"] for one in group] == [False, True] and not group[1]["budget"]
    show(BUSY, BUSY, BUSY, GOOD)
    gpu.prefer_free()
    with pytest.raises(UserError, match="a running server holds the GPU"):
        plan.groups(wanted, engines.of("turbomind"), ports, {"tuned": 23333})
