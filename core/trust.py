"""Whose code and whose files: a model folder's own Python, and what this project wrote itself.

**Code.** ``auto_map`` in a folder's JSON lets transformers import Python files that came with the
weights. Every loader of ours passes ``trust_remote_code=remote_code(folder)``: False where nothing
is asked for, True where the user has allowed these very files (``./tiku trust FOLDER``, kept by
hash in ``work_dirs/trusted.json``), and one line instead of an import otherwise.

**Seals.** A pickle runs code when it is loaded, and so does a config that is a Python file. Those
that a run leaves behind get a keyed note beside them (HMAC-SHA256, the key in ``work_dirs``), and
only files whose note fits are loaded. The key proves "written with these work_dirs", no more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import scan
from core.errors import UserError
from core.files import WORK_DIRS, read_json, sha256, shown, write_json, write_text
from core.language import words

STORE = WORK_DIRS / "trusted.json"
KEY = WORK_DIRS / ".seal_key"
LARGEST = 50_000_000  # bytes of a JSON file that is looked at: tokenizers' are, configs' are not


def wanted(folder: Path) -> list[str]:
    """What the JSON files of a model folder would import, as ``module.Class``."""
    found: list[str] = []
    for file in sorted(folder.glob("*.json")):
        if file.stat().st_size > LARGEST:
            continue
        text = file.read_text("utf-8", "replace")
        if "auto_map" in text or "\\u00" in text:  # JSON may write any letter as its number
            for value in _maps(read_json(file)):
                found += [name for name in _names(value) if name not in found]
    return found


def _maps(value: Any) -> Iterator[Any]:
    """Every ``auto_map`` in a JSON value."""
    if isinstance(value, dict) and "auto_map" in value:
        yield value["auto_map"]
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _maps(inner)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _names(inner)


def code(folder: Path) -> dict[str, str]:
    """The folder's Python files and their hashes."""
    files = sorted(path for path in folder.rglob("*.py") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path) for path in files}


def allowed() -> dict[str, dict[str, str]]:
    """What the user has allowed: hash → file, folder, when."""
    return read_json(STORE) if STORE.is_file() else {}


def question(folder: str | Path) -> str | None:
    """The one line for a folder whose code may not run here; None where nothing hinders."""
    folder = Path(folder)
    names = wanted(folder) if folder.is_dir() else []
    if not names:
        return None
    known, files = allowed(), code(folder)
    # transformers: OTHER/REPO--module.Class; a module may be a path, one out of the folder, too
    paths = [name for name in names if "--" in name or "/" in name]
    elsewhere = [name for name in paths if f"{name.rpartition('.')[0]}.py" not in files]
    if elsewhere:
        foreign = words(
            f"要运行别处的代码 {elsewhere[0]}，不支持: 请用自带代码的目录",
            f"wants code that is not in it ({elsewhere[0]}), which is not supported: use a folder "
            "that holds it",
        )
        return f"{shown(folder)}: {foreign}"
    unknown = [name for name, key in files.items() if key not in known]
    if files and not unknown:
        return None
    family = _family(folder)
    what = f"{', '.join(names[:4])} ({', '.join(unknown[:6]) or '?'}){family}"
    return f"{shown(folder)}: " + words(
        f"模型自带代码，加载时会在本机运行: {what}；看过后允许: ./tiku trust {shown(folder)}",
        f"brings code that would run here: {what}; read it, then allow it: "
        f"./tiku trust {shown(folder)}",
    )


def _family(folder: Path) -> str:
    """Beside the question, for a family whose folders all do so. Their files change on the hub, so
    that the name alone lets nothing run."""
    from core import families  # mmengine, only where there is a question

    file = folder / "config.json"
    about = read_json(file) if file.is_file() else {}
    named = about.get("architectures") if isinstance(about, dict) else None
    first = named[0] if isinstance(named, list) and named else ""
    family = families.of_architecture(str(first))
    if not family or not family.remote_code:
        return ""
    return words(f" ({family.name} 都这样)", f" (as all of {family.name})")


def remote_code(folder: str | Path) -> bool:
    """What every loader passes as ``trust_remote_code``; :class:`UserError` for unknown code, and
    for weights that are not what they say (:mod:`core.scan`)."""
    asked = question(folder)
    if asked:
        raise UserError(asked, "trust.code")
    scan.weights(Path(folder))
    return bool(Path(folder).is_dir() and wanted(Path(folder)))


def remote_code_known(folder: str | Path) -> bool:
    """As :func:`remote_code`, but False for unknown code: for a recipe, which is loaded before its
    base is looked at."""
    return Path(folder).is_dir() and not question(folder) and bool(wanted(Path(folder)))


def allow(folder: Path) -> list[str]:
    """Keep the hashes of the folder's Python files as allowed; returns their names."""
    files, known = code(folder), allowed()
    when = time.strftime("%Y-%m-%d")
    new = {key: {"file": name, "folder": str(folder), "when": when} for name, key in files.items()}
    write_json(STORE, {**known, **new})
    return list(files)


def key() -> bytes:
    """The key of the seals, made on first use, readable by its owner alone."""
    KEY.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(KEY, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    found = KEY.read_text().strip()
    if len(found) != 64:
        damaged = words("不完整: 请删除后重来", "is damaged: delete it and begin anew")
        raise UserError(f"{shown(KEY)} {damaged}")
    return bytes.fromhex(found)


def note(path: Path) -> Path:
    """Where the seal of ``path`` lies."""
    return path.with_name(f"{path.name}.seal")


def mark(path: Path) -> str:
    """The keyed hash of a file, or of a folder's files and their names."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    parts = [[str(file.relative_to(path.parent)), sha256(file)] for file in files]
    return hmac.new(key(), json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def seal(path: Path) -> None:
    """Note that this project wrote ``path`` here."""
    write_text(note(path), mark(path) + "\n")


def sealed(path: Path) -> bool:
    """Whether this project wrote ``path`` here, and nobody changed it since."""
    try:
        found = note(path).read_text().strip()
    except OSError:
        return False
    return hmac.compare_digest(found.encode(), mark(path).encode())


def require(path: Path) -> Path:
    """``path``, which is about to be loaded; :class:`UserError` where it is not ours."""
    if not sealed(path):
        allow_it = f"./tiku trust {shown(path.parent)}"
        foreign = words(
            f"不是在这里写的（或后来改过），加载它会运行代码；来源可信: {allow_it}；否则: FORCE=1",
            "was not written here (or changed since), and loading it runs code; if you know where "
            f"it is from: {allow_it}; else: FORCE=1",
        )
        raise UserError(f"{shown(path)}: {foreign}", "trust.foreign")
    return path
