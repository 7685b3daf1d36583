"""The real bank, by words alone: embedding its 38,497 rows takes minutes (benchmarks/rag.py)."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rag_paraphrases import made
from core.files import read_jsonl
from data_tools.build import build as build_data
from data_tools.sources import Inputs
from rag.build import build
from rag.query import Index
from tests.rag.conftest import REAL_DATA


@pytest.mark.slow
def test_written_questions_are_found_in_the_real_bank(tmp_path: Path) -> None:
    bank = REAL_DATA / "gongkao" / "src.docx"
    if not bank.is_file():
        pytest.skip(f"no real bank at {bank} (set REAL_DATA)")
    build_data(Inputs("gongkao", (str(bank),)), tmp_path / "data")
    kb = tmp_path / "data" / "kb.jsonl"
    done = build(kb, tmp_path / "index", "none")
    assert done.size > 30_000
    rows = list(read_jsonl(kb))
    opened, found, times = Index.open(tmp_path / "index"), [], []
    questions = [one for one in made(rows) if one.kind == "written"]
    assert len(questions) >= 300, "the questions are keyed by the bank's own rows"
    for question in questions:
        start = time.perf_counter()
        best = opened.search(question.text, 5)
        times.append(time.perf_counter() - start)
        found.append(question.id in [one.id for one in best])
    assert np.mean(found) >= 0.8
    assert np.median(times) < 0.1
    place = opened.search(questions[0].text, 1)[0]
    assert place.source["file"] == "src.docx" and place in [
        one.scored(place.score) for one in opened.neighbours(place.id, 1)
    ]
