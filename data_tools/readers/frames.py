"""Lines out of tables that only arrange a question, and tables out of lines with tabs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from data_tools.readers import columns as co
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Block, Cell, Line, Table

_LETTER = re.compile(r"(?:选项\s?|Option\s?)?[(\[]?\s*([A-Ha-h])\s*[、.:)\]]?")
_SIGN = re.compile(r"\t|[|｜@#$^~&*\\=+]{1,4}|::|//|;;|--")
KEPT, SEEN = 0.8, 60  # share of lines that a steady sign cuts alike; rows looked at for columns
LEAST, WIDTH = 3, 4  # rows and columns that make lines with tabs a table


def lines(block: Table) -> list[Line]:
    """The lines of a table that frames a question: its stem in one cell, options beside their
    letters or several in a row, a row that says 答案 and the answer. Empty for other tables."""
    found = _fields(block)
    options = 0
    for row in block.rows if not found else ():
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
    return found if options or _fields(block) else []


_FIELDS = {"stem": "题目：", "answer": "答案：", "explanation": "解析："}


def _fields(block: Table) -> list[Line]:
    """The lines of a table that is one question, a field a row with its name beside it."""
    if any(len(row) != 2 for row in block.rows):
        return []
    named = [(*co.role(name.text), text) for name, text in block.rows]
    roles = [name for name, _, _ in named]
    if not all(roles) or roles.count("stem") != 1 or roles.count("answer") != 1:
        return []
    found: list[Line] = []
    kind = next((f"【{text.text}】" for name, _, text in named if name == "kind" and text.text), "")
    for name, letter, text in named:
        lead = f"{letter}. " if name == "option" else _FIELDS.get(name)
        if lead and text.text:
            lead += kind if name == "stem" else ""
            found += [_beside(text.lines[0], lead + text.lines[0].text, text), *text.lines[1:]]
    return found


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
    given = list(blocks)
    sign = _steady(given)
    if sign:
        yield from _cut(given, sign)
        return
    run: list[Line] = []
    width = 0
    for block in given:
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


def _steady(blocks: list[Block]) -> str:
    """The sign that cuts nearly every line into the same three columns or more (``1|||题|||答案``);
    '' where there is none."""
    texts = [block.text for block in blocks if isinstance(block, Line) and block.text.strip()][:400]
    seen = Counter(sign for text in texts for sign in set(_SIGN.findall(text)))
    for sign, count in seen.most_common(4):
        if len(texts) < LEAST or count < KEPT * len(texts):
            break
        widths = Counter(text.count(sign) for text in texts)
        usual, times = widths.most_common(1)[0]
        if usual > 1 and times >= KEPT * len(texts):
            return sign
    return ""


def _cut(blocks: list[Block], sign: str) -> Iterator[Block]:
    """``blocks`` with the lines that ``sign`` cuts as one table, or as they were."""
    lines = [block for block in blocks if isinstance(block, Line)]
    counts = Counter(line.text.count(sign) for line in lines if line.text.strip())
    width = counts.most_common(1)[0][0]
    run = [line for line in lines if line.text.count(sign) == width]
    made = _table(run, sign)
    if not isinstance(made[0], Table):
        yield from blocks
        return
    yield made[0]
    yield from (x for x in blocks if not isinstance(x, Line) or x.text.count(sign) != width)


def _table(run: list[Line], sign: str = "\t") -> list[Line] | list[Table]:
    """A run of lines as a table, or as they were."""
    if len(run) < LEAST:
        return run
    table = Table([_cells(line, sign) for line in run])
    found = co.find(table.rows[:LEAST]) or co.guess(table.rows[:SEEN])
    told = sign != "\t" or (found is not None and (len(found.options) > 1 or found.header >= 0))
    if found is None or found.answer is None or not told:
        return run
    return [table]


def _cells(line: Line, sign: str) -> list[Cell]:
    """The cells of a line; in plain text each has its own characters for a locator."""
    cells, at = [], 0
    span = re.fullmatch(r"c:(\d+)-(\d+)", line.loc)
    for text in line.text.split(sign):
        loc = line.loc
        if span:
            start = int(span.group(1)) + at
            loc = f"c:{start}-{start + len(text)}"
        at += len(text) + len(sign)
        made = Line(text, loc, flags=line.flags, raw="" if span else line.stored)
        cells.append(Cell([made] if text.strip() else [], loc))
    return cells
