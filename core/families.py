"""What is special about a model family: ``configs/families/<name>.py``, one file each.

A new family is that file and a recipe; training, serving, export and the tests read it from here
(tests/train/test_families.py walks every family through the stages that it claims).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from core.domain import assigned
from core.files import ROOT

FOLDER = ROOT / "configs" / "families"


@dataclass(frozen=True)
class Family:
    """``architectures`` as ``config.json`` names them. ``prompt_template``: the name by which
    recipes ask for ``template``, which is in XTuner's form (SYSTEM, INSTRUCTION, SUFFIX …; PREFIX
    is ours: it stands before every answer and is learnt with it). ``llamafactory``: that program's
    name of the template. ``shapes``: model folder → its published numbers (:mod:`train.shapes`),
    ``fused``: q, k and v are one matrix. ``remote_code``: the folder's own Python must run.
    ``environment``: the training stage whose transformers runs it. ``engines`` and ``quantisers``:
    what serves and shrinks it."""

    name: str
    architectures: tuple[str, ...]
    prompt_template: str
    template: dict[str, Any]
    llamafactory: str
    shapes: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    fused: bool = False
    remote_code: bool = False
    environment: str = "train"
    engines: tuple[str, ...] = ("turbomind", "pytorch", "cpu")
    quantisers: tuple[str, ...] = ("gguf", "awq")


@functools.cache
def all_() -> tuple[Family, ...]:
    """Every family; raises :class:`UserError` for a file with a key that is none."""
    families = []
    for path in sorted(FOLDER.glob("[!_]*.py")):
        values = assigned(path, set(Family.__dataclass_fields__), lazy=False)
        for name in ("architectures", "engines", "quantisers"):
            if name in values:
                values[name] = tuple(values[name])
        families.append(Family(name=path.stem, **values))
    return tuple(families)


def of_architecture(name: str) -> Family | None:
    """The family of a model by the architecture that its ``config.json`` names."""
    return next((family for family in all_() if name in family.architectures), None)


def stop_words() -> tuple[str, ...]:
    """Every family's end of a turn, and the usual ones of others."""
    own = [word for family in all_() for word in family.template["STOP_WORDS"]]
    return tuple(dict.fromkeys([*own, "<|endoftext|>", "</s>"]))
