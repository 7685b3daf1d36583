"""A base of which a file is missing is said before an environment is made."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from core.files import write_json
from tests.deploy import helper
from train import base_model, download


def test_a_download_that_was_cut_off(tmp_path: Path) -> None:
    base = tmp_path / "base"
    names = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    write_json(base / "config.json", {"model_type": "llama"})
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    write_json(base / "model.safetensors.index.json", index)
    helper.weights(base / names[0], 1000)
    settings = {"pretrained_model_name_or_path": str(base)}
    assert names[1] in (base_model.missing(settings) or "")
    helper.weights(base / names[1], 1000)
    assert base_model.missing(settings) is None


def test_a_folder_without_weights_is_fetched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``make download`` said it was there already, and ``make train`` to run ``make download``."""
    monkeypatch.chdir(tmp_path)
    base = tmp_path / "models" / "internlm2-chat-7b"
    write_json(base / "config.json", {})

    def fetched(line: list[str], env: object) -> SimpleNamespace:
        helper.weights(Path(line[-1]) / "model.safetensors", 1000)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(download.subprocess, "run", fetched)
    download.download("internlm2_qlora.py", "modelscope", tmp_path)
    assert (base / "model.safetensors").is_file()
    monkeypatch.setattr(download.subprocess, "run", lambda *a, **k: pytest.fail("fetched again"))
    download.download("internlm2_qlora.py", "modelscope", tmp_path)
