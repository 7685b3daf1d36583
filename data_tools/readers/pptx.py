"""Slides as lines and tables: the text of their shapes from top to bottom, then their notes.

Locators: ``slide:N:p:M`` paragraph M of slide N, ``slide:N:t:T:r:R:c:C`` a table's cell,
``slide:N:notes:M`` paragraph M of its notes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_tools.readers.blocks import Block, Cell, Line, Table, squeezed
from data_tools.readers.package import Package
from data_tools.readers.raised import DOWN, UP, joined

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def blocks(path: Path, name: str) -> Iterator[Block]:
    """The lines and tables of a presentation, slide by slide; hidden slides are flagged."""
    with Package(path, name) as package:
        for number, part in enumerate(_slides(package), 1):
            root = package.tree(part)
            if root is None:
                continue
            flags = ("hidden-text",) if root.get("show") == "0" else ()
            yield from _shapes(root, f"slide:{number}", flags)
            notes = _related(package, part, "notesSlide")
            for at, inside in enumerate(_paragraphs(package.tree(notes)) if notes else [], 1):
                yield squeezed(Line(inside, f"slide:{number}:notes:{at}", flags=flags))


def _slides(package: Package) -> list[str]:
    """The parts of the slides in their order."""
    root, relations = (
        package.tree("ppt/presentation.xml"),
        _relations(package, "ppt/presentation.xml"),
    )
    if root is None:
        return sorted(name for name in package.names if name.startswith("ppt/slides/slide"))
    ids = [element.get(RELATED, "") for element in root.iter("{*}sldId")]
    return [
        relations[one][1] for one in ids if one in relations and relations[one][1] in package.names
    ]


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Id → (kind, part) of what a part refers to."""
    folder, _, file = part.rpartition("/")
    root = package.tree(f"{folder}/_rels/{file}.rels")
    found = {}
    for one in root if root is not None else ():
        target = posixpath.normpath(posixpath.join(folder, one.get("Target", ""))).lstrip("/")
        found[one.get("Id", "")] = (one.get("Type", "").rpartition("/")[2], target)
    return found


def _related(package: Package, part: str, kind: str) -> str:
    found = [target for said, target in _relations(package, part).values() if said == kind]
    return next((target for target in found if target in package.names), "")


def _shapes(root: Any, here: str, flags: tuple[str, ...]) -> Iterator[Block]:
    """The blocks of a slide, its shapes ordered by their place."""
    shapes = [e for tag in ("sp", "graphicFrame", "pic") for e in root.iter(f"{{*}}{tag}")]
    paragraph = table = 0
    for shape in sorted(shapes, key=_corner):
        grid = next(shape.iter(f"{A}tbl"), None)
        if grid is not None:
            table += 1
            yield _table(grid, f"{here}:t:{table}", flags)
            continue
        for text in _paragraphs(shape):
            paragraph += 1
            yield squeezed(Line(text, f"{here}:p:{paragraph}", flags=flags))


def _corner(shape: Any) -> tuple[int, int]:
    """How far down and right a shape begins; one without a place of its own comes first."""
    place = next(shape.iter("{*}off"), None)
    return (int(place.get("y", "0")), int(place.get("x", "0"))) if place is not None else (-1, -1)


def _paragraphs(root: Any) -> list[str]:
    """The displayed paragraphs under an element."""
    return [
        line
        for paragraph in (root.iter(f"{A}p") if root is not None else ())
        for line in _text(paragraph).split("\n")
        if line.strip()
    ]


def _text(paragraph: Any) -> str:
    pieces: list[tuple[str, str]] = []
    for node in paragraph.iter(f"{A}t", f"{A}br"):
        if node.tag == f"{A}br":
            pieces.append(("\n", ""))
            continue
        properties = node.getparent().find(f"{A}rPr")
        shift = int(properties.get("baseline", "0") or 0) if properties is not None else 0
        struck = properties is not None and properties.get("strike", "noStrike") != "noStrike"
        if not struck:
            pieces.append((node.text or "", UP if shift > 0 else DOWN if shift < 0 else ""))
    return joined(pieces)


def _table(grid: Any, here: str, flags: tuple[str, ...]) -> Table:
    """A table; cells that a merge covers repeat its content."""
    made = Table()
    for r, row in enumerate(grid.iter(f"{A}tr"), 1):
        cells: list[Cell] = []
        for c, cell in enumerate(row.iter(f"{A}tc"), 1):
            place = f"{here}:r:{r}:c:{c}"
            if cell.get("hMerge") in ("1", "true") and cells:
                cells.append(Cell(cells[-1].lines, cells[-1].loc, True))
            elif cell.get("vMerge") in ("1", "true") and made.rows and c <= len(made.rows[-1]):
                above = made.rows[-1][c - 1]
                cells.append(Cell(above.lines, above.loc, True))
            else:
                lines = [squeezed(Line(text, place, flags=flags)) for text in _paragraphs(cell)]
                cells.append(Cell(lines, place))
        made.rows.append(cells)
    return made
