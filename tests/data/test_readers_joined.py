"""A bank whose key is another file: joined where it fits, told in the ledger where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.rows import Row
from data_tools import sources
from data_tools.ledger import Ledger
from tests.data import bankgen_docs as docs

PAPER = [
    "一、单项选择题（共3题）", "1. 中国的首都是（ ）", "A. 北京", "B. 上海", "C. 广州",
    "2. 最长的河流是（ ）", "A. 黄河", "B. 长江", "C. 珠江",
    "3. 五岳之首是（ ）", "A. 华山", "B. 衡山", "C. 泰山",
    "二、判断题（共2题）", "1. 水往低处流。（ ）", "2. 太阳从西边出来。（ ）",
]  # fmt: skip
KEY = ["参考答案", "一、单项选择题", "1.A 2.B 3.C", "二、判断题", "1.√ 2.×"]


def read(folder: Path, **files: list[str]) -> tuple[list[Row], Ledger]:
    """The rows of all ``files`` (name to lines), as ``make data`` reads them together."""
    paths = []
    for name, lines in files.items():
        paths.append(folder / f"{name}.docx")
        docs.write_docx([docs.p(line) for line in lines], paths[-1])
    ledger = Ledger()
    inputs = sources.Inputs("gongkao", tuple(map(str, paths)), allow_loss=True)
    return sources.read_all(inputs, ledger), ledger


@pytest.mark.parametrize("order", [("paper", "answers"), ("answers", "paper")])
def test_a_key_in_another_file_is_joined(tmp_path: Path, order: tuple[str, str]) -> None:
    lines = {"paper": PAPER, "answers": KEY}
    rows, ledger = read(tmp_path, **{name: lines[name] for name in order})
    assert [row.letters or row.answer for row in rows] == ["A", "B", "C", "√", "×"]
    assert [row.kind for row in rows] == ["single"] * 3 + ["judge"] * 2
    assert [row.source.locator for row in rows] == ["p:2", "p:6", "p:10", "p:15", "p:16"]
    assert [row.source.answer for row in rows] == ["answers.docx p:3"] * 3 + [
        "answers.docx p:5"
    ] * 2
    assert rows[0].source.json()["answer"] == "answers.docx p:3"
    counts = ledger.counts()
    assert not counts["no-answer"] and not counts["key-without-question"]
    assert not counts["declared-count"] and not counts["key-file"]
    report = next(r for r in ledger.sources if r.file == "paper.docx")
    assert (report.questions, report.declared, report.lost) == (5, 5, 0)


@pytest.mark.parametrize(
    "key",
    [
        ["参考答案", "一、单项选择题", "1.A 2.B", "二、判断题", "1.√ 2.×"],  # one answer is missing
        ["参考答案", "一、单项选择题", "1.A 2.E 3.C", "二、判断题", "1.√ 2.×"],  # no such option
        ["参考答案", "一、判断题", "1.√ 2.× 3.√", "二、单项选择题", "1.A 2.B"],  # other sections
    ],
)
def test_a_key_that_does_not_fit_joins_nothing(tmp_path: Path, key: list[str]) -> None:
    given = [*PAPER, "三、填空题", "1. 中国的国花是（牡丹）。"]
    rows, ledger = read(tmp_path, paper=given, answers=[*key, "1. 题 A. 甲 B. 乙 答案：A"])
    assert not any(row.source.answer for row in rows)
    counts = ledger.counts()
    assert counts["no-answer"] == 5 and counts["key-without-question"] and counts["key-file"] == 1


def test_a_key_that_fits_two_banks_joins_neither(tmp_path: Path) -> None:
    ask = ["1. 水往低处流。（√）", *PAPER[13:]]
    key = ["参考答案", "二、判断题", "1.√ 2.×", "1. 题 A. 甲 B. 乙 答案：A"]
    rows, ledger = read(tmp_path, one=ask, two=[line.replace("水", "河") for line in ask], key=key)
    assert not any(row.source.answer for row in rows)
    assert next(e.reason for e in ledger if e.code == "key-file").startswith("key-file: 不止一个")
