"""``python -m eval run | report``; see docs/eval.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.errors import run_cli


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="评测 ask the servers, judge, write the card")
    run.add_argument("--work-dir", type=Path, required=True)
    run.add_argument("--domain", required=True)
    run.add_argument("--data", type=Path, required=True)
    run.add_argument("--suite", default="domain", help="domain")
    run.add_argument(
        "--column", action="append", required=True, help="NAME=PORT 或 or NAME=URL#MODEL"
    )
    run.add_argument("--workers", type=int, default=4, help="并发请求数 requests at a time")

    report = commands.add_parser("report", help="重写报告 write the card again")
    report.add_argument("--work-dir", type=Path, required=True)
    return top


def main() -> int:
    """Run one command; 1 when a gate of the card fails."""
    args = parser().parse_args()
    from eval import report

    if args.command == "run":
        from eval import columns, run

        chosen = [columns.column(spec) for spec in args.column]
        if not run.evaluate(
            args.work_dir, args.domain, args.data, args.suite, chosen, args.workers
        ):
            print("没有变化，未重新提问 nothing changed: nothing was asked again")
    return report.write(args.work_dir)


if __name__ == "__main__":
    run_cli(main)
