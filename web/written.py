"""How text is put on the page: what is stored stands exactly as stored, what a model writes on
purpose (lists, tables, code, formulas) is drawn.

Streamlit's labels and paragraphs are always Markdown, with typographic replacements of its own
(``->``, ``--``, ``:smile:``) that no backslash stops. :func:`literal` puts an invisible
:data:`GAP` behind each sign that could begin something; ``parts/frame.js`` takes it out of the
page again, so that what is read and copied is the stored text. Where no label is needed,
:func:`web.frame.exact` shows text without Markdown at all.
"""

from __future__ import annotations

import re

GAP = "\u2063"  # invisible separator
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_SPACE = re.compile(r"\s+")


def literal(text: str) -> str:
    """One line of stored text as Markdown that shows just that text (in a label, say)."""
    return _SIGN.sub(lambda found: f"\\{found.group()}{GAP}", _SPACE.sub(" ", text).strip())


# What is left as it is: fenced and inline code; formulas in any of their four spellings.
_KEPT = re.compile(
    r"(?P<code>^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n.*?(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*$|\Z)"
    r"|(?P<tick>`+)(?!`).+?(?<!`)(?P=tick)(?!`))"
    r"|\\\[(?P<block>.+?)\\\]|\\\((?P<inline>[^\n]+?)\\\)"
    r"|\$\$(?P<dollars>.+?)\$\$|(?<![\w$\\])\$(?=[^\s$])(?P<dollar>[^\n$]*?[^\s$\\])\$(?![\w$])",
    re.DOTALL | re.MULTILINE,
)
_DANGEROUS = re.compile(r"\\(?:href|url|includegraphics|html\w*)\b")  # fetch, or link elsewhere
_RULE = re.compile(r"^(?=.*-)[\s|:-]*\|[\s|:-]*$")  # under a table's head
_BLOCK = re.compile(r"\s{0,8}(?:[-*+]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|>\s+)+|\s*\|")
_STRONG = re.compile(r"(?<!\*)(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?!\*)")


def markdown(text: str) -> str:
    """What a model wrote as Markdown that fetches nothing, hides nothing and loses nothing: lists,
    tables, code and formulas are drawn; ``3~5天``, ``2*3*4``, ``__init__`` and ``>60`` stay; no
    pictures, no links under other words, no badges of its own; lines break where it broke them."""
    made, at = [], 0
    for found in _KEPT.finditer(text):
        made += [_prose(text[at : found.start()]), _kept(found)]
        at = found.end()
    return "".join([*made, _prose(text[at:])])


def spans(text: str) -> list[tuple[int, int]]:
    """Where code and formulas stand in ``text``."""
    return [found.span() for found in _KEPT.finditer(text)]


def _kept(found: re.Match[str]) -> str:
    """Code as it is; a formula in the one spelling that is drawn."""
    if found["code"]:
        return found["code"]
    block = found["block"] or found["dollars"]
    body = (block or found["inline"] or found["dollar"]).strip()
    if _DANGEROUS.search(body) or not body:
        return literal(found.group())
    return f"\n\n$$\n{body}\n$$\n\n" if block else f"${body}$"


def _prose(text: str) -> str:
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    """One line, or a part of one beside code or a formula."""
    if _RULE.match(line) or not line.strip():
        return line
    if set(line.strip()) <= set("-=_* "):  # no rule, and no heading out of the line before
        return literal(line)
    begin = _BLOCK.match(line)
    head, rest = (begin.group(), line[begin.end() :]) if begin else ("", line)
    rest = _inline(rest)
    if not head and rest.lstrip()[:1] in ">#":
        rest = f"\\{rest.lstrip()}"
    return head + rest + ("" if head.endswith("|") else "  ")


def _inline(text: str) -> str:
    """Emphasis is kept, but for a star between two words or figures (2*3*4)."""
    made, at = [], 0
    for found in _STRONG.finditer(text):
        stars, inside = found.groups()
        near = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
        if len(stars) == 1 and any(re.match(r"\w", one) for one in near):
            continue
        made += [_signs(text[at : found.start()]), stars, _signs(inside), stars]
        at = found.end()
    return "".join([*made, _signs(text[at:])])


def _signs(text: str) -> str:
    """Prose in which no sign means anything; a bare address stays one, for it shows what it is."""
    text = re.sub(r"[\\`*_{}\[\]<~$!]", lambda found: f"\\{found.group()}", text)
    text = re.sub(r"&(?=#?\w+;)", r"\\&", text)
    text = re.sub(r"(?<=[-<>])(?=[-=>])|(?<=~)(?==)", GAP, text)  # Streamlit's → — ≥ ≈
    return re.sub(r":(?=[a-z+_\d-])(?!//)", f"\\\\:{GAP}", text)
