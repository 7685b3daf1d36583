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
# Share of a 16-bit model's bytes that 4-bit AWQ leaves: 4.25 bits a weight (of each 128 also a
# scale and a zero point); the embedding and the output layer, a tenth of a 7B, stay as they are.
FOUR_BIT = 0.34
NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")


def weights_gb(folder: Path) -> float:
    """Weights on disk, which is what they take on the GPU."""
    found = [*folder.glob("*.safetensors")] or [*folder.glob("*.bin")]
    return sum(file.stat().st_size for file in found) / GB


def numbers(folder: Path) -> dict[str, Any]:
    """``config.json`` of a model whose sizes are all there: :data:`NEEDED`.

    Raises :class:`UserError` that names one that is not, or is no number from 1 on.
    """
    file = folder / "config.json"
    config = read_json(file)
    config = config if isinstance(config, dict) else {}
    for name in NEEDED:
        if type(config.get(name)) is not int or config[name] < 1:
            lacking = words(
                f"没有 {name} (应为正整数)，不是完整的语言模型配置",
                f"has no {name} (a number from 1 on), it is no language model's",
            )
            raise UserError(f"{shown(file)}: {lacking}")
    return config


def token_bytes(layers: int, kv_heads: int, width: int, bits: int) -> float:
    """KV cache of one token: two vectors of every key/value head a layer, ``bits`` each (0: 16)."""
    return 2 * layers * kv_heads * width * (bits or 16) / 8


def cache_gb(folder: Path, values: dict[str, Any]) -> float:
    """KV cache of :data:`CONVERSATIONS` conversations of ``session_len`` tokens."""
    c = numbers(folder)
    heads = c["num_attention_heads"]
    kv, width = (
        c.get("num_key_value_heads") or heads,
        c.get("head_dim") or c["hidden_size"] // heads,
    )
    one = token_bytes(c["num_hidden_layers"], kv, width, values["quant_policy"])
    return one * values["session_len"] * CONVERSATIONS / GB


def needs_gb(folder: Path, values: dict[str, Any], tp: int = 1, bits4: bool = False) -> float:
    """GPU memory of one server on each of ``tp`` GPUs; ``bits4``: once its weights are 4-bit."""
    weights = weights_gb(folder) * (FOUR_BIT if bits4 else 1)
    return (weights + cache_gb(folder, values)) / tp + OVERHEAD_GB


def divides(config: dict[str, Any], tp: int) -> str:
    """What of a model ``tp`` GPUs cannot share evenly; '' where they can. As LMDeploy asserts it
    once the model is loaded (0.18.0, ``turbomind/builders``): key/value heads may be repeated."""
    heads, mlp = config["num_attention_heads"], config["intermediate_size"]
    kv = config.get("num_key_value_heads") or heads
    if heads % tp or (-(-kv // tp) * tp % kv and kv % tp):
        odd = heads if heads % tp else kv
        return words(f"{odd} 个注意力头分不匀", f"{odd} heads do not divide by it")
    return words(f"层宽 {mlp} 分不匀", f"layers {mlp} wide do not divide by it") if mlp % tp else ""


def counts(folder: Path, most: int) -> list[int]:
    """On how many GPUs, ``most`` at most, the model can be spread: 1, 2, 4 … as its heads allow."""
    config = numbers(folder)
    powers = [2**n for n in range(most.bit_length()) if 2**n <= most]
    return [tp for tp in powers if not divides(config, tp)]


def holds(one: gpu.GPU, needed: float, free: bool = False) -> bool:
    """Whether a GPU has (or has free) ``needed`` GB; one that does not tell its memory may."""
    return not one.memory_gb or needed <= (one.free_gb if free else one.memory_gb)


def spread(folder: Path, values: dict[str, Any], given: int | None) -> int:
    """On how many GPUs the model is served: ``given``, else the fewest (1, 2, 4 …) that hold it.

    Raises :class:`UserError` where all of them together do not, or those that are given.
    """
    there = gpu.gpus()
    if given and given > len(there):
        only = words(f"这里只有 {len(there)} 个 GPU", f"there are only {len(there)} GPUs")
        raise UserError(f"TP={given}: {only}")
    if given and (uneven := divides(numbers(folder), given)):
        raise UserError(f"TP={given}: {uneven}")
    able = counts(folder, len(there))
    for tp in [given] if given else able:
        if all(holds(one, needs_gb(folder, values, tp)) for one in there[:tp]):
            return tp
    tried = given or able[-1]
    need, least = needs_gb(folder, values, tried), min(one.memory_gb for one in there[:tried])
    sizes = words(
        f"约需 {tried} × {need:.1f} GB 显存，这里有 {len(there)} × {least:.1f} GB",
        f"needs about {tried} × {need:.1f} GB of GPU memory, there are {len(there)} × {least:.1f} "
        "GB",
    )
    asked = f"TP={given}: " if given else ""
    raise UserError(f"{shown(folder)}: {asked}{sizes}; {ways_out(folder, values, given)}")


def ways_out(folder: Path, values: dict[str, Any], given: int | None) -> str:
    """What to do where the GPUs do not hold the model; 4 bits only where those would fit."""
    there = gpu.gpus()

    def fits(tp: int, bits4: bool) -> bool:
        return all(holds(one, needs_gb(folder, values, tp, bits4)) for one in there[:tp])

    able = counts(folder, len(there))
    ways = [(f"TP={tp}",) * 2 for tp in able if given and fits(tp, bits4=False)][:1]
    if "quantization_config" not in numbers(folder) and any(fits(tp, bits4=True) for tp in able):
        how = "make quantize, make deploy ROLE=int4"
        ways.append((f"4-bit 更小: {how}", f"4-bit is smaller: {how}"))
    ways.append(("用 CPU: BACKEND=cpu", "on the CPU: BACKEND=cpu"))
    return words("；或 ".join(way[0] for way in ways), "; or ".join(way[1] for way in ways))


def settle(folder: Path, values: dict[str, Any], tp: int | None, budget: float) -> dict[str, Any]:
    """``values`` with ``tp``, and with the cache's share that keeps the server within ``budget`` GB
    (0: all that is free).

    Raises :class:`UserError` where the memory that is free now does not do.
    """
    count = spread(folder, values, tp)
    needed = needs_gb(folder, values, count)
    there = gpu.now()[:count]
    if not all(holds(one, needed, free=True) for one in there):
        free = min(one.free_gb for one in there)
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
        left = max(min(one.free_gb for one in there) - fixed, 0.1)
        share = min(values["cache_max_entry_count"], max(budget - fixed, 0.1) / left)
        found["cache_max_entry_count"] = round(max(share, 0.01), 3)
    return found
