"""Our CPU recipe beside what users would pick instead, on this machine, to the same eval loss.

    PYTHONPATH=. .venvs/core/bin/python benchmarks/train.py [CONTENDER …] [--rows 68] [--epochs 9]
    PYTHONPATH=. .venvs/core/bin/python benchmarks/train.py --table

Same model (SmolLM2-135M-Instruct), same rows, same number of epochs; the eval loss is that of every
fourth row's answer, which all of them are to learn. Contenders: ``ours`` (the
recipe smollm2_cpu_qlora), ``earlier`` (the earlier project's settings in XTuner: NF4, r64 α16
dropout 0.1, batch 2 × accumulate 16, packed to 256, lr 2e-4), ``trainer`` (Hugging Face Trainer and
PEFT, unpacked, batch 8), ``llamafactory`` (LLaMA-Factory 0.9.5 in ``.venvs/llamafactory``, with
packing). Each writes its own JSON under ``work_dirs/benchmarks/train`` and is left alone when that
is there, so that one can be run at a time. The limit is what a matmul probe says of this CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from core.files import ROOT, read_json, read_jsonl, write_json, write_jsonl

OUT = ROOT / "work_dirs" / "benchmarks" / "train"
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")
MODEL = ROOT / "models" / "SmolLM2-135M-Instruct"
DATA = ROOT / "work_dirs" / "demo" / "gongkao" / "data"
# The body's weights: what one token costs is 2 FLOPs a weight forward, 2 backward to the
# activations, and the same three times for LoRA's own weights (which also need their gradient).
BODY, LORA, HEAD, LAYERS = 106_168_320, 19_537_920, 28_311_552, 30
NAMES = ("ours", "earlier", "trainer", "llamafactory", "matmul")


def rows(count: int) -> Path:
    """The first ``count`` demo rows as this benchmark's data set; every fourth is evaluated too."""
    folder = OUT / f"data-{count}"
    if not (folder / "train.jsonl").is_file():
        taken = list(read_jsonl(DATA / "train.jsonl"))[:count]
        write_jsonl(folder / "train.jsonl", taken)
        write_jsonl(folder / "eval.jsonl", taken[::4])
    return folder


def timed(command: list[str], log: Path, **environ: str) -> dict[str, float]:
    """Run ``command`` to its end: wall seconds and its peak memory in GB."""
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **environ}
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        _, status, used = os.wait4(process.pid, 0)  # this child's memory, not the largest of all
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        sys.exit(f"{command[0]} failed ({process.returncode}): {log}")
    peak = used.ru_maxrss * 1024 / 1e9
    return {"process_s": round(time.monotonic() - started, 1), "peak_gb": round(peak, 2)}


def by_recipe(name: str, data: Path, epochs: int, *options: str) -> dict[str, Any]:
    """A contender that is XTuner with a recipe of ours, evaluated about once an epoch."""
    work = OUT / name
    line = [str(VENVS / "train" / "bin" / "python"), "-m", "train", "run", "smollm2_cpu_qlora.py"]
    line += ["--domain", "gongkao", "--data", str(data), "--work-dir", str(work), "--force"]
    line += ["--override", f"max_epochs={epochs}", "evaluation_samples=0", *options]
    found = timed(line, OUT / f"{name}.log")
    state = read_json(work / "run.json")
    clock, points = 0.0, {p["iter"]: p["s"] for p in read_jsonl(work / "loss.jsonl")}
    evaluated, clocks = [], {}
    for step, seconds in points.items():
        clock += seconds
        clocks[step] = clock
    for point in read_jsonl(work / "eval_loss.jsonl"):
        evaluated.append({"s": round(clocks[point["iter"]], 2), "loss": point["loss"]})
    keys = ("seconds", "tokens", "answer_tokens", "steps")
    found |= {key: state[key] for key in keys} | {"dtype": state["settings"]["dtype"]}
    layers = state["settings"]["lora_layers"]
    share = 1.0 if layers == "None" else len(json.loads(layers)) / LAYERS
    return {**found, "trained_share": share, "epochs": epochs, "eval": evaluated}


def ours(data: Path, epochs: int) -> dict[str, Any]:
    """The recipe as it is."""
    return by_recipe("ours", data, epochs, "evaluation_freq=7")


