"""Processes that outlive the command that started them, known by more than their number."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil

from core import chat
from core.files import ROOT

MARK = "deploy."  # every server of ours runs as `python -m deploy.<engine>`


def ours(target: chat.Endpoint) -> psutil.Process | None:
    """The process of a noted server, or None when it ended (its number may be another's by now)."""
    try:
        process = psutil.Process(target.pid)
        same = abs(process.create_time() - target.born) < 1.0
        mine = any(part.startswith(MARK) for part in process.cmdline())
        alive = process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return None
    return process if same and mine and alive else None


def spawn(command: list[str], log: Path) -> psutil.Popen:
    """Start ``command`` in a session of its own; what it says of itself goes to ``log``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with open(log, "a") as out:
        return psutil.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=ROOT,
            env=environment,
        )


def end(process: psutil.Process, grace: float, now: bool = False) -> bool:
    """Ask the process and its children to end, then make them; True if asking was enough.

    ``now`` asks twice: our supervisor then waits for no answer to finish.
    """
    try:
        family = [process, *process.children(recursive=True)]
        process.terminate()
        if now:
            time.sleep(0.2)
            process.terminate()
    except psutil.NoSuchProcess:
        return True
    _, left = psutil.wait_procs(family, timeout=grace)
    for one in left:
        one.kill()
    psutil.wait_procs(left, timeout=5)
    return not left
