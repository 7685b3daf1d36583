"""Which engine serves on this machine, with which settings, by which command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from core import gpu, scan, trust
from core.errors import UserError
from core.files import ROOT, shown, write_json
from deploy import fit, gguf, manifest, preflight, turbomind
from deploy.models import Model

BACKENDS = ("auto", "turbomind", "pytorch", "cpu")
GPU_BACKENDS = ("turbomind", "pytorch")
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")


def gpus() -> tuple[gpu.GPU, ...]:
    """The NVIDIA GPUs of this machine."""
    return gpu.gpus()


def gpu_python() -> Path:
    """The interpreter of the environment that holds LMDeploy."""
    return VENVS / "turbomind" / "bin" / "python"


def lite_python() -> Path:
    """The interpreter that runs LMDeploy's quantisers and proxy; made on first use.

    With a GPU that is TurboMind's environment, without one a lighter one (no CUDA).
    """
    stage = "turbomind" if gpus() else "lmdeploy"
    make_environment(stage)
    return VENVS / stage / "bin" / "python"


def make_environment(stage: str) -> None:
    """``requirements/install.py`` for a stage that only some targets need."""
    done = subprocess.run([sys.executable, str(ROOT / "requirements/install.py"), stage])
    if done.returncode:
        raise UserError(f"环境没有装好 environment '{stage}' could not be made (见上 see above)")


def choose(wanted: str) -> str:
    """``auto`` becomes TurboMind where there is a GPU, else the CPU engine (said where nvidia-smi
    is there and fails: a GPU may have been meant).

    Raises :class:`UserError` for a GPU engine on a machine without a GPU, or whose driver is too
    old for it. Makes nothing: what is served is looked at first, then :func:`ready`.
    """
    if wanted in GPU_BACKENDS and not gpus():
        raise UserError(
            f"BACKEND={wanted} 需要 NVIDIA GPU, 这台机器没有 needs an NVIDIA GPU, none here"
            f"{f' ({gpu.trouble()})' if gpu.trouble() else ''}; "
            "BACKEND=auto 会用 CPU 引擎 (llama.cpp) would run instead"
        )
    if wanted == "auto" and gpu.trouble():
        line = f"注意 mind: {gpu.trouble()}: 用 CPU 引擎 taking the CPU engine"
        print(line, file=sys.stderr, flush=True)
    backend = ("turbomind" if gpus() else "cpu") if wanted == "auto" else wanted
    if backend in GPU_BACKENDS:
        gpu.cuda_line()
    return backend


def ready(backend: str) -> None:
    """Make the environment of a GPU engine, if it is not made yet (minutes, 4.3 GB)."""
    if backend in GPU_BACKENDS:
        make_environment("turbomind")


def settings(
    backend: str,
    tp: int | None = None,
    kv: int | None = None,
    lora: Sequence[str] = (),
    threads: int | None = None,
) -> dict[str, Any]:
    """``configs/deploy/<backend>.py`` with what the command line changes."""
    values: dict[str, Any] = Config.fromfile(str(ROOT / f"configs/deploy/{backend}.py")).to_dict()
    if tp:
        if backend == "cpu":
            raise UserError("TP 只用于 GPU 引擎 is for the GPU engines (BACKEND=turbomind|pytorch)")
        values["tp"] = tp
    if threads:
        if backend != "cpu":
            raise UserError("THREADS 只用于 CPU 引擎 is for the CPU engine (BACKEND=cpu)")
        values["threads"] = threads
    if kv is not None:
        values["kv" if backend == "cpu" else "quant_policy"] = kv
    if lora:
        values["adapters"] = [adapter(backend, path) for path in lora]
    return values


def adapter(backend: str, path: str) -> str:
    """A LoRA file that the CPU engine can switch on and off at run time."""
    if backend != "cpu":
        raise UserError(
            "LORA 只用于 CPU 引擎 is for the CPU engine: TurboMind ignores adapters (make merge)"
        )
    if not Path(path).is_file() or Path(path).suffix != ".gguf":
        raise UserError(f"LORA={path}: 不是 GGUF 适配器 no adapter in GGUF form (docs/deploy.md)")
    scan.weights(Path(path))
    return str(Path(path).absolute())


def suits(backend: str, model: Model, values: dict[str, Any], tp: int | None) -> None:
    """Raise :class:`UserError` for a model that a GPU engine does not run, or that this machine's
    GPUs together do not hold: before its gigabytes are hashed and an environment is made."""
    if backend in GPU_BACKENDS:
        folder(backend, model)
        if backend == "turbomind":
            preflight.turbomind(model.path)
        fit.spread(model.path, values, tp)


def folder(backend: str, model: Model) -> Path:
    """The model's folder, which is what a GPU engine loads."""
    if model.is_gguf:
        raise UserError(
            f"{shown(model.path)}: {backend} 要 Hugging Face 目录 wants a folder, not GGUF"
        )
    return model.path


def prepare(backend: str, model: Model) -> Path:
    """The file or folder that ``backend`` loads, converted first where it must be."""
    if backend == "cpu":
        return model.path if model.is_gguf else gguf.ensure(model.path)
    manifest.write(folder(backend, model), backend)
    return model.path


def fitted(
    backend: str, model: Model, values: dict[str, Any], tp: int | None, budget: float
) -> dict[str, Any]:
    """``values`` as this machine's GPUs need them (:func:`deploy.fit.settle`); the CPU engine's as
    they are."""
    return fit.settle(model.path, values, tp, budget) if backend in GPU_BACKENDS else values


def command(
    backend: str, path: Path, name: str, host: str, port: int, values: dict[str, Any], spec: Path
) -> list[str]:
    """The command that serves ``path``; ``spec`` is written for the engines that read a file."""
    if backend == "cpu":
        write_json(spec, {"model": str(path), "name": name, "host": host, "port": port, **values})
        return [sys.executable, "-m", "deploy.llamacpp", str(spec)]
    if preflight.shape(path)["quant"] == "awq":
        values = {**values, "model_format": "awq"}
    values = {**values, "trust_remote_code": trust.remote_code(path)}
    line = turbomind.argv(str(path), name, host, port, backend, values)
    return [str(gpu_python()), "-m", "deploy.turbomind", *line]
