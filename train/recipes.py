"""Recipes: finding one, loading it with overrides, and saying what is wrong with either."""

from __future__ import annotations

import ast
import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from core.errors import UserError
from core.files import ROOT, shown

FOLDER = ROOT / "configs"


def names() -> list[str]:
    """The recipes there are, by file name."""
    return sorted(path.name for path in FOLDER.glob("[!_]*.py"))


def find(name: str) -> Path:
    """``name`` as a path of its own, or as a file in ``configs/`` (``.py`` may be left out)."""
    for path in (Path(name), FOLDER / name, FOLDER / f"{name}.py"):
        if path.is_file():
            return path
    raise UserError(f"没有配方 no recipe '{name}'; configs/ 里有: {', '.join(names())}")


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """``["lr=5e-5", "dtype=x"]`` → ``{"lr": 5e-05, "dtype": "x"}``: Python literals, else text."""
    overrides: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key.isidentifier():
            raise UserError(f"OVERRIDE 应写作 key=value should be key=value, not '{pair}'")
        try:
            overrides[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            overrides[key] = text
    return overrides


@contextlib.contextmanager
def _override(values: dict[str, Any]) -> Iterator[None]:
    before = os.environ.get("TIKUFORGE_OVERRIDE")
    os.environ["TIKUFORGE_OVERRIDE"] = json.dumps(values)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIKUFORGE_OVERRIDE"]
        else:
            os.environ["TIKUFORGE_OVERRIDE"] = before


def load(path: Path, overrides: dict[str, Any] | None = None) -> Config:
    """The XTuner config of a recipe with ``overrides`` re-derived through the builder.

    ``config.settings`` holds the options as they ended up. Raises :class:`UserError` for a misspelt
    option (naming the ones there are) and for a file that is no recipe.
    """
    with _override(overrides or {}):
        try:
            config = Config.fromfile(str(path))
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
            wrong = str(error).rsplit(" ", 1)[-1]
            known = ", ".join(load(FOLDER / "smollm2_cpu_qlora.py").settings)
            raise UserError(f"{shown(path)}: 没有选项 no option {wrong}; 可用: {known}") from None
    if "settings" not in config:
        raise UserError(
            f"{shown(path)} 不是本项目的配方 is no recipe of this project: "
            "应调用 base/recipe.py 的 recipe(...)，见 configs/internlm2_qlora.py"
        )
    return config
