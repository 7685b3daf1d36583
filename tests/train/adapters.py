"""``python adapters.py BASE OUT``: two adapters over BASE, the first with three more tokens."""

from __future__ import annotations

import sys
from pathlib import Path


def write(base: Path, out: Path) -> None:
    """``OUT/first`` (its own tokenizer, embeddings and head) and ``OUT/second`` over it, with
    ``OUT/expected.pt``: the logits of both applied, never merged."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(["题库", "公考", "阿莫西林"])
    model = AutoModelForCausalLM.from_pretrained(base, torch_dtype=torch.float32)
    model.resize_token_embeddings(len(tokenizer))
    for name, modules in (("first", ["embed_tokens", "lm_head"]), ("second", None)):
        config = LoraConfig(
            r=8, target_modules=["q_proj", "v_proj", "down_proj"], modules_to_save=modules,
            task_type="CAUSAL_LM",
        )  # fmt: skip
        joined = get_peft_model(model, config)
        for key, weight in joined.named_parameters():
            if "lora_" in key or "modules_to_save" in key:
                weight.data.normal_(std=0.05)
        joined.save_pretrained(out / name)
        if name == "first":
            tokenizer.save_pretrained(out / name)
            model = joined.merge_and_unload()
    print(len(tokenizer))
    # The second, applied and not merged, over the first.
    joined = PeftModel.from_pretrained(joined.unload(), str(out / "second")).eval()
    ids = tokenizer("题库里的公考题，阿莫西林", return_tensors="pt").input_ids
    with torch.no_grad():
        torch.save({"ids": ids, "logits": joined(input_ids=ids).logits}, out / "expected.pt")


def check(folder: Path, out: Path) -> None:
    """Print how far the combined model's logits are from those expected, and its vocabulary."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    expected = torch.load(out / "expected.pt")
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("题库里的公考题，阿莫西林", return_tensors="pt").input_ids
    assert ids.tolist() == expected["ids"].tolist()
    with torch.no_grad():
        far = (model(input_ids=ids).logits - expected["logits"]).abs().max()
    print(f"{float(far):.4f} {float(expected['logits'].abs().max()):.4f} {len(tokenizer)}")


if __name__ == "__main__":
    (check if len(sys.argv) > 3 else write)(Path(sys.argv[1]), Path(sys.argv[2]))
