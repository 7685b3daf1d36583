"""What one epoch of the demo bank costs on this machine, by model, precision and trainable layers.

    PYTHONPATH=. .venvs/train/bin/python benchmarks/train_step.py [--steps 4] [--gemma GGUF]

Compares, in the same run: SmolLM2-135M in NF4, bfloat16 and float32, LoRA on all layers and on the
upper half, and (``--gemma`` names its GGUF) the shape of Gemma-3-270M with random weights and its
real tokenizer. A step is a batch of 10 rows padded to the batch's longest, forward, backward and
AdamW, through XTuner's model class. Prints one table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

from train import mends

DATA = Path("work_dirs/demo/gongkao/data/train.jsonl")
BATCH = 10
UPPER = "[15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]"
VARIANTS = {
    "SmolLM2-135M NF4, all layers": [],
    "SmolLM2-135M NF4, upper half": [f"lora_layers={UPPER}"],
    "SmolLM2-135M bf16, all layers": ["quantization=None"],
    "SmolLM2-135M bf16, upper half": ["quantization=None", f"lora_layers={UPPER}"],
    "SmolLM2-135M fp32, all layers": ["quantization=None", "dtype=float32"],
}


def smollm2(overrides: list[str]) -> Any:
    """The recipe's model with ``overrides``, as XTuner builds it."""
    from xtuner.registry import BUILDER

    from train import base_model, recipes

    cfg = recipes.load(recipes.find("smollm2_cpu_qlora.py"), recipes.parse_overrides(overrides))
    base_model.ensure(cfg.settings.to_dict())
    return BUILDER.build(cfg.model).train()


def gemma() -> Any:
    """Gemma-3-270M's shape (its public config) with random bfloat16 weights and LoRA r64."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    config = Gemma3TextConfig(
        vocab_size=262144,
        hidden_size=640,
        intermediate_size=2048,
        num_hidden_layers=18,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=256,
        sliding_window=512,
    )
    lora = LoraConfig(r=64, lora_alpha=128, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(Gemma3ForCausalLM(config).to(torch.bfloat16), lora).train()


def measure(model: Any, lengths: list[int], steps: int, autocast: bool) -> float:
    """Median seconds of one epoch's mean step over rows of ``lengths`` tokens."""
    import torch

    longest = [max(lengths[i : i + BATCH]) for i in range(0, len(lengths), BATCH)]
    width = round(statistics.mean(longest))
    llm = getattr(model, "llm", model)
    optimizer = torch.optim.AdamW([p for p in llm.parameters() if p.requires_grad], lr=1e-5)
    ids = torch.randint(5, 40000, (BATCH, width))
    labels = ids.clone()
    labels[:, : width - 8] = -100
    seconds = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = llm(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def row_lengths(tokenizer: Any, overhead: int) -> list[int]:
    """Tokens of each demo row: its texts and ``overhead`` tokens for the template."""
    from core.files import read_jsonl

    found = []
    for row in read_jsonl(DATA):
        turn = row["conversation"][0]
        text = turn["system"] + turn["input"] + turn["output"]
        found.append(len(tokenizer(text, add_special_tokens=False).input_ids) + overhead)
    return found


def main() -> None:
    """Measure every variant and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--gemma", type=Path, help="gemma-3-270m GGUF, for its tokenizer")
    args = parser.parse_args()
    mends.apply()
    from transformers import AutoTokenizer

    results = []
    first = smollm2([])
    tokenizer = AutoTokenizer.from_pretrained("models/SmolLM2-135M-Instruct")
    lengths = row_lengths(tokenizer, overhead=20)
    for name, overrides in VARIANTS.items():
        model = first if not overrides else smollm2(overrides)
        step = measure(model, lengths, args.steps, autocast="dtype=float32" not in overrides)
        results.append({"variant": name, "tokens": sum(lengths), "step_s": step})
        del model
        first = None
    if args.gemma:
        other = AutoTokenizer.from_pretrained(args.gemma.parent, gguf_file=args.gemma.name)
        sizes = row_lengths(other, overhead=16)
        step = measure(gemma(), sizes, args.steps, autocast=True)
        results.append({"variant": "Gemma-3-270M shape bf16", "tokens": sum(sizes), "step_s": step})
    batches = -(-len(lengths) // BATCH)
    print(f"{'variant':34}{'tokens/epoch':>14}{'s/step':>9}{'s/epoch':>9}{'ratio':>7}")
    for result in results:
        result["epoch_s"] = round(result["step_s"] * batches, 2)
        result["step_s"] = round(result["step_s"], 3)
        ratio = result["epoch_s"] / results[0]["epoch_s"]
        print(
            f"{result['variant']:34}{result['tokens']:>14}{result['step_s']:>9.2f}"
            f"{result['epoch_s']:>9.1f}{ratio:>7.2f}"
        )
    print(json.dumps({"benchmark": "train_step", "rows": len(lengths), "results": results}))


if __name__ == "__main__":
    main()
