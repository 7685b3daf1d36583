"""What can be known before minutes are spent: everything that is missing, in one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_jsonl, shown
from train import base_model


def has_gpu() -> bool:
    """Whether an NVIDIA driver is there (no torch needed, so that the answer takes no seconds)."""
    return Path("/proc/driver/nvidia/version").exists() or bool(shutil.which("nvidia-smi"))


def check(name: str, settings: dict[str, Any]) -> None:
    """Raise :class:`UserError` naming all that recipe ``name`` lacks on this machine."""
    problems = []
    if settings["device"] == "cuda" and not has_gpu():
        need = settings["gpu_memory_gb"]
        problems.append(
            f"需要 NVIDIA GPU（约 {need} GB 显存），本机没有 needs a GPU, none here"
            "（无 GPU 可用 without one: CONFIG=smollm2_cpu_qlora.py）"
        )
    weights = base_model.missing(settings)
    if weights:
        problems.append(weights)
    data = Path(settings["data"]) / "train.jsonl"
    if not data.is_file():
        problems.append(f"没有训练数据 no {shown(data)}: 请先运行 make data BANK=…")
    elif next(read_jsonl(data), None) is None:
        problems.append(f"{shown(data)} 没有可训练的行 holds no rows: 请检查 make data 的输出")
    if problems:
        raise UserError(f"{name}: " + "；".join(problems))
