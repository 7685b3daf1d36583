from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from core.errors import UserError
from core.files import ROOT
from data_tools import tables, templates
from data_tools.build import build
from data_tools.ledger import Ledger
from data_tools.sources import Inputs, read_table

PACK = """
entity: 药品
lists: {适应症: "|"}
seed: 7
attributes:
  适应症:
    take: 2
    ask: ["{药品}治什么？", "{药品}的适应症？", "{药品}有什么用？"]
    answer: "{药品}用于{适应症}{% if 备注 %}（{备注}）{% endif %}。"
  禁忌:
    when: 禁忌 != "无"
    ask: "{药品}的禁忌？"
    answer: "{禁忌|cut(12)}"
  反查:
    each: 适应症
    ask: "什么药治{适应症}？"
    answer: "{药品}"
"""
CSV = """药品,适应症,禁忌,备注
甲片,头痛|发热,<p>孕妇禁用。</p><p>对本品过敏者慎用并告知医生。</p>,
乙丸,头痛,无,"饭后服,温水送下"
,牙痛,孕妇禁用,
丙散,,孕妇禁用,
"""


@pytest.fixture
def pack(tmp_path: Path) -> templates.Pack:
    path = tmp_path / "drugs.yaml"
    path.write_text(PACK, encoding="utf-8")
    return templates.load(path)


def table(tmp_path: Path, text: str = CSV, coding: str = "utf-8") -> Path:
    path = tmp_path / "drugs.csv"
    path.write_bytes(text.encode(coding))
    return path


def test_phrasings_conditions_lists_and_html(pack: templates.Pack, tmp_path: Path) -> None:
    ledger = Ledger()
    rows = list(read_table(table(tmp_path), [pack], ledger, "drugs.csv"))
    said = {(row.question, row.answer) for row in rows}
    first = [row for row in rows if row.group == "适应症\n甲片"]
    assert len(first) == 2 and {row.answer for row in first} == {"甲片用于头痛、发热。"}
    assert ("甲片的禁忌？", "孕妇禁用。") in said  # HTML gone, cut at the sentence's end
    assert "乙丸用于头痛（饭后服,温水送下）。" in {row.answer for row in rows}
    assert ("什么药治头痛？", "甲片、乙丸") in said and ("什么药治发热？", "甲片") in said
    assert not [row for row in rows if row.question == "乙丸的禁忌？"]
    assert [row.question for row in rows if "丙散" in row.question] == ["丙散的禁忌？"]
    assert [(entry.code, entry.text) for entry in ledger] == [("no-entity", "牙痛 | 孕妇禁用")]
    assert {row.kind for row in rows} == {"template"}


def test_the_draw_is_seeded_and_independent_of_the_rest(
    pack: templates.Pack, tmp_path: Path
) -> None:
    def asked(text: str) -> set[str]:
        rows = read_table(table(tmp_path, text), [pack], Ledger(), "t")
        return {row.question for row in rows if row.group == "适应症\n乙丸"}

    alone = CSV.splitlines()[0] + "\n" + CSV.splitlines()[2] + "\n"
    assert asked(CSV) == asked(CSV) == asked(alone)
    pack.seed = 8
    drawn = {frozenset(asked(CSV.replace("乙丸", f"{n}丸"))) for n in range(3)}
    assert drawn


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_locator_leads_back_to_the_value(
    pack: templates.Pack, tmp_path: Path, coding: str
) -> None:
    path = table(tmp_path, CSV.replace("\n", "\r\n"), coding)
    with open(path, encoding=coding, newline="") as file:
        text = file.read()
    rows = list(read_table(path, [pack], Ledger(), "drugs.csv"))
    assert len(rows) == 8
    for row in rows:
        start, end = row.source.locator.removeprefix("c:").split("-")
        assert text[int(start) : int(end)] == row.source.text


def test_a_workbook_and_json_lines_say_the_same(
    pack: templates.Pack, tmp_path: Path, make_xlsx: Callable
) -> None:
    import csv

    lines = list(csv.reader(CSV.splitlines()))
    book = make_xlsx(lines, "drugs.xlsx")
    jsonl = tmp_path / "drugs.jsonl"
    records = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    records[0]["适应症"] = ["头痛", "发热"]
    jsonl.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8"
    )
    said = [
        [(row.question, row.answer) for row in read_table(path, [pack], Ledger(), path.name)]
        for path in (table(tmp_path), book, jsonl)
    ]
    assert said[0] == said[1] == said[2]
    sheet = load_workbook(book)["Sheet1"]
    for row in read_table(book, [pack], Ledger(), "drugs.xlsx"):
        assert sheet[row.source.locator.partition("!")[2]].value == row.source.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("attributes: {}", "entity"),
        ("entity: [", "YAML"),
        (PACK.replace("ask:", "asks:", 1), "未知键"),
        (PACK.replace("{药品}治什么？", "{药品治什么？"), "模板语法"),
        (PACK.replace("when: 禁忌 !=", "when: 禁忌 = ="), "模板语法"),
    ],
)
def test_a_wrong_template_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        templates.load(path)


def test_a_table_without_the_column_is_named(pack: templates.Pack, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"名称, 适应症.*药品"):
        list(read_table(table(tmp_path, "名称,适应症\n甲,乙\n"), [pack], Ledger(), "t"))
    ledger = Ledger()
    list(read_table(table(tmp_path, "药品,适应症\n甲,乙\n"), [pack], ledger, "t"))
    assert [(e.reason, e.text) for e in ledger] == [("no-column: 禁忌", "drugs.yaml 禁忌")]


@pytest.mark.parametrize("data", [b"a,b\n\0,1\n", b"\x00\x01", b'a\n"' + b"x" * 20])
def test_broken_tables_end_in_one_line_or_none(
    pack: templates.Pack, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(UserError):
        list(read_table(path, [pack], Ledger(), "bad.csv"))
        raise UserError("no row and no complaint: build names the file")


@given(st.binary(max_size=300), st.sampled_from([".csv", ".jsonl", ".xlsx"]))
def test_any_bytes_give_records_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(data)
    try:
        for record in tables.records(path):
            assert set(record.values) == set(record.places)
    except UserError as error:
        assert "\n" not in str(error)


@given(st.text(max_size=200))
def test_plain_never_fails_and_leaves_no_tag(text: str) -> None:
    tables.plain(text)
    assert tables.plain(f"<p>甲</p><p>{'乙'}<br>丙&nbsp;丁</p>") == "甲\n乙\n丙\xa0丁"


@pytest.mark.parametrize("name", ["gongkao", "medical", "novel"])
def test_every_domain_builds_its_own_sample(name: str, tmp_path: Path) -> None:
    from core import domain

    loaded = domain.load(name)
    data = loaded.settings.get("data", {})
    card = build(
        Inputs(name, loaded.bank, tuple(data.get("table", ())), tuple(data.get("templates", ()))),
        tmp_path,
    )
    assert card["rows"] >= 50 and card["conflicts"] == 0 and card["eval"] > 0


def test_shipped_packs_fit_the_shipped_tables(tmp_path: Path) -> None:
    for pack in ("medical", "gongkao", "novel"):
        assert templates.find([pack])
    inputs = Inputs(
        "gongkao",
        table=("samples/gongkao/works.csv", "samples/gongkao/provinces.csv"),
        templates=("gongkao",),
    )
    card = build(inputs, tmp_path)
    assert card["by_kind"] == {"template": card["rows"]} and card["rows"] > 200
    assert not (ROOT / "review.xlsx").exists()
