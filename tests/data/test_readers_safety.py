"""No input costs more than its length, and none is read at a loss without a word."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.files import ROOT
from data_tools.ledger import Ledger
from data_tools.readers import read
from tests.data import bankgen_docs as docs
from tests.data import bankgen_sheets as sheets

RUNS = [" ", "　", ".", "(", ")", "（", "[", "]", "【", "1", "A", "_", "、", "-", "*", "√",
        "A ", "( )", "1.", "A.", "①", "答案", "<b>", "|", "\t"]  # fmt: skip
SHAPES = ["{}", "1. 题干（ ）{}\nA. 甲\nB. 乙{}\n答案：A{}", "{}题\n答案：{}",
          "1. {}\nA.{}甲 B.{}乙\n正确答案{}：B\n解析{}：因为{}", "一、{}单选题{}\n1、题{}\nA{}\n",
          "1-5 {}ABCDA\n参考答案{}\n1.A{}2.B"]  # fmt: skip
LONG, SECONDS = 100_000, 8.0  # on a machine with other work; alone 1.5 s at most


# Lines of every format go the same way: all runs as text, the other formats with those that have
# cost most, and the whole table with the slow tests.
OFTEN = [*((run, ".txt") for run in RUNS), (" ", ".docx"), ("答案", ".csv"), ("(", ".md")]
REST = [(run, suffix) for run in RUNS for suffix in (".md", ".csv", ".docx")]
CASES = [*OFTEN, *(pytest.param(*one, marks=pytest.mark.slow) for one in REST if one not in OFTEN)]


@pytest.mark.parametrize(("run", "suffix"), CASES)
def test_a_long_run_costs_seconds_at_most(run: str, suffix: str, tmp_path: Path) -> None:
    for shape in SHAPES:
        text = shape.replace("{}", (run * LONG)[:LONG])
        path = tmp_path / f"a{suffix}"
        if suffix == ".docx":
            docs.write_docx([docs.p(line) for line in text.split("\n")], path)
        else:
            path.write_text(text, encoding="utf-8")
        start = time.process_time()
        list(read(path, Ledger()))
        assert time.process_time() - start < SECONDS, shape


def test_a_long_run_in_a_cell(tmp_path: Path) -> None:
    for run in RUNS:
        text = (run * 32_000)[:32_000].replace("\t", " ")
        rows = [["题目", "A", "B", "答案"], [f"题{text}（ ）", f"甲{text}", "乙", f"A{text}"]]
        sheets.write_xlsx([("Sheet1", rows, [])], tmp_path / "a.xlsx")
        start = time.process_time()
        list(read(tmp_path / "a.xlsx", Ledger()))
        assert time.process_time() - start < SECONDS, run


def test_an_answer_of_700_kilobytes_is_in_doubt(tmp_path: Path) -> None:
    """It was read without a word where the file has few questions."""
    text = "1. 最大的宫殿是？\n答案：故宫\n2. 水的化学式是？\n答案：" + "很长的答案，" * 40_000
    (tmp_path / "a.txt").write_text(text + "\n3. 天空是什么颜色？\n答案：蓝色\n", encoding="utf-8")
    rows = list(read(tmp_path / "a.txt", Ledger()))
    assert [any("much-longer" in str(flag) for flag in row.flags) for row in rows] == [
        False, True, False,
    ]  # fmt: skip


def command(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "data_tools", "read", *map(str, args)],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip


def test_read_prints_rows_then_counts_and_writes_nothing(tmp_path: Path) -> None:
    bank = tmp_path / "a.txt"
    lines = ["1. 水的化学式是（ ）", "A. 水", "B. H2O", "答案：B", "解析：见书。"]
    bank.write_text("\n".join([*lines, "2. 雪是白的。（√）"]))
    done = command(bank, "--json")
    *rows, counts = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0 and list(tmp_path.iterdir()) == [bank]
    assert [row["letters"] for row in rows] == ["B", ""] and rows[1]["answer"] == "√"
    assert rows[0]["options"] == {"A": "水", "B": "H2O"} and rows[0]["kind"] == "single"
    assert rows[0]["explanation"] == "见书。" and rows[0]["locator"] == "c:0-12"
    assert all(0 < row["confidence"] <= 1 and row["flags"] == [] for row in rows)
    assert counts["rows"] == 2 and counts["sources"][0]["lost"] == 0


def test_a_file_of_which_most_is_lost_is_no_success(tmp_path: Path) -> None:
    bank = tmp_path / "a.txt"
    asked = [f"{n}. 第{n}种鸟叫什么（ ）\nA. 甲{n}\nB. 乙{n}" for n in range(2, 9)]
    bank.write_text("\n".join(["1. 雪是白的。（√）", *asked]))
    done = command(bank, "--json")
    assert done.returncode == 3 and "7" in done.stderr and "答案" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["sources"][0]["lost"] == 7
    assert command(bank, "--json", "--allow-loss").returncode == 0
