"""Sentences against their passage: paraphrases, units, numbers, denials, names, roles, echoes."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.files import read_jsonl
from rag.query import Passage, check

CASES = list(read_jsonl(Path(__file__).parent / "grounding.jsonl"))
OTHER = "黄山位于安徽省南部，以奇松、怪石、云海、温泉闻名。"


def passage(text: str) -> Passage:
    return Passage("p", "text", text, "", "", {"text": text}, "train", 0.9)


def supported(case: dict[str, Any]) -> bool:
    found = check(
        case["said"], [passage(case["passage"]), passage(OTHER)], case.get("question", "")
    )
    return bool(found) and all(one.supported for one in found)


@pytest.mark.parametrize("right", [True, False])
def test_the_table(right: bool) -> None:
    cases = [case for case in CASES if case["supported"] is right]
    wrong = [case for case in cases if supported(case) != right]
    assert len(cases) > 80 and len(wrong) <= 0.05 * len(cases), wrong


DOMAINS = list(read_jsonl(Path(__file__).parent / "grounding_domains.jsonl"))


@pytest.mark.parametrize(("right", "most"), [(False, 0.03), (True, 0.35)])
def test_other_domains(right: bool, most: float) -> None:
    """Law, kitchen, railway, chemistry, insurance, sport, farm, software; traditional, English. A
    wrong sentence let through does harm, a right one doubted only costs a look."""
    cases = [case for case in DOMAINS if case["supported"] is right]
    wrong = [case["said"] for case in cases if supported(case) != right]
    assert len(cases) > 60 and len(wrong) <= most * len(cases), wrong


def test_every_kind_of_disagreement_is_found() -> None:
    kinds = Counter(case["kind"] for case in CASES)
    found = Counter(case["kind"] for case in CASES if supported(case) == case["supported"])
    for kind, count in kinds.items():
        assert found[kind] >= 0.6 * count, (kind, found[kind], count)


HEAD = "张明接替李强担任厂长，工厂2019年迁往宁州。"
BRIDGE = "大桥1998年通车，由东华设计院设计、北方工程局施工。"


@pytest.mark.parametrize(
    ("text", "said", "right"),
    [
        (HEAD, "张明接替李强担任厂长。", True),
        (HEAD, "李强接替张明担任厂长。", False),
        (BRIDGE, "大桥由北方工程局施工。", True),
        (BRIDGE, "大桥由东华设计院设计，北方工程局施工。", True),
        (BRIDGE, "大桥由北方工程局设计、东华设计院施工。", False),
        (BRIDGE, "设计单位是北方工程局。", False),
    ],
)
def test_exchanged_names_are_no_evidence(text: str, said: str, right: bool) -> None:
    assert check(said, [passage(text)])[0].supported is right


def test_thinking_is_no_sentence_of_the_answer() -> None:
    lake = passage("鄱阳湖是中国最大的淡水湖。")
    found = check("<think>是洞庭湖吗？也许。</think>鄱阳湖是中国最大的淡水湖。", [lake])
    assert [(one.text, one.supported) for one in found] == [("鄱阳湖是中国最大的淡水湖。", True)]
    assert check("<think>鄱阳湖是中国最大的淡水湖。", [lake]) == []


def test_a_yes_or_no_question_may_be_answered_in_its_own_words() -> None:
    lake = passage("鄱阳湖是中国最大的淡水湖。")
    said = "鄱阳湖是中国最大的淡水湖。"
    assert check(said, [lake], "鄱阳湖是中国最大的淡水湖吗？")[0].supported


def test_a_judged_statement_counts_as_it_was_judged() -> None:
    for answer, right in (("正确", True), ("错误", False)):
        found = check("酒后可以驾驶电动车。", [passage(f"酒后可以驾驶电动车。\n答案：{answer}")])
        assert found[0].supported is right, answer


@pytest.mark.parametrize("text", ["的", "1", "不", "鄱阳湖", "5公里", "，"])
def test_a_runaway_sentence_is_checked_in_time(text: str) -> None:
    start = time.process_time()
    check((text * 3000)[:3000], [passage("鄱阳湖面积3583平方公里，不是湖。" * 20)])
    assert time.process_time() - start < 5
