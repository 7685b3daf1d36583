"""Kinds of setting that were read wrongly, or wrongly without a doubt, in their smallest form."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.rows import Row, Source
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.readers.doubt import code_of
from data_tools.readers.invariants import examine

BIRDS = "鹰鹤鹅鸭鸡雀燕鸽"


def rows_of(folder: Path, text: str) -> list[Row]:
    (folder / "a.txt").write_text(text, encoding="utf-8")
    return list(read(folder / "a.txt", Ledger()))


def codes(row: Row) -> list[str]:
    return [code_of(flag) for flag in row.flags]


@pytest.mark.parametrize("shape", ["A. 正确\nB. 错误", "A 对    B 错", "(A) True  (B) False"])
def test_a_judgement_printed_as_options_is_one(shape: str, tmp_path: Path) -> None:
    lines = ["一、判断题"]
    lines += [f"{n}. 第{n}种鸟会飞。\n{shape}\n答案：{'AB'[n % 2]}" for n in range(1, 7)]
    rows = rows_of(tmp_path, "\n".join(lines))
    right, wrong = (("正确", "错误"), ("对", "错"), ("True", "False"))["AA(".index(shape[0]) if
        "\n" in shape else 2 if shape[0] == "(" else 1]  # fmt: skip
    assert [row.answer for row in rows] == [wrong if n % 2 else right for n in range(1, 7)]
    assert all(row.kind == "judge" and not (row.options or row.letters) for row in rows)


def test_a_key_of_blanks_on_one_line_with_figures(tmp_path: Path) -> None:
    asked = [f"{n}、第{n}种鸟叫____。" for n in range(1, 6)]
    key = "1.103；百日 2.防火、防盗 3.1024 4.206 5.太原"
    rows = rows_of(tmp_path, "\n".join(["一、填空题", *asked, "", "参考答案", key]))
    assert [r.answer for r in rows] == ["103；百日", "防火、防盗", "1024", "206", "太原"]


def test_a_section_behind_a_key_has_its_own(tmp_path: Path) -> None:
    def part(title: str, first: int) -> list[str]:
        asked = [f"{n}. 第{n}种鸟会飞。" for n in range(first, first + 4)]
        key = " ".join(f"{n}.{'TF'[n % 2]}" for n in range(first, first + 4))
        return [title, "Unit 1", *asked, "参考答案", key]

    lines = [*part("【判断题】", 1), "", *part("【是非题】", 5)]
    assert [r.answer for r in rows_of(tmp_path, "\n".join(lines))] == list("FTFTFTFT")


def test_an_answers_label_without_a_colon(tmp_path: Path) -> None:
    lines = [f"{n}、第{n}种鸟叫____。\n答案 {BIRDS[n]}鸟；小鸟\n" for n in range(1, 7)]
    assert [r.answer for r in rows_of(tmp_path, "\n".join(lines))] == [
        f"{BIRDS[n]}鸟；小鸟" for n in range(1, 7)
    ]


def test_blanks_filled_in_brackets_by_tag(tmp_path: Path) -> None:
    lines = [f"{n}. 第{n}种鸟叫（{BIRDS[n]}）。【填空题】" for n in range(1, 5)]
    lines += [f"{n}. 第{n}种鸟会飞（√）【判断题】" for n in range(5, 8)]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.answer for row in rows] == [*BIRDS[1:5], "√", "√", "√"]


@pytest.mark.parametrize("title", ["【基础篇】", "专题{}：鸟类", "模块{} 应知应会", "第{}章 概论"])
def test_a_title_above_a_question_is_no_part_of_it(title: str, tmp_path: Path) -> None:
    lines = ["鸟类题库"]
    for n in range(1, 9):
        lines += [title.format("一二三四五六七八"[n - 1]), ""] if n % 3 == 0 else []
        lines += [f"第{n}种鸟叫什么（ ）", "A. 鹰", "B. 鹤", "C. 鹅", "答案：B", ""]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.question for row in rows] == [f"第{n}种鸟叫什么（ ）" for n in range(1, 9)]
    assert {row.options["C"] for row in rows} == {"鹅"} and not any(row.flags for row in rows)


@pytest.mark.parametrize("said", ["是", "为民服务", "是人类的朋友"])
def test_a_word_behind_a_label_is_no_colon(said: str, tmp_path: Path) -> None:
    lines = [f"{n}、第{n}种鸟如何？\n【答案】{said}\n" for n in range(1, 6)]
    assert {row.answer for row in rows_of(tmp_path, "\n".join(lines))} == {said}


@pytest.mark.parametrize("marks", ["甲、乙、丙、", "1)2)3)"])
def test_marks_before_ticked_options_are_no_text(marks: str, tmp_path: Path) -> None:
    signs = [marks[k : k + 2] for k in (0, 2, 4)]
    options = "\n".join(f"{s}{t}" for s, t in zip(signs, ("鹰", "鹤 √", "鹅"), strict=True))
    lines = [f"{n}. 第{n}种鸟叫什么（ ）\n{options}" for n in range(1, 7)]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == ["B"] * 6
    assert rows[0].options == {"A": "鹰", "B": "鹤", "C": "鹅"}


@pytest.mark.parametrize("texts", [("①②", "②③", "③④"), ("甲、乙", "乙、丙", "丙、甲")])
def test_options_that_combine_marks_keep_them(texts: tuple[str, ...], tmp_path: Path) -> None:
    options = "\n".join(f"{'ABC'[k]}. {text}" for k, text in enumerate(texts))
    lines = [f"{n}. 第{n}组会飞的是（ ）\n{options}\n答案：B" for n in range(1, 6)]
    assert tuple(rows_of(tmp_path, "\n".join(lines))[0].options.values()) == texts


def test_letters_right_before_latin_text(tmp_path: Path) -> None:
    named = ["HTTP", "FTP服务", "安全外壳", "DNS"]
    each = [f"{'ABCD'[k]}{text}" for k, text in enumerate(named)]
    lines = [f"{n}. 第{n}种协议是（ ）\n" + "\n".join(each) + "\n答案：C" for n in range(1, 5)]
    lines += [f"{n}. 第{n}种文件是（ ）\nA音频文件 BWord文档 C压缩文件\n答案：B" for n in (5, 6, 7)]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == [*"CCCC", *"BBB"]
    assert list(rows[0].options.values()) == named
    assert list(rows[5].options.values()) == ["音频文件", "Word文档", "压缩文件"]


def test_letters_may_fill_a_blank_of_a_sheet(tmp_path: Path) -> None:
    lines = ["题型,题号,内容,答案"]
    lines += [f"填空题,{n},查看{n}的命令是____。,{['df', 'ls', 'cat'][n % 3]}" for n in range(1, 7)]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    rows = list(read(tmp_path / "a.csv", Ledger()))
    assert [row.answer for row in rows] == ["ls", "cat", "df"] * 2


def test_circled_options_of_a_paper_of_several_kinds(tmp_path: Path) -> None:
    lines = ["一、单选题"]
    lines += [f"{n}. 第{n}种鸟叫什么（ ）\n①鹰\n②鹤\n③鹅\n④鸭" for n in range(1, 5)]
    lines += ["二、判断题", *(f"{n}. 第{n}种鸟会飞。" for n in range(5, 12)), "参考答案"]
    lines += ["1.② 2.④ 3.① 4.② " + " ".join(f"{n}.√" for n in range(5, 12))]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == [*"BDAB", *[""] * 7]
    assert rows[0].options == {"A": "鹰", "B": "鹤", "C": "鹅", "D": "鸭"}


def test_the_answers_above_their_questions(tmp_path: Path) -> None:
    lines = [
        f"正确选项：{'ABC'[n % 3]}\n{n}. 第{n}种鸟叫什么（ ）\nA. 鹰\nB. 鹤\nC. 鹅"
        for n in range(1, 7)
    ]
    rows = rows_of(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == ["ABC"[n % 3] for n in range(1, 7)]


@pytest.mark.parametrize("stem", ["题目", "题目{}", "题干"])
def test_a_sheet_whose_titles_stand_in_its_first_column(stem: str, tmp_path: Path) -> None:
    lines = [
        f"{stem.format(n)},第{n}种鸟叫什么（ ）\nA,鹰{n}\nB,鹤\nC,鹅\n"
        f"正确答案,{'ABC'[n % 3]}\n难度,易\n"
        for n in range(1, 7)
    ]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    rows = list(read(tmp_path / "a.csv", Ledger()))
    assert [row.letters for row in rows] == ["ABC"[n % 3] for n in range(1, 7)]
    assert rows[1].options == {"A": "鹰2", "B": "鹤", "C": "鹅"}
    assert rows[1].source.locator == "Sheet1!B8" and not rows[1].flags


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        ("第一章 概论\n最大的鸟是什么？", "鸵鸟", "stem-residue"),
        ("【基础篇】\n最大的鸟是什么？", "鸵鸟", "stem-residue"),
        ("知识点：鸟\n最大的鸟是什么？", "鸵鸟", "stem-residue"),
        ("最大的鸟是什么？\na) 鹰        b) 鸵鸟c) 鹅", "b", "options-in-stem"),
        ("最大的鸟是什么？", "b. 鸵鸟", "answer-is-options"),
        ("会飞的有（ ）\n①鹰\n②鹤\n③鸵鸟", "①②", "answer-is-mark"),
        ("最大的鸟是什么？", "鸵鸟\nNo.2 最小的鸟是（ ）。", "answer-holds-question"),
        ("【D】鸵鸟", "ABC", "options-in-stem"),
        ("最大的鸟是____。", "鸵鸟\n2", "answer-holds-question"),
        ("最大的鸟是什么？", "答案→D", "answer-label"),
        ("最大的鸟是____。", "鸵鸟 4.", "answer-holds-question"),
    ],
)
def test_doubted(question: str, answer: str, code: str) -> None:
    row = Row(question, answer, Source("a", "", "c:1-2", f"3. {question}\n{answer}"))
    examine([row])
    assert code in codes(row)


def test_records_of_other_shapes(tmp_path: Path) -> None:
    import json

    from data_tools.sources import read_bank

    asked = [f"第{n}种鸟叫什么名字" for n in range(1, 5)]
    options = ["麻雀", "喜鹊", "乌鸦"]
    marked = [{"answerContent": text, "isTrue": int(text == "喜鹊")} for text in options]
    inner = {"stem": "", "options": [{"key": "ABC"[k], "val": x} for k, x in enumerate(options)]}
    shapes = (
        lambda stem: {"stem": stem, "options": [[text, text == "喜鹊"] for text in options]},
        lambda stem: {"topic": stem, "options": options, "key": "B"},
        lambda stem: {"questionContent": stem, "answers": marked},
        lambda stem: {"item": {**inner, "stem": stem}, "solution": {"answer": "B"}},
    )
    for shape in shapes:
        path = tmp_path / "a.json"
        path.write_text(json.dumps([shape(stem) for stem in asked], ensure_ascii=False))
        rows = list(read_bank(path, Ledger(), path.name))
        assert [(row.question, row.letters) for row in rows] == [(stem, "B") for stem in asked]
        assert rows[0].options == dict(zip("ABC", options, strict=True)) and not rows[0].flags


def test_letters_in_a_row_of_a_sheet_are_no_header(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    for n in range(1, 25):
        row = [
            f"第{n}支铅笔是哪一种？",
            "软的",
            "硬的",
            "C.  黑的",
            "D.  红的",
            "A" if n % 2 else "C",
        ]
        book.active.append(["哪支铅笔硬？", "H", "B", "HB", "2B", "A"] if n == 9 else row)
    book.save(tmp_path / "a.xlsx")
    rows = list(read(tmp_path / "a.xlsx", Ledger()))
    assert len(rows) == 24 and {len(row.options) for row in rows} == {4}
    assert rows[0].options["C"] == "黑的"
