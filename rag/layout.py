"""What lies in an index folder, and how one finished generation takes the place of another.

``index.json`` names the generation that readers open; ``gen-*/`` hold passages (SQLite), vectors
and the lexical index; ``vectors.journal`` what a run that was cut off had embedded. Everything is
written into a new folder, and the one rename of ``index.json`` switches readers over: before it
they see the old index, whole, after it the new one.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, shown, write_json

FORMAT = 2
LOCAL = "local"
NOTE = "index.json"
JOURNAL = "vectors.journal"
LOCK = ".lock"
PASSAGES = "passages.sqlite"
VECTORS = "vectors.npy"
LEXICAL = "lexical"
STARTS = "starts.npy"
REBUILD = "请运行 make index run make index"


def note(folder: Path) -> dict[str, Any]:
    """The note of the index in ``folder``; :class:`UserError` where there is no usable one."""
    path = folder / NOTE
    if not path.is_file():
        raise UserError(f"{shown(folder)} 里没有索引 holds no index: {REBUILD}")
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        version = found.get("format") if isinstance(found, dict) else "?"
        raise UserError(f"{shown(path)}: 索引格式 format {version}, 需要 need {FORMAT}: {REBUILD}")
    if found.get("store", LOCAL) == LOCAL and not (folder / found["generation"]).is_dir():
        raise UserError(f"{shown(folder)}: 索引不完整 {found['generation']} is missing: {REBUILD}")
    return found


def switch(folder: Path, value: dict[str, Any]) -> None:
    """Let readers open ``value["generation"]`` from now on, and remove every other one."""
    write_json(folder / NOTE, value)
    tidy(folder, value["generation"])


def tidy(folder: Path, keep: str) -> None:
    """Remove generations but ``keep``; readers that have one open keep their files (POSIX)."""
    for old in folder.glob("gen-*"):
        if old.name != keep:
            shutil.rmtree(old, ignore_errors=True)
