"""One question of Moodle's XML (docs.moodle.org, "Moodle XML format")."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from core.findings import Finding
from data_tools.interchange import gift
from data_tools.interchange.made import NO_ANSWER, Plain, Question, judged

BLANK = "____"
_CLOZE = re.compile(r"\{\d*:(\w+):((?:\\.|[^}\\])*)\}")
_SLOT = re.compile(r"\[\[(\d+)\]\]")


def _text(element: Any, path: str) -> str:
    found = element.find(path)
    return _said(found) if found is not None else ""


def _said(element: Any) -> str:
    """The text of an element, in the format that it declares."""
    said = element.findtext("text") or ""
    return Plain(said) if element.get("format") == "plain_text" else said


def _fraction(answer: Any) -> float:
    try:
        return float(answer.get("fraction", "0"))
    except ValueError:
        return 0.0


def question(element: Any) -> Question | str:
    """The question of a ``question`` element, or why it is none."""
    kind = element.get("type", "")
    if kind in ("category", "description"):
        return Finding("heading", kind) if kind == "category" else "no-question"
    shape = _SHAPES.get(kind)
    if shape is None:
        return f"{NO_ANSWER}: {kind}"
    made = Question(_text(element, "questiontext"), explanation=_text(element, "generalfeedback"))
    answers = element.findall("answer")
    return shape(made, element, answers)


def _choice(made: Question, element: Any, answers: list[Any]) -> Question | str:
    single = (element.findtext("single") or "true").strip().lower() in ("true", "1")
    made.options = [_said(answer) for answer in answers]
    worth = [_fraction(answer) for answer in answers]
    best = max(worth, default=0)
    made.right = [k for k, w in enumerate(worth) if w > 0 and (w == best or not single)]
    made.kind = "single" if single else "multiple"
    return made


def _judge(made: Question, element: Any, answers: list[Any]) -> Question | str:
    best = max(answers, key=_fraction, default=None)
    said = (best.findtext("text") or "").strip().lower() if best is not None else ""
    if said not in ("true", "false"):
        return NO_ANSWER
    made.said, made.kind = judged(said == "true", made.stem), "judge"
    return made


def _short(made: Question, element: Any, answers: list[Any]) -> Question | str:
    best = max(answers, key=_fraction, default=None)
    if best is None or _fraction(best) <= 0:
        return NO_ANSWER
    made.said = _said(best)
    return made


def _match(made: Question, element: Any, answers: list[Any]) -> Question | str:
    pairs = [
        (pair.findtext("text") or "", _text(pair, "answer")) for pair in element.iter("subquestion")
    ]
    made.said = "；".join(f"{left} → {right}" for left, right in pairs if left.strip())
    return made


def _essay(made: Question, element: Any, answers: list[Any]) -> Question | str:
    said = _text(element, "graderinfo")
    if not said.strip():
        return NO_ANSWER
    made.said = said
    return made


def _cloze(made: Question, element: Any, answers: list[Any]) -> Question | str:
    said: list[str] = []

    def blank(found: re.Match[str]) -> str:
        inner = gift.question(f"{{{found[2] if found[2][:1] in '=~%' else '~' + found[2]}}}")
        if isinstance(inner, Question):
            said.append(inner.said or "；".join(inner.options[k] for k in inner.right))
        return BLANK

    made.stem = _CLOZE.sub(blank, made.stem)
    made.said = "；".join(said)
    return made


def _slots(made: Question, element: Any, answers: list[Any]) -> Question | str:
    boxes = [b.findtext("text") or "" for b in element if b.tag in ("dragbox", "selectoption")]
    order = [int(number) - 1 for number in _SLOT.findall(made.stem)]
    if not order or any(not 0 <= k < len(boxes) for k in order):
        return NO_ANSWER
    made.stem, made.said = _SLOT.sub(BLANK, made.stem), "；".join(boxes[k] for k in order)
    return made


_SHAPES: dict[str, Callable[[Question, Any, list[Any]], Question | str]] = {
    "multichoice": _choice, "truefalse": _judge, "shortanswer": _short, "numerical": _short,
    "matching": _match, "match": _match, "essay": _essay, "cloze": _cloze, "multianswer": _cloze,
    "ddwtos": _slots, "gapselect": _slots,
}  # fmt: skip
