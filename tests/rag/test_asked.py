"""Passages that answer another kind of question than is asked."""

from __future__ import annotations

import pytest

from rag import asked
from rag.passages import Passage


def passage(question: str, answer: str) -> Passage:
    return Passage("p", "qa", f"{question}\n答案：{answer}", question, answer, {}, "train", 0.9)


@pytest.mark.parametrize(
    ("query", "question", "answer", "differs"),
    [
        ("水球是哪个世纪出现的", "水球起源于哪个国家？", "英国", True),
        ("水球起源于哪里", "水球起源于哪个国家？", "英国", False),
        ("渡口棋赛头一届是哪年", "渡口棋赛每隔多少年举办一次？", "4", True),
        ("西山塔是谁的设计", "西山塔的“西山”指的是哪里？", "城西", True),
        ("大桥哪年通车", "大桥通车于", "春天来临之前", False),
        ("大桥哪年通车", "大桥最早建于", "南岸", True),
        ("一星期有多少小时", "一星期的小时数是", "很久", True),
        ("东京以前叫什么", "江户是今天的哪座城市？", "东京", True),
        ("苹果和梨哪个更甜", "苹果和梨哪一个甜？", "苹果", False),
        ("世界上海拔最低的大洲", "世界上海拔最高的大洲是", "南极洲", True),
        ("海马是谁的号", "“海马”是李四的号。", "错", True),
        ("海马是李四的号吗", "“海马”是李四的号。", "错", False),
        ("什么时候须报告", "在何时，应当报告？", "入伍", False),
        ("三明治是几世纪才有的", "三明治的命名是____世纪的事", "13", False),
    ],
)
def test_another_kind_of_question(query: str, question: str, answer: str, differs: bool) -> None:
    assert asked.differs(query, passage(question, answer)) == differs


def test_a_text_answers_any_kind() -> None:
    text = Passage("p", "text", "大桥位于北岸。", "", "", {}, "train", 0.9)
    assert not asked.differs("大桥哪年通车", text)
