"""The written specification (docs/scoring.md): its tables of judged answers, by the command."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.files import ROOT
from eval import cases, choices
from eval.metrics import correct, judge

TABLES = Path(__file__).parent / "cases"
LEAST = {"letters": 0.97, "verdict": 0.97, "correct": 0.95}


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_tables_of_the_specification(path):
    found = cases.score(path)
    for kind, count in found["kinds"].items():
        assert count["right"] >= LEAST[kind] * count["total"], found["wrong"]
        # To accept what is wrong is worse than to miss what is right.
        assert count["too_much"] <= 0.02 * count["total"], found["wrong"]


def command(*words):
    line = [sys.executable, "-m", "eval", "cases", *map(str, words)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_the_command_prints_right_total_and_each_wrong_one(tmp_path):
    path = tmp_path / "cases.jsonl"
    lines = [
        {"options": {"A": "铁", "B": "铜"}, "given": "**B**", "letters": "B"},
        {"given": "不太正确", "right": False},
        {"given": "说不准", "right": None},
        {"given": "铁", "expected": "铜", "correct": True, "question": "导电更好的是？"},
    ]
    text = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\ufeff" + text, encoding="utf-8")
    done = command(path)
    assert done.returncode == 0, done.stderr
    assert "正确 right 3 / 总数 total 4" in done.stdout
    assert "第7行" in done.stdout and '"铁"' in done.stdout
    found = json.loads(command(path, "--json").stdout)
    assert (found["right"], found["total"]) == (3, 4)
    assert found["wrong"] == [
        {"line": 7, "kind": "correct", "given": "铁", "got": False, "should": True}
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"given": "对"}',
        '{"given": 1, "right": true}',
        '{"given": "A", "right": 3}',
        '{"options": ["x"], "given": "A", "letters": "A"}',
        '{"given": "x", "expected": "x", "correct": "yes"}',
    ],
)
def test_bad_lines_are_named_in_one_line(tmp_path, text):
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    done = command(path, "--json")
    assert done.returncode == 2 and not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1 and "bad.jsonl" in done.stderr


@pytest.mark.parametrize(
    ("given", "letters"),
    [
        ("選B", "B"),
        ("應選B、C兩項", "BC"),
        ("答案是銅。", "B"),
        ("It's 铜 (B), not 铁 (A).", "B"),
        ("铁(A)不对，铜(B)正确", "B"),
    ],
)
def test_traditional_answers_and_letters_behind_their_options(given, letters):
    assert choices.letters(given, {"A": "铁", "B": "铜", "C": "鋁"}) == letters


def test_two_words_for_unlawful_are_one():
    assert correct("不合法", "非法") and correct("违法", "不合法")
    assert not correct("合法", "非法") and not correct("不违法", "非法")


def test_a_bank_in_y_and_n_is_judged():
    question = {"kind": "judge", "question": "水在零度结冰。", "answer": "Y"}
    assert judge(question, "正确")["correct"] == 1
    assert judge(question, "不正确")["correct"] == 0
    assert judge({**question, "answer": "N"}, "错误，应为一百度")["correct"] == 1


def test_thinking_is_no_answer_in_any_kind():
    thought = "<think>答案是A？不，选A。</think>"
    question = {"kind": "single", "question": "？", "answer": "B. 铜", "letters": "B"}
    question |= {"options": {"A": "铁", "B": "铜"}}
    assert judge(question, f"{thought}B")["correct"] == 1
    assert judge(question, "<think>B")["correct"] == 0
    short = {"kind": "qa", "question": "哪种金属？", "answer": "铜"}
    assert judge(short, "先想：是铁。</think>铜")["exact"] == 1


@pytest.mark.parametrize(
    "text", ["是", "1", "A、", "正确的说法", "1年", "(", " ", "\n", "5米/秒", "<think>"]
)
def test_a_runaway_answer_is_read_in_time(text):
    answer = (text * 6000)[:6000]
    start = time.process_time()
    choices.letters(answer, {"A": "铁", "B": "铜"})
    choices.verdict(answer)
    for expected in ("铜", "5米", "铁、铜"):
        correct(answer, expected, "哪一种？")
    assert time.process_time() - start < 6
