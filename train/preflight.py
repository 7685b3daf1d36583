"""What can be known before minutes are spent: everything that is missing, in one line."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from core import gpu
from core.errors import UserError
from core.files import read_jsonl, shown
from train import base_model
from train.launch import Where, pip


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is there (no torch needed, so that the answer takes no seconds)."""
    return bool(gpu.gpus())


def training_file(settings: dict[str, Any]) -> Path:
    """The file that ``settings`` trains on."""
    if settings["text"] and settings["text"] != "kb":
        return Path(settings["text"])
    return Path(settings["data"]) / ("kb.jsonl" if settings["text"] else "train.jsonl")


def evidence_file(settings: dict[str, Any]) -> Path | None:
    """The rows with evidence that are trained on beside them (option ``evidence``), if any."""
    return Path(settings["data"]) / "evidence.jsonl" if settings["evidence"] else None


def driver() -> str | None:
    """Why the driver runs no build of torch that we install; None where it does."""
    try:
        gpu.cuda_line()
    except UserError as error:
        return str(error)
    return None


def tight(settings: dict[str, Any]) -> str | None:
    """What to mind where the recipe's memory figure exceeds a GPU here (a figure that is estimated,
    for the recipe's own ``max_length``: said, and no reason to stop)."""
    need, have = settings["gpu_memory_gb"], min(one.memory_gb for one in gpu.gpus())
    if need and have and need > have:
        return (
            f"注意 mind: 配方约需 the recipe takes about {need} GB 显存, {gpu.gpus()[0].name} "
            f"有 has {have:.0f} GB; 不够时 if it runs out: make estimate, "
            'OVERRIDE="max_length=1024"'
        )
    return None


def check(name: str, settings: dict[str, Any], where: Where | None = None) -> None:
    """Raise :class:`UserError` naming all that recipe ``name`` lacks on this machine."""
    problems = []
    if settings["device"] == "cuda" and not has_gpu():
        need = settings["gpu_memory_gb"]
        problems.append(
            f"需要 NVIDIA GPU（约 {need} GB 显存），本机没有 needs a GPU, none here"
            "（无 GPU 可用 without one: CONFIG=smollm2_cpu_qlora.py）"
        )
    elif settings["device"] == "cuda":
        problems += [text for text in (driver(),) if text]
    weights = base_model.missing(settings)
    if weights:
        problems.append(weights)
    data = training_file(settings)
    if not data.is_file():
        problems.append(f"没有训练数据 no {shown(data)}: 请先运行 make data BANK=…")
    elif data.suffix == ".jsonl" and next(read_jsonl(data), None) is None:
        problems.append(f"{shown(data)} 没有可训练的行 holds no rows: 请检查 make data 的输出")
    evidence = evidence_file(settings)
    if evidence and not evidence.is_file():
        problems.append(f"没有 no {shown(evidence)}: 请先 make evidence，或 make train EVIDENCE=1")
    start = settings["load_from"]
    if start and not (Path(start) / "adapter_model.safetensors").is_file():
        problems.append(f"LOAD_FROM={shown(start)}: 没有 adapter，先 make train holds no adapter")
    track = settings["track"]
    if track and importlib.util.find_spec(track) is None:
        problems.append(f"track={track}: 没有安装 not installed: {pip(track)}")
    if where and where.problem(settings):
        problems.append(str(where.problem(settings)))
    if problems:
        raise UserError(f"{name}: " + "；".join(problems))
    if settings["device"] == "cuda" and tight(settings):
        print(tight(settings), flush=True)
