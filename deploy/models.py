"""Which model a run deploys, under which name, and the hash of what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import trust
from core.errors import UserError
from core.files import (
    ROOT,
    digest,
    missing_shard,
    pointer,
    read_json,
    sha256,
    shown,
    write_json,
)
from core.language import words

_PARTS = ("*.json", "*.jinja", "*.model", "*.safetensors", "*.bin", "*.py", "*.txt", "*.gguf")
_NOTES = ("handover.json", "run.json")  # what we write beside a model is no part of it


@dataclass(frozen=True)
class Model:
    """A Hugging Face folder or a GGUF file at ``path``, served under ``name``."""

    path: Path
    name: str

    @property
    def is_gguf(self) -> bool:
        """Whether it is a file for the CPU engine already."""
        return self.path.suffix == ".gguf"


def pick(role: str, run: Path, domain: str, given: str | None = None) -> Model:
    """The model to deploy: ``given`` by name, else the run's tuned model or the base it came from.

    Raises :class:`UserError` that says which step is missing.
    """
    if given:
        path = Path(given)
        if not ((path.is_file() and path.suffix == ".gguf") or (path / "config.json").is_file()):
            what = words("不是模型目录或 .gguf 文件", "is no model folder or .gguf file")
            raise UserError(f"MODEL={given}: {what}")
        if path.suffix != ".gguf":
            whole(path)
        trust.remote_code(path)
        return Model(path.absolute(), path.stem if path.suffix == ".gguf" else path.absolute().name)
    if role == "tuned":
        path = run / "merged"
        if not (path / "config.json").is_file():
            raise UserError(no_merged(path))
        whole(path, "make merge")
        trust.remote_code(path)
        return Model(path.absolute(), f"{domain}-{run.absolute().name}")
    path = base(run)
    if not (path / "config.json").is_file():
        missing = words(
            "run.json 里的基座不存在，请先 make train",
            "the base model of run.json is not there: run make train first",
        )
        raise UserError(f"{shown(path)}: {missing}")
    whole(path)
    trust.remote_code(path)
    return Model(path.absolute(), path.name)


def base(run: Path) -> Path:
    """The folder of the base that ``run.json`` names; :class:`UserError` where it names none."""
    note = read_json(run / "run.json")
    named = note.get("base") if isinstance(note, dict) else None
    if not isinstance(named, str) or not named:
        lacking = words(
            "没有记下基座 (base)，请先 make train", "names no base: run make train first"
        )
        raise UserError(f"{shown(run / 'run.json')}: {lacking}")
    return ROOT / named  # an absolute path stays itself


def whole(path: Path, again: str = "") -> None:
    """Raise :class:`UserError` for a model folder that lacks weights; ``again`` makes them anew."""
    if file := pointer(path):
        lacking = words(f"里的 {file} 只是 Git LFS 指针", f"{file} is but a Git LFS pointer")
    elif file := missing_shard(path):
        lacking = words(f"缺少权重 {file}", f"lacks its weights, {file}")
    else:
        return
    raise UserError(f"{shown(path)}: {lacking}" + (f": {again}" if again else ""))


def no_merged(path: Path) -> str:
    """What to say where the merged model is missing."""
    missing = words(
        "没有合并好的模型，请先 make merge", "no merged model there: run make merge first"
    )
    return f"{shown(path)}: {missing}"


def version(path: Path, cache: Path) -> str:
    """The content hash of a model folder or file.

    Hashing gigabytes takes a while, so ``cache`` keeps it with the sizes and times of the files
    that it was computed from, and it is computed again only when one of them differs.
    """
    parts = [path] if path.is_file() else files(path)
    seen = {file.name: [file.stat().st_size, file.stat().st_mtime_ns] for file in parts}
    if cache.is_file():
        known = read_json(cache)
        if known.get("path") == str(path) and known.get("files") == seen:
            return str(known["version"])
    found = digest({file.name: sha256(file) for file in parts})
    write_json(cache, {"path": str(path), "version": found, "files": seen})
    return found


def files(folder: Path) -> list[Path]:
    """The files that make up a model folder."""
    found = {file for pattern in _PARTS for file in folder.glob(pattern)}
    return sorted(file for file in found if file.name not in _NOTES)
