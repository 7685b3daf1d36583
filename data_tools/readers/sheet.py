"""Workbooks and CSV files as grids of displayed cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import cells, columns, document, grid, habits, induced, invariants, text
from data_tools.readers.blocks import Cell, Line, Table, squeezed
from data_tools.readers.draft import Section
from data_tools.readers.finish import lettered
from data_tools.readers.layout import Layout
from data_tools.readers.package import Package
from data_tools.readers.patterns import judgement, section_kind

SNIFF = 1 << 20
ENOUGH, MANY = 0.7, 20_000  # rows that give a question each; rows of a sheet looked at twice
_OPENS = re.compile(r"\s*(?:\d{1,4}\s*[^\w\s]|[一二三四五六七八九十]{1,3}\s*、)")
WHOLE = 1 << 20  # bytes of a CSV file that is read as a workbook is; a larger one is streamed
WIDEST = 256  # columns read; beyond them stand only formats that somebody drew over whole rows
Grid = Iterator[list[Cell]]


def letters(column: int) -> str:
    """The spreadsheet name of a column: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell(text: str, loc: str, flags: list[str] | None = None, covered: bool = False) -> Cell:
    """A cell whose lines are those of ``text``."""
    marks = tuple(flags or ())
    parts = text.split("\n") if text else []
    lines = [squeezed(Line(part, loc, flags=marks)) for part in parts]
    return Cell(lines, loc, covered)


