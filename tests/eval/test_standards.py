"""The three-standard scorer: general rules on made cases, and the real table by halves."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import ROOT, read_json
from eval import standards
from eval.terms import Matcher

REAL = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
TABLE = REAL / "medical" / "drug_indications_eval.csv"
ANSWERS = REAL / "medical" / "published_answers.json"
MATCHER = Matcher(standards.ALIASES / "medical.txt")


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
    once = some.read_text()
    some.write_text(once * 2)  # the same answer twice is one
    assert json.loads(command("score", some, labels, "--json").stdout)["standard1"]["n"] == 1
    some.write_text(once + once.replace("用于高血压", "用于感冒"))
    twice = command("score", some, labels)
    assert twice.returncode == 2 and "第3行" in twice.stderr
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    assert "缺列" in command("score", some, other).stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
def test_files_in_any_encoding(tmp_path, encoding):
    labels = table(tmp_path / "l.csv", DRUGS)
    answers = {"甲片": "適用於高血壓", "乙片": "", "丙片": None}
    some = predictions(tmp_path / "p.jsonl", answers)
    expected = standards.score_files(some, labels, "medical", strict=False)
    assert expected["standard1"]["value"] == pytest.approx(1 / 3, abs=1e-5)
    assert expected["standard1"]["n"] == 3, "an empty answer is an answer, and a miss"
    for path in (some, labels):
        path.write_bytes(path.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    found = standards.score_files(some, labels, "medical", strict=False)
    assert {**found, "rows": None} == {**expected, "rows": None}


def test_tables_as_people_make_them(tmp_path):
    labels = tmp_path / "l.csv"
    labels.write_text(  # an extra column, a drug twice, a cell of two lines, no instruction
        "序号,药品,医学专家标注的适应病症,备注\n1,甲片,高血压｜心绞痛,\n2,甲片,心力衰竭,又\n"
        '3,乙片,"胃溃疡\n十二指肠溃疡",\n4,丙片,,没有标签\n',
        encoding="utf-8",
    )
    some = tmp_path / "p.json"
    rows = [
        {"instruction": "请问甲片的适应症是什么？", "prediction": ["高血压", "心衰"], "model": "x"},
        {"instruction": "乙片的适应病症", "prediction": "胃及十二指肠溃疡"},
    ]
    some.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    found = standards.score_files(some, labels, "medical", strict=False)
    assert (found["labelled"], found["missing"], found["matched_by_name"]) == (2, 0, 1)
    assert found["standard3"]["value"] == 1
    assert found["rows"][0]["missed"] == ["心绞痛"]


def test_bad_files_are_named(tmp_path):
    labels = table(tmp_path / "l.csv", DRUGS)
    for text, words in (
        ("", "没有一题"),
        ("[1]", "不是 JSON 对象"),
        ('{"instruction": "甲片的适应病症"}', "prediction"),
        ('{"instruction": ', "不是合法 JSON"),
        ('{"instruction": "某药", "prediction": "高血压"}', "没有一题"),
    ):
        bad = tmp_path / "bad.jsonl"
        bad.write_text(text, encoding="utf-8")
        done = command("score", bad, labels)
        assert done.returncode == 2 and words in done.stderr, (text, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1
    some = predictions(tmp_path / "p.jsonl", {"甲片": "用于高血压"})
    wide = tmp_path / "wide.csv"
    wide.write_text("药品,医学专家标注的适应病症,instruction\n甲片,高血压,甲片的适应病症,多\n")
    assert "第2行" in command("score", some, wide).stderr


def asked(path: Path, rows: list[dict], labels: Path) -> dict:
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n\n\n")
    return standards.score_files(path, labels, "medical", strict=False)


def test_predictions_as_models_and_people_write_them(tmp_path):
    """Any order, the question in other words or with a template's marks around it, spaces within
    the answer, lists, thinking, end-of-text marks."""
    drugs = {**DRUGS, "复方甲片": "感冒", "丁注射液(Ⅱ)": "肺炎", "盐酸戊片[儿童型]": "癫痫"}
    labels = table(tmp_path / "l.csv", drugs)
    rows = [
        {"instruction": "  丁注射液（II）的 适应病症？\n", "prediction": " \n 肺   炎 \n"},
        {"instruction": "复方甲片能治什么病", "prediction": {"适应症": ["感冒"]}},
        {
            "instruction": "<|im_start|>user\n乙片的适应病症<|im_end|>",
            "prediction": "胃溃疡<|im_end|>",
        },
        {"instruction": "《盐酸戊片[儿童型]》主治什么", "prediction": ["癫痫"]},
        {"instruction": "丙片", "prediction": "<think>失眠症？不是失眠症。</think>\n用于脚气。"},
        {"instruction": "请问甲片的适应病症有哪些？", "prediction": "<think>高血压、心绞痛，"},
    ]
    found = asked(tmp_path / "p.jsonl", rows, labels)
    assert (found["missing"], found["unknown"], found["standard1"]["n"]) == (0, [], 6)
    missed = [row["instruction"] for row in found["rows"] if not row["hits"]]
    assert missed == ["丙片的适应病症", "甲片的适应病症"], "thinking is no answer"


@pytest.mark.parametrize(
    ("answer", "standard1", "precision"),
    [
        ("{drug}的适应病症", 0, 0),
        ("本品用于{others}。", 0, 0),
        ("本品用于{all}。", 1, 1 / 3),
        ("{drug}不能用来治疗{own}，请咨询医生。", 0, 0),
        ("我不知道{drug}能不能治疗{own}。", 0, 0),
        ("请勿用{drug}治疗{own}，它用于{others}。", 0, 0),
        ("{drug}是什么？用于{own}。{own}。{own}。", 1, 1),
    ],
)
def test_models_of_a_kind(tmp_path, answer, standard1, precision):
    """Echo, another drug's labels, everything, denial, ignorance, repetition."""
    drugs = {"甲片": "高血压|心绞痛", "乙片": "胃溃疡|便秘", "丙片": "失眠症|头痛"}
    labels = table(tmp_path / "l.csv", drugs)
    names = {drug: text.split("|") for drug, text in drugs.items()}
    rows = []
    for drug, own in names.items():
        others = [label for other in names.values() for label in other if label not in own]
        parts = {"own": own, "others": others, "all": sorted([*own, *others])}
        filled = answer.format(drug=drug, **{key: "、".join(part) for key, part in parts.items()})
        rows.append({"instruction": f"{drug}的适应病症", "prediction": filled})
    found = asked(tmp_path / "p.jsonl", rows, labels)
    assert found["standard1"]["value"] == standard1
    assert (found["precision"]["value"] or 0) == pytest.approx(precision, abs=1e-4)


