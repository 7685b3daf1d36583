"""Tables and predictions as people save them: any common encoding, with or without marks."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import parsed, shown
from core.language import words
from core.lines import line_of, values

MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def text(path: Path) -> str:
    """A text file in UTF-8, UTF-16 (with its mark) or GB18030 (GBK, GB2312); line ends as ``\\n``.
    :class:`UserError` for anything else."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        said = words("读不了", "cannot be read")
        raise UserError(f"{shown(path)}: {said} ({error.strerror})") from None
    marked = [name for mark, name in MARKS.items() if raw.startswith(mark)]
    for encoding in (*marked, "utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    said = words(
        "编码不是 UTF-8, UTF-16 或 GBK: 请另存为 UTF-8",
        "neither UTF-8, UTF-16 nor GBK: save it as UTF-8",
    )
    raise UserError(f"{shown(path)}: {said}")


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
                said = words(
                    "比表头多出一格: 含逗号的格要加引号",
                    "more cells than the header: quote cells that hold a comma",
                )
                raise UserError(f"{line_of(path, reader.line_num)}: {said}")
            rows.append({str(k).strip(): (v or "").strip() for k, v in row.items()})
    except csv.Error as error:
        said = words("不是 CSV", "no CSV")
        raise UserError(f"{line_of(path, reader.line_num)}: {said}: {error}") from None
    return rows


def require(path: Path, rows: list[dict[str, str]], columns: set[str]) -> None:
    """:class:`UserError` names the columns that a table lacks."""
    lacking = ", ".join(sorted(columns - set(rows[0] if rows else ())))
    if lacking:
        raise UserError(f"{shown(path)}: {words(f'缺列 {lacking}', f'lacks column(s) {lacking}')}")


def objects(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a JSON-lines file, or of one JSON list, each with its line (its place)."""
    content = text(path).lstrip("\ufeff")
    if content.lstrip().startswith("["):
        found = list(enumerate(parsed(content, f"{shown(path)}: "), 1))
    else:
        found = list(values(content, path))
    for number, value in found:
        if not isinstance(value, dict):
            said = words("不是 JSON 对象", "no JSON object")
            raise UserError(f"{line_of(path, number)}: {said}")
    return found
