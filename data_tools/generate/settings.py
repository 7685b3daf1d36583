"""What a domain may set for generation: ``settings = dict(generate=dict(questions=12))``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.errors import UserError
from core.language import words
from data_tools.generate.chunks import AIM


@dataclass(frozen=True)
class Settings:
    """``size``: characters a chunk, at most a fifth more; ``questions`` asked for each chunk;
    ``longest``: characters an answer; ``at_once``: questions answered in one request (1 suits small
    models, more saves tokens); ``alike``: near-duplicate questions kept of each cluster; ``again``:
    how often a reply that cannot be read is asked for once more; ``thinking``: tokens that the
    model may think for beyond those of its answer (0: found out, 4,096 and then 16,384 where it is
    cut off)."""

    size: int = AIM
    questions: int = 8
    longest: int = 200
    at_once: int = 4
    alike: int = 1
    again: int = 1
    thinking: int = 0

    @classmethod
    def of(cls, values: dict[str, Any]) -> Settings:
        """From a domain's settings and the command line (None: not given)."""
        values = {name: value for name, value in values.items() if value is not None}
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise UserError(f"generate: {words(f'未知设置 {names}', f'unknown settings {names}')}")
        made = cls(**values)
        for name, least in (("size", 200), ("questions", 1), ("longest", 10), ("at_once", 1)):
            if getattr(made, name) < least:
                raise UserError(f"generate: {name}: {words(f'至少 {least}', f'at least {least}')}")
        return made
