"""All that a data set is made from, read in one order: banks, rows of other tools, tables."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.explanations import NONE
from core.files import ROOT, sha256, shown
from core.findings import Finding
from core.language import words
from core.rows import Row, Source
from data_tools import interchange, learn, tables, templates
from data_tools.generate import rows as generated
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import invariants, joined, read
from data_tools.readers.how import READ, USUAL, How
from data_tools.tables import Record
from data_tools.templates import Pack


@dataclass(frozen=True)
class Inputs:
    """What a data set is made from. Paths are absolute or from the repository's root; ``templates``
    are files, folders or names of shipped packs, and go with ``table``; ``mix`` are general
    conversations to be ``mix_ratio`` of the training rows; ``against`` are files in which no
    evaluation question should stand; ``novel`` are texts whose passages go into ``kb.jsonl``;
    ``allow_loss`` goes on with a bank of which most was lost; ``encoding`` and ``hidden`` say how
    files are read (:class:`How`); ``wordings``: other wordings of each training question;
    ``explain``: whether rows answer with their explanation (:mod:`core.explanations`)."""

    domain: str
    bank: tuple[str, ...] = ()
    table: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    mix: tuple[str, ...] = ()
    mix_ratio: float = 0.0
    against: tuple[str, ...] = ()
    novel: tuple[str, ...] = ()
    allow_loss: bool = False
    encoding: str = ""
    hidden: str = READ
    wordings: int = 0
    explain: str = NONE

    @property
    def how(self) -> How:
        """How the files are read."""
        return How(self.encoding, self.hidden)

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Inputs:
        """From the JSON of ``inputs.json``."""
        for name, value in saved.items():
            saved[name] = tuple(value) if isinstance(value, list) else value
        return cls(**saved)

    def files(self) -> list[Path]:
        """Every file that is read; raises :class:`UserError` for one that is not there."""
        found = [ROOT / name for name in (*self.bank, *self.table, *self.mix, *self.against)]
        found += [ROOT / name for name in self.novel]
        found += [each.parent / generated.DROPPED for each in found if generated.is_generated(each)]
        for path in found:
            if not path.is_file():
                raise UserError(f"{shown(path)}: {words('没有这个文件', 'no such file')}")
        return [*found, *(templates.find(self.templates) if self.table else [])]


def names(files: Sequence[Path]) -> list[str]:
    """A name a file for locators: its base name, with its folder where two would be alike."""
    base = [path.name for path in files]
    return [
        f"{path.resolve().parent.name}/{path.name}" if base.count(path.name) > 1 else path.name
        for path in files
    ]


def read_bank(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of one bank, or of another tool's file; :class:`UserError` for what is nested more
    deeply than any reader follows."""
    try:
        yield from _read_bank(path, ledger, name, how)
    except RecursionError:
        raise UserError(f"{name}: {words('嵌套过深', 'nested too deeply')}") from None


def _read_bank(path: Path, ledger: Ledger, name: str, how: How) -> Iterator[Row]:
    if generated.is_generated(path):
        yield from generated.read(path, ledger, name)
        return
    reader = interchange.reader(path)
    rows = reader(path, ledger, name, how)
    if reader is not read:  # which doubts its rows itself
        rows = map(invariants.stated, rows)
    yield from learn.known(list(rows)) if learn.MODEL.is_file() else rows


def some(rows: Sequence[Row], path: Path) -> None:
    """Raise :class:`UserError` where a file gave no row."""
    if not rows:
        raise UserError(
            f"{shown(path)}: "
            + words(
                "没有读到任何题；支持的写法见 docs/data.md",
                "0 questions found; the layouts that are read: docs/data.md",
            )
        )


def mostly_lost(ledger: Ledger, used: Container[str] = ()) -> str:
    """What to say of the files from which more was lost than read, '' where there is none. ``used``
    are files that gave the answers to questions of another."""
    worst = [s for s in ledger.sources if s.lost > s.questions and s.file not in used]
    if not worst:
        return ""
    open_ = {loose.name for loose in ledger.loose}
    alone = any(s.file in open_ for s in worst)
    zh = "；".join(f"{s.file} 读出 {s.questions} 题、未读出 {s.lost} 题" for s in worst[:3])
    en = "; ".join(f"{s.file}: {s.questions} read, {s.lost} lost" for s in worst[:3])
    help_ = ("答案若在另一文件，请一起给出", "if the answers are in another file, give it as well")
    help_ = help_ if alone else ("见台账", "see the ledger")
    return words(f"{zh}，多数题没有读出：{help_[0]}", f"{en}: most were lost: {help_[1]}")


def number(rows: Sequence[Row], domain: str) -> None:
    """Name the rows in reading order: a row keeps its number whatever is dropped later."""
    for count, row in enumerate(rows, 1):
        row.id = f"{domain}-{count:06d}"


