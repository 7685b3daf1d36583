"""Tables (in documents and workbooks) to questions."""

from __future__ import annotations

from collections.abc import Iterator

from core.rows import Row
from data_tools.readers.blocks import Table
from data_tools.readers.layout import Layout


def table(block: Table, layout: Layout) -> Iterator[Row]:
    """Read a table of a document."""
    for row in block.rows:
        for cell in row:
            if not cell.covered:
                layout.feed(cell.lines)
    yield from ()
