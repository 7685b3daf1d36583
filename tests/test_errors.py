"""One line and status 2 where a person or the machine is at fault, whatever the terminal."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl

DEEP = "[" * 100_000 + "]" * 100_000
BROKEN = {
    "deep": '{"a": ' + DEEP + "}",
    "deep objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "digits": '{"a": ' + "9" * 100_000 + "}",
    "half a pair": '{"a": "\\ud83d"}',
    "the other half": '{"a": "x\\uDC00y"}',
    "half in a key": '{"\\ud800": 1}',
    "cut": '{"a": [1, 2',
    "text": "hello",
}


@pytest.mark.parametrize("name", BROKEN)
def test_json_that_is_none_or_cannot_be_written_again(tmp_path: Path, name: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(BROKEN[name])
    with pytest.raises(UserError, match=r"x\.json"):
        read_json(file)
    with pytest.raises(UserError, match=r"x\.json"):
        list(read_jsonl(file))


def test_whole_pairs_and_other_escapes_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"a": "\\ud83d\\ude00", "b": "\\\\ud800 is an escape"}')
    assert read_json(file) == {"a": "😀", "b": "\\ud800 is an escape"}


def run(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    whole = f"from core.errors import UserError, run_cli\ndef main():\n    {code}\nrun_cli(main)"
    env = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}  # type: ignore[dict-item]
    line = [sys.executable, "-c", whole]
    return subprocess.run(line, env=env, capture_output=True, text=True, **options)  # type: ignore[call-overload]


MACHINES = {
    "no such right": "raise PermissionError(13, 'x', '/some/file')",
    "full": "raise OSError(28, 'x', '/some/file')",
    "read-only": "raise OSError(30, 'x', '/some/file')",
    "database": "import sqlite3; b = sqlite3.connect(''); b.execute('pragma max_page_count=2');"
    " b.executescript('create table a(x); create table b(x); create table c(x)')",
    "memory": "raise MemoryError",
    "a folder": "open('/')",
    "no UTF-8": "raise UserError('题 \\udcff')",
}


@pytest.mark.parametrize("name", MACHINES)
def test_what_the_machine_refuses_is_one_line(name: str) -> None:
    done = run(MACHINES[name])
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("错误 error: ")


def test_a_file_size_limit_is_one_line(tmp_path: Path) -> None:
    code = f"from core.files import write_text; write_text({str(tmp_path / 'x')!r}, 'x' * 100000)"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # noqa: E731
    done = run(code, preexec_fn=limit)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_bug_keeps_its_traceback() -> None:
    assert "Traceback" in run("raise KeyError('x')").stderr
    assert "Traceback" in run("raise FileNotFoundError(2, 'x')").stderr


BARE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("env", [{"PYTHONIOENCODING": "ascii"}, BARE])
def test_an_ascii_terminal_gets_escapes(env: dict[str, str]) -> None:
    code = r"print('\u9898\u5e93 \U0001f393'); raise UserError('\u9898\u5e93 a bank')"
    done = run(code, env=env)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "a bank" in done.stderr


def test_more_memory_than_there_may_be_is_one_line() -> None:
    code = "from core import memory; memory.cap(0.02); x = bytearray(memory.there() // 10)"
    done = run(code)
    assert done.returncode == 2 and "out of memory" in done.stderr, done.stderr
