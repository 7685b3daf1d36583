"""Adversarial banks: recall and precision of whole questions, per layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from data_tools.ledger import Ledger
from data_tools.readers import read
from tests.data import bankgen_books  # noqa: F401  (more layouts of workbooks)
from tests.data import bankgen_docs as docs
from tests.data import bankgen_sheets as sheets
from tests.data.bankgen import Maker, Score, Truth, score

BANKS = 12  # documents a layout; benchmarks/data.py reads many more
LEAST = 0.995


def write_doc(made: list[Any], path: Path, seed: int, name: str) -> Path:
    if name in docs.MARKDOWN:
        path = path.with_suffix(".md")
        docs.write_txt(made, path)
        return path
    if seed % 2 and name in docs.PLAIN:
        path = path.with_suffix(".txt")
        encoding = ("utf-8", "gb18030", "utf-16", "utf-8-sig")[seed // 2 % 4]
        docs.write_txt(made, path, encoding, ("\n", "\r\n")[seed // 4 % 2])
        return path
    docs.write_docx(made, path.with_suffix(".docx"))
    return path.with_suffix(".docx")


def write_sheet(made: list[Any], path: Path, seed: int, name: str) -> Path:
    if seed % 3 == 1:
        sheets.write_xls(made, path.with_suffix(".xls"))
        return path.with_suffix(".xls")
    if seed % 3 == 2 and name in sheets.FLAT:
        encoding = ("utf-8", "gb18030", "utf-8-sig", "utf-16")[seed // 3 % 4]
        sheets.write_csv(made, path.with_suffix(".csv"), encoding, ",\t;"[seed // 3 % 3])
        return path.with_suffix(".csv")
    sheets.write_xlsx(made, path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def measure(name: str, folder: Path, banks: int, first: int = 0) -> Score:
    """Write ``banks`` documents of one layout, read them, and add up the scores."""
    make: Callable[[Maker], tuple[list[Any], list[Truth]]]
    make, write = (
        (docs.LAYOUTS[name], write_doc)
        if name in docs.LAYOUTS
        else (sheets.LAYOUTS[name], write_sheet)
    )
    total = Score()
    for seed in range(first, first + banks):
        made, truths = make(Maker(Random(f"{name}{seed}")))
        path = write(made, folder / f"{name}{seed}", seed, name)
        total.add(score(truths, list(read(path, Ledger()))))
        path.unlink()
    return total


@pytest.mark.parametrize("name", [*docs.LAYOUTS, *sheets.LAYOUTS])
def test_layout(name: str, tmp_path: Path) -> None:
    total = measure(name, tmp_path, BANKS)
    assert total.truth > 40
    assert total.recall >= LEAST, total.misses[:3]
    assert total.precision >= LEAST, total.extras[:3]


def test_missing_answers_are_lost_loudly(tmp_path: Path) -> None:
    made, truths = docs.LAYOUTS["missing_answers"](Maker(Random(7)))
    docs.write_docx(made, tmp_path / "a.docx")
    ledger = Ledger()
    rows = list(read(tmp_path / "a.docx", ledger))
    unanswered = sum(not truth.answered for truth in truths)
    assert unanswered and ledger.counts()["no-answer"] == unanswered
    assert len(rows) + unanswered == len(truths) and ledger.sources[0].lost == unanswered


def test_declared_counts_are_checked(tmp_path: Path) -> None:
    lines = ["一、判断题（共3题，每题1分）", "1. 水往低处流。（√）", "2. 太阳从西边出来。（×）",
             "二、填空题（2题）", "1. 中国的首都是（北京）。",
             "2. 最长的河流是（长江）。"]  # fmt: skip
    docs.write_docx([docs.p(line) for line in lines], tmp_path / "a.docx")
    ledger = Ledger()
    rows = list(read(tmp_path / "a.docx", ledger))
    assert [row.answer for row in rows] == ["√", "×", "北京", "长江"]
    report = ledger.sources[0]
    assert report.declared == 5 and [s["declared"] for s in report.sections] == [3, 2]
    assert [e.reason for e in ledger if e.code == "declared-count"] == [
        "declared-count: 标题称 3 题，读到 2 题 the heading says 3, 2 were read"
    ]
