"""As many threads as others leave cores, looked at while a run goes on.

PyTorch's threads wait for each other at every small operation. Where one of them shares its core
with another process, each wait lasts until the scheduler comes round to it: on two cores beside one
busy process a step of the demo took 4 to 10 times as long with two threads, and 1.8 times with one.
Alone, two are 1.8 times as fast as one. So the number follows the machine.
"""

from __future__ import annotations

import os
import time

import psutil
import torch

from core import cores

LEAST = 0.5  # seconds between two looks: shorter ones tell little


def busy() -> tuple[float, float, float]:
    """Seconds that our cores were busy since boot, that this process was (with the data loader's
    workers), and the clock."""
    whole = psutil.cpu_times(percpu=True)
    used = 0.0
    for number in cores.allowed():
        times = whole[number]
        idle = times.idle + getattr(times, "iowait", 0.0)
        guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # in user already
        used += sum(times) - idle - guest
    this = psutil.Process()
    family = [this, *this.children(recursive=True)]
    own = sum(times.user + times.system for times in (one.cpu_times() for one in family))
    return used, own, time.monotonic()


class Cores:
    """Sets PyTorch's threads to the cores that are free, from what the last stretch of the run
    showed, at most :func:`core.cores.usable`. A number that the user set (``OMP_NUM_THREADS``,
    ``MKL_NUM_THREADS``) is left alone."""

    def __init__(self) -> None:
        self.given = bool(cores.asked() or os.environ.get("MKL_NUM_THREADS"))
        # torch counts the cores that it may run on, not those that a quota pays for.
        self.most = torch.get_num_threads() if self.given else cores.usable()
        if not self.given and torch.get_num_threads() > self.most:
            torch.set_num_threads(self.most)
        self.before = busy()

    def adjust(self) -> int:
        """Look, set and return the number of threads."""
        now = busy()
        everyone, own, seconds = (b - a for a, b in zip(self.before, now, strict=True))
        if self.given or seconds < LEAST:
            return torch.get_num_threads()
        self.before = now
        others = max(0.0, everyone - own) / seconds
        wanted = max(1, min(self.most, round(len(cores.allowed()) - others)))
        if wanted != torch.get_num_threads():
            torch.set_num_threads(wanted)
        return wanted
