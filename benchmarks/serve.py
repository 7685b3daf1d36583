"""Our CPU server beside plain ``transformers``: the same merged model, the same machine, one run.

    benchmarks/serve.py --model RUN/merged                 # ours, generate, transformers serve
    benchmarks/serve.py --port 23333 [--clients 1,8,32]    # a server that runs (make bench-serve)
    benchmarks/serve.py --port 23333 --soak 600            # 32 clients for ten minutes, every
                                                           # answer checked, memory watched

Prints a table a person can read, and JSON as its last line. Every request asks for exactly TOKENS
new tokens, so that tokens/s mean the same everywhere. ``transformers serve`` runs in LMDeploy's
environment (make env-lmdeploy), which has its web server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core import chat
from core.files import ROOT, read_json, read_jsonl, shown

VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
TOKENS = 48
PORT = 27900
STORY = "Write a long story about a river, a bridge and the town number {}."
WARM = "Count from one to twenty."


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them lie (nearest rank)."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def memory(pid: int, peak: bool = True) -> int:
    """MB of a process and its children: the highest so far, or now."""
    field, total = ("VmHWM" if peak else "VmRSS"), 0
    for one in [pid, *children(pid)]:
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(field)) // 1024
    return total


def children(pid: int) -> list[int]:
    """All processes that came from ``pid``."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    own = [int(one) for one in text.split()]
    return own + [deeper for one in own for deeper in children(one)]


def ask(port: int, body: dict[str, Any], key: str) -> dict[str, float]:
    """One streamed answer: seconds to the first piece and in all, and its tokens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=400)
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps({**body, "stream": True}), head)
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {answer.read()[:200]!r}")
    first, pieces, counted = 0.0, 0, 0
    for line in answer:
        if not line.startswith(b"data: {"):
            continue
        piece = json.loads(line[6:])
        if any(choice["delta"].get("content") for choice in piece.get("choices", ())):
            first = first or time.perf_counter() - began
            pieces += 1
        counted = (piece.get("usage") or {}).get("completion_tokens", 0) or counted
        counted = (piece.get("timings") or {}).get("predicted_n", 0) or counted
    connection.close()
    return {"first": first, "whole": time.perf_counter() - began, "tokens": counted or pieces}


def clients(port: int, count: int, extra: dict[str, Any], key: str, each: int) -> dict[str, Any]:
    """``count`` clients at once, each with ``each`` questions one after the other."""

    def one(number: int) -> list[dict[str, float]]:
        said = []
        for turn in range(each):
            text = STORY.format(number * 100 + turn)
            body = {"messages": [{"role": "user", "content": text}], "max_tokens": TOKENS, **extra}
            said.append(ask(port, body, key))
        return said

    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        all_said = [said for part in pool.map(one, range(count)) for said in part]
    seconds = time.perf_counter() - began
    return figures(all_said, seconds)


def figures(said: list[dict[str, float]], seconds: float) -> dict[str, Any]:
    """tokens/s over all, time to first token, latency."""
    tokens = sum(one["tokens"] for one in said)
    whole = [one["whole"] for one in said]
    return {
        "tokens_per_s": round(tokens / seconds, 1),
        "tokens_an_answer": round(tokens / len(said), 1),
        "first_s": round(statistics.median(one["first"] for one in said), 3),
        "p50_s": round(percentile(whole, 0.5), 2),
        "p99_s": round(percentile(whole, 0.99), 2),
    }


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], seconds: float = 300) -> None:
    """Until the server answers 200 on ``path``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("it ended while starting")
        try:
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", path)
            if probe.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    raise RuntimeError("not ready")


def serve(
    command: list[str], extra: dict[str, Any], counts: list[int], log: Path, each: int
) -> dict[str, Any]:
    """Start a server, ask it, end it; a failure is a result too."""
    found: dict[str, Any] = {}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        wait_for(PORT, "/health", process)
        warm = {"messages": [{"role": "user", "content": WARM}], "max_tokens": 8, **extra}
        ask(PORT, warm, chat.api_key())
        for count in counts:
            found[str(count)] = clients(PORT, count, extra, chat.api_key(), each)
            found[str(count)]["peak_mb"] = memory(process.pid)
    except (RuntimeError, OSError) as error:
        found["error"] = f"{type(error).__name__}: {error}"[:200]
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return found


