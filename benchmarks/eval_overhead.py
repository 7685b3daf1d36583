"""What asking through OpenCompass costs over the raw requests, against the real CPU server.

``PYTHONPATH=. .venvs/core/bin/python benchmarks/eval_overhead.py [--model FOLDER]``
serves the model, asks the same requests raw, through ``eval run``, and raw again (the server may
have been warmer or busier), then kills a fresh ``eval run`` at random moments and counts what a
rerun asks twice. Prints a table, and JSON as its last line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from core import chat
from core.files import ROOT, read_json, write_jsonl
from eval import suites

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
PORT, WORKERS, LIMIT, PROBES = 24991, 4, 48, 30
SYSTEM = "公考常识，简答。"


def data(folder: Path, count: int) -> list[str]:
    """A data set of ``count`` questions; returns them."""
    asked = [f"{number}加{number + 1}等于多少？" for number in range(count)]
    rows = (
        {
            "id": f"n-{number:06d}",
            "kind": "qa",
            "conversation": [{"system": SYSTEM, "input": text, "output": str(2 * number + 1)}],
            "source": {"file": "n", "sha256": "0", "locator": f"p:{number}", "text": text},
        }
        for number, text in enumerate(asked)
    )
    write_jsonl(folder / "train.jsonl", rows)
    return asked


def raw(target: chat.Endpoint, asked: list[str]) -> float:
    """Seconds that the bare requests take, as many at a time."""
    client = chat.client(target, timeout=600)

    def one(text: str) -> None:
        client.chat.completions.create(
            model=target.model,
            messages=suites.messages(SYSTEM, text),
            max_tokens=LIMIT,
            temperature=0.0,
        )

    start = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, asked))
    return time.monotonic() - start


def command(home: Path, run: str) -> list[str]:
    """``eval run`` of one column into ``home/run``."""
    words = [str(VENVS / "eval/bin/python"), "-m", "eval", "run", "--work-dir", str(home / run)]
    words += ["--domain", "gongkao", "--data", str(home / "data"), "--suite", "domain"]
    return [*words, "--column", f"tuned={PORT}", "--workers", str(WORKERS)]


def killed(home: Path, environment: dict[str, str], times: int) -> dict[str, int]:
    """Kill -9 ``eval run`` at ``times`` random moments, let it end, and count the journal."""
    draw, kills = random.Random(), 0
    for _ in range(times):
        process = subprocess.Popen(
            command(home, "killed"),
            env=environment,
            cwd=ROOT,
            stdout=DEVNULL,
            stderr=DEVNULL,
            start_new_session=True,
        )
        time.sleep(draw.uniform(8, 25))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    subprocess.run(
        command(home, "killed"), env=environment, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL
    )
    journal = next((home / "killed" / "eval" / "answers").glob("*.jsonl"))
    keys = []
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            keys.append(json.loads(line)["key"])
        except json.JSONDecodeError:
            continue  # the line that a kill cut off
    return {"kills": kills, "answers": len(keys), "twice": len(keys) - len(set(keys))}


def measure(home: Path, model: Path, count: int, kills: int) -> dict[str, Any]:
    """All of it, with a server of our own that is stopped at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TIKUFORGE_WORK_DIRS": str(home / "work")}
    serve = [str(VENVS / "serve/bin/python"), "-m", "deploy"]
    run = ["--work-dir", str(home / "run"), "--domain", "gongkao", "--port", str(PORT)]
    start = [*serve, "start", *run, "--model", str(model), "--for", "bench"]
    subprocess.run(start, env=environment, cwd=ROOT, check=True)
    try:
        note = read_json(home / "work" / "servers" / f"{PORT}.json")
        fields = chat.Endpoint.__dataclass_fields__
        target = chat.Endpoint(**{key: note[key] for key in fields if key in note})
        os.environ["TIKUFORGE_API_KEY"] = (home / "work/servers/api_key").read_text().strip()
        asked = data(home / "data", count)
        first = raw(target, asked)
        begin = time.monotonic()
        subprocess.run(command(home, "whole"), env=environment, cwd=ROOT, stdout=DEVNULL)
        whole = time.monotonic() - begin
        report = read_json(home / "whole" / "report.json")
        # The domain's probes were asked too: their share of the asking is no overhead.
        extra = sum(one["n"] for one in report["suites"].values()) - count
        second = raw(target, asked)
        scaled = (first + second) / 2 * (count + extra) / count
        return {
            "questions": count + extra,
            "raw_seconds": [round(first, 1), round(second, 1)],
            "eval_seconds": round(whole, 1),
            "overhead_seconds": round(whole - scaled, 1),
            "killed": killed(home, environment, kills) if kills else None,
        }
    finally:
        subprocess.run([*serve, "stop", "--for", "bench"], env=environment, cwd=ROOT)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct")
    parser.add_argument("--kills", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), args.model.resolve(), args.questions, args.kills)
    for key, value in found.items():
        print(f"{key:18} {value}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
