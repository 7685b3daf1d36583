"""``make combine BASE=… ADAPTERS="a b" TO=…``: published adapters into the base that they extend.

Some bases are published only as LoRA adapters over another model, several of them one after the
other, the first with a larger vocabulary (Chinese-LLaMA-Plus, on which QiZhenGPT was trained). The
result is an ordinary model folder, to be named in a recipe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import precision, trust
from core.errors import UserError
from core.files import digest, shown, write_json
from core.language import words
from train import merge, patches

# What the merged model is compared on; any text would do.
TEXTS = ("世界上最大的宫殿是", "The capital of France is", "感冒了应该怎么办？", "从前有一座山，")


def combine(base: Path, adapters: list[Path], to: Path) -> None:
    """Write ``to``: ``base`` with each of ``adapters`` merged, in that order, in the base's dtype.

    An adapter that brings embeddings brings its vocabulary (its tokenizer lies beside it): the
    model's are made of that size first. Each step is compared with the adapter before it was merged
    (``handover.json``). Raises :class:`UserError` for a folder that holds no model or adapter, one
    that is there already, an adapter of another shape, and a step that changes answers.
    """
    _require(base, "config.json", words("没有模型", "holds no model"))
    for folder in adapters:
        no_adapter = words("没有适配器 (PEFT)", "holds no adapter (PEFT)")
        _require(folder, "adapter_config.json", no_adapter)
    for folder in (base, *adapters):
        trust.remote_code(folder)
    if to.exists():
        exists = words("已存在: 换 TO=另一目录", "exists already: use another TO=")
        raise UserError(f"{shown(to)} {exists}")
    patches.apply()
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(
        base, torch_dtype=precision.computing(base), trust_remote_code=trust.remote_code(base)
    )
    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=trust.remote_code(base))
    steps = []
    for folder in adapters:
        if any(folder.glob("tokenizer*")):
            tokenizer = AutoTokenizer.from_pretrained(
                folder, trust_remote_code=trust.remote_code(folder)
            )
        model, report = _merged(model, tokenizer, folder)
        steps.append({"adapter": folder.name, "hash": merge.weights_hash(folder), **report})
        alike = f"{report['greedy_equal']}/{report['n']}"
        print(
            words(
                f"已并入 {shown(folder)}: {alike} 个提示逐字相同",
                f"merged {shown(folder)}: {alike} prompts answered alike",
            )
        )
    model.to(merge.base_dtype(str(base)))  # computed in another, kept as it was
    temporary = merge._fresh(to)
    model.save_pretrained(temporary, max_shard_size="2GB")
    tokenizer.save_pretrained(temporary)
    write_json(temporary / "handover.json", {"step": "base + adapters = combined", "steps": steps})
    temporary.rename(to)
    made = f"{shown(to)} ({digest(steps)[:8]})"
    after = f'make train OVERRIDE="pretrained_model_name_or_path={shown(to)}"'
    print(words(f"写入 {made}；下一步: {after}", f"wrote {made}; next: {after}"))


def _require(folder: Path, file: str, wrong: str) -> None:
    if not (folder / file).is_file():
        raise UserError(f"{shown(folder)} {wrong}: {words('缺少', 'missing')} {file}")


def _vocabulary(model: Any, folder: Path) -> int:
    """Rows of the embeddings that the adapter was trained with: its own where it saved them."""
    from peft.utils.save_and_load import load_peft_weights

    own = model.get_input_embeddings()
    name = next(name for name, module in model.named_modules() if module is own).split(".")[-1]
    for key, weight in load_peft_weights(str(folder), device="cpu").items():
        if f".{name}." in key and "lora" not in key and key.endswith("weight"):
            return int(weight.shape[0])
    return int(own.weight.shape[0])


def _merged(model: Any, tokenizer: Any, folder: Path) -> tuple[Any, dict[str, Any]]:
    """``model`` with the adapter in ``folder`` merged, and how it compares with it unmerged."""
    from peft import PeftModel, get_peft_model_state_dict
    from peft.utils.save_and_load import load_peft_weights

    rows = _vocabulary(model, folder)
    if rows != model.get_input_embeddings().weight.shape[0]:
        model.resize_token_embeddings(rows)
    try:
        joined = PeftModel.from_pretrained(model, str(folder)).eval()
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        unfit = words("与基座不符", "does not fit the model below it")
        raise UserError(f"{shown(folder)} {unfit}: {reason}") from None
    # peft only warns: an adapter of which nothing fits would be merged as if it had been
    theirs = load_peft_weights(str(folder), device="cpu")
    if nowhere := theirs.keys() - get_peft_model_state_dict(joined).keys():
        unfit = words("的权重没有位置，例如", "has weights with no place in the model, e.g.")
        raise UserError(f"{shown(folder)} {unfit} {min(nowhere)}")
    prompts = [tokenizer(text, return_tensors="pt").input_ids for text in TEXTS]
    before = [merge.greedy(joined, ids) for ids in prompts]
    merged = joined.merge_and_unload()
    after = [merge.greedy(merged, ids) for ids in prompts]
    return merged, merge.compare(before, after, prompts, tokenizer, tokenizer)
