"""Follow-ups: by grammar, over many domains, and the command that checks them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import ROOT
from rag.followups import leans

CASES = Path(__file__).with_name("followups.jsonl")


def run(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rag", "followups", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_nearly_all_cases_are_told_apart() -> None:
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    wrong = [case for case in cases if leans(case["question"]) != case["follows"]]
    assert len(cases) > 240 and len(wrong) / len(cases) <= 0.05, wrong


NONE = """应该多久换一次牙刷 其他国家 吉他几根弦 马耳他在哪 维他命有什么用 其次是什么意思 他汀贵吗
上海多大 长江多长"""


@pytest.mark.parametrize("question", NONE.split())
def test_a_character_is_no_pronoun(question: str) -> None:
    assert not leans(question)


@pytest.mark.parametrize(
    "question", ["翻译成英文", "請把它譯成日文", "该药的定义", "能举几个例子吗", "價格多少"]
)
def test_talk_and_traditional_follow_ups_lean(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question", ["举例说明什么是光合作用", "副作用的定义", "中国有多少个省", "翻译成英文：今天下雨"]
)
def test_a_question_with_its_own_object_stands_alone(question: str) -> None:
    assert not leans(question)


def test_the_command_prints_wrong_ones_right_and_total(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    lines = [
        {"before": "介绍一下甲安片", "question": "价格多少？", "follows": True},
        {"before": "介绍一下甲安片", "question": "吉他有几根弦？", "follows": True},
    ]
    file.write_text("\n".join(json.dumps(one) for one in lines), encoding="utf-8")
    done = run(str(file))
    assert done.returncode == 0 and "吉他有几根弦" in done.stdout and "价格" not in done.stdout
    assert "right 1" in done.stdout and "total 2" in done.stdout
    told = [json.loads(line) for line in run(str(file), "--json").stdout.splitlines()]
    assert told[-1] == {"right": 1, "total": 2} and told[0]["got"] is False and len(told) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"before": "a", "question": "b", "follows": "yes"}', "follows"),
        ('{"before": "a"}', "question"),
        ("[1]", "before"),
        ("{", "1"),
        ("", "no case"),
        (None, "does not exist"),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "cases.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = run(str(file))
    assert done.returncode == 2 and message in done.stderr
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr
