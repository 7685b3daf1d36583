"""Workbooks and CSV files as grids of displayed cells."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from core.errors import UserError
from core.language import words
from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import (
    cells,
    columns,
    delimited,
    document,
    grid,
    habits,
    induced,
    invariants,
)
from data_tools.readers import encodings as en
from data_tools.readers.blocks import Cell, Line, Table, squeezed
from data_tools.readers.doubt import code_of, doubt
from data_tools.readers.draft import Section
from data_tools.readers.finish import lettered
from data_tools.readers.how import SKIP, USUAL, How
from data_tools.readers.layout import Layout
from data_tools.readers.package import Package
from data_tools.readers.patterns import judgement, section_kind
from data_tools.readers.raised import DOWN, UP

SNIFF = 1 << 20
ENOUGH, MANY = 0.7, 20_000  # rows that give a question each; rows of a sheet looked at twice
_OPENS = re.compile(r"\s*(?:\d{1,4}\s*[^\w\s]|[一二三四五六七八九十]{1,3}\s*、)")
WHOLE = 1 << 20  # bytes of a CSV file that is read as a workbook is; a larger one is streamed
SHEETS = 1_000  # of one workbook: a name is a few bytes, and each may be the same large part
WIDEST = 256  # columns read; beyond them stand only formats that somebody drew over whole rows
DEEPEST = 1_048_576  # rows of a sheet, Excel's own limit
HIDDEN = {"hidden-row", "hidden-column", "hidden-sheet"}
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


@dataclass
class Sheet:
    """One sheet of a workbook while it is read: its name, whether it is shown, its cells."""

    title: str
    visible: bool
    rows: Grid


@dataclass
class Facts:
    """What openpyxl does not tell while streaming: merged areas, what is hidden, formulas without a
    stored value, text of several fonts within its cell."""

    merged: list[str] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    formulas: dict[str, str] = field(default_factory=dict)
    rich: dict[str, Any] = field(default_factory=dict)


def xlsx(path: Path, name: str, sha: str, ledger: Ledger, how: How = USUAL) -> Iterator[Row]:
    """The questions of an xlsx workbook, sheet by sheet."""
    with open(path, "rb") as file:
        yield from _sheets(xlsx_sheets(path, file, name), name, sha, ledger, how)


def xlsx_sheets(path: Path, file: IO[bytes], name: str) -> list[Sheet]:
    """The sheets of an xlsx workbook open as ``file`` (openpyxl refuses a path whose suffix is
    wrong), their cells as Excel displays them."""
    from openpyxl import load_workbook  # a third of a second, and a text bank needs none of it

    with Package(path, name) as package:
        package.check()
        facts = _facts(package)
    try:
        book = load_workbook(file, read_only=True, data_only=True, rich_text=True)
        fonts = cells.Fonts(book)
        return [
            Sheet(
                s.title,
                s.sheet_state == "visible",
                _xlsx_rows(s, facts.get(s.title, Facts()), fonts),
            )
            for s in book.worksheets
        ]
    except Exception as error:  # openpyxl raises whatever its many parsers stumble over
        raise broken(name, error) from None


def _facts(package: Package) -> dict[str, Facts]:
    """The facts of each sheet, by its name."""
    book, relations = package.tree("xl/workbook.xml"), package.tree("xl/_rels/workbook.xml.rels")
    if book is None or relations is None:
        return {}
    targets = {r.get("Id"): r.get("Target", "") for r in relations}
    found: dict[str, Facts] = {}
    sheets = list(book.iter("{*}sheet"))
    if len(sheets) > SHEETS:
        many = words(f"工作表超过 {SHEETS} 个", f"more than {SHEETS} sheets")
        raise UserError(f"{package.name}: {many}")
    for sheet in sheets:
        relation = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in package.names:
            found[sheet.get("name", "")] = _facts_of(package, part)
    return found


def _facts_of(package: Package, part: str) -> Facts:
    """One pass over a sheet's part."""
    facts, pending = Facts(), []
    tags = ("{*}mergeCell", "{*}col", "{*}f", "{*}is", "{*}row")
    for element in package.events(part, tags):
        tag = element.tag.rpartition("}")[2]
        if tag == "mergeCell":
            facts.merged.append(element.get("ref", ""))
        elif tag == "col" and element.get("hidden") in ("1", "true"):
            first, last = int(element.get("min", "1")), int(element.get("max", "1"))
            facts.columns.update(range(first, min(last, WIDEST) + 1))
        elif tag == "f":
            pending.append(element)
        elif tag == "is" and element.find("{*}r") is not None:
            facts.rich[element.getparent().get("r", "")] = cells.inline(element)
        elif tag == "row":
            if int(element.get("r") or 0) > DEEPEST:  # openpyxl would yield all the empty ones
                r = element.get("r")
                why = words(f"行号 {r}：文件已损坏", f"row {r}: the file is damaged")
                raise UserError(f"{package.name}: {why}")
            if element.get("hidden") in ("1", "true"):
                facts.rows.add(int(element.get("r", "0")))
            for formula in pending:
                holder = formula.getparent()
                if not holder.findtext("{*}v") and holder.find("{*}is") is None:
                    facts.formulas[holder.get("r", "")] = formula.text or ""
            pending = []
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return facts


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


