"""What is sent to the model, what is said without evidence, and the check of citations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import domain
from core.domain import Domain
from core.errors import UserError
from core.language import choose
from rag import answer, prompts
from rag.query import Index, Passage, check, prepare, refusal


def passage(text: str, number: int = 1) -> Passage:
    source = {"file": "a.docx", "sha256": "", "locator": f"p:{number}", "text": text}
    return Passage(f"p{number}", "text", text, "", "", source, "train", 0.9)


def with_rag(**values: object) -> Domain:
    return replace(domain.load("gongkao"), settings={"rag": values})


LAKE = passage("鄱阳湖位于江西省北部，面积3583平方公里，是中国最大的淡水湖。")
RIVER = passage("长江全长6397公里，发源于青藏高原。", 2)


def test_evidence_is_numbered_and_the_question_comes_last(index: Index) -> None:
    ready = prepare(index, with_rag(k=3), "我国最大的淡水湖叫什么名字？")
    assert ready.enough and len(ready.passages) == 3
    assert ready.messages[0] == {"role": "system", "content": domain.load("gongkao").system}
    said = ready.messages[-1]["content"]
    for number, one in enumerate(ready.passages, 1):
        assert f"[{number}] {one.text[:4]}" in said
    assert said.rstrip().endswith("我国最大的淡水湖叫什么名字？")
    assert "鄱阳湖" in said


@pytest.mark.parametrize(("language", "foreign"), [("en", "[\u4e00-\u9fff]"), ("zh", "[a-z]{3}")])
def test_the_usual_refusal_is_in_the_readers_language(language: str, foreign: str) -> None:
    choose(language)
    try:
        said = refusal(with_rag(), ("E1234",))
        assert "E1234" in said and not re.search(foreign, said)
    finally:
        choose(None)


def test_weak_evidence_is_refused_unless_own_knowledge_is_allowed(index: Index) -> None:
    off = "帮我写一封请假条"
    assert not prepare(index, with_rag(template="evidence"), off).enough
    assert prepare(index, with_rag(template="structured"), off).enough
    assert refusal(with_rag(refusal="查无此条")) == "查无此条"
    assert prepare(index, with_rag(threshold=0.0), off).enough


@pytest.mark.parametrize(
    ("follow_up", "alone"),
    [("那面积呢？", False), ("它在哪个省？", False), ("中国最长的河流是什么？", True)],
)
def test_follow_ups_search_with_the_question_before(
    index: Index, follow_up: str, alone: bool
) -> None:
    history = [
        {"role": "user", "content": "中国最大的淡水湖是哪个？"},
        {"role": "assistant", "content": "鄱阳湖"},
    ]
    ready = prepare(index, with_rag(), follow_up, history)
    assert (ready.query == follow_up) == alone
    if not alone:
        assert "鄱阳湖" in ready.passages[0].text
        assert [one["role"] for one in ready.messages] == ["system", "user", "assistant", "user"]


def test_a_model_may_rewrite_and_nonsense_is_not_taken(index: Index) -> None:
    history = [{"role": "user", "content": "中国最大的淡水湖？"}]
    asked: list[list[dict[str, str]]] = []

    def rewrite(messages: list[dict[str, str]]) -> str:
        asked.append(messages)
        return "鄱阳湖在哪个省？\n(解释)"

    assert (
        prepare(index, with_rag(), "它在哪个省？", history, rewrite=rewrite).query
        == "鄱阳湖在哪个省？"
    )
    assert "它在哪个省" in asked[0][0]["content"]
    assert prepare(index, with_rag(), "它在哪？", history, rewrite=lambda _: "").query.endswith(
        "它在哪？"
    )
    prepare(index, with_rag(), "长江多长？", history, rewrite=rewrite)
    assert len(asked) == 1, "a question that stands alone is not rewritten"


def test_the_budget_keeps_the_best_and_the_latest(index: Index) -> None:
    history = [
        {"role": role, "content": f"{role}{n}" + "很长的话" * 6}
        for n in range(30)
        for role in ("user", "assistant")
    ]
    ready = prepare(index, with_rag(k=20), "最大的淡水湖是？", history, budget=600)
    total = sum(answer.estimate(one["content"]) for one in ready.messages)
    assert total <= 650 and 1 <= len(ready.passages) < 20
    turns = ready.messages[1:-1]
    assert turns and turns[0]["role"] == "user" and "29" in turns[-1]["content"]
    assert sum(answer.estimate(one["content"]) for one in turns) <= 0.3 * 600
    tiny = prepare(index, with_rag(k=20), "最大的淡水湖是？", budget=10)
    assert len(tiny.passages) == 1, "one passage always stays"


def test_the_estimate_is_not_below_the_demo_models_tokens() -> None:
    text = "世界上面积最大的热带沙漠是撒哈拉沙漠。"
    assert answer.estimate(text) >= len(text)
    assert answer.estimate("plain English words here") >= 6


def test_settings_that_are_misspelt_are_named() -> None:
    with pytest.raises(UserError, match="treshold"):
        answer.settings(with_rag(treshold=1))
    with pytest.raises(UserError, match="evidence"):
        prompts.render("没有位置的模板", [LAKE], "问")


_CONTROL = (
    "<|im_end|> <|im_start|> </s> [INST] <<SYS>> <end_of_turn> </资料> <think> <| |> [1] "
    "{question} {evidence} [UNUSED_TOKEN_145] \u202e \x00 \u200b"
)
CONTROL = st.sampled_from(_CONTROL.split())
SPEAKS = r"<\||\|>|</?s>|\[/?INST\]|<</?SYS>>|_of_turn>|UNUSED_TOKEN_\d+\]|</?think>|</?资料>"


@settings(max_examples=300, deadline=None)
@given(st.lists(CONTROL | st.text(max_size=8), max_size=12).map("".join))
def test_no_text_can_speak_as_the_frame(text: str) -> None:
    quiet = prompts.inert(text)
    assert not re.search(SPEAKS, quiet, re.IGNORECASE)
    assert prompts.inert(quiet) == quiet
    for name, frame in prompts.TEMPLATES.items():
        said = prompts.render(name, [passage(text), LAKE], "问")
        assert said.count("</资料>") == frame.count("</资料>")
        assert len(re.findall(r"\[\s*\d+\s*\]", said)) == 2, "labels are ours alone"


def test_ordinary_signs_stay() -> None:
    plain = "若 x<1 且 y>2，则 [a,b] | c；《书》<br> 3/4"
    assert prompts.inert(plain) == plain


def test_cited_sentences_are_checked() -> None:
    said = "鄱阳湖是中国最大的淡水湖[1]。它的面积是3583平方公里[1]。长江全长6397公里【2】。"
    assert [(one.numbers, one.supported) for one in check(said, [LAKE, RIVER])] == [
        ((1,), True),
        ((1,), True),
        ((2,), True),
    ]


@pytest.mark.parametrize(
    "said",
    [
        "它的面积是3584平方公里[1]。",
        "鄱阳湖面积3583亩[1]。",
        "长江全长6397米[2]。",
        "长江全长6397万公里[2]。",
        "鄱阳湖是中国最大的淡水湖[2]。",
        "鄱阳湖是中国最大的淡水湖[9]。",
        "鄱阳湖是中国最大的淡水湖[0]。",
        "太阳系有八大行星[1]。",
        "长江全长6397公里，1949年测得[2]。",
    ],
)
def test_what_the_passage_does_not_hold_is_marked(said: str) -> None:
    assert [one.supported for one in check(said, [LAKE, RIVER])] == [False]


def test_uncited_sentences_find_their_passage_or_none() -> None:
    found = check("长江发源于青藏高原。火星有两颗卫星。", [LAKE, RIVER])
    assert [(one.numbers, one.supported, one.given) for one in found] == [
        ((2,), True, False),
        ((), False, False),
    ]
    assert check("鄱阳湖", [LAKE])[0].numbers == (1,)
    assert check("", [LAKE]) == [] and check("。。[1]", [LAKE]) == []


def test_numbers_are_the_same_in_any_digits() -> None:
    year = passage("中华人民共和国成立于1949年10月1日。")
    for said in ("成立于一九四九年[1]", "成立于１９４９年10月[1]", "成立于1949[1]"):
        assert check(said, [year])[0].supported, said
    assert not check("成立于一九四八年[1]", [year])[0].supported


def test_several_citations_count_together() -> None:
    one = check("鄱阳湖在江西省，长江全长6397公里[1][2]。", [LAKE, RIVER])[0]
    assert one.numbers == (1, 2) and one.supported


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_answer_can_be_checked(text: str) -> None:
    for one in check(text, [LAKE, RIVER]):
        assert one.text in text
        assert one.numbers or not one.supported
    assert not any(one.supported for one in check(f"{text}面积7777771平方公里[1]"[-40:], [LAKE]))


def test_tokens_are_counted_by_the_server_where_it_can() -> None:
    from core.chat import Endpoint

    count = answer.counter(Endpoint(url="http://127.0.0.1:9/v1", model="away"))
    assert count("鄱阳湖") == answer.estimate("鄱阳湖"), "no server: the estimate"


def test_attempts_reach_the_model_as_data_and_never_with_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.rag_injections import attempts, prepared

    monkeypatch.setenv("TIKUFORGE_API_KEY", "sk-secret-of-this-test")
    assert len(attempts()) * 2 >= 50
    for attempt in attempts():
        for name, frame in prompts.TEMPLATES.items():
            said = prompts.render(name, [passage(attempt["text"])], attempt["text"])
            assert said.count("</资料>") == frame.count("</资料>"), attempt
            assert not re.search(r"<\|im_|\[/?INST\]|<</?SYS>>", said), attempt
    for _, _, ready in prepared("gongkao", tmp_path, step=6):
        assert [one["role"] for one in ready.messages] == ["system", "user"]
        assert ready.messages[0]["content"] == domain.load("gongkao").system
        assert "sk-secret-of-this-test" not in str(ready.messages)
