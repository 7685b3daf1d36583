"""llama.cpp: any CPU, one GGUF file. Its process is :mod:`deploy.llamacpp`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import chat, scan
from core.errors import UserError
from core.files import write_json
from core.language import words
from deploy import api, gguf, gguf_quantize, measure
from deploy.engines.settings import defaults
from deploy.models import Model

LIKELY = 10  # tokens whose log-probabilities are compared at one place of each answer
RARE = -10.0  # below this log-probability the engine's rounding counts for more than the model


@dataclass(frozen=True)
class LlamaCpp:
    """See :class:`deploy.engines.Engine`."""

    name: str = "cpu"
    stage: str = ""
    needs_gpu: bool = False
    formats: tuple[str, ...] = tuple(gguf_quantize.TYPES)
    patience: float = 600.0

    def lacks(self) -> str:
        """Nothing: its environment is the deploy room's."""
        return ""

    def loads(self, path: Path) -> bool:
        """A GGUF file, or a folder, of which one is made."""
        return True

    def settings(
        self,
        tp: int | None = None,
        kv: int | None = None,
        lora: Sequence[str] = (),
        threads: int | None = None,
    ) -> dict[str, Any]:
        """Parameters of :func:`deploy.llamacpp.parameters`."""
        if tp:
            raise UserError(f"TP: {words('只用于 GPU 引擎', 'is for the engines on GPUs')}")
        values = defaults(self.name)
        if threads:
            values["threads"] = threads
        if kv is not None:
            values["kv"] = kv
        if lora:
            values["adapters"] = [adapter(path) for path in lora]
        return values

    def suits(self, model: Model, values: dict[str, Any], tp: int | None) -> None:
        """The conversion refuses what it would get wrong, before its work (:mod:`deploy.gguf`)."""

    def convert(self, model: Model) -> Path:
        """The model's GGUF."""
        return self.prepare(model)

    def prepare(self, model: Model) -> Path:
        """The model's GGUF."""
        return model.path if model.is_gguf else gguf.ensure(model.path)

    def fitted(
        self, model: Model, values: dict[str, Any], tp: int | None, budget: float
    ) -> dict[str, Any]:
        """As they are."""
        return values

    def command(
        self, path: Path, name: str, host: str, port: int, values: dict[str, Any], spec: Path
    ) -> list[str]:
        """Our own process around the library."""
        write_json(spec, {"model": str(path), "name": name, "host": host, "port": port, **values})
        return [sys.executable, "-m", "deploy.llamacpp", str(spec)]

    def routes(self, target: chat.Endpoint) -> Routes:
        """llama.cpp's own routes."""
        return Routes(target)

    def whole(self, merged: Path, folder: Path) -> Path:
        """A bf16 GGUF."""
        file = folder / f"{merged.name}-bf16.gguf"
        gguf.preflight(merged)
        gguf.convert(merged, file, "bf16")
        return file

    def score(
        self, path: Path, asked: dict[str, list[dict[str, str]]], folder: Path
    ) -> dict[str, Any]:
        """With perplexity, in a process of its own."""
        return measure.measure(path, asked, folder)


ENGINE = LlamaCpp()


def adapter(path: str) -> str:
    """A LoRA file that requests can switch on and off."""
    if not Path(path).is_file() or Path(path).suffix != ".gguf":
        what = words("不是 GGUF 格式的适配器", "is no adapter in GGUF form")
        raise UserError(f"LORA={path}: {what} (docs/deploy.md)")
    scan.weights(Path(path))
    return str(Path(path).absolute())


class Routes:
    """llama.cpp's server. See :class:`deploy.engines.Routes`."""

    def __init__(self, target: chat.Endpoint) -> None:
        self.target = target
        self.greedy = {"temperature": 0, "cache_prompt": False}

    def rendered(self, messages: list[dict[str, str]]) -> str:
        """``messages`` by its chat template."""
        return str(api.call(self.target, "/apply-template", {"messages": messages})["prompt"])

    def ids(self, text: str, special: bool) -> list[int]:
        """The tokens of ``text``, with those that begin a prompt where ``special``."""
        body = {"content": text, "add_special": special, "parse_special": True}
        return list(api.call(self.target, "/tokenize", body)["tokens"])

    def prompt_ids(self, messages: list[dict[str, str]], text: str) -> list[int]:
        """By its own template and tokenizer."""
        return self.ids(self.rendered(messages), special=True)

    def answer(self, ids: list[int], tokens: int) -> tuple[str, list[int]]:
        """Greedy text and tokens after ``ids``."""
        body = {"prompt": ids, "n_predict": tokens, "return_tokens": True, **self.greedy}
        whole = api.call(self.target, "/completion", body)
        return whole["content"], whole["tokens"]

    def likely(self, ids: list[int]) -> dict[int, float]:
        """Empty where the next token is but a part of a character: the engine reports none."""
        body = {"prompt": ids, "n_predict": 1, "n_probs": LIKELY, **self.greedy}
        places = api.call(self.target, "/completion", body).get("completion_probabilities") or [{}]
        listed = places[0].get("top_logprobs", ())
        return {one["id"]: one["logprob"] for one in listed if one["logprob"] > RARE}

    def length(self, text: str) -> int:
        """Counted."""
        return len(self.ids(text, special=False))
