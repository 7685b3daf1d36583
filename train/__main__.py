"""``python -m train run|adapter|merge|check|estimate|…``: what the Make targets call."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import logging
import os
import warnings
from pathlib import Path

from core.errors import run_cli
from train import launch


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("ready", "what is missing, or the plan, before an environment is made"),
        ("run", "train a recipe"),
        ("check", "rows, lengths and prompt parity"),
        ("estimate", "memory, steps and time before training"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("config")
        command.add_argument("--domain", required=True)
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--work-dir", type=Path, required=True)
        command.add_argument("--override", nargs="*", default=[])
        if name in ("ready", "run"):
            command.add_argument("--resume", default="", help="1: go on; auto: if nothing changed")
            command.add_argument("--force", action="store_true")
            for field in dataclasses.fields(launch.Where):
                kind = int if isinstance(field.default, int) else str
                flag = "--" + field.name.replace("_", "-")
                command.add_argument(flag, type=kind, default=field.default)
    for name, help_text in (
        ("adapter", "last (or best) checkpoint to a Hugging Face adapter"),
        ("merge", "adapter and base to one Hugging Face folder"),
        ("settle", "what the node that Slurm gave decides, before training there"),
        ("finish", "close the books of a run that Slurm trained"),
        ("worker", "one process of a distributed run"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("--work-dir", type=Path, required=True)
        if name == "worker":
            command.add_argument("--deepspeed", default="")
            command.add_argument("--again", action="store_true", help="from the newest checkpoint")
    commands.add_parser("recipes", help="a table of the recipes")
    fetch = commands.add_parser("download", help="the recipe's base model from a hub")
    fetch.add_argument("config")
    fetch.add_argument("--hub", choices=("modelscope", "huggingface"), default="modelscope")
    fetch.add_argument("--tools", type=Path, required=True, help="folder of the hubs' commands")
    joins = commands.add_parser("combine", help="published adapters into the base they extend")
    joins.add_argument("--base", type=Path, required=True)
    joins.add_argument("--adapters", type=Path, nargs="+", required=True)
    joins.add_argument("--to", type=Path, required=True)
    takes = commands.add_parser("export", help="recipe and rows for LLaMA-Factory or ms-swift")
    takes.add_argument("config")
    takes.add_argument("--format", choices=("llamafactory", "swift"), required=True)
    takes.add_argument("--data", type=Path, required=True)
    takes.add_argument("--to", type=Path, required=True)
    takes.add_argument("--template", default="", help="that program's name of the chat template")
    takes.add_argument("--override", nargs="*", default=[])
    gpu = commands.add_parser("gpu-check", help="training figures of this GPU, random weights")
    gpu.add_argument("--out", type=Path, required=True)
    gpu.add_argument("--rehearse", action="store_true", help="a tiny shape on the CPU, to the end")
    gpu.add_argument("--minutes", type=float, default=10.0, help="of the GPU, both halves")
    gpu.add_argument("--ask", action="store_true", help="only say whether it can be measured here")
    return parser.parse_args()


def place(args: argparse.Namespace) -> launch.Where:
    """Where the run's processes start, as the command line says."""
    names = [field.name for field in dataclasses.fields(launch.Where)]
    return launch.Where(**{name: getattr(args, name) for name in names})


def begin(args: argparse.Namespace) -> None:
    """The commands on a recipe, a data set and a work dir."""
    if args.command == "ready":
        from train import preflight

        preflight.ready(args.config, args.data, args.override, place(args))
    elif args.command == "run":
        from train.run import run

        rest = (args.override, args.resume, args.force, place(args))
        run(args.config, args.work_dir, args.domain, args.data, *rest)
    else:
        module = importlib.import_module(f"train.{args.command}")
        call = getattr(module, args.command)
        call(args.config, args.domain, args.data, args.work_dir, args.override)


def main() -> None:
    """Dispatch; heavy imports stay inside the commands so that errors come at once."""
    args = arguments()
    warnings.filterwarnings("ignore")
    for noisy in ("transformers", "bitsandbytes", "mmengine", "datasets"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # weights are fetched by a command of the user's
    if args.command in ("ready", "run", "check", "estimate"):
        begin(args)
    elif args.command == "worker":
        launch.entry(args.work_dir, "pytorch", args.deepspeed, args.again)
    elif args.command in ("settle", "finish"):
        from train import run as room

        getattr(room, args.command)(args.work_dir)
    elif args.command == "recipes":
        from train.recipes import table

        print(table())
    elif args.command == "download":
        from train.download import download

        download(args.config, args.hub, args.tools)
    elif args.command == "combine":
        from train.combine import combine

        combine(args.base, args.adapters, args.to)
    elif args.command == "export":
        from train.carry import carry

        carry(args.config, args.format, args.data, args.to, args.override, args.template)
    elif args.command == "gpu-check":
        from train import gpu_check

        gpu_check.able(args.rehearse, args.minutes)
        if not args.ask:
            gpu_check.gpu_check(args.out, args.rehearse, args.minutes)
    else:
        from train import export

        getattr(export, args.command)(args.work_dir)


if __name__ == "__main__":
    run_cli(main)
