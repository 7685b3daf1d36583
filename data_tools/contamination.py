"""Whether questions of one set stand in another one, exactly or nearly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from core.domain import Domain
from core.files import ROOT
from core.rows import Row, Source
from core.text import bare
from data_tools import formats
from data_tools.groups import NUMBER, canon, tokens

NEAR = 90.0  # rapidfuzz ratio of two bare questions with the same numbers: nearly the same
RARE = 4  # a near question shares one of this many rarest tokens


@dataclass(frozen=True, slots=True)
class Hit:
    """``row`` stands in the other set as ``other``."""

    row: Row
    other: str
    exact: bool


class Probe:
    """An index of a few rows (an evaluation set), to which any number of questions is held."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.texts = [bare(row.prompt()) for row in rows]
        self.exact: dict[str, list[int]] = defaultdict(list)
        for index, text in enumerate(self.texts):
            self.exact[text].append(index)
        bags = [tokens(canon(row.prompt())) for row in rows]
        counts: defaultdict[str, int] = defaultdict(int)
        for bag in bags:
            for token in bag:
                counts[token] += 1
        self.posting: defaultdict[str, list[int]] = defaultdict(list)
        for index, bag in enumerate(bags):
            for token in sorted(bag, key=lambda token: (counts[token], token))[:RARE]:
                self.posting[token].append(index)

    def hits(self, question: str) -> Iterator[Hit]:
        """The rows that ``question`` repeats."""
        text = bare(question)
        same = self.exact.get(text, [])
        yield from (Hit(self.rows[index], question, True) for index in same)
        numbers = set(NUMBER.findall(text))
        near = {i for token in tokens(canon(question)) for i in self.posting.get(token, ())}
        for index in sorted(near.difference(same)):
            if fuzz.ratio(
                text, self.texts[index], score_cutoff=NEAR
            ) and not numbers.symmetric_difference(NUMBER.findall(self.texts[index])):
                yield Hit(self.rows[index], question, False)


def guard(held_out: Iterable[Row], domain: Domain) -> Probe:
    """An index of all that no made row may come near: the held-out rows and the domain's probes."""
    return Probe([*held_out, *probes(domain)])


def probes(domain: Domain) -> Iterator[Row]:
    """The probe questions of a domain that are files of ours."""
    for name in domain.probes.values():
        path = ROOT / name
        for number, question in enumerate(questions(path) if path.is_file() else ()):
            yield Row(question, "", Source(name, "", "", question), id=f"{name}:{number}")


def questions(path: Path) -> Iterator[str]:
    """The questions of a file in any format that :mod:`data_tools.formats` knows; the whole text of
    records without one (``text``, ``content``)."""
    for _, _, record in formats.objects(path):
        if isinstance(record, dict):
            found = formats.turns(record)
            yield from (turn.question for turn in found)
            if not found:
                yield from (str(record[key]) for key in ("text", "content") if key in record)


def check(rows: Sequence[Row], others: Iterable[str]) -> list[Hit]:
    """Every row of ``rows`` that ``others`` repeat, once each, exact repeats first."""
    probe = Probe(rows)
    found: dict[str, Hit] = {}
    for question in others:
        for hit in probe.hits(question):
            known = found.get(hit.row.id)
            if known is None or (hit.exact and not known.exact):
                found[hit.row.id] = hit
    return sorted(found.values(), key=lambda hit: (not hit.exact, hit.row.id))
