"""What a model file is worth on a domain: perplexity and right answers, by the engine that serves.

``python -m deploy.measure SETTINGS.json`` serves ``SETTINGS["file"]`` on a port of its own, asks
``SETTINGS["questions"]`` greedily and writes ``SETTINGS["out"]``. A process of its own, since the
engine's threads and memory go only with it.
"""

from __future__ import annotations

import json
import math
import random
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import chat
from core.domain import Domain
from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, shown, write_json
from core.language import words
from core.text import bare
from deploy import api, supervisor

if TYPE_CHECKING:
    from deploy.engines import Engine, Routes, llamacpp

SAMPLE = 200  # questions a set; one in 200 is half a point
LISTED = 300  # likeliest tokens that the engine is asked to list at each place
FLOOR = -30.0  # the least log-probability that counts, so that one token cannot outweigh all
AT_ONCE = 32  # questions that an engine on a GPU is asked at a time
NAME = "measured"  # what a server that is only measured calls its model
ENOUGH = 8  # tokens beyond the expected answer: who says more is wrong anyway


def questions(domain: Domain, data: Path, sample: int = SAMPLE) -> dict[str, list[dict[str, str]]]:
    """``{"heldout" | "train" | probe: [{"system", "question", "answer"}]}``, seeded samples."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, file in (("heldout", "eval.jsonl"), ("train", "train.jsonl")):
        if (data / file).is_file():
            turns = [row["conversation"][0] for row in read_jsonl(data / file)]
            found[name] = [
                {"system": one["system"], "question": one["input"], "answer": one["output"]}
                for one in turns
            ]
    for name, file in domain.probes.items():
        if (ROOT / file).is_file():
            found[name] = [
                {"system": domain.system, "question": one["question"], "answer": one["answer"]}
                for one in read_jsonl(ROOT / file)
                if one.get("answer")
            ]
    for name, rows in found.items():
        if len(rows) > sample:
            found[name] = random.Random(domain.seed).sample(rows, sample)
    if not any(found.values()):
        none = words(
            "没有可测的题（eval.jsonl、train.jsonl），请先 make data (DATA=)",
            "no question to measure by (eval.jsonl, train.jsonl): make data first (DATA=)",
        )
        raise UserError(f"{data}: {none}")
    return {name: rows for name, rows in found.items() if rows}


def measure(file: Path, asked: dict[str, list[dict[str, str]]], folder: Path) -> dict[str, Any]:
    """Serve ``file`` in a process of its own and score it; ``folder`` takes the working files."""
    spec, out, log = (folder / name for name in ("measure.json", "measured.json", "measure.log"))
    write_json(spec, {"file": str(file), "questions": asked, "out": str(out)})
    with open(log, "w") as said:
        done = subprocess.run(
            [sys.executable, "-m", "deploy.measure", str(spec)], stdout=said, stderr=said
        )
    if done.returncode or not out.is_file():
        kept = Path(shutil.copy(log, folder.parent / log.name))
        see = words(f"详见 {shown(kept)}", f"see {shown(kept)}")
        failed = f"{words('测量失败', 'could not measure')} {file.name}"
        raise UserError(f"{failed}: {supervisor.reason(kept)} ({see})")
    return {"bytes": file.stat().st_size, **read_json(out)}


@contextmanager
def temporary(engine: Engine, path: Path, purpose: str) -> Iterator[tuple[chat.Endpoint, float]]:
    """Serve ``path``, as ``engine`` loads it, on a port of its own during the block: the server,
    and the seconds that it took to load."""
    from deploy import engines, models, servers

    port = servers.unused()
    chat.SERVERS.mkdir(parents=True, exist_ok=True)
    chat.ensure_key()
    values = engine.fitted(models.Model(path, NAME), engine.settings(), None, 0.0)
    engines.ready(engine)
    url = f"http://127.0.0.1:{port}/v1"
    target = chat.Endpoint(url=url, model=NAME, backend=engine.name, started_for=purpose)
    spec = chat.SERVERS / f"{port}.settings.json"
    line = engine.command(path, NAME, "127.0.0.1", port, values, spec)
    print(f"{words('命令', 'command')}: {shlex.join(line)}", flush=True)
    began = time.monotonic()
    running = servers.start(target, port, line, values["drain"], engine.patience)
    try:
        yield running, round(time.monotonic() - began, 1)
    finally:
        servers.stop(port, now=True)


def served(engine: Engine, folder: Path, asked: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """Serve the model ``folder`` and count its right answers (LMDeploy's server reports no
    probabilities of a given text, so there is no perplexity)."""
    with temporary(engine, folder, "quantize") as (running, _):
        found = score(engine.routes(running), running, asked, AT_ONCE)
    return {"bytes": weights_bytes(folder), **found}


def weights_bytes(folder: Path) -> int:
    """What a model's weights take on disk."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _messages(row: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": row["system"]},
        {"role": "user", "content": row["question"]},
    ]


