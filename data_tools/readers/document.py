"""A document's blocks to rows: runs of one-line questions, laid-out questions, tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from core.rows import Row, Source
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import (
    arrows,
    canonical,
    columns,
    frames,
    grid,
    habits,
    html,
    induced,
    invariants,
    joined,
)
from data_tools.readers import blocks as blocks_
from data_tools.readers import items as it
from data_tools.readers.answers import plain_judgement
from data_tools.readers.blocks import Block, Cell, Line, Table
from data_tools.readers.layout import Layout

SURE, MUCH = 0.12, 1.25  # see better
WELL = 0.9  # a reading worth so much is kept without asking for another
RUN = 4  # one-line questions in a row that make a run, so that one arrow in a sentence does not
_MAY_HEAD = re.compile(
    r"\s*[（(【]?\s*(?:第|[一二三四五六七八九十]|[IVX]+[.、]|Part|Section|Chapter|Unit|单|多|判|填|简|问|选|不定)",
    re.I,
)
_OPTION = re.compile(r"\s*[(（]?[A-Ha-h]\s*[.、．:：)）]")
_ANSWER = re.compile(
    r"\s*[【\[（(]?\s*(?:参考|正确|标准)?(?:答案?|解析?|解答)\s*[】\])）]?\s*[:：]"
)
_ASKED = re.compile(r"\s*[（(【]?\s*(?:第\s*)?\d{1,4}\s*(?:题|[.、．:：)）】])")
BOXES = 20  # rows of one cell each that are lines in boxes
STRAY = 2  # other lines that a run may hold: a heading, an advertisement


def rows(blocks: Iterable[Block], name: str, sha: str, ledger: Ledger) -> list[Row]:
    """Read the questions of a document; what is none goes into the ledger with its reason.

    Read by the rules and, where these leave much of the text unread or in doubt, once more by the
    document's own habits; the reading that is worth clearly more is kept."""
    found, made = best(list(blocks), name, sha)
    ledger.entries += made.entries
    ledger.sources += made.sources
    ledger.loose += made.loose
    return found


def best(blocks: list[Block], name: str, sha: str) -> tuple[list[Row], Ledger]:
    """The better reading of some blocks, and its ledger."""
    drawn: dict[str, str] = {}
    given = _habitual(_with_data(_unframed(blocks), drawn))
    first = Ledger()
    found = list(_by_rules(given, name, sha, first))
    invariants.examine(found, first.entries)
    lines = [line for block in given for line in _lines_in(block)]
    value = induced.worth(found, (line.text for line in lines))
    other = induced.read(lines, name, sha) if value < WELL else induced.Reading()
    rewritten = canonical.canonical(given) if value < WELL else None
    if rewritten is not None:
        third = Ledger()
        again = list(_by_rules(rewritten, name, sha, third))
        invariants.examine(again, third.entries)
        mine = induced.Reading(again, third.entries)
        mine.worth = induced.worth(again, (line.text for line in lines))
        some = len(again) >= canonical.LEAST
        if some and better(mine, found, value, induced.lost(first.entries)):
            found, first, value = again, third, mine.worth
    if better(other, found, value, induced.lost(first.entries)):
        report = SourceReport(name, sha)
        second = Ledger(other.entries)
        joined.tally(name, other.sections, report, second)
        second.sources.append(report)
        found, first = other.rows, second
    for flat, table in drawn.items():
        _draw(found, flat, table)
    return found, first


def better(other: induced.Reading, rows: list[Row], value: float, lost: int) -> bool:
    """Whether another reading has more questions without a doubt and leaves less unread; where it
    only has fewer doubts, what it leaves must be much less: what it swallowed may be furniture."""
    good = sum(not row.flags for row in rows)
    more = other.good > max(good, len(rows)) and other.worth > value
    more = more or (other.good >= good and other.lost < lost and other.worth > value)
    return more or (other.good > MUCH * good and other.worth > value + SURE)


