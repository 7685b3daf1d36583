"""``python -m data_tools VERB …``: what ``make data`` and ``make review`` call, and a preview that
writes nothing."""

from __future__ import annotations

import os
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
from core.labels import COUNTS
from core.language import words
from core.terminal import as_json
from data_tools import build as builder
from data_tools import exports, formats, outputs, preview
from data_tools import sampled as gather
from data_tools.generate import rows as generated
from data_tools.generate.cli import explain, generate, reword
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
    explain: Literal["none", "first", "after"] = "none",
) -> None:
    """Sources to a data set; force: make it again, config: the recipe whose tokenizer counts,
    allow-loss: go on if most of a file was lost, learn: keep corrections for later documents,
    encoding: of text files (found out otherwise), hidden: rows, columns, sheets: read or skip,
    wordings: how many other wordings each training question gets, explain: answer with the
    explanation, first or after the answer."""
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
        explain=explain,
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
        missing = words(
            f"没有 {outputs.REVIEW}：请先运行 make data",
            f"no {outputs.REVIEW}: run make data first",
        )
        raise UserError(f"{shown(out)}: {missing}")
    inputs = Inputs.of(read_json(out / outputs.INPUTS))
    inputs = replace(inputs, allow_loss=inputs.allow_loss or allow_loss)
    report(builder.build(inputs, out, force, config, engine_of(engine), learn), out)


def read(
    files: list[Path],
    /,
    allow_loss: bool = False,
    encoding: str = "",
    hidden: str = READ,
) -> int:
    """Show what is read of files and write nothing; as JSON a line a row, then the counts."""
    return preview.main(files, as_json(), allow_loss, How(encoding, hidden))


def export(
    out: Path,
    domain: str = "gongkao",
    format: Annotated[str, form] = "alpaca",
    to: Path | None = None,
    title: str = "",
) -> None:
    """The data set in another project's format, or its questions in another tool's (title: what
    they are called there; the domain's otherwise)."""
    if format in exports.FORMATS:
        hand_out(exports.export(out, format, title or domains.load(domain).title, to), format)
        return
    folder = formats.export(out, format, domain)
    print(
        words(
            f"写入 {shown(folder)}/，可作 LLaMA-Factory 的 dataset_dir",
            f"wrote {shown(folder)}/: usable as LLaMA-Factory's dataset_dir",
        )
    )


def hand_out(made: exports.Made, format: str) -> None:
    """Say what was written, and what was not."""
    for line in exports.told(made.left):
        print(f"  {line}")
    if missing := exports.FORMATS[format].without[0]:
        print(f"  {words('不含', 'without')}: {words(missing, exports.FORMATS[format].without[1])}")
    if made.changed:
        print(
            "  "
            + words(
                f"给人看的版式：{made.changed} 题由我们读回来会不同，交换请用 xlsx 或 moodle",
                f"set for people: {made.changed} would read otherwise here; to exchange, take "
                "xlsx or moodle",
            )
        )
    files = ", ".join(map(shown, made.files))
    count = words(f"{made.kept} 题", f"{made.kept} questions")
    print(f"{words('写入', 'wrote')} {files} ({count})")


def sampled(out: Path, run: Path, domain: str = "gongkao") -> None:
    """Rows and pairs of the judged answers of eval sample and of what people preferred on the page;
    run: whose evaluation they voted on."""
    made = gather.write(out, run, domains.load(domain))
    rows, pairs, voted = made["rows"], made["pairs"], made["voted"]
    print(
        words(
            f"  {rows} 行另答，{pairs} 对优劣，{voted} 对来自网页的投票与更正，"
            f"近似评测题而弃 {made['near']}",
            f"  {rows} rows, {pairs} pairs, {voted} pairs from the page's votes and corrections, "
            f"{made['near']} near an evaluation question left out",
        )
    )
    print(f"{words('写入', 'wrote')} {shown(out)}/: {gather.ROWS}, {gather.PAIRS}")
    print(f"{words('下一步', 'next')}: {then('make train')}")


def portable(paths: Iterable[str | Path]) -> Files:
    """``paths`` relative to the repository where they lie in it, so that folders can move."""
    full = [Path(os.path.realpath(path)) for path in paths]  # links in a ring are told by readers
    return tuple(str(p.relative_to(ROOT) if p.is_relative_to(ROOT) else p) for p in full)


def pack(name: str) -> str:
    """A template pack by its name, or a file of them."""
    return portable((name,))[0] if Path(name).exists() else name


def form(text: str) -> str:
    """A format of ``export``."""
    if text not in formats.FORMATS and text not in exports.FORMATS:
        known = ", ".join([*sorted(formats.FORMATS), *exports.FORMATS])
        raise UserError(f"--format {text}: {words(f'可选 {known}', f'choose from {known}')}")
    return text


def kept(out: Path, samples: Inputs) -> None:
    """Raise :class:`UserError` where the samples, which nobody asked for by name, would take the
    place of a data set that was made of a person's own files."""
    note = out / outputs.INPUTS
    before = Inputs.of(read_json(note)) if note.is_file() else samples
    own = [*before.bank, *before.table, *before.novel]
    if own != [*samples.bank, *samples.table, *samples.novel]:
        files = ", ".join(own)
        raise UserError(
            words(
                f"{shown(out)} 是用 {files} 做的：请给出 BANK=…（再读它们）、"
                "OUT=另一目录，或 FORCE=1（换成示例）",
                f"{shown(out)} is made of {files}: give BANK=… (to read them again), "
                "OUT= another folder, or FORCE=1 (for the sample)",
            )
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
            words(
                "还没有由它生成的问答：python -m data_tools generate",
                "nothing was generated of it yet: python -m data_tools generate",
            )
            if given.novel
            else words(
                f"领域 {domain.name} 没有示例：请给出 BANK= 或 TABLE=",
                f"domain {domain.name} has no sample: give BANK= or TABLE=",
            )
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
            words("这个环境里没有 Ray", "no Ray in this environment")
            + ": python3 requirements/install.py ray"
        ) from None
    return ENGINE


def report(card: dict[str, Any], out: Path) -> None:
    """Print what was written and what to do next."""
    if not card["fresh"]:
        train, held = card["train"], card["eval"]
        current = words(
            f"已是最新（训练 {train}，评测 {held}）", f"up to date ({train} train, {held} eval)"
        )
        print(f"{shown(out)}: {current}")
        return
    for key, pair in COUNTS.items():
        print(f"  {card[key]:>9,}  {words(*pair)}")
    for source in card["sources"]:
        parts = [words(f"{source['questions']} 题", f"{source['questions']} questions")]
        if said := source["declared"]:
            parts.append(words(f"自述 {said} 题", f"declares {said}"))
        if lost := source["lost"]:
            parts.append(words(f"未读出 {lost} 处", f"lost {lost}"))
        print(f"  {source['file']}: {', '.join(parts)}")
    files = ", ".join((*outputs.FILES, outputs.CARD))
    print(f"{words('写入', 'wrote')} {shown(out)}/: {files} ({card['seconds']} s)")
    train, book, doubts = then("make train"), shown(out / outputs.REVIEW), card["flagged"]
    if doubts:
        train = words(
            f"在 {book} 里处理 {doubts} 条存疑再 make review，或直接 {train}",
            f"settle {doubts} doubts in {book}, then make review, or go straight to {train}",
        )
    print(f"{words('下一步', 'next')}: {train}")


if __name__ == "__main__":
    memory.cap()
    main("data_tools", build, review, read, export, generate, explain, reword, sampled)
