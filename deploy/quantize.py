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

from core import gpu
from core.domain import Domain
from core.errors import UserError
from core.files import digest, read_json, shown, write_json
from core.language import words
from deploy import engines, environments, fit, measure, models, preflight, supervisor
from deploy.engines import Engine

LITE = ("awq", "w8a8")
MAX_LOSS = 1.0  # points of right answers: what the project promises of what it ships
SHIPPED = "quantized.json"  # in the run: the last shipped result of each kind of engine


def kind(name: str) -> str:
    """A format's key in :data:`SHIPPED`."""
    return "lmdeploy" if name in LITE else "cpu"


def target(merged: Path, name: str) -> Path:
    """``RUN/gguf/merged-q4_0.gguf``, ``RUN/awq``."""
    if name in LITE:
        return merged.parent / name
    return merged.parent / "gguf" / f"{merged.name}-{name}.gguf"


def note(path: Path) -> Path:
    """The record beside a result."""
    return (path if path.suffix != ".gguf" else path.with_suffix("")).with_suffix(".quantized.json")


def shipped(run: Path, engine: Engine) -> Path:
    """The run's quantised model for ``engine``; :class:`UserError` says what to run."""
    how = f"{words('请先', 'first run')} make quantize BACKEND={engine.name}"
    file = run / SHIPPED
    every = read_json(file).values() if file.is_file() else ()
    known = next((one for one in every if one["format"] in engine.formats), None)
    if not known or not (run / known["path"]).exists():
        raise UserError(f"{shown(run)}: {words('没有量化模型', 'no quantised model')}; {how}")
    cache = run / "gguf" / "quantized.source.json"
    if known["source"] != models.version(run / "merged", cache):
        changed = words("量化后模型又变了", "merged/ changed since it was quantised")
        raise UserError(f"{shown(run)}: {changed}; {how}")
    return run / str(known["path"])


