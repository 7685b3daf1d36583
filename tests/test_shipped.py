"""A shipped folder and its manifest: each planted change is found and named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core import shipped
from core.errors import UserError
from core.files import write_json
from custody.__main__ import verify


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with its data, base and proofs."""
    data, base, run = (tmp_path / name for name in ("data", "base", "run"))
    for folder in (data, base, run / "merged"):
        folder.mkdir(parents=True)
    for name in ("train.jsonl", "eval.jsonl", "card.json"):
        (data / name).write_text('{"id": 1}\n')
    (base / "config.json").write_text("{}")
    write_json(run / "merged" / "handover.json", {"n": 8})
    write_json(run / "report.json", {"model": "x"})
    settings = {"lr": "0.0002", "max_epochs": "3"}
    state = {"config": "c.py", "data": str(data), "base": str(base), "settings": settings}
    state["licences"] = {"code": "Apache-2.0", "base": "mit", "data": "CC-BY-4.0"}
    write_json(run / "run.json", {**state, "data_sha256": "a" * 64, "key": "k", "rows": 24})
    return run


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout's locks."""
    folder = tmp_path / "code" / "requirements"
    folder.mkdir(parents=True)
    for name in ("core", "train", "serve"):
        (folder / f"{name}.lock").write_text("torch==2.13.0\nnumpy==2.4.6\n")
    monkeypatch.setattr(shipped, "ROOT", tmp_path / "code")
    return folder


@pytest.fixture
def out(tmp_path: Path, run: Path, locks: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "part").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(os.urandom(4096))
    for name in ("config.json", "tokenizer_config.json", "README.md", "part/vocab.txt"):
        (folder / name).write_text(f'{{"name": "{name}", "chat_template": "x"}}')
    shipped.write(folder, run)
    return folder


def flip(path: Path, at: int = 100) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1
    path.write_bytes(content)


def edit(path: Path, **values: object) -> None:
    write_json(path, {**json.loads(path.read_text()), **values})


Change = Callable[[Path, Path, Path], object]
CHANGES: dict[str, Change] = {
    "model.safetensors": lambda out, run, locks: flip(out / "model.safetensors"),
    "config.json": lambda out, run, locks: edit(out / "config.json", rope_theta=10000),
    "tokenizer_config.json": lambda o, r, k: edit(o / "tokenizer_config.json", chat_template="y"),
    "part/vocab.txt": lambda out, run, locks: flip(out / "part" / "vocab.txt", 3),
    "README.md": lambda out, run, locks: (out / "README.md").unlink(),
    "extra.py": lambda out, run, locks: (out / "extra.py").write_text("x"),
    ".hidden": lambda out, run, locks: (out / ".hidden").write_text("x"),
    "part/new": lambda out, run, locks: (out / "part" / "new").write_text(""),
    "core.lock": lambda out, run, locks: (locks / "core.lock").write_text("torch==2.12.0\n"),
    "train.lock": lambda out, run, locks: flip(locks / "train.lock", 9),
    "serve.lock": lambda out, run, locks: (locks / "serve.lock").unlink(),
    "new.lock": lambda out, run, locks: (locks / "new.lock").write_text(""),
    "data/train.jsonl": lambda out, run, locks: flip(run.parent / "data" / "train.jsonl", 2),
    "data/eval.jsonl": lambda out, run, locks: flip(run.parent / "data" / "eval.jsonl", 2),
    "data/card.json": lambda out, run, locks: (run.parent / "data" / "card.json").unlink(),
    "base/config.json": lambda out, run, locks: flip(run.parent / "base" / "config.json", 0),
    "settings": lambda out, run, locks: edit(run / "run.json", settings={"lr": "1"}),
    "licences": lambda out, run, locks: edit(run / "run.json", licences={"base": "other"}),
    "data_sha256": lambda out, run, locks: edit(run / "run.json", data_sha256="b" * 64),
    "proof/report.json": lambda out, run, locks: edit(run / "report.json", model="y"),
    "proof/merged/handover.json": lambda o, r, k: edit(r / "merged" / "handover.json", n=9),
    "manifest.json": lambda out, run, locks: edit(out / "manifest.json", commit="0" * 40),
}


def test_an_unchanged_folder_differs_in_nothing(out: Path, run: Path) -> None:
    assert list(shipped.differences(out, run)) == []
    moved = out.rename(out.with_name("another place (1)"))
    assert list(shipped.differences(moved)) == []


@pytest.mark.parametrize("name", CHANGES)
def test_each_planted_change_is_named(name: str, out: Path, run: Path, locks: Path) -> None:
    CHANGES[name](out, run, locks)
    (line,) = shipped.differences(out, run)
    assert name in line and "\n" not in line


def test_make_verify_shows_the_licences(
    out: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(out, work_dir=run) == 0
    assert "code Apache-2.0; base mit; data CC-BY-4.0" in capsys.readouterr().out


def test_a_manifest_whose_hashes_were_changed_too_has_another_id(out: Path, run: Path) -> None:
    before = json.loads((out / "manifest.json").read_text())["id"]
    flip(out / "model.safetensors")
    assert shipped.write(out, run) != before


def test_what_is_no_shipped_folder_is_one_line(out: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="manifest"):
        list(shipped.differences(tmp_path))
    (out / "link").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="link"):
        list(shipped.differences(out))
    (out / "manifest.json").write_text("[]")
    with pytest.raises(UserError, match="version"):
        list(shipped.differences(out))
