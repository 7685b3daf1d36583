"""Questions as they are built: samples, probes, tables, the general suites, and what is refused."""

from __future__ import annotations

import pytest

from core.domain import Domain
from core.errors import UserError
from core.files import read_jsonl, write_jsonl
from eval import card, gates, suites
from tests.eval.conftest import row

DRUGS = "药品,适应症\n甲片,高血压|心绞痛\n乙片,\n丙片,失眠症\n"


def domain(tmp_path, **settings) -> Domain:
    return Domain("test", "测试", "简答。", eval_max=5, settings={"eval": settings})


@pytest.fixture
def data(tmp_path):
    rows = [row(n, f"第{n}个问题是什么？", f"答{n}") for n in range(20)]
    rows.append(row(20, "随便聊聊", "好") | {"kind": "general"})
    write_jsonl(tmp_path / "train.jsonl", rows)
    write_jsonl(tmp_path / "eval.jsonl", [row(99, "留出的问题？", "答")])
    return tmp_path


def test_a_seeded_sample_without_the_general_rows(data):
    first = suites.build(domain(data), data, "domain")
    again = suites.build(domain(data), data, "domain")
    assert [q["id"] for q in first["train"]] == [q["id"] for q in again["train"]]
    assert len(first["train"]) == 5 and len(first["heldout"]) == 1
    everything = suites.build(domain(data, sample=99), data, "domain")["train"]
    assert len(everything) == 20 and all(q["question"] != "随便聊聊" for q in everything)


def test_every_turn_of_a_conversation_is_sent(data):
    talk = [{"system": "系", "input": "一", "output": "二"}, {"input": "三", "output": "四"}]
    question = suites.from_row({"id": "x", "conversation": talk}, "train")
    assert [m["content"] for m in question["messages"]] == ["系", "一", "二", "三"]
    assert [m["role"] for m in question["messages"]] == ["system", "user", "assistant", "user"]
    assert question["answer"] == "四"


def test_a_labelled_table_becomes_a_suite(data):
    (data / "drugs.csv").write_text(DRUGS, encoding="utf-8")
    table = {
        "name": "drugs",
        "file": str(data / "drugs.csv"),
        "entity": "药品",
        "labels": "适应症",
        "question": "{entity}的适应病症",
    }
    found = suites.build(domain(data, tables=[table]), data, "domain")["drugs"]
    assert [q["question"] for q in found] == ["甲片的适应病症", "丙片的适应病症"]
    assert (
        found[0]["labels"] == ["高血压", "心绞痛"]
        and found[0]["messages"][0]["content"] == "简答。"
    )
    with pytest.raises(UserError, match="缺列"):
        suites.build(domain(data, tables=[{**table, "labels": "没有"}]), data, "domain")


def test_the_general_suites_are_ours_and_whole(data):
    found = suites.build(domain(data), data, "general")
    assert set(found) == set(suites.GENERAL) and len(found["general"]) >= 50
    assert all(q.get("refuse") for name in suites.GENERAL[1:] for q in found[name])
    texts = [q["question"] for questions in found.values() for q in questions]
    assert len(texts) == len(set(texts))
    assert set(suites.build(domain(data), data, "all")) > set(found)


def test_a_held_out_question_that_was_learnt_is_refused(data):
    rows = list(read_jsonl(data / "train.jsonl"))
    write_jsonl(data / "eval.jsonl", [row(99, rows[3]["conversation"][0]["input"], "答")])
    with pytest.raises(UserError, match="不能评分"):
        suites.build(domain(data), data, "domain")


def test_unknown_suites_and_missing_data_are_said(data, tmp_path):
    with pytest.raises(UserError, match="domain, general, all"):
        suites.build(domain(data), data, "nope")
    with pytest.raises(UserError, match="make data"):
        suites.build(domain(data), tmp_path / "away", "domain")


def test_the_limit_leaves_room_for_the_longest_answer():
    assert suites.token_limit([{"answer": "长江"}]) == 48
    assert suites.token_limit([{"answer": "长" * 100}]) == 316
    assert suites.token_limit([{"answer": "长江", "explained": 98}]) == 316
    assert suites.token_limit([{"answer": "长" * 9999}]) == 1024


def cell(value):
    return {"value": value, "n": 10, "ci95": [0, 1]}


def test_gates_of_a_domain():
    columns = {
        "base": {"general.correct": cell(0.5)},
        "tuned": {"general.correct": cell(0.4), "train.exact": cell(0.9), "failure.cut": cell(0.2)},
    }
    settings = {"train.exact": 0.9, "failure.cut": {"most": 0.1}, "general.correct": {"lose": 0.05}}
    found = gates.judge({**settings, "heldout.exact": 0.5}, {}, columns, "tuned")
    assert [(gate["name"], gate["pass"]) for gate in found] == [
        ("train.exact", True),
        ("failure.cut", False),
        ("general.correct", False),
    ]  # heldout was not asked: its gate waits
    with pytest.raises(UserError, match=r"train\.exakt"):
        gates.judge({"train.exakt": 0.5}, {}, columns, "tuned")
    with pytest.raises(UserError, match="boring"):
        gates.limits({"boring": 0.5})


RIVERS = {"A": "黄河", "B": "长江", "C": "珠江", "D": "淮河"}


def choice(number, options, letters):
    asked = "\n".join(["最长的河是？", *(f"{one}. {text}" for one, text in options.items())])
    said = "；".join(f"{one}. {options[one]}" for one in letters)
    return row(number, asked, said) | {"kind": "single", "options": options, "answer": letters}


def test_choice_questions_are_asked_in_another_order_too(data):
    assert "shuffled" not in suites.build(domain(data), data, "domain")
    stays = {**RIVERS, "D": "以上都对"}
    write_jsonl(data / "eval.jsonl", [choice(1, RIVERS, "B"), choice(2, stays, "B")])
    sets = suites.build(domain(data), data, "domain")
    (other,) = sets["shuffled"]
    assert other["of"] == sets["heldout"][0]["id"] and other["id"] != other["of"]
    assert other["options"] != RIVERS and set(other["options"].values()) == set(RIVERS.values())
    assert other["options"][other["letters"]] == "长江"
    assert other["answer"] == f"{other['letters']}. 长江"
    asked = other["messages"][-1]["content"]
    assert asked == other["question"] and f"\n{other['answer']}" in asked
    assert sets["heldout"][0]["options"] == RIVERS
    assert suites.build(domain(data), data, "domain") == sets


@pytest.mark.parametrize(
    "first, second, same",
    [
        ("长江", "长江", 1.0),
        ("黄河", "黄河", 1.0),
        ("长江", "黄河", 0.0),
        ("", "", 0.0),
        ("B", "B", 0.0),
    ],
)
def test_who_has_learnt_letters_is_not_consistent(data, first, second, same):
    write_jsonl(data / "eval.jsonl", [choice(1, RIVERS, "B")])
    sets = suites.build(domain(data), data, "domain")

    def said(suite, text):
        question = sets[suite][0]
        letter = next((one for one, o in question["options"].items() if o == text), text)
        return {
            "question": question,
            "given": f"{letter}\n解析：略" if letter else "",
            "scores": {},
        }

    asked = {"heldout": [said("heldout", first)], "shuffled": [said("shuffled", second)]}
    assert sets["shuffled"][0]["options"]["B"] != "长江"
    card.consistency(asked)
    assert asked["shuffled"][0]["scores"] == {"consistent": same}
    alone = {"shuffled": [said("shuffled", second)]}
    card.consistency(alone)  # its own order was not asked
    assert not alone["shuffled"][0]["scores"]
