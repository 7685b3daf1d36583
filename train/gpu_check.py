"""``make gpu-check``, training's part: tokens a second and peak memory on this machine's GPU.

Needs no hub: InternLM2's 1.8B and 7B shapes (as Llama, which has the same matrices), random
weights, random bank-like rows. Our recipe's path (NF4, LoRA r64, rows packed with one prefix,
answers only)
beside XTuner's packing and beside plain rows, one at a time, as Hugging Face's Trainer pads them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown, write_json
from train import mends, preflight, recipes
from train.shapes import KNOWN, Shape

MODELS = ("internlm2-chat-1_8b", "internlm2-chat-7b")
STEPS, PREFIX, QUESTION, ANSWER, LENGTH = 8, 24, 20, 6, 2048
WAYS = ("ours", "xtuner packed", "one row a step")


def gpu_check(out: Path) -> None:
    """Measure, print a table and its JSON, and write it into ``out``. :class:`UserError` without a
    GPU."""
    if not preflight.has_gpu():
        raise UserError(
            "本机没有 NVIDIA GPU，无从实测 no NVIDIA GPU here, nothing to measure; "
            "估算见 for an estimate: make estimate CONFIG=…"
        )
    mends.apply()
    import torch

    if not torch.cuda.is_available():
        raise UserError(
            "torch 看不到 GPU torch sees no GPU: 检查驱动 check the driver (nvidia-smi)"
        )
    rows = []
    for name in MODELS:
        need, have = (
            1.2 * KNOWN[name].parameters * 2,
            torch.cuda.get_device_properties(0).total_memory,
        )
        if need > have:
            rows.append({"model": name, "way": "—", "error": "显存不够 not enough memory"})
            continue
        model = build(KNOWN[name])
        rows += [{"model": name, "way": way, **attempt(model, way)} for way in WAYS]
        del model
        torch.cuda.empty_cache()
    found = {"benchmark": "gpu-check train", "gpu": torch.cuda.get_device_name(), "rows": rows}
    print(f"{found['gpu']}: QLoRA r64, max_length {LENGTH}")
    print(f"{'model':22}{'way':18}{'rows/s':>10}{'answer tok/s':>14}{'tok/s':>10}{'peak GB':>9}")
    for row in rows:
        figures = (
            f"{row['rows_per_s']:10.1f}{row['answer_tokens_per_s']:14.0f}"
            f"{row['tokens_per_s']:10.0f}{row['peak_gb']:9.1f}"
            if "error" not in row
            else f"  {row['error']}"
        )
        print(f"{row['model']:22}{row['way']:18}{figures}")
    write_json(out / "train.json", found)
    print(f"写入 wrote {shown(out / 'train.json')}")
    print(json.dumps(found, ensure_ascii=False))


def build(s: Shape) -> Any:
    """The recipes' model (NF4, LoRA on every linear layer) of shape ``s``, random, on the GPU."""
    import tempfile

    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig
    from xtuner.registry import BUILDER

    config = LlamaConfig(
        vocab_size=s.vocab,
        hidden_size=s.hidden,
        intermediate_size=s.mlp,
        num_hidden_layers=s.layers,
        num_attention_heads=s.heads,
        num_key_value_heads=s.kv_heads,
        max_position_embeddings=LENGTH,
        tie_word_embeddings=s.tied,
    )
    with tempfile.TemporaryDirectory() as folder:
        with torch.device("cuda"):
            plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
        plain.save_pretrained(folder)
        del plain
        torch.cuda.empty_cache()
        options = {"pretrained_model_name_or_path": folder, "dtype": "bfloat16"}
        cfg = recipes.load(recipes.find("qwen2_5_7b_qlora.py"), options)
        return BUILDER.build(cfg.model).cuda().train()


def bank(count: int, vocabulary: int) -> list[dict[str, list[int]]]:
    """Random rows with one prefix, of the lengths that bank rows have."""
    import random

    draw = random.Random(0)
    head = [draw.randrange(10, vocabulary) for _ in range(PREFIX)]
    rows = []
    for _ in range(count):
        ids = head + [draw.randrange(10, vocabulary) for _ in range(QUESTION + ANSWER)]
        rows.append({"input_ids": ids, "labels": [-100] * (len(ids) - ANSWER) + ids[-ANSWER:]})
    return rows


def batch(way: str, vocabulary: int) -> tuple[dict[str, Any], int]:
    """One step's tensors as ``way`` makes them, and how many rows are in it."""
    import torch

    from train.packing import collate

    one = PREFIX + QUESTION + ANSWER
    if way == "ours":
        count = (LENGTH - PREFIX) // (QUESTION + ANSWER)
        return collate([{"rows": bank(count, vocabulary)}])["data"], count
    count = LENGTH // one if way == "xtuner packed" else 1
    rows = bank(count, vocabulary)
    data = {
        key: torch.tensor([[token for row in rows for token in row[key]]])
        for key in ("input_ids", "labels")
    }
    return {**data, "attention_mask": torch.ones_like(data["input_ids"])}, count


def attempt(model: Any, way: str) -> dict[str, Any]:
    """Figures of ``STEPS`` steps, or the error that stopped them."""
    import torch

    try:
        return measure(model, way)
    except (torch.cuda.OutOfMemoryError, RuntimeError) as error:
        torch.cuda.empty_cache()
        return {"error": str(error).splitlines()[0]}


def measure(model: Any, way: str) -> dict[str, Any]:
    """Forward, backward and AdamW, the first two steps not counted."""
    import torch

    data, rows = batch(way, model.llm.config.vocab_size)
    data = {key: value.cuda() for key, value in data.items()}
    model.answers_only = way == "ours"
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)
    torch.cuda.reset_peak_memory_stats()
    for number in range(STEPS + 2):
        if number == 2:
            torch.cuda.synchronize()
            started = time.perf_counter()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = model.compute_loss(data)["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    torch.cuda.synchronize()
    seconds = (time.perf_counter() - started) / STEPS
    return {
        "rows_per_s": round(rows / seconds, 2),
        "answer_tokens_per_s": round(rows * ANSWER / seconds, 1),
        "tokens_per_s": round(data["input_ids"].numel() / seconds, 1),
        "s_per_step": round(seconds, 4),
        "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2),
    }
