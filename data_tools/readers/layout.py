"""Lines to questions."""

from __future__ import annotations

from collections.abc import Iterator

from core.rows import Row, Source
from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import arrows
from data_tools.readers.blocks import Line


def rows(lines: list[Line], name: str, sha: str, ledger: Ledger) -> Iterator[Row]:
    """Read the questions of ``lines``; what is none goes into the ledger with its reason."""
    report = SourceReport(name, sha)
    arrow = arrows.usual(lines)
    for line in lines:
        text = line.text
        if not text or text.isspace():
            continue
        pair = arrows.split(text, arrow) or arrows.split(text)
        if not pair:
            ledger.add(name, line.loc, "no-question", text)
        elif not all(pair):
            report.lost += 1
            ledger.add(name, line.loc, "no-question" if not pair[0] else "no-answer", text)
        else:
            report.questions += 1
            stem, answer = pair
            kind = "multiple" if "选" in text and arrows.MULTIPLE.search(stem) else "qa"
            yield Row(stem, answer, Source(name, sha, line.loc, text.strip()), kind)
    ledger.sources.append(report)
