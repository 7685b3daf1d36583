"""What ``make demo`` promises, read from its own report: it truly learns."""

from __future__ import annotations

import pytest

from core.files import ROOT, read_json

RUN = ROOT / "work_dirs" / "demo" / "gongkao" / "smollm2_cpu_qlora"


def test_the_demo_learns() -> None:
    report = RUN / "report.json"
    if not report.is_file():
        pytest.skip("no demo here yet (make demo)")
    columns = read_json(report)["columns"]
    tuned, base = (columns[name]["train.exact"] for name in ("tuned", "base"))
    assert tuned["n"] >= 60 and base["n"] == 10, "the base is asked fewer, and says so"
    assert tuned["value"] >= 0.9
    assert base["value"] <= 0.1
    assert columns["tuned"]["paraphrase.exact"]["n"] >= 30, "reported as it is, with n"
    assert (RUN / "report.html").is_file()


def test_the_demo_reads_its_evidence() -> None:
    report = RUN / "report.json"
    if not report.is_file():
        pytest.skip("no demo here yet (make demo)")
    columns = read_json(report)["columns"]
    tuned, reading = columns["tuned"], columns["tuned_rag"]
    assert reading["train.exact"]["value"] >= 0.9, "what was learnt does not yield to evidence"
    assert reading["paraphrase.exact"]["value"] >= tuned["paraphrase.exact"]["value"]
    # Eight questions of which nothing was trained: 7 right here, none before rows with evidence.
    assert reading["heldout.exact"]["value"] >= 0.5


def test_every_hand_over_was_proved() -> None:
    if not (RUN / "merged").is_dir():
        pytest.skip("no demo here yet (make demo)")
    merged = read_json(RUN / "merged" / "handover.json")
    assert merged["prompt_ids_equal"] and merged["greedy_equal"] >= merged["n"] - 1
    assert (RUN / "gguf" / "handover.json").is_file()
