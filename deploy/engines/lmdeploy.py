"""What LMDeploy's two engines have in common: one server program, chosen by a flag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import chat, gpu, trust
from core.errors import UserError
from core.files import shown
from core.language import words
from deploy import api, environments, fit, manifest, measure, preflight, turbomind
from deploy.engines.settings import defaults
from deploy.models import Model

CHARACTER = 3  # tokens that one character takes, at most


@dataclass(frozen=True)
class Lmdeploy:
    """The engine ``name`` of LMDeploy; ``check`` reads a folder's shape and refuses what the engine
    does not run. See :class:`deploy.engines.Engine`."""

    name: str
    formats: tuple[str, ...]
    check: Callable[[Path], dict[str, Any]]
    stage: str = "turbomind"
    needs_gpu: bool = True
    patience: float = 1800.0

    def lacks(self) -> str:
        """A GPU, or a driver that is new enough."""
        if not gpu.gpus():
            why = f" ({gpu.trouble()})" if gpu.trouble() else ""
            return words(
                f"BACKEND={self.name} 需要 NVIDIA GPU，这台机器没有{why}；"
                "BACKEND=auto 会改用 CPU 引擎 (llama.cpp)",
                f"BACKEND={self.name} needs an NVIDIA GPU, none here{why}; BACKEND=auto would take "
                "the CPU engine (llama.cpp)",
            )
        try:
            gpu.cuda_line()
        except UserError as error:
            return str(error)
        return ""

    def loads(self, path: Path) -> bool:
        """Folders."""
        return path.suffix != ".gguf"

    def settings(
        self,
        tp: int | None = None,
        kv: int | None = None,
        lora: Sequence[str] = (),
        threads: int | None = None,
    ) -> dict[str, Any]:
        """Flags of ``lmdeploy serve api_server``."""
        if threads:
            raise UserError(
                f"THREADS: {words('只用于 CPU 引擎', 'is for the CPU engine')} (BACKEND=cpu)"
            )
        if lora:
            why = words(
                "只用于 CPU 引擎，LMDeploy 不读适配器：请 make merge",
                "is for the CPU engine, LMDeploy takes no adapters: make merge",
            )
            raise UserError(f"LORA: {why}")
        values = defaults(self.name)
        if tp:
            values["tp"] = tp
        if kv is not None:
            values["quant_policy"] = kv
        return values

    def suits(self, model: Model, values: dict[str, Any], tp: int | None) -> None:
        """By its shape, and by the memory of all GPUs together."""
        self.check(self._folder(model))
        fit.spread(model.path, values, tp)

    def convert(self, model: Model) -> Path:
        """``turbomind.json``: LMDeploy converts in memory while it loads."""
        return manifest.write(self._folder(model), self.name, self.check(model.path))

    def prepare(self, model: Model) -> Path:
        """The folder itself."""
        self.convert(model)
        return model.path

    def fitted(
        self, model: Model, values: dict[str, Any], tp: int | None, budget: float
    ) -> dict[str, Any]:
        """See :func:`deploy.fit.settle`."""
        return fit.settle(model.path, values, tp, budget)

    def command(
        self, path: Path, name: str, host: str, port: int, values: dict[str, Any], spec: Path
    ) -> list[str]:
        """LMDeploy's own command line, by :mod:`deploy.turbomind`."""
        if preflight.shape(path)["quant"] == "awq":
            values = {**values, "model_format": "awq"}
        values = {**values, "trust_remote_code": trust.remote_code(path)}
        line = turbomind.argv(str(path), name, host, port, self.name, values)
        return [str(environments.python(self.stage)), "-m", "deploy.turbomind", *line]

    def routes(self, target: chat.Endpoint) -> Routes:
        """The routes of its api_server."""
        return Routes(target)

    def whole(self, merged: Path, folder: Path) -> Path:
        """The folder itself."""
        return merged

    def score(
        self, path: Path, asked: dict[str, list[dict[str, str]]], folder: Path
    ) -> dict[str, Any]:
        """Served and asked."""
        return measure.served(self, path, asked)

    def _folder(self, model: Model) -> Path:
        if not self.loads(model.path):
            what = words(
                f"{self.name} 要 Hugging Face 目录，不要 GGUF",
                f"{self.name} wants a Hugging Face folder, not GGUF",
            )
            raise UserError(f"{shown(model.path)}: {what}")
        return model.path


class Routes:
    """LMDeploy's api_server. See :class:`deploy.engines.Routes`."""

    def __init__(self, target: chat.Endpoint) -> None:
        self.target = target
        self.greedy = {"temperature": 0, "top_k": 1}

    def prompt_ids(self, messages: list[dict[str, str]], text: str) -> list[int]:
        """The ids that its tokenizer makes of ``text``, the prompt as the folder's template renders
        it; what its own template makes is counted and answered on the chat route."""
        body = {"input": text, "add_bos": False, "do_preprocess": False}
        return list(api.call(self.target, "/v1/encode", body)["input_ids"])

    def answer(self, ids: list[int], tokens: int) -> tuple[str, list[int]]:
        """Greedy text and tokens after ``ids``."""
        whole = api.call(
            self.target, "/generate", {"input_ids": ids, "max_tokens": tokens, **self.greedy}
        )
        return whole["text"], whole["output_ids"]

    def likely(self, ids: list[int]) -> dict[int, float]:
        """None: its PyTorch engine reports probabilities only where it was started to."""
        return {}

    def length(self, text: str) -> int:
        """It has no route that counts the tokens of a text."""
        return CHARACTER * len(text)
