"""An EPUB's pages in reading order; locators are characters of a part: ``text/ch1.xhtml!c:A-B``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from core.errors import UserError
from core.language import words
from data_tools.readers import html
from data_tools.readers.blocks import Block
from data_tools.readers.package import Package


def blocks(path: Path, name: str) -> Iterator[Block]:
    """The lines and tables of a book, page by page as its spine says."""
    with Package(path, name) as package:
        parts = _spine(package)
        if not parts:
            why = words("EPUB 没有目录，请重新保存", "the EPUB names no pages: save it again")
            raise UserError(f"{name}: {why}")
        for part in parts:
            with package.open(part, dtd=True) as file:
                data = b"".join(iter(lambda: file.read(1 << 20), b""))
            page = html.decoded(data, name)
            yield from html.blocks(page, partial(_spot, part))


def _spot(part: str, start: int, end: int) -> str:
    """The locator of characters of a part."""
    return f"{part}!c:{start}-{end}"


def _spine(package: Package) -> list[str]:
    """The parts of a book's pages in reading order."""
    container = package.tree("META-INF/container.xml")
    root = next(iter(container.iter("{*}rootfile")), None) if container is not None else None
    opf = root.get("full-path", "") if root is not None else ""
    index = package.tree(opf)
    if index is None:
        return []
    folder = posixpath.dirname(opf)
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in index.iter("{*}item")
    }
    found = [items.get(one.get("idref"), "") for one in index.iter("{*}itemref")]
    return [part for part in found if part in package.names]
