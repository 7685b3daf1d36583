"""Lines out of tables that only arrange a question, and tables out of lines with tabs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from data_tools.readers import columns as co
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Block, Cell, Line, Table

_LETTER = re.compile(r"[(\[]?\s*([A-Ha-h])\s*[、.:)\]]?")
LEAST, WIDTH = 3, 4  # rows and columns that make lines with tabs a table


def lines(block: Table) -> list[Line]:
    """The lines of a table that frames a question: its stem in one cell, options beside their
    letters or several in a row, a row that says 答案 and the answer. Empty for other tables."""
    found: list[Line] = []
    options = 0
    for row in block.rows:
        cells = [cell for cell in row if cell.text and not cell.covered]
        if not cells:
            continue
        lettered = _lettered(cells)
        signs = [it.chain(pt.plain(cell.text), 0, len(cell.text)) for cell in cells]
        if len(cells) == 1:
            found += cells[0].lines
        elif lettered or all(signs):
            options += 1
            found += lettered or [line for cell in cells for line in cell.lines]
        elif len(cells) == 2 and (label := _label(cells[0].text)):
            first = cells[1].lines[0]
            found.append(_beside(first, label + first.text, cells[0]))
            found += cells[1].lines[1:]
        else:
            return []
    return found if options else []


def _lettered(cells: list[Cell]) -> list[Line]:
    """Options whose letters stand in cells of their own: ``A | 甲 | B | 乙``."""
    if len(cells) % 2 or not all(_LETTER.fullmatch(pt.plain(c.text).strip()) for c in cells[::2]):
        return []
    found = []
    for sign, text in zip(cells[::2], cells[1::2], strict=True):
        letter = re.sub(r"[^A-Z]", "", pt.plain(sign.text).upper())
        found.append(_beside(text.lines[0], f"{letter}. {text.lines[0].text}", text))
        found += text.lines[1:]
    return found


def _label(text: str) -> str:
    """A cell that labels the one beside it, as the beginning of a line; '' for any other."""
    plain = pt.plain(text).strip()
    if re.fullmatch(r"\d{1,4}\s*[、.]?", plain):
        return f"{plain.rstrip('、.')}. "
    for pattern in (pt.LABELS, pt.QUESTION_LABEL):
        if pattern.fullmatch(plain) or pattern.fullmatch(f"{plain}:"):
            return f"{plain.rstrip(':')}："
    return ""


def _beside(line: Line, text: str, cell: Cell) -> Line:
    """``line`` with what stands in the cell before it; it is found at its own place."""
    return Line(text, line.loc or cell.loc, flags=line.flags, raw=line.stored)


def tabled(blocks: Iterable[Block]) -> Iterator[Block]:
    """``blocks`` with each run of lines in columns between tabs as one table, where a header says
    what the columns are or at least the last one holds answers."""
    run: list[Line] = []
    width = 0
    for block in blocks:
        tabs = block.text.count("\t") if isinstance(block, Line) else 0
        if run and tabs != width:
            yield from _table(run)
            run = []
        if isinstance(block, Line) and tabs >= WIDTH - 1:
            width = tabs
            run.append(block)
        else:
            yield block
    if run:
        yield from _table(run)


def _table(run: list[Line]) -> list[Line] | list[Table]:
    """A run of lines as a table, or as they were."""
    table = Table([_cells(line) for line in run])
    if len(run) < LEAST:
        return run
    found = co.find(table.rows[:LEAST]) or co.guess(table.rows)
    if found is None or found.answer is None or (len(found.options) < 2 and found.header < 0):
        return run
    return [table]


def _cells(line: Line) -> list[Cell]:
    """The cells of a line; in plain text each has its own characters for a locator."""
    cells, at = [], 0
    span = re.fullmatch(r"c:(\d+)-(\d+)", line.loc)
    for text in line.text.split("\t"):
        loc = line.loc
        if span:
            start = int(span.group(1)) + at
            loc = f"c:{start}-{start + len(text)}"
        at += len(text) + 1
        made = Line(text, loc, flags=line.flags, raw="" if span else line.stored)
        cells.append(Cell([made] if text.strip() else [], loc))
    return cells
