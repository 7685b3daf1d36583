"""Doubts and reasons are data: a code, a detail in each language, whatever file keeps them."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from core.findings import Finding, kept, labelled, told
from core.kept import read as ledger_lines
from core.labels import FINDINGS, KINDS, column, column_key, key_in
from core.language import choose
from data_tools import workbook
from data_tools.build import build


def test_a_finding_is_its_line_and_knows_its_parts() -> None:
    found = Finding("no-entity", "药品 为空", "药品 is empty")
    assert found == "no-entity: 药品 为空 药品 is empty"
    assert found.json() == {"code": "no-entity", "zh": "药品 为空", "en": "药品 is empty"}
    for same in (copy.deepcopy(found), pickle.loads(pickle.dumps(found)), Finding.of(found)):
        assert same == found and same.json() == found.json()
    assert Finding("image") == "image" and Finding.of("image").json()["zh"] == ""
    old = Finding.of("conflict: 2 | 3")
    assert (old.code, old.zh, old.en) == ("conflict", "2 | 3", "2 | 3")


@pytest.mark.parametrize(
    ("finding", "zh", "en"),
    [
        (Finding("deleted"), "人工删除", "deleted by hand"),
        (Finding("duplicate", "a.docx p:1"), "重复：a.docx p:1", "a repeat: a.docx p:1"),
        (Finding("no-entity", "甲 为空", "甲 is empty"), "缺实体：甲 为空", None),
        (Finding("unheard-of", "x"), "unheard-of：x", "unheard-of: x"),
    ],
)
def test_a_person_reads_it_in_one_language(finding: Finding, zh: str, en: str | None) -> None:
    try:
        choose("zh")
        assert told(finding) == zh
        choose("en")
        assert told(finding) == (en or "its name is missing: 甲 is empty")
    finally:
        choose(None)


def test_kept_files_name_the_code_and_are_read_back() -> None:
    line = labelled(Finding("duplicate", "a.docx p:1"))
    assert line == "重复 duplicate: a.docx p:1"
    assert kept(f"{line}\n含图片 image\nunheard-of: x") == [
        "duplicate: a.docx p:1",
        "image",
        "unheard-of: x",
    ]
    for key in ("question", "option_C", "key"):
        assert column_key(column(key)) == key
    assert [key_in(KINDS, said) for said in ("单选 single", "多选", "Judge", "?")] == [
        "single",
        "multiple",
        "judge",
        "",
    ]
    for zh, en in FINDINGS.values():
        assert not zh.isascii() and en.isascii()


def test_ledger_and_workbook_keep_the_details_apart(
    make_docx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    lines = ["水的化学式是？->H2O", "谁的电话是13812345678？->张三", "水的化学式是？->H2O"]
    build(inputs(make_docx(lines)), tmp_path / "out")
    entries = {entry.code: entry for entry in ledger_lines(tmp_path / "out" / "ledger.csv")}
    assert entries["duplicate"].reason.zh == entries["duplicate"].reason.en != ""
    assert entries["pii-phone"].reason == "pii-phone"
    marks = load_workbook(tmp_path / "out" / "review.xlsx")[workbook.BASE].values
    doubts = [json.loads(mark[4]) for mark in marks if mark[4]]
    assert doubts == [[{"code": "pii-phone", "zh": "", "en": ""}]]


def test_a_ledger_of_before_is_read(tmp_path: Path) -> None:
    old = tmp_path / "ledger.csv"
    old.write_text(
        "\ufefffile,locator,reason,text\na.docx,p:2,edited: 甲 -> 乙,甲\n"
        "b.csv,Sheet1!A2,no-answer,'=1\n",
        encoding="utf-8",
    )
    first, second = ledger_lines(old)
    assert (first.code, first.reason.zh, first.reason.en) == ("edited", "甲 -> 乙", "甲 -> 乙")
    assert (second.code, second.text) == ("no-answer", "=1")