def _unframed(blocks: list[Block]) -> list[Block]:
    """``blocks`` with the cells of long tables of one column as lines: such a table only draws
    boxes around them."""
    made: list[Block] = []
    for block in blocks:
        rows = block.rows if isinstance(block, Table) and len(block.rows) >= BOXES else []
        own = [[cell for cell in row if not cell.covered] for row in rows]
        if own and all(len(row) == 1 for row in own):
            made += [line for (cell,) in own for line in cell.lines]
        else:
            made.append(block)
    return made


def _with_data(blocks: list[Block], drawn: dict[str, str]) -> list[Block]:
    """``blocks`` with each table that belongs to a question as a line of it; ``drawn`` notes what
    that line is in Markdown, whose letters between bars look like options while lines are read."""
    made: list[Block] = []
    for at, block in enumerate(blocks):
        if isinstance(block, Table):
            lines = [x for x in made[-6:] if isinstance(x, Line)]
            below = next(
                (x for x in blocks[at + 1 :] if isinstance(x, Table) or x.text.strip()), None
            )
            made.append(_shown(block, drawn) if _data(block, lines, below) else block)
        else:
            made.append(block)
    return made


def _habitual(blocks: list[Block]) -> list[Block]:
    """``blocks`` with their lines as :func:`habits.lines` leaves them."""
    lines = iter(habits.lines([block for block in blocks if isinstance(block, Line)]))
    return [next(lines) if isinstance(block, Line) else block for block in blocks]


def _lines_in(block: Block) -> list[Line]:
    """The lines of a block, those of a table cell by cell."""
    if isinstance(block, Line):
        return [block]
    return [line for row in block.rows for cell in row if not cell.covered for line in cell.lines]