def earlier(data: Path, epochs: int) -> dict[str, Any]:
    """The earlier project's settings; what is not named there is XTuner's own default."""
    return by_recipe(
        "earlier", data, epochs, "share_prefix=False", "answers_only=False", "lora_alpha=16",
        "lora_dropout=0.1", "max_length=256", "pack_to_max_length=True", "group_by_length=False",
        "batch_size=2", "accumulative_counts=16", "lr=2e-4", "use_activation_checkpointing=True",
        "evaluation_freq=16",
    )  # fmt: skip


def other(name: str, python: Path, data: Path, epochs: int) -> dict[str, Any]:
    """A contender with a script of its own (:mod:`benchmarks.train_peers`)."""
    result = OUT / f"{name}.curve.json"
    line = [str(python), str(ROOT / "benchmarks" / "train_peers.py"), name, str(data)]
    line += [str(MODEL), str(epochs), str(result)]
    return {**timed(line, OUT / f"{name}.log"), **read_json(result)}


def matmul() -> dict[str, Any]:
    """GFLOP/s of this CPU at the body's largest matrix, bfloat16 and float32."""
    script = """
import json, time, torch
found = {}
from core import precision
for kind in {"float32", precision.fastest()}:  # an emulated one would take minutes
    a = torch.randn(512, 576, dtype=getattr(torch, kind))
    b = torch.randn(576, 1536, dtype=a.dtype)
    for n in range(210):
        if n == 10:
            started = time.perf_counter()
        a @ b
    found[kind] = 2 * 512 * 576 * 1536 * 200 / (time.perf_counter() - started) / 1e9
print(json.dumps(found))
"""
    python = str(VENVS / "train" / "bin" / "python")
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [python, "-c", script]
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environ)
    return {"gflops": json.loads(done.stdout)}


def reached(eval_points: list[dict[str, float]], loss: float) -> float | None:
    """Training seconds until the eval loss was ``loss`` or less, if it ever was."""
    return next((point["s"] for point in eval_points if point["loss"] <= loss), None)


def table() -> None:
    """Print what has been measured: each contender's end, and when ours was as good."""
    found = {n: read_json(OUT / f"{n}.json") for n in NAMES if (OUT / f"{n}.json").is_file()}
    print(
        f"{'contender':14}{'train s':>9}{'answer tok/s':>14}{'best loss':>11}{'after s':>9}"
        f"{'ours after':>12}{'ratio':>7}{'peak GB':>9}"
    )
    for name, r in found.items():
        if name == "matmul":
            continue
        best = min(r["eval"], key=lambda point: point["loss"])
        when = reached(found["ours"]["eval"], best["loss"]) if "ours" in found else None
        print(
            f"{name:14}{r['seconds']:9.1f}{r['answer_tokens'] / r['seconds']:14.1f}"
            f"{best['loss']:11.3f}{best['s']:9.1f}{when if when else 'never':>12}"
            f"{best['s'] / when if when else 0:7.1f}{r['peak_gb']:9.2f}"
        )
    if "matmul" in found and "ours" in found:
        run = found["ours"]
        tokens, answers, share = run["tokens"], run["answer_tokens"], run["trained_share"]
        flops = tokens * share * (4 * BODY + 6 * LORA) + answers * 4 * HEAD
        flops += tokens / run["epochs"] * (1 - share) * 2 * BODY  # the frozen layers, once
        floor = flops / (found["matmul"]["gflops"][run["dtype"]] * 1e9)
        print(
            f"limit: {flops / 1e12:.1f} TFLOP of matmul, {floor:.1f} s at the probed "
            f"{run['dtype']} speed; ours took {run['seconds'] / floor:.1f} times that"
        )
    print(json.dumps({"benchmark": "train", "results": found}))


def main() -> None:
    """Measure the named contenders (default: those without a result) and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender", nargs="*", choices=[*NAMES, []], default=[])
    parser.add_argument("--rows", type=int, default=68)
    parser.add_argument("--epochs", type=int, default=9)
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    data = rows(args.rows)
    python = {"trainer": "train", "llamafactory": "llamafactory"}
    for name in () if args.table else args.contender or NAMES:
        target = OUT / f"{name}.json"
        if target.is_file():
            continue
        if name == "matmul":
            result = matmul()
        elif name in python:
            result = other(name, VENVS / python[name] / "bin" / "python", data, args.epochs)
        else:
            result = {"ours": ours, "earlier": earlier}[name](data, args.epochs)
        write_json(target, {"rows": args.rows, "epochs": args.epochs, **result})
    table()


if __name__ == "__main__":
    main()
