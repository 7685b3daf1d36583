"""An Anki deck (genanki): a card a question, options in the order of the bank.

A note's identity is the question's own, so that a deck imported again brings the cards up to date
and keeps what was learnt. Braces are written as references: no text of a bank is a template.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.files import digest
from core.language import words
from core.rows import Row
from data_tools.exports import question as of

LETTERS = "ABCDEFGH"
assert len(LETTERS) == of.MOST_OPTIONS
FIELDS = ("题目", *LETTERS, "答案", "解析", "来源")
MODEL = 1_729_411_803  # this note type's number: another would be another type to Anki
_OPTIONS = "".join(f"{{{{#{x}}}}}<p>{x}. {{{{{x}}}}}</p>{{{{/{x}}}}}" for x in LETTERS)
FRONT = "<div>{{题目}}</div>" + _OPTIONS
BACK = (
    "{{FrontSide}}<hr id=answer><p><b>{{答案}}</b></p>{{#解析}}<p>{{解析}}</p>{{/解析}}"
    "<small>{{来源}}</small>"
)
STYLE = ".card {font: 18px/1.6 sans-serif; text-align: left; max-width: 40em; margin: auto}"


def refuses(row: Row) -> str:
    """Why a card cannot hold ``row``."""
    if len(row.options) > of.MOST_OPTIONS:
        return words("卡片最多 8 个选项", "a card has 8 options at most")
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``rows`` as one deck."""
    import genanki  # a third of a second

    model = genanki.Model(
        MODEL,
        "题库 TikuForge",
        fields=[{"name": field} for field in FIELDS],
        templates=[{"name": "1", "qfmt": FRONT, "afmt": BACK}],
        css=STYLE,
    )
    deck = genanki.Deck(int(digest(title)[:8], 16), title)
    for row in rows:
        options = [_html(row.options.get(letter, "")) for letter in LETTERS]
        said = row.letters if row.options else _html(row.answer)
        place = _html(f"{row.source.file} {row.source.locator}")
        fields = [_html(row.question), *options, said, _html(row.explanation), place]
        deck.add_note(genanki.Note(model, fields, guid=of.key(row)))
    genanki.Package(deck).write_to_file(str(file))


def _html(text: str) -> str:
    """``text`` as HTML in which Anki finds neither a cloze nor a sound."""
    made = of.marked_up(text).replace("{", "&#123;").replace("}", "&#125;")
    return made.replace("[sound:", "&#91;sound:")
