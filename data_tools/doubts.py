"""Doubts about a row's text that a person should see: personal data, invisible characters."""

from __future__ import annotations

import re

from core.findings import Finding
from core.rows import Row

_ANY = re.compile(r"1[3-9]\d[- ]?\d{4}|\d{17}|@\w")
# Mainland mobile numbers (prefixes 13-19, with or without +86 and separators) and e-mail addresses.
_PHONE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\d.])")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, check digit
_UNSEEN = re.compile(r"[\x7f-\x84\x86-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")


def identity(number: str) -> bool:
    """Whether 18 characters are a valid resident identity number (GB 11643-1999 check digit)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return number[-1].upper() == "10X98765432"[total % 11]


def doubts(row: Row) -> list[Finding]:
    """The flags that the text of ``row`` earns."""
    text = f"{row.prompt()}\n{row.answer}\n{row.explanation}"
    found: list[Finding] = []
    if unseen := _UNSEEN.search(text):
        found.append(Finding("invisible", f"U+{ord(unseen[0]):04X}"))
    if _ANY.search(text):
        if _PHONE.search(text):
            found.append(Finding("pii-phone"))
        if any(identity(number) for number in _ID.findall(text)):
            found.append(Finding("pii-id"))
        if _MAIL.search(text):
            found.append(Finding("pii-mail"))
    return found
