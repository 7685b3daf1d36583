"""Attention row by row, on a CPU: the scores that a dense mask would throw away are not computed.

In a batch of rows in one sequence (:mod:`train.packing`) a token sees its own row and the shared
prefix. A dense mask has the whole square computed first: for ten rows with evidence nine tenths of
it, half of such a step. Here each row's queries meet the prefix's keys and their own alone: the
same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.rnn import pad_sequence
from torch.overrides import TorchFunctionMode

SMALL = 1 << 20  # scores a head that are written out (a 135M model, all layers, bfloat16: 1.1 GB)


class RowByRow(TorchFunctionMode):
    """Within it ``scaled_dot_product_attention`` of a model (its own code, whichever) is computed
    by rows, as ``segments`` (1 × length, in the order of :func:`train.packing.collate`) says which
    token is whose."""

    def __init__(self, segments: torch.Tensor) -> None:
        super().__init__()
        self.prefix, *self.rows = segments[0].bincount().tolist()  # tokens of each
        longest = max(self.rows)
        own = torch.ones(longest, longest, dtype=torch.bool).tril()
        # What fills a shorter row up stands behind its tokens, so that none of them sees it.
        self.mask = torch.cat([torch.ones(longest, self.prefix, dtype=torch.bool), own], dim=1)

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Our way for the attention of this sequence, torch's for all else."""
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            given = {**dict(zip(("query", "key", "value"), args, strict=False)), **kwargs}
            length = self.prefix + sum(self.rows)
            shapes = (given["query"].shape, given["key"].shape)
            if all(shape[0] == 1 and shape[-2] == length for shape in shapes):
                kept = {name: given[name] for name in ("scale", "enable_gqa") if name in given}
                states = (given[name][0] for name in ("query", "key", "value"))
                return self.attend(*states, **kept)[None]
        return func(*args, **kwargs)

    def attend(self, query: Any, key: Any, value: Any, **more: Any) -> torch.Tensor:
        """``query``, ``key`` and ``value`` are heads × length × width, and so is the answer."""
        attention = functional.scaled_dot_product_attention
        (start, mine), (key_start, keys), (value_start, values) = map(
            self.apart, (query, key, value)
        )
        with scores_written_out(self.mask.numel() * len(self.rows)):
            rows = attention(
                mine,
                behind(key_start, keys),
                behind(value_start, values),
                attn_mask=self.mask,
                **more,
            )
            parts = [row[:, :size] for row, size in zip(rows, self.rows, strict=True)]
            if self.prefix:
                first = attention(
                    start[None], key_start[None], value_start[None], is_causal=True, **more
                )
                parts.insert(0, first[0])
        return torch.cat(parts, dim=1)

    def apart(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The shared prefix (heads × tokens × width) and the rows (rows × heads × longest × width)
        of ``states``."""
        prefix, *rows = states.split([self.prefix, *self.rows], dim=1)
        filled = pad_sequence([row.transpose(0, 1) for row in rows], batch_first=True)
        return prefix, filled.transpose(1, 2)


def behind(prefix: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Each of ``rows`` behind the shared ``prefix`` (:meth:`RowByRow.apart`)."""
    return torch.cat([prefix.expand(len(rows), *prefix.shape), rows], dim=2)


@contextmanager
def scores_written_out(scores: int) -> Iterator[None]:
    """Attention on a CPU with its ``scores`` a head, where they are few enough, written out in the
    compute dtype: with torch's flash kernel for CPUs a step takes half as long again."""
    if scores > SMALL:
        yield
        return
    before = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # CPUs ask it too
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(before)
