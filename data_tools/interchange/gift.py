"""Moodle's GIFT (docs.moodle.org, "GIFT format"): questions between blank lines, answers in braces.

``::title:: stem {=right ~wrong}``, ``{T}``, ``{#3.14:0.01}``, ``{=a -> b}``, ``{~%50%half}``,
``{}`` for an essay, text behind the braces for a missing word; ``\\`` before ``~ = # { } :`` takes
their meaning away. Feedback (``#``) is left out, general feedback (``####``) is the explanation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.files import sha256
from core.rows import Row
from data_tools.interchange.made import NO_ANSWER, NO_QUESTION, Plain, Question, Taker, judged
from data_tools.ledger import Ledger
from data_tools.readers.how import USUAL, How
from data_tools.readers.text import decoded

BLANK = "____"
_BLOCK = re.compile(r"(?:^[^\S\n]*\S[^\n]*(?:\n|$))+", re.M)
_TITLE = re.compile(r"\s*::((?:[^:\\]|\\.|:(?!:))*)::")
_FORMAT = re.compile(r"\s*\[(html|plain|markdown|moodle)\]", re.I)
_SPECIAL = re.compile(r"\\([~=#{}:\\n ])")
_HELD = {char: chr(0xE000 + k) for k, char in enumerate("~=#{}:\\n ")}  # private use: no sign here
_FREED = {held: "\n" if char == "n" else char for char, held in _HELD.items()}
_JUDGED = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?$", re.S | re.I)
_CHOICE = re.compile(r"([~=])\s*(?:%(-?[\d.,]+)%)?((?:[^~=])*)")
_ANSWERS = re.compile(r"\s*(?:$|[#=~]|(?:T|TRUE|F|FALSE)\s*(?:#|$))", re.I)


def is_gift(text: str) -> bool:
    """Whether at least half of a text's blocks end in an answer as GIFT writes it."""
    blocks = [one for one in _blocks(text) if one[2]][:60]
    marked = 0
    for _, _, body in blocks[: len(blocks) - 1 or 1]:  # the last may be cut off
        held = _held(body)
        start, end = held.find("{"), held.rfind("}")
        marked += 0 <= start < end and bool(_ANSWERS.match(held[start + 1 : end]))
    return marked > 0 and 2 * marked >= min(len(blocks), 59)


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, text without comments and settings) of what stands between blank lines."""
    for found in _BLOCK.finditer(text.replace("\r", " ")):
        lines = found[0].split("\n")
        body = [x for x in lines if not x.lstrip().startswith(("//", "$CATEGORY", "$category"))]
        start = found.start()
        for line in lines:  # the question begins behind its comments
            if line.strip() and not line.lstrip().startswith(("//", "$CATEGORY", "$category")):
                break
            start += len(line) + 1
        yield start, found.end(), "\n".join(body).strip()


def _held(text: str) -> str:
    """``text`` with escaped signs put out of the way."""
    return _SPECIAL.sub(lambda found: _HELD[found[1]], text)


def _freed(text: str) -> str:
    """``text`` with the signs that were put out of the way."""
    return "".join(_FREED.get(char, char) for char in text).strip()


@dataclass
class Parts:
    """A question cut into what stands before, in and behind its braces, and what its texts are: a
    format named before the stem is that of its answers too."""

    before: str
    inside: str | None
    behind: str
    text: type[str] = str


def parted(body: str) -> Parts:
    """A block's parts, its title gone. Braces within the answers are escaped in GIFT."""
    held = _TITLE.sub("", _held(body), count=1)
    named = _FORMAT.match(held)
    text = Plain if named and named[1].lower() == "plain" else str
    held = held[named.end() :] if named else held
    start = held.find("{")
    end = held.find("}", start)
    if start < 0 or end < 0:
        return Parts(held, None, "", text)
    return Parts(held[:start], held[start + 1 : end], held[end + 1 :], text)


def question(body: str) -> Question | str:
    """The question of a block, or the reason why it is none."""
    parts = parted(body)
    if parts.inside is None:
        return NO_QUESTION
    inside, _, general = parts.inside.partition("####")
    stem = parts.before.rstrip()
    if parts.behind.strip():
        joint = "" if not stem or stem[-1] > "\x7f" else " "
        tail = parts.behind if parts.behind[:1] > "\x7f" else parts.behind.strip("\n")
        stem = f"{stem}{joint}{BLANK}{tail if joint or parts.behind[:1].strip() else tail.strip()}"
    made = Question(parts.text(_freed(stem)), explanation=parts.text(_freed(general)))
    if found := _JUDGED.fullmatch(inside):
        made.said = judged(found[1][0].upper() == "T", made.stem)
        made.kind = "judge"
    elif inside.lstrip().startswith("#"):
        made.said = _number(inside.strip()[1:])
    elif not inside.strip():
        return NO_ANSWER
    else:
        _chosen(made, inside)
        made.said = parts.text(made.said)
        made.options = [parts.text(option) for option in made.options]
    return made


def _number(text: str) -> str:
    """The best of numeric answers: a number, or a range. Tolerances are left out."""
    found = [(w, a) for sign, w, a in _CHOICE.findall(text) if sign == "="]
    best = max(found, key=lambda one: float(one[0] or 100)) if found else ("", text)
    return _freed(best[1].partition("#")[0]).partition(":")[0].strip()


def _chosen(made: Question, inside: str) -> None:
    """Options, short answers or pairs, as the answers are written."""
    found = [
        (sign, weight, _FORMAT.sub("", told.partition("#")[0], count=1))
        for sign, weight, told in _CHOICE.findall(inside)
    ]
    if not any(sign == "~" for sign, _, _ in found):
        pairs = [told.partition("->") for _, _, told in found if "->" in told]
        if pairs and len(pairs) == len(found):
            made.said = "；".join(
                f"{_freed(left)} → {_freed(right)}" for left, _, right in pairs if left.strip()
            )
            return
        best = max(found, key=lambda one: _weight(one[1]), default=("", "", ""))
        made.said = _freed(best[2])
        return
    made.options = [_freed(told) for _, _, told in found]
    made.right = [
        k for k, (sign, weight, _) in enumerate(found)
        if (sign == "=" and _weight(weight) > 0) or (sign == "~" and weight and _weight(weight) > 0)
    ]  # fmt: skip
    if any(sign == "=" for sign, _, _ in found):  # one right answer; half-right ones are not it
        made.right = [k for k in made.right if found[k][0] == "="]


def _weight(text: str) -> float:
    try:
        return float(text.replace(",", ".")) if text else 100.0
    except ValueError:
        return 0.0


def read(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of a GIFT file; locators are characters of its text."""
    text = decoded(path, name, how.encoding)
    taker = Taker(name, sha256(path), ledger)
    for start, end, body in _blocks(text):
        if not body:
            continue
        said = text[start:end].strip()
        place = f"c:{start}-{start + len(said)}"
        made = question(body)
        if isinstance(made, str):
            if made == NO_QUESTION:
                ledger.add(name, place, made, said)
            else:
                taker.lost(place, made, said)
            continue
        yield from taker.row(made, place, said)
    taker.done()
