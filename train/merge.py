"""From XTuner's checkpoint to what the world loads: a Hugging Face adapter, then a merged model."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core import precision, trust
from core.errors import UserError
from core.files import digest, read_json, read_jsonl, sha256, shown, write_json
from core.hints import then
from core.language import words
from train import checkpoints, patches

PROMPTS = 8  # real questions on which each hand-over is proved
TOKENS = 24  # greedy tokens compared for each
LIKELY = 5  # log-probabilities noted at each of them


def load_run(work_dir: Path) -> dict[str, Any]:
    """``run.json`` of a finished training run; :class:`UserError` otherwise."""
    path = work_dir / "run.json"
    if not path.is_file():
        raise UserError(
            words(
                f"{shown(work_dir)} 里没有训练: 请先运行 make train CONFIG=…",
                f"{shown(work_dir)} holds no run: make train CONFIG=… first",
            )
        )
    state = read_json(path)
    needed = ("status", "key", "base", "data", "settings")
    if lacking := [name for name in needed if not isinstance(state, dict) or name not in state]:
        raise UserError(
            words(
                f"{shown(path)} 里没有 {lacking[0]}，不是训练写下的: make train FORCE=1 …",
                f"{shown(path)} has no {lacking[0]}, no training wrote it so: make train FORCE=1 …",
            )
        )
    if state["status"] != "trained":
        raise UserError(
            words(
                f"{shown(work_dir)} 的训练未完成: make train RESUME=1 …",
                f"the training in {shown(work_dir)} is unfinished: make train RESUME=1 …",
            )
        )
    return state


def adapter(work_dir: Path) -> None:
    """Write ``adapter/`` from the last checkpoint by XTuner's own ``pth_to_hf``:
    the best one where the recipe says ``best_by``."""
    state = load_run(work_dir)
    full = state["settings"].get("lora_r") == "0"  # all weights trained: there is no adapter
    target = work_dir / ("whole" if full else "adapter")
    proof = "config.json" if full else "adapter_config.json"
    if state.get("adapter_of") == state["key"] and (target / proof).is_file():
        return
    patches.apply()
    from mmengine.logging import MMLogger
    from xtuner.tools.model_converters import pth_to_hf

    # Its lines name a temporary folder; ours, below, names the adapter.
    MMLogger.get_current_instance().setLevel("WARNING")
    temporary = _fresh(target)
    checkpoint = checkpoints.best(work_dir) or checkpoints.last(work_dir)
    if not checkpoint:
        none = words("没有检查点", "has no checkpoint")
        raise UserError(f"{shown(work_dir)} {none}: make train FORCE=1 …")
    trust.require(Path(checkpoint))
    config = str(trust.require(work_dir / "config.py"))
    sys.argv = ["pth_to_hf", config, checkpoint, str(temporary)]
    sys.argv += ["--fp32", "--safe-serialization"]
    pth_to_hf.main()
    _replace(temporary, target)
    names = {"adapter": target.name, "adapter_of": state["key"]}
    write_json(work_dir / "run.json", {**state, **names, "adapter_from": Path(checkpoint).name})
    after = then("make merge")
    print(words(f"写入 {shown(target)}；下一步: {after}", f"wrote {shown(target)}; next: {after}"))


def merge(work_dir: Path) -> None:
    """Write ``merged/``: base + adapter in the base's own dtype, with ``handover.json``.

    A run that trained all weights has nothing to merge: they are written in the base's dtype.
    Raises :class:`UserError` naming the prompt when merged and unmerged model disagree.
    """
    state = load_run(work_dir)
    target = work_dir / "merged"
    full = state.get("adapter") == "whole"
    if state.get("adapter_of") != state["key"]:  # what lies there is an earlier run's
        none = words("没有 adapter: make train 未做完", "has no adapter: make train did not finish")
        raise UserError(f"{shown(work_dir)} {none}")
    key = digest(state["key"], weights_hash(work_dir / ("whole" if full else "adapter")))
    if state.get("merged_of") == key and (target / "handover.json").is_file():
        print(f"{words('已合并，无变化', 'merged already, up to date')}: {shown(target)}")
        return
    patches.apply(training=False)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = state["base"]
    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=trust.remote_code(base))
    without_thinking(tokenizer)
    prompts = real_prompts(Path(state["data"]), tokenizer)
    before, merged = whole(work_dir, prompts) if full else joined(work_dir, prompts)
    merged.to(base_dtype(base))
    temporary = _fresh(target)
    merged.save_pretrained(temporary, max_shard_size="2GB")
    tokenizer.save_pretrained(temporary)
    del merged  # two of a large model need not fit into memory
    import torch

    own = "auto" if torch.cuda.is_available() else precision.computing(temporary)
    own_code = trust.remote_code(temporary)
    again = AutoModelForCausalLM.from_pretrained(
        temporary, torch_dtype=own, trust_remote_code=own_code
    )
    again = on_gpu_where_it_fits(again.eval())
    after = [greedy(again, ids) for ids in prompts]
    saved = AutoTokenizer.from_pretrained(temporary, trust_remote_code=own_code)
    report = compare(before, after, prompts, tokenizer, saved)
    report["data_sha256"] = sha256(Path(state["data"]) / "train.jsonl")  # whose rows are asked
    write_json(temporary / "handover.json", {"step": "adapter + base = merged", **report})
    _replace(temporary, target)
    write_json(work_dir / "run.json", {**state, "merged": "merged", "merged_of": key})
    alike, following = f"{report['greedy_equal']}/{report['n']}", then("make deploy")
    largest = f"{report['max_logit_difference']:.3g}"
    print(
        words(
            f"写入 {shown(target)}: {alike} 个提示逐字相同，最大 logit 差 {largest}；"
            f"下一步: {following}",
            f"wrote {shown(target)}: {alike} prompts answered alike, largest logit difference "
            f"{largest}; next: {following}",
        )
    )


def weights_hash(folder: Path) -> str:
    """A key for the weights in ``folder``, whatever the number of their files."""
    return digest([sha256(file) for file in sorted(folder.glob("*.safetensors"))])


def joined(work_dir: Path, prompts: list[Any]) -> tuple[list, Any]:
    """Answers of base and adapter as trained, and the model into which both were merged."""
    from peft import PeftModel

    trained = PeftModel.from_pretrained(trained_base(work_dir), str(work_dir / "adapter")).eval()
    with patches.fast_inference(trained):
        before = [greedy(trained, ids) for ids in prompts]
    plain = dequantized(trained.unload())
    return before, PeftModel.from_pretrained(plain, str(work_dir / "adapter")).merge_and_unload()


def whole(work_dir: Path, prompts: list[Any]) -> tuple[list, Any]:
    """Answers of a model all of whose weights were trained, and the model."""
    from transformers import AutoModelForCausalLM

    folder = work_dir / "whole"
    model = AutoModelForCausalLM.from_pretrained(
        folder,
        torch_dtype=precision.computing(folder),
        trust_remote_code=trust.remote_code(folder),
    ).eval()
    return [greedy(model, ids) for ids in prompts], model


def without_thinking(tokenizer: Any) -> None:
    """Make "no thinking" the default of a chat template that can be asked for it: the rows that
    were learnt have none, and a server that is not told would show an empty block."""
    template = getattr(tokenizer, "chat_template", None)
    if isinstance(template, str) and "enable_thinking" in template:
        head = (
            "{%- if enable_thinking is not defined %}{%- set enable_thinking = false %}{% endif %}"
        )
        if not template.startswith(head):
            tokenizer.chat_template = head + template


def trained_base(work_dir: Path) -> Any:
    """The base model as training saw it: from the run's own config, 4-bit where that was."""
    from mmengine.config import Config
    from xtuner.model.utils import traverse_dict
    from xtuner.registry import BUILDER

    llm = Config.fromfile(str(trust.require(work_dir / "config.py"))).model.llm
    computed_natively(llm)
    traverse_dict(llm)  # "torch.bfloat16" as dumped → torch.bfloat16
    return BUILDER.build(llm)


