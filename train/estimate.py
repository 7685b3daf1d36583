"""``make estimate``: parameters, memory by part, steps, tokens and time, before a run is paid for.

The formulas need no weights (the recipes' memory figures come from them); where base model and data
are there, steps and tokens are counted and the time is taken from three real steps.
"""

from __future__ import annotations

import math
import resource
import statistics
import time
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import write_json
from core.language import words
from train import base_model, patches, preflight, recipes
from train.pace import minutes
from train.shapes import Shape, shape

# Bytes a weight: 4 bits and, doubly quantised, 0.127 bits of scales (QLoRA, arXiv 2305.14314, §3).
NF4 = (4 + 0.127) / 8
ADAM = 8  # two float32 moments
# CUDA's context, kernels' workspaces and the allocator's unused part: assumed, not measured here.
OVERHEAD_GB, SLACK = 1.0, 1.1
GB = 1e9
PARTS = {  # of memory, by the names that estimate.json has
    "weights": ("权重", "weights"),
    "trainable": ("可训练", "trainable"),
    "gradients": ("梯度", "gradients"),
    "optimizer": ("优化器", "optimizer"),
    "activations": ("激活", "activations"),
    "logits": ("logits", "logits"),
}
PROBE = 3  # steps timed, after one that warms up
# On a CPU a run of some epochs peaks higher than its first steps: what the allocator keeps of many
# batch sizes, checkpoints, evaluations. Measured: 1.09 and 1.26 times (docs/benchmarks.md).
KEPT = 1.15


def memory(s: Shape, o: dict[str, Any], answers: float = 0.25) -> dict[str, float]:
    """GPU memory of training in GB, by part (:func:`parts`), and their ``total`` with what is
    assumed beside them."""
    by_part = {name: value / GB for name, value in parts(s, o, answers).items()}
    by_part["total"] = sum(by_part.values()) * SLACK + OVERHEAD_GB
    return {name: round(value, 3) for name, value in by_part.items()}


def parts(s: Shape, o: dict[str, Any], answers: float = 0.25) -> dict[str, float]:
    """Bytes of training by part; ``answers`` is the supervised share of tokens.

    Weights: 4-bit linear layers, the rest float32 (PEFT raises it for k-bit training); without
    quantisation all in ``dtype``; all trained, float32. Trainable ones carry a float32 copy,
    gradient and Adam's moments. Activations with checkpointing: one hidden state a layer and one
    layer's intermediates; without it those of every layer. Logits: three float32 copies of the
    supervised positions (all, where ``answers_only`` is off).
    """
    full = not o["lora_r"]
    wide = 4 if full or o["dtype"] == "float32" else 2
    rest = s.parameters - s.linear
    if full:
        weights, trained = 0.0, s.parameters
    elif o["quantization"] == "nf4":
        weights, trained = s.linear * NF4 + rest * 4, lora_parameters(s, o)
    else:
        weights, trained = s.parameters * wide, lora_parameters(s, o)
    tokens = o["max_length"] * o["batch_size"] * (2 if o["preference"] else 1)
    few = o["answers_only"] and not o["text"] and not o["preference"]
    supervised = tokens * (answers if few else 1)
    return {
        "weights": weights,
        "trainable": trained * 4.0,
        "gradients": trained * 4.0,
        "optimizer": trained * float(ADAM),
        "activations": activations(s, o, tokens),
        "logits": supervised * s.vocab * 4 * 3,
    }


def activations(s: Shape, o: dict[str, Any], tokens: int) -> float:
    """Bytes that the backward pass keeps of ``tokens`` tokens, as counted on a small Llama by
    autograd's saved tensors (tests/train/probe.py).

    A layer: what its two norms read (and, where they are trained, made of it); a 16-bit copy of
    each matrix's input, with LoRA's dropout and its mask of a byte; q, k and v at all heads and
    attention's output in 16 bits; gate, its activation, up and one more key or value in the dtype
    that a linear layer gives back: float32 where 4-bit layers are fed a float32 hidden state.
    """
    full = not o["lora_r"]
    four, wide = o["quantization"] == "nf4" and not full, o["dtype"] == "float32"
    hidden, given = (4 if full or four or wide else 2), (4 if four or wide else 2)
    q, kv = s.heads * s.head_dim, s.kv_heads * s.head_dim
    copies = 2 + bool(not full and o["lora_dropout"])
    layer = (4 if full else 2) * s.hidden * hidden + 4 * q * 2 + (3 * s.mlp + kv) * given
    layer = tokens * (layer + copies * sum(width for width, _ in s.matrices()))
    if not o["use_activation_checkpointing"]:
        return float(s.layers * layer + tokens * s.hidden * hidden)  # and what the last norm reads
    return float((s.layers + 1) * tokens * s.hidden * hidden + layer)


