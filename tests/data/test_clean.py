from __future__ import annotations

import pytest

from core.kept import defused
from core.rows import Row, Source
from data_tools.clean import clean, keys, normalise
from data_tools.groups import group
from data_tools.ledger import Ledger


def row(question: str, answer: str, number: int = 1, **more: object) -> Row:
    source = Source("a.docx", "0" * 64, f"p:{number}", f"{question}->{answer}")
    return Row(question, answer, source, id=f"x-{number:06d}", **more)  # type: ignore[arg-type]


def rows_of(*pairs: tuple[str, str]) -> list[Row]:
    return [row(question, answer, number) for number, (question, answer) in enumerate(pairs, 1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("中国最大的岛是：", "台湾岛"), ("中国最大的岛是?", "台湾岛。")),
        (("ＧＤＰ指什么", "国内生产总值"), ("gdp指什么？", "国内生产总值")),
        (("四大发明（多选）", "火药、造纸术"), ("四大发明(多选)", "造纸术；火药")),
        (("诗仙是？", "B.李白"), ("诗仙是", "李白")),
    ],
)
def test_one_question_typed_in_two_ways(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert keys(row(*one)) == keys(row(*other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("x>1时y？", "增"), ("x<1时y？", "增")),
        (("前三名依次是", "状元、榜眼、探花"), ("前三名依次是", "状元、探花、榜眼")),
        (("圆周率", "3.14"), ("圆周率", "314")),
        (("利率", "5%"), ("利率", "5")),
    ],
)
def test_different_things_stay_apart(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert keys(row(*one)) != keys(row(*other))


def test_reordered_options_are_the_same_choice() -> None:
    first = row("最大的宫殿？", "", kind="single", options={"A": "故宫", "B": "白宫"}, letters="A")
    other = row("最大的宫殿？", "", kind="single", options={"A": "白宫", "B": "故宫"}, letters="B")
    assert keys(first) == keys(other)
    normalise([first])
    assert first.answer == "A. 故宫"


def test_duplicates_and_contradictions_are_ledgered() -> None:
    ledger = Ledger()
    rows = rows_of(("甲是？", "1"), ("甲是:", "1"), ("乙是？", "2"), ("乙是", "3"), ("丙是？", "4"))
    cleaned = clean(rows, list(map(keys, rows)), ledger)
    assert [kept.id for kept in cleaned.rows] == ["x-000001", "x-000005"]
    assert [kept.id for kept in cleaned.held] == ["x-000003", "x-000004"]
    assert (cleaned.duplicates, cleaned.conflicts) == (1, 1)
    assert [(e.locator, e.reason) for e in ledger] == [("p:2", "duplicate: a.docx p:1 x-000001")]
    assert cleaned.held[0].flags == ["conflict: 2 | 3"]


def test_paraphrases_share_a_group_and_other_questions_do_not() -> None:
    rows = rows_of(
        ("《红楼梦》的作者是：", "曹雪芹"),
        ("《红楼梦》是谁写的？", "曹雪芹"),
        ("中国面积最大的淡水湖是：", "鄱阳湖"),
        ("我国最大的淡水湖叫什么名字？", "鄱阳湖"),
        ("力的国际单位是：", "牛顿"),
        ("万有引力定律是谁提出的？", "牛顿"),
        ("2008年夏季奥运会在哪里举办？", "北京"),
        ("2022年冬季奥运会在哪里举办？", "北京"),
        ("日本的首都是？", "东京"),
        ("埃及的首都是？", "开罗"),
    )
    cleaned = clean(rows, list(map(keys, rows)), Ledger())
    assert group(cleaned.rows, cleaned.keys) == 8
    names = [kept.group for kept in cleaned.rows]
    assert names[0] == names[1] and names[2] == names[3]
    assert names[0] == "g-00001"


def test_formulas_are_defused_and_signed_numbers_are_not() -> None:
    for attack in ("=cmd|'/c calc'!A0", "+1+cmd|x", "-2+3", "@SUM(A1)", "\t=1", "+cmd"):
        assert defused(attack) == "'" + attack
    for plain in ("-5", "+3%", "-40℃", "故宫", "3-5"):
        assert defused(plain) == plain
