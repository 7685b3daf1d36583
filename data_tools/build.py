"""``make data`` and ``make review``: sources and a person's decisions to one data set."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core import domain as domains
from core import licences, progress
from core.domain import Domain
from core.explanations import NONE
from core.files import ROOT, digest, held, read_json, sha256, shown, write_json, write_text
from core.findings import Finding
from core.language import words
from core.rows import Row
from data_tools import (
    card,
    clean,
    contamination,
    groups,
    learn,
    lengths,
    mix,
    review,
    split,
    taught,
)
from data_tools import wordings as rewordings
from data_tools.ledger import Ledger
from data_tools.outputs import CARD, REVIEW, Made, write
from data_tools.review import Applied, Review
from data_tools.sources import Inputs, read_all
from data_tools.taught import Taught
from data_tools.workbook import Line, fingerprint

NOTHING = Taught()


@cache
def code_key() -> str:
    """A hash of the code that makes data sets: other code, other rows."""
    folder = ROOT / "data_tools"
    files = sorted([*folder.rglob("*.py"), *folder.rglob("*.yaml"), *(ROOT / "core").glob("*.py")])
    return digest([[str(path.relative_to(ROOT)), sha256(path)] for path in files])


def key_of(inputs: Inputs, domain: Domain, written: Taught) -> str:
    """The key of a data set: same key and same review workbook, same files."""
    files = [[path.name, sha256(path)] for path in inputs.files()]
    how = [inputs.mix_ratio, inputs.encoding, inputs.hidden, inputs.wordings]
    how += [inputs.explain, asdict(written)]
    return digest(files, how, asdict(domain), code_key(), learn.model_key())


def up_to_date(out: Path, key: str) -> dict[str, Any] | None:
    """The card in ``out`` when it was made with ``key`` and every file, the workbook that a person
    may have edited among them, is as it was written."""
    if not (out / CARD).is_file():
        return None
    made = read_json(out / CARD)
    if made.get("key") != key:
        return None
    for name, written in made["outputs"].items():
        if not (out / name).is_file() or sha256(out / name) != written:
            return None
    return {**made, "fresh": False}


def measured(out: Path, made: dict[str, Any], recipe: str) -> dict[str, Any]:
    """``made`` with its rows counted in tokens, where a tokenizer has come since (the model may be
    fetched after the data are made) or the recipe has another. Only the two cards are written."""
    tokenizer = lengths.tokenizer_of(recipe)
    if tokenizer is None or made["tokens"].get("tokenizer") == shown(tokenizer.parent):
        return made
    facts = read_json(out / CARD)
    rows = lengths.written([out / "train.jsonl", out / "eval.jsonl"])
    facts["tokens"] = lengths.tokens(rows, tokenizer)
    page = (out / "card.md").read_text(encoding="utf-8")
    write_text(out / "card.md", card.with_lengths(page, facts))
    facts["outputs"]["card.md"] = sha256(out / "card.md")
    write_json(out / CARD, facts)
    return {**facts, "fresh": False}


class Watch:
    """Says on stderr what a long build is at; a short one stays silent."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the build began."""
        return round(time.monotonic() - self.start, 2)

    def __call__(self, stage: str, what: str) -> None:
        """Say that ``stage`` was reached, and ``what`` it made."""
        progress.tell(stage)
        if self.seconds > 2:
            print(f"  [{self.seconds:6.1f} s] {what}", file=sys.stderr, flush=True)


def prepare(inputs: Inputs, domain: Domain, ledger: Ledger) -> tuple[list[Row], list[clean.Keys]]:
    """All rows, normalised, with their keys."""
    convert = clean.converter(domain.settings.get("convert", ""))
    rows = clean.normalise(read_all(inputs, ledger), convert)
    return rows, [clean.keys(row) for row in rows]


@dataclass(frozen=True)
class Engine:
    """Who does the heavy steps; another one (``ENGINE=ray``) must give the same rows."""

    prepare: Callable[[Inputs, Domain, Ledger], tuple[list[Row], list[clean.Keys]]] = prepare
    judge: Callable[[Sequence[clean.Keys], Container[int]], dict[int, clean.Verdict]] = clean.decide
    pairs: Callable[[Sequence[str], Sequence[clean.Keys]], Iterable[tuple[int, int]]] = groups.pairs


HERE = Engine()


def build(
    inputs: Inputs,
    out: Path,
    force: bool = False,
    recipe: str = "",
    engine: Engine = HERE,
    teach: bool = False,
) -> dict[str, Any]:
    """Make the data set in ``out`` and return its card (``fresh`` False when nothing had changed).

    ``recipe`` names the recipe whose tokenizer measures the rows; ``engine`` does the heavy steps;
    ``teach`` adds the person's corrections to their own model (:mod:`data_tools.learn`).
    Raises :class:`UserError` for a source or workbook that cannot be read; nothing is written then.
    """
    domain = domains.load(inputs.domain)
    busy = f"{shown(out)}: {words('另一个构建正在写', 'another build is running')}"
    with held(out / ".lock", busy):
        written = taught.read(out, inputs)
        key = key_of(inputs, domain, written)
        made = None if force else up_to_date(out, key)
        if made is not None:
            return measured(out, made, recipe)
        watch = Watch()
        path = out / REVIEW
        key_before = learn.model_key()
        person = review.read(path) if path.is_file() else Review()
        result = make(inputs, domain, person, engine, watch, teach, written)
        if learn.model_key() != key_before:
            key = key_of(inputs, domain, written)
        system, facts = domain.system, result.facts
        if tokenizer := lengths.tokenizer_of(recipe):
            rows = lengths.texts([*result.train, *result.held_out], system)
            facts["tokens"] = lengths.tokens(rows, tokenizer)
        watch("write", words("写入", "writing"))
        hashes = write(out, result, domain, inputs)
        facts |= {"key": key, "seconds": watch.seconds, "outputs": hashes}
        write_json(out / CARD, facts)
        return {**facts, "fresh": True}


