"""``make quantize``: fewer bits for the merged model, measured before and after, or refused.

Two kinds: GGUF types for the CPU engine (llama.cpp's own quantiser) and AWQ or w8a8 folders for
LMDeploy, calibrated on the domain's own rows. Before and after are scored by the engine that will
serve (``measure``), on a machine without a GPU by the CPU engine; a result that loses more than
``max_loss`` points of right answers is not shipped.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.domain import Domain
from core.errors import UserError
from core.files import digest, read_json, shown, write_json
from core.language import words
from deploy import engines, fit, gguf, llamatool, measure, models, preflight

LITE = ("awq", "w8a8")
FORMATS = (*llamatool.TYPES, *LITE)
DEFAULT = {"cpu": "q4_k_m", "turbomind": "awq", "pytorch": "awq"}
MAX_LOSS = 1.0  # points of right answers: what the project promises of what it ships
SHIPPED = "quantized.json"  # in the run: the last shipped result of each kind of engine


def kind(name: str) -> str:
    """Which engine loads a format: ``cpu`` or ``lmdeploy``."""
    return "lmdeploy" if name in LITE else "cpu"


def target(merged: Path, name: str) -> Path:
    """``RUN/gguf/merged-q4_0.gguf``, ``RUN/awq``."""
    if name in LITE:
        return merged.parent / name
    return merged.parent / "gguf" / f"{merged.name}-{name}.gguf"


def note(path: Path) -> Path:
    """The record beside a result."""
    return (path if path.suffix != ".gguf" else path.with_suffix("")).with_suffix(".quantized.json")


def shipped(run: Path, backend: str) -> Path:
    """The run's quantised model for ``backend``; :class:`UserError` says what to run."""
    which = "cpu" if backend == "cpu" else "lmdeploy"
    how = f"请先 run: make quantize BACKEND={backend}"
    file = run / SHIPPED
    known = read_json(file).get(which) if file.is_file() else None
    if not known or not (run / known["path"]).exists():
        raise UserError(f"{shown(run)}: 没有量化模型 no quantised model; {how}")
    cache = run / "gguf" / "quantized.source.json"
    if known["source"] != models.version(run / "merged", cache):
        raise UserError(f"{shown(run)}: 量化后模型又变了 merged/ changed since; {how}")
    return run / str(known["path"])


