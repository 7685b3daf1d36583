"""Tables, in documents and workbooks, to questions: which column is what, and one row at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import columns as co
from data_tools.readers import finish, frames, keys
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Cell, Line, Table
from data_tools.readers.choices import unlettered, unwrapped
from data_tools.readers.draft import Case, Draft, Section
from data_tools.readers.layout import Layout

HEAD = 40  # rows looked through for a header, and used to guess columns where there is none
_STRUCTURED = re.compile(
    r"[A-Da-d]\s*[、.:)\]]|答案|解析|Answer|^\s*\(?\d{1,4}\s*[、.)]|[(\[]\s*(?:√|×|对|错|正确|错误)\s*[)\]]|题\s*[)\]]",
    re.I,
)
_MARKED = ("*", "√", "✓", "★", "●")  # what stands beside the right option


@dataclass(slots=True)
class Grid:
    """A table being read: its columns, the draft of the row before, its questions' section."""

    layout: Layout
    section: Section
    columns: co.Columns
    hold: bool = True
    draft: Draft | None = None
    case: Case | None = None


def flat(block: Table) -> list[Line] | None:
    """The lines of a table that holds no questions in rows: an answer key becomes one key line,
    mere arrangement its cells in order. None for a table of questions."""
    first = next((cell for row in block.rows for cell in row if cell.text), None)
    if first is None:
        return []
    if co.is_key(block.rows):
        pairs = co.key_pairs(block.rows)
        return [Line("  ".join(f"{n}.{answer}" for n, answer in pairs), first.loc, raw=first.text)]
    if co.find(block.rows[:HEAD]) is None and (framed := frames.lines(block)):
        return framed
    listed = [_option_line(row) for row in block.rows]
    if all(line is not None for line in listed):
        return [line for line in listed if line is not None]
    if columns_of(block) is not None:
        return None
    return [line for row in block.rows for cell in row if not cell.covered for line in cell.lines]


def _option_line(row: list[Cell]) -> Line | None:
    """A row that is one option, its letter in a cell of its own: ``* | c. | the family``."""
    texts = [cell.text for cell in row if cell.text]
    mark = texts.pop(0) if texts and texts[0] in _MARKED else ""
    if len(texts) != 2 or not re.fullmatch(r"[(\[]?[A-Ha-h]\s*[、.:)\]]?", pt.plain(texts[0])):
        return None if any(texts) or mark else Line("", row[0].loc if row else "")
    line = next(line for cell in row if cell.text == texts[1] for line in cell.lines)
    letter = re.sub(r"[^A-Za-z]", "", pt.plain(texts[0]))
    return Line(
        f"{mark}{letter}. {texts[1]}", line.loc, marks=(), flags=line.flags, raw=line.stored
    )


def columns_of(block: Table) -> co.Columns | None:
    """The columns of a table of questions; None for any other table."""
    found = co.find(block.rows[:HEAD])
    if found is None and len(block.rows) >= 3:
        found = co.guess(block.rows[:HEAD])
    return found


def table(block: Table, layout: Layout) -> Iterator[Row]:
    """Read a table of questions in a document."""
    found = columns_of(block)
    if found is not None:
        yield from rows(iter(block.rows), layout, layout.section, found)


def rows(
    source: Iterable[list[Cell]],
    layout: Layout,
    section: Section,
    columns: co.Columns,
    hold: bool = True,
) -> Iterator[Row]:
    """Read the rows of a table whose columns are known. ``hold`` keeps questions without answer
    until the end, for a key elsewhere; a stream too large for that lets them go at once."""
    layout.close()
    grid = Grid(layout, section, columns, hold)
    for index, row in enumerate(source):
        if index <= columns.header:
            if index < columns.header:
                _title(row, grid)
            continue
        for part in columns.split(row):
            made = _row(part, grid)
            if made is not None:
                yield made
    last = _settle(grid)
    if last is not None:
        yield last
    _late_options(grid)


def _title(row: list[Cell], grid: Grid) -> None:
    """A line above the header: a title, perhaps with the number of questions."""
    for cell in row:
        if cell.text and not cell.covered:
            if grid.section.declared is None:
                grid.section.declared = it.declared(pt.plain(cell.text))
            grid.layout.ledger.add(grid.layout.name, cell.loc, "heading", cell.text)