def run(
    merged: Path,
    name: str,
    domain: Domain,
    data: Path,
    engine: Engine,
    max_loss: float = MAX_LOSS,
    group: int = preflight.GROUP,
    sample: int = measure.SAMPLE,
) -> dict[str, Any]:
    """Quantise, measure by ``engine`` (where it does not run, by the one that runs anywhere), ship
    or refuse; the record either way."""
    if name in LITE:  # looked at before gigabytes are hashed
        preflight.lite(merged, group if name == "awq" else 0, engine.name)
    asked = measure.questions(domain, data, sample)
    file = target(merged, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    version = models.version(merged, file.parent / "quantized.source.json")
    by = measured_by(merged, engine)
    made = digest(version, name, group if name in LITE else 0, asked, by.name)
    record = note(file)
    known = read_json(record) if record.is_file() else {}
    if known.get("made") == made and known["loss"] <= max_loss and file.exists():
        print(f"{words('已是最新', 'up to date')}: {shown(file)}")
        return ship(merged.parent, file, {**known, "max_loss": max_loss})
    with working(merged.parent) as folder:
        whole = by.whole(merged, folder)
        before = known_before(merged.parent, whole, version, asked, folder, by)
        began = time.monotonic()
        fresh = folder / file.name
        scored = build(merged, whole, fresh, name, group, data, folder, by)
        seconds = time.monotonic() - began
        after = score(scored, asked, folder, f"{words('量化后', 'after')} ({name})", by)
        size = fresh.stat().st_size if fresh.is_file() else measure.weights_bytes(fresh)
        after["bytes"] = size
        loss = round(100 * (before["accuracy"] - after["accuracy"]), 2)
        found = {
            **{"step": f"merged → {name}", "format": name, "made": made, "source": version},
            **{"before": before, "after": after, "loss": loss, "seconds": round(seconds, 1)},
            **{
                "max_loss": max_loss,
                "shipped": loss <= max_loss,
                "group": group,
                "engine": by.name,
            },
        }
        write_json(record, found)
        print(table(before, after, name))
        if loss > max_loss:
            raise UserError(refusal(name, found, record))
        replace(fresh, file)
    return ship(merged.parent, file, found)


def measured_by(merged: Path, engine: Engine) -> Engine:
    """The engine that scores a format of ``merged``: the one that will serve it.

    Where it does not run here, or the GPUs do not hold the 16-bit model, which is asked too, the
    one that runs anywhere, said.
    """
    if engine.lacks():
        return engines.ANYWHERE
    if not engine.needs_gpu:
        return engine
    try:
        fit.spread(merged, engine.settings(), None)
    except UserError:
        print(
            words(
                "GPU 放不下 16 位的模型: 量化前后都由 CPU 引擎测量 (较慢)",
                "no GPU here holds the 16-bit model: the CPU engine measures before and after "
                "(slower)",
            ),
            flush=True,
        )
        return engines.ANYWHERE
    return engine


def refusal(name: str, found: dict[str, Any], record: Path) -> str:
    """The sentence with the figure."""
    before, after = found["before"], found["after"]
    loss, most = f"{found['loss']:.1f}", f"MAX_LOSS={found['max_loss']:g}"
    right = f"{before['right']} → {after['right']} / {after['n']}"
    refused = words(
        f"{name} 丢了 {loss} 个百分点（答对 {right}），上限 {most}：没有采用。"
        "换格式 FORMAT=q6_k，或放宽 MAX_LOSS=…",
        f"{name} loses {loss} points ({right} right answers), the limit is {most}: not shipped. "
        "Try FORMAT=q6_k, or a larger MAX_LOSS=…",
    )
    return f"{refused} ({shown(record)})"


def build(
    merged: Path,
    whole: Path,
    fresh: Path,
    name: str,
    group: int,
    data: Path,
    folder: Path,
    by: Engine,
) -> Path:
    """Write the quantised ``fresh``; returns what it is measured by: itself, or its weights
    multiplied out for an engine that does not load it."""
    print(f"{words('量化', 'quantising')} {shown(merged)} → {name} …", flush=True)
    log = folder / "quantize.log"
    if name not in LITE:
        run_logged(
            [sys.executable, "-m", "deploy.gguf_quantize", str(whole), str(fresh), name], log
        )
        return fresh
    plain = None if name in by.formats else folder / "plain"
    command = lmdeploy(merged, fresh, name, group, data / "train.jsonl", plain, folder)
    print(f"{words('命令', 'command')}: {shlex.join(command)}", flush=True)
    run_logged(command, log)
    return by.whole(plain, folder) if plain else fresh


def lmdeploy(
    merged: Path, out: Path, name: str, group: int, rows: Path, plain: Path | None, folder: Path
) -> list[str]:
    """The command of LMDeploy's quantiser (:mod:`deploy.lmdeploy_quantize`), whose settings go into
    ``folder``."""
    spec = folder.absolute() / "lite.json"
    values = {"model": merged.absolute(), "out": out.absolute(), "rows": rows.absolute()}
    device = "cuda" if gpu.gpus() else "cpu"
    about = {"format": name, "group": group, "device": device, "plain": str(plain or "")}
    write_json(spec, {**{key: str(path) for key, path in values.items()}, **about})
    return [str(environments.lmdeploy()), "-m", "deploy.lmdeploy_quantize", str(spec)]


def run_logged(command: list[str], log: Path) -> None:
    """Run to the end; the log tells the reason where it fails."""
    with open(log, "w") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode:
        kept = Path(shutil.copy(log, log.parent.parent / log.name))
        see = words(f"详见 {shown(kept)}", f"see {shown(kept)}")
        failed = words("量化失败", "quantising failed")
        raise UserError(f"{failed}: {supervisor.reason(kept)} ({see})")


def known_before(
    run_folder: Path, whole: Path, version: str, asked: dict[str, Any], folder: Path, by: Engine
) -> dict[str, Any]:
    """The unquantised model's score, measured once for each content and set of questions."""
    file = run_folder / "gguf" / f"before.{by.name}.json"
    key = digest(version, asked)
    if file.is_file() and read_json(file).get("key") == key:
        return dict(read_json(file)["score"])
    found = score(whole, asked, folder, f"{words('量化前', 'before')} (bf16)", by)
    write_json(file, {"key": key, "score": found})
    return found


def score(
    file: Path, asked: dict[str, list[dict[str, str]]], folder: Path, label: str, by: Engine
) -> dict[str, Any]:
    """The score by engine ``by``, with a word to who waits."""
    count = sum(len(rows) for rows in asked.values())
    asks = words(f"{count} 题", f"{count} questions")
    print(f"{words('测量', 'measuring')} {label}, {asks}, {by.name} …", flush=True)
    return by.score(file, asked, folder)


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
