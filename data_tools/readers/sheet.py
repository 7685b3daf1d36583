"""Workbooks to rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from core.rows import Row, Source
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import cells

STEM = ("题干", "题目", "试题", "问题", "column1", "question", "stem")
ANSWER = ("正确答案", "参考答案", "答案", "column2", "answer")


def rows(path: Path, name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """Read two-column banks: a header row where there is one, stem and answer in two columns."""
    report = SourceReport(name, sha)
    book = load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        columns: tuple[int, int] | None = None
        for r, row in enumerate(sheet.iter_rows(), 1):
            shown = [cells.shown(c.value, c.number_format) for c in row]
            texts = [text for text, _ in shown]
            if columns is None:
                lower = [text.strip().lower() for text in texts]
                stems = [i for i, t in enumerate(lower) if t in STEM]
                answers = [i for i, t in enumerate(lower) if t in ANSWER]
                columns = (stems[0], answers[0]) if stems and answers else (0, 1)
                if stems and answers:
                    continue
            s, a = columns
            stem, answer = (texts[i].strip() if i < len(texts) else "" for i in (s, a))
            loc = f"{sheet.title}!{get_column_letter(s + 1)}{r}"
            if stem and answer:
                report.questions += 1
                flags = [flag for i in (s, a) for flag in shown[i][1]]
                yield Row(stem, answer, Source(name, sha, loc, texts[s]), flags=flags)
            elif stem or answer:
                report.lost += 1
                ledger.add(name, loc, "no-answer" if stem else "no-question", stem + answer)
    ledger.sources.append(report)