def computed_natively(llm: dict[str, Any]) -> None:
    """Let the model of config ``llm`` compute in a format that this machine's CPU has, where it is
    a CPU that computes: the run may be another machine's."""
    import torch

    own = str(llm["torch_dtype"]).removeprefix("torch.")
    if torch.cuda.is_available() or own == precision.fastest():
        return
    llm["torch_dtype"] = "torch.float32"  # a name, as the dumped config has it
    if "quantization_config" in llm:
        llm["quantization_config"]["bnb_4bit_compute_dtype"] = "torch.float32"


def dequantized(model: Any) -> Any:
    """``model`` on the CPU with its 4-bit weights written out: the values that the adapter was
    trained on.

    Merging into the original weights instead puts the quantisation error back, which the adapter
    had learnt to live with: on the demo 58 of 68 training answers stay right, instead of 67.
    One layer at a time: transformers' own ``dequantize`` writes all of them out on the GPU, 39.7 GB
    for a 20B that was trained on 32.
    """
    if not getattr(model, "is_quantized", False):
        return model.cpu()
    from accelerate.hooks import remove_hook_from_module
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit
    from torch import nn

    remove_hook_from_module(model, recurse=True)
    for path, layer in list(model.named_modules()):
        if isinstance(layer, Linear4bit):
            weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state).cpu()
            rows, columns = weight.shape
            plain = nn.Linear(columns, rows, layer.bias is not None, "meta", weight.dtype)
            plain.weight = nn.Parameter(weight, requires_grad=False)
            plain.bias = layer.bias
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, plain)
    for holder, name in (  # older transformers go on taking it for a 4-bit model
        (model, "quantization_method"),
        (model, "is_loaded_in_4bit"),
        (model, "hf_quantizer"),
        (model.config, "quantization_config"),
        (model.config, "_pre_quantization_dtype"),
    ):
        if name in vars(holder):
            delattr(holder, name)
    model.is_quantized = False
    return model.cpu()


