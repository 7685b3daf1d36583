"""``python -m data_tools generate``: a text, or another project's pairs, to ``generated.jsonl``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core import domain as domains
from core.errors import UserError
from core.files import shown
from data_tools.generate import rows
from data_tools.generate.settings import Settings


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of ``generate``."""
    command.add_argument("--novel", nargs="*", default=[], type=Path, metavar="FILE")
    command.add_argument("--pairs", type=Path, help="only screen a list of {question, answer}")
    command.add_argument("--domain", default="novel")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--base-url", default="", help="…/v1; the deployed model by default")
    command.add_argument("--model", default="", help="its name there; the key: TIKUFORGE_API_KEY")
    command.add_argument("--workers", type=int, default=4, help="requests in flight")
    command.add_argument("--timeout", type=float, default=600, help="seconds for one answer")
    command.add_argument("--retries", type=int, default=5, help="after errors that may pass")
    command.add_argument(
        "--price", type=float, nargs=2, default=(0.0, 0.0), metavar=("IN", "OUT"),
        help="of a million tokens: the cost so far is shown",
    )  # fmt: skip
    for name in Settings.__dataclass_fields__:
        command.add_argument(f"--{name.replace('_', '-')}", type=int, help=f"settings: {name}")


def settings_of(args: argparse.Namespace) -> Settings:
    """The domain's settings, with those of the command line over them."""
    given = {name: getattr(args, name) for name in Settings.__dataclass_fields__}
    set_ = domains.load(args.domain).settings.get("generate", {})
    return Settings.of({**set_, **{name: v for name, v in given.items() if v is not None}})


def main(args: argparse.Namespace) -> int:
    """Generate or screen, and say what came of it."""
    settings = settings_of(args)
    if bool(args.novel) == bool(args.pairs):
        raise UserError("请给出 give --novel FILE 或 or --pairs FILE")
    if args.pairs:
        from data_tools.generate.imported import screened  # numpy, which a build need not load

        card = screened(args.pairs, settings, args.out)
    else:
        from data_tools.generate import run  # openai, the same
        from data_tools.generate.client import Patience, server

        texts = run.read_texts(args.novel, settings.size)
        target = server(args.base_url, args.model)
        patience = Patience(max(1, args.workers), args.timeout, args.retries)
        card = run.start(texts, target, patience, settings, args.out, tuple(args.price))
        said, cost = card["requests"], card["tokens"]
        print(
            f"  {card['chunks']} 块 chunks, 请求 requests {said['now']} (+{said['before']} 已答 "
            f"answered before), tokens {cost['in']:,} in + {cost['out']:,} out, {card['seconds']} s"
            + (f", 费用 cost {card['cost']}" if "cost" in card else "")
        )
    print(f"  {card['pairs']:>7,}  问答 pairs")
    for code, count in card["reasons"].items():
        print(f"  {count:>7,}  弃 dropped: {code}")
    again = card["reasons"].get("refused", 0)
    if again:
        print(f"服务拒绝了 the server refused {again}: 再运行一次只补这些 run again for those only")
    names = f"{rows.ROWS}, {rows.DROPPED}, {rows.CARD}"
    print(f"写入 wrote {shown(args.out)}/: {names}")
    return 0