def _by_rules(blocks: Iterable[Block], name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """The reading by the rules."""
    layout = Layout(name, sha, ledger)
    lines: list[Line] = []
    for block in frames.tabled(blocks):
        if isinstance(block, Line):
            if len(block.text) > blocks_.LONGEST:
                ledger.add(name, block.loc, "line-too-long", block.stored)
                block = Line("", block.loc)
            lines.append(block)
            continue
        flat = grid.flat(block)
        if flat is not None:
            lines += flat
            continue
        yield from _lines(lines, layout)
        lines = []
        yield from grid.table(block, layout)
    yield from _lines(lines, layout)
    yield from layout.rows()
    layout.finish()


def _data(block: Table, lines: list[Line], below: Block | None) -> bool:
    """Whether a table belongs to the question above it: that speaks of a table or ends in a colon,
    or is numbered and goes on below the table (``below``) with its options or its answer; and the
    table has no header of a bank's and no options."""
    above = next((line.text.strip() for line in reversed(lines) if line.text.strip()), "")
    before = [line.text for line in lines[-4:]]
    speaks = re.match(r"表\s*\d|图\s*\d", above) or re.search(r"[:：]$", above)
    speaks = speaks or re.search(r"(?:下|如|见|所示的?|以下|给出.{0,8})表", " ".join(before))
    if not speaks and isinstance(below, Line):
        goes_on = _OPTION.match(below.text) or _ANSWER.match(below.text)
        speaks = goes_on and _ASKED.match(f"{lines[-1].label if lines else ''}{above}")
    if not speaks or len(block.rows) > 30 or columns.is_key(block.rows):
        return False
    told = columns.find(block.rows[: grid.HEAD])
    texts = [cell.text for row in block.rows for cell in row]
    return (told is None or told.answer is None) and not any(map(_OPTION.match, texts))


def _shown(block: Table, drawn: dict[str, str]) -> Line:
    """A data table as one line of a question: cells between ‖, rows between semicolons."""
    rows = ["‖".join(cell.text.replace("\n", " ") or " " for cell in row) for row in block.rows]
    cells = [cell for row in block.rows for cell in row if cell.text]
    first = cells[0] if cells else Cell([], "")
    flags = tuple(dict.fromkeys(flag for cell in cells for flag in cell.flags))
    flat = "；".join(rows)
    drawn[flat.strip()] = html.markdown(block)
    return Line(flat, first.loc, raw=first.text, flags=flags)


def _draw(rows: list[Row], flat: str, table: str) -> None:
    """Put a table in Markdown where its line stands in a row, on lines of its own."""
    shape = re.compile(rf"\n?{re.escape(flat)}(\n?)")
    for row in rows:
        for name in ("question", "answer", "explanation"):
            text = getattr(row, name)
            if flat in text:
                made = shape.sub(lambda found: f"\n{table}\n", text)
                setattr(row, name, made.strip("\n"))


def _lines(lines: list[Line], layout: Layout) -> Iterator[Row]:
    """A stretch of lines between tables: one-line questions in runs, the rest to the layout."""
    start = 0
    for first, end, arrow in _chunks(lines):
        for run_first, run_end in _runs(lines[first:end], arrow):
            layout.feed(lines[start : first + run_first])
            if all(draft.answered for draft in layout.drafts):
                yield from layout.rows()
            yield from _run(lines[first + run_first : first + run_end], arrow, layout)
            start = first + run_end
    layout.feed(lines[start:])


def _chunks(lines: list[Line]) -> list[tuple[int, int, str]]:
    """The lines as chunks (first, end, delimiter): all of them where the document has one
    delimiter, else from heading to heading."""
    arrow = arrows.usual(lines)
    if arrow:
        return [(0, len(lines), arrow)]
    heads = [k for k, line in enumerate(lines) if _heading(line)]
    edges = sorted({0, *heads, len(lines)})
    chunks = []
    for first, end in pairwise(edges):
        chunks.append((first, end, arrows.usual(lines[first + (first in heads) : end])))
    return chunks


def _heading(line: Line) -> bool:
    """Whether a line is a heading; asked of few lines only, since it takes time."""
    text = line.text
    if not 0 < len(text) <= 80 or not (line.heading or _MAY_HEAD.match(text)):
        return False
    return it.analyse(line).kind in (it.SECTION, it.CHAPTER)


def _runs(lines: list[Line], arrow: str) -> list[tuple[int, int]]:
    """The stretches (first, end) of lines that are one-line questions, a few strays apart."""
    runs: list[tuple[int, int]] = []
    first = end = count = stray = 0
    least = 1 if arrow and arrows.share(lines, arrow) > 0.5 else RUN
    for index, line in enumerate(lines):
        text = line.text
        if not text or text.isspace():
            continue
        if arrows.one_line(text, arrow):
            if not count:
                first = index
            count, end, stray = count + 1, index + 1, 0
            continue
        structured = it.analyse(line).kind not in (it.TEXT, it.CHAPTER, it.SECTION, it.NOISE)
        stray += 1
        if count and (structured or stray > STRAY):
            if structured and stray == 1:  # the last arrow stood in a stem with options below
                end -= 1
                count -= 1
            if count >= least:
                runs.append((first, end))
            count = 0
    if count >= least:
        runs.append((first, end))
    return runs


def _run(lines: list[Line], arrow: str, layout: Layout) -> Iterator[Row]:
    """A run of one-line questions."""
    layout.close()
    numbered = arrows.numbered(lines)
    name, sha, ledger = layout.name, layout.sha, layout.ledger
    for line in lines:
        text = line.text
        if not text or text.isspace():
            continue
        pair = arrows.split(text, arrow) if arrows.one_line(text, arrow) else None
        if pair is None:
            item = it.analyse(line)
            if item.kind in (it.SECTION, it.CHAPTER):
                layout.heading_only(item)
            else:
                layout.note(item, "no-question")
            continue
        stem, answer = pair
        if numbered:
            stem = arrows.unnumbered(stem)
        if not stem or not answer:
            layout.section.lost += 1
            ledger.add(name, line.loc, "no-answer" if stem else "no-question", line.stored)
            continue
        layout.section.questions += 1
        several = "选" in stem and arrows.MULTIPLE.search(stem)
        source = Source(name, sha, line.loc, line.stored.strip())
        kind = "multiple" if several or layout.section.kind == "multiple" else "qa"
        if kind == "qa" and len(answer) <= 5 and plain_judgement(answer):
            kind = "judge"
        yield Row(stem, answer, source, kind, flags=list(line.flags))
