"""Every flag that we give LMDeploy is one that it has."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy import engines, supervisor, turbomind
from tests.deploy import helper

HERE = Path(__file__).parent
SNAPSHOT = json.loads((HERE / "lmdeploy_flags.json").read_text())
# With a GPU TurboMind's environment, without one the quantiser's: the same LMDeploy.
STAGE = next((s for s in ("turbomind", "lmdeploy") if (helper.VENVS / s).exists()), "turbomind")
PYTHON = os.environ.get("LMDEPLOY_PYTHON") or str(helper.VENVS / STAGE / "bin" / "python")


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


@pytest.fixture
def python() -> str:
    if not Path(PYTHON).exists():
        pytest.skip("no LMDeploy: make env-lmdeploy, or set LMDEPLOY_PYTHON")
    return PYTHON


@pytest.mark.slow
def test_the_installed_parser_agrees(python: str) -> None:
    command = [python, str(HERE / "snapshot_lmdeploy.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == SNAPSHOT


@pytest.mark.slow
@pytest.mark.parametrize("backend", [engine.name for engine in engines.ON_GPU])
def test_lmdeploys_engine_gets_our_settings(python: str, backend: str, tmp_path: Path) -> None:
    """Through its own command line up to the engine; the folder's generation_config.json changes no
    greedy answer (Qwen2.5's repetition_penalty did)."""
    penalty = {"repetition_penalty": 1.05, "temperature": 0.7, "top_k": 20, "eos_token_id": [1, 2]}
    (tmp_path / "generation_config.json").write_text(json.dumps(penalty))
    values = {**engines.of(backend).settings(tp=2, kv=8), "cache_max_entry_count": 0.31}
    values |= {"model_format": "awq", "trust_remote_code": False}
    line = turbomind.argv(str(tmp_path), "name", "127.0.0.1", 1, backend, values)
    done = subprocess.run(
        [python, str(HERE / "lmdeploy_engine.py"), *line], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    told = ("session_len", "max_batch_size", "enable_prefix_caching", "tp", "quant_policy")
    told += ("cache_max_entry_count", "model_format")
    assert {name: found["engine"][name] for name in told} == {name: values[name] for name in told}
    assert found["backend"] == backend and found["generation"] == {}


@pytest.mark.slow
def test_turbomind_that_does_not_load_is_said_and_no_other_engine_takes_its_place() -> None:
    """LMDeploy warns and serves by its PyTorch engine, under TurboMind's name."""
    python = helper.VENVS / "lmdeploy" / "bin" / "python"
    if not python.exists():
        pytest.skip("no LMDeploy without CUDA's libraries: make env-lmdeploy")
    line = turbomind.argv("x", "x", "127.0.0.1", 1, "turbomind", engines.of("turbomind").settings())
    done = subprocess.run(
        [str(python), "-m", "deploy.turbomind", *line],
        cwd=helper.ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2 and ".so" in done.stderr and "BACKEND=pytorch" in done.stderr
    assert supervisor.COMPLAINT.search(done.stderr.splitlines()[-1]), "its log's reason"
