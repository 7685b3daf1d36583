"""Asks the recogniser page by page and keeps each page's answer by the hash of its picture, so that
a build that was ended goes on where it was, and the next one recognises nothing twice.

Kept in ``work_dirs/ocr``: ``HASH.json`` (what the worker said) and ``HASH.jpg`` (the mended page).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

from core import cores, progress
from core.errors import UserError
from core.files import ROOT, WORK_DIRS, read_json, write_json
from core.language import words

STAGE = "ocr"
SIZE = 344  # MB on disk, of which 27 are rapidocr with its models
SECONDS = 1800  # for one page, against a hang: it takes 10 CPU-seconds, more on a busy machine
WORKER = Path(__file__).with_name("worker.py")
LOCK = ROOT / "requirements" / f"{STAGE}.lock"
KEPT = WORK_DIRS / "ocr"


def home() -> Path:
    """Where the recogniser's environment is."""
    return Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs") / STAGE


def ready() -> bool:
    """Whether it is installed."""
    return (home() / ".installed").is_file()


def ensure() -> None:
    """Install it on first use; a job of the page installs nothing, and says what to type.

    Raises :class:`UserError` where it cannot be had."""
    if ready():
        return
    install = f"python3 requirements/install.py {STAGE}"
    if progress.FILE in os.environ:
        raise UserError(
            words(
                f"扫描件要先装文字识别 ({SIZE} MB): {install}",
                f"scans need text recognition ({SIZE} MB) installed first: {install}",
            ),
            "ocr.missing",
        )
    saying = words(
        f"扫描件或照片: 先装文字识别 (只一次, {SIZE} MB)",
        f"a scan or photograph: installing text recognition, once ({SIZE} MB)",
    )
    print(saying, file=sys.stderr, flush=True)
    script = str(ROOT / "requirements" / "install.py")
    done = subprocess.run([sys.executable, script, STAGE], stdout=sys.stderr)
    if done.returncode:
        said = words("文字识别没有装好", "text recognition could not be installed")
        raise UserError(f"{said}: {install}", "ocr.missing")


@cache
def version() -> str:
    """What an answer depends on beside the picture: the worker and its locked environment."""
    return hashlib.sha256(WORKER.read_bytes() + LOCK.read_bytes()).hexdigest()


class Worker:
    """The recognising process, one page at a time; it ends with us (its input closes)."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, str]) -> dict[str, Any]:
        """The answer to ``request``; :class:`UserError` where the process dies or hangs."""
        if self.process is None or self.process.poll() is not None:
            ensure()
            self.process = subprocess.Popen(
                [str(home() / "bin" / "python"), str(WORKER)],
                env={**os.environ, cores.ASKED: str(cores.asked() or cores.usable())},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        process = self.process
        assert process.stdin and process.stdout
        watch = threading.Timer(SECONDS, process.kill)
        watch.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            watch.cancel()
        if line[-1:] != b"\n":  # it died within a line
            raise UserError(words("文字识别进程退出了", "the recogniser ended"), "ocr.ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let the process end."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


WORKER_OF_THIS_PROCESS = Worker()


def mended(key: str) -> Path:
    """The page as it was recognised: turned, straightened."""
    return KEPT / f"{key}.jpg"


def page(picture: bytes, where: str) -> dict[str, Any]:
    """What stands on a picture (an encoded image file), as :mod:`data_tools.ocr.worker` says, with
    its ``key`` and whether it is ``fresh``, recognised just now. Raises :class:`UserError` that
    begins with ``where`` for a picture that is not read.
    """
    key = hashlib.sha256(version().encode() + picture).hexdigest()
    kept = KEPT / f"{key}.json"
    if kept.is_file() and mended(key).is_file():
        return {**read_json(kept), "key": key, "fresh": False}
    KEPT.mkdir(parents=True, exist_ok=True)
    given = KEPT / f".{key}.{os.getpid()}.in"
    given.write_bytes(picture)
    try:
        asked = {"picture": str(given.absolute()), "mended": str(mended(key).absolute())}
        answer = WORKER_OF_THIS_PROCESS.ask(asked)
    finally:
        given.unlink(missing_ok=True)
    if "error" in answer:
        raise UserError(f"{where}: {words(*answer['error'])}", "ocr.refused")
    write_json(kept, answer)
    return {**answer, "key": key, "fresh": True}