def xlsx(path: Path, name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """The questions of an xlsx workbook, sheet by sheet."""
    from openpyxl import load_workbook

    with Package(path, name) as package:
        package.check()
        areas = _merged_areas(package)
    with open(path, "rb") as file:  # openpyxl refuses a path whose suffix is wrong
        try:
            book = load_workbook(file, read_only=True, data_only=True)
            sheets = [
                (s.title, s.sheet_state == "visible", _xlsx_rows(s, areas.get(s.title, [])))
                for s in book.worksheets
            ]
        except Exception as error:  # openpyxl raises whatever its many parsers stumble over
            raise _broken(name, error) from None
        yield from _sheets(sheets, name, sha, ledger)


def _merged_areas(package: Package) -> dict[str, list[str]]:
    """The merged areas (``A1:B2``) of each sheet, which openpyxl does not tell while streaming."""
    book, relations = package.tree("xl/workbook.xml"), package.tree("xl/_rels/workbook.xml.rels")
    if book is None or relations is None:
        return {}
    targets = {r.get("Id"): r.get("Target", "") for r in relations}
    areas: dict[str, list[str]] = {}
    for sheet in book.iter("{*}sheet"):
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in package.names:
            found = [e.get("ref", "") for e in package.events(part, ("{*}mergeCell",))]
            areas[sheet.get("name", "")] = found
    return areas


def _covering(areas: list[str]) -> dict[tuple[int, int], tuple[int, int]]:
    """Which cell (row, column) shows the content of which other, for merged areas."""
    from openpyxl.utils.cell import range_boundaries

    covering = {}
    for area in areas:
        left, top, right, bottom = range_boundaries(area)
        if None in (left, top, right, bottom) or (right - left + 1) * (bottom - top + 1) > 100_000:
            continue
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                covering[r, c] = (top, left)
    return covering


def _xlsx_rows(sheet: Any, areas: list[str]) -> Grid:
    """The rows of an openpyxl worksheet, merged cells repeating their first."""
    merged = _covering(areas)
    least: dict[int, int] = {}
    for r, c in merged:
        least[r] = max(c, least.get(r, 0))
    kept: dict[tuple[int, int], Cell] = {}
    sheet.reset_dimensions()  # what the file claims of its size is often wrong
    for r, row in enumerate(sheet.iter_rows(max_col=WIDEST), 1):
        row, made = _filled(row, least.get(r, 0)), []
        for c, source in enumerate(row, 1):
            loc = f"{sheet.title}!{letters(c)}{r}"
            origin = merged.get((r, c))
            if origin and origin in kept:
                made.append(Cell(kept[origin].lines, kept[origin].loc, True))
                continue
            value = source.value
            if type(value) is str:
                made.append(cell(value.replace("_x000D_", "").replace("\r\n", "\n"), loc))
            elif value is None:
                made.append(Cell([], loc))
            else:
                made.append(cell(*_shown(value, _format(source), loc)))
            if origin:
                kept[origin] = made[-1]
        yield made


def _filled(row: Sequence[Any], least: int) -> Sequence[Any]:
    """``row`` without the empty cells at its end; ``least`` columns, which merged cells cover."""
    width = len(row)
    while width > least and row[width - 1].value is None:
        width -= 1
    return row[:width]


def _shown(value: Any, code: str, loc: str) -> tuple[str, str, list[str]]:
    shown, flags = cells.shown(value, code)
    return shown, loc, flags


def _format(source: Any) -> str:
    """The format code of an openpyxl cell, with the East Asian built-ins that it does not know."""
    number = source.style_array.numFmtId
    return cells.EAST_ASIAN.get(number) or cells.LOCALE.get(number) or source.number_format


def xls(path: Path, name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """The questions of an Excel 97-2003 workbook."""
    import xlrd

    try:
        book = xlrd.open_workbook(str(path), formatting_info=True, logfile=io.StringIO())
        sheets = [(s.name, s.visibility == 0, _xls_rows(s, book)) for s in book.sheets()]
    except Exception as error:  # as above: a binary format, read by many hands
        raise _broken(name, error) from None
    yield from _sheets(sheets, name, sha, ledger)


def _xls_rows(sheet: Any, book: Any) -> Grid:
    """The rows of an xlrd sheet."""
    merged = {
        (r, c): (top, left)
        for top, bottom, left, right in sheet.merged_cells
        for r in range(top, bottom)
        for c in range(left, right)
    }
    kept: dict[tuple[int, int], Cell] = {}
    for r in range(sheet.nrows):
        made = []
        for c in range(min(sheet.ncols, WIDEST)):
            loc = f"{sheet.name}!{letters(c + 1)}{r + 1}"
            origin = merged.get((r, c))
            if origin and origin != (r, c) and origin in kept:
                made.append(Cell(kept[origin].lines, kept[origin].loc, True))
                continue
            source = sheet.cell(r, c)
            value: Any = source.value
            if source.ctype == 4:
                value = bool(value)
            elif source.ctype == 5:
                value = "#N/A"
            made.append(
                cell(*_shown(value if value != "" else None, _xls_format(source, book), loc))
            )
            if origin:
                kept[r, c] = made[-1]
        yield made


def _xls_format(source: Any, book: Any) -> str:
    """The format code of an xlrd cell."""
    key = book.xf_list[source.xf_index].format_key if source.xf_index is not None else 0
    return str(
        cells.EAST_ASIAN.get(key) or cells.LOCALE.get(key) or book.format_map[key].format_str
    )


def _broken(name: str, error: Exception) -> UserError:
    what = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return UserError(
        f"{name}: 工作簿损坏或不是 Excel 文件 damaged workbook ({what})，请用 Excel 重新保存"
    )


def _sheets(
    sheets: list[tuple[str, bool, Grid]], name: str, sha: str, ledger: Ledger
) -> Iterator[Row]:
    """Read every sheet; a key or the options may stand on another sheet than the questions. A sheet
    that gives few questions for its rows is read once more as the lines of a document."""
    first = Ledger()
    layout = Layout(name, sha, first)
    made: list[Row] = []
    kept: list[tuple[str, list[list[Cell]]]] = []
    for title, visible, rows in sheets:
        try:
            filled = list(rows)
            if again := columns.echoes(filled[: grid.HEAD]):
                filled = [_without(row, again) for row in filled]
            made += sheet(title, visible, iter(filled), layout)
        except (UserError, GeneratorExit):
            raise
        except Exception as error:
            raise _broken(name, error) from None
        if visible:
            kept.append((title, filled))
    made += layout.rows()
    layout.finish()
    made = habits.rows(made, first)
    for title, filled in kept:
        made = _as_lines(title, filled, made, name, sha, first)
    ledger.entries += first.entries
    ledger.sources += first.sources
    ledger.loose += first.loose
    yield from made


def _as_lines(
    title: str, rows: list[list[Cell]], made: list[Row], name: str, sha: str, ledger: Ledger
) -> list[Row]:
    """``made`` with the sheet's rows as its lines give them, where that is the better reading."""
    here = f"{title}!"
    mine = [row for row in made if row.source.locator.startswith(here)]
    filled = sum(any(cell.text for cell in row) for row in rows)
    lost = induced.lost(e for e in ledger.entries if e.locator.startswith(here))
    if not lost or len(mine) >= ENOUGH * filled or filled > MANY:
        return made
    lines = flattened(rows)
    invariants.doubt(mine, [e for e in ledger.entries if e.locator.startswith(here)])
    value = induced.worth(mine, (line.text for line in lines))
    found, second = document.best(list(lines), name, sha)
    other = induced.Reading(found, second.entries)
    other.worth = induced.worth(found, (line.text for line in lines))
    if not document.better(other, mine, value, lost):
        return made
    ledger.entries = [e for e in ledger.entries if not e.locator.startswith(here)] + second.entries
    report, second_report = ledger.sources[-1], second.sources[-1]
    report.questions += len(found) - len(mine)
    report.lost = induced.lost(ledger.entries)
    report.sections = [*report.sections, *second_report.sections]
    ledger.loose.clear()
    return [*(row for row in made if not row.source.locator.startswith(here)), *found]


def flattened(rows: list[list[Cell]]) -> list[Line]:
    """A sheet as lines: each row's texts, and behind the question what stands in a column of
    letters and judgements as its answer."""
    width = max((len(row) for row in rows), default=0)
    answered = set()
    for c in range(width):
        texts = [row[c].text for row in rows if c < len(row) and row[c].text]
        chosen = sum(bool(columns.chosen(text)) for text in texts)
        if len(texts) > 2 and chosen >= 0.8 * len(texts):
            answered.add(c)
    lines: list[Line] = []
    held: list[Line] = []
    for row in rows:
        cells = [(c, cell) for c, cell in enumerate(row) if cell.text and not cell.covered]
        if len(cells) > 1 and all(columns.role(cell.text)[0] for _, cell in cells):
            continue  # the titles of columns
        opens = any(c in answered for c, _ in cells) or (cells and _OPENS.match(cells[0][1].text))
        if opens:
            lines += held
            held = []
        for c, cell in cells:
            if c in answered and columns.role(cell.text)[0] == "answer":
                continue
            if c in answered:
                held.append(Line(f"答案：{cell.text}", cell.loc, raw=cell.text))
            else:
                lines += cell.lines
    return lines + held


def sheet(
    title: str, visible: bool, rows: Grid, layout: Layout, hold: bool = True
) -> Iterator[Row]:
    """Read one sheet: by its header, by what stands in its columns, or as lines of text."""
    first = list(islice(rows, grid.HEAD))
    while first and not any(c.text for c in first[-1]):
        first.pop() if len(first) < grid.HEAD else first.append(next(rows, []))
        if len(first) >= grid.HEAD * 4:
            break
    first = _trimmed(first)
    if not any(c.text for row in first for c in row):
        return
    if columns.is_key(first) and len(first) < grid.HEAD and columns.find(first) is None:
        layout.feed(grid.flat(Table(first)) or [])
        return
    found = columns.find(first) or (columns.guess(first) if visible else None)
    if not visible and found is None:
        layout.ledger.add(layout.name, first[0][0].loc, "hidden-sheet", title)
        return
    if found is not None and not found.options and found.combined is None:
        below = [found.cell(row, found.answer) for row in first[found.header + 1 :]]
        said = [c.text for c in below if c is not None and c.text and not judgement(c.text)]
        found.optionless = len(said) > 4 and 2 * sum(map(lettered, said)) > len(said)
    section = Section(title, section_kind(title), loc=first[0][0].loc if first[0] else "")
    layout.sections.append(section)
    everything = chain(first, rows)
    if found is not None:
        yield from grid.rows(everything, layout, section, found, hold)
        return
    layout.close()
    layout.section = section
    layout.feed([line for row in everything for c in row if not c.covered for line in c.lines])


def _without(row: list[Cell], gone: set[int]) -> list[Cell]:
    """``row`` with the cells of some columns emptied."""
    return [Cell([], cell.loc) if c in gone else cell for c, cell in enumerate(row)]


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """``rows`` without empty columns at their right end."""
    width = max((c + 1 for row in rows for c, x in enumerate(row) if x.text), default=0)
    return [row[:width] for row in rows]


def delimited(path: Path, name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """The questions of a CSV or TSV file, streamed: no more than one row is held at a time."""
    with open(path, "rb") as file:
        sample = file.read(SNIFF)
    encoding = text.encoding_of(sample, name, whole=len(sample) < SNIFF)
    layout = Layout(name, sha, ledger)
    with open(path, encoding=encoding, newline="") as file:
        delimiter = sniff(sample.decode(encoding, errors="ignore"))
        try:
            rows = _csv_rows(file, delimiter, name)
            if path.stat().st_size <= WHOLE:
                yield from _sheets([("Sheet1", True, rows)], name, sha, ledger)
                return
            yield from sheet("Sheet1", True, rows, layout, hold=False)
        except UnicodeDecodeError:
            raise UserError(
                f"{name}: 文件中途不是 {encoding} 编码 changes its encoding; 请另存为 UTF-8"
            ) from None
    yield from layout.rows()
    layout.finish()


def _csv_rows(file: Any, delimiter: str, name: str) -> Grid:
    """The rows of an open CSV file."""
    reader = csv.reader(file, delimiter=delimiter)
    try:
        for r, row in enumerate(reader, 1):
            if any("\0" in value for value in row):
                raise UserError(f"{name}: 第{reader.line_num}行含 NUL 字节 holds a NUL byte")
            yield [
                cell(value.replace("\r\n", "\n"), f"Sheet1!{letters(c)}{r}")
                for c, value in enumerate(row[:WIDEST], 1)
            ]
    except csv.Error as error:
        raise UserError(
            f"{name}: 第{reader.line_num}行不是合法 CSV not valid CSV ({error})"
        ) from None


def sniff(sample: str) -> str:
    """The delimiter that cuts the first lines into most columns of equal number."""
    best, score = ",", 0.0
    lines = sample.splitlines(keepends=True)[:200]
    for delimiter in (",", "\t", ";", "|", "，"):
        try:
            widths = [
                len(row) for row in csv.reader(lines[:-1] or lines, delimiter=delimiter) if row
            ]
        except csv.Error:
            continue
        common = max(set(widths), key=widths.count, default=1)
        value = widths.count(common) / max(1, len(widths)) * (common > 1) * (1 + 0.01 * common)
        if value > score:
            best, score = delimiter, value
    return best
