"""Question banks in the wild: any supported file to rows, with a ledger of what became none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.errors import UserError
from core.files import sha256, shown
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import document, docx, invariants, sheet, text
from data_tools.readers.kinds import kind_of

WINDOW = 5_000  # rows that are looked at together for doubts: a CSV file is never held whole


def read(path: Path, ledger: Ledger, name: str | None = None) -> Iterator[Row]:
    """Yield the questions of ``path``, whose kind is told by its content rather than its suffix.

    ``name`` is the file's name in ``Row.source`` and messages (default: the path's own). Units that
    became no row go to ``ledger``, and one ``SourceReport`` for the file when it is exhausted.
    Raises :class:`UserError` with one line where the file cannot be read.
    """
    path = Path(path)
    name = name or path.name
    yield from _rows(path, name, ledger)


def _doubted(rows: Iterator[Row], ledger: Ledger) -> Iterator[Row]:
    """``rows`` of a table with their doubts, window by window."""
    while True:
        before = len(ledger.entries)
        some = list(islice(rows, WINDOW))
        invariants.doubt(some, ledger.entries[before:])
        yield from some
        if len(some) < WINDOW:
            return


def _rows(path: Path, name: str, ledger: Ledger) -> Iterator[Row]:
    """The rows of a file with their doubts; a document's come with them."""
    try:
        if not path.is_file():
            raise UserError(f"{shown(path)}: 文件不存在 no such file")
        kind = kind_of(path, name)
        sha = sha256(path)
        if kind == "docx":
            yield from document.rows(docx.blocks(path, name), name, sha, ledger)
        elif kind in ("txt", "md"):
            lines = text.blocks(path, name, kind == "md")
            yield from document.rows(lines, name, sha, ledger)
        else:
            reader = {"xlsx": sheet.xlsx, "xls": sheet.xls, "csv": sheet.delimited}[kind]
            yield from _doubted(reader(path, name, sha, ledger), ledger)
    except OSError as error:
        raise UserError(f"{shown(path)}: 无法读取 cannot be read ({error.strerror})") from None
