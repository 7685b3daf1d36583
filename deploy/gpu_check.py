"""``make gpu-check``, the serving half: what training left, served at 1, 8 and 64 clients.

By TurboMind in 16 bits and, where the time allows, AWQ; by LMDeploy's PyTorch engine where
TurboMind's libraries do not load; in a rehearsal by the CPU engine. Prints one table and one line
of JSON of both halves, and removes the models.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import chat, gpu
from core.errors import UserError
from core.files import read_json, shown, write_json
from core.language import words
from deploy import api, engines, measure, models, preflight, quantize
from deploy.engines import Engine

CLIENTS = (1, 8, 64)
TOKENS = 64  # of each answer
SECONDS = 8.0  # of asking, for each number of clients
STOPPING = 30.0  # seconds before the end at which what runs is ended, for the table
OVER = ("没有时间了", "out of time")
# What is planned (assumed, as the training half's): a server's start, GB of weights a second,
# quantising the smaller model.
START, DISK, AWQ_SECONDS = 20.0, 1.0, 45.0
QUESTION = [{"role": "system", "content": "x" * 24}, {"role": "user", "content": "y" * 20}]
COLUMNS = ("s_per_step", "rows_per_s", "tokens_per_s", *(f"tokens_per_s_{n}" for n in CLIENTS))


def gpu_check(out: Path) -> None:
    """Serve each model below ``OUT/models``, AWQ of the smallest last; the table,
    ``OUT/gpu-check.json`` and its line."""
    found = read_json(out / "train.json")
    rehearsed, ends = found["rehearsed"], found["began"] + 60 * found["minutes"]
    work = out / "models"
    try:
        found_in = [served_of(one) for one in work.glob("*/")]
        folders = sorted((one for one in found_in if one), key=size)
        for folder in folders:
            found["rows"] += one_model(folder, rehearsed, ends)
        if folders:
            found["rows"].append(quantised(folders[0], rehearsed, ends))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found["minutes_taken"] = round((time.time() - found["began"]) / 60, 1)
    print(table(found))
    write_json(out / "gpu-check.json", found)
    print(f"{words('写入', 'wrote')} {shown(out / 'gpu-check.json')}")
    print(json.dumps({"benchmark": "gpu-check", **found}, ensure_ascii=False))


def served_of(model: Path) -> Path | None:
    """The merged folder of what training left in ``model``, its base where there was no time to
    merge (random weights of the same shape), None where there is neither."""
    folders = (model / "run" / "merged", model / "base")
    return next((one for one in folders if (one / "config.json").is_file()), None)


def size(folder: Path) -> float:
    """GB of weights."""
    return measure.weights_bytes(folder) / 1e9


def name_of(folder: Path) -> str:
    """The model's name, of ``OUT/models/NAME/…``."""
    return folder.parent.name if folder.name == "base" else folder.parent.parent.name


def one_model(folder: Path, rehearsed: bool, ends: float) -> list[dict[str, Any]]:
    """The served rows of one model in 16 bits, by the first engine that loads it."""
    rows = []
    for engine in able(rehearsed):
        found = attempt(folder, engine, ends)
        rows.append({"model": name_of(folder), "what": f"serve: {engine.name}", **found})
        if "error" not in found:
            break
    return rows


def able(rehearsed: bool) -> tuple[Engine, ...]:
    """The engines that are measured, the one that is tried first before the others."""
    return (engines.ANYWHERE,) if rehearsed else engines.ON_GPU


def needs(folder: Path) -> float:
    """Seconds that serving ``folder`` is planned with."""
    return START + size(folder) / DISK + len(CLIENTS) * SECONDS + STOPPING


def no_time(need: float, ends: float) -> str:
    """Why something is left out that takes ``need`` seconds; '' where they are there."""
    rest = ends - time.time()
    if rest >= need:
        return ""
    return words(
        f"没有时间了: 约需 {need:.0f} 秒，剩 {max(rest, 0):.0f}",
        f"out of time: takes about {need:.0f} s, {max(rest, 0):.0f} are left",
    )


def attempt(folder: Path, engine: Engine, ends: float) -> dict[str, Any]:
    """Figures of one server, those that it gave before the clock ran out, or why there are none."""
    if over := no_time(needs(folder), ends):
        return {"error": over}
    print(f"{shown(folder)}: {engine.name} …", flush=True)
    found: dict[str, Any] = {}
    try:
        with until(ends - STOPPING):
            served(folder, engine, found)
    except OutOfTime:
        return {**found, "note": words(*OVER)} if "load_s" in found else {"error": words(*OVER)}
    except UserError as error:
        return {"error": str(error)[:200]}
    return found