def make(
    inputs: Inputs,
    domain: Domain,
    person: Review,
    engine: Engine,
    watch: Watch,
    teach: bool = False,
    written: Taught = NOTHING,
) -> Made:
    """Read, clean, group and split, in memory; ``teach`` keeps what a person corrected,
    ``written`` is what a teacher model did."""
    ledger = Ledger()
    rows, known = engine.prepare(inputs, domain, ledger)
    taught.fill(rows, written.explanations)
    dropped = sum(entry.code not in ("no-column", "missing-type") for entry in ledger)
    watch("read", words(f"读到 {len(rows):,} 行", f"{len(rows):,} rows read"))
    applied = review.apply(rows, known, person, ledger)
    if teach:
        learn.save(applied.examples)
    right = {name for name, line in applied.lines.items() if line.decision == "keep"}
    cleaned = clean.clean(applied.rows, applied.known, ledger, right, engine.judge)
    left = f"{len(cleaned.rows):,}"
    watch("unique", words(f"去重后 {left} 行", f"{left} rows without repeats"))
    count = groups.group(cleaned.rows, cleaned.keys, engine.pairs)
    watch("groups", words(f"同义题组 {count:,} 个", f"{count:,} groups of paraphrases"))
    questions = [each.question for each in cleaned.keys]
    train, held_out = split.split(
        cleaned.rows, questions, domain.eval_ratio, domain.eval_max, domain.seed
    )
    for row in cleaned.rows:
        row.explain = inputs.explain if row.explanation else NONE
    explained = [row for row in cleaned.rows if row.explain != NONE]
    others = rewordings.records(train, held_out, inputs.wordings, domain, written.wordings)
    flagged = clean.note_flags([*cleaned.rows, *cleaned.held], ledger)
    lines = _lines(applied, cleaned)
    extra = _mixed(inputs, domain, train, held_out, (len(applied.rows), count), ledger)
    facts = {
        "domain": domain.name,
        "system": domain.system,
        "rows": len(cleaned.rows) + len(cleaned.held) + len(extra),
        "parsed": len(rows),
        "dropped": dropped,
        "flagged": flagged,
        "duplicates": cleaned.duplicates,
        "conflicts": cleaned.conflicts,
        "held": len(cleaned.held),
        "deleted": applied.deleted,
        "edited": sum(line.edited and line.key[0] != "+" for line in lines),
        "learned": applied.learned,
        "reader_model": learn.model_key(),
        "added": sum(line.key.startswith("+") for line in lines),
        "train": len(train) + len(extra),
        "eval": len(held_out),
        "general": len(extra),
        "wordings": len(others),
        "reworded": sum("by" in record["source"] for record in others),
        "explain": inputs.explain,
        "explained": len(explained),
        "taught": sum(row.source.made == taught.MADE for row in explained),
        "groups": count,
        "by_kind": card.by_kind([*cleaned.rows, *extra]),
        "sources": card.sources(ledger.sources),
        "licence": domain.licence or licences.NOT_STATED,
        "contamination": _contamination(inputs, train, held_out, ledger),
        "tokens": {},
        "characters": lengths.percentiles(
            [len(r.prompt()) + len(r.output()) for r in cleaned.rows]
        ),
    }
    gone = person.deleted | person.edited - {line.key for line in lines}
    return Made([*train, *extra], held_out, lines, gone, ledger, facts, others)


def _lines(applied: Applied, cleaned: clean.Cleaned) -> list[Line]:
    """The workbook's lines, in reading order: all that is not bulk, and bulk that is in doubt."""
    visible = {row.id for row in (*cleaned.rows, *cleaned.held)}
    lines = []
    for row, known in zip(applied.rows, applied.known, strict=True):
        if row.id in visible and (row.id in applied.lines or row.flags):
            line = applied.lines.get(row.id)
            lines.append(line or Line(row, review.key_of(known), fingerprint(row)))
    return lines


def _mixed(
    inputs: Inputs,
    domain: Domain,
    train: list[Row],
    held_out: list[Row],
    numbers: tuple[int, int],
    ledger: Ledger,
) -> list[Row]:
    """General rows for training, numbered and grouped on from ``numbers`` (rows, groups)."""
    if not inputs.mix:
        return []
    paths = [ROOT / name for name in inputs.mix]
    rows = mix.general(paths, inputs.mix_ratio, len(train), held_out, domain.seed, ledger)
    for number, row in enumerate(rows, 1):
        row.id = f"{domain.name}-{numbers[0] + number:06d}"
        row.group = f"g-{numbers[1] + number:05d}"
    return rows


def _contamination(
    inputs: Inputs, train: list[Row], held_out: list[Row], ledger: Ledger
) -> dict[str, dict[str, int]]:
    """How many evaluation questions stand in train and in other files, exactly or nearly."""
    sets: dict[str, Iterator[str]] = {"train": (row.prompt() for row in train)}
    for name in inputs.against:
        sets[Path(name).name] = contamination.questions(ROOT / name)
    found = {}
    for name, others in sets.items():
        hits = contamination.check(held_out, others)
        exact = sum(hit.exact for hit in hits)
        found[name] = {"exact": exact, "near": len(hits) - exact}
        for hit in hits if name != "train" else []:
            ledger.note(hit.row, Finding("contaminated", f"{name}: {hit.other[:80]}"))
    return found