def _row(row: list[Cell], grid: Grid) -> Row | None:
    """One row: a new question, a further option of the last, a heading, or nothing."""
    texts = [cell.text for cell in row]
    if not any(texts):
        return None
    columns = grid.columns
    if len(texts[0]) <= 8 and co.role(texts[0])[0] and (other := co.find([row])):
        made = _settle(grid)  # another header: from here on the columns mean something else
        other.header, grid.columns = -1, other
        return made
    if columns.is_header(texts):
        return None  # the header again, as on each printed page
    stem = columns.cell(row, columns.stem)
    if columns.right is not None:
        return _judged(row, stem, grid)
    wide = max(len(texts), len(columns.titles)) > 2
    if wide and len(set(filter(None, texts))) == 1 and (said := _heading(row, grid)):
        return said[0]
    if stem is None or not stem.text or stem.covered:
        if stem is not None and columns.number_only(row):
            return _unquestioned(row, grid)
        if grid.draft is not None and _more(row, grid):
            return None
        return _unquestioned(row, grid)
    made = _settle(grid)
    grid.draft = _draft(row, stem, grid)
    return made


def _heading(row: list[Cell], grid: Grid) -> tuple[Row | None] | None:
    """A row that heads a section, with the row finished by it; None for any other."""
    cell = next(cell for cell in row if cell.text)
    item = it.analyse(Line(cell.text.replace("\n", " "), cell.loc))
    if item.kind not in (it.SECTION, it.CHAPTER, it.KEY):
        return None
    made = _settle(grid)
    grid.section = Section(cell.text, item.heading_kind, item.declared, loc=cell.loc)
    grid.layout.sections.append(grid.section)
    grid.layout.ledger.add(grid.layout.name, cell.loc, "heading", cell.text)
    return (made,)


def _judged(row: list[Cell], stem: Cell | None, grid: Grid) -> Row | None:
    """A row that is one option, with a column that says whether it is right."""
    columns, draft, made = grid.columns, grid.draft, None
    asked = stem is not None and stem.text and not stem.covered
    number = columns.number_of(row)
    same = draft is not None and (
        not asked or (stem is not None and stem.text == draft.source and number == draft.number)
    )
    option, right = columns.cell(row, columns.combined), columns.cell(row, columns.right)
    if option is None or not option.text or (not same and not asked):
        return _unquestioned(row, grid)
    if not same:
        assert stem is not None
        made = _settle(grid)
        draft = grid.draft = _draft(row, stem, grid)
        draft.options = {}
    assert draft is not None
    letter = chr(65 + len(draft.options))
    draft.options[letter] = option.text.strip()
    draft.flags += [flag for flag in option.flags if flag not in draft.flags]
    if right is not None and co.affirmed(right.text):
        draft.answer, draft.answered = [(draft.answer or [""])[0] + letter], True
    return made


def _unquestioned(row: list[Cell], grid: Grid) -> Row | None:
    """A row without a stem: options or answers by number for questions elsewhere, or a stray."""
    columns, layout = grid.columns, grid.layout
    number = columns.number_of(row)
    options = columns.options_of(row)
    if number and options:
        layout.options.setdefault(number, {}).update(options)
    answer = columns.cell(row, columns.answer)
    if number and answer is not None and answer.text:
        group = next((g for g in layout.groups if g.section is grid.section), None)
        if group is None:
            group = keys.Group(grid.section, len(layout.drafts))
            layout.groups.append(group)
        explanation = columns.cell(row, columns.explanation)
        said = [explanation.text] if explanation is not None and explanation.text else []
        group.entries.append(keys.Entry(number, [answer.text], said, answer.loc))
        return None
    if number and options:
        return None
    cell = next(cell for cell in row if cell.text)
    text = " | ".join(c.text for c in row if c.text)
    entry = grid.layout.ledger.add(layout.name, cell.loc, "no-question", text)
    if len(options) > 1 and answer is not None and columns.stem is None:
        explained = columns.cell(row, columns.explanation)
        why = explained.text if explained is not None else ""
        layout.loose.choices.append((options, answer.text, why, entry))
    return None


