"""Questions in one file, their answer key in another: joined where numbers and counts fit.

Nothing is joined on a guess: sections must agree in order, numbers and kind (or all numbers be
unique and the same), every choice must have the option that the key names, and just one file of
questions may fit. Else both files stay as they were read and the ledger says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, groupby

from core.kept import Entry
from core.rows import Row
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import answers, finish, keys
from data_tools.readers.doubt import doubt
from data_tools.readers.draft import Draft, Section

Question = tuple[Draft, Entry]  # a question without answer, and what the ledger says of it
Told = tuple[keys.Group, keys.Entry, Entry]  # an answer without question, likewise
Pair = tuple[Question, Told]
Choice = tuple[dict[str, str], str, str, Entry]  # options, answer, explanation, ledger's entry


@dataclass(slots=True)
class Loose:
    """What one file leaves open: its unanswered questions and its answers without question."""

    name: str
    sha: str
    report: SourceReport
    sections: list[Section]
    drafts: list[Question] = field(default_factory=list)
    keys: list[Told] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)  # rows without a stem


def tally(name: str, sections: list[Section], report: SourceReport, ledger: Ledger) -> None:
    """Fill ``report`` from the sections, and note those that state another count than was read."""
    used = [s for s in sections if s.questions or s.lost or s.declared]
    report.questions = sum(section.questions for section in used)
    report.lost = sum(section.lost for section in used)
    for section in used:
        if section.declared not in (None, section.questions):
            reason = doubt("declared-count", declared=section.declared, read=section.questions)
            ledger.add(name, section.loc, reason, section.title)
    if report.declared is None and used and all(s.declared for s in used):
        report.declared = sum(s.declared or 0 for s in used)
    report.sections = [
        {"title": s.title, "kind": s.kind, "questions": s.questions, "declared": s.declared}
        for s in used
    ]


def join(ledger: Ledger) -> dict[str, list[Row]]:
    """Answer the open questions of one file from the key of another; returns the new rows by the
    name of the questions' file, and mends the ledger."""
    made: dict[str, list[Row]] = {}
    asked = [loose for loose in ledger.loose if loose.drafts]
    for told in [loose for loose in ledger.loose if loose.choices]:
        able = [a for a in asked if a is not told and _in_step(a, told)]
        if len(able) == 1:
            made.setdefault(able[0].name, []).extend(_chosen(able[0], told, ledger))
    for told in [loose for loose in ledger.loose if loose.keys and asked]:
        fits = [(a, found) for a in asked if a is not told and (found := pairs(a, told))]
        if len(fits) == 1:
            made.setdefault(fits[0][0].name, []).extend(_rows(*fits[0], told, ledger))
            continue
        others = [a.name for a in asked if a is not told]
        if others:
            place = told.keys[0][2]
            name = "key-file/several" if fits else "key-file/none"
            reason = doubt(name, files=", ".join(others)[:200])
            ledger.add(told.name, place.locator, reason, place.text)
    return made


def _in_step(asked: Loose, told: Loose) -> bool:
    """Whether each open question has its options and answer in the other file, row by row."""
    counted = [draft.number for draft, _ in asked.drafts]
    bare = not any(draft.options for draft, _ in asked.drafts)
    steady = counted == list(range(1, len(counted) + 1)) or not any(counted)
    return bare and steady and len(counted) == len(told.choices) > 2


def _chosen(asked: Loose, told: Loose, ledger: Ledger) -> Iterator[Row]:
    """The rows of questions whose options stand in another file, in order."""
    found: list[Pair] = []
    for question, (options, said, why, entry) in zip(asked.drafts, told.choices, strict=True):
        question[0].options = options
        group = keys.Group(question[0].section, 0)
        answer = keys.Entry(question[0].number, [said], [why] if why else [], entry.locator)
        found.append((question, (group, answer, entry)))
    return _rows(asked, found, told, ledger)


def pairs(asked: Loose, told: Loose) -> list[Pair]:
    """Which answer belongs to which question; empty where there is any doubt."""
    by_draft = {id(draft): (draft, entry) for draft, entry in asked.drafts}
    runs = [[by_draft[id(d)] for d in run] for run in keys._runs([d for d, _ in asked.drafts])]
    groups = [list(g) for _, each in groupby(told.keys, key=lambda t: id(t[0])) for g in _cut(each)]
    numbers = [[t[1].number for t in group] for group in groups]
    wanted = [[q[0].number for q in run] for run in runs]
    flat, open_ = list(chain(*numbers)), list(chain(*wanted))
    if 0 in flat:
        return []
    if numbers == wanted and all(map(_agree, groups, runs)):
        found = [p for g, r in zip(groups, runs, strict=True) for p in zip(r, g, strict=True)]
    else:
        if sorted(flat) != sorted(open_) or len(set(flat)) != len(flat):
            return []
        by_number = {t[1].number: t for t in told.keys}
        found = [(q, by_number[q[0].number]) for q in asked.drafts]
    named = (_named(draft, entry) for (draft, _), (_, entry, _) in found)
    return found if all(named) else []


def _cut(told: Iterator[Told]) -> Iterator[list[Told]]:
    """The answers under one heading, cut where their numbers start again."""
    part: list[Told] = []
    for each in told:
        if part and each[1].number <= part[-1][1].number:
            yield part
            part = []
        part.append(each)
    if part:
        yield part


def _agree(group: list[Told], run: list[Question]) -> bool:
    """Whether the headings of answers and questions do not contradict each other."""
    here, there = group[0][0].section, run[0][0].section
    kind = not (here.kind and there.kind) or here.kind == there.kind
    ordinal = not (here.ordinal and there.ordinal) or here.ordinal == there.ordinal
    return kind and ordinal


def _named(draft: Draft, entry: keys.Entry) -> bool:
    """Whether the answer is possible for the question: a choice needs options of its own."""
    said = "".join(entry.answer)
    if draft.options:
        return bool(answers.letters(said, draft.options)[0])
    return bool(said.strip()) and not finish.lettered(said)


def _rows(asked: Loose, found: list[Pair], told: Loose, ledger: Ledger) -> Iterator[Row]:
    """The rows of joined questions; the ledger and both files' reports are put right."""
    gone: set[int] = set()
    for (draft, lost), (_, entry, unused) in found:
        keys.answer(draft, entry)
        made = finish.row(draft, asked.name, asked.sha, [])
        if isinstance(made, Row):
            made.source = replace(made.source, answer=f"{told.name} {entry.loc}")
            gone |= {id(lost), id(unused)}
            draft.section.questions += 1
            draft.section.lost -= 1
            yield made
    ledger.entries = [
        e
        for e in ledger.entries
        if id(e) not in gone and not (e.file == asked.name and e.code == "declared-count")
    ]
    tally(asked.name, asked.sections, asked.report, ledger)
