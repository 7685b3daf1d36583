"""`make chat`, `make doctor` and the command line's own manners."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import gpu
from tests.deploy import helper
from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER


def core(room: Room, *words: object, text: str = "") -> subprocess.CompletedProcess[str]:
    """The deploy room run by the light environment, as `make chat` and `make doctor` do."""
    return subprocess.run(
        [sys.executable, "-m", "deploy", *map(str, words)],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=helper.ROOT,
        env=room.environment(),
    )


def test_a_terminal_chat(served: Room) -> None:
    done = core(served, "chat", "--port", served.port, text="世界上最大的宫殿是？\n/clear\n/exit\n")
    assert done.returncode == 0, done.stderr
    assert ANSWER[:100] in done.stdout and "已清空" in done.stdout


def test_a_chat_is_saved_but_never_over_another_file(served: Room, tmp_path: Path) -> None:
    file = tmp_path / "talk.md"
    lines = f"问一\n/save {file}\n/system 换一个\n/save {file}\n/rag\n/nonsense\n/exit\n"
    done = core(served, "chat", "--port", served.port, text=lines)
    assert done.returncode == 0, done.stderr
    saved = file.read_text()
    assert "**问 Question** 问一" in saved and ANSWER[:100] in saved and "1 轮" in done.stdout
    assert "exists already" in done.stdout and "换一个" not in saved
    assert "开 on" in done.stdout and done.stdout.count("/save") >= 2


def test_a_terminal_chat_without_a_server(room: Room) -> None:
    done = core(room, "chat", "--port", helper.free_port())
    assert done.returncode == 2 and "make deploy" in done.stderr


def test_doctor_names_what_is_here(served: Room) -> None:
    done = core(served, "doctor")
    assert done.returncode == 0, done.stderr
    for part in ("Python", "CPU", "GPU", "turbomind", str(served.port), "就绪"):
        assert part in done.stdout


@pytest.mark.skipif(bool(gpu.gpus()), reason="this machine has a GPU")
def test_turbomind_without_a_gpu_says_what_would_run(room: Room) -> None:
    done = room.start("--backend", "turbomind")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "llama.cpp" in done.stderr