def _more(row: list[Cell], grid: Grid) -> bool:
    """A row that goes on with the question above: one option a row, or a further line."""
    columns, draft = grid.columns, grid.draft
    assert draft is not None
    first = columns.cell(row, columns.options.get("A"))
    if draft.options and first is not None and first.text and not first.covered:
        return False  # options of its own: a question without a stem, not more of the one above
    took = False
    for letter, text in columns.options_of(row, len(draft.options)).items():
        draft.options[letter] = text
        took = True
    answer = columns.cell(row, columns.answer)
    if took and answer is not None and answer.text and not answer.covered and not draft.answered:
        draft.answer, draft.answered = [answer.text], True
    return took


def _draft(row: list[Cell], stem: Cell, grid: Grid) -> Draft:
    """The question of a row."""
    columns = grid.columns
    draft = Draft(grid.section, list(stem.lines), loc=stem.loc, source=stem.text)
    if stem.loc.startswith("p:"):  # a line with tabs: at its locator stands all of it
        draft.source = stem.lines[0].stored.strip()
    draft.number = columns.number_of(row)
    kind = columns.cell(row, columns.kind)
    draft.tag = columns.kind_of(kind.text) if kind is not None else ""
    draft.options = columns.options_of(row)
    if columns.judged and not draft.options:
        draft.tag = draft.tag or "judge"
    answer = columns.cell(row, columns.answer)
    if answer is not None and answer.text:
        said = "A" if columns.wrong else columns.indexed(unwrapped(answer.text), draft.options)
        said = said if draft.options else said.strip().replace("$;$", "；")  # several blanks
        draft.answer, draft.answered = [said], True
    elif ticked := columns.ticked(row):
        draft.answer, draft.answered = [ticked], True
    explanation = columns.cell(row, columns.explanation)
    if explanation is not None and explanation.text:
        draft.explanation = [explanation.text]
    case = columns.cell(row, columns.case)
    if case is not None and case.text and case.text != stem.text:
        if grid.case is None or grid.case.stem != [case.text]:
            grid.case = Case([case.text])
        draft.case = grid.case
    used = [stem, answer, kind, *(columns.cell(row, c) for c in columns.options.values())]
    for cell in used:
        if cell is not None:
            draft.flags += [flag for flag in cell.flags if flag not in draft.flags]
    draft.stem = [line.label + line.text for line in stem.lines]
    if columns.parted:
        draft.stem = [stem.text.split(columns.parted)[0].strip()]
    elif _STRUCTURED.search(pt.plain(stem.text)):
        _inner(draft, stem)
    return draft


def _inner(draft: Draft, stem: Cell) -> None:
    """Options, number and answer inside the stem's cell."""
    inside = Layout("", "", Ledger())
    inside.feed(stem.lines)
    inside.close()
    if len(inside.drafts) != 1:
        item = it.analyse(Line(stem.text, stem.loc))
        if item.family == "d" and "\n" not in stem.text and item.head.end == len(item.plain):
            draft.number, draft.stem = item.value, [item.text[item.body :]]
        return
    found = inside.drafts[0]
    if not found.stem:
        return
    draft.stem, draft.number = found.stem, draft.number or found.number
    draft.options = draft.options or found.options
    draft.hows, draft.starred, draft.tag = found.hows, found.starred, draft.tag or found.tag
    draft.lead = found.lead
    draft.explanation = draft.explanation or found.explanation
    if not draft.answered:
        draft.answer, draft.answered = found.answer, found.answered


def _settle(grid: Grid) -> Row | None:
    """Finish the draft of the row before: a row at once, or held for a key, or given up."""
    draft, grid.draft = grid.draft, None
    if draft is None:
        return None
    layout = grid.layout
    if grid.columns.one_a_row:
        bare = {letter: unlettered(text, letter) for letter, text in draft.options.items()}
        if all(bare[letter] != text for letter, text in draft.options.items()):
            draft.options = bare
    made = finish.row(draft, layout.name, layout.sha, [], grid.columns.optionless)
    if isinstance(made, Row):
        draft.section.questions += 1
        return made
    if grid.hold and (made in (finish.NO_ANSWER, finish.NO_OPTIONS) or draft.number):
        layout.drafts.append(draft)
        return None
    draft.section.lost += 1
    layout.ledger.add(layout.name, draft.loc, made, draft.text)
    return None


def _late_options(grid: Grid) -> None:
    """Give options that stood in this table to questions of another with the same number."""
    for draft in grid.layout.drafts:
        if not draft.options and draft.number in grid.layout.options:
            draft.options = grid.layout.options[draft.number]
