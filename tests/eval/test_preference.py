"""The judge is asked in both orders; votes and judge are counted and held against each other."""

from __future__ import annotations

import re

import pytest

from core import chat
from core.errors import UserError
from core.files import read_jsonl, write_jsonl
from eval import preference
from tests.eval.server import Server


def pairs(folder, answers):
    write_jsonl(
        folder / "eval" / preference.PAIRS,
        (
            {"suite": "train", "id": f"q{n}", "question": "？", "expected": "好", "answers": a}
            for n, a in enumerate(answers)
        ),
    )


def fair(prompt: str) -> str:
    """Prefers the answer that holds 好."""
    first, second = (re.search(rf"【{k}】(.*)", prompt)[1] for k in "甲乙")
    return "平" if ("好" in first) == ("好" in second) else "甲" if "好" in first else "乙"


def winners(tmp_path, behaviour, answers):
    pairs(tmp_path, answers)
    with Server(behaviour) as server:
        endpoint = chat.Endpoint(url=server.url, model="toy")
        preference.run_judge(tmp_path, endpoint, 100, 4)
        asked = len(server.asked)
        preference.run_judge(tmp_path, endpoint, 100, 4)
        assert len(server.asked) == asked, "a rerun asks nothing again"
    lines = list(read_jsonl(tmp_path / "eval" / preference.JUDGED))
    return [line["winner"] for line in lines], asked


ANSWERS = [
    {"base": "坏", "tuned": "好"},
    {"base": "好", "tuned": "坏一"},
    {"base": "坏二", "tuned": "坏三"},
    {"base": "好", "tuned": "好"},
]


def test_a_fair_judge(tmp_path):
    found, asked = winners(tmp_path, fair, ANSWERS)
    assert found == ["tuned", "base", "tie", "tie"]
    assert asked == 6  # equal answers need no judge


def test_a_judge_that_likes_the_first_place_decides_nothing(tmp_path):
    found, _ = winners(tmp_path, lambda prompt: "甲", ANSWERS)
    assert found == ["tie"] * 4


def test_votes_and_their_agreement(tmp_path):
    winners(tmp_path, fair, ANSWERS)
    votes = [("q0", "base"), ("q0", "tuned"), ("q1", "tuned"), ("q2", "tie")]
    write_jsonl(
        tmp_path / "eval" / preference.VOTES,
        ({"suite": "train", "id": i, "winner": w} for i, w in votes),
    )
    found = preference.summary(tmp_path / "eval", "tuned")
    assert {k: found["people"][k] for k in ("won", "lost", "tied")} == {
        "won": 2,
        "lost": 0,
        "tied": 1,
    }
    assert found["judge"]["share_won"]["n"] == 2
    assert found["agreement"]["n"] == 3 and found["agreement"]["value"] == pytest.approx(
        2 / 3, abs=1e-5
    )


def test_without_a_base_there_is_nothing_to_prefer(tmp_path):
    pairs(tmp_path, [{"tuned": "好"}])
    with pytest.raises(UserError, match="base"):
        preference.run_judge(tmp_path, chat.Endpoint(url="http://127.0.0.1:1/v1", model="x"), 10, 1)
