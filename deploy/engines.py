"""Which engine serves on this machine, with which settings, by which command."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from mmengine.config import Config

from core.errors import UserError
from core.files import ROOT, shown, write_json
from deploy import gguf, turbomind
from deploy.models import Model

BACKENDS = ("auto", "turbomind", "pytorch", "cpu")
GPU_BACKENDS = ("turbomind", "pytorch")
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")


@functools.cache
def gpus() -> tuple[str, ...]:
    """The NVIDIA GPUs of this machine, as ``nvidia-smi -L`` names them."""
    if not shutil.which("nvidia-smi"):
        return ()
    asked = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return tuple(asked.stdout.splitlines()) if asked.returncode == 0 else ()


def gpu_python() -> Path:
    """The interpreter of the environment that holds LMDeploy."""
    return VENVS / "turbomind" / "bin" / "python"


def choose(wanted: str) -> str:
    """``auto`` becomes TurboMind where a GPU and LMDeploy are there, else the CPU engine.

    Raises :class:`UserError` for a GPU engine on a machine without a GPU.
    """
    if wanted == "auto":
        if gpus() and gpu_python().exists():
            return "turbomind"
        if gpus():
            print("有 GPU 但没有装 LMDeploy, 用 CPU 引擎; 装好后更快: make env-turbomind")
        return "cpu"
    if wanted in GPU_BACKENDS and not gpus():
        raise UserError(
            f"BACKEND={wanted} 需要 NVIDIA GPU, 这台机器没有 needs an NVIDIA GPU, none here; "
            "BACKEND=auto 会用 CPU 引擎 (llama.cpp) would run instead"
        )
    if wanted in GPU_BACKENDS and not gpu_python().exists():
        subprocess.run(
            [sys.executable, str(ROOT / "requirements/install.py"), "turbomind"], check=True
        )
    return wanted


def settings(backend: str, tp: int | None = None, kv: int | None = None) -> dict[str, Any]:
    """``configs/deploy/<backend>.py`` with what the command line changes."""
    values: dict[str, Any] = Config.fromfile(str(ROOT / f"configs/deploy/{backend}.py")).to_dict()
    if tp:
        if backend == "cpu":
            raise UserError("TP 只用于 GPU 引擎 is for the GPU engines (BACKEND=turbomind|pytorch)")
        values["tp"] = tp
    if kv is not None:
        values["kv" if backend == "cpu" else "quant_policy"] = kv
    return values


def prepare(backend: str, model: Model) -> Path:
    """The file or folder that ``backend`` loads, converted first where it must be."""
    if backend == "cpu":
        return model.path if model.is_gguf else gguf.ensure(model.path)
    if model.is_gguf:
        raise UserError(
            f"{shown(model.path)}: {backend} 要 Hugging Face 目录 wants a folder, not GGUF"
        )
    return model.path


def command(
    backend: str, path: Path, name: str, host: str, port: int, values: dict[str, Any], spec: Path
) -> list[str]:
    """The command that serves ``path``; ``spec`` is written for the engines that read a file."""
    if backend == "cpu":
        write_json(spec, {"model": str(path), "name": name, "host": host, "port": port, **values})
        return [sys.executable, "-m", "deploy.llamacpp", str(spec)]
    line = turbomind.argv(str(path), name, host, port, backend, values)
    return [str(gpu_python()), "-m", "deploy.turbomind", *line]
