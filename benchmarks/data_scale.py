"""A million templated rows through expansion, cleaning, grouping and split: time, memory, exponent.

    python benchmarks/data_scale.py [--sizes 10000 100000 1000000] [--json FILE]

Each size runs in a process of its own over a table that is made on the fly (a tenth of the things
share their answer with another, one in fifty is repeated, one in two hundred contradicts one).
Prints a card and, as its last line, JSON. Goal: 1,000,000 rows in at most 180 s and 4 GB on two
cores, cost growing as rows^1.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.files import read_json, write_json

ASPECTS = ("成分", "性状", "功能", "用法", "禁忌", "贮藏", "来源", "规格")
SYLLABLES = "安贝宁康达乐欣舒美泰福瑞思力维特莱克诺普西利定平芬酮醇胺唑霉素清片散"
PHRASES = (
    "{{{0}}}的{1}是什么？",
    "{{{0}}}{1}如何？",
    "请说明{{{0}}}的{1}。",
    "关于{{{0}}}，{1}怎样？",
)


def table(path: Path, things: int, seed: int = 7) -> None:
    """A table of ``things`` rows with one column an aspect, varied as real leaflets are."""
    draw = random.Random(seed)
    words = ["".join(draw.choices(SYLLABLES, k=2)) for _ in range(4000)]
    shared = [f"{draw.choice(words)}与{draw.choice(words)}各半，避光密封。" for _ in range(200)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["品名", *ASPECTS])
        for number in range(things):
            name = f"{draw.choice(words)}{draw.choice(words)}{number}号"
            cells = [
                draw.choice(shared)
                if draw.random() < 0.1
                else "".join(draw.choices(words, k=draw.randint(4, 30))) + f"{number}。"
                for _ in ASPECTS
            ]
            out.writerow([name, *cells])
            if number % 50 == 0:
                out.writerow([name, *cells])
            if number % 200 == 0:
                out.writerow([name, *reversed(cells)])


def templates(path: Path) -> None:
    """Four phrasings an aspect, three of them drawn for each thing."""
    aspects = {
        name: {
            "take": 3,
            "ask": [phrase.format("品名", name) for phrase in PHRASES],
            "answer": f"{{{name}}}",
        }
        for name in ASPECTS
    }
    write_json(path, {"entity": "品名", "attributes": aspects})  # JSON is YAML


def once(rows: int) -> dict[str, float]:
    """Make about ``rows`` rows in this process; seconds of each step and peak memory in MB."""
    from core import domain
    from data_tools import build as builder
    from data_tools.outputs import write
    from data_tools.review import Review
    from data_tools.sources import Inputs

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        table(here / "t.csv", math.ceil(rows / (len(ASPECTS) * 3) / 1.025))
        templates(here / "t.yaml")
        inputs = Inputs("medical", table=(str(here / "t.csv"),), templates=(str(here / "t.yaml"),))
        start, cpu = time.monotonic(), time.process_time()
        made = builder.make(inputs, domain.load("medical"), Review(), builder.HERE, builder.Watch())
        cleaned, cleaned_cpu = time.monotonic() - start, time.process_time() - cpu
        write(here / "out", made, domain.load("medical"), inputs)
        return {
            "rows": made.facts["parsed"],
            "kept": made.facts["train"] + made.facts["eval"],
            "groups": made.facts["groups"],
            "clean_split_s": round(cleaned, 2),
            "clean_split_cpu_s": round(cleaned_cpu, 2),
            "total_s": round(time.monotonic() - start, 2),
            "cpu_s": round(time.process_time() - cpu, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def main() -> None:
    """Run every size in its own process and print the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once)))
        return
    results = []
    print(f"{'rows':>10} {'clean+split s':>14} {'with files s':>13} {'CPU s':>8} {'peak MB':>8}")
    for size in args.sizes:
        command = [sys.executable, __file__, "--once", str(size)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        results.append(found)
        print(
            f"{found['rows']:>10,} {found['clean_split_s']:>14.1f} {found['total_s']:>13.1f} "
            f"{found['cpu_s']:>8.1f} {found['peak_mb']:>8,}",
            flush=True,
        )
    report: dict[str, object] = {"results": results}
    if len(results) > 1:
        first, last = results[0], results[-1]
        grown = last["clean_split_cpu_s"] / first["clean_split_cpu_s"]
        exponent = math.log(grown) / math.log(last["rows"] / first["rows"])
        print(f"指数 exponent of clean + split in CPU s: rows ^ {exponent:.2f}")
        report["exponent"] = round(exponent, 3)
    if args.json:
        write_json(args.json, {**(read_json(args.json) if args.json.is_file() else {}), **report})
    print(json.dumps(report))


if __name__ == "__main__":
    main()