def lora_parameters(s: Shape, o: dict[str, Any]) -> int:
    """Trainable parameters of the recipe's LoRA."""
    layers = o["lora_layers"]
    return s.lora(o["lora_r"], None if layers is None else len(layers))


def card_gb(s: Shape, o: dict[str, Any]) -> int:
    """The figure for a recipe's header: the total, rounded up to whole GB."""
    return math.ceil(memory(s, o)["total"])


def estimate(
    config: str, domain: str, data: Path, work_dir: Path, overrides: list[str] | None = None
) -> None:
    """Print the estimate of a recipe and write it as ``estimate.json`` into ``work_dir``."""
    path = recipes.find(config)
    options = {"data": str(data), **recipes.parse_overrides(overrides or [])}
    cfg = recipes.measured(path, recipes.load(path, options), options)
    settings = cfg.settings.to_dict()
    result: dict[str, Any] = {"config": path.name}
    model = shape(settings["pretrained_model_name_or_path"])
    if model:
        result |= by_formula(model, settings)
    here = not base_model.missing(settings) and preflight.training_file(settings).is_file()
    able = settings["device"] == "cpu" or preflight.has_gpu()
    if here and able:
        result |= probe(cfg, settings)
        report(result, settings)
    else:
        lacks = base_model.missing(settings) or (
            preflight.no_rows(preflight.training_file(settings))
            if able
            else words("没有 GPU", "no GPU here")
        )
        print(f"{words('步数与用时未测', 'steps and time not probed')}: {lacks}")
    if len(result) == 1:
        unknown = words(
            "不知道模型的形状，无从估算", "the model's shape is not known: nothing to estimate by"
        )
        raise UserError(f"{path.name}: {unknown}")
    work_dir.mkdir(parents=True, exist_ok=True)
    write_json(work_dir / "estimate.json", result)


def by_formula(s: Shape, settings: dict[str, Any]) -> dict[str, Any]:
    """Print and return what follows from the model's shape."""
    trained = s.parameters if not settings["lora_r"] else lora_parameters(s, settings)
    need = memory(s, settings)
    share = trained / (s.parameters + trained * bool(settings["lora_r"]))
    own = f"{trained / 1e6:.1f} M ({share:.1%})"
    print(
        words(
            f"参数 {s.parameters / 1e9:.2f} B；可训练 {own}",
            f"parameters {s.parameters / 1e9:.2f} B; trainable {own}",
        )
    )
    by_part = ", ".join(f"{words(*PARTS[name])} {need[name]:.2f}" for name in PARTS)
    head = words(
        "内存（公式，批次填满 max_length 时，GB）",
        "memory by formula, batches full of max_length, GB",
    )
    print(f"{head}: {by_part}; {words('合计', 'total')} {need['total']:.1f}")
    return {"parameters": s.parameters, "trainable": trained, "memory_gb": need}


