"""Model shapes, for what can be computed before the weights are there.

Read from the model folder's ``config.json`` where it exists; else the family's published numbers
(vocabulary, width, MLP width, layers, heads, key/value heads, head width, tied embeddings), which
are those of the ``config.json`` on the hub.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import families


@dataclass(frozen=True)
class Shape:
    """A decoder of the Llama kind, by its matrices."""

    vocab: int
    hidden: int
    mlp: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    tied: bool
    fused: bool = False  # q, k and v are one matrix (InternLM2): LoRA has one A for them

    def matrices(self) -> list[tuple[int, int]]:
        """(in, out) of one layer's linear layers: q, k, v, o, gate, up, down."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        three = [(self.hidden, q), (self.hidden, kv), (self.hidden, kv)]
        attention = [(self.hidden, q + 2 * kv)] if self.fused else three
        attention.append((q, self.hidden))
        return [*attention, *[(self.hidden, self.mlp)] * 2, (self.mlp, self.hidden)]

    @property
    def linear(self) -> int:
        """Parameters of all layers' linear layers (these are quantised)."""
        return self.layers * sum(a * b for a, b in self.matrices())

    @property
    def embedding(self) -> int:
        """Parameters of the input table and, where it is not the same, the output layer."""
        return self.vocab * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All parameters, norms included (biases are not: below a part in a thousand)."""
        return self.linear + self.embedding + self.hidden * (2 * self.layers + 1)

    def lora(self, rank: int, layers: int | None = None) -> int:
        """Trainable parameters of LoRA of ``rank`` on every linear layer of ``layers`` layers."""
        own = sum(rank * (a + b) for a, b in self.matrices())
        return own * (self.layers if layers is None else layers)


KNOWN = {
    name: replace(Shape(*numbers), fused=family.fused)
    for family in families.all_()
    for name, numbers in family.shapes.items()
}


def shape(model: str | Path) -> Shape | None:
    """The shape of the model in folder ``model``, or ``None`` where nothing says it."""
    path = Path(model) / "config.json"
    if not path.is_file():
        return KNOWN.get(Path(model).name)
    c = json.loads(path.read_text(encoding="utf-8"))
    try:
        heads, hidden = c["num_attention_heads"], c["hidden_size"]
        return Shape(
            c["vocab_size"],
            hidden,
            c["intermediate_size"],
            c["num_hidden_layers"],
            heads,
            c.get("num_key_value_heads") or heads,
            c.get("head_dim") or hidden // heads,
            bool(c.get("tie_word_embeddings", False)),
            fused(c),
        )
    except KeyError:
        return None


def fused(config: dict[str, Any]) -> bool:
    """Whether a model's q, k and v are one matrix."""
    family = families.of_architecture((config.get("architectures") or ["?"])[0])
    return bool(family and family.fused)
