"""Another project's questions and answers through the screen, as far as it needs no text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import sha256, shown
from core.findings import Finding
from core.language import words
from data_tools import books, formats
from data_tools.generate import rows, run, screen
from data_tools.generate.screen import Pair
from data_tools.generate.settings import Settings
from data_tools.generate.support import Commonness

NINE = 9  # answers taken together as one chunk, about 2,000 characters in a real list


def screened(path: Path, settings: Settings, out: Path) -> dict[str, Any]:
    """Screen imported pairs by all that needs no text, and write them as generated rows."""
    if not path.is_file():
        raise UserError(f"{shown(path)}: {words('没有这个文件', 'no such file')}")
    pairs: list[Pair] = []
    dropped: list[dict[str, Any]] = []
    text = run.Text(path.name, sha256(path), books.Book(""), [])

    def drop(at: int, end: int, reason: str, said: str) -> None:
        place = {"file": text.name, "locator": f"c:{at}-{end}"}
        dropped.append({**place, "reason": Finding.of(reason).json(), "text": said})

    for at, raw, record in formats.objects(path):
        turns = formats.turns(record) if isinstance(record, dict) else []
        if turns:
            pairs.append(Pair(turns[0].question, turns[0].answer, at, at + len(raw), raw))
        else:
            drop(at, at + len(raw), "no-question", raw)
    answers = [pair.answer for pair in pairs]
    common = Commonness("\n".join(answers[i : i + NINE]) for i in range(0, len(answers), NINE))
    good: list[Pair] = []
    for pair in pairs:
        said = f"{pair.question} -> {pair.answer}"
        reason = screen.of_question(pair.question, common)
        reason = reason or screen.of_answer(pair, settings.longest)
        if reason:
            drop(pair.start, pair.end, reason, said)
        else:
            good.append(pair)
    outcome = run.Outcome(pairs=good)
    kept, more = run.settle([text], [[outcome]], settings)
    dropped.extend(more)
    source = {"file": text.name, "sha256": text.sha256}
    card = {"pairs": len(kept), "dropped": len(dropped), "reasons": run.codes(dropped)}
    rows.write(out, kept, dropped, {**card, "sources": [source]})
    return card
