from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, sha256
from data_tools.build import build, code_key
from data_tools.outputs import FILES
from data_tools.sources import Inputs

LINES = [
    "一、常识",
    "世界上最大的宫殿是？->故宫",
    "世界上最大的宫殿是：->故宫",
    "《红楼梦》的作者是：->曹雪芹",
    "《红楼梦》是谁写的？->曹雪芹",
    "世界水日是哪一天？->3月22日",
    "世界水日是哪一天->3月23日",
    *(f"第{n}个质数是多少？->{p}" for n, p in enumerate([2, 3, 5, 7, 11, 13, 17, 19], 1)),
]


def everything(out: Path) -> list[dict]:
    return [*read_jsonl(out / "train.jsonl"), *read_jsonl(out / "eval.jsonl")]


def test_the_contract(make_docx: Callable, inputs: Callable, tmp_path: Path) -> None:
    out = tmp_path / "out"
    card = build(inputs(make_docx(LINES)), out)
    rows = everything(out)
    first = next(row for row in rows if row["id"] == "gongkao-000001")
    assert first["conversation"] == [
        {"system": card["system"], "input": "世界上最大的宫殿是？", "output": "故宫"}
    ]
    assert first["source"]["file"] == "bank.docx" and first["source"]["locator"] == "p:2"
    assert first["source"]["sha256"] == sha256(tmp_path / "bank.docx")
    assert (card["parsed"], card["rows"], card["duplicates"]) == (14, 13, 1)
    assert (card["conflicts"], card["held"], card["train"] + card["eval"]) == (1, 2, 11)
    assert card["dropped"] == 1 and card["flagged"] == 2
    assert {row["source"]["locator"] for row in rows}.isdisjoint({"p:6", "p:7"})
    with open(out / "ledger.csv", encoding="utf-8-sig", newline="") as file:
        entries = list(csv.DictReader(file))
    reasons = {entry["locator"]: entry["reason"].partition(":")[0] for entry in entries}
    assert reasons.pop("p:1") in ("heading", "no-question")
    assert reasons == {"p:3": "duplicate", "p:6": "conflict", "p:7": "conflict"}
    passages = list(read_jsonl(out / "kb.jsonl"))
    assert {p["id"] for p in passages} == {row["id"] for row in rows}
    assert {p["id"] for p in passages if p["split"] == "eval"} == {
        row["id"] for row in read_jsonl(out / "eval.jsonl")
    }
    groups = {row["source"]["locator"]: row["group"] for row in rows}
    assert groups["p:4"] == groups["p:5"]
    page = (out / "card.md").read_text(encoding="utf-8")
    assert "bank.docx" in page
    assert card["licence"] == "not stated" and "license: other  #" in page