def _xlsx_rows(sheet: Any, facts: Facts, fonts: cells.Fonts) -> Grid:
    """The rows of an openpyxl worksheet, merged cells repeating their first."""
    from openpyxl.utils.cell import coordinate_to_tuple

    merged = _covering(facts.merged)
    least: dict[int, int] = {}
    for r, c in chain(merged, map(coordinate_to_tuple, facts.formulas)):
        least[r] = max(c, least.get(r, 0))
    kept: dict[tuple[int, int], Cell] = {}
    sheet.reset_dimensions()  # what the file claims of its size is often wrong
    for r, row in enumerate(sheet.iter_rows(max_col=WIDEST), 1):
        row, made = _filled(row, least.get(r, 0)), []
        hidden_row = ["hidden-row"] if r in facts.rows else []
        for c, source in enumerate(row, 1):
            loc = f"{sheet.title}!{letters(c)}{r}"
            origin = merged.get((r, c))
            if origin and origin in kept:
                made.append(Cell(kept[origin].lines, kept[origin].loc, True))
                continue
            name = f"{letters(c)}{r}"
            hidden = hidden_row or (["hidden-column"] if c in facts.columns else [])
            if name in facts.formulas:
                shown, flags = cells.unvalued(facts.formulas[name])
                made.append(cell(shown, loc, flags + hidden))
            elif source.value is None:
                made.append(Cell([], loc))
            else:
                value = facts.rich.get(name, source.value)
                shown, flags = cells.displayed_cell(value, _format(source), fonts.look(source))
                made.append(cell(shown, loc, flags + hidden))
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
    shown, flags = cells.displayed_cell(value, code)
    return shown, loc, flags


def _format(source: Any) -> str:
    """The format code of an openpyxl cell, with the East Asian built-ins that it does not know."""
    number = source.style_array.numFmtId
    return cells.EAST_ASIAN.get(number) or cells.LOCALE.get(number) or source.number_format


def xls(path: Path, name: str, sha: str, ledger: Ledger, how: How = USUAL) -> Iterator[Row]:
    """The questions of an Excel 97-2003 workbook."""
    yield from _sheets(xls_sheets(path, name), name, sha, ledger, how)


def xls_sheets(path: Path, name: str) -> list[Sheet]:
    """The sheets of an Excel 97-2003 workbook."""
    import xlrd

    try:
        book = xlrd.open_workbook(str(path), formatting_info=True, logfile=io.StringIO())
        return [Sheet(s.name, s.visibility == 0, _xls_rows(s, book)) for s in book.sheets()]
    except Exception as error:  # as above: a binary format, read by many hands
        raise broken(name, error) from None


