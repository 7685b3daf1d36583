"""Model shapes, for what can be computed before the weights are there.

Read from the model folder's ``config.json`` where it exists; else the family's published numbers
(vocabulary, width, MLP width, layers, heads, key/value heads, head width, tied embeddings), which
are those of the ``config.json`` on the hub.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


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
    "internlm2-chat-1_8b": Shape(92544, 2048, 8192, 24, 16, 8, 128, False, True),
    "internlm2-chat-7b": Shape(92544, 4096, 14336, 32, 32, 8, 128, False, True),
    "internlm2-chat-20b": Shape(92544, 6144, 16384, 48, 48, 8, 128, False, True),
    "internlm2_5-1_8b-chat": Shape(92544, 2048, 8192, 24, 16, 8, 128, False, True),
    "internlm2_5-7b-chat": Shape(92544, 4096, 14336, 32, 32, 8, 128, False, True),
    "internlm3-8b-instruct": Shape(128512, 4096, 10240, 48, 32, 2, 128, False),
    "Qwen2.5-0.5B-Instruct": Shape(151936, 896, 4864, 24, 14, 2, 64, True),
    "Qwen2.5-1.5B-Instruct": Shape(151936, 1536, 8960, 28, 12, 2, 128, True),
    "Qwen2.5-3B-Instruct": Shape(151936, 2048, 11008, 36, 16, 2, 128, True),
    "Qwen2.5-7B-Instruct": Shape(152064, 3584, 18944, 28, 28, 4, 128, False),
    "Qwen3-0.6B": Shape(151936, 1024, 3072, 28, 16, 8, 128, True),
    "Qwen3-4B": Shape(151936, 2560, 9728, 36, 32, 8, 128, True),
    "Qwen3-8B": Shape(151936, 4096, 12288, 36, 32, 8, 128, False),
    "Meta-Llama-3.1-8B-Instruct": Shape(128256, 4096, 14336, 32, 32, 8, 128, False),
    "DeepSeek-R1-Distill-Qwen-7B": Shape(152064, 3584, 18944, 28, 28, 4, 128, False),
    "SmolLM2-135M-Instruct": Shape(49152, 576, 1536, 30, 9, 3, 64, True),
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
            c.get("model_type") == "internlm2",
        )
    except KeyError:
        return None
