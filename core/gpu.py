"""The NVIDIA GPUs of this machine as ``nvidia-smi`` tells them, and what follows for the software.

Standard library only: ``requirements/install.py`` asks here before there is any environment.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace

from core.errors import UserError
from core.language import words

# NVIDIA, CUDA Toolkit release notes, table "CUDA Toolkit and Minimum Required Driver Version".
CUDA13_DRIVER = (580,)
CUDA12_DRIVER = (525, 60)
BF16_CAPABILITY = (8, 0)  # Ampere; earlier ones emulate bfloat16, slowly
# CUDA 13 has no kernels for GPUs before Turing; torch 2.10's CUDA 12.8 build (the last that has
# Volta, github.com/pytorch/pytorch/pull/175253) and TurboMind none for those before Volta.
CUDA13_CAPABILITY, LEAST_CAPABILITY = (7, 5), (7, 0)
# The torch that each line's driver runs (requirements/train.txt, requirements/cuda12.txt).
TORCH = {"cuda13": "2.13", "cuda12": "2.10"}
PATIENCE = 30  # seconds
QUERY = "name,driver_version,memory.total,memory.free"


@dataclass(frozen=True)
class GPU:
    """One GPU; ``memory_gb`` and ``free_gb`` in GB (10^9 bytes), ``capability`` (0, 0) where an
    older ``nvidia-smi`` does not tell it."""

    name: str
    driver: tuple[int, ...]
    memory_gb: float
    free_gb: float
    capability: tuple[int, int] = (0, 0)
    index: int = 0  # its number among all of the machine's, as CUDA_VISIBLE_DEVICES takes it

    @property
    def least(self) -> tuple[int, int]:
        """Its capability; the newest where an older ``nvidia-smi`` does not tell it."""
        return self.capability if self.capability != (0, 0) else (99, 0)

    @property
    def bf16(self) -> bool:
        """Whether it computes in bfloat16."""
        return self.least >= BF16_CAPABILITY


def visible(every: list[GPU]) -> tuple[GPU, ...]:
    """Those of ``every`` that CUDA_VISIBLE_DEVICES leaves: all where it is not set, none where it
    is empty or -1 (the usual way to say "no GPU"). Names (``GPU-…``, ``MIG-…``) are not resolved:
    they leave all."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    parts = [part.strip() for part in (named or "").split(",")]
    if named is None or any(part.startswith(("GPU-", "MIG-")) for part in parts):
        return tuple(every)
    numbers = [int(part) for part in parts if part.isdigit()]
    return tuple(every[number] for number in numbers if number < len(every))


def ask() -> tuple[list[GPU], str]:
    """Every GPU that ``nvidia-smi`` lists now, and why it lists none: '' where there is no
    ``nvidia-smi`` either (no NVIDIA driver was installed), else what it said or did."""
    if not shutil.which("nvidia-smi"):
        return [], ""
    said = ""
    for query in (QUERY + ",compute_cap", QUERY):  # drivers before 510 know no compute_cap
        command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader,nounits"]
        try:
            asked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:  # a driver that hangs serves nobody
            return [], words(f"{PATIENCE} 秒没有应答", f"no answer in {PATIENCE} s")
        lines = [line for line in asked.stdout.splitlines() if line.count(",") >= 3]
        if asked.returncode == 0 and lines:
            return [replace(parse(line), index=n) for n, line in enumerate(lines)], ""
        text = (asked.stderr.strip() or asked.stdout.strip()).split()
        said = " ".join(text)[:200] or f"status {asked.returncode}"
    return [], said


def present() -> tuple[GPU, ...]:
    """The GPUs as they are now, those alone that CUDA_VISIBLE_DEVICES names; empty without a
    driver that answers."""
    return visible(ask()[0])


@functools.cache
def once() -> tuple[tuple[GPU, ...], str]:
    """:func:`ask` once a process: names and sizes do not change."""
    found, why = ask()
    left, named = visible(found), os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if found and not left and any(part.strip().isdigit() for part in named.split(",")):
        why = words(
            f"CUDA_VISIBLE_DEVICES={named} 不是这里 {len(found)} 个 GPU 的编号",
            f"CUDA_VISIBLE_DEVICES={named} is no number of the {len(found)} GPUs here",
        )
    return left, why


def gpus() -> tuple[GPU, ...]:
    """:func:`present`, asked once a process."""
    return once()[0]


def now() -> tuple[GPU, ...]:
    """:func:`present`, or where ``nvidia-smi`` fails just now what it said before."""
    return present() or gpus()