def _xls_rows(sheet: Any, book: Any) -> Grid:
    """The rows of an xlrd sheet."""
    merged = {
        (r, c): (top, left)
        for top, bottom, left, right in sheet.merged_cells
        for r in range(top, bottom)
        for c in range(left, right)
    }
    kept: dict[tuple[int, int], Cell] = {}
    gone = {c for c, about in sheet.colinfo_map.items() if about.hidden}
    for r in range(sheet.nrows):
        made = []
        about = sheet.rowinfo_map.get(r)
        hidden_row = ["hidden-row"] if about is not None and about.hidden else []
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
            hidden = hidden_row or (["hidden-column"] if c in gone else [])
            shown = _xls_shown(sheet, r, c, value, book)
            made.append(cell(shown[0], loc, shown[1] + hidden))
            if origin:
                kept[r, c] = made[-1]
        yield made


def _xls_shown(sheet: Any, r: int, c: int, value: Any, book: Any) -> tuple[str, list[str]]:
    """The displayed text of an xlrd cell: its runs of several fonts, and its own."""
    source = sheet.cell(r, c)
    look = _xls_look(book, book.xf_list[source.xf_index].font_index)
    runs = sheet.rich_text_runlist_map.get((r, c))
    if runs and isinstance(value, str):
        ends = [at for at, _ in runs[1:]] + [len(value)]
        parts = [(value[: runs[0][0]], look)]
        parts += [
            (value[at:end], _xls_look(book, font))
            for (at, font), end in zip(runs, ends, strict=True)
        ]
        value = cells.Rich(parts)
    return cells.displayed_cell(value if value != "" else None, _xls_format(source, book), look)


def _xls_look(book: Any, index: int) -> cells.Look:
    font = book.font_list[index]
    return cells.Look(bool(font.struck_out), {1: UP, 2: DOWN}.get(font.escapement, ""))


def _xls_format(source: Any, book: Any) -> str:
    """The format code of an xlrd cell."""
    key = book.xf_list[source.xf_index].format_key if source.xf_index is not None else 0
    return str(
        cells.EAST_ASIAN.get(key) or cells.LOCALE.get(key) or book.format_map[key].format_str
    )


def broken(name: str, error: Exception) -> UserError:
    """What to say of a workbook that a library stumbled over."""
    what = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    why = words(
        "工作簿损坏或不是 Excel 文件，请用 Excel 重新保存",
        "damaged, or no workbook: save it again in Excel",
    )
    return UserError(f"{name}: {why} ({what})")


def seen(one: Sheet, name: str, ledger: Ledger, how: How) -> Grid:
    """The rows of a sheet; what is hidden is flagged, or left out and ledgered."""
    for row in one.rows:
        if not one.visible:
            row = [flagged(c, "hidden-sheet") for c in row]
        if how.hidden == SKIP and (gone := [c for c in row if HIDDEN & set(c.flags)]):
            code = next(flag for flag in gone[0].flags if flag in HIDDEN)
            said = " | ".join(c.text for c in gone if not c.covered)
            ledger.add(name, gone[0].loc, doubt("hidden", code), said)
            row = [Cell([], c.loc) if HIDDEN & set(c.flags) else c for c in row]
        yield row


def flagged(one: Cell, flag: str) -> Cell:
    """``one`` with a flag on every line."""
    lines = [replace(line, flags=(*line.flags, flag)) for line in one.lines]
    return Cell(lines, one.loc, one.covered)


def valued(rows: list[Row], ledger: Ledger) -> list[Row]:
    """``rows`` without those that lean on a formula whose value was never stored."""
    good = []
    for row in rows:
        said = next((flag for flag in row.flags if code_of(flag) == cells.NO_VALUE), "")
        if not said:
            good.append(row)
            continue
        ledger.add(row.source.file, row.source.locator, said, row.source.text)
        for report in ledger.sources[-1:]:
            report.questions, report.lost = report.questions - 1, report.lost + 1
    return good


