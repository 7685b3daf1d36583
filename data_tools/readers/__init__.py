"""Question banks in the wild: any supported file to rows, with a ledger of what became none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from core.errors import UserError
from core.files import sha256, shown
from core.language import words
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.ocr import pages
from data_tools.readers import (
    document,
    docx,
    epub,
    html,
    invariants,
    mht,
    office,
    pdf,
    pptx,
    sheet,
    text,
)
from data_tools.readers.blocks import Block
from data_tools.readers.how import USUAL, How
from data_tools.readers.kinds import kind_of

WINDOW = 5_000  # rows that are looked at together for doubts: a CSV file is never held whole


def read(path: Path, ledger: Ledger, name: str | None = None, how: How = USUAL) -> Iterator[Row]:
    """Yield the questions of ``path``, whose kind is told by its content rather than its suffix.

    ``name`` is the file's name in ``Row.source`` and messages (default: the path's own), ``how``
    what a person says of the file. Units that became no row go to ``ledger``, and one
    ``SourceReport`` for the file when it is exhausted. Raises :class:`UserError` with one line
    where the file cannot be read.
    """
    path = Path(path)
    name = name or path.name
    try:
        if not path.is_file():
            raise UserError(f"{shown(path)}: {words('文件不存在', 'no such file')}")
        yield from _rows(path, name, ledger, how)
    except OSError as error:
        why = words("无法读取", "cannot be read")
        raise UserError(f"{shown(path)}: {why} ({error.strerror})") from None


def _doubted(rows: Iterator[Row], ledger: Ledger) -> Iterator[Row]:
    """``rows`` of a table with their doubts, window by window."""
    while True:
        before = len(ledger.entries)
        some = list(islice(rows, WINDOW))
        invariants.examine(some, ledger.entries[before:])
        yield from some
        if len(some) < WINDOW:
            return


def _rows(path: Path, name: str, ledger: Ledger, how: How) -> Iterator[Row]:
    """The rows of a file with their doubts; a document's come with them."""
    kind = kind_of(path, name)
    sha = sha256(path)
    if kind in office.TARGETS:
        with office.converted(path, name, kind) as made:
            yield from _as(office.TARGETS[kind], made, name, sha, ledger, how)
        return
    yield from _as(kind, path, name, sha, ledger, how)


def _as(kind: str, path: Path, name: str, sha: str, ledger: Ledger, how: How) -> Iterator[Row]:
    """The rows of a file of one kind."""
    if kind in DOCUMENTS:
        yield from document.rows(DOCUMENTS[kind](path, name, ledger, how), name, sha, ledger)
    else:
        reader = {"xlsx": sheet.xlsx, "xls": sheet.xls, "csv": sheet.csv_file}[kind]
        yield from _doubted(reader(path, name, sha, ledger, how), ledger)


Blocks = Callable[[Path, str, Ledger, How], Iterable[Block]]
# How each kind of document becomes lines and tables.
DOCUMENTS: dict[str, Blocks] = {
    "docx": lambda path, name, ledger, how: docx.blocks(path, name, ledger),
    "txt": lambda path, name, ledger, how: text.blocks(path, name, False, how.encoding),
    "md": lambda path, name, ledger, how: text.blocks(path, name, True, how.encoding),
    "html": lambda path, name, ledger, how: html.file_blocks(path, name, how.encoding),
    "mht": lambda path, name, ledger, how: mht.file_blocks(path, name, how.encoding),
    "pdf": lambda path, name, ledger, how: pdf.blocks(path, name, ledger),
    "image": lambda path, name, ledger, how: pages.picture(path, name, ledger),
    "pptx": lambda path, name, ledger, how: pptx.blocks(path, name),
    "epub": lambda path, name, ledger, how: epub.blocks(path, name),
}
