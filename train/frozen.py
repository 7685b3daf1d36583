"""The layers below the lowest trained one, computed once a row.

Where only upper layers carry LoRA, what the lower ones make of a row never changes: no weight there
is trained and nothing there is random. So a row's hidden states below the first trained layer are
computed when it is first met and kept, and every later epoch costs the upper layers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

# Hidden states kept at most, in bytes (tokens × width × 4): 870,000 tokens of a 135M model. What
# does not fit is computed anew each time.
ROOM = 2 << 30


def first_trained(layers: nn.ModuleList) -> int:
    """Index of the lowest layer with a trained weight."""
    trained = (any(p.requires_grad for p in layer.parameters()) for layer in layers)
    return next((number for number, has in enumerate(trained) if has), len(layers))


class LowerLayers:
    """The frozen part of a decoder ``body`` (Llama's shape: embeddings, ``layers``, ``norm``)."""

    def __init__(self, body: Any, first: int, room: int = ROOM) -> None:
        self.body = body
        self.lower, self.upper = list(body.layers[:first]), list(body.layers[first:])
        self.kept: dict[bytes, torch.Tensor] = {}
        self.room = room

    @classmethod
    def of(cls, body: Any) -> LowerLayers | None:
        """The frozen part of ``body``; None where there is none, or what it gives is not always the
        same (trained embeddings, dropout) or not to be had (a body of another shape)."""
        layers = getattr(body, "layers", None)
        if not isinstance(layers, nn.ModuleList) or not hasattr(body, "norm"):
            return None
        first = first_trained(layers)
        below = [body.get_input_embeddings(), *layers[:first]]
        dropouts = (m for part in below for m in part.modules() if isinstance(m, nn.Dropout))
        random = any(module.p > 0 for module in dropouts)
        random = random or getattr(body.config, "attention_dropout", 0.0) > 0
        trained = any(weight.requires_grad for weight in body.get_input_embeddings().parameters())
        return None if first == 0 or random or trained else cls(body, first)

    def __call__(
        self, input_ids: torch.Tensor, segments: torch.Tensor, **mask: torch.Tensor
    ) -> torch.Tensor:
        """What the frozen layers make of a batch (1 × length × width), row by row from what is
        kept. ``segments`` says which token is whose (:mod:`train.packing`): a row's states hang on
        its own tokens and the shared prefix alone, whatever batch it stands in."""
        rows = [
            ((segments[0] == 0) | (segments[0] == number)).nonzero()[:, 0]
            for number in range(1, int(segments.max()) + 1)
        ] or [torch.arange(segments.shape[1], device=segments.device)]
        keys = [input_ids[0, places].cpu().numpy().tobytes() for places in rows]
        if not all(key in self.kept for key in keys):
            with torch.no_grad(), self.only(self.lower, norm=nn.Identity()):
                hidden = self.body(input_ids=input_ids, use_cache=False, **mask)[0]
            for key, places in zip(keys, rows, strict=True):
                self.keep(key, hidden[0, places])
            return hidden
        known = [self.kept[key] for key in keys]
        hidden = known[0].new_empty(1, segments.shape[1], known[0].shape[-1])
        for places, states in zip(rows, known, strict=True):
            hidden[0, places] = states
        return hidden

    def keep(self, key: bytes, states: torch.Tensor) -> None:
        """Remember a row's ``states`` (tokens × width) while there is room."""
        size = states.numel() * states.element_size()
        if key not in self.kept and size <= self.room:
            self.kept[key] = states
            self.room -= size

    def rest(self) -> Any:
        """A context in which the body is its trained part, to be fed with ``inputs_embeds``."""
        return self.only(self.upper, norm=self.body.norm)

    @contextmanager
    def only(self, layers: list[nn.Module], norm: nn.Module) -> Iterator[None]:
        """The body with these layers and this ``norm`` for the block: its own loop, masks and
        positions serve both parts, so no model's forward is written again here."""
        before = self.body.layers, self.body.norm
        self.body.layers, self.body.norm = nn.ModuleList(layers), norm
        try:
            yield
        finally:
            self.body.layers, self.body.norm = before
