"""``make sweep SPACE="lr=5e-4,1e-3 lora_r=32,64"``: one recipe with every combination of options.

Each combination is a run of its own in ``RUN/<options>`` and goes on where it was ended; a run ends
early where its loss on the evaluation split gets no better. ``RUN/sweep.json`` and one table
compare the best evaluation of each. Of several runs the best looks better than it is by luck: its
card says of how many it is the best.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, read_jsonl, shown, write_json
from core.hints import then
from core.language import words
from train import card, curves, launch, preflight, recipes

FILE = "sweep.json"
# What a run of a sweep has where neither recipe nor OVERRIDE says otherwise.
EARLY = {"evaluation_freq": 50, "early_stopping_patience": 3, "save_total_limit": 1}
STOPPED = (130, 143)  # by Ctrl-C, SIGTERM
MOST = 64  # runs


def grid(space: list[str]) -> list[list[str]]:
    """``["lr=1,2", "r=3"]`` → ``[["lr=1", "r=3"], ["lr=2", "r=3"]]``; commas within brackets part
    nothing. Raises :class:`UserError` for what is no space."""
    axes = []
    for axis in space:
        name, sign, values = axis.partition("=")
        parts = list(dict.fromkeys(re.split(r",(?![^(\[]*[)\]])", values)))
        if not sign or not name.isidentifier() or not all(parts):
            form = 'SPACE="lr=5e-4,1e-3 lora_r=32,64"'
            raise UserError(
                words(f"SPACE 应写作 {form}，不是 '{axis}'", f"not '{axis}': SPACE is {form}")
            )
        axes.append([f"{name}={part}" for part in parts])
    if len({axis[0].partition("=")[0] for axis in axes}) < len(axes):
        raise UserError(words("SPACE 里有重复的选项", "SPACE names an option twice"))
    points = [list(point) for point in itertools.product(*axes)]
    if len(points) > MOST:
        raise UserError(
            words(f"{len(points)} 组，最多 {MOST} 组", f"{len(points)} runs, at most {MOST}")
        )
    return points


def folder(point: list[str]) -> str:
    """The name of a combination's folder."""
    return re.sub(r"[^\w.=+-]+", "_", ",".join(point)).strip("_")


def sweep(
    config: str, space: list[str], domain: str, data: Path, work_dir: Path, overrides: list[str]
) -> None:
    """Run every combination of ``space``, then compare; the winner's adapter is made.

    Raises :class:`UserError` where the recipe takes an option or value not, before anything is
    trained, where there is nothing to evaluate, and where no run came to its end.
    """
    from train.merge import adapter

    path, points = recipes.find(config), grid(space)
    asked = recipes.parse_overrides(overrides)
    early = {name: value for name, value in EARLY.items() if name not in asked}
    for point in points:
        settings = recipes.load(
            path, {**early, "data": str(data), **asked, **recipes.parse_overrides(point)}
        ).settings.to_dict()
        preflight.check(path.name, settings)
    held_out = data / "eval.jsonl"
    if not held_out.is_file() or next(read_jsonl(held_out), None) is None:
        raise UserError(
            words(
                f"{shown(held_out)} 没有评测行，无从比较", f"{shown(held_out)} is empty: no measure"
            )
        )
    work_dir.mkdir(parents=True, exist_ok=True)
    options = [*(f"{name}={value}" for name, value in early.items()), *overrides]
    for number, point in enumerate(points, 1):
        print(f"[{number}/{len(points)}] {' '.join(point)}", flush=True)
        train(config, domain, data, work_dir / folder(point), [*options, *point])
    runs, best = compared(config, points, work_dir)
    winner = work_dir / best["folder"]
    adapter(winner)
    print(table(runs, best))
    print(
        words(
            f"写入 {shown(work_dir / FILE)}；{len(runs)} 组中最好的（在评测集上挑的，略偏乐观）: ",
            f"wrote {shown(work_dir / FILE)}; the best of {len(runs)} (chosen on this evaluation "
            "split: a little flattered): ",
        )
        + then(f"make merge RUN={shown(winner)}")
    )


def train(config: str, domain: str, data: Path, work_dir: Path, options: list[str]) -> None:
    """One run in a process of its own, which takes up what is there. A run that fails is left; one
    that a user stops, stops the sweep."""
    line = [sys.executable, "-m", "train", "run", config, f"--domain={domain}", f"--data={data}"]
    line += [f"--work-dir={work_dir}", "--resume=auto", "--override", *options]
    code = launch.supervise(line, dict(os.environ))
    if code in STOPPED or code < 0:
        raise SystemExit(code if code > 0 else 128 - code)


def result(work_dir: Path, point: list[str]) -> dict[str, Any]:
    """What became of one combination."""
    found: dict[str, Any] = {"folder": work_dir.name, "options": point, "status": "failed"}
    note = work_dir / "run.json"
    state: dict[str, Any] = read_json(note) if note.is_file() else {"status": "failed"}
    points = curves.read(work_dir / "eval_loss.jsonl")
    if state["status"] != "trained" or not points:
        return found
    by = state["settings"]["best_by"]
    best = points[curves.best_of(points, by)]
    return {**found, "status": "trained", "by": by, "best": best, "steps": state["steps"],
            "seconds": state["seconds"]}  # fmt: skip


def compared(
    config: str, points: list[list[str]], work_dir: Path
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All runs and the best of them, having written ``sweep.json`` and the best one's card."""
    runs = [result(work_dir / folder(point), point) for point in points]
    done = [run for run in runs if run["status"] == "trained"]
    if not done:
        raise UserError(f"{shown(work_dir)}: {words('没有一次训练做完', 'no run came to its end')}")
    best = done[curves.best_of([run["best"] for run in done], done[0]["by"])]
    made = {"config": Path(config).name, "tried": len(runs), "runs": runs}
    write_json(work_dir / FILE, {**made, "winner": best["folder"]})
    for run in done:
        state = read_json(work_dir / run["folder"] / "run.json")
        state.pop("sweep", None)
        if run is best:
            state["sweep"] = {"tried": len(runs), "options": run["options"]}
        write_json(work_dir / run["folder"] / "run.json", state)
        card.write(work_dir / run["folder"], state)
    return runs, best


def table(runs: list[dict[str, Any]], best: dict[str, Any]) -> str:
    """The runs, the best evaluation first, the failed ones last."""

    def rank(run: dict[str, Any]) -> tuple[float, float]:
        point = run.get("best", {})
        return -point.get("exact", 0.0), point.get("loss", float("inf"))

    wide = max(len(" ".join(run["options"])) for run in runs)
    head = words("评测损失  全对    最好步  步数  秒", "eval loss exact  at step steps seconds")
    lines = [f"  {'':{wide}}  {head}"]
    for run in sorted(runs, key=rank):
        name = f"{'*' if run is best else ' '} {' '.join(run['options']):{wide}}"
        if run["status"] != "trained":
            lines.append(f"{name}  {words('没有做完', 'failed')}")
            continue
        point = run["best"]
        exact = f"{point['exact']:6.1%}" if "exact" in point else "     —"
        lines.append(
            f"{name}  {point['loss']:8.4f} {exact} {point['iter']:8} {run['steps']:5} "
            f"{run['seconds']:7.0f}"
        )
    return "\n".join(lines)
