"""What each stage installs for an NVIDIA driver, resolved against the registry; no GPU needed."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import ROOT

INSTALL = ROOT / "requirements" / "install.py"
STAND_IN = Path(__file__).parent / "bin"


def fake(**shown: object) -> dict[str, str]:
    """The environment of a machine whose ``nvidia-smi`` shows this."""
    path = f"{STAND_IN}{os.pathsep}{os.environ['PATH']}"
    own = {f"FAKE_{name.upper()}": str(value) for name, value in shown.items()}
    return {**os.environ, "PATH": path, **own}


@functools.cache
def pins(stage: str, line: str = "") -> dict[str, str]:
    command = [sys.executable, str(INSTALL), "--resolve", stage, *([line] if line else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if "error sending request" in done.stderr or "dns error" in done.stderr:
        pytest.skip("no package registry")
    assert done.returncode == 0, done.stderr
    rows = [text.split(" ;")[0].partition("==") for text in done.stdout.splitlines()]
    return {name: version for name, _, version in rows}


def cuda_majors(found: dict[str, str]) -> set[str]:
    """CUDA majors of the libraries among ``found``."""
    majors = {name.rpartition("-cu")[2] for name in found if name.startswith("nvidia-")}
    runtime = found.get("nvidia-cuda-runtime", "").partition(".")[0]
    return {major for major in (*majors, runtime) if major in ("11", "12", "13")}


@pytest.mark.parametrize("stage", ["train", "train-448"])
@pytest.mark.parametrize(("line", "torch", "major"), [
    ("cuda13", "2.13.0", "13"), ("cuda12", "2.10.0", "12"),
])  # fmt: skip
def test_training_takes_the_build_that_the_driver_runs(
    stage: str, line: str, torch: str, major: str
) -> None:
    found = pins(stage, line)
    assert found["torch"] == torch and cuda_majors(found) == {major}
    assert found["transformers"] == {"train": "4.57.6", "train-448": "4.48.0"}[stage]


@pytest.mark.parametrize("stage", ["train", "train-448"])
def test_training_can_convert_a_sentencepiece_tokenizer(stage: str) -> None:
    assert {"protobuf", "sentencepiece"} <= set(pins(stage))


def test_turbomind_is_locked_reads_what_training_wrote_and_has_one_cuda() -> None:
    found = pins("turbomind")
    assert (ROOT / "requirements" / "turbomind.lock").is_file()
    assert found["lmdeploy"] == "0.18.0" and found["transformers"] == "4.57.6"
    assert cuda_majors(found) == {"12"}, "two nvidia-nccl packages write one file"
    assert "turbomind" in (ROOT / "Makefile").read_text().partition("\nlock:")[2]


def test_the_quantiser_has_turbominds_transformers() -> None:
    text = (ROOT / "requirements" / "lmdeploy.txt").read_text()
    assert f"transformers=={pins('turbomind')['transformers']}" in text


CHOSEN = """
import sys
sys.path.insert(0, "requirements")
import install
print(sorted(install.inputs("train", install.cuda_line("train"))))
"""


@pytest.mark.parametrize(("driver", "cap", "chosen"), [
    ("550.54.15", "8.9", True), ("580.65.06", "8.9", False), ("580.65.06", "7.5", False),
    ("580.65.06", "7.0", True),  # CUDA 13 has no kernels for a V100
])  # fmt: skip
def test_the_line_follows_the_driver_and_the_gpu(driver: str, cap: str, chosen: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=fake(driver=driver, cap=cap), cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ("cuda12" in done.stdout) == chosen, done.stdout + done.stderr


def test_a_gpu_that_no_build_has_kernels_for_is_said_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=fake(cap="6.0", gpu="Tesla P100"), cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "Tesla P100" in done.stderr and "7.0 (V100)" in done.stderr


def test_a_driver_that_runs_neither_is_said_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=fake(driver="470.82"), cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "470.82" in done.stderr and "525" in done.stderr


KEPT = """
import sys
sys.path.insert(0, "requirements")
import install
for line in ("cuda12", "cuda13"):
    home = install.VENVS / "train"
    home.mkdir(parents=True, exist_ok=True)
    (home / ".installed").write_text(install.stamp_of(install.inputs("train", line)))
    print(install.made("train", install.cuda_line("train")), end=" ")
"""


@pytest.mark.parametrize(("shown", "kept"), [
    ({"fail": "Unable to determine the device handle"}, "True True"),
    ({"driver": "550.54.15"}, "True False"),
    ({"driver": "580.65.06"}, "False True"),
])  # fmt: skip
def test_a_driver_that_does_not_answer_today_leaves_the_environment_as_it_is(
    tmp_path: Path, shown: dict[str, str], kept: str
) -> None:
    own = {**fake(**shown), "TIKUFORGE_VENVS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", KEPT], env=own, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip() == kept, done.stderr


@pytest.mark.parametrize(("told", "chosen"), [("12", True), ("13", False)])
def test_a_login_node_can_be_told_the_line_of_its_nodes(told: str, chosen: bool) -> None:
    own = {**fake(fail="No devices were found"), "TIKUFORGE_CUDA": told}
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=own, cwd=ROOT, capture_output=True, text=True
    )
    assert ("cuda12" in done.stdout) == chosen, done.stdout + done.stderr


def test_a_driver_that_tells_no_version_is_said_as_it_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHOSEN], env=fake(driver="[N/A]"), cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "no driver version" in done.stderr and "太旧" not in done.stderr


@pytest.mark.parametrize("asked", [["core"], ["--lock", "core"]])
def test_an_environment_and_its_lock_stay_where_a_new_one_cannot_be_installed(
    tmp_path: Path, asked: list[str]
) -> None:
    """A driver of the other CUDA line and no network left a machine without any environment, and
    ``make lock`` without its lock."""
    for name in ("requirements", "core"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    before = tmp_path / "venvs" / "core"
    before.mkdir(parents=True)
    (before / "kept").write_text("")
    (before / ".installed").write_text("of other files")
    venvs = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
    (uv,) = venvs.glob("uv-*")
    (tmp_path / "venvs" / uv.name).symlink_to(uv)
    own = {"TIKUFORGE_VENVS": str(tmp_path / "venvs"), "UV_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "requirements" / "install.py"), *asked],
        env={**os.environ, **own, "UV_OFFLINE": "1"}, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and "装不上" in done.stderr, done.stdout + done.stderr
    assert (before / "kept").is_file() and not list((tmp_path / "venvs").glob(".core*"))
    locks = [folder / "core.lock" for folder in (tmp_path / "requirements", INSTALL.parent)]
    assert locks[0].read_text() == locks[1].read_text()
