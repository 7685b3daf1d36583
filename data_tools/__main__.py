"""``python -m data_tools build|review|read``: what ``make data`` and ``make review`` call, and a
preview that writes nothing."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import domain as domains
from core.errors import UserError, run_cli
from core.files import ROOT, read_json, shown
from core.hints import then
from data_tools import build, formats, outputs, preview
from data_tools.card import COUNTS
from data_tools.generate import cli as generation
from data_tools.generate import rows as generated
from data_tools.readers.how import READ, How
from data_tools.sources import Inputs


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="data_tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("build", "review"):
        command = commands.add_parser(name)
        command.add_argument("--domain", default="gongkao")
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--force", action="store_true", help="make it again")
        command.add_argument("--engine", choices=("here", "ray"), default="here")
        command.add_argument("--config", default="", help="the recipe whose tokenizer counts")
        command.add_argument("--allow-loss", action="store_true", help="go on if most was lost")
        if name == "build":
            command.add_argument("--bank", nargs="*", default=[], metavar="FILE")
            command.add_argument("--novel", nargs="*", default=[], metavar="FILE")
            command.add_argument("--table", nargs="*", default=[], metavar="FILE")
            command.add_argument("--templates", nargs="*", default=[], metavar="PACK|FILE")
            command.add_argument("--mix", nargs="*", default=[], metavar="FILE")
            command.add_argument("--mix-ratio", type=float, default=0.2)
            command.add_argument("--against", nargs="*", default=[], metavar="FILE")
    command = commands.add_parser("read", help="show what is read of files, and write nothing")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--json", action="store_true", help="a JSON line a row, then the counts")
    command.add_argument("--allow-loss", action="store_true", help="exit 0 whatever was lost")
    for command in (commands.choices["build"], commands.choices["read"]):
        command.add_argument("--encoding", default="", help="of text files; found out otherwise")
        command.add_argument("--hidden", default=READ, help="rows, columns, sheets: read | skip")
    command = commands.add_parser("export")
    command.add_argument("--domain", default="gongkao")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--format", choices=sorted(formats.FORMATS), default="alpaca")
    generation.add_arguments(commands.add_parser("generate"))
    return parser.parse_args()


def portable(path: str | Path) -> str:
    """``path`` relative to the repository where it lies in it, so that folders can move."""
    full = Path(path).resolve()
    return str(full.relative_to(ROOT)) if full.is_relative_to(ROOT) else str(full)


def inputs_of(args: argparse.Namespace) -> Inputs:
    """The sources: those on the command line, the domain's samples, or those of the last build."""
    if args.command == "review":
        if not (args.out / outputs.REVIEW).is_file():
            raise UserError(
                f"{shown(args.out)}: 没有 no {outputs.REVIEW}: 请先 run make data first"
            )
        inputs = Inputs.of(read_json(args.out / outputs.INPUTS))
        return replace(inputs, allow_loss=inputs.allow_loss or args.allow_loss)
    domain = domains.load(args.domain)
    samples = domain.settings.get("data", {})
    bank = tuple(portable(path) for path in args.bank)
    table = tuple(portable(path) for path in args.table)
    novel = tuple(portable(path) for path in args.novel)
    if novel and (made := generated.made_of(args.out, args.novel)):
        bank = (*bank, portable(made))
    packs = tuple(
        portable(name) if Path(name).exists() else name for name in args.templates
    ) or tuple(samples.get("templates", (args.domain,)))
    if not (bank or table or novel):
        bank, table = domain.bank, tuple(samples.get("table", ()))
        novel = tuple(filter(None, [domain.settings.get("novel", "")]))
    if not (bank or table):
        raise UserError(
            "还没有由它生成的问答 nothing was generated of it yet: python -m data_tools generate"
            if novel
            else f"领域 {args.domain} 没有示例 has no sample: 请给出 give BANK= 或 or TABLE="
        )
    mix = tuple(portable(path) for path in args.mix)
    return Inputs(
        domain=args.domain,
        bank=bank,
        table=table,
        novel=novel,
        templates=packs if table else (),
        mix=mix,
        mix_ratio=args.mix_ratio if mix else 0.0,
        against=tuple(portable(path) for path in args.against),
        allow_loss=args.allow_loss,
        encoding=args.encoding,
        hidden=args.hidden,
    )


def ray_engine() -> build.Engine:
    """Ray's engine; raises :class:`UserError` outside of its environment."""
    try:
        from data_tools.ray_engine import ENGINE
    except ImportError:
        raise UserError(
            "这个环境里没有 Ray no Ray in this environment: python3 requirements/install.py ray"
        ) from None
    return ENGINE


def report(card: dict[str, Any], out: Path) -> None:
    """Print what was written and what to do next."""
    if not card["fresh"]:
        print(f"{shown(out)}: 已是最新 up to date ({card['train']} train, {card['eval']} eval)")
        return
    for name, key in COUNTS:
        print(f"  {card[key]:>9,}  {name}")
    for source in card["sources"]:
        declared = f", 自述 declares {source['declared']}" if source["declared"] else ""
        lost = f", 未读出 lost {source['lost']}" if source["lost"] else ""
        print(f"  {source['file']}: {source['questions']} 题 questions{declared}{lost}")
    files = ", ".join((*outputs.FILES, outputs.CARD))
    print(f"写入 wrote {shown(out)}/: {files} ({card['seconds']} s)")
    doubts = (
        f"在 {shown(out / outputs.REVIEW)} 里处理 {card['flagged']} 条存疑再 make review，"
        "或直接 or go straight to "
    )
    print(f"下一步 next: {doubts if card['flagged'] else ''}{then('make train')}")


def main() -> int:
    """Run one command."""
    args = arguments()
    if args.command == "export":
        folder = formats.export(args.out, args.format, args.domain)
        print(f"写入 wrote {shown(folder)}/: 可作 usable as LLaMA-Factory dataset_dir")
        return 0
    if args.command == "read":
        how = How(args.encoding, args.hidden)
        return preview.main(args.files, args.json, args.allow_loss, how)
    if args.command == "generate":
        return generation.main(args)
    engine = ray_engine() if args.engine == "ray" else build.HERE
    card = build.build(inputs_of(args), args.out, args.force, args.config, engine)
    report(card, args.out)
    return 0


if __name__ == "__main__":
    run_cli(main)
