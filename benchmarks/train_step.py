"""What a training step of the demo costs, by number format, instruction set and trained layers.

    make bench BENCH=train_step [ARGS="--steps 4"]

Needs the demo's data (``make demo``). Each line is a process of its own: the demo recipe's model
and batches through XTuner's model class, forward, backward, clipping and AdamW. ``avx2`` imitates a
processor without AVX-512 by the switches of oneDNN, PyTorch and MKL. The limit is the step's matrix
products at the speed that one matmul of the model's largest matrix reaches in that format
(:mod:`core.precision`). Prints one table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from core.files import ROOT

DATA = ROOT / "work_dirs" / "demo" / "gongkao" / "data"
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
SETS: dict[str, dict[str, str]] = {"native": {}, "avx2": AVX2}
LAYERS = {"all": None, "upper 15": list(range(15, 30)), "upper 10": list(range(20, 30))}
PROBED = (512, 576, 1536)  # rows, in, out of the matmul that gives the limit


def measure(dtype: str, layers: list[int] | None, steps: int) -> dict[str, Any]:
    """Seconds a 1,000 tokens of a step over the demo's batches, beside the limit; the frozen layers
    below the trained ones once (``below_s``, all rows)."""
    sys.path[0] = str(ROOT)  # else the script beside this one, train.py, is taken for the room
    from train import base_model, estimate, patches, recipes

    patches.apply()
    import torch
    from mmengine.runner import Runner
    from xtuner.registry import BUILDER

    from core import precision

    options = {"data": str(DATA), "dtype": dtype, "lora_layers": layers, "evidence": True}
    cfg = recipes.load(recipes.find("smollm2_cpu_qlora.py"), options)
    settings = cfg.settings.to_dict()
    base_model.ensure(settings)
    torch.manual_seed(settings["seed"])
    plain = estimate.as_a_run_reads_it(cfg)
    loader = Runner.build_dataloader(plain.train_dataloader, seed=settings["seed"])
    batches = sorted((b["data"] for b in loader), key=lambda b: b["input_ids"].numel())
    slow = precision.slower(dtype) > 10
    batches = batches[:1] if slow else batches[:: max(1, len(batches) // steps)]
    model = BUILDER.build(plain.model).train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)
    found: dict[str, Any] = {"tokens": sum(b["input_ids"].numel() for b in batches)}
    for name in ("first", "next") if not slow else ("next",):
        seconds = []
        for batch in batches:
            started = time.perf_counter()
            estimate.step(model, optimizer, batch, settings)
            seconds.append(time.perf_counter() - started)
        found[name] = sum(seconds) / found["tokens"] * 1000
        found["step_s"] = statistics.median(seconds)
    share = 1 if layers is None else len(layers) / 30
    lora = sum(p.numel() for p in trained)
    answers = sum(int((b["labels"] >= 0).sum()) for b in batches)
    # Frozen weights: forward and to the activations; LoRA's own also their gradient (and, with the
    # output layer, only where something is learnt).
    flops = found["tokens"] * (4 * 106_168_320 * share + 6 * lora) + answers * 4 * 28_311_552
    found["gflops"] = precision.speed(dtype, PROBED) * torch.get_num_threads()
    found["limit"] = flops / found["gflops"] / 1e9 / found["tokens"] * 1000
    return found


def main() -> None:
    """Measure every line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--set", choices=SETS, help="only this instruction set")
    parser.add_argument("--emulated", action="store_true", help="bfloat16 on avx2 too: minutes")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(**json.loads(args.measure))))
        return
    print(f"{'instructions':14}{'dtype':10}{'layers':10}{'GFLOP/s':>9}{'s/step':>8}"
          f"{'s/1k tok':>10}{'limit':>8}{'ratio':>7}")  # fmt: skip
    results = []
    for name, environ in SETS.items():
        for dtype in ("bfloat16", "float32"):
            for label, layers in LAYERS.items():
                emulated = name == "avx2" and dtype == "bfloat16"
                if (args.set and name != args.set) or (
                    emulated and not (args.emulated and label == "all")
                ):
                    continue
                asked = json.dumps({"dtype": dtype, "layers": layers, "steps": args.steps})
                line = [sys.executable, __file__, "--measure", asked]
                done = subprocess.run(
                    line, env={**os.environ, **environ}, capture_output=True, text=True
                )
                if done.returncode:
                    sys.exit(done.stderr[-2000:])
                r = json.loads(done.stdout.splitlines()[-1])
                results.append({"instructions": name, "dtype": dtype, "layers": label, **r})
                print(
                    f"{name:14}{dtype:10}{label:10}{r['gflops']:9.0f}{r['step_s']:8.2f}"
                    f"{r['next']:10.2f}{r['limit']:8.2f}{r['next'] / r['limit']:7.1f}",
                    flush=True,
                )
    print(json.dumps({"benchmark": "train_step", "results": results}))


if __name__ == "__main__":
    main()
