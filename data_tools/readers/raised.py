"""Superscripts and subscripts as text: one convention for Word, Excel, HTML and Markdown.

Digits and the signs ``+ - = ( )`` have Unicode forms: 10⁸, SO₄²⁻. Anything else stands between
braces as in LaTeX: ``x^{n+1}``, ``E_{k}``. What holds neither letter nor digit nor sign (a raised
®, a degree ring, a space) stays as it is. So 10⁸ never becomes 108.
"""

from __future__ import annotations

from collections.abc import Iterable

UP, DOWN = "superscript", "subscript"
_SIGNS = "0123456789+-=()−–"
_FORMS = {
    UP: str.maketrans(_SIGNS, "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾⁻⁻"),
    DOWN: str.maketrans(_SIGNS, "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎₋₋"),
}
_BRACES = {UP: "^{%s}", DOWN: "_{%s}"}


def raised(text: str, how: str) -> str:
    """``text`` as superscript or subscript (``how``: :data:`UP`, :data:`DOWN`, else as it is)."""
    if how not in _FORMS:
        return text
    bare = text.strip()
    if not any(char.isalnum() or char in _SIGNS for char in bare):
        return text
    shown = bare.translate(_FORMS[how]) if set(bare) <= set(_SIGNS) else _BRACES[how] % bare
    lead = text[: len(text) - len(text.lstrip())]
    return lead + shown + text[len(lead) + len(bare) :]


def joined(pieces: Iterable[tuple[str, str]]) -> str:
    """Pieces (text, how) as one text; neighbours alike are raised together: x^{n+1}."""
    text, run, last = "", "", ""
    for piece, how in pieces:
        if how != last:
            text, run, last = text + raised(run, last), "", how
        run += piece
    return text + raised(run, last)
