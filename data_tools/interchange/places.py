"""JSON with the place of each value: JSON lines streamed, one document with its parts by path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import SURROGATE, shown
from core.language import words
from data_tools.readers.encodings import encoding_of

SNIFF = 1 << 20
DEEP = 40  # containers within each other that are gone through
_DECODER = json.JSONDecoder()
# offset in characters, source text, value, path in the document ("" in JSON lines)
Found = tuple[int, str, Any, str]


def _skip(text: str, at: int, more: str = "") -> int:
    """The next place that is neither space nor one of ``more``."""
    while at < len(text) and text[at] in " \t\r\n" + more:
        at += 1
    return at


def objects(path: Path, given: str = "") -> Iterator[Found]:
    """Every value of a JSON-lines file, of a JSON array, or the one value of a JSON document.

    JSON lines are streamed; a document is read whole. :class:`UserError` names the broken place.
    """
    for found in _objects(path, given):
        if SURROGATE.search(found[1]):  # half a pair cannot be written again
            try:
                json.dumps(found[2], ensure_ascii=False).encode("utf-8")
            except UnicodeEncodeError:
                where = found[3] or f"c:{found[0]}"
                half = words("含半个字符", "half a surrogate pair")
                raise UserError(f"{shown(path)}: {where}: {half}") from None
        yield found


def _objects(path: Path, given: str) -> Iterator[Found]:
    """As :func:`objects`, whatever the texts hold."""
    number = 0
    try:
        with open(path, "rb") as raw:
            head = raw.read(SNIFF)
        encoding = encoding_of(head, shown(path), len(head) < SNIFF, given)
        encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        with open(path, encoding=encoding, newline="") as file:
            if _lines(head.decode(encoding, errors="ignore")):
                start = 0
                for line in file:
                    number += 1
                    if line.strip():
                        at = start + len(line) - len(line.lstrip())
                        yield at, line.strip(), _DECODER.decode(line.strip()), ""
                    start += len(line)
                return
            text = file.read()
        at = _skip(text, 0)
        if text[at : at + 1] != "[":
            value, end = _DECODER.raw_decode(text, at)
            if _skip(text, end) < len(text):
                raise json.JSONDecodeError("more than one value", text, end)
            yield at, text[at:end], value, "$"
            return
        at += 1
        while (at := _skip(text, at, ",")) < len(text) and text[at] != "]":
            value, end = _DECODER.raw_decode(text, at)
            yield at, text[at:end], value, f"$[{number}]"
            at, number = end, number + 1
        if at >= len(text):
            raise json.JSONDecodeError("cut off", text, len(text))
    except json.JSONDecodeError as error:
        raise _broken(path, number, error.msg) from None
    except RecursionError:
        raise UserError(
            f"{shown(path)}: {words('JSON 嵌套过深', 'JSON nested too deeply')}"
        ) from None
    except UnicodeDecodeError:
        raise UserError(
            f"{shown(path)}: "
            + words(
                "不是 UTF-8：请转存为 UTF-8，或给出 ENCODING=",
                "is not UTF-8: save it as UTF-8, or give ENCODING=",
            )
        ) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise _broken(path, number, str(error)[:80]) from None


def _broken(path: Path, number: int, why: str) -> UserError:
    at = number or 1
    return UserError(
        f"{shown(path)}: {words(f'第{at}条之后不是 JSON', f'no JSON after value {at}')}: {why}"
    )


def _lines(head: str) -> bool:
    """Whether a file holds a value a line: its first line is a whole object, and no list."""
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("["):
        return False
    first, _, rest = text.partition("\n")
    try:
        _DECODER.decode(first.strip())
    except (json.JSONDecodeError, RecursionError):
        # a document over several lines begins with a lone brace or a first member
        return (bool(first.strip()) and first.strip().endswith("}")) or (
            '":' in first and (rest.lstrip().startswith("{"))
        )
    return True


def members(text: str, at: int, value: Any, path: str) -> Iterator[Found]:
    """The members of the container ``value`` whose source begins at ``at``, each with its place."""
    at = _skip(text, at) + 1
    number = 0
    closing = "}" if isinstance(value, dict) else "]"
    while (at := _skip(text, at, ",")) < len(text) and text[at] != closing:
        inner = f"{path}[{number}]"
        if isinstance(value, dict):
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at, ":")
            inner = f"{path}.{key}"
        one, end = _DECODER.raw_decode(text, at)
        yield at, text[at:end], one, inner
        at, number = end, number + 1