def run(
    merged: Path,
    name: str,
    domain: Domain,
    data: Path,
    backend: str,
    max_loss: float = MAX_LOSS,
    group: int = preflight.GROUP,
    sample: int = measure.SAMPLE,
) -> dict[str, Any]:
    """Quantise, measure by ``backend``, ship or refuse; the record either way."""
    asked = measure.questions(domain, data, sample)
    file = target(merged, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    version = models.version(merged, file.parent / "quantized.source.json")
    by = measured_by(merged, name, backend)
    made = digest(version, name, group if name in LITE else 0, asked, *([by] * (by != "cpu")))
    record = note(file)
    known = read_json(record) if record.is_file() else {}
    if known.get("made") == made and known["loss"] <= max_loss and file.exists():
        print(f"已是最新 up to date: {shown(file)}")
        return ship(merged.parent, file, {**known, "max_loss": max_loss})
    if name in LITE:
        preflight.lite(merged, group if name == "awq" else 0)
    if by == "cpu":
        gguf.preflight(merged)
    with working(merged.parent) as folder:
        whole = merged
        if by == "cpu":
            whole = folder / "whole.gguf"
            gguf.convert(merged, whole, "bf16")
        before = known_before(merged.parent, whole, version, asked, folder, by)
        began = time.monotonic()
        fresh = folder / file.name
        scored = build(merged, whole, fresh, name, group, data, folder, by)
        seconds = time.monotonic() - began
        after = score(scored, asked, folder, f"量化后 after ({name})", by)
        size = fresh if fresh.is_file() else fresh / "model.safetensors"
        after["bytes"] = size.stat().st_size if size.is_file() else folder_bytes(fresh)
        loss = round(100 * (before["accuracy"] - after["accuracy"]), 2)
        found = {
            **{"step": f"merged → {name}", "format": name, "made": made, "source": version},
            **{"before": before, "after": after, "loss": loss, "seconds": round(seconds, 1)},
            **{"max_loss": max_loss, "shipped": loss <= max_loss, "group": group, "engine": by},
        }
        write_json(record, found)
        print(table(before, after, name))
        if loss > max_loss:
            raise UserError(refusal(name, found, record))
        replace(fresh, file)
    return ship(merged.parent, file, found)


def measured_by(merged: Path, name: str, backend: str) -> str:
    """The engine that scores format ``name`` of ``merged``: on a GPU the one that will serve it.

    Where the GPUs do not hold the 16-bit model, which is asked too, the CPU engine, said.
    """
    if name not in LITE or backend == "cpu" or not engines.gpus():
        return "cpu"
    try:
        fit.spread(merged, engines.settings(backend), None)
    except UserError:
        print(
            words(
                "GPU 放不下 16 位的模型: 量化前后都由 CPU 引擎测量 (较慢)",
                "no GPU here holds the 16-bit model: the CPU engine measures before and after "
                "(slower)",
            ),
            flush=True,
        )
        return "cpu"
    return backend


def refusal(name: str, found: dict[str, Any], record: Path) -> str:
    """The sentence with the figure."""
    before, after = found["before"], found["after"]
    return (
        f"{name} 丢了 loses {found['loss']:.1f} 个百分点 points "
        f"({before['right']} → {after['right']} / {after['n']} 题 right answers), "
        f"上限 the limit is MAX_LOSS={found['max_loss']:g}: 没有采用 not shipped. "
        f"换格式 try FORMAT=q6_k 或 or 放宽 MAX_LOSS=… ({shown(record)})"
    )


def build(
    merged: Path, whole: Path, fresh: Path, name: str, group: int, data: Path, folder: Path, by: str
) -> Path:
    """Write the quantised ``fresh``; returns what it is measured by: itself, or for an LMDeploy
    format on the CPU engine a GGUF of its weights multiplied out."""
    print(f"量化 quantising {shown(merged)} → {name} …", flush=True)
    log = folder / "quantize.log"
    if name not in LITE:
        run_logged([sys.executable, "-m", "deploy.llamatool", str(whole), str(fresh), name], log)
        return fresh
    spec = folder / "lite.json"
    values = {"model": str(merged), "out": str(fresh), "format": name, "group": group}
    values |= {"rows": str(data / "train.jsonl"), "device": "cuda" if engines.gpus() else "cpu"}
    values |= {"plain": str(folder / "plain") if by == "cpu" else ""}
    write_json(spec, values)
    command = [str(engines.lite_python()), "-m", "deploy.lite", str(spec)]
    print(f"命令 command: {shlex.join(command)}", flush=True)
    run_logged(command, log)
    if by != "cpu":
        return fresh
    back = folder / "back.gguf"
    gguf.convert(folder / "plain", back, "bf16")
    return back


def run_logged(command: list[str], log: Path) -> None:
    """Run to the end; the last line of its output is the reason where it fails."""
    with open(log, "w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        kept = Path(shutil.copy(log, log.parent.parent / log.name))
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise UserError(f"量化失败 failed: {(lines or ['?'])[-1][:300]} (详见 see {shown(kept)})")


def known_before(
    run_folder: Path, whole: Path, version: str, asked: dict[str, Any], folder: Path, by: str
) -> dict[str, Any]:
    """The unquantised model's score, measured once for each content and set of questions."""
    file = run_folder / "gguf" / ("before.json" if by == "cpu" else f"before.{by}.json")
    key = digest(version, asked)
    if file.is_file() and read_json(file).get("key") == key:
        return dict(read_json(file)["score"])
    found = score(whole, asked, folder, "量化前 before (bf16)", by)
    write_json(file, {"key": key, "score": found})
    return found


def score(
    file: Path, asked: dict[str, list[dict[str, str]]], folder: Path, label: str, by: str
) -> dict[str, Any]:
    """The score by engine ``by``, with a word to who waits."""
    count = sum(len(rows) for rows in asked.values())
    print(f"测量 measuring {label}, {count} 题 questions, {by} …", flush=True)
    if by == "cpu":
        return measure.measure(file, asked, folder)
    return measure.served(file, by, asked)


def table(before: dict[str, Any], after: dict[str, Any], name: str) -> str:
    """Both columns, one line a figure."""
    lines = [f"{'':24}{'bf16':>12}{name:>12}"]
    lines.append(f"{'MB':24}{before['bytes'] / 1e6:>12.0f}{after['bytes'] / 1e6:>12.0f}")
    for key, one in before["sets"].items():
        other = after["sets"][key]
        rights = [f"{part['right']}/{part['n']}" for part in (one, other)]
        lines.append(f"{key + ' right':24}{rights[0]:>12}{rights[1]:>12}")
        said = [
            part["perplexity"] if part["perplexity"] is not None else "—" for part in (one, other)
        ]
        lines.append(f"{key + ' perplexity':24}{said[0]:>12}{said[1]:>12}")
    return "\n".join(lines)


def ship(run_folder: Path, file: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Name ``file`` as the run's quantised model, and leave its proof where the chain is read."""
    pointer = run_folder / SHIPPED
    known = read_json(pointer) if pointer.is_file() else {}
    where = str(file.relative_to(run_folder))
    known[kind(found["format"])] = {
        **{"path": where, "format": found["format"], "source": found["source"]},
        **{"loss": found["loss"], "right": found["after"]["right"], "n": found["after"]["n"]},
    }
    write_json(pointer, known)
    write_json(note(file), {**found, "shipped": True})
    return found


def replace(fresh: Path, file: Path) -> None:
    """Put a finished file or folder into place."""
    old = file.with_name(f".{file.name}.old")
    if file.exists():
        file.replace(old)
    fresh.replace(file)
    if old.is_dir():
        shutil.rmtree(old)
    else:
        old.unlink(missing_ok=True)


def folder_bytes(folder: Path) -> int:
    """What a model's weights take on disk."""
    return sum(one.stat().st_size for one in folder.glob("*.safetensors"))


@contextmanager
def working(run_folder: Path) -> Iterator[Path]:
    """A folder for the 16-bit copies and logs, gone afterwards, whatever happened."""
    folder = run_folder / ".quantize"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def dumps(found: dict[str, Any]) -> str:
    """The last line of ``make quantize``, for scripts."""
    keys = ("format", "loss", "shipped", "seconds")
    return json.dumps({key: found[key] for key in keys}, ensure_ascii=False)
