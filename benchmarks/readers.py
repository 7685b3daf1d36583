"""What the readers make of real banks that other people set: found, right, flagged, file by file.

    python benchmarks/readers.py [FOLDER]

FOLDER (default ``$REAL_DATA/wild``) holds the files and a README whose table says how many
questions are in each, counted independently. Where a file has a neighbour ``NAME.expected.jsonl``
(``question, options, answer, kind`` a line) its rows are compared as well. Prints a table, then
JSON as the last line.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
_ROW = re.compile(r"\|\s*([^|]+?)\s*\|[^|]*\|\s*(?:about\s+)?([\d,]+|0|–)")


def counted(folder: Path) -> dict[str, int]:
    """The number of questions in each file, as the folder's README says."""
    found: dict[str, int] = {}
    for line in (folder / "README.md").read_text(encoding="utf-8").splitlines():
        match = _ROW.match(line)
        if match:
            told = line[match.start(2) :].partition("|")[0].strip()
            found |= _counts(match[1].split(", "), told)
    return found


def _counts(names: list[str], told: str) -> dict[str, int]:
    """The counts of a line's files: one for each (``283, 661``), or one number (``1,332``)."""
    parts = told.split(", ")
    if len(parts) != len(names):
        parts = [told.removeprefix("about ").split(" ")[0]] * len(names)
    counts = {n: part.replace(",", "") for n, part in zip(names, parts, strict=True)}
    return {name: int(count) for name, count in counts.items() if count.isdigit()}


def wanted(path: Path) -> Counter[Any] | None:
    """The rows that a file holds, where somebody wrote them down."""
    from core.text import bare

    beside = path.with_name(f"{path.name}.expected.jsonl")
    if not beside.is_file():
        return None
    lines = map(json.loads, beside.read_text(encoding="utf-8").splitlines())
    return Counter((bare(x["question"]), bare(x["answer"]), x["kind"]) for x in lines)


def measure(path: Path) -> dict[str, Any]:
    """Read one file."""
    from core.errors import UserError
    from core.text import bare
    from data_tools.ledger import Ledger
    from data_tools.sources import read_bank

    ledger, start = Ledger(), time.process_time()
    try:
        rows, error = list(read_bank(path, ledger, path.name)), ""
    except UserError as refused:
        rows, error = [], str(refused)
    seconds = time.process_time() - start
    truth = wanted(path)
    got = Counter((bare(r.question), bare(r.answer), r.kind) for r in rows)
    return {
        "file": path.name,
        "found": len(rows),
        "right": sum((truth & got).values()) if truth is not None else None,
        "flagged": sum(bool(row.flags) for row in rows),
        "lost": sum(source.lost for source in ledger.sources),
        "seconds": round(seconds, 2),
        "refused": error[:80],
    }


def main() -> None:
    """Read every file of the folder."""
    data = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else data / "wild"
    there = counted(folder)
    results = []
    print("| file | there | found | right | flagged | lost | CPU s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for path in sorted(folder.iterdir()):
        if path.name == "README.md" or path.name.endswith(".expected.jsonl"):
            continue
        made = measure(path) | {"there": there.get(path.name)}
        results.append(made)
        cells = [made["file"], *(
            "–" if made[key] is None else f"{made[key]:,}" if key != "seconds" else made[key]
            for key in ("there", "found", "right", "flagged", "lost", "seconds")
        )]  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    known = [made for made in results if made["there"]]
    share = sum(min(m["found"], m["there"]) for m in known) / sum(m["there"] for m in known)
    print(f"\n{len(known)} files with a count: {share:.1%} of {sum(m['there'] for m in known):,}")
    print(json.dumps(results, ensure_ascii=False))


if __name__ == "__main__":
    main()
