"""``python -m train run|adapter|merge|check``: what the Make targets call."""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from pathlib import Path

from core.errors import run_cli


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, help_text in (
        ("run", "train a recipe"),
        ("check", "rows, lengths and prompt parity"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("config")
        command.add_argument("--domain", required=True)
        command.add_argument("--data", type=Path, required=True)
        command.add_argument("--work-dir", type=Path, required=True)
        command.add_argument("--override", nargs="*", default=[])
        if name == "run":
            command.add_argument("--resume", default="", help="1: go on; auto: if nothing changed")
            command.add_argument("--force", action="store_true")
    for name, help_text in (
        ("adapter", "last checkpoint to a Hugging Face adapter"),
        ("merge", "adapter and base to one Hugging Face folder"),
    ):
        command = commands.add_parser(name, help=help_text)
        command.add_argument("--work-dir", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    """Dispatch; heavy imports stay inside the commands so that errors come at once."""
    args = arguments()
    warnings.filterwarnings("ignore")
    for noisy in ("transformers", "bitsandbytes", "mmengine", "datasets"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # weights are fetched by a command of the user's
    if args.command == "run":
        from train.run import run

        run(
            args.config,
            args.work_dir,
            args.domain,
            args.data,
            args.override,
            args.resume,
            args.force,
        )
    elif args.command == "check":
        from train.check import check

        check(args.config, args.domain, args.data, args.work_dir, args.override)
    else:
        from train import export

        getattr(export, args.command)(args.work_dir)


if __name__ == "__main__":
    run_cli(main)
