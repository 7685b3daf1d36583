"""What a command has found: a table for a person (Chinese characters take two of a terminal's
columns) or, where ``--json`` asked for it, one line of JSON for a program."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable
from typing import Any

JSON = "TIKUFORGE_JSON"  # set: JSON


def as_json() -> bool:
    """Whether a program reads it."""
    return bool(os.environ.get(JSON))


def show(value: Callable[[], Any], text: Callable[[], str]) -> None:
    """Print ``value`` as JSON where that is asked for, else ``text``."""
    print(json.dumps(value(), ensure_ascii=False) if as_json() else text())


def width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, columns: int) -> str:
    """``text`` filled with spaces to ``columns``."""
    return text + " " * max(0, columns - width(text))