class OutOfTime(Exception):
    """The clock of a GPU that is paid for ran out."""


@contextmanager
def until(ends: float) -> Iterator[None]:
    """Raise :class:`OutOfTime` in the block at time ``ends`` (of ``time.time``), wherever it
    waits: for a model to load, for an answer, for a quantiser."""

    def over(number: int, frame: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, max(ends - time.time(), 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def served(folder: Path, engine: Engine, found: dict[str, Any]) -> None:
    """Start a server, ask it, stop it; its figures go into ``found`` as they come."""
    if lacking := engine.lacks():
        raise UserError(lacking)
    before = free()
    path = engine.prepare(models.Model(folder, measure.NAME))
    with measure.temporary(engine, path, "gpu-check") as (running, seconds):
        found["load_s"] = seconds
        ask(running)  # the first answer pays for what is made on demand
        for count in CLIENTS:
            found[f"tokens_per_s_{count}"] = throughput(running, count)
        if before:
            found["peak_gb"] = round(before - free(), 2)


def free() -> float:
    """GB of the first GPU that are free (0 without one)."""
    there = gpu.present()
    return there[0].free_gb if there else 0.0


def ask(target: chat.Endpoint) -> int:
    """One answer; how many tokens it had."""
    body = {"model": target.model, "messages": QUESTION, "max_tokens": TOKENS, "temperature": 0}
    return int(api.call(target, "/v1/chat/completions", body)["usage"]["completion_tokens"])


def throughput(target: chat.Endpoint, clients: int) -> float:
    """Tokens a second of ``clients`` that each ask again when they are answered."""
    ends, done, began = time.monotonic() + SECONDS, [], time.monotonic()

    def client() -> None:
        while time.monotonic() < ends:
            done.append(ask(target))

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(sum(done) / (time.monotonic() - began), 1)


def quantised(folder: Path, rehearsed: bool, ends: float) -> dict[str, Any]:
    """The row of AWQ by LMDeploy on the rows that were trained on, served where there is a GPU."""
    row: dict[str, Any] = {"model": name_of(folder), "what": "serve: awq"}
    engine = able(rehearsed)[0]
    if over := no_time(AWQ_SECONDS + needs(folder) - size(folder) / DISK, ends):
        return {**row, "error": over}
    model = folder.parent if folder.name == "base" else folder.parent.parent
    out, rows = model / "awq", model / "data" / "train.jsonl"
    print(f"{shown(folder)}: AWQ …", flush=True)
    began = time.monotonic()
    line = quantize.lmdeploy(folder, out, "awq", preflight.GROUP, rows, None, model)
    seconds = ends - time.time() - STOPPING
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        spent = words(f"{seconds:.0f} 秒不够", f"{seconds:.0f} s were not enough")
        return {**row, "error": f"AWQ: {spent}"}
    row["seconds"] = round(time.monotonic() - began, 1)
    if done.returncode:
        return {**row, "error": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}
    if "awq" not in engine.formats:
        return {**row, "note": words(f"{engine.name} 不读 AWQ", f"{engine.name} reads no AWQ")}
    return {**row, **attempt(out, engine, ends)}


def table(found: dict[str, Any]) -> str:
    """One line a row."""
    names = {"s_per_step": "s/step", "rows_per_s": "rows/s", "tokens_per_s": "tok/s"}
    names |= {f"tokens_per_s_{n}": f"tok/s ×{n}" for n in CLIENTS}
    head = f"{'model':22}{'what':24}" + "".join(f"{names[key]:>11}" for key in COLUMNS)
    lines = [f"{found['gpu']}", head + f"{'peak GB':>9}{'s':>8}"]
    for row in found["rows"]:
        line = f"{row['model']:22}{row['what']:24}"
        if "error" in row:
            lines.append(f"{line}  {row['error']}")
            continue
        line += "".join(f"{row.get(key, ''):>11}" for key in COLUMNS)
        line += f"{row.get('peak_gb', ''):>9}{row.get('seconds', row.get('load_s', '')):>8}"
        lines.append(f"{line}  {row.get('note', '')}".rstrip())
    return "\n".join(lines)
