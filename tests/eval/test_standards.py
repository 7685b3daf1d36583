"""The three-standard scorer: general rules on made cases, and the real table by halves."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.files import ROOT, read_json
from eval import standards
from eval.terms import Matcher

REAL = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
TABLE = REAL / "medical" / "drug_indications_eval.csv"
ANSWERS = REAL / "medical" / "published_answers.json"
MATCHER = Matcher(standards.ALIASES / "medical.txt")

AFFIRMED = [
    ("高血压", "本品用于高血压。"),
    ("胃溃疡", "用于胃、十二指肠溃疡的治疗"),
    ("胃溃疡", "适用于胃十二指肠溃疡"),
    ("肾绞痛", "可缓解胆、肾、肠等绞痛。"),
    ("急性支气管炎", "用于急、慢性支气管炎"),
    ("急性支气管炎", "治疗急慢性支气管炎"),
    ("继发性高血压", "原发性和继发性高血压"),
    ("原发性高血压", "原发性或继发性高血压"),
    ("1型糖尿病", "适用于1型、2型糖尿病"),
    ("中度痤疮", "中、重度痤疮的辅助治疗"),
    ("链球菌感染", "由葡萄球菌、链球菌所致的呼吸道感染"),
    ("2型糖尿病", "非胰岛素依赖型糖尿病患者"),
    ("乙型肝炎", "可治疗乙肝"),
    ("慢性阻塞性肺疾病", "适用于COPD"),
    ("类风湿关节炎", "类风湿性关节炎"),
    ("多囊性卵巢综合征", "多囊卵巢综合症"),
    ("回肠切除术后脂肪痢", "治疗脂肪痢（回肠切除术后）"),
    ("咽喉肿痛", "缓解咽喉红肿疼痛"),
    ("心绞痛", "<p>用于心绞痛。</p><p>高血压患者禁用。</p>"),
    ("心绞痛", "用于心绞痛，高血压患者慎用"),
    ("高血压", "不仅用于高血压，还可用于心绞痛"),
    ("心绞痛", "本品不用于高血压，主要用于心绞痛"),
    ("心律失常", "用于对其他药物无效的心律失常"),
    ("非ST段抬高心肌梗死", "非ST段抬高心肌梗死"),
    ("高血压", "适应症：\n1. 高血压\n2. 冠心病\n禁忌：\n1. 哮喘"),
]
NOT_AFFIRMED = [
    ("高血压", "本品不用于高血压。"),
    ("高血压", "不能用于治疗高血压"),
    ("高血压", "不适用于高血压、糖尿病患者"),
    ("糖尿病", "不适用于高血压、糖尿病患者"),
    ("高血压", "高血压患者禁用"),
    ("糖尿病", "禁用于高血压、糖尿病"),
    ("高血压", "用于心绞痛，高血压患者慎用"),
    ("高血压", "本品不用于高血压，主要用于心绞痛"),
    ("高血压", "对高血压无效"),
    ("高血压", "本品对高血压没有治疗作用"),
    ("高血压", "没有证据表明它能治疗高血压"),
    ("高血压", "我不确定它是否用于高血压"),
    ("哮喘", "适应症：高血压。\n禁忌症：\n1、哮喘\n2、孕妇"),
    ("头痛", "用于高血压。不良反应包括头痛、恶心。"),
    ("高血压", "可与其他抗高血压药合用"),
    ("ST段抬高心肌梗死", "用于非ST段抬高心肌梗死"),
    ("胃溃疡", "胃炎、十二指肠溃疡"),
    ("慢性鼻炎", "过敏性鼻炎、慢性支气管炎"),
    ("糖尿病肾病", "糖尿病、肾病"),
    ("肺炎", "肺结核、鼻炎"),
    ("高血压肾病", "高血压，用于治疗糖尿病肾病"),
    ("痛经", "用于神经痛"),
    ("脑卒中", "有中风险"),
    ("上呼吸道感染", "以上感受"),
]


@pytest.mark.parametrize(("term", "text"), AFFIRMED)
def test_affirmed(term, text):
    assert MATCHER.rule(term, MATCHER.read(text))


@pytest.mark.parametrize(("term", "text"), NOT_AFFIRMED)
def test_not_affirmed(term, text):
    assert not MATCHER.rule(term, MATCHER.read(text))


def test_the_question_and_the_name_are_no_answer():
    text = MATCHER.read("感冒灵颗粒的适应病症", ["感冒灵颗粒", "感冒灵颗粒的适应病症"])
    assert not MATCHER.rule("感冒", text)
    text = MATCHER.read("感冒灵颗粒用于感冒", ["感冒灵颗粒"])
    assert MATCHER.rule("感冒", text)


def test_a_runaway_answer_is_read_in_time():
    start = time.monotonic()
    text = MATCHER.read("原发性高血压、" * 20000 + "慢性(和" * 5000)
    for term in ("原发性肾炎", "胃溃疡", "慢性乙型肝炎病毒复制活跃期"):
        assert not MATCHER.rule(term, text)
    assert time.monotonic() - start < 20


def table(path: Path, labels: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["药品", "药品适应症", "医学专家标注的适应病症", "instruction"])
        writer.writerows((d, "", ls, f"{d}的适应病症") for d, ls in labels.items())
    return path


def predictions(path: Path, answers: dict[str, str]) -> Path:
    lines = ({"instruction": f"{d}的适应病症", "prediction": a} for d, a in answers.items())
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


DRUGS = {"甲片": "高血压|心绞痛|心力衰竭", "乙片": "胃溃疡|十二指肠溃疡", "丙片": "失眠症"}


def test_the_standards_are_at_least_one_half_two_thirds(tmp_path):
    labels = table(tmp_path / "l.csv", DRUGS)
    answers = {"甲片": "用于高血压、心绞痛", "乙片": "用于胃溃疡", "丙片": "不用于失眠症"}
    found = standards.score_files(
        predictions(tmp_path / "p.jsonl", answers), labels, "medical", strict=False
    )
    hits = {name: found[name]["value"] * 3 for name in standards.STANDARDS}
    assert hits == pytest.approx({"standard1": 2, "standard2": 2, "standard3": 1}, abs=1e-5)
    assert found["standard1"]["n"] == 3 and found["precision"]["value"] == 1
    for name in standards.STANDARDS:
        low, high = found[name]["ci95"]
        assert 0 < low < found[name]["value"] < high < 1


def test_listing_everything_wins_nothing(tmp_path):
    names = [f"病名{chr(0x4E00 + 7 * n)}炎" for n in range(60)]
    labels = table(tmp_path / "l.csv", {f"药{n}片": name for n, name in enumerate(names)})
    everything = "本品用于" + "、".join(names)
    path = predictions(tmp_path / "p.jsonl", {f"药{n}片": everything for n in range(60)})
    found = standards.score_files(path, labels, "none", strict=False)
    assert found["standard1"]["value"] == 1
    assert found["standard1_weighted"]["value"] == pytest.approx(1 / 60, abs=1e-4)
    assert found["labels_per_answer"] == 60


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "eval", *map(str, words)], cwd=ROOT, capture_output=True, text=True
    )


def test_the_command_says_what_is_missing_and_what_is_wrong(tmp_path):
    labels = table(tmp_path / "l.csv", DRUGS)
    some = predictions(tmp_path / "p.jsonl", {"甲片": "用于高血压", "丁片": "用于头痛"})
    done = command("score", some, labels, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["standard1"]["n"] == 1
    assert found["missing"] == 2 and found["unknown"] == ["丁片的适应病症"]
    assert "2 题没有回答" in done.stderr
    strict = json.loads(command("score", some, labels, "--json", "--strict").stdout)
    assert strict["standard1"]["n"] == 3 and strict["standard1"]["value"] < 0.34
    some.write_text(some.read_text() * 2)
    twice = command("score", some, labels)
    assert twice.returncode == 2 and "第3行" in twice.stderr
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    assert "缺列" in command("score", some, other).stderr


@pytest.mark.skipif(not TABLE.is_file(), reason="no real data (REAL_DATA)")
def test_the_real_table_by_halves_and_by_shifts():
    found = standards.self_check(TABLE)
    for part in ("own leaflet", "odd rows"):
        least = (97, 95, 92)
        assert all(a >= b for a, b in zip(found[part]["ours"], least, strict=True)), found[part]
    assert found["own leaflet"]["plain"] == [92.55, 86.17, 80.85]
    for shift in (1, 7, 37, 53):
        ours, plain = found[f"shift {shift}"]["ours"], found[f"shift {shift}"]["plain"]
        assert all(abs(a - b) <= 2 for a, b in zip(ours, plain, strict=True)), (shift, ours, plain)


@pytest.mark.skipif(not ANSWERS.is_file(), reason="no real data (REAL_DATA)")
def test_the_published_answers_are_judged_as_expected():
    judged = 0
    for item in read_json(ANSWERS):
        entry = standards.Entry("", item["question"], tuple(item["labels"]))
        for answer in item["answers"]:
            hits = standards.judge(entry, answer["answer"], MATCHER, [])["hits"]
            assert bool(hits) == answer["expected_hit"], (item["question"], answer["model"], hits)
            judged += 1
    assert judged >= 15