def generate(folder: str, dtype: str, counts: list[int]) -> None:
    """In transformers' own process: static batches, as the earlier projects served."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    wanted = dtype if dtype == "auto" else getattr(torch, dtype)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=wanted).eval()
    found: dict[str, Any] = {}
    for count in [0, *counts]:  # the first one warms up
        turns = [
            [{"role": "user", "content": STORY.format(number)}] for number in range(count or 1)
        ]
        batch = tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, padding=True, return_tensors="pt", return_dict=True
        )
        batch.pop("token_type_ids", None)  # which some tokenizers add and generate refuses
        most = TOKENS if count else 8
        began = time.perf_counter()
        with torch.inference_mode():
            model.generate(**batch, max_new_tokens=most, min_new_tokens=most, do_sample=False)
        seconds = time.perf_counter() - began
        said = [{"first": seconds, "whole": seconds, "tokens": most}] * len(turns)
        if count:
            found[str(count)] = {**figures(said, seconds), "peak_mb": memory(os.getpid())}
    print(json.dumps(found))


def ours(gguf: Path, threads: int, slots: int, kind: str = "") -> tuple[list[str], dict[str, Any]]:
    """The command of our engine with our settings, and what its requests add."""
    from deploy import engines

    values = engines.of("cpu").settings()
    values.update(threads=threads, slots=slots or values["slots"])
    values.update(model=str(gguf), name="bench", host="127.0.0.1", port=PORT)
    spec = chat.SERVERS / f"bench{kind}.settings.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(json.dumps(values))
    command = [str(VENVS / "serve" / "bin" / "python"), "-m", "deploy.llamacpp", str(spec)]
    return command, {"ignore_eos": True, "temperature": 0}


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Every system on the same folder, one after the other."""
    folder = str(args.model.absolute())
    log = chat.SERVERS / "bench.log"
    settings = json.dumps({"min_new_tokens": TOKENS, "max_new_tokens": TOKENS, "do_sample": False})
    theirs = {"model": folder, "generation_config": settings}
    transformers = [str(VENVS / "lmdeploy" / "bin" / "transformers"), "serve", folder]
    transformers += ["--device", "cpu", "--port", str(PORT)]
    python = str(VENVS / "serve" / "bin" / "python")

    def plain(dtype: str) -> dict[str, Any]:
        words = [python, __file__, "--generate", folder, "--dtype", dtype]
        words += ["--clients", ",".join(map(str, args.clients))]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        lines = done.stdout.splitlines()
        return json.loads(lines[-1]) if lines else {"error": done.stderr[-200:]}

    def engine(file: Path, threads: int, slots: int) -> dict[str, Any]:
        command, extra = ours(file, threads, slots)
        return serve(command, extra, args.clients, log, args.each)

    systems: dict[str, Callable[[], dict[str, Any]]] = {}
    for file in args.gguf:
        for setting in args.settings.split(","):
            threads, _, slots = setting.partition("x")
            kind = file.stem.rpartition("-")[2]
            label = f"ours {kind} {threads} threads {slots or '-'} slots"
            systems[label] = lambda f=file, t=int(threads), s=int(slots or 0): engine(f, t, s)
    systems["generate bf16"] = lambda: plain("auto")
    systems["generate fp32"] = lambda: plain("float32")
    systems["transformers serve"] = lambda: serve(transformers, theirs, args.clients, log, 1)
    batched = [*transformers, "--continuous-batching"]
    systems["transformers serve, batching"] = lambda: serve(batched, theirs, args.clients, log, 1)
    found = {}
    for name, measure in systems.items():
        if any(skipped in name for skipped in args.skip):
            continue
        found[name] = measure()
        print(row(name, found[name]), flush=True)
    return found


def row(name: str, found: dict[str, Any]) -> str:
    """One system's lines of the table."""
    if not any(key.isdigit() for key in found):
        return f"{name:34} failed: {found.get('error')}"
    lines = []
    for count, one in found.items():
        if count.isdigit():
            lines.append(
                f"{name:34}{count:>4} {one['tokens_per_s']:>8} tok/s  first {one['first_s']:>7} s"
                f"  p50 {one['p50_s']:>7}  p99 {one['p99_s']:>7}  {one.get('peak_mb', '-'):>6} MB"
            )
    return "\n".join(lines + ([f"{'':34} {found['error']}"] if "error" in found else []))


