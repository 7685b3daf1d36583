"""Files that are whole or absent: atomic writes, JSON lines, hashes, and where outputs live."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from core.errors import UserError
from core.language import words

NOT_JSON = ("不是合法 JSON", "is not JSON")
NOT_THERE = ("不存在", "does not exist")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# The files that outlive the code that wrote them, and the version of their form: written into each
# ("schema"; into every line of JSON lines), asked of each when it is read. One without is of the
# first. The rows of a data set go by its card.json, an index by its own format, the page's database
# by SQLite's user_version, what was shipped by its manifest: docs/keep.md.
LASTING = {
    "card.json": 1,
    "inputs.json": 1,
    "learned.json": 1,
    "run.json": 1,
    "handover.json": 1,
    "quantized.json": 1,
    "report.json": 1,
    "trusted.json": 1,
    "backup.json": 1,
    "feedback.jsonl": 1,
    "feedback-judged.jsonl": 1,
    "live-votes.jsonl": 1,
    "edits.jsonl": 1,
}

ROOT = Path(__file__).resolve().parent.parent
WORK_DIRS = Path(os.environ.get("TIKUFORGE_WORK_DIRS") or ROOT / "work_dirs")
MODELS = Path(os.environ.get("TIKUFORGE_MODELS") or ROOT / "models")


def shown(path: str | Path) -> str:
    """``path`` as a person reads it: relative to the current folder where it is below it."""
    try:
        return str(Path(os.path.realpath(path)).relative_to(Path.cwd()))  # links in a ring, too
    except ValueError:
        return str(path)


@contextmanager
def held(path: Path, busy: str = "") -> Iterator[None]:
    """Hold the lock file ``path`` against other processes and threads; the kernel lets go of it
    when we die. Waits for its turn; with ``busy`` raises :class:`UserError` of that text instead.
    """
    from filelock import FileLock, Timeout  # not in the Python that runs ./tiku

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0 if busy else -1)
    except Timeout:
        raise UserError(busy) from None
    try:
        yield
    finally:
        lock.release()


def missing_shard(folder: Path) -> str:
    """A file of weights that a model folder lacks, as after a download that was cut off: one that
    its own index names, or any at all; empty where all are there."""
    for index in folder.glob("*.index.json"):
        named = read_json(index).get("weight_map", {}).values()
        if absent := [name for name in sorted(set(named)) if not (folder / name).is_file()]:
            return str(absent[0])
    kinds = ("*.safetensors", "pytorch_model*.bin")
    there = [file for kind in kinds for file in folder.glob(kind) if file.stat().st_size]
    return (
        "" if any(not file.name.startswith("adapter_") for file in there) else "model.safetensors"
    )


def pointer(folder: Path) -> str:
    """A file of weights that is but a Git LFS pointer (``git clone`` without ``git lfs``); empty
    where none is."""
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        if file.stat().st_size < 1024 and file.read_bytes().startswith(b"version https://git-lfs"):
            return file.name
    return ""


@contextmanager
def atomic(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside ``path`` and rename it into place when the block succeeds.

    A reader, or a run after kill -9, sees the old file or the new one, never half of one. Text is
    UTF-8 with ``\\n`` line ends; ``mode`` is ``w`` or ``wb``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    try:
        with open(temporary, mode, **text) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` atomically."""
    with atomic(path) as out:
        out.write(text)


def versioned(path: str | Path, value: Any) -> Any:
    """``value`` with the version of its form, where a file of this name lasts."""
    version = LASTING.get(Path(path).name)
    return {**value, "schema": version} if version else value


def require_known(path: str | Path, value: Any) -> Any:
    """``value``, read from ``path``, without the version of its form; :class:`UserError` where a
    later version of this code wrote it in a form that this one does not know."""
    known = LASTING.get(Path(path).name)
    found = value.get("schema", 1) if known and isinstance(value, dict) else 0
    if known and (not isinstance(found, int) or found > known):
        newer = words(
            "由更新的版本写成，请更新代码", "was written by a later version: update the code"
        )
        found = f"{shown(path)} (schema {found} > {known}) {newer}: git pull"
        raise UserError(found, "files.newer")
    if known and isinstance(value, dict):
        return {name: inner for name, inner in value.items() if name != "schema"}
    return value


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` atomically as indented, readable JSON."""
    write_text(path, json.dumps(versioned(path, value), ensure_ascii=False, indent=2) + "\n")


def parsed(text: str, where: str, decode: Callable[[str], Any] = json.loads) -> Any:
    """The value of a JSON text; :class:`UserError` that begins with ``where`` for what is none, and
    for what Python cannot take or write again: very deep nesting, numbers of thousands of digits,
    halves of a surrogate pair."""
    try:
        value = decode(text)
        if SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        line = words(f"第{error.lineno}行", f"line {error.lineno}")
        raise UserError(f"{where}{words(*NOT_JSON)}: {error.msg} ({line})") from None
    except UnicodeEncodeError:
        half = words("含半个字符", "holds half a surrogate pair")
        raise UserError(f"{where}{half} (\\ud8…)") from None
    except RecursionError:
        raise UserError(f"{where}{words('JSON 嵌套过深', 'JSON nested too deeply')}") from None
    except ValueError as error:  # more digits than Python reads
        raise UserError(f"{where}{words(*NOT_JSON)}: {str(error)[:80]}") from None
    return value


def read_json(path: str | Path) -> Any:
    """Read a JSON file; :class:`UserError` names the file and line where it is not JSON, and one of
    a later version (:data:`LASTING`)."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{shown(path)} {words(*NOT_THERE)}", "files.missing") from None
    except UnicodeDecodeError:
        raise UserError(f"{shown(path)} {words('不是 UTF-8', 'is not UTF-8')}") from None
    return require_known(path, parsed(text, f"{shown(path)} "))


def write_jsonl(path: str | Path, rows: Iterable[dict[str, Any]]) -> int:
    """Write one JSON object a line, atomically; returns how many."""
    count = 0
    with atomic(path) as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_jsonl(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file; a bad line is named by its number."""
    try:
        file = open(path, encoding="utf-8")  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        raise UserError(f"{shown(path)} {words(*NOT_THERE)}", "files.missing") from None
    with file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = words(f"第{number}行", f"line {number}")
            yield require_known(path, parsed(line, f"{shown(path)} {place}: "))


def sha256(path: str | Path) -> str:
    """Hex SHA-256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: Any) -> str:
    """Hex SHA-256 of values: a key for "made from these inputs", stable over runs."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
