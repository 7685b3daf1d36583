"""``make evidence``: the training questions as retrieval will ask them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import domain
from core.domain import Domain
from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, write_jsonl
from core.text import bare
from rag import answer, drills, evidence_rows, prompts
from rag.evidence_rows import with_evidence
from rag.query import Index, check, prepare


@pytest.fixture
def home(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample's data set and index."""
    for name in ("data", "index"):
        shutil.copytree(sample / name, tmp_path / name)
    return tmp_path


def gongkao(**rag: object) -> Domain:
    found = domain.load("gongkao")
    return replace(found, settings={**found.settings, "rag": {"k": 1, "template": "short", **rag}})


def turn(row: dict[str, Any]) -> dict[str, str]:
    return row["conversation"][0]


def drilled(row: dict[str, Any]) -> bool:
    return row["source"].get("made") == drills.MADE


def test_make_evidence_asks_the_training_questions_as_serving_will(home: Path) -> None:
    def make() -> str:
        command = ["make", "--no-print-directory", "evidence", f"OUT={home / 'data'}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ})
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "写入 wrote" in make()
    train = {row["id"]: row for row in read_jsonl(home / "data" / "train.jsonl")}
    written = list(read_jsonl(home / "data" / "evidence.jsonl"))
    made = [row for row in written if not drilled(row)]
    assert len(written) - len(made) == read_json(home / "data" / "evidence.json")["drills"] > 0
    assert 0.9 * len(train) <= len(made) <= len(train)
    index, chosen = Index.open(home / "index"), domain.load("gongkao")
    own = [row for row in made if row["found"]]
    for row in own:
        plain = turn(train[row["id"].removesuffix("-e")])
        ready = prepare(index, chosen, plain["input"], where=evidence_rows.TRAINED)
        assert turn(row) == {**plain, "input": ready.messages[-1]["content"]}
        assert bare(plain["output"]) in bare(turn(row)["input"]).removesuffix(bare(plain["input"]))
    held = [row["conversation"][0]["input"] for row in read_jsonl(home / "data" / "eval.jsonl")]
    assert held and not any(one in turn(row)["input"] for one in held for row in made)
    astray = [row for row in made if not row["found"]]
    assert 1 <= len(astray) <= len(made) * 0.35
    for row in astray:
        plain = turn(train[row["id"].removesuffix("-e")])
        assert turn(row)["output"] == plain["output"], "what was learnt does not yield"
        evidence = turn(row)["input"].removesuffix(plain["input"])
        assert evidence != turn(row)["input"] and bare(plain["output"]) not in bare(evidence)
    before = (home / "data" / "evidence.jsonl").stat().st_mtime_ns
    assert "已是最新" in make()
    assert (home / "data" / "evidence.jsonl").stat().st_mtime_ns == before


def test_another_frame_or_data_makes_them_anew(home: Path) -> None:
    data, index = home / "data", home / "index"
    first = evidence_rows.write(data, index, gongkao())
    assert first["new"] and not evidence_rows.write(data, index, gongkao())["new"]
    assert evidence_rows.write(data, index, gongkao(template="evidence"))["new"]
    assert evidence_rows.write(data, index, gongkao(), most=10)["rows"] <= 10
    (data / "evidence.jsonl").write_text("{}\n", encoding="utf-8")
    assert evidence_rows.write(data, index, gongkao(), most=10)["new"], "a file that was changed"
    assert read_json(data / "evidence.json")["questions"] <= 10


def test_citing_frames_are_answered_with_citations_that_hold(index: Index, home: Path) -> None:
    row = next(read_jsonl(home / "data" / "train.jsonl"))
    plain = turn(row)["output"]
    for name in ("evidence", "structured"):
        made = with_evidence(index, gongkao(template=name), row, astray=False)
        assert made and turn(made)["output"] == f"{plain}[1]"
        ready = prepare(
            index, gongkao(template=name), turn(row)["input"], where=evidence_rows.TRAINED
        )
        assert all(one.supported and one.given for one in check(f"{plain}[1]", ready.passages))
    astray = with_evidence(index, gongkao(template="structured"), row, astray=True)
    assert astray and turn(astray)["output"] == f"资料中没有，据我所知：{plain}"
    strict = with_evidence(index, gongkao(template="evidence", threshold=0.0), row, astray=True)
    assert strict and turn(strict)["output"] == "资料中没有"
    own = with_evidence(index, gongkao(template="{evidence}\n{question}"), row, astray=False)
    assert own and turn(own)["output"] == plain


@pytest.mark.parametrize("rag", [{}, {"template": "evidence", "k": 3}, {"template": "structured"}])
def test_a_drill_can_only_be_read_off_its_evidence(home: Path, rag: dict[str, Any]) -> None:
    chosen = gongkao(**rag)
    made = list(drills.rows(chosen, 30))
    assert made == list(drills.rows(chosen, 30)) and len({turn(row)["input"] for row in made}) == 30
    shown = answer.settings(chosen)["k"]
    bank = (home / "data" / "kb.jsonl").read_text(encoding="utf-8")
    for row in made:
        asked, replied = turn(row)["input"], turn(row)["output"]
        frame = prompts.TEMPLATES[answer.settings(chosen)["template"]]
        assert asked.startswith(frame.partition("{")[0]) and f"[{shown}]" in asked
        number, plain = row["found"], replied.removesuffix(f"[{row['found']}]")
        assert (plain != replied) == ("[编号]" in frame)
        evidence = asked.partition(f"[{number}]")[2]
        assert evidence.partition(f"[{number + 1}]")[0].count(f"答案：{plain}") == 1
        name = re.search(f"[{drills._NAMES}]{{2,3}}", asked)
        assert name and name[0] not in bank, "a drill says nothing about the domain"


def test_what_serving_would_not_ask_is_not_trained(index: Index) -> None:
    row = {"id": "x", "conversation": [{"system": "", "input": "帮我写请假条", "output": "好"}]}
    assert with_evidence(index, gongkao(), row, astray=False) is None


def test_general_and_long_talks_are_left_out(home: Path) -> None:
    path = home / "data" / "train.jsonl"
    first, second, *_ = read_jsonl(path)
    talk = {**second, "conversation": second["conversation"] * 2}
    write_jsonl(path, [first, {**second, "kind": "general"}, talk])
    assert [row["id"] for row in evidence_rows.chosen(home / "data", 100)] == [first["id"]]


def test_what_is_missing_is_said(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make index"):
        evidence_rows.write(home / "data", tmp_path / "none", gongkao())
    with pytest.raises(UserError, match="make data"):
        evidence_rows.write(tmp_path / "none", home / "index", gongkao())


def test_every_cited_frame_has_its_words_for_nothing_found() -> None:
    for name, text in prompts.TEMPLATES.items():
        if "[编号]" in text:
            said = prompts.MISSING[name].partition("{")[0]
            assert said in text, f"{name} asks for other words than are trained"
