"""Tables as records: xlsx, csv and jsonl, streamed, each value with the place it came from."""

from __future__ import annotations

import csv
import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lxml.html
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from core.errors import UserError
from core.files import shown
from data_tools.readers import cells

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{2,6});")
_BLOCKS = ["p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"]
_PROBE = 1 << 20  # bytes read to tell the encoding
csv.field_size_limit(1 << 24)  # leaflets are long


@dataclass(slots=True)
class Record:
    """One line of a table. ``values``: column → text as shown; ``places``: column → locator."""

    values: dict[str, str]
    places: dict[str, str]
    flags: list[str] = field(default_factory=list)


def plain(text: str) -> str:
    """``text`` without HTML: tags dropped, entities resolved, a line for each block."""
    if not _MARKUP.search(text):
        return text.strip()
    tree = lxml.html.fromstring(f"<div>{text}</div>")
    for element in tree.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
    lines = (line.strip() for line in tree.text_content().splitlines())
    return "\n".join(line for line in lines if line)


def encoding(path: Path) -> str:
    """``utf-8-sig``, ``utf-16`` or ``gb18030`` (GBK and its kin), by what decodes."""
    with open(path, "rb") as file:
        head = file.read(_PROBE)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if b"\0" in head:
        raise UserError(
            f"{shown(path)}: 含有 NUL 字节, 不是文本 contains NUL bytes: 请另存为 UTF-8"
        )
    for name in ("utf-8-sig", "gb18030"):
        try:
            getincrementaldecoder(name)().decode(head)
        except UnicodeDecodeError:
            continue
        return name
    raise UserError(f"{shown(path)}: 编码不明 unknown encoding: 请另存为 save it as UTF-8")


class _Lines:
    """The lines of a text file, with the character range of what was taken since the last ask."""

    def __init__(self, file: Any) -> None:
        self.file, self.start, self.taken = file, 0, ""

    def __iter__(self) -> Iterator[str]:
        for line in self.file:
            self.taken += line
            yield line

    def range(self) -> tuple[int, str]:
        """Where the record just read begins, and its raw text."""
        start, text = self.start, self.taken
        self.start, self.taken = start + len(text), ""
        return start, text


def _record(values: dict[str, str], start: int, raw: str) -> Record:
    """A record of a text file: each value's characters, or the record's where it was quoted."""
    places = {}
    for name, value in values.items():
        at = raw.find(value)
        place = (start + at, start + at + len(value)) if at >= 0 else (start, start + len(raw))
        places[name] = f"c:{place[0]}-{place[1]}"
    return Record(values, places)


def _csv(path: Path) -> Iterator[Record]:
    number = 1
    try:
        with open(path, encoding=encoding(path), newline="") as file:
            lines = _Lines(file)
            sample = file.readline()
            file.seek(0)
            reader = csv.reader(iter(lines), delimiter=max(",\t;", key=sample.count))
            header = [name.strip() for name in next(reader, [])]
            lines.range()
            for fields in reader:
                number = reader.line_num
                start, raw = lines.range()
                if any(fields):
                    yield _record(dict(zip(header, fields, strict=False)), start, raw)
    except (csv.Error, UnicodeError) as error:
        raise UserError(f"{shown(path)} 第{number}行之后 after line {number}: {error}") from None


def _jsonl(path: Path) -> Iterator[Record]:
    start = number = 0
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            for number, line in enumerate(file, 1):
                if line.strip():
                    found = json.loads(line)
                    if not isinstance(found, dict):
                        raise UserError(f"{shown(path)} 第{number}行不是对象 is no JSON object")
                    values = {str(name): _text(value) for name, value in found.items()}
                    yield _record(values, start, line)
                start += len(line)
        except (json.JSONDecodeError, UnicodeError, RecursionError) as error:
            raise UserError(f"{shown(path)} 第{number}行不是合法 JSON: {error}") from None


def _text(value: Any) -> str:
    """A JSON value as the cell of a table; a list as its parts between ``|``."""
    if isinstance(value, list):
        return "|".join(map(_text, value))
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _xlsx(path: Path) -> Iterator[Record]:
    try:
        for sheet in load_workbook(path, read_only=True).worksheets:
            yield from _sheet(sheet)
    except Exception as error:  # openpyxl raises KeyError, BadZipFile, ValueError, … for bad files
        reason = " ".join(str(error).split())
        raise UserError(f"{shown(path)}: 读不出 cannot be read as a workbook: {reason}") from None


def _sheet(sheet: Any) -> Iterator[Record]:
    header: list[str] = []
    for number, line in enumerate(sheet.iter_rows(), 1):
        texts = [cells.shown(cell.value, cell.number_format) for cell in line]
        if not header:
            header = [text.strip() for text, _ in texts] if any(t for t, _ in texts) else []
            continue
        columns = [(name, *seen) for name, seen in zip(header, texts, strict=False) if name]
        if any(text for _, text, _ in columns):
            letters = {name: get_column_letter(i) for i, name in enumerate(header, 1)}
            yield Record(
                {name: text for name, text, _ in columns},
                {name: f"{sheet.title}!{letters[name]}{number}" for name, _, _ in columns},
                [flag for _, _, flags in columns for flag in flags],
            )


def records(path: Path) -> Iterator[Record]:
    """The records of a table; its first line names the columns.

    Raises :class:`UserError` with the line for what cannot be read.
    """
    kind = path.suffix.lower()
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".xlsx": _xlsx, ".xlsm": _xlsx}
    if kind not in readers:
        raise UserError(f"{shown(path)}: 表格须为 a table must be {', '.join(readers)}")
    return readers[kind](path)
