from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from core.errors import UserError
from core.files import read_jsonl
from data_tools.build import build
from data_tools.workbook import ALL, DOUBTS, LEDGER

LINES = [
    "世界上最大的宫殿是？->故宫",
    "法国的首都是？->巴黎",
    "世界水日是哪一天？->3月22日",
    "世界水日是哪一天->3月23日",
    "骰子掷出六点的概率是？->1/6",
    "国庆节是哪一天？->10月1日",
]


class Book:
    """The workbook as a person edits it: by header names, saved by openpyxl."""

    def __init__(self, out: Path) -> None:
        self.path = out / "review.xlsx"
        self.book = load_workbook(self.path)

    def column(self, title: str, sheet: str = ALL) -> int:
        return next(c.column for c in self.book[sheet][1] if str(c.value).startswith(title))

    def row(self, question: str, sheet: str = ALL) -> int:
        column = self.column("题干", sheet)
        cells = self.book[sheet].iter_rows(min_row=2, min_col=column, max_col=column)
        return next(cell.row for (cell,) in cells if cell.value == question)

    def set(self, question: str, title: str, value: Any, sheet: str = ALL) -> None:
        self.book[sheet].cell(self.row(question, sheet), self.column(title, sheet)).value = value

    def delete(self, question: str, sheet: str = ALL) -> None:
        self.book[sheet].delete_rows(self.row(question, sheet))

    def add(self, question: str, answer: str) -> None:
        sheet = self.book[ALL]
        last = sheet.max_row + 1
        sheet.cell(last, self.column("题干")).value = question
        sheet.cell(last, self.column("答案")).value = answer

    def save(self) -> None:
        self.book.save(self.path)

    def questions(self, sheet: str = ALL) -> list[str]:
        column = self.column("题干", sheet)
        return [c.value for (c,) in self.book[sheet].iter_rows(2, None, column, column) if c.value]


@pytest.fixture
def built(make_docx: Callable, inputs: Callable, tmp_path: Path) -> tuple[Path, Any]:
    given = inputs(make_docx(LINES))
    build(given, tmp_path / "out")
    return tmp_path / "out", given


def answers(out: Path) -> dict[str, str]:
    rows = [*read_jsonl(out / "train.jsonl"), *read_jsonl(out / "eval.jsonl")]
    return {row["conversation"][0]["input"]: row["conversation"][0]["output"] for row in rows}


def test_what_a_person_sees(built: tuple[Path, Any]) -> None:
    book = Book(built[0])
    sheet = book.book[ALL]
    assert book.book.sheetnames[:3] == [ALL, DOUBTS, LEDGER]
    assert len(book.questions()) == 6 and sheet.freeze_panes == "A2" and sheet.auto_filter.ref
    filled = [cell for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.number_format for cell in filled} == {"@"}  # and empty ones by their column
    assert sheet.column_dimensions["D"].number_format == sheet["D2"].number_format
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}  # n: empty
    assert book.questions(DOUBTS) == ["世界水日是哪一天？", "世界水日是哪一天"]
    assert len(sheet.data_validations.dataValidation) == 2


def test_edit_delete_add_survive_any_number_of_builds(
    built: tuple[Path, Any], make_docx: Callable
) -> None:
    out, given = built
    book = Book(out)
    book.set("国庆节是哪一天？", "答案", "每年10月1日")
    book.delete("法国的首都是？")
    book.add("水的化学式是？", "H2O")
    book.save()
    expected = {"国庆节是哪一天？": "每年10月1日", "水的化学式是？": "H2O"}
    for lines in (LINES, LINES, ["新增的题是？->新答案", *LINES], LINES[::-1]):
        make_docx(lines)
        card = build(given, out)
        said = answers(out)
        assert said.items() >= expected.items() and "法国的首都是？" not in said
        assert card["deleted"] == 1 and card["added"] == 1
        assert Book(out).questions().count("水的化学式是？") == 1
    assert not build(given, out)["fresh"]
    assert list((out / "review-copies").glob("*.xlsx"))


def test_an_edited_row_stays_when_its_source_goes(
    built: tuple[Path, Any], make_docx: Callable
) -> None:
    out, given = built
    book = Book(out)
    book.set("国庆节是哪一天？", "答案", "每年10月1日")
    book.save()
    make_docx(LINES[:5])
    build(given, out)
    assert answers(out)["国庆节是哪一天？"] == "每年10月1日"
    assert any("source-gone" in line for line in (out / "ledger.csv").read_text().splitlines())


@pytest.mark.parametrize("sheet", [ALL, DOUBTS])
def test_a_contradiction_is_resolved_by_deleting_one(built: tuple[Path, Any], sheet: str) -> None:
    out, given = built
    assert not [question for question in answers(out) if "水日" in question]
    book = Book(out)
    book.delete("世界水日是哪一天", sheet)
    book.save()
    assert build(given, out)["conflicts"] == 0
    assert answers(out)["世界水日是哪一天？"] == "3月22日"


def test_a_contradiction_is_resolved_by_keeping_one(built: tuple[Path, Any]) -> None:
    out, given = built
    for _ in range(2):
        book = Book(out)
        book.set("世界水日是哪一天？", "处理", "保留 keep")
        book.save()
        card = build(given, out)
        assert (card["conflicts"], card["held"], card["flagged"]) == (0, 0, 0)
        assert answers(out)["世界水日是哪一天？"] == "3月22日"
        assert "世界水日是哪一天" not in answers(out)


