"""A domain: the one place where its system prompt and its settings are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mmengine.config import Config

from core.errors import UserError
from core.files import ROOT, shown

FOLDER = ROOT / "configs" / "domains"


@dataclass(frozen=True)
class Domain:
    """``configs/domains/<name>.py``. ``system`` is baked into rows by ``make data`` and read from
    here by serving, the page, retrieval and evaluation: one prompt, one place."""

    name: str
    title: str
    system: str
    disclaimer: str = ""
    bank: tuple[str, ...] = ()
    eval_ratio: float = 0.1
    eval_max: int = 500
    seed: int = 42
    probes: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def names() -> list[str]:
    """The domains there are."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def load(name: str) -> Domain:
    """Read ``configs/domains/<name>.py``; raises :class:`UserError` for an unknown name or key."""
    path = FOLDER / f"{name}.py"
    if not path.is_file():
        raise UserError(f"没有领域 no domain '{name}'; 可选 choose from: {', '.join(names())}")
    values = Config.fromfile(str(path)).to_dict()
    unknown = set(values) - set(Domain.__dataclass_fields__)
    if unknown:
        raise UserError(f"{shown(path)}: 未知设置 unknown key(s) {', '.join(sorted(unknown))}")
    values["bank"] = tuple(values.get("bank", ()))
    return Domain(name=values.pop("name", name), **values)