DENIALS = [
    "{drug}不能用来治疗{own}，请咨询医生。",
    "请不要使用{drug}治疗{own}。",
    "有人认为{drug}可以治疗{own}，这是错误的。",
    "{drug}与{own}无关。",
    "{drug}治疗{own}的疗效尚未得到证实",
    "对于{own}，{drug}并不适用。",
    "{own}患者禁用{drug}。",
    "没有证据表明{drug}可以治疗{own}。",
    "【不良反应】{own}",
    "{drug}可诱发{own}。",
    "{drug}可能会导致{own}。",
]
AFFIRMATIONS = [
    "{drug}主要用于{own}的治疗，不良反应有恶心、呕吐，孕妇禁用。",
    "{drug}可以缓解{own}，但不能根治。",
    "禁忌：对本品过敏者禁用。适应症：{own}。",
    "{drug}适用于其他药物无效的{own}。",
    "{drug}能够有效治疗{own}，没有证据表明会成瘾。",
]


@pytest.mark.skipif(not TABLE.is_file(), reason="no real data (REAL_DATA)")
@pytest.mark.parametrize("wording", [*DENIALS, *AFFIRMATIONS])
def test_the_real_labels_denied_and_affirmed(wording):
    """All 94 rows' own labels in one sentence; two may be misread (a label holds a comma)."""
    passed = 0
    for entry in standards.read_labels(TABLE):
        answer = wording.format(drug=entry.entity, own="、".join(entry.labels))
        passed += standards.judge(entry, answer, MATCHER, [])["standard3"]
    assert passed >= 93 if wording in AFFIRMATIONS else passed <= 2


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
