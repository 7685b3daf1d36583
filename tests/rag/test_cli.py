"""``make index`` and ``make ask`` as a user runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from core.files import ROOT


def make(*arguments: str, work: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TIKUFORGE_WORK_DIRS": str(work)}
    environment.pop("TIKUFORGE_BASE_URL", None)
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_index_and_ask_without_a_server(sample: Path, tmp_path: Path) -> None:
    data = f"OUT={sample / 'data'}"
    again = make("index", data, work=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "索引已是最新" in again.stdout
    found = make("ask", data, "Q=我国最大的淡水湖叫什么名字？", "PORT=9", work=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "make deploy" in found.stdout and "bank.docx p:" in found.stdout
    assert "鄱阳湖" in found.stdout
    assert "已有改动" not in found.stdout
    spy = tmp_path / "spy"
    odd = make(
        "ask", data, f'Q=$(touch {spy}) `touch {spy}` "; touch {spy}; "', "PORT=9", work=tmp_path
    )
    assert odd.returncode == 0, odd.stderr
    assert not spy.exists(), "a question is never a command"
    assert "资料中没有找到依据" in odd.stdout


def test_what_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    def run(*arguments: str, language: str = "both") -> str:
        command = [sys.executable, "-m", "rag", *arguments]
        environment = {**os.environ, "TIKU_LANG": language}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stderr

    assert "make data" in run("index", "--data", str(tmp_path))
    assert "make index" in run("ask", "--data", str(tmp_path / "data"), "问")
    (tmp_path / "kb.jsonl").write_text('{"id": "a"}\n{bad', encoding="utf-8")
    assert "第1行" in run("index", "--data", str(tmp_path))
    english = run("ask", "--data", str(tmp_path / "data"), "问", language="en")
    assert not re.search("[\u4e00-\u9fff]", english.partition("error: ")[2]), english
    assert "holds no index" not in run("ask", "--data", str(tmp_path), "问", language="zh")
    assert "nowhere" in run("index", "--data", str(tmp_path), "--domain", "nowhere")
