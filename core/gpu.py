"""The NVIDIA GPUs of this machine as ``nvidia-smi`` tells them, and what follows for the software.

Standard library only: ``requirements/install.py`` asks here before there is any environment.
"""

from __future__ import annotations

import functools
import os
import re
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
WSL = "/usr/lib/wsl/lib/nvidia-smi"  # where Windows puts it, on PATH in login shells alone
NAMED = ("GPU-", "MIG-")  # how UUIDs begin
# Capabilities of GPUs that can be divided (NVIDIA's MIG user guide: A100 and A30, H100 and H200,
# B200, RTX PRO 6000), and (0, 0), not told: nvidia-smi -L is asked for their parts.
DIVISIBLE = ((0, 0), (8, 0), (9, 0), (10, 0), (10, 3), (12, 0))


@dataclass(frozen=True)
class GPU:
    """One GPU, or one part of one that is divided (MIG); ``memory_gb`` and ``free_gb`` in GB (10^9
    bytes), both 0 where nvidia-smi does not tell (memory shared with the CPU: GB10, Jetson), and
    ``capability`` (0, 0) where an older one does not."""

    name: str
    driver: tuple[int, ...]
    memory_gb: float
    free_gb: float
    capability: tuple[int, int] = (0, 0)
    index: int = 0  # its number among all of the machine's, as CUDA_VISIBLE_DEVICES takes it
    uuid: str = ""
    named: str = ""  # how CUDA_VISIBLE_DEVICES has to call it, where not by its number

    @property
    def least(self) -> tuple[int, int]:
        """Its capability; the newest where an older ``nvidia-smi`` does not tell it."""
        return self.capability if self.capability != (0, 0) else (99, 0)

    @property
    def bf16(self) -> bool:
        """Whether it computes in bfloat16."""
        return self.least >= BF16_CAPABILITY

    @property
    def old(self) -> bool:
        """Whether neither PyTorch nor TurboMind has kernels for it."""
        return self.least < LEAST_CAPABILITY

    @property
    def part(self) -> bool:
        """Whether it is a part of a divided GPU."""
        return self.uuid.startswith("MIG-")

    @property
    def busy(self) -> bool:
        """Whether somebody uses more of it than a desktop does."""
        return self.memory_gb > 0 and self.free_gb < 0.85 * self.memory_gb

    @property
    def handle(self) -> str:
        """What CUDA_VISIBLE_DEVICES calls it."""
        return self.named or str(self.index)


def wanted() -> list[str] | None:
    """The parts of CUDA_VISIBLE_DEVICES, each once; None where it is not set."""
    text = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if text is None else list(dict.fromkeys(part.strip() for part in text.split(",")))


def visible(every: list[GPU]) -> tuple[GPU, ...]:
    """Those of ``every`` that CUDA_VISIBLE_DEVICES leaves, as CUDA reads it: all where it is not
    set, none where it is empty or -1 (the usual way to say "no GPU"), else those before the first
    that is none. Of the parts of divided GPUs a process sees one.

    Names (``GPU-…``, ``MIG-…``, which may be cut short) leave all where nvidia-smi told none.
    """
    parts = wanted()
    if parts is None:
        found = every
    elif any(part.startswith(NAMED) for part in parts) and not any(one.uuid for one in every):
        named = ",".join(parts)  # nobody knows which they are: none gets one of its own
        return tuple(replace(one, named=named) for one in every)
    else:
        found = []
        for part in parts:
            one = _called(part, every)
            if one is None:
                break
            found.append(one)
    whole = [one for one in found if not one.part]
    if len(whole) == len(found):
        return tuple(found)
    if parts and found[0].part:
        return (found[0],)
    return tuple(whole or [max(found, key=lambda one: one.free_gb)])


def _called(part: str, every: list[GPU]) -> GPU | None:
    """The GPU that a part of CUDA_VISIBLE_DEVICES calls, None for none."""
    if part.startswith(NAMED):
        same = [one for one in every if one.uuid.startswith(part)]
        return replace(same[0], named=part) if len(same) == 1 else None
    there = [one for one in every if part.isdecimal() and one.index == int(part)]
    return there[0] if there else None


