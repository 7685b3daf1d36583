"""Small banks in layouts that the readers had got wrong, each with the rows that are right."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core.rows import Row
from core.text import bare
from data_tools.ledger import Ledger
from data_tools.preview import read_files
from data_tools.readers import read
from tests.data.bankgen import key

HERE = Path(__file__).parent / "layouts"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in HERE.glob("*.expected.json"))
TOGETHER = {"31a_questions": "31b_answers.xlsx"}  # only make sense in one call


def wanted(name: str) -> list[tuple[object, ...]]:
    rows = json.loads((HERE / f"{name}.expected.json").read_text(encoding="utf-8"))
    return [
        key(
            row["question"],
            row["options"],
            "".join(sorted(re.findall(r"[A-Z]", row["answer"]))),
            row["answer"],
            row["kind"],
        )
        for row in rows
    ]


def rows_of(name: str) -> list[Row]:
    path = next(p for p in HERE.glob(f"{name}.*") if not p.name.endswith(".expected.json"))
    more = [HERE / TOGETHER[name]] if name in TOGETHER else []
    return read_files([path, *more])[0]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("31b")])
def test_layout(name: str) -> None:
    rows = rows_of(name)
    asked = [re.sub(r"\|( --- \|)*", " ", row.question) for row in rows]  # a table is Markdown
    found = [
        key(question, r.options, r.letters, r.answer, r.kind)
        for question, r in zip(asked, rows, strict=True)
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted(name)))


def written(folder: Path, text: str, name: str = "a.txt") -> list[Row]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(read(folder / name, Ledger()))


def test_an_unanswered_paper_gives_no_rows(tmp_path: Path) -> None:
    asked = [
        f"{n}. 电机的转速由{'_' * 6}决定，转矩由{'_' * 6}和{'_' * 6}决定。" for n in range(1, 9)
    ]
    asked += [f"{n}. 第{n}种鸟叫什么（  ）\nA. 甲  B. 乙  C. 丙" for n in range(9, 15)]
    assert written(tmp_path, "\n".join(asked)) == []


@pytest.mark.parametrize("sign", ["&", "→", "◇ ", "● ", "# ", ">> "])
def test_a_sign_before_every_option(sign: str, tmp_path: Path) -> None:
    lines = [
        f"{n}. 第{n}种鸟叫什么（  ）\n{sign}A. 甲{n}\n{sign}B. 乙{n}\n{sign}C. 丙{n}\n答案：B"
        for n in range(1, 6)
    ]
    rows = written(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == ["B"] * 5
    assert rows[1].options == {"A": "甲2", "B": "乙2", "C": "丙2"} and not rows[1].flags


@pytest.mark.parametrize("label", ["正解は", "Risposta", "标答", "Lösung"])
def test_a_label_means_what_stands_behind_it(label: str, tmp_path: Path) -> None:
    lines = [
        f"Frage {n}) 第{n}种鸟叫什么\nA) 甲{n}\nB) 乙{n}\nC) 丙{n}\n{label}: {'ABC'[n % 3]}"
        for n in range(1, 7)
    ]
    rows = written(tmp_path, "\n".join(lines))
    assert [row.letters for row in rows] == ["ABC"[n % 3] for n in range(1, 7)]
    assert {bare(row.question) for row in rows} == {f"第{n}种鸟叫什么" for n in range(1, 7)}


@pytest.mark.parametrize("sign", ["|||", "@@", "^^", "&&", "##"])
def test_any_steady_sign_cuts_lines_into_columns(sign: str, tmp_path: Path) -> None:
    lines = [sign.join([str(n), f"第{n}种鸟会飞", "对错"[n % 2]]) for n in range(1, 9)]
    rows = written(tmp_path, "\n".join(lines))
    assert [row.answer for row in rows] == ["对错"[n % 2] for n in range(1, 9)]
    assert {row.kind for row in rows} == {"judge"} and rows[0].question == "第1种鸟会飞"


def test_what_a_habit_rewrites_keeps_its_signs(tmp_path: Path) -> None:
    """Full-width brackets, traditional words and tabs are only for looking at a line."""
    filled = [f"{n}、第{n}種鳥的名稱是【第{n}類（單）】。" for n in range(1, 7)]
    rows = written(tmp_path, "\n".join(filled))
    assert [row.answer for row in rows] == [f"第{n}類（單）" for n in range(1, 7)]
    chosen = [f"{n}、第{n}種鳥叫什麼？（A. 問題（{n}）| B. 標準） -> B" for n in range(1, 7)]
    rows = written(tmp_path, "\n".join(chosen))
    assert [row.options for row in rows] == [
        {"A": f"問題（{n}）", "B": "標準"} for n in range(1, 7)
    ]


def test_raised_figures_formulas_and_pictures_are_no_doubt(tmp_path: Path) -> None:
    powers = "2的3次方写作什么（  ）\nA. 2³\nB. 23\nC. 6\nD. 2₃\n答案：A"
    assert [row.flags for row in written(tmp_path, f"1. {powers}")] == [[]]
    formulas = [f"{n}. 第{n}个公式怎样写？\n答案：$\\frac{{{n}}}{{2}}$" for n in range(1, 7)]
    assert not any(row.flags for row in written(tmp_path, "\n".join(formulas)))
    below = "-5加5等于多少？->零\n白旗的颜色是什么？->白色\n一周有几天？->七天\n一年有几季？->四季"
    assert not any(row.flags for row in written(tmp_path, below))


def test_a_mark_of_options_left_in_the_stem_is_doubted_in_json_too(tmp_path: Path) -> None:
    left = [
        {"question": f"第{n}种鸟叫什么：\n甲{n}\nB 乙{n}\n正确答案 B", "answer": "B"}
        for n in range(4)
    ]
    said = {"question": "会飞的是", "options": ["鸟", "正确答案 A"], "answer": "A"}
    right = {"question": "会游的是", "options": ["鸟", "鱼"], "answer": "B"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([*left, said, right], ensure_ascii=False), encoding="utf-8")
    flags = [[flag.partition(":")[0] for flag in row.flags] for row in read_files([path])[0]]
    assert flags == [["answer-is-mark"]] * 4 + [["answer-in-option"], []]


def test_a_stem_of_figures_over_options_is_doubted(tmp_path: Path) -> None:
    key = "1. 2 6（ ）\nA. D\nB. 5 1\n答案：A\n2. 会飞的是（ ）\nA. 鸟\nB. 鱼\n答案：A"
    rows = written(tmp_path, key)
    assert [bool(row.flags) for row in rows] == [True, False]


def test_a_star_within_an_option_is_no_tick() -> None:
    from data_tools.readers.induced import _TICK

    assert not any(map(_TICK.search, ("2*3*4", "a*b", "*.txt 文件")))
    assert all(map(_TICK.search, ("* 乙", "乙 *", "(正确) 乙", "乙（正确答案）", "乙√")))


def test_a_bracket_within_a_word_is_no_judgement(tmp_path: Path) -> None:
    """``A(n) ____ …. # answer``: (n) says no, and would leave the question unanswered."""
    lines = [f"{n}. A(n) _____ is the bird number {n}. # name {n}" for n in range(1, 6)]
    lines += ["6. The _____ sings. #lark"]
    rows = written(tmp_path, "\n".join(lines))
    assert [row.answer for row in rows] == [*(f"name {n}" for n in range(1, 6)), "lark"]