def test_second_build_does_nothing_until_something_changes(
    make_docx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    bank = make_docx(LINES)
    assert build(inputs(bank), out)["fresh"]
    before = {name: (out / name).stat().st_mtime_ns for name in FILES}
    assert not build(inputs(bank), out)["fresh"]
    assert before == {name: (out / name).stat().st_mtime_ns for name in FILES}
    assert build(inputs(bank), out, force=True)["fresh"]
    (out / "train.jsonl").write_text("", encoding="utf-8")
    assert build(inputs(bank), out)["fresh"] and everything(out)
    make_docx([*LINES, "水的化学式是？->H2O"])
    assert build(inputs(bank), out)["parsed"] == 15


def test_same_input_same_bytes(make_docx: Callable, inputs: Callable, tmp_path: Path) -> None:
    bank = make_docx(LINES)
    one, other = tmp_path / "one", tmp_path / "other"
    build(inputs(bank), one)
    build(inputs(bank), other)
    for name in ("train.jsonl", "eval.jsonl", "kb.jsonl", "ledger.csv", "card.md"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_mixed_sources_with_one_name(
    make_docx: Callable, make_xlsx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    bank = make_docx([*LINES[1:3], "太原在哪个省？->山西省", "长江有多长？->6300公里"])
    other = make_docx(["泰山有多高？->1545米", *LINES[3:7]], "more/bank.docx")
    table = make_xlsx([("题干", "答案"), ("青海湖在哪个省？", "青海省")])
    card = build(inputs(bank, other, table), tmp_path / "out")
    files = [source["file"] for source in card["sources"]]
    assert len(set(files)) == 3 and "more/bank.docx" in files and card["parsed"] == 10


def test_one_clear_line_for_what_cannot_be_read(
    make_docx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(UserError, match="0 questions"):
        build(inputs(make_docx(["没有题", "也没有答案"])), out)
    with pytest.raises(UserError, match="no such file"):
        build(inputs(tmp_path / "absent.docx"), out)
    assert not [name for name in FILES if (out / name).exists()]


def command(out: Path, *banks: Path) -> list[str]:
    given = ["--bank", *map(str, banks)] if banks else []
    return [sys.executable, "-m", "data_tools", "build", *given, "--out", str(out)]


def test_the_command_builds_the_samples_and_says_what_next(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command(tmp_path / "out"), env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "make train" in done.stdout and "train.jsonl" in done.stdout
    again = subprocess.run(
        command(tmp_path / "out"), env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert "up to date" in again.stdout
    wrong = subprocess.run(
        command(tmp_path / "out", tmp_path / "no.docx"),
        env=environment,
        capture_output=True,
        text=True,
    )
    assert wrong.returncode == 2 and len(wrong.stderr.strip().splitlines()) == 1


def test_kill_at_any_moment_then_run_again(
    make_docx: Callable, inputs: Callable, tmp_path: Path
) -> None:
    """kill -9 at several moments of a build over another one: the next run ends as if alone."""
    old = make_docx(LINES[:9], "bank.docx")
    out = tmp_path / "out"
    build(inputs(old), out)
    bank = make_docx([*LINES, *(f"{n}的平方是多少？->{n * n}" for n in range(100, 2500))])
    alone = build(inputs(bank), tmp_path / "alone")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for delay in (0.6, 0.9, 1.2, 1.5, 1.8, 2.2):
        run = subprocess.Popen(
            command(out, bank),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        run.send_signal(signal.SIGKILL)
        run.wait()
        if (out / "card.json").exists():  # then every file belongs to it
            card = read_json(out / "card.json")
            for name, written in card["outputs"].items():
                assert sha256(out / name) == written, f"{name} after {delay} s"
    card = build(inputs(bank), out)
    for name in ("train.jsonl", "eval.jsonl", "kb.jsonl", "ledger.csv"):
        assert sha256(out / name) == sha256(tmp_path / "alone" / name)
    assert not list(out.glob(".new-*")) and alone["parsed"] == card["parsed"]


@pytest.mark.timeout(300)
def test_the_real_bank(real_bank: Path, tmp_path: Path) -> None:
    card = build(Inputs("gongkao", (str(real_bank),)), tmp_path)
    assert card["parsed"] >= 41_680
    assert card["rows"] + card["duplicates"] == card["parsed"]
    rows = everything(tmp_path)
    for row in rows:
        said = row["conversation"][0]
        assert said["input"] in row["source"]["text"]
        assert row["source"]["text"].rstrip().endswith(said["output"])
    sides = [
        {json.dumps(row["conversation"][0]["input"]) for row in read_jsonl(tmp_path / name)}
        for name in ("train.jsonl", "eval.jsonl")
    ]
    assert not sides[0] & sides[1] and card["eval"] == 500


def test_code_key_is_stable() -> None:
    assert code_key() == code_key() and len(code_key()) == 64


def test_the_sample_does_not_take_the_place_of_a_person_s_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    bank = tmp_path / "own.txt"
    bank.write_text(
        "1. 天空是什么颜色？\n答案：蓝色\n2. 草是什么颜色？\n答案：绿色\n", encoding="utf-8"
    )
    run = [sys.executable, "-m", "data_tools", "build", "--out", str(out)]
    assert subprocess.run([*run, "--bank", str(bank)], cwd=ROOT).returncode == 0
    before = (out / "train.jsonl").read_bytes()
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "own.txt" in done.stderr and "FORCE=1" in done.stderr
    assert (out / "train.jsonl").read_bytes() == before
    assert subprocess.run([*run, "--force"], cwd=ROOT).returncode == 0
