"""Every flag that we give LMDeploy is one that it has."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy import engines, turbomind
from tests.deploy import helper

HERE = Path(__file__).parent
SNAPSHOT = json.loads((HERE / "lmdeploy_flags.json").read_text())
PYTHON = os.environ.get("LMDEPLOY_PYTHON") or str(helper.VENVS / "turbomind" / "bin" / "python")


def lines() -> list[list[str]]:
    """The command lines of both GPU engines, plain and with every option of the command line."""
    return [
        turbomind.argv("models/x", "name", "127.0.0.1", 23333, engine.name, settings)
        for engine in engines.ON_GPU
        for settings in (engine.settings(), engine.settings(tp=2, kv=8))
    ]


def test_the_snapshot_is_of_the_pinned_version() -> None:
    pinned = (helper.ROOT / "requirements" / "turbomind.txt").read_text()
    assert f"lmdeploy=={SNAPSHOT['lmdeploy']}\n" in pinned


@pytest.mark.parametrize("line", lines(), ids=lambda line: " ".join(line[3:5]))
def test_every_flag_is_in_the_snapshot(line: list[str]) -> None:
    rest = line[3:]
    while rest:
        flag = SNAPSHOT["flags"][rest.pop(0)]  # a KeyError names the flag that is not there
        if flag["value"]:
            value = rest.pop(0)
            assert not value.startswith("--")
            assert flag["choices"] is None or value in flag["choices"]
            if flag["type"] in ("int", "float"):
                float(value)


def test_the_key_is_added_inside_the_process_under_a_flag_that_exists() -> None:
    assert SNAPSHOT["flags"]["--api-keys"]["value"]
    assert all("--api-keys" not in line for line in lines())


@pytest.mark.slow
def test_the_installed_parser_agrees() -> None:
    if not Path(PYTHON).exists():
        pytest.skip("no LMDeploy: make env-turbomind, or set LMDEPLOY_PYTHON")
    command = [PYTHON, str(HERE / "snapshot_lmdeploy.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == SNAPSHOT
    for line in lines():
        parsed = subprocess.run([*command, *line], capture_output=True, text=True)
        assert parsed.returncode == 0, parsed.stderr