def test_an_edit_on_the_sheet_of_doubts_counts(built: tuple[Path, Any]) -> None:
    out, given = built
    book = Book(out)
    book.set("世界水日是哪一天", "答案", "3月22日", DOUBTS)
    book.save()
    card = build(given, out)
    assert card["conflicts"] == 0 and card["duplicates"] == 1
    assert not build(given, out)["fresh"]
    build(given, out, force=True)  # the repeat that the edit made does not come back
    assert answers(out)["世界水日是哪一天？"] == "3月22日"


def test_two_different_edits_of_one_row_name_both_cells(built: tuple[Path, Any]) -> None:
    out, given = built
    book = Book(out)
    book.set("世界水日是哪一天", "答案", "甲", DOUBTS)
    book.set("世界水日是哪一天", "答案", "乙", ALL)
    book.save()
    before = (out / "review.xlsx").read_bytes()
    with pytest.raises(UserError, match=f"{DOUBTS}!D.*{ALL}!D"):
        build(given, out)
    assert (out / "review.xlsx").read_bytes() == before


def test_sorting_notes_and_own_columns_are_kept(built: tuple[Path, Any]) -> None:
    out, given = built
    book = Book(out)
    sheet = book.book[ALL]
    sheet.cell(1, sheet.max_column + 1).value = "我的备注"
    sheet.cell(book.row("国庆节是哪一天？"), sheet.max_column).value = "已核对"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    for number, row in enumerate(reversed(rows), 2):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value
    book.save()
    card = build(given, out)
    assert (card["deleted"], card["added"], card["rows"]) == (0, 0, 6)
    again = Book(out)
    note = again.book[ALL].cell(again.row("国庆节是哪一天？"), again.column("我的备注")).value
    assert note == "已核对"


def test_formulas_from_a_bank_are_text(
    make_docx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    given = inputs(
        make_docx(["公式是？->=1+cmd|'/c calc'!A0", "零下？->-5℃", "@问？->+x", "甲？->乙"])
    )
    out = tmp_path / "out"
    build(given, out)
    expected = {"公式是？": "=1+cmd|'/c calc'!A0", "零下？": "-5℃", "@问？": "+x", "甲？": "乙"}
    assert answers(out) == expected
    for sheet in load_workbook(out / "review.xlsx"):
        for row in sheet.iter_rows():
            assert not [cell for cell in row if cell.data_type == "f"]
    book = Book(out)
    book.set("甲？", "答案", "丙")
    book.save()
    build(given, out)
    assert answers(out) == {**expected, "甲？": "丙"}


def test_a_workbook_without_an_answer_or_header_is_named(built: tuple[Path, Any]) -> None:
    out, given = built
    book = Book(out)
    book.set("国庆节是哪一天？", "答案", None)
    book.save()
    with pytest.raises(UserError, match=r"review\.xlsx .*D\d+: 答案为空"):
        build(given, out)
    book.book[ALL].delete_rows(1)
    book.save()
    with pytest.raises(UserError, match="lacks"):
        build(given, out)
    (out / "review.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(UserError, match="cannot be opened"):
        build(given, out)


def test_a_program_that_keeps_only_the_first_sheet(built: tuple[Path, Any]) -> None:
    """pandas and the like drop other sheets, hidden ones, styles, and perhaps the key column."""
    out, given = built
    for drop_key in (False, True):
        book = Book(out)
        book.set("国庆节是哪一天？", "答案", "每年10月1日")
        if "法国的首都是？" in book.questions():
            book.delete("法国的首都是？")
        for name in book.book.sheetnames[1:]:
            del book.book[name]
        book.book[ALL].title = "Sheet1"
        if drop_key:
            book.book["Sheet1"].delete_cols(book.column("key", "Sheet1"))
        book.save()
        card = build(given, out)
        # without keys an edited row reads as one deleted and one added: the rows are the same
        assert (card["deleted"], card["added"]) == ((2, 1) if drop_key else (1, 0))
        assert answers(out)["国庆节是哪一天？"] == "每年10月1日"
        assert "法国的首都是？" not in answers(out)


@pytest.mark.parametrize("word", ["删除", "删除 drop", "drop", "Delete", "  删 "])
def test_a_row_marked_in_the_docs_own_words_goes(built: tuple[Path, Any], word: str) -> None:
    out, given = built
    book = Book(out)
    book.set("法国的首都是？", "处理", word)
    book.save()
    build(given, out)
    assert "法国的首都是？" not in answers(out) and "世界上最大的宫殿是？" in answers(out)


def test_a_decision_that_cannot_be_read_is_named(built: tuple[Path, Any]) -> None:
    out, given = built
    book = Book(out)
    book.set("法国的首都是？", "处理", "待定")
    book.save()
    with pytest.raises(UserError, match=r"待定.*删除"):
        build(given, out)


def test_a_workbook_from_before_signs_counted_keeps_its_decisions() -> None:
    from core.signs import exact, without
    from data_tools import clean
    from data_tools.review import Review, key_of, known_as

    assert without(exact("C#的作者？")) == "c的作者"
    now, old = clean.Keys(exact("C#的作者？"), "某人"), clean.Keys("c的作者", "某人")
    assert known_as(now, Review(deleted={key_of(old)})) == key_of(old)
    assert known_as(now, Review()) == key_of(now)
