"""``python -m data_tools VERB …``: what ``make data`` and ``make review`` call, and a preview that
writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from core import domain as domains
from core import memory
from core.command import main
from core.errors import UserError
from core.files import ROOT, read_json, shown
from core.hints import then
from data_tools import build as builder
from data_tools import formats, outputs, preview
from data_tools.card import COUNTS
from data_tools.generate import rows as generated
from data_tools.generate.cli import generate
from data_tools.readers.how import READ, How
from data_tools.sources import Inputs

Files = tuple[str, ...]


def build(
    out: Path,
    domain: str = "gongkao",
    bank: Files = (),
    novel: Files = (),
    table: Files = (),
    templates: Files = (),
    mix: Files = (),
    mix_ratio: float = 0.2,
    against: Files = (),
    force: bool = False,
    engine: Literal["here", "ray"] = "here",
    config: str = "",
    allow_loss: bool = False,
    learn: bool = False,
    encoding: str = "",
    hidden: str = READ,
    wordings: int = 0,
) -> None:
    """Sources to a data set; force: make it again, config: the recipe whose tokenizer counts,
    allow-loss: go on if most of a file was lost, learn: keep corrections for later documents,
    encoding: of text files (found out otherwise), hidden: rows, columns, sheets: read or skip,
    wordings: how many other wordings each training question gets."""
    given = Inputs(
        domain=domain,
        bank=portable(bank),
        table=portable(table),
        novel=portable(novel),
        templates=tuple(map(pack, templates)),
        mix=portable(mix),
        mix_ratio=mix_ratio if mix else 0.0,
        against=portable(against),
        allow_loss=allow_loss,
        encoding=encoding,
        hidden=hidden,
        wordings=wordings,
    )
    if novel and (made := generated.made_of(out, [Path(path) for path in novel])):
        given = replace(given, bank=(*given.bank, *portable((made,))))
    made_of = with_samples(given)
    if not (bank or table or novel or force):
        kept(out, made_of)
    report(builder.build(made_of, out, force, config, engine_of(engine), learn), out)


def review(
    out: Path,
    domain: str = "gongkao",
    force: bool = False,
    engine: Literal["here", "ray"] = "here",
    config: str = "",
    allow_loss: bool = False,
    learn: bool = False,
) -> None:
    """Read the edited workbook back into the same outputs."""
    if not (out / outputs.REVIEW).is_file():
        raise UserError(f"{shown(out)}: 没有 no {outputs.REVIEW}: 请先 run make data first")
    inputs = Inputs.of(read_json(out / outputs.INPUTS))
    inputs = replace(inputs, allow_loss=inputs.allow_loss or allow_loss)
    report(builder.build(inputs, out, force, config, engine_of(engine), learn), out)


def read(
    files: list[Path],
    /,
    json: bool = False,
    allow_loss: bool = False,
    encoding: str = "",
    hidden: str = READ,
) -> int:
    """Show what is read of files and write nothing; json: a line a row, then the counts."""
    return preview.main(files, json, allow_loss, How(encoding, hidden))


def export(out: Path, domain: str = "gongkao", format: Annotated[str, form] = "alpaca") -> None:
    """The data set in another project's format."""
    folder = formats.export(out, format, domain)
    print(f"写入 wrote {shown(folder)}/: 可作 usable as LLaMA-Factory dataset_dir")


def portable(paths: Iterable[str | Path]) -> Files:
    """``paths`` relative to the repository where they lie in it, so that folders can move."""
    full = [Path(path).resolve() for path in paths]
    return tuple(str(p.relative_to(ROOT) if p.is_relative_to(ROOT) else p) for p in full)


def pack(name: str) -> str:
    """A template pack by its name, or a file of them."""
    return portable((name,))[0] if Path(name).exists() else name


def form(text: str) -> str:
    """A format of ``export``."""
    if text not in formats.FORMATS:
        raise UserError(f"--format {text}: 可选 choose from {', '.join(sorted(formats.FORMATS))}")
    return text


def kept(out: Path, samples: Inputs) -> None:
    """Raise :class:`UserError` where the samples, which nobody asked for by name, would take the
    place of a data set that was made of a person's own files."""
    note = out / outputs.INPUTS
    before = Inputs.of(read_json(note)) if note.is_file() else samples
    own = [*before.bank, *before.table, *before.novel]
    if own != [*samples.bank, *samples.table, *samples.novel]:
        raise UserError(
            f"{shown(out)} 是用 is made of {', '.join(own)} 做的: 请给出 give BANK=… (再读它们 to "
            "read them again), OUT=另一目录 another folder, 或 or FORCE=1 换成示例 for the sample"
        )


def with_samples(given: Inputs) -> Inputs:
    """``given``, or the domain's samples where no source is given; their template packs too."""
    domain = domains.load(given.domain)
    samples = domain.settings.get("data", {})
    packs = given.templates or tuple(samples.get("templates", (domain.name,)))
    if not (given.bank or given.table or given.novel):
        novel = tuple(filter(None, [domain.settings.get("novel", "")]))
        given = replace(given, bank=domain.bank, table=tuple(samples.get("table", ())), novel=novel)
    if not (given.bank or given.table):
        raise UserError(
            "还没有由它生成的问答 nothing was generated of it yet: python -m data_tools generate"
            if given.novel
            else f"领域 {domain.name} 没有示例 has no sample: 请给出 give BANK= 或 or TABLE="
        )
    return replace(given, templates=packs if given.table else ())


def engine_of(name: str) -> builder.Engine:
    """Who does the heavy steps; raises :class:`UserError` for Ray outside of its environment."""
    if name == "here":
        return builder.HERE
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


if __name__ == "__main__":
    memory.cap()
    main("data_tools", build, review, read, export, generate)
