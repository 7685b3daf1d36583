"""Lengths in tokens: counted by the recipe's own tokenizer, also when it comes after the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from core import domain
from core.files import ROOT, read_json, read_jsonl, sha256
from data_tools import lengths
from data_tools.build import build


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """A recipe whose model has one token a word, and is not there yet."""
    path = tmp_path / "tiny.py"
    path.write_text(f'tokenizer = dict(pretrained_model_name_or_path="{tmp_path / "model"}")\n')
    return str(path)


def fetch(tmp_path: Path) -> None:
    counter = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    counter.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    (tmp_path / "model").mkdir()
    counter.save(str(tmp_path / "model" / "tokenizer.json"))


def test_a_tokenizer_that_comes_later_fills_the_card_and_rebuilds_nothing(
    make_docx: Callable, inputs: Callable, tmp_path: Path, recipe: str
) -> None:
    bank = inputs(make_docx(["最大的 宫殿是？->故宫", "最长的河是？->长江", "国花是？->牡丹"]))
    out = tmp_path / "out"
    assert build(bank, out, recipe=recipe)["tokens"] == {}
    before = {p.name: (sha256(p), p.stat().st_mtime_ns) for p in out.glob("[!.]*.*")}
    fetch(tmp_path)
    made = build(bank, out, recipe=recipe)
    assert not made["fresh"]
    counted = [
        len(f"{t['system']}\n{t['input']}\n{t['output']}".split())
        for name in ("train.jsonl", "eval.jsonl")
        for record in read_jsonl(out / name)
        for t in record["conversation"]
    ]
    assert made["tokens"]["total"] == sum(counted) and made["tokens"]["p100"] == max(counted)
    assert read_json(out / "card.json")["tokens"] == made["tokens"]
    assert "| 词元 tokens |" in (out / "card.md").read_text(encoding="utf-8")
    after = {p.name: (sha256(p), p.stat().st_mtime_ns) for p in out.glob("[!.]*.*")}
    assert {name for name in before if after[name] != before[name]} == {"card.json", "card.md"}
    assert build(bank, out, recipe=recipe)["tokens"] == made["tokens"]
    assert after == {p.name: (sha256(p), p.stat().st_mtime_ns) for p in out.glob("[!.]*.*")}
    again = build(bank, out, force=True, recipe=recipe)
    assert again["fresh"] and again["tokens"] == made["tokens"]


def test_the_cards_are_the_same_whenever_the_tokenizer_came(
    make_docx: Callable, inputs: Callable, tmp_path: Path, recipe: str
) -> None:
    bank = inputs(make_docx(["最大的宫殿是？->故宫", "最长的河是？->长江"]))
    build(bank, tmp_path / "late", recipe=recipe)
    fetch(tmp_path)
    build(bank, tmp_path / "late", recipe=recipe)
    build(bank, tmp_path / "early", recipe=recipe)
    pages = [(tmp_path / name / "card.md").read_text("utf-8") for name in ("late", "early")]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda p: p.stem)
def test_every_recipe_says_where_its_tokenizer_is(path: Path) -> None:
    from mmengine.config import Config

    assert Config.fromfile(str(path))["tokenizer"]["pretrained_model_name_or_path"]


def test_the_demo_model_counts() -> None:
    tokenizer = lengths.tokenizer_of("smollm2_cpu_qlora.py")
    if tokenizer is None:
        pytest.skip("models/SmolLM2-135M-Instruct is not there yet: make demo")
    system = domain.load("gongkao").system
    found = lengths.tokens([f"{system}\n世界上最大的宫殿是？\n故宫", "hello world"], tokenizer)
    assert found["tokenizer"].endswith("SmolLM2-135M-Instruct")
    assert found["total"] == found["p100"] + 2 and found["p100"] > 30