def on_gpu_where_it_fits(model: Any) -> Any:
    """``model`` on the GPU where one has room for its weights and some more, else as it is."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        size = sum(p.numel() * p.element_size() for p in model.parameters())
        if torch.cuda.mem_get_info()[0] > 1.2 * size:
            return model.to("cuda")
    return model


def base_dtype(base: str) -> Any:
    """The dtype that the base model's own config names (bfloat16 where it names none)."""
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, trust_remote_code=trust.remote_code(base))
    # transformers before 4.56 calls it torch_dtype.
    dtype = getattr(config, "dtype", None) or getattr(config, "torch_dtype", None)
    return dtype or torch.bfloat16


def real_prompts(data: Path, tokenizer: Any, count: int = PROMPTS) -> list[Any]:
    """Token ids (1 × length) of the first ``count`` training questions, as the server renders."""
    prompts = []
    for row in islice(read_jsonl(data / "train.jsonl"), count):
        turn = row["conversation"][0]
        messages = [{"role": "user", "content": turn["input"]}]
        if turn.get("system"):
            messages.insert(0, {"role": "system", "content": turn["system"]})
        prompts.append(
            tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")
        )
    return prompts


@dataclass(frozen=True)
class Answer:
    """A greedy answer: its ``tokens``, the float32 ``logits`` at the prompt's end, and at each
    token the best :data:`LIKELY` log-probabilities as (token, value)."""

    tokens: list[int]
    logits: Any
    likely: list[list[tuple[int, float]]]


def greedy(model: Any, ids: Any) -> Answer:
    """At most ``TOKENS`` tokens after ``ids``."""
    import torch

    # A 4-bit model sits on the GPU that it was loaded to, and accelerate adds no hook that would
    # move what it is fed where there is but one device.
    ids = ids.to(next(model.parameters()).device)
    with torch.no_grad():
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=TOKENS,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
    logits = torch.cat(out.logits).float().cpu()
    best = logits.log_softmax(-1).topk(LIKELY)
    likely = [
        [(token, round(value, 4)) for token, value in zip(tokens, values, strict=True)]
        for tokens, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
    return Answer(out.sequences[0, ids.shape[1] :].tolist(), logits[0], likely)


def compare(before: list, after: list, prompts: list, tokenizer: Any, saved: Any) -> dict[str, Any]:
    """The hand-over report of one step: are tokens and prompt ids equal, how far are logits."""
    rows, largest = [], 0.0
    for left, right, ids in zip(before, after, prompts, strict=True):
        difference = float((left.logits - right.logits).abs().max())
        largest = max(largest, difference)
        text = tokenizer.decode(ids[0])
        same_ids = saved(text, add_special_tokens=False).input_ids == ids[0].tolist()
        rows.append(
            {
                "prompt": text,
                # What a server is compared with, in whichever environment (deploy/handover.py).
                "ids": ids[0].tolist(),
                "tokens": right.tokens,
                "likely": right.likely,
                "answer": tokenizer.decode(right.tokens, skip_special_tokens=True),
                "greedy_equal": left.tokens == right.tokens,
                "first_token_equal": same_first(left.logits, right.logits),
                "answer_starts_otherwise": left.tokens[:1] != right.tokens[:1],
                "logit_difference": difference,
                "prompt_ids_equal": same_ids,
            }
        )
    bad = [row for row in rows if not (row["prompt_ids_equal"] and row["first_token_equal"])]
    changed = sum(row["answer_starts_otherwise"] for row in rows)
    if bad or changed > len(rows) / 2:
        bad = bad or [row for row in rows if row["answer_starts_otherwise"]]
        differs = words(
            "合并后的模型与合并前不一致，例如",
            "the merged model differs from adapter + base, e.g. on",
        )
        raise UserError(f"{differs} {json.dumps(bad[0], ensure_ascii=False)}")
    return {
        "n": len(rows),
        "greedy_equal": sum(row["greedy_equal"] for row in rows),
        "prompt_ids_equal": all(row["prompt_ids_equal"] for row in rows),
        "max_logit_difference": largest,
        "prompts": rows,
    }


def same_first(left: Any, right: Any, tie: float = 0.7) -> bool:
    """Whether both choose one first token, or the choice of ``right`` was a close second: within
    ``tie`` logits (ln 2: at least half as likely). Other kernels and bfloat16 move logits by about
    one, and a model that hesitates may then begin otherwise; a wrong merge moves them by many."""
    first, second = int(left.argmax()), int(right.argmax())
    return first == second or float(left[first] - left[second]) < tie


def _fresh(target: Path) -> Path:
    # No dot in it: transformers makes a Python module of the folder's name for a model's own code,
    # and InternLM2's fast tokenizer then imports the slow one from "transformers_modules.".
    temporary = target.with_name(f"{target.name}_unfinished")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def _replace(temporary: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)
