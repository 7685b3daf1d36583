"""The settings files of the engines."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config

from core.files import ROOT


def defaults(name: str) -> dict[str, Any]:
    """``configs/deploy/NAME.py``"""
    return dict(Config.fromfile(str(ROOT / f"configs/deploy/{name}.py")).to_dict())
