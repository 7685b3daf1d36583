"""``make export FORMAT=llamafactory|swift``: rows and recipe as those programs read them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, write_jsonl
from train import carry, recipes


@pytest.fixture
def data(tmp_path: Path) -> Path:
    turns = [{"system": "简答。", "input": "问：{x}", "output": "答\n二"},
             {"input": "再问", "output": "再答"}]  # fmt: skip
    write_jsonl(tmp_path / "data" / "train.jsonl", [{"id": "t-1", "conversation": turns}])
    return tmp_path / "data"


def settings(folder: Path) -> dict:
    """``train.yaml`` as a YAML reader has it."""
    lines = (folder / "train.yaml").read_text(encoding="utf-8").splitlines()
    return {key: json.loads(text) for key, _, text in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("form", ["llamafactory", "swift"])
def test_rows_and_recipe_are_carried(data: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    line = ["make", "export", f"FORMAT={form}", "CONFIG=internlm2_qlora.py", f"DATA={data}"]
    done = subprocess.run(
        [*line, f"TO={out}", "OVERRIDE=lr=5e-5"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (row,) = read_jsonl(out / "train.jsonl")
    assert [one["role"] for one in row["messages"]] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert row["messages"][2]["content"] == "答\n二"
    made = settings(out)
    assert made["learning_rate"] == 5e-5 and made["num_train_epochs"] == 3
    assert made["lora_rank"] == 64 and made["bf16"] and not made["fp16"]
    if form == "llamafactory":
        assert made["template"] == "intern2" and made["quantization_bit"] == 4
        assert read_json(out / "dataset_info.json")[made["dataset"]]["file_name"] == "train.jsonl"
    else:
        # ms-swift looks on ModelScope unless it is told otherwise.
        assert made["model"] == "Shanghai_AI_Laboratory/internlm2-chat-7b"
        assert made["quant_bits"] == 4
        assert made["packing"] and made["attn_impl"] == "flash_attn"
        assert "flash-attn" in done.stdout and "flash-attn" in (out / "README.md").read_text()


def test_every_recipe_with_questions_has_a_template_there(data: Path, tmp_path: Path) -> None:
    for name in recipes.names():
        chosen = recipes.load(recipes.find(name)).settings
        if not chosen.text and not chosen.preference:
            carry.carry(name, "llamafactory", data, tmp_path / name, [])
            assert settings(tmp_path / name)["template"]


def test_what_cannot_be_carried_is_said_and_nothing_is_lost(data: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.doc").write_text("x")
    with pytest.raises(UserError, match="TO="):
        carry.carry("internlm2_qlora.py", "swift", data, theirs, [])
    assert [file.name for file in theirs.iterdir()] == ["thesis.doc"]
    with pytest.raises(UserError, match="TEMPLATE="):
        carry.carry(
            "internlm2_qlora.py", "llamafactory", data, tmp_path / "o", ["prompt_template=plm"]
        )
    with pytest.raises(UserError, match="make data"):
        carry.carry("internlm2_qlora.py", "swift", tmp_path / "none", tmp_path / "o", [])


@pytest.mark.parametrize("form", ["llamafactory", "swift"])
def test_what_the_recipe_says_is_carried_or_said(
    data: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows with evidence, LoRA on some layers, and a base that is found from the other folder."""
    row = next(iter(read_jsonl(data / "train.jsonl")))
    write_jsonl(data / "evidence.jsonl", [row, row])
    given = ["evidence=True", "lora_layers=[30,31]", "pack_to_max_length=False"]
    carry.carry("internlm2_qlora.py", form, data, tmp_path / "o", given)
    assert len(list(read_jsonl(tmp_path / "o" / "train.jsonl"))) == 3
    made, said = settings(tmp_path / "o"), capsys.readouterr().out
    if form == "llamafactory":
        assert "lora_layers=[30, 31]" in said and not made["packing"]
    else:
        chosen = re.compile(made["target_regex"]).fullmatch
        assert chosen("model.layers.31.attention.wqkv") and "target_modules" not in made
        assert chosen("base.model.layers.30.mlp.up_proj") and "lora_layers" not in said
        assert not chosen("model.layers.3.attention.wqkv") and not chosen("model.layers.30.mlp")
        assert not chosen("model.layers.30.attention_norm") and not made["packing"]


@pytest.mark.parametrize(("given", "named"), [
    ("models/Qwen3.5-9B", str(ROOT / "models" / "Qwen3.5-9B")),
    ("../there/base", str(ROOT.parent / "there" / "base")),
    ("Qwen/Qwen3.5-9B", "Qwen/Qwen3.5-9B"),
    ("/data/base", "/data/base"),
])  # fmt: skip
def test_the_base_is_found_after_cd(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, named: str
) -> None:
    monkeypatch.chdir(ROOT)
    carry.carry(
        "internlm2_qlora.py", "swift", data, tmp_path / "o",
        [f"pretrained_model_name_or_path={given}"],
    )  # fmt: skip
    assert settings(tmp_path / "o")["model"] == named
