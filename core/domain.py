"""A domain: the one place where its system prompt and its settings are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from core.errors import UserError
from core.files import ROOT, shown
from core.language import words

FOLDER = ROOT / "configs" / "domains"


@dataclass(frozen=True)
class Domain:
    """``configs/domains/<name>.py``. ``system`` is baked into rows by ``make data`` and read from
    here by serving, the page, retrieval and evaluation: one prompt, one place. ``licence``: of
    its sources, as ``"CC-BY-4.0"``; empty: not stated."""

    name: str
    title: str
    system: str
    disclaimer: str = ""
    licence: str = ""
    bank: tuple[str, ...] = ()
    eval_ratio: float = 0.1
    eval_max: int = 500
    seed: int = 42
    probes: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)


def names() -> list[str]:
    """The domains there are."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def assigned(path: Path, known: set[str], lazy: bool | None = None) -> dict[str, Any]:
    """What a Python file of settings assigns; raises :class:`UserError` where Python cannot read or
    run it, and for a name that is none of ``known``."""
    try:
        values: dict[str, Any] = Config.fromfile(str(path), lazy_import=lazy).to_dict()
    except Exception as error:  # a person wrote it: whatever it raises is theirs to mend
        broken = words("不是能运行的 Python", "is no Python that runs")
        raise UserError(f"{shown(path)}: {broken}: {type(error).__name__}: {error}") from None
    if unknown := ", ".join(sorted(set(values) - known)):
        raise UserError(f"{shown(path)}: {words('未知设置', 'unknown keys')} {unknown}")
    return values


def load(name: str) -> Domain:
    """Read ``configs/domains/<name>.py``; raises :class:`UserError` for an unknown name or key."""
    path = FOLDER / f"{name}.py"
    if not path.is_file():
        there = ", ".join(names())
        raise UserError(
            words(f"没有领域 '{name}'，可选: {there}", f"no domain '{name}'; choose from: {there}")
        )
    values = assigned(path, set(Domain.__dataclass_fields__))
    values["bank"] = tuple(values.get("bank", ()))
    return Domain(name=values.pop("name", name), **values)
