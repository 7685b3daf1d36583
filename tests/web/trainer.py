"""What stands in for the train room's environment on the page's test: ``-m train VERB …`` with the
room's files and its way to stop, and nothing learnt. The real room is in the slow test."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from core import progress
from core.files import write_json

STEPS, SECONDS = 60, 0.05


def run(work: Path, resume: bool) -> None:
    """Sixty steps; Ctrl-C ends it after the one under way, and it goes on from there."""
    stopped: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: stopped.append(number))
    curve = work / "loss.jsonl"
    first = len(curve.read_text().splitlines()) if resume else 0
    if not resume:
        curve.unlink(missing_ok=True)
        sample = {"iter": 1, "question": "问？", "expected": "答", "given": "不知道"}
        (work / "samples.jsonl").write_text(json.dumps(sample) + "\n")
    write_json(work / "run.json", {"status": "running", "key": "k"})
    for step in range(first + 1, STEPS + 1):
        time.sleep(SECONDS)
        with open(curve, "a") as out:
            out.write(json.dumps({"iter": step, "loss": 3 / step}) + "\n")
        progress.tell("train", step, STEPS, (STEPS - step) * SECONDS)
        if step == first + 10 and not resume:  # until it is told to stop, however slow that is
            while not stopped:
                time.sleep(SECONDS)
        if stopped:
            raise SystemExit(130)
    done = {"status": "trained", "finished": "2026-11-30 10:00:00", "steps": STEPS, "loss": 0.05}
    write_json(work / "run.json", {**done, "key": "k"})


def main() -> None:
    """The command line of the room."""
    verb = sys.argv[3]
    options = dict(part[2:].partition("=")[::2] for part in sys.argv[4:] if part[:2] == "--")
    work = Path(options["work-dir"])
    with open(Path(os.environ["TIKUFORGE_VENVS"]) / "trainer.log", "a") as out:
        out.write(json.dumps(sys.argv[3:]) + "\n")
    if verb == "estimate":
        told = {"parameters": 134.5e6, "trainable": 9.8e6, "steps": STEPS, "seconds": 12.0}
        write_json(work / "estimate.json", {**told, "peak_gb": 2.04})
    elif verb == "run":
        run(work, "resume" in options)
    elif verb == "merge":
        write_json(work / "merged" / "handover.json", {})


main()