def prefer_free(most: int | None = None) -> None:
    """Let this process and all that it starts see the GPUs with the most free memory first, and
    ``most`` of them at most (where it is given).

    What takes one GPU takes the first: of four, of which somebody uses number 0, that one runs out
    of memory. Says so where the order changes. GPUs that the user names by UUID stay as they are.
    """
    # CUDA numbers the fastest first, nvidia-smi by their place on the bus, which is meant here.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    if "-" in os.environ.get("CUDA_VISIBLE_DEVICES", "").lstrip("-"):
        return
    there = list(present())
    order = sorted(there, key=lambda one: -round(one.free_gb))
    if order[:most] == there:
        return
    numbers = ",".join(str(one.index) for one in order[:most])
    os.environ["CUDA_VISIBLE_DEVICES"] = numbers
    once.cache_clear()
    if order != there:
        free = f"{there[0].free_gb:.0f} / {there[0].memory_gb:.0f} GB"
        line = words(
            f"GPU {there[0].index} 只空闲 {free}: 先用空闲多的，CUDA_VISIBLE_DEVICES={numbers}",
            f"GPU {there[0].index} has {free} free: taking those with more first, "
            f"CUDA_VISIBLE_DEVICES={numbers}",
        )
        print(line, file=sys.stderr, flush=True)


def trouble() -> str:
    """What ``nvidia-smi`` said instead of listing GPUs; '' where it lists some, or is not there."""
    return f"nvidia-smi: {once()[1]}" if once()[1] else ""


def parse(line: str) -> GPU:
    """One line of ``nvidia-smi --format=csv,noheader,nounits``; its memory is in MiB."""
    name, driver, total, free, *rest = (part.strip() for part in line.split(","))
    cap = f"{rest[0]}.0".split(".") if rest and rest[0][:1].isdigit() else ("0", "0")
    numbers = tuple(int(part) for part in driver.split(".") if part.isdigit())
    sizes = [int(text) * 2**20 / 1e9 if text.isdigit() else 0.0 for text in (total, free)]
    return GPU(name, numbers, sizes[0], sizes[1], (int(cap[0]), int(cap[1])))


def cuda_line() -> str:
    """Which builds of torch the driver runs: ``cuda13``, ``cuda12``, or '' without a GPU;
    TIKUFORGE_CUDA=12 or 13 decides where there is none to ask (a login node).

    Raises :class:`UserError` for a driver that runs neither, or tells no version, and for a GPU
    that neither has kernels for.
    """
    told = os.environ.get("TIKUFORGE_CUDA", "")
    if told not in ("", "12", "13"):
        raise UserError(f"TIKUFORGE_CUDA={told}: {words('应为 12 或 13', 'should be 12 or 13')}")
    if told or not gpus():
        return f"cuda{told}" if told else ""
    driver, oldest = gpus()[0].driver, min(gpus(), key=lambda one: one.least)
    if oldest.least < LEAST_CAPABILITY:
        sm = ".".join(map(str, oldest.capability))
        raise UserError(
            words(
                f"{oldest.name} (算力 {sm}) 太老: PyTorch 与 TurboMind 要 7.0 (V100) 以上",
                f"{oldest.name} (compute capability {sm}) is too old: PyTorch and TurboMind need "
                "7.0 (V100) or later",
            )
        )
    if not driver:
        raise UserError(
            words(
                "读不出 NVIDIA 驱动的版本，请看 nvidia-smi；知道的话可设",
                "nvidia-smi tells no driver version (see nvidia-smi); if you know it set",
            )
            + " TIKUFORGE_CUDA=13 (≥ 580), 12 (≥ 525.60)"
        )
    if driver >= CUDA13_DRIVER and oldest.least >= CUDA13_CAPABILITY:
        return "cuda13"
    if driver >= CUDA12_DRIVER:
        return "cuda12"
    raise UserError(
        words(
            f"NVIDIA 驱动 {version(driver)} 太旧: 请升级到 ≥ 525.60 (CUDA 12) 或 ≥ 580 (CUDA 13)",
            f"NVIDIA driver {version(driver)} is too old: upgrade to ≥ 525.60 (CUDA 12) or ≥ 580 "
            "(CUDA 13)",
        )
    )


def version(driver: tuple[int, ...]) -> str:
    """A driver's version as NVIDIA writes it: 570.124.06."""
    return ".".join(f"{part:02}" for part in driver) or "?"


def half() -> str:
    """The 16-bit dtype to compute in: bfloat16 where every GPU here has it (and where there is
    none, for whoever reads a recipe elsewhere), else float16.

    Qwen2-class models overflow in float16, which loss scaling cannot mend: it scales gradients,
    not the forward pass. github.com/QwenLM/Qwen2.5 says to use bfloat16.
    """
    return "bfloat16" if all(one.bf16 for one in gpus()) else "float16"
