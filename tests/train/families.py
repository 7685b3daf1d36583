"""The families' own chat templates, as facts, and a tiny model of each architecture.

The templates are what the hub's ``tokenizer_config.json`` renders for system, user and assistant
turns (tools and other roles left out), written anew from knowledge of their output; ``make check``
compares the real folder on the user's machine. ``python tests/train/families.py NAME FOLDER`` (in a
train environment) writes a random-weight model with a byte-level tokenizer.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

_TURNS = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
)
_OPEN = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"


def _default(system: str) -> str:
    return (
        "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
        + system
        + "<|im_end|>\n' }}{% endif %}"
    )


INTERNLM = "{{ bos_token }}" + _TURNS + _OPEN
QWEN2_5 = (
    _default("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")
    + _TURNS
    + _OPEN
)
SMOLLM2 = (
    _default("You are a helpful AI assistant named SmolLM, trained by Hugging Face")
    + _TURNS
    + _OPEN
)
# The last assistant turn is written with its thinking, empty where there is none.
QWEN3 = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if m['role'] == 'assistant' and loop.last %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"
)
LLAMA3_1 = (
    "{{ bos_token }}{% if date_string is not defined %}{% set date_string = '26 Jul 2024' %}"
    "{% endif %}{% if messages[0]['role'] == 'system' %}"
    "{% set system = messages[0]['content'] | trim %}{% set messages = messages[1:] %}{% else %}"
    "{% set system = '' %}{% endif %}{{ '<|start_header_id|>system<|end_header_id|>\n\n' "
    "+ 'Cutting Knowledge Date: December 2023\nToday Date: ' + date_string + '\n\n' + system "
    "+ '<|eot_id|>' }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] "
    "+ '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
DEEPSEEK_R1 = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}"
    "{% elif m['role'] == 'user' %}{{ '<｜User｜>' + m['content'] }}"
    "{% else %}{{ '<｜Assistant｜>' + m['content'].split('</think>')[-1] "
    "+ '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """What a tiny model of the family needs."""

    recipe: str
    template: str
    specials: tuple[str, ...]
    eos: str
    bos: str | None = None
    model: str = "llama"


_IM = ("<|im_start|>", "<|im_end|>")
_THINK = ("<think>", "</think>")
FAMILIES = {
    "internlm2": Family("internlm2_qlora.py", INTERNLM, ("<s>", "</s>", *_IM), "</s>", "<s>",
                        "internlm2"),
    "internlm3": Family("internlm3_8b_qlora.py", INTERNLM, ("<s>", "</s>", *_IM), "</s>", "<s>",
                        "internlm3"),
    "qwen2_5": Family("qwen2_5_7b_qlora.py", QWEN2_5, ("<|endoftext|>", *_IM), "<|im_end|>", None,
                      "qwen2"),
    "qwen3": Family("qwen3_8b_qlora.py", QWEN3, ("<|endoftext|>", *_IM, *_THINK), "<|im_end|>",
                    None, "qwen3"),
    "llama3_1": Family(
        "llama3_1_8b_qlora.py", LLAMA3_1,
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "<|eot_id|>", "<|begin_of_text|>",
    ),
    "deepseek_r1": Family(
        "deepseek_r1_distill_qwen_7b_qlora.py", DEEPSEEK_R1,
        ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>",
         "<｜Assistant｜>", *_THINK),
        "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>", "qwen2",
    ),
    "smollm2": Family("smollm2_cpu_qlora.py", SMOLLM2, ("<|endoftext|>", *_IM), "<|im_end|>",
                      "<|im_start|>"),
}  # fmt: skip


def raw_tokenizer(family: Family):
    """One token a byte and one a special: ids anyone can work out (specials first, then bytes)."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: number for number, text in enumerate([*family.specials, *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_tokens([AddedToken(text, special=text not in _THINK) for text in family.specials])
    return raw


def tokenizer(family: Family):
    """The Hugging Face tokenizer of a tiny model."""
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=raw_tokenizer(family),
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.eos,
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = family.template
    return made


def write(name: str, folder: Path) -> None:
    """Write the tiny model of family ``name`` as a Hugging Face folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, Qwen2Config

    family = FAMILIES[name]
    made = tokenizer(family)
    size = {
        "vocab_size": 64 * (len(made) // 64 + 1),
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "eos_token_id": made.convert_tokens_to_ids(family.specials[-1])
        if name == "internlm2"
        else made.eos_token_id,
        "bos_token_id": made.bos_token_id,
        "pad_token_id": made.pad_token_id,
        "tie_word_embeddings": False,
    }
    made.save_pretrained(folder)
    torch.manual_seed(0)
    if family.model.startswith("internlm"):
        remote_code(family.model, folder, size)
        config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=True)
    elif family.model == "qwen3":
        from transformers import Qwen3Config

        model = AutoModelForCausalLM.from_config(Qwen3Config(**size, head_dim=32))
    else:
        kind = {"llama": LlamaConfig, "qwen2": Qwen2Config}[family.model]
        model = AutoModelForCausalLM.from_config(kind(**size))
    model.bfloat16().save_pretrained(folder)


def remote_code(model: str, folder: Path, size: dict) -> None:
    """Put InternLM's modelling code beside the weights, as the hub's folders have it.

    It is not in transformers; XTuner 0.2.0 ships a copy of the hub's (``xtuner._lite.modelings``).
    """
    import json
    from importlib.util import find_spec

    import xtuner

    from core import trust

    where = Path(xtuner.__file__).parent / "_lite" / "modelings" / model
    assert find_spec("xtuner") and where.is_dir()
    for file in where.glob("*.py"):
        if not file.name.startswith(("__init__", "tokenization")):
            text = file.read_text(encoding="utf-8").replace("xtuner._lite.modelings.", "")
            (folder / file.name).write_text(text, encoding="utf-8")
    kind = {"internlm2": "InternLM2", "internlm3": "InternLM3"}[model]
    names = {
        "AutoConfig": f"configuration_{model}.{kind}Config",
        "AutoModelForCausalLM": f"modeling_{model}.{kind}ForCausalLM",
    }
    config = {"model_type": model, "architectures": [f"{kind}ForCausalLM"], "auto_map": names}
    extra = {"bias": False} if model == "internlm2" else {"head_dim": 32}
    (folder / "config.json").write_text(json.dumps({**config, **size, **extra}))
    trust.allow(folder)  # as ./tiku trust does


if __name__ == "__main__":
    from train import patches

    patches.apply()
    shutil.rmtree(sys.argv[2], ignore_errors=True)
    Path(sys.argv[2]).mkdir(parents=True)
    write(sys.argv[1], Path(sys.argv[2]))
