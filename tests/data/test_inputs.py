"""Small files of every kind are read as a person reads them, or what is left out is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import UserError
from core.files import ROOT, read_jsonl
from data_tools import books, passages, tables, templates
from data_tools.build import build
from data_tools.ledger import Ledger
from data_tools.preview import read_files
from data_tools.readers.how import How
from data_tools.sources import Inputs, read_table
from tests.data.inputs import banks, faithful, papers, unchanged  # noqa: F401  (each notes its cases)
from tests.data.inputs.build import CASES, Case, docx, jsonl, p, table, wrong, xlsx

PACK = """
entity: 药品
attributes:
  价格:
    ask: "{药品}{% if 规格 %}{规格}{% endif %}多少钱？"
    answer: "{价格}元"
"""


@pytest.mark.parametrize("made", CASES, ids=lambda made: made.name)
def test_a_file_is_read_as_it_stands(made: Case, tmp_path: Path) -> None:
    assert wrong(made, tmp_path) == ""


def command(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data_tools", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("name", ["slip.zip", "cut.pdf", "laughs.xml", "junk.apkg"])
def test_bad_input_ends_in_one_line_and_status_2(name: str, tmp_path: Path) -> None:
    made = next(case for case in CASES if case.name == name)
    (tmp_path / name).write_bytes(made.data)
    done = command("build", "--bank", tmp_path / name, "--out", tmp_path / "out")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert made.error in done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {".lock"}


def test_an_encoding_that_a_person_names_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("question,answer\nCafé à Noël?,Déjà\n".encode("latin-1"))
    done = command("read", path, "--json")
    assert done.returncode == 2 and "ENCODING=" in done.stderr
    done = command("read", path, "--json", "--encoding", "latin-1")
    assert json.loads(done.stdout.splitlines()[0])["answer"] == "Déjà"
    assert command("read", path, "--encoding", "klingon").returncode == 2


def test_a_file_read_in_another_way_is_another_data_set(tmp_path: Path) -> None:
    """HIDDEN=skip or ENCODING= after a build is no “up to date”."""

    def change(sheet) -> None:
        sheet.row_dimensions[3].hidden = True

    path, out = tmp_path / "a.xlsx", tmp_path / "out"
    lines = [("题目", "答案"), ("一周有几天？", "七天"), ("旧题？", "旧答案")]
    path.write_bytes(xlsx(lines, change))
    read = build(Inputs("gongkao", (str(path),)), out)
    skipped = build(Inputs("gongkao", (str(path),), hidden="skip"), out)
    assert skipped["fresh"] and (read["rows"], skipped["rows"]) == (2, 1)


def read_one(path: Path, data: bytes, how: How | None = None) -> tuple[list[tuple], Ledger]:
    path.write_bytes(data)
    pack = path.with_suffix(".yaml")
    pack.write_text(PACK, encoding="utf-8")
    ledger = Ledger()
    rows = read_table(path, [templates.load(pack)], ledger, path.name, how or How())
    return [(row.question, row.answer, *row.flags) for row in rows], ledger


HEAD = ("药品", "规格", "价格")


def test_a_table_has_the_cells_of_a_bank(tmp_path: Path) -> None:
    def change(sheet) -> None:
        sheet.merge_cells("A2:A3")
        sheet.row_dimensions[5].hidden = True

    data = xlsx(
        [HEAD, ("甲", "大", 9), (None, "小", 5), ("乙", "", "=2*3"), ("丙", "", 6217001234567890)],
        change,
    )
    rows, ledger = read_one(tmp_path / "a.xlsx", data)
    assert [row[:2] for row in rows[:2]] == [("甲大多少钱？", "9元"), ("甲小多少钱？", "5元")]
    assert rows[2][:2] == ("丙多少钱？", "6217001234567890元")
    assert {flag.partition(":")[0] for flag in rows[2][2:]} == {"long-number", "hidden-row"}
    assert [entry.code for entry in ledger] == ["formula-no-value"]
    rows, ledger = read_one(tmp_path / "a.xlsx", data, How(hidden="skip"))
    assert len(rows) == 2 and "hidden-row" in [entry.code for entry in ledger]


def test_a_table_names_its_broken_lines_and_repeated_columns(tmp_path: Path) -> None:
    text = '药品,价格\n甲,5\n乙,6,7\n"丙,8\n丁,9\n'
    rows, ledger = read_one(tmp_path / "a.csv", text.encode())
    assert rows == [("甲多少钱？", "5元"), ("丁多少钱？", "9元")]
    assert [(e.code, e.text.strip()) for e in ledger] == [
        ("extra-cells", "乙,6,7"),
        ("csv-quote", '"丙,8'),
    ]
    for name, data in (
        ("b.csv", "药品,价格,价格\n甲,5,6\n".encode()),
        ("b.xlsx", xlsx([("药品", "价格", "价格"), ("甲", 5, 6)])),
    ):
        with pytest.raises(Exception, match="B, C"):
            read_one(tmp_path / name, data)


def test_a_table_in_big5(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("藥品,用法\n甲藥,飯後服用\n".encode("big5"))
    assert [record.values for record in tables.records(path)] == [
        {"藥品": "甲藥", "用法": "飯後服用"}
    ]


def test_turns_stay_turns(tmp_path: Path) -> None:
    said = [("最大的洋叫什么？", "太平洋"), ("它有多大？", "很大")]
    roles = [
        {"role": role, "content": text}
        for asked, answer in said
        for role, text in (("user", asked), ("assistant", answer))
    ]
    single = [{"question": f"第{n}个问题问什么？", "answer": f"第{n}个回答"} for n in range(20)]
    bank = tmp_path / "a.jsonl"
    bank.write_bytes(jsonl({"messages": roles}, *single))
    build(Inputs("gongkao", (str(bank),)), tmp_path / "out")
    rows = list(read_jsonl(tmp_path / "out" / "train.jsonl"))
    (dialogue,) = [row for row in rows if len(row["conversation"]) > 1]
    assert [(t["input"], t["output"]) for t in dialogue["conversation"]] == said


HEADING = '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 1"/></w:style>'


def prose(word: str) -> str:
    return "".join(f"{word}的第{n}件事是每天早晨检查大门并把结果写入日志。" for n in range(25))


def test_a_book_in_word_has_its_headings_as_chapters(tmp_path: Path) -> None:
    body = [p("总则", style="H"), p(prose("甲")), p("附则", style="H"), p(prose("乙"))]
    path = tmp_path / "book.docx"
    path.write_bytes(docx(*body, styles=HEADING))
    found = list(passages.of_texts([str(path)], "x"))
    assert {one["chapter"] for one in found} == {"总则", "附则"} and len(found) > 3
    assert {one["source"]["locator"] for one in found if one["chapter"] == "附则"} <= {"p:3", "p:4"}
    assert all("甲" not in one["text"] for one in found if one["chapter"] == "附则")


@pytest.mark.parametrize("kind", ["docx", "txt", "md", "html"])
def test_a_table_has_its_header_in_every_passage(kind: str, tmp_path: Path) -> None:
    rows = [("车型", "首小时"), *((f"专用车{n}型", f"{n}元") for n in range(60))]
    path = tmp_path / f"a.{kind}"
    marks = "\n".join(f"| {a} | {b} |" for a, b in rows).replace("\n", "\n|---|---|\n", 1)
    cells = "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows)
    text = {
        "docx": docx(p("收费标准"), table(*rows)),
        "html": f"<p>收费标准</p><table>{cells}</table>",
    }
    data = text.get(kind, f"收费标准\n{marks}\n")
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    found = [one["text"] for one in passages.of_texts([str(path)], "x")]
    assert len(found) > 2 and all("首小时" in one for one in found)
    assert sum(one.count("专用车7型") for one in found) == 1


def test_books_of_other_kinds(tmp_path: Path) -> None:
    epub = next(case for case in CASES if case.name == "bank.epub")
    (tmp_path / "a.epub").write_bytes(epub.data)
    book = books.read(tmp_path / "a.epub")
    assert book.text.startswith("1. 一旬有几天？\n答案：十天")
    assert book.locator(0, 3).startswith("o/z.xhtml!c:")
    (tmp_path / "a.md").write_text("# 甲\n文\n## 乙\n文\n```\n# 丙\n```\n", encoding="utf-8")
    assert len(books.read(tmp_path / "a.md").heads) == 2


@pytest.mark.parametrize("suffix", ["doc", "rtf"])
def test_old_office_files_want_libreoffice(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    rtf = rb"{\rtf1\ansi 1. a?\par Answer: b\par}"
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "WordDocument".encode("utf-16-le")
    made = Case(f"a.{suffix}", rtf if suffix == "rtf" else ole + b"\0" * 9, [], error="LibreOffice")
    assert wrong(made, tmp_path) == ""


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    which=st.integers(0, 10_000),
    hits=st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=4)), max_size=5),
    cut=st.integers(0, 1 << 20),
)
def test_any_damage_is_read_or_refused(
    which: int, hits: list[tuple[int, bytes]], cut: int, tmp_path: Path
) -> None:
    made = CASES[which % len(CASES)]
    data = bytearray(made.data)
    for at, new in hits:
        at %= len(data) + 1
        data[at : at + len(new)] = new
    path = tmp_path / made.name
    path.write_bytes(bytes(data[: max(1, cut % (2 * len(data) + 1))]))
    try:
        for row in read_files([path])[0]:
            assert row.question and row.answer and row.source.locator
            assert set(row.letters) <= set(row.options)
    except UserError as error:
        assert "\n" not in str(error)
