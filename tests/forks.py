"""Cheap processes of a room whose imports are dear (zygote.py)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.files import ROOT

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")


class Process:
    """A fork of the zygote, as ``subprocess.Popen`` shows one."""

    def __init__(self, zygote: Zygote, pid: int, out: Path, err: Path) -> None:
        self.zygote, self.pid, self.out, self.err = zygote, pid, out, err
        self.returncode: int | None = None

    def poll(self, block: bool = False) -> int | None:
        if self.returncode is None:
            self.returncode = self.zygote.ask({"wait": self.pid, "block": block})
        return self.returncode

    def wait(self) -> int:
        code = self.poll(block=True)
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def completed(self) -> subprocess.CompletedProcess[str]:
        code = self.wait()
        texts = [path.read_text(errors="replace") for path in (self.out, self.err)]
        return subprocess.CompletedProcess([], code, *texts)


class Zygote:
    """Starts ``python -m ROOM …``, or a script, in the room's environment by forking."""

    def __init__(self, room: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.count = folder, 0
        self.process = subprocess.Popen(
            [str(VENVS / room / "bin" / "python"), "-m", "tests.zygote", room],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        while self.process.stdout.readline().strip() != "ready":
            assert self.process.poll() is None, "the zygote died"

    def ask(self, request: dict[str, Any]) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(
        self, argv: list[str], limit: int = 0, environment: Mapping[str, str] | None = None
    ) -> Process:
        self.count += 1
        out, err = (self.folder / f"{self.count}.{name}" for name in ("out", "err"))
        request = {"argv": argv, "out": str(out), "err": str(err), "limit": limit}
        return Process(self, self.ask(request | {"environment": environment or {}}), out, err)

    def __call__(
        self, *argv: str, limit: int = 0, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return self.start(list(argv), limit, environment).completed()

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