def whole(port: int, body: dict[str, Any], key: str) -> str:
    """One answer in one piece; raises where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(body), {"Authorization": f"Bearer {key}"}
    )
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {text[:100]!r}")
    return str(json.loads(text)["choices"][0]["message"]["content"])


def soak(port: int, seconds: float, count: int, data: Path | None) -> dict[str, Any]:
    """``count`` clients for ``seconds``: each answer must be the asker's own.

    Every other request may answer nothing but its own random word (by a grammar); the others are
    questions of the training set, whose answers were taken down alone before.
    """
    key, target = chat.api_key(), chat.endpoint(port)
    rows = [one["conversation"][0] for one in read_jsonl(data / "train.jsonl")][:40] if data else []
    known = {}
    for one in rows:
        messages = [
            {"role": "system", "content": one["system"]},
            {"role": "user", "content": one["input"]},
        ]
        body = {"messages": messages, "temperature": 0, "max_tokens": 40}
        known[one["input"]] = (body, whole(port, body, key))
    tally = {"right": 0, "wrong": 0, "lost": 0}
    lock, end, wrongs = threading.Lock(), time.monotonic() + seconds, []

    def one_client(number: int) -> None:
        chosen = random.Random(number)
        while time.monotonic() < end:
            word = f"n{number}x{chosen.randrange(10**9)}"
            messages = [{"role": "user", "content": f"Say {word}"}]
            body: dict[str, Any] = {"messages": messages, "max_tokens": 40, "temperature": 0}
            body["grammar"], expected = f'root ::= "{word}"', word
            if known and chosen.random() < 0.5:
                body, expected = known[chosen.choice(list(known))]
            try:
                said = whole(port, body, key)
                result = "right" if said == expected else "wrong"
            except (OSError, RuntimeError, http.client.HTTPException) as error:
                result, said = "lost", str(error)
            with lock:
                tally[result] += 1
                if result != "right" and len(wrongs) < 5:
                    wrongs.append([expected, said[:80]])

    threads = [threading.Thread(target=one_client, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    sizes = []
    while any(thread.is_alive() for thread in threads):
        sizes.append(memory(target.pid, peak=False))
        time.sleep(5)
    quarter = max(1, len(sizes) // 4)
    return {
        **tally,
        "seconds": seconds,
        "clients": count,
        "answers_per_s": round(tally["right"] / seconds, 1),
        "mb_second_quarter": statistics.median(sizes[quarter : 2 * quarter] or sizes),
        "mb_last_quarter": statistics.median(sizes[-quarter:]),
        "examples": wrongs,
    }


def main() -> None:
    """Measure what the command line asks for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", type=Path, help="a merged folder, for the comparison")
    options.add_argument("--gguf", type=Path, nargs="*", help="ours: files made from it")
    options.add_argument("--settings", default="0", help="THREADSxSLOTS of ours: 0,2x8,…")
    options.add_argument("--port", type=int, help="a running server of ours instead")
    options.add_argument("--clients", default="1,8,32")
    options.add_argument("--each", type=int, default=2, help="questions a client of ours asks")
    options.add_argument("--skip", nargs="*", default=[])
    options.add_argument("--soak", type=float, help="seconds")
    options.add_argument("--generate", help=argparse.SUPPRESS)
    options.add_argument("--dtype", default="auto", help=argparse.SUPPRESS)
    args = options.parse_args()
    args.clients = [int(one) for one in args.clients.split(",")]
    if args.generate:
        generate(args.generate, args.dtype, args.clients)
        return
    if args.soak:
        target = chat.endpoint(args.port or chat.DEFAULT_PORT)
        note = Path(target.model_dir).parent / "run.json"
        data = Path(str(read_json(note)["data"])) if note.is_file() else None
        result = soak(args.port or chat.DEFAULT_PORT, args.soak, max(args.clients), data)
    elif args.model:
        made = args.model.parent / "gguf"
        args.gguf = args.gguf or sorted(made.glob(f"{args.model.name}-*.gguf"))
        if not args.gguf:
            sys.exit(f"{shown(made)}: no GGUF; make convert")
        result = compare(args)
    else:
        port = args.port or chat.DEFAULT_PORT
        extra = {"ignore_eos": True, "temperature": 0}
        result = {}
        for count in args.clients:
            found = clients(port, count, extra, chat.api_key(), args.each)
            result[str(count)] = {**found, "peak_mb": memory(chat.endpoint(port).pid)}
        print(row("this server", result))
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
