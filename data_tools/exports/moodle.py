"""Moodle's XML, every text declared as plain: Moodle shows it as it is, signs and lines kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from core.files import atomic
from core.rows import Row
from data_tools.exports import question as of
from data_tools.exports.gift import SHORT, share

PLAIN = "plain_text"


def refuses(row: Row) -> str:
    """Moodle's XML holds every question of ours."""
    return ""


def write(file: Path, rows: Sequence[Row], title: str) -> None:
    """Write ``rows`` under one category."""
    quiz = etree.Element("quiz")
    group = etree.SubElement(quiz, "question", type="category")
    _text(group, "category", f"$course$/top/{title.replace('/', '//')}")
    for row in rows:
        quiz.append(_question(row))
    with atomic(file, "wb") as out:
        etree.ElementTree(quiz).write(out, xml_declaration=True, encoding="UTF-8")


def _text(parent: Any, tag: str, text: str, **about: str) -> Any:
    made = etree.SubElement(parent, tag, about)
    etree.SubElement(made, "text").text = text
    return made


def _question(row: Row) -> Any:
    kind = _kind(row)
    made = etree.Element("question", type=kind)
    _text(made, "name", of.name(row))
    _text(made, "questiontext", row.question, format=PLAIN)
    _text(made, "generalfeedback", row.explanation, format=PLAIN)
    etree.SubElement(made, "defaultgrade").text = "1"
    etree.SubElement(made, "idnumber").text = of.key(row)
    if kind == "multichoice":
        _options(made, row)
    elif kind == "truefalse":
        right = of.verdict(row)
        for said in (True, False):
            worth = "100" if said == right else "0"
            _text(made, "answer", str(said).lower(), fraction=worth, format="moodle_auto_format")
    elif kind == "shortanswer":
        etree.SubElement(made, "usecase").text = "0"
        _text(made, "answer", row.answer, fraction="100", format=PLAIN)
    else:
        etree.SubElement(made, "responseformat").text = "editor"
        _text(made, "graderinfo", row.answer, format=PLAIN)
    return made


def _kind(row: Row) -> str:
    if row.options:
        return "multichoice"
    if of.verdict(row) is not None:
        return "truefalse"
    return "essay" if "\n" in row.answer or len(row.answer) > SHORT else "shortanswer"


def _options(made: Any, row: Row) -> None:
    single = of.one_right(row)
    etree.SubElement(made, "single").text = str(single).lower()
    etree.SubElement(made, "shuffleanswers").text = "false"
    etree.SubElement(made, "answernumbering").text = "ABCD"
    worth = "100" if single else share(len(row.letters) or 1)
    wrong = "0" if single else "-100"
    for letter, text in row.options.items():
        fraction = worth if letter in row.letters else wrong
        _text(made, "answer", text, fraction=fraction, format=PLAIN)