def _sheets(
    sheets: list[Sheet], name: str, sha: str, ledger: Ledger, how: How = USUAL
) -> Iterator[Row]:
    """Read every sheet; a key or the options may stand on another sheet than the questions. A sheet
    that gives few questions for its rows is read once more as the lines of a document."""
    first = Ledger()
    layout = Layout(name, sha, first)
    made: list[Row] = []
    kept: list[tuple[str, list[list[Cell]]]] = []
    for one in sheets:
        title, visible = one.title, one.visible
        try:
            filled = list(seen(one, name, first, how))
            if again := columns.echoes(filled[: grid.HEAD]):
                filled = [_without(row, again) for row in filled]
            filled = upright(filled)
            made += sheet(title, visible, iter(filled), layout)
        except (UserError, GeneratorExit):
            raise
        except Exception as error:
            raise broken(name, error) from None
        if visible:
            kept.append((title, filled))
    made += layout.rows()
    layout.finish()
    made = habits.rows(made, first)
    for title, filled in kept:
        made = _as_lines(title, filled, made, name, sha, first)
    made = valued(made, first)
    ledger.entries += first.entries
    ledger.sources += first.sources
    ledger.loose += first.loose
    yield from made


def _as_lines(
    title: str, rows: list[list[Cell]], made: list[Row], name: str, sha: str, ledger: Ledger
) -> list[Row]:
    """``made`` with the sheet's rows as its lines give them, where that is the better reading."""
    here = f"{title}!"
    titled = columns.find(rows[: grid.HEAD])
    rows = rows[titled.header + 1 :] if titled is not None else rows  # a title is no question
    mine = [row for row in made if row.source.locator.startswith(here)]
    least = 2 if titled is not None and titled.options else 1  # a heading fills one cell
    filled = sum(sum(bool(x.text) for x in row if not x.covered) >= least for row in rows)
    lost = induced.lost(e for e in ledger.entries if e.locator.startswith(here))
    if not lost or len(mine) >= ENOUGH * filled or filled > MANY:
        return made
    lines = flattened(rows)
    invariants.examine(mine, [e for e in ledger.entries if e.locator.startswith(here)])
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


def upright(rows: list[list[Cell]]) -> list[list[Cell]]:
    """A row a question where a sheet's first column holds the titles (题目, 选项A, …, 答案, again
    and again) and the second what stands under them; any other sheet as it is."""
    told = [row for row in rows if len(row) > 1 and row[0].text and row[1].text]
    named = [(_title(row[0].text), row[1]) for row in told]
    titled = sum(bool(columns.role(name)[0]) for name, _ in named)
    many = Counter(columns.role(name)[0] for name, _ in named)
    if not (titled >= 0.9 * len(rows) - many["stem"] and many["stem"] >= 3 and many["answer"] >= 3):
        return rows
    names = list(dict.fromkeys(name for name, _ in named if columns.role(name)[0]))
    if not 2 < len(names) < len(named) / 2:
        return rows
    records: list[dict[str, Cell]] = []
    for name, one in named:
        if not records or name in records[-1]:
            records.append({})
        records[-1][name] = one
    first = told[0][0].loc
    blank = Cell([], first)
    head = [cell(name, first) for name in names]
    return [head, *([record.get(name, blank) for name in names] for record in records)]


def _title(text: str) -> str:
    """A title without the number of its question (``题目3``)."""
    bare = text.strip().rstrip("0123456789")
    return bare if columns.role(bare)[0] == "stem" else text.strip()


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
    if found is not None:
        _once(found, first, layout.name)
    section = Section(title, section_kind(title), loc=first[0][0].loc if first[0] else "")
    layout.sections.append(section)
    everything = chain(first, rows)
    if found is not None:
        yield from grid.rows(_stemmed(everything, found), layout, section, found, hold)
        return
    layout.close()
    layout.section = section
    layout.feed([line for row in everything for c in row if not c.covered for line in c.lines])


def _without(row: list[Cell], gone: set[int]) -> list[Cell]:
    """``row`` with the cells of some columns emptied."""
    return [Cell([], cell.loc) if c in gone else cell for c, cell in enumerate(row)]


def _stemmed(rows: Iterable[list[Cell]], found: columns.Columns) -> Iterator[list[Cell]]:
    """``rows`` in which a question without sub-questions (学习通: only 大题题干 is filled) has its
    text in the column of stems."""
    for row in rows:
        stem, case = found.cell(row, found.stem), found.cell(row, found.case)
        if case is not None and case.text and not case.covered and stem and not stem.text:
            row = [case if one is stem else one for one in row]
            row[found.case or 0] = Cell([], case.loc)
        yield row


