"""Question banks in the wild: any supported file to rows, with a ledger of what became none."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import UserError
from core.files import sha256, shown
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import document, docx, sheet, text


def read(path: Path, ledger: Ledger, name: str | None = None) -> Iterator[Row]:
    """Yield the questions of ``path``, whose kind is told by its content rather than its suffix.

    ``name`` is the file's name in ``Row.source`` and messages (default: the path's own). Units that
    became no row go to ``ledger``, and one ``SourceReport`` for the file when it is exhausted.
    Raises :class:`UserError` with one line where the file cannot be read.
    """
    path = Path(path)
    name = name or path.name
    if not path.is_file():
        raise UserError(f"{shown(path)}: 文件不存在 no such file")
    sha = sha256(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
        if any(part.startswith("xl/") for part in names):
            yield from sheet.rows(path, name, sha, ledger)
            return
        yield from document.rows(docx.blocks(path, name), name, sha, ledger)
        return
    yield from document.rows(
        text.blocks(path, name, path.suffix.lower() in (".md", ".markdown")), name, sha, ledger
    )
    return
    raise UserError(f"{name}: 不支持的文件 not a docx, xlsx, xls, csv, txt or md file")
