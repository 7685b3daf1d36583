"""A work folder with a tiny trained run in it, and the deploy room's command line to use on it."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
SERVE = VENVS / "serve" / "bin" / "python"
SYSTEM = "公考常识，简答。"


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free(port: int) -> bool:
    """Whether nothing listens on ``port``."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@dataclass
class Room:
    """``work`` is TIKUFORGE_WORK_DIRS; ``run`` the run folder; ``port`` where the tests serve."""

    work: Path
    run: Path
    port: int

    def environment(self) -> dict[str, str]:
        """What a deploy command needs to see."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith("TIKUFORGE")}
        return {**kept, "TIKUFORGE_WORK_DIRS": str(self.work), "PYTHONPATH": str(ROOT)}

    def deploy(self, *words: object, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run ``python -m deploy …`` to its end."""
        return subprocess.run(
            [str(SERVE), "-m", "deploy", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=ROOT,
            env={**self.environment(), **options.pop("env", {})},
            **options,
        )

    def start(self, *words: object, port: int = 0) -> subprocess.CompletedProcess[str]:
        """``deploy start`` of the run on the room's port, or another."""
        return self.deploy("start", "--work-dir", self.run, "--port", port or self.port, *words)

    def stop(self, port: int = 0) -> subprocess.CompletedProcess[str]:
        """``deploy stop``."""
        return self.deploy("stop", "--port", port or self.port)

    def record(self, port: int = 0) -> dict[str, Any]:
        """The note of the server, or an empty one."""
        file = self.work / "servers" / f"{port or self.port}.json"
        return json.loads(file.read_text()) if file.is_file() else {}

    def key(self) -> str:
        """The API key."""
        return (self.work / "servers" / "api_key").read_text().strip()

    def stop_all(self) -> None:
        """Stop every server that is noted here."""
        for note in (self.work / "servers").glob("*.json"):
            if note.stem.isdigit():
                self.stop(int(note.stem))

    def kill(self) -> None:
        """``kill -9`` the server."""
        os.kill(self.record()["pid"], signal.SIGKILL)


STAND_IN = """#!/bin/sh
exec "{python}" "{engine}" "$@"
"""


def gpu_environment(folder: Path, **shown: object) -> dict[str, str]:
    """What a command needs to see a machine with a GPU (``shown``: of tests/bin/nvidia-smi) whose
    TurboMind is gpu_engine.py, in an environment that counts as made."""
    venvs = folder / "venvs"
    venvs.mkdir(parents=True, exist_ok=True)
    for stage in ("core", "serve", "eval", "lmdeploy"):
        link = venvs / stage
        if (VENVS / stage).exists() and not link.exists():
            link.symlink_to((VENVS / stage).resolve())
    python = venvs / "turbomind" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    engine = Path(__file__).with_name("gpu_engine.py")
    python.write_text(STAND_IN.format(python=SERVE, engine=engine))
    python.chmod(0o755)
    stamp = subprocess.run(
        [str(SERVE), "-c", STAMP], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (venvs / "turbomind" / ".installed").write_text(stamp.stdout.strip())
    path = f"{ROOT / 'tests' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    own = {f"FAKE_{name.upper()}": str(value) for name, value in shown.items()}
    log = {"GPU_ENGINE_LOG": str(folder / "gpu.log"), "OMP_NUM_THREADS": "1"}
    return {"TIKUFORGE_VENVS": str(venvs), "PATH": path, **log, **own}


STAMP = """
import sys
sys.path.insert(0, "requirements")
import install
print(install.stamp_of(install.inputs("turbomind")))
"""


@functools.cache
def make(folder: Path) -> Room:
    """A room with a tiny merged model, one a folder; skips where there is no serve environment."""
    if not SERVE.exists():
        pytest.skip("没有环境 no environment 'serve': make env-serve")
    run = folder / "gongkao" / "tiny"
    subprocess.run(
        [str(SERVE), str(Path(__file__).with_name("tiny.py")), str(run / "merged")], check=True
    )
    (run / "run.json").write_text(json.dumps({"base": str(run / "merged"), "domain": "gongkao"}))
    return Room(folder, run, free_port())


def weights(file: Path, size: int) -> None:
    """A safetensors file of ``size`` bytes whose one tensor is a hole."""
    length = 128
    about = {
        "w": {"dtype": "U8", "shape": [size - 8 - length], "data_offsets": [0, size - 8 - length]}
    }
    with open(file, "wb") as out:
        out.write(length.to_bytes(8, "little") + json.dumps(about).encode().ljust(length))
        out.truncate(size)
