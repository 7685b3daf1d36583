"""Mixed precision on a CPU, which mmengine refuses, and a warm-up for short runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import LinearLR, OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS, PARAM_SCHEDULERS


@OPTIM_WRAPPERS.register_module()
class CpuAmpOptimWrapper(OptimWrapper):
    """``OptimWrapper`` whose forward runs under ``torch.autocast("cpu")``.

    ``dtype`` is ``bfloat16`` or ``float32`` (no autocast). No loss scaling: bfloat16 has the
    exponent range of float32.
    """

    def __init__(self, dtype: str = "bfloat16", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.enabled = dtype == "bfloat16"

    @contextmanager
    def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
        """The context of one forward pass."""
        with (
            super().optim_context(model),
            torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.enabled),
        ):
            yield


@PARAM_SCHEDULERS.register_module()
class WarmupLR(LinearLR):
    """``LinearLR`` counted in epochs whose warm-up lasts at least two iterations.

    With few rows, 3% of the epochs is less than one iteration, which mmengine refuses.
    """

    @classmethod
    def build_iter_from_epoch(
        cls, *args: Any, end: float = 0, epoch_length: int | None = None, **kwargs: Any
    ) -> LinearLR:
        """As mmengine's, ``end`` (in epochs) being at least two iterations of ``epoch_length``."""
        least = 2.001 / (epoch_length or 1)  # 2: mmengine ramps over end - begin - 1
        return super().build_iter_from_epoch(
            *args, end=max(end, least), epoch_length=epoch_length, **kwargs
        )
