"""Tables and predictions as people save them: any common encoding, with or without marks."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown

MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def text(path: Path) -> str:
    """A text file in UTF-8, UTF-16 (with its mark) or GB18030 (GBK, GB2312); line ends as ``\\n``.
    :class:`UserError` for anything else."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{shown(path)}: 读不了 cannot be read ({error.strerror})") from None
    marked = [name for mark, name in MARKS.items() if raw.startswith(mark)]
    for encoding in (*marked, "utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise UserError(f"{shown(path)}: 编码不是 neither UTF-8, UTF-16 nor GBK: 请另存为 UTF-8")


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a table with a header, columns apart by comma, tab or semicolon; names and cells
    without spaces around them. A row with more cells than the header is a :class:`UserError`."""
    content = text(path)
    head = content.partition("\n")[0]
    mark = max(",\t;", key=head.count)
    rows = []
    try:
        reader = csv.DictReader(io.StringIO(content), delimiter=mark, strict=True)
        for row in reader:
            if None in row:
                raise UserError(
                    f"{shown(path)} 第{reader.line_num}行比表头多出一格 has more cells than the "
                    "header: 含逗号的格要加引号 quote cells that hold a comma"
                )
            rows.append({str(k).strip(): (v or "").strip() for k, v in row.items()})
    except csv.Error as error:
        raise UserError(f"{shown(path)} 第{reader.line_num}行不是 CSV is no CSV: {error}") from None
    return rows


def objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file, or of one JSON list, each with its line (its place)."""
    content = text(path).lstrip("\ufeff")
    found: list[tuple[int, Any]] = []
    if content.lstrip().startswith("["):
        try:
            found = list(enumerate(json.loads(content), 1))
        except json.JSONDecodeError as error:
            raise UserError(f"{shown(path)} 第{error.lineno}行不是合法 JSON: {error.msg}") from None
    else:
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip():
                try:
                    found.append((number, json.loads(line)))
                except json.JSONDecodeError as error:
                    raise UserError(
                        f"{shown(path)} 第{number}行不是合法 JSON: {error.msg}"
                    ) from None
    for number, one in found:
        if not isinstance(one, dict):
            raise UserError(f"{shown(path)} 第{number}行不是 JSON 对象 is no JSON object")
    return found
