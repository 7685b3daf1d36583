"""Questions that differ by a sign are different questions; those that differ by typing are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.rows import Row, Source
from data_tools import clean
from data_tools.ledger import Ledger

DIFFER = """
C语言的设计者是谁？|C++语言的设计者是谁？|C#语言的设计者是谁？
Co是什么物质的符号？|CO是什么物质的符号？
2³等于多少？|23等于多少？
-5加5等于多少？|5加5等于多少？
“!”在C语言里表示什么？|“&”在C语言里表示什么？|“=”在C语言里表示什么？|“==”在C语言里表示什么？
a*b表示什么？|a/b表示什么？|ab表示什么？|a_b表示什么？
5!等于多少？|5等于多少？
0.5%是多少？|05是多少？
F#是什么调？|F是什么调？
Pb是哪种元素？|PB是哪种元素？
x²的导数是什么？|x2的导数是什么？
n!的含义？|n的含义？|n'的含义？
p&q表示什么？|p|q表示什么？|pq表示什么？
H₂与H²|H2与H2
1/2是多少？|12是多少？
MHz是多少赫兹？|mHz是多少赫兹？
@property是什么？|property是什么？
10⁸是多少？|108是多少？
R&D是什么|RD是什么
log₂8等于？|log28等于？
"""
SAME = """
中国的首都是？|中国的首都是：|中国的首都是( )。
DNA是什么？|dna是什么
pH值为7是？|PH值为7是？
“五四”运动在哪年？|五四运动在哪年？
IBM是哪国公司？|ibm是哪国公司?
Hello, world!出自哪？|hello world出自哪
他说：“好！”对不对？|他说：“好!”对不对?
A、B哪个大？|A,B哪个大?
Python由谁设计|python由谁设计
5公里/小时|5公里／小时
Ｃ＃是什么|C#是什么
"""


def rows(line: str) -> list[Row]:
    made = []
    for number, question in enumerate(line.replace("p|q", "p\0q").split("|")):
        source = Source("f", "0" * 64, f"p:{number}", question)
        made.append(Row(question.replace("\0", "|"), f"答{number}", source, "qa", id=f"x-{number}"))
    return made


@pytest.mark.parametrize("line", DIFFER.strip().splitlines())
def test_signs_make_another_question(line: str) -> None:
    given = rows(line)
    kept = clean.clean(given, [clean.keys(row) for row in given], Ledger())
    assert [row.question for row in kept.rows] == [row.question for row in given]


@pytest.mark.parametrize("line", SAME.strip().splitlines())
def test_typing_makes_none(line: str) -> None:
    given = rows(line)
    kept = clean.clean(given, [clean.keys(row) for row in given], Ledger())
    assert not kept.rows and kept.conflicts == 1 and len(kept.held) == len(given)


def test_raised_digits_keep_two_options_apart() -> None:
    source = Source("f", "0" * 64, "p:1", "")
    row = Row("一亿是？", "", source, "single", options={"A": "10⁸", "B": "108"}, letters="A")
    assert clean.keys(row).answer != clean.keys(replace(row, letters="B")).answer
