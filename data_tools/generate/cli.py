"""``python -m data_tools generate``: a text, or another project's pairs, to ``generated.jsonl``."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from core import domain as domains
from core.errors import UserError
from core.files import sha256, shown
from data_tools import formats
from data_tools.generate import rows, run, screen
from data_tools.generate.client import Asker, Server, server
from data_tools.generate.journal import Journal
from data_tools.generate.screen import Pair
from data_tools.generate.settings import Settings
from data_tools.generate.support import Commonness

JOURNAL = "generated-journal.jsonl"
NINE = 9  # imported answers taken together as one chunk, about 2,000 characters


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
    for name in Settings.__dataclass_fields__:
        command.add_argument(f"--{name.replace('_', '-')}", type=int, help=f"settings: {name}")


def settings_of(args: argparse.Namespace) -> Settings:
    """The domain's settings, with those of the command line over them."""
    given = {name: getattr(args, name) for name in Settings.__dataclass_fields__}
    set_ = domains.load(args.domain).settings.get("generate", {})
    return Settings.of({**set_, **{name: v for name, v in given.items() if v is not None}})


async def _generate(
    args: argparse.Namespace,
    texts: list[run.Text],
    settings: Settings,
    target: Server,
    journal: Journal,
) -> dict[str, Any]:
    asker = Asker(target, journal, max(1, args.workers), args.timeout, args.retries)
    return await run.generate(texts, asker, settings, args.out)


def screened(path: Path, settings: Settings, out: Path) -> dict[str, Any]:
    """Screen imported pairs by all that needs no text, and write them as generated rows."""
    if not path.is_file():
        raise UserError(f"没有这个文件 no such file: {shown(path)}")
    pairs: list[Pair] = []
    dropped: list[dict[str, str]] = []
    text = run.Text(path.name, sha256(path), "", [])

    def drop(at: int, end: int, reason: str, said: str) -> None:
        place = {"file": text.name, "locator": f"c:{at}-{end}"}
        dropped.append({**place, "reason": reason, "text": said})

    for at, raw, record in formats.objects(path):
        turns = formats.turns(record) if isinstance(record, dict) else []
        if turns:
            pairs.append(Pair(turns[0].question, turns[0].answer, at, at + len(raw), raw))
        else:
            drop(at, at + len(raw), "no-question", raw)
    answers = [pair.answer for pair in pairs]
    common = Commonness("\n".join(answers[i : i + NINE]) for i in range(0, len(answers), NINE))
    good: list[Pair] = []
    for pair in pairs:
        said = f"{pair.question} -> {pair.answer}"
        reason = screen.of_question(pair.question, common)
        reason = reason or screen.of_answer(pair, settings.longest)
        if reason:
            drop(pair.start, pair.end, reason, said)
        else:
            good.append(pair)
    outcome = run.Outcome(pairs=good)
    kept, more = run.settle([text], [[outcome]], settings)
    dropped.extend(more)
    source = {"file": text.name, "sha256": text.sha256}
    card = {"pairs": len(kept), "dropped": len(dropped), "reasons": run.codes(dropped)}
    rows.write(out, kept, dropped, {**card, "sources": [source]})
    return card


def main(args: argparse.Namespace) -> int:
    """Generate or screen, and say what came of it."""
    settings = settings_of(args)
    if bool(args.novel) == bool(args.pairs):
        raise UserError("请给出 give --novel FILE 或 or --pairs FILE")
    if args.pairs:
        card = screened(args.pairs, settings, args.out)
    else:
        texts = run.read_texts(args.novel, settings.size)
        target = server(args.base_url, args.model)
        with Journal(args.out / JOURNAL) as journal:
            card = asyncio.run(_generate(args, texts, settings, target, journal))
        said, cost = card["requests"], card["tokens"]
        print(
            f"  {card['chunks']} 块 chunks, 请求 requests {said['now']} (+{said['before']} 已答 "
            f"answered before), tokens {cost['in']:,} in + {cost['out']:,} out, {card['seconds']} s"
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
