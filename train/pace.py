"""How long a run takes: said before a step that will be slow, after the first ones, and kept alive
on the terminal while a step lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from core import cores, precision
from core.language import words
from core.rows import spread

SILENCE = 15  # seconds without a line after which one is printed
FIRST = 3  # steps by which a run's time is estimated; the first of them is not counted
MANY = 8  # times slower: an emulated format costs dozens, a native one at most four or five
SAMPLE = 200  # rows whose length stands for all


def minutes(seconds: float) -> str:
    """``seconds`` as a person says it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


class Pulse:
    """Prints lines, and ``text()`` by itself after :data:`SILENCE` seconds without one."""

    def __init__(self, text: Callable[[], str], silence: float = SILENCE) -> None:
        self.text, self.silence = text, silence
        self.last = time.monotonic()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Pulse:
        self.thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.ended.set()

    def line(self, text: str) -> None:
        """Print ``text``."""
        self.last = time.monotonic()
        print(text, flush=True)

    def _watch(self) -> None:
        while not self.ended.wait(min(1.0, self.silence / 4)):
            if time.monotonic() - self.last >= self.silence:
                self.line(self.text())


def mean_tokens(dataset: Any) -> float:
    """Tokens of a data set's rows, the mean of up to :data:`SAMPLE` of them."""
    picked = spread(list(range(len(dataset))), SAMPLE)
    items = (dataset[number] for number in picked)
    sizes = [
        sum(len(row["input_ids"]) for row in item.get("rows", [item]))  # packed: several in one
        for item in items
    ]
    return sum(sizes) / max(1, len(sizes))


def warning(dtype: str, weights: int, tokens: float) -> str | None:
    """The line for a run on this CPU in a ``dtype`` that is many times slower here than another;
    None where it is not. The time is rough: ``tokens`` through ``weights`` at the speed measured,
    two operations a weight forward and two backward; a shared prefix or kept layers make it
    less."""
    times = precision.slower(dtype)
    if times < MANY:
        return None
    seconds = 4 * weights * tokens / (precision.speed(dtype) * cores.usable() * 1e9)
    best = precision.fastest()
    return words(
        f"注意: dtype={dtype} 在这个处理器上比 {best} 慢 {times:.0f} 倍: "
        f"训练大约要 {minutes(seconds)}；去掉 dtype= 就用 {best}",
        f"note: dtype={dtype} is {times:.0f} times slower than {best} on this CPU: "
        f"training takes roughly {minutes(seconds)}; leave dtype= out for {best}",
    )
