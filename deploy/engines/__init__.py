"""The engines that serve: what each has to say and do, and which one this machine takes.

Adding one is a file here, its settings in ``configs/deploy/NAME.py`` and its place in
:data:`ENGINES`; nobody else asks which engine it is.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from core import chat, gpu
from core.errors import UserError
from core.language import words
from deploy import environments
from deploy.engines import llamacpp, pytorch, turbomind
from deploy.models import Model

Messages = list[dict[str, str]]
Settings = dict[str, Any]


class Routes(Protocol):
    """What is asked of a running engine beyond the routes that OpenAI's protocol has."""

    @property
    def greedy(self) -> dict[str, Any]:
        """The fields of a chat request that make its answer the likeliest one."""

    def prompt_ids(self, messages: Messages, text: str) -> list[int]:
        """The token ids that it reads for ``messages``, which the folder's template renders as
        ``text``."""

    def answer(self, ids: list[int], tokens: int) -> tuple[str, list[int]]:
        """Greedy text and tokens after ``ids``, ``tokens`` at most."""

    def likely(self, ids: list[int]) -> dict[int, float]:
        """Log-probabilities of the likeliest tokens after ``ids``; empty where it tells none."""

    def length(self, text: str) -> int:
        """How many tokens ``text`` is, at most."""


class Engine(Protocol):
    """One engine. What it loads is a Hugging Face folder or a file made of one."""

    @property
    def name(self) -> str:
        """What BACKEND= calls it, and its file in ``configs/deploy``."""

    @property
    def stage(self) -> str:
        """The environment that it runs in; '': that of the deploy room itself."""

    @property
    def needs_gpu(self) -> bool:
        """Whether it runs on NVIDIA GPUs only."""

    @property
    def formats(self) -> Sequence[str]:
        """The formats of ``make quantize`` that it loads, its default first."""

    @property
    def patience(self) -> float:
        """Seconds that it may take to load a model."""

    def lacks(self) -> str:
        """What keeps it from running here, in a line; '' where nothing does."""

    def loads(self, path: Path) -> bool:
        """Whether ``path`` is the kind of model that it takes."""

    def settings(
        self,
        tp: int | None = None,
        kv: int | None = None,
        lora: Sequence[str] = (),
        threads: int | None = None,
    ) -> Settings:
        """``configs/deploy/NAME.py`` with what the command line changes.

        Raises :class:`UserError` for what this engine does not know.
        """

    def suits(self, model: Model, values: Settings, tp: int | None) -> None:
        """Raise :class:`UserError` for a model that it does not run or that does not fit this
        machine: before gigabytes are hashed and an environment is made."""

    def convert(self, model: Model) -> Path:
        """Make what it loads, or the record that it can; the file that was written."""

    def prepare(self, model: Model) -> Path:
        """The file or folder that it loads, converted first where it must be."""

    def fitted(self, model: Model, values: Settings, tp: int | None, budget: float) -> Settings:
        """``values`` as this machine has room for them, within ``budget`` GB of a GPU (0: all)."""

    def command(
        self, path: Path, name: str, host: str, port: int, values: Settings, spec: Path
    ) -> list[str]:
        """The command that serves ``path``; engines that read a file of settings get ``spec``."""

    def routes(self, target: chat.Endpoint) -> Routes:
        """Its own routes, for the proof of the hand-over."""

    def whole(self, merged: Path, folder: Path) -> Path:
        """The 16-bit model of ``merged`` as it loads it, made in ``folder`` where it must be."""

    def score(self, path: Path, asked: dict[str, Messages], folder: Path) -> dict[str, Any]:
        """Right answers of the model ``path`` (:mod:`deploy.measure`); ``folder`` is for files."""


# In the order in which auto takes them.
ENGINES: tuple[Engine, ...] = (turbomind.ENGINE, pytorch.ENGINE, llamacpp.ENGINE)
ON_GPU = tuple(engine for engine in ENGINES if engine.needs_gpu)
ANYWHERE = next(engine for engine in ENGINES if not engine.needs_gpu)


def of(name: str) -> Engine:
    """The engine called ``name``; :class:`UserError` names those that there are."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    known = ", ".join(engine.name for engine in ENGINES)
    raise UserError(f"BACKEND={name}: {words('可选', 'choose from')} auto, {known}")


def choose(wanted: str, path: Path | None = None) -> Engine:
    """``auto`` becomes the first engine that loads ``path`` and whose hardware is here (said where
    nvidia-smi is there and fails: a GPU may have been meant).

    Raises :class:`UserError` for an engine that cannot run here. Makes nothing: what is served is
    looked at first, then :func:`ready`.
    """
    if wanted == "auto":
        able = [one for one in ENGINES if path is None or one.loads(path)]
        engine = next(one for one in able if gpu.gpus() or not one.needs_gpu)
        if gpu.trouble() and able[0].needs_gpu:
            taken = words("改用 CPU 引擎", "taking the CPU engine")
            line = f"{words('注意', 'mind')}: {gpu.trouble()}: {taken}"
            print(line, file=sys.stderr, flush=True)
    else:
        engine = of(wanted)
    if lacking := engine.lacks():
        raise UserError(lacking)
    return engine


def loading(form: str, first: Engine) -> Engine:
    """The engine that loads a format of ``make quantize``: ``first`` where it does."""
    return next(one for one in (first, *ENGINES) if form in one.formats)


def ready(engine: Engine) -> None:
    """Make the engine's environment, if it is not made yet (TurboMind: minutes, 4.3 GB)."""
    if engine.stage:
        environments.make(engine.stage)
