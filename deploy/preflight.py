"""What LMDeploy will accept, read from a model folder's ``config.json`` before any work.

The names are those of lmdeploy 0.18.0 (``turbomind/supported_models.py``,
``lite/apis/calibrate.py``, the head sizes of its attention kernels); tests/deploy/test_lmdeploy.py
compares them with the installed package where there is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, shown

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
    config = read_json(folder / "config.json")
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
        raise UserError(
            f"{shown(folder)}: TurboMind 不支持 does not run {found['architecture']}"
            f"{' w8a8' if found['quant'] else ''}; 请用 use BACKEND=pytorch 或 or BACKEND=cpu"
        )
    if found["head_dim"] not in HEAD_DIMS:
        raise UserError(
            f"{shown(folder)}: head_dim {found['head_dim']}: TurboMind 只支持 has kernels for "
            f"{', '.join(map(str, HEAD_DIMS))}; 请用 use BACKEND=pytorch 或 or BACKEND=cpu"
        )
    return found


def lite(folder: Path, group: int) -> dict[str, Any]:
    """The shape, or :class:`UserError` where ``lmdeploy lite`` would fail after the work."""
    found = shape(folder)
    if found["architecture"] not in CALIBRATED:
        raise UserError(
            f"{shown(folder)}: lmdeploy 不能量化 cannot quantise {found['architecture']}; "
            "GGUF 可以 GGUF can: make quantize BACKEND=cpu"
        )
    odd = [width for width in found["in_features"] if group > 0 and width % group]
    if odd:
        raise UserError(
            f"{shown(folder)}: 层宽 {odd[0]} 不能被 GROUP={group} 整除 a layer's width is no "
            f"multiple of it: TurboMind 的 4-bit 需要 {GROUP} 的倍数; "
            "GROUP=64 只供 is for BACKEND=pytorch, 或 or make quantize BACKEND=cpu"
        )
    return found
