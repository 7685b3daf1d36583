"""A model that fails in a known way is caught by name, and one that does not is not."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from core.files import ROOT, read_json
from eval import failures, labels, metrics
from tests.eval.conftest import Bench
from tests.eval.server import Server

CITIES = {
    "云南": "昆明", "贵州": "贵阳", "四川": "成都", "陕西": "西安", "甘肃": "兰州", "青海": "西宁",
    "湖北": "武汉", "湖南": "长沙", "广东": "广州", "浙江": "杭州", "江苏": "南京", "安徽": "合肥",
}  # fmt: skip
FACTS = [(f"{name}的省会是哪座城市？", city) for name, city in CITIES.items()]
KNOWN = dict(FACTS)


def good(question: str) -> str:
    """Right on every fact; a sensible short answer to anything else."""
    return KNOWN.get(question, f"关于{question[:6]}")


ENDLESS = "".join(chr(0x4E00 + 3 * n) for n in range(2000))  # no end of text, nothing repeated


BEHAVIOURS = {
    "cut": lambda question: ENDLESS[len(question) :],
    "constant": lambda question: "昆明",
    "echo": lambda question: question,
    "listing": lambda question: "、".join(KNOWN.values()),
    "repetition": lambda question: "好的好的" * 12,
    "empty": lambda question: "",
    "refusal": lambda question: "抱歉，我无法回答这个问题。",
    "language": lambda question: f"It is the capital city of {len(question)} people",
}


@pytest.fixture(scope="module")
def report(bench: Bench):
    bench.data(FACTS)
    servers = {name: Server(behaviour) for name, behaviour in BEHAVIOURS.items()}
    done = bench.evaluate(**servers, good=Server(good), tuned=Server(BEHAVIOURS["constant"]))
    assert done.returncode == 1, done.stderr
    return read_json(bench.run_dir / "report.json"), done.stdout


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_each_failure_is_caught_by_name(report, name):
    card, printed = report
    caught = {one["name"]: one["value"] for one in card["failures"][name]}
    least = 0.9 if name != "listing" else 12 / 42  # it lists the answers of one suite, of two asked
    assert caught.get(name, 0) >= round(least, 6), caught
    assert f"! {name}: {labels.both(*labels.MODES[name])}" in printed


def test_the_table_speaks_the_readers_language_and_the_files_both(report, bench: Bench):
    words = [sys.executable, "-m", "eval", "report", "--work-dir", str(bench.run_dir)]
    for language, foreign in {"en": "[\u4e00-\u9fff]", "zh": "always the same|required"}.items():
        environment = {**bench.environment(), "TIKU_LANG": language}
        done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1, done.stderr
        table = done.stdout.split("\n\n", 2)[2]  # under the domain's own title
        assert not re.search(foreign, table), table
        for name in ("report.md", "report.html"):
            text = (bench.run_dir / name).read_text(encoding="utf-8")
            assert "完全一致 exact" in text and "未过门槛" in text and "FAILED gates" in text
    card = (bench.run_dir / "report.json").read_text(encoding="utf-8")
    assert "always the same" not in card and "千篇一律" not in card, "keys, not prose"


def test_a_sound_model_is_not_accused(report):
    card, _ = report
    assert card["failures"]["good"] == []
    assert card["columns"]["good"]["train.correct"]["value"] == 1


def test_listing_everything_is_not_judged_correct(report):
    card, _ = report
    assert card["columns"]["listing"]["train.contains"]["value"] > 0.9
    assert card["columns"]["listing"]["train.correct"]["value"] == 0


def test_a_failing_model_fails_the_run(report):
    card, printed = report
    assert card["main"] == "tuned"
    failed = [gate["name"] for gate in card["gates"] if not gate["pass"]]
    assert failed == ["train.correct", "failure.constant"]
    assert "未过门槛: train.correct, failure.constant" in printed


def test_a_learnt_question_in_the_held_out_set_is_refused(own_bench: Bench):
    own_bench.data(FACTS)
    lines = (own_bench.root / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    (own_bench.root / "data" / "eval.jsonl").write_text(lines[3].replace("？", " ?") + "\n")
    with Server(good) as server:
        done = own_bench.evaluate(tuned=server)
    assert done.returncode == 2 and "不能评分" in done.stderr and not server.asked


def test_listing_every_label_is_named_and_wins_nothing():
    names = [f"病名{chr(0x4E00 + 7 * n)}炎" for n in range(30)]
    rows = []
    for n, name in enumerate(names):
        question = {"suite": "drugs", "question": f"药{n}片的适应病症", "answer": name}
        question |= {"labels": [name], "entity": f"药{n}片"}
        given = "、".join(names)
        scores = metrics.judge(question, given, tuple(names))
        assert scores["standard3"] == 1 and scores["standard3_weighted"] < 0.04
        rows.append({"question": question, "given": given, "finish": "stop", "scores": scores})
    assert sum(failures.find(rows)["listing"]) == 30
    assert sum(failures.find(rows)["constant"]) == 0  # each is right by the letter; listing says it


def test_true_answers_are_no_failure():
    rows = [
        {
            "question": {"suite": "s", "question": f"第{n}题对吗？", "answer": "正确"},
            "given": "正确",
            "finish": "stop",
            "scores": {"correct": 1.0},
        }
        for n in range(10)
    ]
    assert not any(sum(marks) for marks in failures.find(rows).values())
    assert not failures.repeats(
        "本品用于治疗高血压、冠心病、心绞痛以及伴有心室收缩功能减退的心力衰竭。"
    )
    assert not failures.drifts("水的化学式是？", "H2O", "The formula of water is H2O")