def _nll(routes: llamacpp.Routes, row: dict[str, str]) -> tuple[float, int]:
    """-log p of the expected answer, token by token, and its tokens.

    The engine reports no probability for a token that ends inside a character. So it is made to
    say a letter instead, and the wanted token is looked up among the likeliest that it lists; one
    that is not among them counts as the last of them.
    """
    ids = routes.prompt_ids(_messages(row), "")
    letter = routes.ids("a", special=False)[-1]
    total, answer = 0.0, routes.ids(row["answer"], special=False)
    for place, token in enumerate(answer):
        body = {
            "prompt": ids + answer[:place],
            "n_predict": 1,
            "n_probs": LISTED,
            "temperature": 0,
            "logit_bias": [[letter, 1000.0]],
        }
        (listed,) = api.call(routes.target, "/completion", body)["completion_probabilities"]
        known = {one["id"]: one["logprob"] for one in listed["top_logprobs"]}
        sure = {key: float(found) for key, found in known.items() if found is not None}
        total -= max(FLOOR, sure.get(token, min(sure.values(), default=FLOOR)))
    return total, len(answer)


def _right(routes: Routes, target: chat.Endpoint, row: dict[str, str]) -> bool:
    """Whether the greedy answer is the expected one, punctuation and width aside."""
    most = routes.length(row["answer"]) + ENOUGH
    body = {"model": target.model, "messages": _messages(row), "temperature": 0, "max_tokens": most}
    said = api.call(target, "/v1/chat/completions", body)["choices"][0]["message"]["content"]
    return bare(said) == bare(row["answer"])


def score(
    routes: Routes,
    target: chat.Endpoint,
    asked: dict[str, list[dict[str, str]]],
    at_once: int,
    loss: Callable[[dict[str, str]], tuple[float, int]] | None = None,
) -> dict[str, Any]:
    """Right answers of each set and over all, through the chat route; where ``loss`` tells a row's
    -log p and tokens, each set's perplexity too."""
    sets: dict[str, Any] = {}
    wrong: list[str] = []
    with ThreadPoolExecutor(at_once) as pool:
        for name, rows in asked.items():
            perplexity = None
            if loss:
                nll, tokens = (sum(part) for part in zip(*pool.map(loss, rows), strict=True))
                perplexity = round(math.exp(nll / max(tokens, 1)), 4)
            hits = list(pool.map(lambda row: _right(routes, target, row), rows))
            sets[name] = {"n": len(rows), "right": sum(hits), "perplexity": perplexity}
            wrong += [row["question"] for row, hit in zip(rows, hits, strict=True) if not hit]
    count, right = (sum(one[key] for one in sets.values()) for key in ("n", "right"))
    return {"n": count, "right": right, "accuracy": right / count, "sets": sets, "wrong": wrong}


def main() -> None:
    """Serve, score, write."""
    import xllamacpp

    from deploy import llamacpp
    from deploy.engines.llamacpp import ENGINE, Routes

    given = read_json(Path(sys.argv[1]))
    values = ENGINE.settings()
    values.update(model=given["file"], name=NAME, host="127.0.0.1", port=0)
    server = xllamacpp.Server(llamacpp.parameters(values, chat.api_key()))
    target = chat.Endpoint(url=f"{server.listening_address}/v1", model=NAME)
    routes = Routes(target)
    asked, at_once = given["questions"], values["slots"]
    found = score(routes, target, asked, at_once, lambda row: _nll(routes, row))
    write_json(given["out"], found)
    print(json.dumps({"done": given["file"]}))
    del server


if __name__ == "__main__":
    main()