def probe(cfg: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Steps and tokens counted on the real rows; seconds a step and peak memory from real steps."""
    patches.apply()
    base_model.ensure(settings)
    import torch
    from mmengine.runner import Runner
    from xtuner.registry import BUILDER

    torch.manual_seed(settings["seed"])
    plain = as_a_run_reads_it(cfg)
    loader = Runner.build_dataloader(plain.train_dataloader, seed=settings["seed"])
    batches = [batch["data"] for batch in loader]
    gpu = settings["device"] == "cuda"
    model = BUILDER.build(plain.model).train().to("cuda" if gpu else "cpu")
    named = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(named, lr=1e-9)
    seconds, sizes = [], []
    # Evenly spread over the sizes of batches, so that their mean is the run's.
    picked = sorted(batches, key=lambda batch: batch["input_ids"].numel())
    chosen = [picked[round((i + 0.5) / PROBE * len(picked) - 0.5)] for i in range(PROBE)]
    for batch in [picked[-1], *chosen]:  # the largest, not timed, for the memory
        started = time.perf_counter()
        step(model, optimizer, batch, settings)
        seconds.append(time.perf_counter() - started)
        sizes.append(batch["input_ids"].numel())
    steps = len(batches) * settings["max_epochs"]
    tokens = sum(batch["input_ids"].numel() for batch in batches)
    return {
        "trainable_counted": sum(parameter.numel() for parameter in named),
        "steps": steps,
        "updates": math.ceil(steps / settings["accumulative_counts"]),
        "rows": len(loader.dataset),
        "tokens_per_epoch": tokens,
        "answer_tokens_per_epoch": sum(int((b["labels"] >= 0).sum()) for b in batches),
        "seconds_per_step": round(per_step(seconds[1:], sizes[1:], tokens / len(batches)), 4),
        "peak_gb": round(peak(gpu), 2),
    }


def as_a_run_reads_it(cfg: Any) -> Any:
    """``cfg`` written out and read again, lazy objects become names."""
    import tempfile

    from mmengine.config import Config

    with tempfile.TemporaryDirectory() as folder:
        cfg.dump(f"{folder}/config.py")
        return Config.fromfile(f"{folder}/config.py")


def per_step(seconds: list[float], sizes: list[int], mean: float) -> float:
    """Seconds of a step of ``mean`` tokens: the least-squares line through the probed steps, never
    below their fastest."""
    if len(set(sizes)) < 2:
        return statistics.median(seconds)
    line = statistics.linear_regression(sizes, seconds)
    return max(min(seconds), line.intercept + max(line.slope, 0.0) * mean)


def step(model: Any, optimizer: Any, batch: Any, settings: dict[str, Any]) -> None:
    """One training step as the run does it: forward, backward, clipping, update."""
    import torch

    device = next(model.parameters()).device
    data = {name: value.to(device) for name, value in batch.items() if hasattr(value, "to")}
    dtype = getattr(torch, settings["dtype"])
    with torch.autocast(device.type, dtype=dtype, enabled=settings["dtype"] != "float32"):
        loss = model.compute_loss(data)["loss"]
    loss.backward()
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    torch.nn.utils.clip_grad_norm_(trained, settings["max_norm"])
    optimizer.step()
    optimizer.zero_grad()
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak(gpu: bool) -> float:
    """Peak memory in GB: the GPU's, or this process's with what a run will keep beyond it."""
    if gpu:
        import torch

        return torch.cuda.max_memory_allocated() / GB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GB * KEPT


def report(result: dict[str, Any], settings: dict[str, Any]) -> None:
    """Print what the probe found."""
    total = result["steps"] * result["seconds_per_step"]
    result["seconds"] = round(total, 1)
    result["seconds_per_epoch"] = round(total / settings["max_epochs"], 1)
    tokens, answers = result["tokens_per_epoch"], result["answer_tokens_per_epoch"]
    print(
        words(
            f"步数 {result['steps']}（更新 {result['updates']} 次）；每轮词元 {tokens}，"
            f"其中答案 {answers}",
            f"steps {result['steps']} (updates {result['updates']}); tokens an epoch {tokens}, "
            f"supervised {answers}",
        )
    )
    if result["updates"] < 50:
        print(
            words(
                "更新次数很少: 请减小 accumulative_counts 或增加 max_epochs "
                "(make train OVERRIDE=…)",
                "few updates: a smaller accumulative_counts or more max_epochs "
                "(make train OVERRIDE=…)",
            )
        )
    each, more = result["seconds_per_step"], minutes(result["seconds_per_epoch"])
    print(
        words(
            f"实测 {PROBE} 步: 每步 {each:.2f} s；训练约 {minutes(total)}；多一轮 {more}；"
            f"峰值内存 {result['peak_gb']:.1f} GB",
            f"{PROBE} steps probed: {each:.2f} s a step; training about {minutes(total)}; one more "
            f"epoch {more}; peak memory {result['peak_gb']:.1f} GB",
        )
    )
