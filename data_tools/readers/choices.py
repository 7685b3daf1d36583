"""The options that one cell holds: a line each, after letters, between separators, as a list."""

from __future__ import annotations

import ast
import re

from data_tools.readers import items as it
from data_tools.readers import patterns as pt

_HARD = (
    r"\n+",
    r"\$;\$|\$\$",
    r"\|+",
    r"｜+",
    r"#{2,}",
    r"@@",
)  # never part of an option
_LIST = (
    r"(?<=[^\s$])\$(?=[^\s$])",
    r"\s*[;；]\s*",
    r"\t+",
    r"\s{2,}",
    r"#",
    r"\s*[，,、]\s*",
    r"\s+",
)


def unlettered(text: str, letter: str) -> str:
    """``A.甲`` in the column of A is 甲."""
    found = re.match(rf"\s*[(\[]?{letter}\s*[、.:)\]]\s*", pt.plain(text), re.I)
    return text[found.end() :].strip() if found and found.end() < len(text) else text.strip()


def listed(text: str, already: int = 0, alone: bool = False) -> dict[str, str]:
    """Options in one cell: by their letters, else cut at the separator that the cell uses.
    ``alone`` says that each cell holds one option, the next after ``already``."""
    letter = chr(65 + already)
    if alone or already:
        return {letter: text.strip()}
    written = _literal(text)
    if written:
        return written
    hard = next((sign for sign in _HARD if len(re.findall(sign, text.strip())) > 0), "")
    lines = [line.strip() for line in re.split(hard, text.strip()) if line.strip()] if hard else []
    if len(lines) > 1:
        found = [it.chain(pt.plain(line), 0, len(line)) for line in lines]
        signs = "".join(option.letter for chain in found for option in chain)
        if all(found) and signs == "ABCDEFGHIJKL"[: len(signs)]:
            return {
                o.letter: _trimmed(line[o.start : o.end])
                for line, chain in zip(lines, found, strict=True)
                for o in chain
            }
        dashed = [re.match(r"\s*([A-L])\s*[-_—]\s*(?=\S)", line) for line in lines[:12]]
        if all(dash and dash.group(1) == chr(65 + k) for k, dash in enumerate(dashed)):
            lines = [line[dash.end() :] for line, dash in zip(lines, dashed, strict=False) if dash]
        return {chr(65 + k): line for k, line in enumerate(lines[:12])}
    plain = pt.plain(text)
    chain = it.chain(plain, 0, len(plain))
    if len(chain) > 1 and chain[0].letter == "A" and (chain[0].style in "ab" or len(chain) > 2):
        return {o.letter: _trimmed(text[o.start : o.end]) for o in chain}
    for separator in _LIST:
        pieces = [piece.strip() for piece in re.split(separator, text.strip()) if piece.strip()]
        if 2 <= len(pieces) <= 12:
            return {chr(65 + k): unlettered(piece, chr(65 + k)) for k, piece in enumerate(pieces)}
    return {"A": text.strip()}


def unwrapped(text: str) -> str:
    """An answer that a program wrote as a list (``['甲', '乙']``) as its texts."""
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] != "[]" or len(stripped) > 5000 or stripped[1:2] not in "'\"]":
        return text
    try:
        value = ast.literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    parts = [str(part).strip() for part in value]
    return (
        "".join(parts)
        if all(len(part) == 1 and part.isascii() for part in parts)
        else "；".join(parts)
    )


def _literal(text: str) -> dict[str, str]:
    """Options that a database wrote as a list or a mapping: ``["甲", "乙"]``, ``{"A": "甲"}``."""
    stripped = text.strip()
    if stripped[:1] + stripped[-1:] not in ("[]", "{}") or len(stripped) > 5000:
        return {}
    try:
        value = ast.literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {}
    if isinstance(value, dict) and set(map(str, value)) <= set("ABCDEFGHIJKL"):
        return {str(letter): str(text) for letter, text in value.items()}
    if isinstance(value, list):
        value = [next(iter(x.values()), "") if isinstance(x, dict) else x for x in value]
    if isinstance(value, list) and 2 <= len(value) <= 12 and all(isinstance(x, str) for x in value):
        return {chr(65 + k): unlettered(x, chr(65 + k)) for k, x in enumerate(value)}
    return {}


def _trimmed(text: str) -> str:
    """An option without the separator after it."""
    return text.strip().rstrip(";；,，|、").strip()