def _once(found: columns.Columns, rows: list[list[Cell]], name: str) -> None:
    """Refuse a table with two columns of questions or of answers that say different things."""
    titles = [t.strip() for t in found.titles]
    if len(found.groups) > 1 or found.header < 0:
        return
    for column in (found.stem, found.answer):
        same = [c for c, t in enumerate(titles) if column is not None and t == titles[column]]
        texts = {
            tuple(row[c].text if c < len(row) else "" for row in rows[found.header + 1 :])
            for c in same
            if not rows[found.header][c].covered
        }
        if len(texts) > 1:
            raise UserError(repeated(name, titles[same[0]], same))


def repeated(name: str, title: str, places: Sequence[int]) -> str:
    """What to say of columns (counted from 0) that have one title."""
    where = ", ".join(letters(c + 1) for c in places)
    why = words(
        f"列名重复 “{title}”（{where} 列）：请改名或删去多余的列",
        f"repeated column “{title}” ({where}): rename or delete one",
    )
    return f"{name}: {why}"


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """``rows`` without empty columns at their right end."""
    width = max((c + 1 for row in rows for c, x in enumerate(row) if x.text), default=0)
    return [row[:width] for row in rows]


def csv_file(path: Path, name: str, sha: str, ledger: Ledger, how: How = USUAL) -> Iterator[Row]:
    """The questions of a CSV or TSV file, streamed: no more than one row is held at a time."""
    with open(path, "rb") as file:
        sample = file.read(SNIFF)
    encoding = en.encoding_of(sample, name, len(sample) < SNIFF, how.encoding)
    layout = Layout(name, sha, ledger)
    with open(path, encoding=encoding, newline="") as file:
        head = sample.decode(encoding, errors="ignore").removeprefix("\ufeff")
        try:
            refused: list[str] = []
            rows = _csv_rows(file, sniff(head), name, ledger, refused)
            if path.stat().st_size <= WHOLE:
                yield from _sheets([Sheet("Sheet1", True, rows)], name, sha, ledger)
                ledger.sources[-1].lost += len(refused)
                return
            yield from sheet("Sheet1", True, rows, layout, hold=False)
        except UnicodeError:
            raise UserError(f"{name}: {en.not_in(encoding)}") from None
    yield from layout.rows()
    layout.finish()
    ledger.sources[-1].lost += len(refused)


def _csv_rows(file: Any, delimiter: str, name: str, ledger: Ledger, refused: list[str]) -> Grid:
    """The rows of an open CSV file; lines that are no rows go to the ledger and ``refused``."""
    given = delimited.records(file, delimiter)
    first = list(islice(given, grid.HEAD))
    width = _titled_width(first)
    for r, one in enumerate(delimited.checked(chain(first, given), width), 1):
        if "\0" in one.raw:
            raise UserError(f"{name}: {en.holds_nul(one.line)}")
        if one.reason:
            ledger.add(name, f"Sheet1!A{r}", delimited.told(one, width), one.raw.rstrip("\r\n"))
            refused.append(one.reason)
            yield []
            continue
        fields = one.fields[:WIDEST]
        yield [cell(value, f"Sheet1!{letters(c)}{r}") for c, value in enumerate(fields, 1)]


def _titled_width(first: list[delimited.Record]) -> int:
    """How many columns the header names; 0 where there is none."""
    rows = [[cell(value, "") for value in one.fields[:WIDEST]] for one in first]
    found = columns.find(rows)
    return len(rows[found.header]) if found is not None else 0


def sniff(sample: str) -> str:
    """The delimiter that cuts the first lines into most columns of equal number."""
    best, score = ",", 0.0
    lines = sample.splitlines(keepends=True)[:200]
    for delimiter in (",", "\t", ";", "|", "，"):
        given = delimited.records(lines[:-1] or lines, delimiter)
        widths = [len(one.fields) for one in given if one.raw.strip()]
        common = max(set(widths), key=widths.count, default=1)
        value = widths.count(common) / max(1, len(widths)) * (common > 1) * (1 + 0.01 * common)
        if value > score:
            best, score = delimiter, value
    return best
