"""Properties of the whole pipeline on any bank: nothing is lost, nothing leaks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core import domain
from core.files import write_jsonl
from core.text import bare
from data_tools import build as builder
from data_tools import workbook
from data_tools.clean import tidy
from data_tools.ledger import Ledger
from data_tools.outputs import Made
from data_tools.review import Review, read
from data_tools.sources import Inputs
from data_tools.workbook import Line

SIGNS = "甲乙丙丁是的谁什么？：,.（）Aa1２% -+=@'\t\n\r_x\u200b"
TEXT = st.text(st.sampled_from(SIGNS), min_size=1, max_size=14) | st.just("_x000D_")
BANKS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=40)


def made(pairs: list[tuple[str, str]]) -> Made:
    with tempfile.TemporaryDirectory() as folder:
        bank = Path(folder) / "bank.jsonl"
        write_jsonl(bank, ({"question": question, "answer": answer} for question, answer in pairs))
        inputs = Inputs("gongkao", (str(bank),), allow_loss=True)
        loaded = domain.load("gongkao")
        return builder.make(inputs, loaded, Review(), builder.HERE, builder.Watch())


def sound(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in pairs if all(text.strip() for text in pair)]


@settings(deadline=None, max_examples=60)
@given(BANKS)
def test_every_row_is_accounted_for_and_none_leaks(pairs: list[tuple[str, str]]) -> None:
    if not sound(pairs):
        return
    result = made(pairs)
    facts = result.facts
    assert facts["parsed"] == len(sound(pairs))
    assert facts["parsed"] + facts["dropped"] == len(pairs)
    assert facts["parsed"] == facts["rows"] + facts["duplicates"]
    assert facts["rows"] == facts["train"] + facts["eval"] + facts["held"]
    train = {bare(row.question) or row.question for row in result.train}
    held_out = {bare(row.question) or row.question for row in result.held_out}
    assert not train & held_out
    assert not {r.group for r in result.train} & {r.group for r in result.held_out}
    for row in [*result.train, *result.held_out]:
        assert (row.question, row.answer) in {(tidy(q), tidy(a)) for q, a in pairs}


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_an_untouched_workbook_reads_back_as_nothing_changed(pairs: list[tuple[str, str]]) -> None:
    if not sound(pairs):
        return
    result = made(pairs)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.xlsx"
        marks = workbook.baseline(result.lines, result.gone)
        workbook.write(path, result.lines, marks, Ledger())
        seen = read(path)
    assert not seen.edited and not seen.deleted and not seen.added
    lines: dict[str, Line] = {line.key: line for line in result.lines}
    assert {key: (line.row.question, line.row.answer) for key, line in seen.lines.items()} == {
        key: (line.row.question, line.row.answer) for key, line in lines.items()
    }
