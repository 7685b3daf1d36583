"""Measurements inside the train environment, as JSON on the last line: ``probe.py NAME MODEL``."""

from __future__ import annotations

import json
import os
import sys

from train import mends


def build(base: str, data: str = "none"):
    from xtuner.registry import BUILDER

    from train import recipes

    cfg = recipes.load(
        recipes.find("smollm2_cpu_qlora.py"),
        {"pretrained_model_name_or_path": base, "data": data, "lora_r": 4},
    )
    return cfg, BUILDER.build(cfg.model).train()


def first_gradient(model) -> float:
    """Norm of the loss's gradient at layer 0's LoRA, on fixed tokens."""
    import torch

    ids = torch.arange(5, 45).reshape(2, 20)
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model.llm(input_ids=ids, labels=ids).loss.backward()
    found = [p.grad for n, p in model.named_parameters() if "layers.0." in n and "lora_B" in n]
    return float(sum(grad.float().norm() ** 2 for grad in found) ** 0.5)


def gradient_trap(base: str) -> dict:
    """Gradients before and after an inference: plainly, as ``EvaluateChatHook`` does it, and
    through the block that lets 4-bit layers repack."""
    import torch

    mends.apply()
    _, model = build(base)
    ids = torch.arange(5, 25).reshape(1, 20)

    def infer() -> list[float]:
        model.eval()
        with torch.no_grad():
            logits = model.llm(input_ids=ids).logits[0, -1].float()
        model.train()
        return logits.tolist()

    before = first_gradient(model)
    plain = infer()
    after_plain = first_gradient(model)
    with mends.fast_inference(model):
        fast = infer()
    after_fast = first_gradient(model)
    difference = max(abs(a - b) for a, b in zip(plain, fast, strict=True))
    return {
        "before": before,
        "after_plain": after_plain,
        "after_fast": after_fast,
        "logit_difference": difference,
    }


def trap_without_guard(base: str) -> dict:
    """What happens where nobody guards: the reason for the mend, where this CPU shows it."""
    import bitsandbytes.nn.modules as modules
    import torch

    real = modules.has_avx512bf16
    mends.apply()
    modules.has_avx512bf16 = real
    _, model = build(base)
    before = first_gradient(model)
    model.eval()
    with torch.no_grad():
        model.llm(input_ids=torch.arange(5, 25).reshape(1, 20))
    model.train()
    return {"repacks": bool(real()), "before": before, "after": first_gradient(model)}


def token_ids(base: str) -> dict:
    """Training and serving ids of one fixed row."""
    mends.apply()
    from xtuner.registry import BUILDER

    from train import check, recipes

    cfg = recipes.load(
        recipes.find(sys.argv[3]), {"pretrained_model_name_or_path": base, "data": "none"}
    )
    tokenizer = BUILDER.build(cfg.tokenizer)
    row = {"conversation": [{"system": "简答。", "input": "中国最长的河流是：", "output": "长江"}]}
    ids, labels = check.training_ids(cfg, tokenizer, row)
    return {
        "training": ids,
        "supervised": [x for x in labels if x >= 0],
        "served": check.served_ids(tokenizer, row),
        "parity": check.parity(cfg, tokenizer, row),
    }


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    print(json.dumps(globals()[sys.argv[1]](sys.argv[2])))