def ask() -> tuple[list[GPU], str]:
    """Every GPU that ``nvidia-smi`` lists now, and why it lists none: '' where there is no
    ``nvidia-smi`` either (no NVIDIA driver was installed), else what it said or did."""
    command = program()
    if not command:
        return [], ""
    said = ""
    for query in (QUERY + ",compute_cap", QUERY):  # drivers before 510 know no compute_cap
        status, out = answer(command, f"--query-gpu={query}", "--format=csv,noheader,nounits")
        lines = [line for line in out.splitlines() if line.count(",") >= 3]
        if status == 0 and lines:
            found = [replace(parse(line), index=n) for n, line in enumerate(lines)]
            named = any(part.startswith(NAMED) for part in wanted() or [])
            if named or any(one.capability in DIVISIBLE for one in found):
                found = with_names(found, listed(command))
            return found, ""
        said = " ".join(out.split())[:200] or f"status {status}"
        if status is None:  # a driver that hangs serves nobody
            break
    return [], said


def program() -> str:
    """The path of ``nvidia-smi``; '' where there is none."""
    return shutil.which("nvidia-smi") or shutil.which(WSL) or ""


def answer(*command: str) -> tuple[int | None, str]:
    """The status of a command and what it said (of its errors where it said nothing else); None
    where it gave no answer, or did not start. A hung driver's process cannot be killed: it is not
    waited for."""
    if command[0] in _hung:
        return None, _hung[command[0]]
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "LC_ALL": "C"}, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return None, str(error.strerror)
    try:
        out, wrong = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        _hung[command[0]] = words(f"{PATIENCE} 秒没有应答", f"no answer in {PATIENCE} s")
        return None, _hung[command[0]]
    return process.returncode, out if process.returncode == 0 and out.strip() else wrong or out


_hung: dict[str, str] = {}  # programs that gave no answer, which this process asks no more


def listed(command: str) -> tuple[tuple[str, ...], ...]:
    """What ``nvidia-smi -L`` names: of every GPU its UUID, then profile and UUID of each of its
    parts (``("GPU-…", "3g.20gb", "MIG-…")``)."""
    found: list[tuple[str, ...]] = []
    for line in answer(command, "-L")[1].splitlines():
        uuid = re.search(r"UUID: *((?:GPU|MIG)-[\w./-]+)", line)
        if not uuid:
            continue
        if line.startswith("GPU"):
            found.append((uuid[1],))
        elif found and (profile := re.search(r"MIG +(\S+)", line)):
            found[-1] += (profile[1], uuid[1])
    return tuple(found)


def with_names(found: list[GPU], names: tuple[tuple[str, ...], ...]) -> list[GPU]:
    """``found`` with their UUIDs, a divided one (MIG) as its parts. A part's profile says its
    memory (3g.20gb), in numbers that are not above what it has in GB."""
    if len(names) != len(found):
        return found
    every: list[GPU] = []
    for one, (uuid, *parts) in zip(found, names, strict=True):
        every += [replace(one, uuid=uuid)] if not parts else []
        for profile, part in zip(parts[::2], parts[1::2], strict=True):
            size = re.search(r"(\d+)gb", profile)
            whole = float(size[1]) if size else one.memory_gb
            free = min(whole, one.free_gb) if one.free_gb else whole
            name = f"{one.name} MIG {profile}"
            every.append(
                replace(one, name=name, memory_gb=whole, free_gb=free, uuid=part, named=part)
            )
    return every


def able(found: tuple[GPU, ...]) -> tuple[GPU, ...]:
    """``found`` without those that are too old to compute on (an old display card beside a good
    one); all where none is left, for an error that says so."""
    return tuple(one for one in found if not one.old) or found


def present() -> tuple[GPU, ...]:
    """The GPUs as they are now, those alone that CUDA_VISIBLE_DEVICES names and that can compute;
    empty without a driver that answers."""
    return able(visible(ask()[0]))


@functools.cache
def once() -> tuple[tuple[GPU, ...], str]:
    """:func:`ask` once a process: names and sizes do not change."""
    found, why = ask()
    left, named = able(visible(found)), os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if found and not left and wanted() and wanted() != [""] and not named.startswith("-"):
        why = words(
            f"CUDA_VISIBLE_DEVICES={named} 不是这里 {len(found)} 个 GPU 的编号或名字",
            f"CUDA_VISIBLE_DEVICES={named} is no number or name of the {len(found)} GPUs here",
        )
    return left, why


