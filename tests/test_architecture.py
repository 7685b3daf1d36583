"""The house rules: who may import whom (how complex a function may be: ruff, C901)."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from core.files import ROOT

ROOMS = ("core", "data_tools", "train", "deploy", "rag", "eval", "web", "commands", "custody")
ALLOWED = {room: {"core", room} for room in ROOMS}
ALLOWED["web"] |= {"rag"}
ALLOWED["eval"] |= {"rag"}


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def imported(path: Path) -> set[str]:
    """Top-level names that ``path`` imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_one_way_only(room: str) -> None:
    for path in tracked(f"{room}/*.py"):
        wrong = (imported(path) & set(ROOMS)) - ALLOWED[room]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_no_machine_paths() -> None:
    for pattern in ("*.py", "*.md", "Makefile", "*.txt", "*.toml", ".ci/run"):
        for path in tracked(pattern):
            text = path.read_text(encoding="utf-8")
            for mark in ("/" + "root/", "/" + "home/", "/" + "work/"):
                assert mark not in text, f"{path.relative_to(ROOT)} holds {mark}"
