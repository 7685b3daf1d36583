"""The reader's language: chosen at the edge, the same in every process, and whole in each."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core import progress
from core.files import ROOT

CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def run(*line: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line, cwd=ROOT, env={**CLEAN, **more}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("chosen", ["zh", "en", "both"])
def test_every_way_of_choosing(chosen: str) -> None:
    ways = [
        run("make", "-s", f"TIKU_LANG={chosen}", "dta"),
        run("make", "-s", "dta", TIKU_LANG=chosen),
        run("./tiku", "--lang", chosen, "dta", TIKU_LANG="en"),
        run("./tiku", "dta", f"--lang={chosen}", TIKU_LANG="zh"),
        run("make", f"TIKU_LANG={chosen}", "data", "samples/gongkao/bank.docx"),
        run("make", f"TIKU_LANG={chosen}", "env-cor"),
    ]
    marks = {"zh": ("错误: ", ""), "en": ("error: ", "错误"), "both": ("错误 error: ", "")}
    has, lacks = marks[chosen]
    for done in ways:
        line = done.stderr.splitlines()[0]
        assert done.returncode == 2 and has in line and not (lacks and lacks in line), line


@pytest.mark.parametrize("asked, near", [("English", "en?"), ("zh_CN", "zh?"), ("bth", "both?")])
def test_a_language_that_is_none_is_refused_by_its_nearest(asked: str, near: str) -> None:
    for done in (
        run("./tiku", "--lang", asked, "recipes"),
        run("./tiku", "recipes", TIKU_LANG=asked),
        run("make", "-s", "recipes", f"TIKU_LANG={asked}"),
    ):
        line = done.stderr.splitlines()[0]
        assert done.returncode == 2 and f"TIKU_LANG={asked}" in line and near in line
        assert not done.stdout
    assert run("./tiku", "recipes", "--lang").returncode == 2


def test_a_child_speaks_its_parent_s_language(tmp_path: Path) -> None:
    text = tmp_path / "empty.txt"
    text.write_text("")
    for chosen, mark in (("zh", "错误: "), ("en", "error: ")):
        done = run("./tiku", "--lang", chosen, "data", str(text), "--out", str(tmp_path / "out"))
        assert done.returncode == 2 and done.stderr.startswith(mark), done.stderr


FAILS = "from core.errors import UserError, run_cli\ndef main():\n    {}\nrun_cli(main)"


@pytest.mark.parametrize(
    "code, chosen, noted",
    [
        ("raise UserError('x', 'bank.empty')", "en", {"error": "x", "code": "bank.empty"}),
        ("raise UserError('x')", "en", {"error": "x"}),
        ("raise OSError(28, '', '/f')", "en", {"error": "/f: no space left", "code": "ENOSPC"}),
        ("raise OSError(28, '', '/f')", "zh", {"error": "/f: 磁盘已满", "code": "ENOSPC"}),
        ("raise MemoryError", "both", {"error": "内存不足 out of memory", "code": "ENOMEM"}),
    ],
)
def test_an_error_is_noted_with_its_code(
    tmp_path: Path, code: str, chosen: str, noted: dict[str, str]
) -> None:
    note = {progress.FILE: str(tmp_path / "note.json"), "TIKU_LANG": chosen}
    done = run(sys.executable, "-c", FAILS.format(code), **note)
    assert done.returncode == 2 and noted["error"] in done.stderr
    assert progress.read(tmp_path / "note.json") == noted
