"""Which number format this machine's processor multiplies fast, found by asking it.

A processor without 16-bit arithmetic (AVX512-BF16, AMX, …) emulates it: on an EPYC with AVX2 alone
a matmul was measured at 116 GFLOP/s in float32 and 1.3 in bfloat16 and float16; where bfloat16 is
native at 200 and 900. Names of processors do not tell, since the library decides, so it is timed.
What is *stored* in a model folder keeps its format; only what computes with it is chosen here.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from core import cores

SHAPE = (128, 576, 1536)  # rows, in, out: SmolLM2-135M's largest matrix, 0.2 GFLOP
SPENT = 0.05  # seconds a format is timed for; an emulated one takes four calls of 0.3 s instead
CALLS = 3


def share_cores() -> None:
    """Let PyTorch's threads sleep soon while they wait for each other, as long as PyTorch is not
    yet imported in this process.

    By default each spins for about a millisecond at every small operation. Beside one busy process
    a thread that is waited for is often not running, and a training step was measured to take more
    than ten times as long; with this many turns 4 times, and 1.07 times alone. A wait policy
    that the user set stays (this number would go before it). They are told of a quota as well.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.update(cores.unasked())


@cache
def speed(dtype: str, shape: tuple[int, int, int] = SHAPE) -> float:
    """GFLOP/s of one matmul in ``dtype`` on one core of this CPU: the fastest of several calls, so
    that a neighbour's burst does not decide (nor, with one thread, that threads wait)."""
    import torch

    rows, wide, out = shape
    left = torch.ones(rows, wide, dtype=getattr(torch, dtype))
    right = torch.ones(wide, out, dtype=left.dtype)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.no_grad():
        left @ right  # the library chooses and compiles its kernel at the first call
        best, calls, until = float("inf"), 0, time.perf_counter() + SPENT
        while calls < CALLS or time.perf_counter() < until:
            started = time.perf_counter()
            left @ right
            best, calls = min(best, time.perf_counter() - started), calls + 1
    torch.set_num_threads(threads)
    return 2 * rows * wide * out / best / 1e9


def fastest() -> str:
    """``"bfloat16"`` or ``"float32"``, whichever this CPU multiplies faster. float16 is no choice:
    it has no advantage over bfloat16 on any CPU, and overflows."""
    return max(("float32", "bfloat16"), key=speed)


def slower(dtype: str) -> float:
    """How many times slower than the fastest format ``dtype`` is on this CPU (1.0: it is that)."""
    return speed(fastest()) / speed(dtype)


def stored(folder: Path | str) -> str:
    """The format that a model folder's own ``config.json`` names; ``float32`` where it names
    none."""
    config: dict[str, Any] = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    # transformers before 4.56 writes torch_dtype, later ones dtype.
    return str(config.get("dtype") or config.get("torch_dtype") or "float32")


def computing(folder: Path | str) -> str:
    """The format in which a model folder is computed with on this CPU: its own where that is
    bfloat16 and native, float32 (which holds either exactly) otherwise."""
    own = stored(folder)
    return own if own == fastest() else "float32"
