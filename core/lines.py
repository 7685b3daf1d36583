"""The lines of a text file that a person wrote, each named by its number where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import parsed, shown
from core.language import words


def line_of(path: Path, number: int) -> str:
    """How a message names a line."""
    return f"{shown(path)} {words(f'第{number}行', f'line {number}')}"


def utf8(path: Path) -> str:
    """The text of a UTF-8 file, without the mark at its beginning; :class:`UserError` where it is
    not there or of another encoding."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{shown(path)}: {words('不存在', 'does not exist')}") from None
    except (OSError, UnicodeDecodeError):
        said = words("读不了, 需要 UTF-8 文本", "cannot be read as UTF-8 text")
        raise UserError(f"{shown(path)}: {said}") from None


def values(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    """Number and JSON value of each line of ``path``'s ``text``, empty ones left out;
    :class:`UserError` names one that is no JSON."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, parsed(line, f"{line_of(path, number)}: ")
