"""Jobs that the page starts, in processes of their own, one per folder: builds of a data set under
limits, and lines of ./tiku (:mod:`web.training`) without."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from core import cores, progress
from core.errors import UserError
from core.files import ROOT, held, read_json, write_json
from core.language import VARIABLE, chosen, words
from core.terminal import JSON

SECONDS = int(os.environ.get("TIKUFORGE_BUILD_SECONDS") or 1800)
MEMORY = int(os.environ.get("TIKUFORGE_BUILD_MEMORY") or 4 * 2**30)  # bytes
RUNNERS: dict[str, subprocess.Popen[bytes]] = {}  # this server's own, so that none is left a zombie
STAGES = {"read": 0.4, "unique": 0.6, "groups": 0.75, "write": 0.9}  # data_tools.build's Watch
PICTURES = "ocr"  # the stage in which data_tools recognises pages
NOTE = "progress.json"  # core.progress
TIKU = str(ROOT / "tiku")
# What a line of ./tiku sees beside the rest: where environments lie and come from, which GPU.
SEEN = (
    *("TIKUFORGE_VENVS", "TIKUFORGE_CUDA", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"),
    *("PIP_INDEX_URL", "PIP_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "HTTPS_PROXY"),
)
GRACE = 600  # seconds in which a line of ./tiku that is stopped may save what it has


def folder(out: Path) -> Path:
    """Where the job of the data set in ``out`` is noted."""
    return out / ".job"


def busy() -> UserError:
    """What is said where a job of the data set runs already."""
    return UserError(words("这份数据正在构建", "this data set is being built"))


def commands(steps: list[list[str]]) -> list[list[str]]:
    """The processes of ``steps``: arguments after ``python -m``, or a line of :data:`TIKU`."""
    return [[sys.executable, *([] if step[0] == TIKU else ["-m"]), *step] for step in steps]


def asked(step: list[str], language: str) -> tuple[Any, str]:
    """What a command of another room (arguments after ``python -m``) finds, read as JSON; None and
    its one line of error in ``language`` where it finds nothing. Its exit status may be a verdict.
    """
    with tempfile.TemporaryDirectory() as noted:
        note = Path(noted) / "progress.json"
        told = {"PYTHONPATH": str(ROOT), progress.FILE: str(note), VARIABLE: language, JSON: "1"}
        done = subprocess.run(
            commands([step])[0],
            cwd=ROOT,
            env=os.environ | told,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
        )
        if done.stdout:
            return json.loads(done.stdout), ""
        return None, str(progress.read(note).get("error", "?"))


def start(out: Path, steps: list[list[str]]) -> None:
    """Run ``steps`` (:func:`commands`) for the data set in ``out``, in the background.

    Raises :class:`UserError` while another job of it runs."""
    with held(folder(out) / "start.lock"):  # two at one moment: the second sees the first run
        _start(out, steps)


def _start(out: Path, steps: list[list[str]]) -> None:
    if state(out)["state"] == "running":
        raise busy()
    place = folder(out)
    about: dict[str, Any] = {"seconds": SECONDS, "memory": MEMORY}
    if steps[0][0] == TIKU:
        about = {"seconds": None, "memory": None, "grace": GRACE, "seen": SEEN}
    about |= {"steps": commands(steps), "language": chosen(), "path": str(ROOT)}
    about["threads"] = min(2, cores.usable())
    write_json(place / "job.json", about)
    for name in ("log", NOTE):
        (place / name).unlink(missing_ok=True)
    # Before the runner, which writes its own: a short job's end must not be overwritten.
    write_json(place / "state.json", {"state": "running", "pid": 0, "step": 0})
    runner = Path(__file__).with_name("job_runner.py")
    RUNNERS[str(place)] = subprocess.Popen(
        [sys.executable, str(runner), str(place)], stdin=subprocess.DEVNULL, start_new_session=True
    )


def state(out: Path) -> dict[str, Any]:
    """How the job stands: ``state`` (none, running, done, failed, late, cancelled, lost), and
    ``share`` of it that is done (0 to 1), ``doing`` how many of its stages lie behind it, ``left``
    seconds where they are known, ``error`` its one line, ``log`` the end of what it printed;
    ``stopping`` where it was told to and still saves."""
    place = folder(out)
    if not (place / "state.json").is_file():
        return {"state": "none"}
    if (own := RUNNERS.get(str(place))) and own.poll() is not None:
        del RUNNERS[str(place)]
    found: dict[str, Any] = read_json(place / "state.json")
    ours = str(place) in RUNNERS  # alive, then: those that ended were taken out above
    if found["state"] == "running" and not ours and not _alive(found["pid"], place):
        found = read_json(place / "state.json")  # it may have ended between the two looks
        if found["state"] == "running":
            found["state"] = "lost"
    log = (place / "log").read_text("utf-8", "replace")[-8000:] if (place / "log").is_file() else ""
    lines = [line for line in log.splitlines() if line.strip()]
    noted = progress.read(place / NOTE)
    share, doing = reached(found, noted)
    return {
        **found,
        "share": 1.0 if found["state"] == "done" else min(share, 0.95),
        "doing": doing,
        "stage": noted.get("stage", ""),
        "left": noted.get("left"),
        "done": noted.get("done", 0),
        "total": noted.get("total", 0),
        "error": noted.get("error") or (lines[-1].strip() if lines else ""),
        "log": log,
    }


def mark(out: Path) -> tuple[str, int]:
    """What changes with every job of the data set, one that began and ended between two looks
    too: the state, and when it was noted (ns)."""
    note = folder(out) / "state.json"
    return state(out)["state"], note.stat().st_mtime_ns if note.is_file() else 0


def reached(found: dict[str, Any], noted: dict[str, Any]) -> tuple[float, int]:
    """The share that is done, and how many stages lie behind it."""
    stage, share = noted.get("stage", ""), noted.get("done", 0) / (noted.get("total") or 1)
    if stage == PICTURES:  # the first part of a build
        return STAGES["read"] * share / found.get("steps", 1), len(STAGES) + 3
    if noted.get("total"):
        return share, len(STAGES) + 2
    if found["step"]:
        return (found["step"] + 0.5) / found.get("steps", 1), len(STAGES) + 1
    behind = list(STAGES).index(stage) + 1 if stage in STAGES else 0
    return STAGES.get(stage, 0.1) / found.get("steps", 1), behind


def _alive(pid: int, place: Path) -> bool:
    """Whether the process is there and is ours, not another that came to its number."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(place).encode() in line


def cancel(out: Path) -> None:
    """Stop the job; what the data set held before stays as it was. A line of ./tiku saves what it
    has first, unless it is told again."""
    found, own = state(out), RUNNERS.get(str(folder(out)))
    pid = own.pid if own else found.get("pid", 0)
    if found["state"] == "running" and (own or _alive(pid, folder(out))):
        os.kill(pid, signal.SIGTERM)
        if own and "grace" not in read_json(folder(out) / "job.json"):
            own.wait(10)
