"""Questions read from scans and photographs of our own, and what a page costs.

    .venvs/dev/bin/python benchmarks/ocr.py [--papers 6] [--seed 1] [--keep FOLDER]

Each paper (tests/data/scans.py) is a page of a bank with known questions: a tilted, noisy scan at
200 dpi in one column and in two, a photograph aslant on a dark table, a page on its side or head.
``right``: the whole question is, by the generators' own key; ``flagged``: of the rows that are not,
those with a doubt. ``lost``: questions of which no row has the stem. CPU-seconds and memory are
those of the recogniser. Prints one table, then JSON as the last line. ``--keep`` keeps what was
recognised, so that a second run costs seconds (and says no time).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def measure(folder: Path, paper: Any) -> dict[str, Any]:
    """One page, read as ``make data`` reads it."""
    from data_tools.ledger import Ledger
    from data_tools.sources import read_bank
    from tests.data.bankgen import key

    path = folder / f"{paper.name}.jpg"
    path.write_bytes(paper.jpeg())
    rows = list(read_bank(path, Ledger(), path.name))
    wanted = Counter(key(t.stem, t.options, t.letters, t.answer, t.kind) for t in paper.truths)
    right, wrong = 0, []
    for row in rows:
        this = key(row.question, row.options, row.letters, row.answer, row.kind)
        if wanted[this] > 0:
            wanted[this] -= 1
            right += 1
        else:
            wrong.append((row, this))
    sure = [(row.flags, this) for row, this in wrong if not row.flags]
    for _, this in sure:
        print("wrong and not flagged:", path.name, this, file=sys.stderr)
    return {
        "kind": paper.name.partition("-")[0],
        "pages": 1,
        "questions": len(paper.truths),
        "right": right,
        "wrong": len(wrong),
        "flagged": len(wrong) - len(sure),
        "lost": max(0, len(paper.truths) - len(rows)),
        "right_flagged": sum(bool(row.flags) for row in rows) - (len(wrong) - len(sure)),
    }


def table(found: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """The counts of each kind of page, and of all."""
    made: dict[str, Counter[str]] = {}
    for one in found:
        for kind in (one["kind"], "all"):
            numbers = {name: value for name, value in one.items() if name != "kind"}
            made.setdefault(kind, Counter()).update(numbers)
    return {kind: dict(counts) for kind, counts in made.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--papers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.keep or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["TIKUFORGE_WORK_DIRS"] = str(folder)
        from data_tools.ocr import engine
        from tests.data import scans

        before = len(list(engine.KEPT.glob("*.json")))
        found = [measure(folder, paper) for paper in scans.papers(given.papers, given.seed)]
        fresh = len(list(engine.KEPT.glob("*.json"))) - before
        engine.WORKER_OF_THIS_PROCESS.close()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts = table(found)
    names = ("pages", "questions", "right", "wrong", "flagged", "lost", "right_flagged")
    print(f"{'':10}", *(f"{name:>14}" for name in names))
    for kind in ("scan", "columns", "photo", "turned", "all"):
        line = counts[kind]
        print(f"{kind:10}", *(f"{line.get(name, 0):>14}" for name in names))
    seconds = round((used.ru_utime + used.ru_stime) / fresh, 1) if fresh == len(found) else None
    memory = round(used.ru_maxrss / 1024) if fresh else None
    print(f"CPU-seconds a page {seconds}, peak memory {memory} MB")
    print(json.dumps({"counts": counts, "cpu_seconds_a_page": seconds, "peak_mb": memory}))


if __name__ == "__main__":
    main()
