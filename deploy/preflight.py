"""What LMDeploy will accept, read from a model folder's ``config.json`` before any work.

The names are those of lmdeploy 0.18.0 (``turbomind/supported_models.py``,
``lite/apis/calibrate.py``, the head sizes of its attention kernels); tests/deploy/test_lmdeploy.py
compares them with the installed package where there is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from deploy import fit

LMDEPLOY = "0.18.0"
TURBOMIND = (
    "Qwen2ForCausalLM",
    "Qwen2MoeForCausalLM",
    "Qwen3ForCausalLM",
    "Qwen3MoeForCausalLM",
    "LlamaForCausalLM",
    "InternLM2ForCausalLM",
    "InternLM3ForCausalLM",
    "GptOssForCausalLM",
    "MixtralForCausalLM",
)
# What LMDeploy calibrates, but InternLM3: its own code imports what transformers 4.57.6 has not
# (LossKwargs), and on 5.x, which has it, InternLM2's fails (modeling_attn_mask_utils is gone).
CALIBRATED = (
    "InternLM2ForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
    "Qwen3MoeForCausalLM",
    "LlamaForCausalLM",
    "Phi3ForCausalLM",
    "MixtralForCausalLM",
    "MistralForCausalLM",
)
HEAD_DIMS = (64, 128, 192, 256, 576)
GROUP = 128  # weights that share a scale: what TurboMind's 4-bit kernels take


def shape(folder: Path) -> dict[str, Any]:
    """Architecture, head size and the input widths of the quantised layers."""
    config = fit.numbers(folder)
    heads = config["num_attention_heads"]
    head = config.get("head_dim") or config["hidden_size"] // heads
    widths = sorted({config["hidden_size"], heads * head, config["intermediate_size"]})
    architecture = (config.get("architectures") or ["?"])[0]
    method = (config.get("quantization_config") or {}).get("quant_method")
    return {"architecture": architecture, "head_dim": head, "in_features": widths, "quant": method}


def turbomind(folder: Path) -> dict[str, Any]:
    """The shape, or :class:`UserError` that says why TurboMind would refuse the folder."""
    found = shape(folder)
    if found["architecture"] not in TURBOMIND or found["quant"] == "smooth_quant":
        kind = found["architecture"] + (" w8a8" if found["quant"] else "")
        unsupported = words(f"TurboMind 不支持 {kind}", f"TurboMind does not run {kind}")
        raise UserError(f"{shown(folder)}: {unsupported}; {_others()}")
    if found["head_dim"] not in HEAD_DIMS:
        sizes = ", ".join(map(str, HEAD_DIMS))
        only = words(f"TurboMind 只支持 {sizes}", f"TurboMind has kernels for {sizes} only")
        raise UserError(f"{shown(folder)}: head_dim {found['head_dim']}: {only}; {_others()}")
    return found


def _others() -> str:
    return words("请用 BACKEND=pytorch 或 BACKEND=cpu", "use BACKEND=pytorch or BACKEND=cpu")


def lite(folder: Path, group: int, engine: str = "") -> dict[str, Any]:
    """The shape, or :class:`UserError` where ``lmdeploy lite`` would fail after the work, or
    ``engine`` would not load what it makes."""
    found = shape(folder)
    if found["quant"]:
        twice = words("已经量化过", "is quantised already")
        raise UserError(f"{shown(folder)}: {twice} ({found['quant']})")
    if found["architecture"] not in CALIBRATED:
        kind = found["architecture"]
        unsupported = words(
            f"lmdeploy 不能量化 {kind}，GGUF 可以", f"lmdeploy cannot quantise {kind}, GGUF can"
        )
        raise UserError(f"{shown(folder)}: {unsupported}: make quantize BACKEND=cpu")
    if group and group != GROUP and engine == "turbomind":
        only = words(
            f"TurboMind 的 4-bit 需要 {GROUP}，别的只供 BACKEND=pytorch",
            f"TurboMind's 4 bits need {GROUP}, others are for BACKEND=pytorch only",
        )
        raise UserError(f"GROUP={group}: {only}")
    odd = [width for width in found["in_features"] if group > 0 and width % group]
    if odd:
        width = words(
            f"层宽 {odd[0]} 不能被 GROUP={group} 整除，而 TurboMind 的 4-bit 需要 {GROUP}；"
            "GROUP=64 只供 BACKEND=pytorch，或 make quantize BACKEND=cpu",
            f"a layer is {odd[0]} wide, no multiple of GROUP={group}, and TurboMind's 4 bits need "
            f"{GROUP}; GROUP=64 is for BACKEND=pytorch only, or make quantize BACKEND=cpu",
        )
        raise UserError(f"{shown(folder)}: {width}")
    return found
