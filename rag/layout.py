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
from core.language import words

FORMAT = 2
LOCAL = "local"
NOTE = "index.json"
JOURNAL = "vectors.journal"
LOCK = ".lock"
PASSAGES = "passages.sqlite"
VECTORS = "vectors.npy"
LEXICAL = "lexical"
STARTS = "starts.npy"


class Unusable(UserError):
    """An index that has to be made anew; ``why``, without what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: {words('请运行 make index', 'run make index')}")
        self.why = why


def needs(what: str) -> UserError:
    """``what`` cannot run without the packages of ``requirements/embed.txt``."""
    said = words("需要 sentence-transformers", "needs sentence-transformers")
    return UserError(f"{what} {said} (requirements/embed.txt)")


def no_data(path: Path) -> UserError:
    """``path``, which ``make data`` writes, is not there."""
    said = words("不存在: 请先运行 make data", "does not exist: run make data first")
    return UserError(f"{shown(path)} {said}")


def note(folder: Path) -> dict[str, Any]:
    """The note of the index in ``folder``; :class:`UserError` where there is no usable one."""
    path = folder / NOTE
    if not path.is_file():
        raise Unusable(f"{shown(folder)} {words('里没有索引', 'holds no index')}")
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        version = found.get("format") if isinstance(found, dict) else "?"
        said = words(
            f"索引格式是 {version}, 需要 {FORMAT}", f"index format {version}, {FORMAT} is needed"
        )
        raise Unusable(f"{shown(path)}: {said}")
    if found.get("store", LOCAL) == LOCAL and not (folder / found["generation"]).is_dir():
        name = found["generation"]
        said = words(f"索引不完整, 缺 {name}", f"the index is incomplete, {name} is missing")
        raise Unusable(f"{shown(folder)}: {said}")
    return found


def switch(folder: Path, value: dict[str, Any]) -> None:
    """Let readers open ``value["generation"]`` from now on, and remove every other one."""
    path = folder / NOTE
    if not path.is_file() or read_json(path) != value:  # else what was made of it stays up to date
        write_json(path, value)
    tidy(folder, value["generation"])


def tidy(folder: Path, keep: str) -> None:
    """Remove generations but ``keep``; readers that have one open keep their files (POSIX)."""
    for old in folder.glob("gen-*"):
        if old.name != keep:
            shutil.rmtree(old, ignore_errors=True)
