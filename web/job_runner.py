"""Run commands for the page under limits: ``python job_runner.py FOLDER``.

``FOLDER/job.json`` says what to run (``steps``, argument lists), within how many ``seconds``
together and how much ``memory`` (bytes) each (null: no limit), and in which ``language`` they
speak. Output goes to ``FOLDER/log``, the state to ``FOLDER/state.json``: ``state`` is running,
done, failed, late or cancelled. The steps see none of the page's secrets in their environment, and
of the rest what is named here and in ``seen``. SIGTERM cancels; with ``grace`` (seconds) a step
hears Ctrl-C first and has so long to save what it has (``stopping``), a second SIGTERM ends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TIKUFORGE_WORK_DIRS", "TIKUFORGE_MODELS")
FILE_SIZE = 4 * 2**30  # bytes of the largest file a step may write


def note(folder: Path, **state: Any) -> None:
    """Write the state, whole."""
    temporary = folder / f".state.{os.getpid()}"
    temporary.write_text(json.dumps(state), encoding="utf-8")
    temporary.replace(folder / "state.json")


def limit(seconds: int | None, memory: int | None) -> None:
    """What the kernel holds the step to."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the page was started with "&"
    if seconds is None or memory is None:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def leave(process: subprocess.Popen[bytes], grace: float) -> None:
    """End a step and all that it started: by Ctrl-C within ``grace`` seconds, then by force."""
    try:
        if grace:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(grace)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(folder: Path, job: dict[str, Any]) -> tuple[str, int]:
    """Run the steps; how it ended and the number of the step that ended it."""
    seen = (*KEPT, *job.get("seen", ()))
    environment = {key: os.environ[key] for key in seen if key in os.environ}
    environment |= {"PYTHONPATH": job["path"], "PYTHONUNBUFFERED": "1"}
    if job["memory"]:
        environment["OMP_NUM_THREADS"] = str(job["threads"])
    environment["TIKU_LANG"] = job["language"]  # the reader's: the error is for them
    environment["TIKUFORGE_PROGRESS"] = str((folder / "progress.json").absolute())
    end = time.monotonic() + (job["seconds"] or float("inf"))
    with open(folder / "log", "wb") as log:
        for number, command in enumerate(job["steps"]):
            at = {
                "state": "running",
                "pid": os.getpid(),
                "step": number,
                "steps": len(job["steps"]),
            }
            note(folder, **at)
            process = subprocess.Popen(
                command,
                cwd=job["path"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: limit(job["seconds"], job["memory"]),
            )
            try:
                left = end - time.monotonic()
                code = process.wait(max(0.1, left) if job["seconds"] else None)
            except subprocess.TimeoutExpired:
                return "late", number
            finally:
                if process.poll() is None:
                    note(folder, **at, stopping=True)
                    leave(process, job.get("grace", 0))
            if code:
                return "failed", number
    return "done", len(job["steps"])


def main() -> None:
    """Run the job of the folder given."""
    folder = Path(sys.argv[1])

    def cancelled(*_: object) -> None:
        raise SystemExit("cancelled")

    signal.signal(signal.SIGTERM, cancelled)
    state, step = "cancelled", 0
    try:
        state, step = run(folder, json.loads((folder / "job.json").read_text(encoding="utf-8")))
    finally:
        note(folder, state=state, step=step)


if __name__ == "__main__":
    main()
