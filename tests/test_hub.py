"""`make download` and `make upload`: the hub's real command line, a hub on this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.files import ROOT
from tests.hub_server import Hub

MODEL = {"config.json": b"{}", "model.safetensors": b"w" * 5000, "tokenizer.json": b"[]"}
RECIPE = """from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(recipe(
    pretrained_model_name_or_path="{to}", hub=dict(huggingface="me/model"),
    prompt_template="qwen_chat",
))
del recipe
"""


def make(hub: Hub, home: Path, *words: str, token: str = "") -> subprocess.CompletedProcess[str]:
    """A Make target as a user of another hub's address would call it."""
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(home), "HF_TOKEN": token}
    environment["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    environment = {key: value for key, value in environment.items() if key != "MAKEFLAGS"}
    return subprocess.run(
        ["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


def recipe(tmp_path: Path, to: Path) -> Path:
    """A recipe of the user's own, outside configs/."""
    (tmp_path / "base").symlink_to(ROOT / "configs" / "base")
    path = tmp_path / "mine.py"
    path.write_text(RECIPE.format(to=to))
    return path


def test_an_export_arrives_private_and_whole(tmp_path: Path) -> None:
    folder = tmp_path / "hf"
    folder.mkdir()
    for name, content in MODEL.items():
        (folder / name).write_bytes(content)
    (folder / ".tikuforge").touch()
    hub = Hub()
    words = ("upload", "REPO=me/model", "HUB=huggingface", f"FOLDER={folder}")
    refused = make(hub, tmp_path / "home", *words, token="hf_wrong")
    assert refused.returncode != 0 and not hub.files
    assert "hf auth login" in refused.stderr and "Traceback" not in refused.stderr
    done = make(hub, tmp_path / "home", *words, token="hf_right")
    assert done.returncode == 0, done.stdout + done.stderr
    assert hub.files == MODEL
    assert [one["visibility"] for one in hub.created] == ["private"], hub.created
    assert "hf_right" not in done.stdout + done.stderr


def test_what_was_not_exported_is_not_sent(tmp_path: Path) -> None:
    hub = Hub()
    words = ("upload", "HUB=huggingface", f"FOLDER={tmp_path}")
    for more, said in (
        ("REPO=me/model", "make export"),
        ("REPO=model", "owner/model"),
        ("REPO=", "REPO="),
    ):
        done = make(hub, tmp_path / "home", *words, more, token="hf_right")
        assert done.returncode != 0 and said in done.stderr, done.stderr
    assert not hub.created


def test_a_base_model_comes_whole_or_not_at_all(tmp_path: Path) -> None:
    to = tmp_path / "models" / "mine"
    path = recipe(tmp_path, to)
    hub = Hub(dict(MODEL))
    hub.broken = {"model.safetensors"}
    words = ("download", f"CONFIG={path}", "HUB=huggingface")
    cut = make(hub, tmp_path / "home", *words)
    assert cut.returncode != 0 and "run it again" in cut.stderr and not to.exists()
    hub.broken.clear()
    done = make(hub, tmp_path / "home", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: (to / name).read_bytes() for name in MODEL} == MODEL
    again = make(hub, tmp_path / "home", *words)
    assert again.returncode == 0 and "there already" in again.stdout


def test_a_hub_that_the_recipe_does_not_name(tmp_path: Path) -> None:
    path = recipe(tmp_path, tmp_path / "models" / "mine")
    done = make(Hub(), tmp_path / "home", "download", f"CONFIG={path}")  # ModelScope by default
    assert done.returncode != 0 and "huggingface" in done.stderr
