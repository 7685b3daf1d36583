"""Word's EQ fields, the formulas of before 2007, as LaTeX (Word's help, “Field codes: Eq”).

``\\f(1,2)`` is a fraction, ``\\r(3,x)`` a root, ``\\s\\up5(2)`` raised, ``\\b(x)`` bracketed;
``\\o`` draws over each other, which Word itself writes for ① (``\\o\\ac(○,1)``) and for a reading
above its character (``\\o\\ad(\\s\\up9(hàn),汉)``). Parts stand between commas or semicolons.
"""

from __future__ import annotations

import re

_SWITCH = re.compile(r"\\([a-z]{1,2})\s*(-?\d+)?\s*", re.I)
_FORMAT = re.compile(r'\\\*\s*("[^"]*"|\w+)\s*')  # \* jc2, \* "Font:宋体": how, not what
_CIRCLED = "⓪①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
DEEP = 20


class _Unknown(Exception):
    """A switch that is not known here."""


def latex(code: str) -> str:
    """What a field's code (``EQ \\f(1,2)``) shows: LaTeX between dollar signs, or plain characters
    where they suffice; "" for a code with a part that is not known."""
    text = _FORMAT.sub("", re.sub(r"^\s*eq\s*", "", code, flags=re.I)).strip()
    try:
        made = _text(text, 0)
    except _Unknown:
        return ""
    return f"${made}$" if "\\" in made or "{" in made else made


def _text(text: str, depth: int) -> str:
    """A stretch of a code."""
    if depth > DEEP:
        raise _Unknown
    made, at = "", 0
    while at < len(text):
        if text[at] != "\\":
            made += text[at]
            at += 1
            continue
        if text[at + 1 : at + 2] in tuple("\\,;()"):
            made += text[at + 1]
            at += 2
            continue
        names: list[str] = []
        while found := _SWITCH.match(text, at):
            names.append(found[1].lower())
            at = found.end()
        parts, at = _parts(text, at)
        made += _shape(names, [_text(part, depth + 1).strip() for part in parts], parts)
    return made


def _parts(text: str, at: int) -> tuple[list[str], int]:
    """The parts between the brackets that open at ``at``, and where they end."""
    if text[at : at + 1] != "(":
        raise _Unknown
    level, start, cuts = 0, at + 1, []
    for k in range(at, len(text)):
        if text[k - 1] == "\\" and k > at:
            continue
        level += (text[k] == "(") - (text[k] == ")")
        if level == 1 and text[k] in ",;，":
            cuts.append(text[start:k])
            start = k + 1
        if not level:
            return [*cuts, text[start:k]], k + 1
    raise _Unknown


def _shape(names: list[str], parts: list[str], raw: list[str]) -> str:
    """One switch with its parts."""
    kind = names[0] if names else ""
    if kind == "f" and len(parts) == 2:
        return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if kind == "r" and len(parts) in (1, 2):
        return (rf"\sqrt[{parts[0]}]" if parts[1:] and parts[0] else r"\sqrt") + f"{{{parts[-1]}}}"
    if kind == "s" and len(parts) == 1:
        return f"{'_' if 'do' in names else '^'}{{{parts[0]}}}"
    if kind == "b":
        return f"({','.join(parts)})"
    if kind == "x" and len(parts) == 1 and names[1:2] == ["to"]:
        return rf"\overline{{{parts[0]}}}"
    if kind == "o" and len(parts) == 2:
        if parts[0] in "○◯〇" and parts[1].isdecimal() and int(parts[1]) < len(_CIRCLED):
            return _CIRCLED[int(parts[1])]
        if re.match(r"\s*\\s\s*\\up", raw[0]):  # a reading above its character
            return parts[1]
    raise _Unknown
