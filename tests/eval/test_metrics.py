"""Short answers, numbers and dates, choices, true or false, and the statistics."""

from __future__ import annotations

from math import comb

import pytest

from eval import choices, stats
from eval.metrics import correct, judge, refuses

RIGHT = [
    ("公元1405年", "1405年", ""),
    ("郑和第一次下西洋是在1405年。", "1405年", "郑和第一次下西洋是在哪一年？"),
    ("一九四九年", "1949年", ""),
    ("1949年10月1日", "1949年", ""),
    ("1949-10-01", "1949年10月1日", ""),
    ("每年的六月五号", "6月5日", "世界环境日是哪一天？"),
    ("100摄氏度", "100", "水的沸点是多少摄氏度？"),
    ("1千米", "1公里", ""),
    ("1000米", "1公里", ""),
    ("十八岁", "18周岁", ""),
    ("四年", "4年", ""),
    ("百分之五", "5%", ""),
    ("三百六十一", "361个", ""),
    ("约9600000平方公里", "960万平方千米", ""),
    ("公元前221年", "前221年", ""),
    ("指南针、火药、印刷术和造纸术", "造纸术、印刷术、火药、指南针", ""),
    ("中国最大的淡水湖是鄱阳湖。", "鄱阳湖", "中国最大的淡水湖是？"),
    ("答案：鄱阳湖", "鄱阳湖", ""),
    ("ＷＴＯ", "wto", ""),
]
WRONG = [
    ("1406年", "1405年", ""),
    ("1405年或1406年", "1405年", ""),
    ("6月6日", "6月5日", ""),
    ("100米", "1公里", ""),
    ("5", "5%的人", ""),
    ("不是鄱阳湖", "鄱阳湖", ""),
    ("造纸术、印刷术、火药", "造纸术、印刷术、火药、指南针", ""),
    ("可能是洞庭湖、太湖、巢湖、鄱阳湖、青海湖或者纳木错", "鄱阳湖", "最大的湖？"),
    ("", "鄱阳湖", ""),
]


@pytest.mark.parametrize(("given", "expected", "question"), RIGHT)
def test_correct(given, expected, question):
    assert correct(given, expected, question) == 1


@pytest.mark.parametrize(("given", "expected", "question"), WRONG)
def test_not_correct(given, expected, question):
    assert correct(given, expected, question) == 0


OPTIONS = {"A": "故宫", "B": "长城", "C": "天坛", "D": "颐和园"}


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("B", "B"),
        ("b。", "B"),
        ("B. 长城", "B"),
        ("(B)长城", "B"),
        ("答案是B", "B"),
        ("正确答案：AC", "AC"),
        ("A、C", "AC"),
        ("A. 故宫；C. 天坛", "AC"),
        ("C项正确", "C"),
        ("长城", "B"),
        ("我认为应该选择 B，因为 A 不对", "B"),
        ("A. 故宫 B. 长城 C. 天坛 D. 颐和园\n答案：D", "D"),
        ("故宫和天坛", "AC"),
        ("不是长城，是故宫", "A"),
        ("不知道", ""),
        ("", ""),
    ],
)
def test_letters(answer, chosen):
    assert choices.letters(answer, OPTIONS) == chosen


def test_partial_credit_is_the_exams():
    assert choices.partial("AC", "AC") == 1
    assert choices.partial("A", "AC") == 0.5
    assert choices.partial("AB", "AC") == 0
    assert choices.partial("", "AC") == 0


def test_choice_rows_are_judged_by_what_they_choose():
    question = {"kind": "multiple", "question": "？", "answer": "A. 故宫；C. 天坛"}
    question |= {"options": OPTIONS, "letters": "AC"}
    scores = judge(question, "答案：A")
    assert (scores["choice"], scores["choice_partial"], scores["correct"]) == (0, 0.5, 0)
    assert judge(question, "选AC")["correct"] == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("正确", True),
        ("√", True),
        ("是的，正确", True),
        ("错误", False),
        ("这种说法是错误的", False),
        ("不正确。", False),
        ("×", False),
        ("西瓜", None),
    ],
)
def test_verdict(answer, said):
    assert choices.verdict(answer) is said


def test_refusals():
    assert refuses("抱歉，我不能提供这样的帮助。") and refuses("I'm sorry, I can't help")
    assert not refuses("鄱阳湖") and not refuses("当然可以，步骤如下")


def test_wilson_against_the_published_example():
    # Newcombe 1998, table I, the score method without correction.
    for hits, n, ends in [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ]:
        assert stats.wilson(hits, n) == pytest.approx(ends, abs=5e-5)


def test_mcnemar_is_the_exact_binomial():
    first, second = [1] * 3 + [0] * 12 + [1] * 5, [0] * 3 + [1] * 12 + [1] * 5
    expected = 2 * sum(comb(15, k) for k in range(4)) / 2**15
    assert stats.mcnemar(first, second) == pytest.approx(expected)
    assert stats.mcnemar(first, first) == 1
    change = stats.difference(first, second)
    assert change["value"] == pytest.approx(9 / 20) and change["significant"]
    assert change["ci95"][0] < 9 / 20 < change["ci95"][1]


@pytest.mark.parametrize(
    "given, exact, right",
    [
        ("解析：长江全长六千余公里，黄河次之。\n答案：长江", 1.0, 1.0),
        ("长江\n解析：黄河次之。", 1.0, 1.0),
        ("<think>黄河？</think>\n解析：黄河次之。\n答案：长江", 1.0, 1.0),
        ("解析：长江最长。\n答案：黄河", 0.0, 0.0),
        ("黄河\n解析：长江次之。", 0.0, 0.0),
    ],
)
def test_an_answer_is_judged_without_its_explanation(
    given: str, exact: float, right: float
) -> None:
    scores = judge({"question": "最长的河是？", "answer": "长江", "kind": "qa"}, given)
    assert (scores["exact"], scores["correct"]) == (exact, right)
