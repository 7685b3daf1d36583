"""The sample bank's passages, and an index over them built once with the real embedding model."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from core import domain
from core.files import ROOT, read_jsonl, write_jsonl
from data_tools.build import build as build_data
from data_tools.sources import Inputs
from rag.build import build
from rag.query import Index

REAL_DATA = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")


def row(number: int, question: str, answer: str, file: str = "bank.docx") -> dict[str, Any]:
    text = f"{question}\n答案：{answer}"
    source = {"file": file, "sha256": "0" * 64, "locator": f"p:{number}", "text": text}
    return {
        "id": f"t-{file}-{number:04d}",
        "kind": "qa",
        "split": "train",
        "text": text,
        "question": question,
        "answer": answer,
        "source": source,
    }


@pytest.fixture
def make_kb(tmp_path: Path) -> Callable[[Sequence[dict[str, Any]]], Path]:
    def make(rows: Sequence[dict[str, Any]]) -> Path:
        path = tmp_path / "data" / "kb.jsonl"
        write_jsonl(path, rows)
        return path

    return make


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data/kb.jsonl`` of the shipped sample and ``index/`` over it."""
    home = tmp_path_factory.mktemp("sample")
    chosen = domain.load("gongkao")
    build_data(Inputs("gongkao", chosen.bank), home / "data")
    build(home / "data" / "kb.jsonl", home / "index")
    return home


@pytest.fixture(scope="session")
def index(sample: Path) -> Index:
    return Index.open(sample / "index")


@pytest.fixture(scope="session")
def sample_rows(sample: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(sample / "data" / "kb.jsonl"))


@pytest.fixture(scope="session")
def asked() -> list[dict[str, str]]:
    """The sample's paraphrases: question, answer."""
    lines = (ROOT / "samples/gongkao/paraphrases.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
