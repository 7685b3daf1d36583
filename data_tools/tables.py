"""Tables as records: xlsx, csv and jsonl, streamed, each value with the place it came from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lxml.html

from core.errors import UserError
from core.files import shown
from core.language import words
from data_tools.interchange import places
from data_tools.ledger import Ledger
from data_tools.readers import cells, delimited
from data_tools.readers import sheet as sheets
from data_tools.readers.encodings import encoding_of
from data_tools.readers.how import USUAL, How
from data_tools.readers.html import signs_kept

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{2,6});")
_BLOCKS = ["p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"]
_PROBE = 1 << 20  # bytes read to tell the encoding


@dataclass(slots=True)
class Record:
    """One line of a table. ``values``: column → text as shown; ``places``: column → locator. One
    that is refused has a ``reason`` for the ledger, its ``text`` and no values."""

    values: dict[str, str]
    places: dict[str, str]
    flags: list[str] = field(default_factory=list)
    reason: str = ""
    text: str = ""


def plain(text: str) -> str:
    """``text`` without HTML: tags dropped, entities resolved, a line for each block."""
    if not _MARKUP.search(text):
        return text.strip()
    tree = lxml.html.fromstring(f"<div>{signs_kept(text)}</div>")
    for element in tree.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
    lines = (line.strip() for line in tree.text_content().splitlines())
    return "\n".join(line for line in lines if line)


def _record(values: dict[str, str], start: int, raw: str) -> Record:
    """A record of a text file: each value's characters, or the record's where it was quoted."""
    places = {}
    for name, value in values.items():
        at = raw.find(value)
        place = (start + at, start + at + len(value)) if at >= 0 else (start, start + len(raw))
        places[name] = f"c:{place[0]}-{place[1]}"
    return Record(values, places)


def _bad(path: Path, line: int, zh: str, en: str) -> UserError:
    return UserError(f"{shown(path)}: {words(f'第{line}行{zh}', f'line {line} {en}')}")


def _csv(path: Path, how: How) -> Iterator[Record]:
    with open(path, "rb") as file:
        head = file.read(_PROBE)
    encoding = encoding_of(head, shown(path), len(head) < _PROBE, how.encoding)
    line = 1
    try:
        with open(path, encoding=encoding, newline="") as file:
            sample = file.readline()
            file.seek(0)
            found = delimited.records(file, max(",\t;", key=sample.count))
            header = _header(next(found, None), path)
            for one in delimited.checked(found, len(header)):
                line = one.line
                if "\0" in one.raw:
                    raise _bad(path, line, "含 NUL 字节", "holds a NUL byte")
                if one.reason:
                    place = f"c:{one.start}-{one.start + len(one.raw)}"
                    yield Record({}, {"": place}, [], delimited.told(one, len(header)), one.raw)
                elif any(one.fields):
                    values = dict(zip(header, one.fields, strict=False))
                    yield _record(values, one.start, one.raw)
    except UnicodeError as error:
        why = f"{error}: ENCODING="
        raise _bad(path, line, f"之后读不出：{why}", f"and after: {why}") from None


def _header(first: delimited.Record | None, path: Path) -> list[str]:
    """The column names, each of which must be one column's."""
    names = [name.strip().removeprefix("\ufeff") for name in first.fields] if first else []
    if first and first.reason:
        raise UserError(f"{shown(path)}: {delimited.told(first, 0)}")
    return unlike(names, path)


def unlike(names: list[str], path: Path) -> list[str]:
    """``names`` of columns; :class:`UserError` names the letters of those that have one name."""
    for name in filter(None, names):
        if names.count(name) > 1:
            same = [k for k, other in enumerate(names) if other == name]
            raise UserError(sheets.repeated(shown(path), name, same))
    return names


def _jsonl(path: Path, how: How) -> Iterator[Record]:
    found = places.objects(path, how.encoding)
    for number, (start, text, value, _) in enumerate(found, 1):
        if not isinstance(value, dict):
            raise _bad(path, number, "不是 JSON 对象", "is no JSON object")
        yield _record({str(name): _text(each) for name, each in value.items()}, start, text)


def _text(value: Any) -> str:
    """A JSON value as the cell of a table; a list as its parts between ``|``."""
    if isinstance(value, list):
        return "|".join(map(_text, value))
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _workbook(path: Path, how: How) -> Iterator[Record]:
    ledger = Ledger()
    with open(path, "rb") as file:
        old = path.suffix.lower() == ".xls"
        book = (
            sheets.xls_sheets(path, shown(path))
            if old
            else sheets.xlsx_sheets(path, file, shown(path))
        )
        for sheet in book:
            try:
                yield from _sheet(sheet, path, how, ledger)
            except (UserError, GeneratorExit):
                raise
            except Exception as error:  # openpyxl raises KeyError, ValueError, … for bad files
                raise sheets.broken(shown(path), error) from None
    for entry in ledger:
        yield Record({}, {"": entry.locator}, [], entry.reason, entry.text)


def _sheet(sheet: sheets.Sheet, path: Path, how: How, ledger: Ledger) -> Iterator[Record]:
    """The records of a sheet: what a bank's cells are, so are these."""
    header: list[str] = []
    for line in sheets.seen(sheet, shown(path), ledger, how):
        if not header:
            texts = [cell.text.strip() if not cell.covered else "" for cell in line]
            header = unlike(texts, path) if any(texts) else []
            continue
        columns = [(name, cell) for name, cell in zip(header, line, strict=False) if name]
        if not any(cell.text for _, cell in columns):
            continue
        flags = list(dict.fromkeys(flag for _, cell in columns for flag in cell.flags))
        lost = next((flag for flag in flags if flag.startswith(cells.NO_VALUE)), "")
        kept = {name: cell for name, cell in columns if not any(map(_unvalued, cell.flags))}
        if lost:
            yield Record(
                {}, {"": columns[0][1].loc}, [], lost, " | ".join(c.text for _, c in columns)
            )
        texts_of = {name: cell.text if name in kept else "" for name, cell in columns}
        flags = list(dict.fromkeys(flag for cell in kept.values() for flag in cell.flags))
        yield Record(texts_of, {name: cell.loc for name, cell in columns}, flags)


def _unvalued(flag: str) -> bool:
    """Whether a flag says that a formula's value was never stored."""
    return flag.startswith(cells.NO_VALUE)


def records(path: Path, how: How = USUAL) -> Iterator[Record]:
    """The records of a table; its first line names the columns. What is refused comes as a record
    with a ``reason`` and no values.

    Raises :class:`UserError` with the line for what cannot be read.
    """
    kind = path.suffix.lower()
    readers: dict[str, Callable[[Path, How], Iterator[Record]]] = {
        ".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".xlsx": _workbook, ".xlsm": _workbook,
        ".xls": _workbook,
    }  # fmt: skip
    if kind not in readers:
        kinds = ", ".join(readers)
        raise UserError(f"{shown(path)}: {words(f'表格须为 {kinds}', f'a table must be {kinds}')}")
    return readers[kind](path, how)