def gpus() -> tuple[GPU, ...]:
    """:func:`present`, asked once a process."""
    return once()[0]


def now() -> tuple[GPU, ...]:
    """:func:`present`, or where ``nvidia-smi`` fails just now what it said before."""
    return present() or gpus()


def left_out() -> tuple[GPU, ...]:
    """Those of the visible GPUs that are too old beside others that are not."""
    found = visible(ask()[0])
    return tuple(one for one in found if one not in able(found))


def prefer_free(most: int | None = None, said: bool = True) -> None:
    """Let this process and all that it starts see the GPUs with the most free memory first, and
    ``most`` of them at most (where it is given), none of those that are too old.

    What takes one GPU takes the first: of four, of which somebody uses number 0, that one runs out
    of memory. Says so (unless ``said`` is false) where the order changes.
    """
    # CUDA numbers the fastest first, nvidia-smi by their place on the bus, which is meant here.
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    every = ask()[0]
    seen = visible(every)
    there = list(able(seen))
    unnamed = [part for part in wanted() or [] if part.startswith(NAMED)]
    if not there or (unnamed and not any(one.uuid for one in every)):
        return
    order = sorted(there, key=lambda one: -round(one.free_gb))
    chosen = ",".join(one.handle for one in order[:most])
    before = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen == before or (before is None and order[:most] == every):
        return
    os.environ["CUDA_VISIBLE_DEVICES"] = chosen
    once.cache_clear()
    reasons = [too_old(one) for one in seen if one not in there]
    if order != there:
        first, free = there[0].handle, f"{there[0].free_gb:.0f} / {there[0].memory_gb:.0f} GB"
        reasons.append(
            words(
                f"GPU {first} 只空闲 {free}: 先用空闲多的",
                f"GPU {first} has {free} free: taking those with more first",
            )
        )
    if reasons and said:
        line = f"{'; '.join(reasons)}, CUDA_VISIBLE_DEVICES={chosen}"
        print(line, file=sys.stderr, flush=True)


def too_old(one: GPU) -> str:
    """That a GPU is left out, and why."""
    sm = ".".join(map(str, one.capability))
    return words(
        f"不用 GPU {one.handle} {one.name}: 算力 {sm}，要 7.0 以上",
        f"GPU {one.handle} {one.name} is not used: its compute capability is {sm}, 7.0 is needed",
    )


def trouble() -> str:
    """What ``nvidia-smi`` said instead of listing GPUs; '' where it lists some, or is not there."""
    return f"nvidia-smi: {once()[1]}" if once()[1] else ""


def parse(line: str) -> GPU:
    """One line of ``nvidia-smi --format=csv,noheader,nounits``; its memory is in MiB. Figures that
    it withholds ([N/A], [Insufficient Permissions]): of the driver (), of what is free all."""
    name, driver, total, free, *rest = (part.strip() for part in line.split(","))
    cap = re.match(r"(\d+)(?:[.,](\d+))?", ".".join(rest))
    numbers = re.match(r"\d+(?:\.\d+)*", driver)
    sizes = [re.match(r"\d+", text) for text in (total, free)]
    whole, left = (int(size[0]) * 2**20 / 1e9 if size else None for size in sizes)
    return GPU(
        name,
        tuple(map(int, numbers[0].split("."))) if numbers else (),
        whole or 0.0,
        (whole or 0.0) if left is None else left,
        (int(cap[1]), int(cap[2] or 0)) if cap else (0, 0),
    )


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
    if oldest.old:
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


def half(count: int = 1) -> str:
    """The 16-bit dtype to compute in: bfloat16 where each of the first ``count`` GPUs, which are
    those that are used, has it (and where there is none, for whoever reads a recipe elsewhere),
    else float16.

    Qwen2-class models overflow in float16, which loss scaling cannot mend: it scales gradients,
    not the forward pass. github.com/QwenLM/Qwen2.5 says to use bfloat16.
    """
    return "bfloat16" if all(one.bf16 for one in gpus()[:count]) else "float16"
