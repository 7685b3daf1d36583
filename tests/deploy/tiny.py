"""A tiny language model that says one known text: ``python tiny.py FOLDER [backwards]``.

Its attention and MLP weights are zero, so the next token depends on the last one alone, and the
output matrix is built so that each character of ANSWER is followed by the next: after the prompt's
final newline comes ANSWER, then the end. The middle layers are large enough to take their time, and
the emoji is not in the vocabulary, so that it is spoken in four tokens of one byte each.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

CHAIN = "".join(chr(0x5000 + number) for number in range(700))
ANSWER = "故宫🎓" + CHAIN
TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
WIDTH, LAYERS, MIDDLE = 128, 10, 12288


def vocabulary() -> dict[str, int]:
    """Three special tokens, all bytes, ASCII, and the characters of the answer but the emoji."""
    tokens = ["<unk>", "<|im_start|>", "<|im_end|>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [*(chr(code) for code in range(0x21, 0x7F)), "▁", *"故宫", *CHAIN]
    return {token: number for number, token in enumerate(tokens)}


def successors(words: dict[str, int], backwards: bool) -> list[tuple[int, int]]:
    """The chain of token ids, from the newline to the end of the turn."""
    chain = reversed(CHAIN) if backwards else CHAIN
    pieces = ["<0x0A>", "故", "宫", *(f"<0x{byte:02X}>" for byte in "🎓".encode()), *chain]
    ids = [words[piece] for piece in pieces] + [words["<|im_end|>"]]
    return list(itertools.pairwise(ids))


def tokenizer(words: dict[str, int]) -> dict[str, object]:
    """tokenizer.json: one token a character, bytes for the rest."""
    special = [
        {
            "id": words[text],
            "content": text,
            "special": True,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
        }
        for text in ("<unk>", "<|im_start|>", "<|im_end|>")
    ]
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": words,
            "merges": [],
        },
    }


def tensors(words: dict[str, int], backwards: bool) -> dict[str, object]:
    """The weights, by their Hugging Face names."""
    import numpy as np

    make = np.random.default_rng(0)
    embedding = make.standard_normal((len(words), WIDTH)).astype(np.float32)
    head = np.zeros_like(embedding)
    for last, following in successors(words, backwards):
        head[following] += embedding[last]
    found = {
        "model.embed_tokens.weight": embedding,
        "lm_head.weight": head,
        "model.norm.weight": np.ones(WIDTH, np.float32),
    }
    shapes = {
        **{f"self_attn.{name}_proj": (WIDTH, WIDTH) for name in "qkvo"},
        **{f"mlp.{name}_proj": (MIDDLE, WIDTH) for name in ("gate", "up")},
        "mlp.down_proj": (WIDTH, MIDDLE),
    }
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            found[f"model.layers.{layer}.{name}.weight"] = np.zeros(shape, np.float16)
        for name in ("input_layernorm", "post_attention_layernorm"):
            found[f"model.layers.{layer}.{name}.weight"] = np.ones(WIDTH, np.float32)
    return found


def write(folder: Path, backwards: bool = False) -> None:
    """Write the model as a Hugging Face folder; ``backwards``: one that says something else."""
    from safetensors.numpy import save_file

    words = vocabulary()
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(words),
        "hidden_size": WIDTH,
        "intermediate_size": MIDDLE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "dtype": "float16",
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "unk_token": "<unk>",
        "add_bos_token": False,
        "add_prefix_space": False,
        "chat_template": TEMPLATE,
    }
    for name, value in (
        ("config.json", config),
        ("tokenizer_config.json", settings),
        ("tokenizer.json", tokenizer(words)),
    ):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    save_file(tensors(words, backwards), folder / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    write(Path(sys.argv[1]), backwards="backwards" in sys.argv)
