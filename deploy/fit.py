"""What a model takes on a GPU, on how many it is spread, and how much is left for its KV cache.

LMDeploy's ``cache_max_entry_count`` is a share of the memory that is *free* once the weights are
loaded, so a server that is started alone leaves no room for a second one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core import gpu
from core.errors import UserError
from core.files import read_json, shown
from core.language import words

# CUDA's context, cuBLAS' workspace and a prefill's activations: assumed, not measured here.
OVERHEAD_GB = 2.0
CONVERSATIONS = 8  # the least KV cache that is worth serving with: these at full length
SAFE = 0.92  # share of a GPU's free memory that servers may share
GB = 1e9


def weights_gb(folder: Path) -> float:
    """Weights on disk, which is what they take on the GPU."""
    found = [*folder.glob("*.safetensors")] or [*folder.glob("*.bin")]
    return sum(file.stat().st_size for file in found) / GB


def cache_gb(folder: Path, values: dict[str, Any]) -> float:
    """KV cache of :data:`CONVERSATIONS` conversations of ``session_len`` tokens: two vectors of
    every key/value head a layer and token, at ``quant_policy`` bits (0: 16)."""
    c = read_json(folder / "config.json")
    heads = c["num_attention_heads"]
    width = c.get("head_dim") or c["hidden_size"] // heads
    per_token = 2 * c["num_hidden_layers"] * (c.get("num_key_value_heads") or heads) * width
    per_token *= (values["quant_policy"] or 16) / 8
    return per_token * values["session_len"] * CONVERSATIONS / GB


def needs_gb(folder: Path, values: dict[str, Any], tp: int = 1) -> float:
    """GPU memory of one server on each of ``tp`` GPUs."""
    return (weights_gb(folder) + cache_gb(folder, values)) / tp + OVERHEAD_GB


def spread(folder: Path, values: dict[str, Any], given: int | None) -> int:
    """On how many GPUs the model is served: ``given``, else the fewest (1, 2, 4 …) that hold it.

    Raises :class:`UserError` where all of them together do not.
    """
    there = gpu.gpus()
    if given:
        if given > len(there):
            only = words(f"这里只有 {len(there)} 个 GPU", f"there are only {len(there)} GPUs")
            raise UserError(f"TP={given}: {only}")
        heads = read_json(folder / "config.json").get("num_attention_heads", given)
        if heads % given:  # LMDeploy asserts it, once the model is loaded
            uneven = words(f"{heads} 个注意力头分不匀", f"{heads} heads do not divide by it")
            raise UserError(f"TP={given}: {uneven}")
        return given
    tp = 1
    while tp <= len(there):
        if needs_gb(folder, values, tp) <= min(one.memory_gb for one in there[:tp]):
            return tp
        tp *= 2
    need, have = f"{needs_gb(folder, values):.1f}", f"{len(there)} × {there[0].memory_gb:.1f} GB"
    smaller = words(
        f"约需 {need} GB 显存，这里有 {have}；4-bit 更小：make quantize，make deploy ROLE=int4，"
        "或 BACKEND=cpu",
        f"needs about {need} GB of GPU memory, there are {have}; 4-bit is smaller: make quantize, "
        "make deploy ROLE=int4, or BACKEND=cpu",
    )
    raise UserError(f"{shown(folder)}: {smaller}")


def settle(folder: Path, values: dict[str, Any], tp: int | None, budget: float) -> dict[str, Any]:
    """``values`` with ``tp``, and with the cache's share that keeps the server within ``budget`` GB
    (0: all that is free).

    Raises :class:`UserError` where the memory that is free now does not do.
    """
    count = spread(folder, values, tp)
    needed = needs_gb(folder, values, count)
    free = min(one.free_gb for one in gpu.now()[:count])
    if needed > free:
        sizes = words(
            f"显存不够，约需 {needed:.1f} GB，空闲 {free:.1f} GB：先 make stop (PORT=…)，"
            "或用 nvidia-smi 看谁在用",
            f"not enough GPU memory, needs about {needed:.1f} GB, free are {free:.1f} GB: "
            "make stop (PORT=…), or see who uses it with nvidia-smi",
        )
        raise UserError(f"{shown(folder)}: {sizes}")
    found = {**values, "tp": count}
    if budget:
        fixed = weights_gb(folder) / count + OVERHEAD_GB
        left = max(free - fixed, 0.1)
        share = min(values["cache_max_entry_count"], max(budget - fixed, 0.1) / left)
        found["cache_max_entry_count"] = round(max(share, 0.01), 3)
    return found
