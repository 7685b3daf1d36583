"""Evidence that fits what is asked: known items in any writing, unknown ones refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag import demands, excerpts, fit
from rag.build import build, pieces
from rag.query import Index, prepare, refusal
from tests.rag import parallel
from tests.rag.conftest import row
from tests.rag.test_answer import with_rag

BANKS = [
    parallel.articles(),
    parallel.pumps(),
    parallel.isbns(),
    parallel.trains(),
    parallel.standards(),
]
LONG = "总则。" + "".join(
    f"各部门按规定办理第{n}类事项，做好记录并存档备查。" for n in range(2, 60)
)
ROWS = [one for bank in BANKS for one in bank.rows[:12]] + [
    ("哪些车辆可以进入园区？", "持有通行证的车辆"),
    ("哪些车辆不可以进入园区？", "没有通行证的车辆"),
    ("法国的首都是哪座城市？", "巴黎"),
    ("园区管理办法的全文是什么？", LONG + "温室的备用阀门由老王的徒弟在下午四点检修。"),
]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Index:
    from core.files import write_jsonl

    home = tmp_path_factory.mktemp("parallel")
    rows = [row(at + 1, *one) for at, one in enumerate(ROWS)]
    write_jsonl(home / "data" / "kb.jsonl", rows)
    build(home / "data" / "kb.jsonl", home / "index")
    return Index.open(home / "index")


def test_known_items_are_found_in_any_writing(bank: Index) -> None:
    wrong = []
    for number, one in enumerate(BANKS):
        for question, at in one.known[: 36 if number == 2 else 12 : 3]:
            ready = prepare(bank, with_rag(), question)
            expected = one.rows[at][0]
            if at < 12 and not (ready.enough and ready.passages[0].question == expected):
                wrong.append((question, ready.passages[0].question, ready.passages[0].score))
    assert not wrong


def test_unknown_items_are_refused_by_name(bank: Index) -> None:
    for one in BANKS:
        for question in one.unknown[::6]:
            ready = prepare(bank, with_rag(), question)
            assert not ready.enough and ready.missing, question
            assert ready.missing[0] in refusal(with_rag(), ready.missing)
    ready = prepare(bank, with_rag(), "E1234是什么故障")
    assert ready.missing == ("E1234",) and "nothing on E1234" in refusal(with_rag(), ready.missing)
    assert prepare(bank, with_rag(), "挪威的首都是哪座城市？").missing == ("挪威",)


def test_what_is_denied_is_answered_by_what_denies(bank: Index) -> None:
    first = prepare(bank, with_rag(), "什么车不可以进入园区").passages[0]
    assert first.answer == "没有通行证的车辆"
    assert prepare(bank, with_rag(), "什么车可以进园区").passages[0].answer == "持有通行证的车辆"


def test_the_part_of_a_long_answer_that_answers_is_sent(bank: Index) -> None:
    ready = prepare(bank, with_rag(k=1), "温室的备用阀门由谁检修？")
    sent = ready.messages[-1]["content"]
    assert ready.enough and "老王的徒弟在下午四点" in sent and "此为第" in sent
    assert len(ready.passages[0].text) > 1300 > len(sent)
    assert (
        "第12类事项" in prepare(bank, with_rag(k=1), "第12类事项怎么办理").messages[-1]["content"]
    )


@pytest.mark.parametrize(
    ("question", "passage", "held"),
    [
        ("e-1034", "错误码Ｅ１０３４表示", True),
        ("E1034", "错误码E10345表示", False),
        ("E1034", "错误码E1034B表示", False),
        ("GB/T7714—2015", "国标 GB/T 7714-2015 规定", True),
        ("第12条", "第十二条 规定", True),
        ("第十二条", "第二十条 规定", False),
        ("50毫克", "每片50mg", True),
        ("50mg", "每片50g", False),
        ("250mg", "胶囊0.25g", True),
        ("125毫克", "胶囊0.25g", False),
        ("1.5升", "一瓶1500毫升", True),
        ("LX 500 Pro功率", "型号LX-500Pro的参数", True),
        ("LX 500 Max功率", "型号LX-500Pro的参数", False),
        ("一九九八年", "1998年夏", True),
        ("ISBN 978-7-02-000220-7", "书号9787020002207", True),
        ("《中华人民共和国劳动法》", "劳动法规定", True),
        ("KX 328", "型号KX-328的功率", True),
        ("iPhone 15多少钱", "iPhone15的价格", True),
        ("iPhone 15多少钱", "iPhone 14的价格", False),
    ],
)
def test_names_are_compared_in_their_normal_form(question: str, passage: str, held: bool) -> None:
    named = demands.of(question)
    assert named and all(demands.holds(one, passage) for one in named) == held


@pytest.mark.parametrize(
    ("question", "other", "topic"),
    [
        ("维生素D片100mg的服法", "维生素C片100mg怎么服用？", "维生素D"),
        ("维生素C片0.1g的服法", "维生素C片100mg怎么服用？", ""),
        ("左氧氟沙星片0.1g怎么服用", "维生素C片100mg怎么服用？", "左氧氟沙星"),
        ("打开U盘的办法", "U盘怎么打开？", ""),
    ],
)
def test_a_parallel_item_is_another_topic(question: str, other: str, topic: str) -> None:
    assert fit.other_topic(question, other) == topic


def test_questions_without_names_demand_nothing() -> None:
    for question in ("故宫在哪座城市？", "三个代表是什么", "have you 2 apples", "5个人能坐下吗"):
        assert demands.of(question) == ()


def test_denials_are_counted() -> None:
    assert fit.denies("哪些车不可以进") and fit.denies("哪个不属于水果") and fit.denies("禁止吗")
    for question in ("是不是水果", "有没有水", "不同的国家", "不能不去吗", "非常大吗", "能不能去"):
        assert not fit.denies(question), question


def test_pieces_and_excerpts_lose_nothing_and_stay_in_bounds(
    make_kb: Callable[..., Path],
) -> None:
    long = row(1, "全文是什么？", LONG)
    parts = pieces(long)
    assert len(parts) > 3 and all(one.startswith("全文是什么？ ") for one in parts)
    assert "".join(one.removeprefix("全文是什么？ ") for one in parts) == LONG
    assert pieces(row(2, "短？", "短")) == ["短？ 短"]
    for longest in (100, 300, 600):
        shown = excerpts.part(long["text"], "第33类事项", longest)
        assert len(shown) <= longest and "第33类" in shown
    assert excerpts.part("短", "问", 600) == "短"
    assert len(excerpts.part("无标点" * 900, "问", 600)) <= 600
