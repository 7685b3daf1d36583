"""Every recipe's prompt template is its family's own chat template, to the character and the id."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from tokenizers import Tokenizer

from tests.train.families import FAMILIES, raw_tokenizer
from train import recipes
from train.rows import said
from train.templates import TEMPLATES

MESSAGES = [
    {"role": "system", "content": "简答。"},
    {"role": "user", "content": "最长的河？"},
]
ANSWER = {"role": "assistant", "content": "长江"}


def trained(name: str, system: str = "简答。") -> tuple[str, str]:
    """Prompt and supervised answer as training joins them, bos included."""
    family = FAMILIES[name]
    template = TEMPLATES[recipes.load(recipes.find(family.recipe)).settings.prompt_template]
    head = template.SYSTEM.format(system=system or template.DEFAULT_SYSTEM)
    prompt = head + template.INSTRUCTION.format(input="最长的河？", round=1)
    bos = family.bos if family.bos and family.bos not in template.SYSTEM else ""
    return bos + prompt, template.get("PREFIX", "") + "长江" + template.SUFFIX


def rendered(name: str, messages: list[dict], **options) -> str:
    template = Environment().from_string(FAMILIES[name].template)
    return template.render(messages=messages, bos_token=FAMILIES[name].bos, **options)


@pytest.mark.parametrize("name", FAMILIES)
def test_prompt_is_the_familys(name: str) -> None:
    prompt, _ = trained(name)
    assert prompt == rendered(name, MESSAGES, add_generation_prompt=True)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "deepseek_r1"])
def test_whole_turn_is_the_familys(name: str) -> None:
    prompt, answer = trained(name)
    assert rendered(name, [*MESSAGES, ANSWER]).rstrip("\n") == prompt + answer


def test_r1_closes_the_thinking_that_its_template_opens() -> None:
    """Its template drops thinking from past turns, so that a whole turn shows none."""
    prompt, answer = trained("deepseek_r1")
    assert prompt.endswith("<think>\n") and answer.startswith("\n</think>\n\n")
    past = rendered("deepseek_r1", [*MESSAGES, ANSWER])
    assert past.endswith("长江<｜end▁of▁sentence｜>") and "think" not in past


def test_qwen3_is_trained_as_both_thinking_modes_send() -> None:
    prompt, answer = trained("qwen3")
    quiet = rendered("qwen3", MESSAGES, add_generation_prompt=True, enable_thinking=False)
    assert (prompt + answer).startswith(quiet) and quiet != prompt


@pytest.mark.parametrize("name", ["qwen2_5", "smollm2"])
def test_default_system_prompt_is_the_familys(name: str) -> None:
    prompt, _ = trained(name, system="")
    assert prompt == rendered(name, MESSAGES[1:], add_generation_prompt=True)


@pytest.mark.parametrize("name", ["qwen3", "deepseek_r1"])
def test_an_explanation_before_the_answer_is_the_thinking(name: str) -> None:
    prefix = TEMPLATES[name]["PREFIX"]
    text = (
        TEMPLATES[name]["INSTRUCTION"] + said(prefix, "解析：黄河次之。\n答案：长江")
    ).partition("<think>")[2]
    assert text == "\n黄河次之。\n</think>\n\n长江"
    assert said(prefix, "长江\n解析：黄河次之。") == f"{prefix}长江\n解析：黄河次之。"


# Ids of the answer part 长江 with what stands before and after it, one id a byte (raw_tokenizer).
GOLDEN = {
    "internlm2": 3, "internlm3": 3, "qwen2_5": 2, "qwen3": 2, "llama3_1": 3, "deepseek_r1": 1,
    "smollm2": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_golden_ids(name: str) -> None:
    """Specials are one token each, the rest its bytes: worked out here without the tokenizer."""
    family = FAMILIES[name]
    tokenizer: Tokenizer = raw_tokenizer(family)
    prompt, answer = trained(name)
    ids = tokenizer.encode(prompt).ids + tokenizer.encode(answer).ids
    assert ids == tokenizer.encode(prompt + answer).ids, "the boundary is clean"
    assert ids == by_hand(prompt + answer, family.specials)
    assert ids[-1] == GOLDEN[name], "the end of the turn is learnt"


def by_hand(text: str, specials: tuple[str, ...]) -> list[int]:
    """Specials count from 0; then the byte-level alphabet in code point order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [byte for byte in range(256) if byte not in plain]
    number = {byte: len(specials) + i for i, byte in enumerate(plain)}
    number |= {byte: len(specials) + len(plain) + i for i, byte in enumerate(other)}
    ids: list[int] = []
    while text:
        special = next((s for s in specials if text.startswith(s)), None)
        if special:
            ids.append(specials.index(special))
            text = text[len(special) :]
        else:
            ids += [number[byte] for byte in text[0].encode()]
            text = text[1:]
    return ids


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_uses_a_template_that_is_tested_here(name: str) -> None:
    tested = {
        recipes.load(recipes.find(family.recipe)).settings.prompt_template
        for family in FAMILIES.values()
    }
    assert recipes.load(recipes.find(name)).settings.prompt_template in tested