def read_all(inputs: Inputs, ledger: Ledger) -> list[Row]:
    """All rows of all banks and tables, numbered."""
    files = [ROOT / name for name in (*inputs.bank, *inputs.table)]
    named = names(files)
    packs = [templates.load(path) for path in templates.find(inputs.templates)]
    made: list[list[Row]] = []
    for index, (path, name) in enumerate(zip(files, named, strict=True)):
        if index < len(inputs.bank):
            made.append(list(read_bank(path, ledger, name, inputs.how)))
        else:
            made.append(list(read_table(path, packs, ledger, name, inputs.how)))
    rows: list[Row] = []
    late, used = joined_rows(ledger)
    if not inputs.allow_loss and (what := mostly_lost(ledger, used)):
        raise UserError(f"{what} (ALLOW_LOSS=1, --allow-loss: {words('仍然继续', 'go on')})")
    for path, name, found in zip(files, named, made, strict=True):
        found += late.get(name, [])
        if name not in used:
            some(found, path)
        rows += found
    number(rows, inputs.domain)
    return rows


def joined_rows(ledger: Ledger) -> tuple[dict[str, list[Row]], set[str]]:
    """The rows whose answers stand in another file, by the file of the questions; and the files
    that gave answers."""
    late = joined.join(ledger)
    told = {row.source.answer.rpartition(" ")[0] for rows in late.values() for row in rows}
    return late, told


def fit(path: Path, packs: Sequence[Pack], columns: Sequence[str]) -> list[Pack]:
    """The packs whose thing is a column of this table."""
    found = [pack for pack in packs if pack.entity in columns]
    if not found:
        wanted = ", ".join(f"{pack.path.name}: {pack.entity}" for pack in packs) or "(TEMPLATES=)"
        raise UserError(
            f"{shown(path)}: "
            + words(
                f"没有模板适合它的列 {', '.join(columns)}；模板需要 {wanted}",
                f"no template fits its columns {', '.join(columns)}; templates need {wanted}",
            )
        )
    return found


# (pack, attribute, value, entity, source): one thing that has a value which a question asks about.
Shared = tuple[int, str, str, str, Source]


def read_record(
    packs: Sequence[Pack], record: Record, ledger: Ledger, name: str, sha: str
) -> tuple[list[Row], list[Shared]]:
    """What one record of a table gives: rows, and its share in the questions about values."""
    rows: list[Row] = []
    shared: list[Shared] = []
    for number, pack in enumerate(packs):
        values = pack.values(record)
        if not values.get(pack.entity):
            place = next(iter(record.places.values()))
            text = " | ".join(filter(None, record.values.values()))
            empty = Finding("no-entity", f"{pack.entity} 为空", f"{pack.entity} is empty")
            ledger.add(name, place, empty, text)
            continue
        rows.extend(templates.expand(pack, record, values, name, sha))
        for attribute, value, entity in templates.pairs(pack, record, values):
            column = pack.attribute(attribute).each
            source = Source(name, sha, record.places[column], record.values[column])
            shared.append((number, attribute, value, entity, source))
    for row in rows:
        row.flags = list(record.flags)
    return rows, shared


def refused(record: Record, ledger: Ledger, name: str) -> None:
    """Note a line of a table that is no record."""
    ledger.add(name, next(iter(record.places.values())), record.reason, record.text)


def about_values(packs: Sequence[Pack], shared: Iterable[Shared]) -> Iterator[Row]:
    """The questions that ask for everything that shares a value, in order of first appearance."""
    values: dict[tuple[int, str, str], tuple[Source, list[str]]] = {}
    for pack, attribute, value, entity, source in shared:
        values.setdefault((pack, attribute, value), (source, []))[1].append(entity)
    for (pack, attribute, value), (source, entities) in values.items():
        yield from templates.turned(packs[pack], attribute, value, entities, source)


def read_table(
    path: Path, packs: Sequence[Pack], ledger: Ledger, name: str, how: How = USUAL
) -> Iterator[Row]:
    """The rows that the fitting ``packs`` make of a table, record by record; then those that ask
    about values."""
    sha = sha256(path)
    report = SourceReport(name, sha)
    fitting: list[Pack] = []
    columns: set[str] = set()
    shared: list[Shared] = []
    for record in tables.records(path, how):
        if record.reason:
            refused(record, ledger, name)
            report.lost += 1
            continue
        fitting = fitting or fit(path, packs, list(record.values))
        columns.update(record.values)
        rows, shares = read_record(fitting, record, ledger, name, sha)
        yield from rows
        shared.extend(shares)
        report.questions += len(rows)
    for row in about_values(fitting, shared):
        report.questions += 1
        yield row
    absent(fitting, columns, ledger, name)
    ledger.sources.append(report)


def absent(packs: Sequence[Pack], columns: set[str], ledger: Ledger, name: str) -> None:
    """Note the attributes whose columns the table does not have."""
    for pack in packs:
        for attribute in pack.attributes:
            missing = set(attribute.needs) - columns
            if missing:
                reason = Finding("no-column", ", ".join(sorted(missing)))
                ledger.add(name, "header", reason, f"{pack.path.name} {attribute.name}")
