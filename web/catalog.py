"""What lies in the work folder: data sets, their indexes, runs. The page opens nothing else."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.chat import Endpoint
from core.errors import UserError
from core.files import ROOT, WORK_DIRS, read_json, read_jsonl
from web import i18n, server

DEPTHS = ("*/{}", "*/*/{}", "*/*/*/{}", "*/*/*/*/{}")  # work_dirs/demo/gongkao/data is the deepest


@dataclass(frozen=True)
class Bank:
    """A data set: ``folder`` holds ``card.json``; ``name`` is its path in the work folder."""

    folder: Path
    name: str
    domain: str

    @property
    def title(self) -> str:
        """The name that a person gave it; that of its domain where nobody did."""
        if self.folder.parent.parent.name == "sets":
            return self.folder.parent.name
        return i18n.title(server.load(self.domain))

    @property
    def index(self) -> Path:
        """Where ``make index`` puts its index (``make web DATA= INDEX=``: where that said)."""
        named = os.environ.get("TIKUFORGE_INDEX", "") if is_named(self.folder, "DATA") else ""
        return Path(named) if named else self.folder.parent / "index"


def is_named(path: Path, option: str) -> bool:
    """Whether the command line that began the page (``make web``) names ``path``."""
    named = os.environ.get(f"TIKUFORGE_{option}", "")
    return named != "" and path.resolve() == Path(named).resolve()


def name_of(path: Path) -> str:
    """A path of the work folder as it is shown: without the work folder itself."""
    return str(path.relative_to(WORK_DIRS))


@st.cache_data(ttl=3, show_spinner=False)
def _find(file: str) -> list[str]:
    found = {path for depth in DEPTHS for path in WORK_DIRS.glob(depth.format(file))}
    return sorted(map(str, found))


def look_again() -> None:
    """Forget what lay there: something was built."""
    _find.clear()


def banks(domain: str = "") -> list[Bank]:
    """The data sets that are complete, of ``domain`` where it is given; the plain one first."""
    found = []
    for file in map(Path, _find("card.json")):
        try:
            of = str(read_json(file)["domain"])
        except (UserError, KeyError):
            continue
        if domain in ("", of):
            found.append(Bank(file.parent, name_of(file.parent), of))
    return sorted(found, key=lambda bank: (bank.name.count("/"), bank.name))


def find(name: str) -> Bank | None:
    """The data set with this name."""
    return next((bank for bank in banks() if bank.name == name), None)


def titles() -> dict[str, str]:
    """The data sets' names for people, by their names here; where two are the same, what tells
    them apart stands behind."""
    found = {bank.name: bank.title for bank in banks()}
    many = Counter(found.values())
    return {
        name: title if many[title] == 1 else f"{title} · {name}" for name, title in found.items()
    }


def runs(file: str = "report.json") -> list[Path]:
    """The run folders that hold ``file``."""
    depth = len(Path(file).parts)
    return [path.parents[depth - 1] for path in map(Path, _find(file))]


def bank_of(target: Endpoint | None, found: list[Bank]) -> Bank | None:
    """The data set with which the served model was trained, else the first that has an index,
    else the first."""
    if target and target.model_dir:
        for folder in list(Path(target.model_dir).parents)[:3]:
            if (folder / "run.json").is_file():
                data = ROOT / str(read_json(folder / "run.json").get("data", "-"))
                for bank in found:
                    if bank.folder.resolve() == data.resolve():
                        return bank
    return next((bank for bank in found if bank.index.is_dir()), found[0] if found else None)


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(file: str, stamp: float) -> tuple[dict[str, Any], ...]:
    return tuple(read_jsonl(file))


def rows(bank: Bank) -> tuple[dict[str, Any], ...]:
    """All questions of a bank, shared by every session: read only."""
    found: list[dict[str, Any]] = []
    for name in ("train.jsonl", "eval.jsonl"):
        file = bank.folder / name
        if file.is_file():
            found += _rows(str(file), file.stat().st_mtime)
    return tuple(row for row in found if row["kind"] != "general")


_PLACES = (
    (re.compile(r"p:(\d+)$"), {"zh": "第 {0} 段", "en": "paragraph {0}"}),
    (re.compile(r"p:(\d+)-(\d+)$"), {"zh": "第 {0}–{1} 段", "en": "paragraphs {0}–{1}"}),
    (
        re.compile(r"t:(\d+):r:(\d+):c:(\d+)$"),
        {"zh": "第 {0} 个表格第 {1} 行第 {2} 列", "en": "table {0}, row {1}, column {2}"},
    ),
    (re.compile(r"c:(\d+)-(\d+)$"), {"zh": "第 {0}–{1} 字", "en": "characters {0}–{1}"}),
    (re.compile(r"(.+)!([A-Z]+\d+)$"), {"zh": "工作表“{0}”的 {1} 格", "en": "sheet {0}, cell {1}"}),
)


def place(source: dict[str, Any], language: str) -> str:
    """Where a row or passage comes from, for a person: the file, and the paragraph or cell."""
    locator = str(source.get("locator", ""))
    for pattern, words in _PLACES:
        if found := pattern.match(locator):
            parts = list(found.groups())
            if locator.startswith("c:"):  # a Python slice; people count from one
                parts[0] = str(int(parts[0]) + 1)
            locator = words[language].format(*parts)
            break
    return f"{source.get('file', '')} · {locator}"
