"""`make combine`: adapters of others over a base, with a larger vocabulary, one after the other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.files import read_json
from tests.forks import Zygote
from tests.train.conftest import PYTHON, environment

MAKE = Path(__file__).with_name("adapters.py")


def adapters(*words: object) -> str:
    done = subprocess.run(
        [str(PYTHON), str(MAKE), *map(str, words)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_two_adapters_and_three_more_tokens(zygote: Zygote, tiny: Path, tmp_path: Path) -> None:
    grown = adapters(tiny, tmp_path)
    first, second, to = tmp_path / "first", tmp_path / "second", tmp_path / "both"
    words = ("combine", "--base", str(tiny), "--adapters", str(first), str(second))
    done = zygote(*words, "--to", str(to))
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert len(read_json(to / "handover.json")["steps"]) == 2
    far, largest, tokens = adapters(to, tmp_path, "check").split()
    assert float(far) < 0.05 * float(largest)  # written in the base's bfloat16
    assert int(tokens) == int(grown)

    again = zygote(*words, "--to", str(to))
    assert again.returncode == 2 and "exists already" in again.stderr
    wrong = zygote("combine", "--base", str(tiny), "--adapters", str(tiny), "--to", str(to / "no"))
    assert wrong.returncode == 2 and "adapter_config.json" in wrong.stderr
