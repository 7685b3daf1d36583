"""Keeps one engine running: ``python -m deploy.supervisor --log F --health URL -- COMMAND …``.

It starts COMMAND, starts it again when it crashes (waiting longer each time), ends it when it no
longer answers, and writes what it prints into a log that never grows beyond :data:`LOG_BYTES` ×
(1 + :data:`LOG_FILES`). SIGTERM is passed on, and the engine has ``--drain`` seconds to finish the
answers it is writing. It uses the standard library alone, so that every environment can run it.
"""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from deploy.health import healthy

LOG_BYTES, LOG_FILES = 5_000_000, 3
FIRST, MOST = 0.5, 30.0  # seconds before the first and at most before a later new start
STEADY = 60.0  # an engine that lived this long starts again as if it had never crashed
PROBE = 5.0  # seconds between two questions whether it is alive
LAST = 40  # lines of a log that are looked through for a reason
LEVEL_E = re.compile(r"[\d.]+ E ")
COMPLAINT = re.compile(r"^\w*(?:Error|Exception)\b|\berror\b|\bfailed\b", re.I)
EXTRA = 5.0  # seconds beyond --drain before the engine is killed


def reason(log: Path) -> str:
    """The reason in an engine's log: what llama.cpp called an error first, else the last complaint
    of whoever it was, else the last line."""
    lines = [
        line
        for line in log.read_text(errors="replace").splitlines()
        if line.strip() and not line.startswith("supervisor:")
    ]
    lines = lines[-LAST:]  # those before may be an earlier start's
    errors = [line for line in lines if LEVEL_E.match(line)][:1]
    complaints = [line for line in lines if COMPLAINT.search(line)]
    return (errors or complaints or lines or ["?"])[-1].strip()[:300]


class Supervisor:
    """One engine: its process while it lives, and what to do when it does not."""

    def __init__(self, command: list[str], health: str, drain: float, hang: float) -> None:
        self.command, self.health, self.drain, self.hang = command, health, drain, hang
        self.child: subprocess.Popen[str] | None = None
        self.asked = 0.0  # when it was told to stop
        self.log = logging.getLogger("supervisor")

    def stop(self, *_: Any) -> None:
        """A signal's handler: ask the engine to finish; asked again, end it at once."""
        if self.child and self.child.poll() is None:
            self.child.kill() if self.asked else self.child.terminate()
        self.asked = self.asked or time.monotonic()

    def run(self) -> int:
        """Until told to stop, or until the engine ends without ever having answered."""
        wait, answered = FIRST, False
        while not self.asked:
            began = time.monotonic()
            code, answered = self.once(answered)
            if self.asked:
                break
            if not answered:
                self.log.info("supervisor: it ended while starting (status %s), given up", code)
                return code or 1
            lived = time.monotonic() - began
            wait = FIRST if lived > STEADY else wait
            self.log.info(
                "supervisor: the engine ended (status %s) after %.0f s; a new one in %.1f s",
                code,
                lived,
                wait,
            )
            until = time.monotonic() + wait
            while time.monotonic() < until and not self.asked:
                time.sleep(0.1)
            wait = min(wait * 2, MOST)
        return 0

    def once(self, answered: bool) -> tuple[int, bool]:
        """One life of the engine: its exit status, and whether it has answered by now."""
        child = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.child = child
        if self.asked:  # a signal that came in between
            child.terminate()
        reader = threading.Thread(target=self._copy, args=(child,), daemon=True)
        reader.start()
        good, ready = time.monotonic(), False
        probe = 0.0
        while child.poll() is None:
            time.sleep(0.1)
            now = time.monotonic()
            if self.asked:
                if now - self.asked > self.drain + EXTRA:
                    child.kill()
            elif now - probe > (PROBE if ready else 0.5):
                if healthy(self.health):
                    good, ready, answered = time.monotonic(), True, True
                probe = time.monotonic()
                if ready and probe - good > self.hang:
                    self.log.info("supervisor: no answer for %.0f s, killed", self.hang)
                    child.kill()
        reader.join(5)
        return child.returncode, answered

    def _copy(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout
        for line in child.stdout:
            self.log.info("%s", line.rstrip("\n"))


def main() -> int:
    """Supervise what the command line names."""
    ours, command = sys.argv[1:], []
    if "--" in ours:
        place = ours.index("--")
        ours, command = ours[:place], ours[place + 1 :]
    options = argparse.ArgumentParser(prog="deploy.supervisor", description=__doc__)
    options.add_argument("--log", required=True)
    options.add_argument("--health", required=True, help="URL that answers 200 while it lives")
    options.add_argument("--drain", type=float, default=30, help="seconds to finish answers")
    options.add_argument("--hang", type=float, default=120, help="seconds without any answer")
    args = options.parse_args(ours)
    rotating = logging.handlers.RotatingFileHandler(
        args.log, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
    )
    lines = logging.getLogger("supervisor")
    lines.setLevel(logging.INFO)
    lines.addHandler(rotating)
    one = Supervisor(command, args.health, args.drain, args.hang)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, one.stop)
    return one.run()


if __name__ == "__main__":
    sys.exit(main())
