"""Every recipe loads without torch, re-derives what is overridden, and says what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UserError
from core.files import write_jsonl
from train import preflight, recipes


@pytest.mark.parametrize("name", recipes.names())
def test_recipe_loads_and_is_short(name: str) -> None:
    path = recipes.FOLDER / name
    config = recipes.load(path)
    settings = config.settings
    assert config.model.llm.pretrained_model_name_or_path == settings.pretrained_model_name_or_path
    assert config.optim_wrapper.optimizer.lr == settings.lr
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    assert "Run " in text and "Memory" in text, "the header says how to run it and what it costs"


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
    assert config.train_dataloader.dataset.dataset.path == "my/data/train.jsonl"
    assert config.train_dataloader.dataset.tokenizer == config.tokenizer


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


def test_preflight_says_all_that_is_missing_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "has_gpu", lambda: False)
    monkeypatch.chdir(tmp_path)
    settings = recipes.load(
        recipes.find("internlm2_qlora.py"), {"data": str(tmp_path)}
    ).settings.to_dict()
    with pytest.raises(UserError) as caught:
        preflight.check("internlm2_qlora.py", settings)
    line = str(caught.value)
    assert "GPU" in line and "16 GB" in line
    assert "modelscope download --model Shanghai_AI_Laboratory/internlm2-chat-7b" in line
    assert "hf download internlm/internlm2-chat-7b" in line
    assert "make data" in line and "\n" not in line


def test_preflight_refuses_an_empty_train_set(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train.jsonl", [])
    settings = recipes.load(
        recipes.find("smollm2_cpu_qlora.py"), {"data": str(tmp_path)}
    ).settings.to_dict()
    with pytest.raises(UserError, match="没有可训练的行"):
        preflight.check("smollm2_cpu_qlora.py", settings)
