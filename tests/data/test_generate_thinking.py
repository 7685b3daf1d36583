"""Generation by models that think first, in the forms of several families, and by careless ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UserError
from data_tools.generate import parse, screen
from tests.data.generate_server import Said, Scripted
from tests.data.test_generate import generate, rows, story

DRAFT = """先想一想。草稿：{"questions": [{"type": "情节", "question": "林知秋的草稿问题是什么？"}]}
也许 {"answers": [{"n": 1, "answer": "草稿答案"}]}。不对，重写。"""
FORMS: dict[str, Callable[[str], str]] = {
    "think": lambda said: f"<think>\n{DRAFT}\n</think>\n\n{said}",
    "lone": lambda said: f"{DRAFT}\n</think>\n\n```json\n{said}\n```",
    "thinking": lambda said: f"<thinking>{DRAFT}</thinking>{said}",
    "seed": lambda said: f"<seed:think>{DRAFT}</seed:think>{said}",
    "kimi": lambda said: f"◁think▷{DRAFT}◁/think▷{said}",
    "magistral": lambda said: f"[THINK]{DRAFT}[/THINK]{said}",
    "channels": lambda said: (
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final"
        f"<|message|>{said}<|return|>"
    ),
}
NEEDS = 3000  # tokens that the stand-in thinks for


@pytest.fixture
def novel(tmp_path: Path) -> Path:
    path = tmp_path / "渡口.txt"
    path.write_text(story(3)[0], encoding="utf-8")
    return path


def thinker(form: Callable[[str], str], needs: int = NEEDS) -> Callable[..., Said]:
    """A model that needs so many tokens before its answer, and is cut off in thought below."""

    def script(told: Scripted, content: str, times: int) -> Said:
        whole = form(told.plain(content))
        mine = next(b for b in reversed(told.bodies) if b["messages"][-1]["content"] in content)
        if mine["max_tokens"] < needs:
            return {"text": whole[: len(DRAFT) // 2], "finish": "length"}
        return {"text": whole}

    return script


@pytest.mark.parametrize("name", FORMS)
def test_models_that_think_are_given_room(name: str, novel: Path, tmp_path: Path) -> None:
    with Scripted(story(3)[1], thinker(FORMS[name])) as told:
        card = generate(novel, tmp_path / "out", told)
        assert card["pairs"] == 6 and card["reasons"] == {}, card
        assert card["thinking"] >= NEEDS
        assert sum("草稿" in row["question"] + row["answer"] for row in rows(tmp_path / "out")) == 0
        cut = card["cut_off"]
        assert 1 <= cut <= 3, "what was enough once is given from then on"
        again = generate(novel, tmp_path / "out", told)
        assert again["requests"]["now"] == 0


def test_thoughts_kept_apart_by_the_server(novel: Path, tmp_path: Path) -> None:
    def script(told: Scripted, content: str, times: int) -> Said:
        if told.bodies[-1]["max_tokens"] < NEEDS:
            return {"text": "", "reasoning": DRAFT, "finish": "length"}
        return {"text": told.plain(content), "reasoning": DRAFT}

    with Scripted(story(3)[1], script) as told:
        told.lock = __import__("threading").RLock()
        assert generate(novel, tmp_path / "out", told)["pairs"] == 6


def test_thinking_without_end_is_called_so_and_a_mended_setting_is_tried(
    novel: Path, tmp_path: Path
) -> None:
    endless = thinker(FORMS["think"], 10**6)
    with Scripted(story(3)[1], endless) as told:
        with pytest.raises(UserError, match=r"cut-off.*thought.*--thinking"):
            generate(novel, tmp_path / "out", told)
        with pytest.raises(UserError, match="cut-off"):
            generate(novel, tmp_path / "out", told)  # nothing of it stands in the way
        told.script = thinker(FORMS["think"], 30_000)
        card = generate(novel, tmp_path / "out", told, thinking=32_000)
        assert card["pairs"] == 6
        told.script = lambda *_: None  # the server was told not to think: same request


def test_a_server_that_was_mended_is_asked_again(novel: Path, tmp_path: Path) -> None:
    with Scripted(story(3)[1], lambda *_: "对不起，我不会。") as told:
        with pytest.raises(UserError, match="unread"):
            generate(novel, tmp_path / "out", told)
        told.script = lambda *_: None
        assert generate(novel, tmp_path / "out", told)["pairs"] == 6


ASKED = ["林知秋在渡口把铜铃交给了谁？", "顾四海怎样报答林知秋？", "谁守了三天的渡船？"]


def said(numbers: list[object], words: bool = False, order: tuple[int, ...] = (0, 1, 2)) -> str:
    made = [
        {"n": number, **({"question": ASKED[at]} if words else {}), "answer": f"答{at}"}
        for number, at in zip(numbers, order, strict=True)
    ]
    return json.dumps({"answers": made}, ensure_ascii=False)


@pytest.mark.parametrize(
    "reply",
    [
        said([1, 2, 3]),
        said([0, 1, 2]),
        said(["1.", "问题2", "3"]),
        said([1, 2, 3], True),
        said([3, 1, 2], True),
        said([2, 0, 1], True, (2, 0, 1)),
        said([7, 8, 9], True),
        said([1, 2, 3]).replace("}, {", "}\n{"),
        "\n".join(json.dumps({"n": n + 1, "answer": f"答{n}"}) for n in range(3)),
        "\n".join(f"```json\n{json.dumps({'n': n, 'answer': f'答{n}'})}\n```" for n in range(3)),
        "好的：\n```json\n["
        + json.dumps({"n": 1, "answer": "答0"})
        + "]\n```\n以及\n```\n["
        + json.dumps({"n": 2, "answer": "答1"})
        + ", "
        + json.dumps({"n": 3, "answer": "答2"})
        + "]\n```",
    ],
)
def test_answers_go_to_their_questions(reply: str) -> None:
    found = parse.answers(reply, ASKED)
    assert {number: one.answer for number, one in found.items()} == {1: "答0", 2: "答1", 3: "答2"}


def test_an_answer_to_what_was_not_asked_is_none() -> None:
    reply = json.dumps({"answers": [{"n": 1, "question": "今天天气怎么样？", "answer": "晴"}]})
    assert parse.answers(reply, ASKED) == {}


@pytest.mark.parametrize(
    "reply",
    [
        '{"question": "甲是谁？"}\n{"question": "乙是谁？"}\n{"question": "丙是谁？"}',
        '```json\n[{"question": "甲是谁？"}]\n```\n```json\n[{"question": "乙是谁？"}, '
        '{"question": "丙是谁？"}]\n```',
        '{"questions": [{"question": "甲是谁？"}]}\n\n{"questions": ["乙是谁？", "丙是谁？"]}',
        '```\n{"question": "甲是谁？"}\n{"question": "乙是谁？"}\n```\n{"question": "丙是谁？"}',
        '{"questions": [{"question": "甲是谁？"} {"question": "乙是谁？"}, {"question": "丙是谁？"',
    ],
)
def test_no_line_and_no_fence_is_lost(reply: str) -> None:
    assert [one.question for one in parse.questions(reply)] == ["甲是谁？", "乙是谁？", "丙是谁？"]


@pytest.mark.parametrize(
    ("question", "good"),
    [
        ("简述林知秋交出铜铃的经过。", True),
        ("列举顾四海在东滩做过的三件事", True),
        ("请解释渡船为何停在西岭", True),
        ("Explain how Lin kept the ferry.", True),
        ("比较林知秋与顾四海对渡船的态度", True),
        ("简述他的经历。", False),
        ("林知秋在东滩守着渡船。", False),
        ("解释性的话不算", False),
        ("简述故事的经过", False),
    ],
)
def test_what_an_exam_asks_without_a_mark_is_a_question(question: str, good: bool) -> None:
    assert (screen.of_question(question) == "") == good
