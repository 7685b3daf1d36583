"""Word documents to print (or to save as PDF): a paper, its key, and the bank with its answers.

Kinds stand under headings and are numbered through, the same in all three, so that the key fits
the paper. Options are lettered as in the bank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.files import atomic
from core.rows import Row

PARTS = (
    ("single", "单项选择题"),
    ("multiple", "多项选择题"),
    ("judge", "判断题"),
    ("", "问答题"),
)
NUMERALS = "一二三四"


def refuses(row: Row) -> str:
    """A paper holds every question."""
    return ""


def parts(rows: Sequence[Row]) -> Iterator[tuple[str, list[tuple[int, Row]]]]:
    """The headings, each with its numbered questions."""
    number, place = 0, 0
    known = [kind for kind, _ in PARTS if kind]
    for kind, title in PARTS:
        here = [row for row in rows if (row.kind if row.kind in known else "") == kind]
        if here:
            numbered = [(number + k, row) for k, row in enumerate(here, 1)]
            yield f"{NUMERALS[place]}、{title}（共{len(here)}题）", numbered
            number, place = number + len(here), place + 1


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``file`` with all, and ``paper.docx`` and ``key.docx`` beside it."""
    for name, shows, answers in (
        (file.name, True, True), ("paper.docx", True, False), ("key.docx", False, True),
    ):  # fmt: skip
        heading = title if shows else f"{title} · 答案与解析"
        _document(file.with_name(name), rows, heading, shows, answers)


def _document(file: Path, rows: Sequence[Row], title: str, shows: bool, answers: bool) -> None:
    from docx import Document
    from docx.shared import Cm

    document = Document()
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.2)
    _fonts(document)
    document.add_heading(title, 0)
    for heading, numbered in parts(rows):
        document.add_heading(heading, 1)
        for number, row in numbered:
            for line in _lines(number, row, shows, answers):
                document.add_paragraph(line)
    _page_numbers(document)
    with atomic(file, "wb") as out:
        document.save(out)


def _lines(number: int, row: Row, shows: bool, answers: bool) -> Iterator[str]:
    """The paragraphs of one question."""
    said = row.letters if row.options else row.answer
    if shows:
        yield f"{number}. {row.question}"
        yield from (f"{letter}. {text}" for letter, text in row.options.items())
        if answers:
            yield f"答案：{said}"
    else:
        yield f"{number}. {said}"
    if answers and row.explanation:
        yield f"解析：{row.explanation}"


def _fonts(document: Any) -> None:
    """A font that holds Chinese on every system, and little space between lines."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    style = document.styles["Normal"]
    style.font.size, style.font.name = Pt(10.5), "Times New Roman"
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "SimSun")
    style.paragraph_format.space_after = Pt(2)


def _page_numbers(document: Any) -> None:
    """The page's number in the middle of the foot."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    foot = document.sections[0].footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    foot._p.append(field)
