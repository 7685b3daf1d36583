"""Whether an evaluation would ask the same questions of the same models again.

As make has it: by the names, sizes and times of the files that it reads (models, questions,
index, answers) and of the code, before any server is started for an answer that is on disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commands.options import Given
from commands.places import Places
from core import gpu
from core.files import ROOT, digest, read_json, write_json

NOTE = "asked.json"  # in eval/: what the last complete evaluation was made from
CODE = ("commands", "core", "deploy", "eval", "rag", "configs/domains", "requirements")
MODELS = ("merged", "gguf", "int4", "quantized.json", "run.json", "eval")


def _files(path: Path) -> Iterator[tuple[str, int, int]]:
    """Every file at or below ``path``, links followed: name, size, time of the last change."""
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in found:
        if file.is_file() and file.suffix != ".pyc" and file.name not in (NOTE, ".lock"):
            about = file.stat()
            yield str(file), about.st_size, about.st_mtime_ns


def _made_of(given: Given, place: Places) -> str:
    run = Path(place.run)
    base = read_json(run / "run.json").get("base", "") if (run / "run.json").is_file() else ""
    places = [run / name for name in MODELS]
    places += [Path(place.data), Path(place.index), ROOT / base, *(ROOT / name for name in CODE)]
    if model := given["MODEL"]:
        places.append(Path(model))
    asked = {name: value for name, value in given.items() if not name.endswith("PORT")}
    machine = [each.name for each in gpu.gpus()]  # another engine would answer there
    return digest(asked, machine, [entry for path in places for entry in _files(path)])


def unchanged(given: Given, place: Places) -> bool:
    """Whether nothing that the last complete evaluation read or wrote is another today."""
    note = Path(place.run) / "eval" / NOTE
    return note.is_file() and read_json(note).get("made_of") == _made_of(given, place)


def remember(given: Given, place: Places) -> None:
    """Note what the evaluation that has just ended was made from."""
    note: dict[str, Any] = {"made_of": _made_of(given, place)}
    write_json(Path(place.run) / "eval" / NOTE, note)
