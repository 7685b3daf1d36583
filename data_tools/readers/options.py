"""The options of a line: ``B. 乙  C. 丙``, or those that follow a stem on its own line."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

STARTS = 24  # places looked at where the options of a line may begin, the last ones
OPTION_START = re.compile(
    r"\s*+(?:(?P<mark>[*★☆√☑●◉■×]|\[\s*+[xX√]\s*+\])\s*+)?(?:[□○◯☐]\s*+)?"
    r"(?:[(\[]\s*(?P<a>[A-Za-z])\s*[)\]]\s*[、.:]?|(?:选项\s*)?(?P<b>[A-Za-z])\s*[、.:)\],，](?![a-z]\.)"
    r"|(?P<c>[A-Z])(?=\s+\S)|(?P<d>[A-Z])(?=[^\x00-\x7f]))\s*"
)


# Between two options, it belongs to the nearer one; in the middle a tick to the one before it.
_MARK = re.compile(r"(?<!\s)(\s{0,48})([*★☆√☑●])(\s{0,48})$")


@dataclass(slots=True)
class Option:
    """An option found in a line: its letter, where its marker and its text begin, where it ends."""

    letter: str
    marker: int
    start: int
    end: int
    style: str
    marked: bool = False


def chain(plain: str, start: int, end: int) -> list[Option]:
    """The options of a line that begins with one: ``B. 乙  C. 丙``; empty where it does not."""
    first = OPTION_START.match(plain, start, end)
    if not first:
        return []
    style = next(name for name in "abcd" if first.group(name))
    letter = first.group(style)
    if letter.islower() and style in "cd":
        return []
    found = [
        Option(letter.upper(), first.start(), first.end(), end, style, bool(first.group("mark")))
    ]
    lower = letter.islower()
    while len(found) < 12 and found[-1].letter < "Z":
        last = found[-1]
        following = chr(ord(last.letter) + 1)
        tight = len(found) > 1 and plain[last.marker - 1] not in " ;；"
        sign = following.lower() if lower else following
        match = _next(plain, sign, style, last.start, end, tight)
        if match is None:
            break
        last.end = match.start()
        mark = _MARK.search(plain, last.start, last.end)
        ahead = mark is not None and len(mark[3]) - (mark[2] != "√") < len(mark[1])
        found.append(Option(following, match.start(), match.end(), end, style, ahead))
        if mark and ahead:
            last.end = mark.start()
    return found


def _next(
    plain: str, letter: str, style: str, start: int, end: int, tight: bool = False
) -> re.Match[str] | None:
    """The marker of the next option after ``start``: one after a space, else any. ``tight`` says
    that the options before it stand without a space between them."""
    shape = {
        "a": rf"[(\[]\s*{letter}\s*[)\]]\s*[、.:]?\s*",
        "b": rf"(?<![A-Za-z0-9.]){letter}\s*[、.:)\],，]\s*",
        "c": rf"(?<=\s){letter}\s+(?=\S)",
        "d": rf"(?<=\s){letter}(?=[^\x00-\x7f])",
    }[style]
    any_match = None
    for match in re.compile(shape).finditer(plain, start + (1 if style in "ab" else 0), end):
        if style == "b" and ")" in match.group() and _opened(plain, start, match.start()):
            continue  # CH(H,E)=0
        if match.start() > 0 and plain[match.start() - 1] in " ;；":
            return match
        any_match = any_match or match
    if any_match is None and style == "b":  # A、甲  B 乙
        any_match = re.compile(rf"(?<=\s\s){letter}(?:\s+(?=\S)|(?=[^\x00-\x7f]))").search(
            plain, start, end
        )
    if any_match is None and style == "b":  # A.1B.2C.3
        any_match = re.compile(rf"(?<=\d){letter}\s*[、.]\s*").search(plain, start + 1, end)
    if any_match is None and style == "b" and tight:  # A.甲B.TCP/IPC.丙
        any_match = re.compile(rf"(?<=[A-Za-z]){letter}[、.](?![A-Za-z])").search(
            plain, start + 1, end
        )
    if any_match is None and style == "d":  # A音频 BWord C压缩
        any_match = re.compile(rf"(?<=\s){letter}(?=[A-Z0-9])").search(plain, start, end)
    return any_match


def _opened(plain: str, start: int, end: int) -> bool:
    """Whether a bracket is open where ``end`` is."""
    near = plain[max(start, end - 200) : end]
    return near.count("(") > near.count(")")


def _balanced(text: str) -> bool:
    """Whether every bracket in ``text`` is closed."""
    return text.count("(") == text.count(")") and text.count("[") == text.count("]")


def inline(plain: str, start: int, end: int) -> list[Option]:
    """The options that follow a stem on its own line: the longest chain from A, the last such."""
    best: list[Option] = []
    starts = re.finditer(
        r"(?<![A-Za-z0-9])(?:[(\[]\s*+)?[Aa]\s*+[、.:)\]]|(?<=\s)A(?=\s+\S|[^\x00-\x7f])",
        plain[:end],
    )
    for found in deque(starts, STARTS):
        if found.start() <= start:
            continue
        options = chain(plain, found.start(), end)
        texts = [plain[o.start : o.end] for o in options]
        filled = all(t.strip(" ,、;；.。()[]?") and _balanced(t) for t in texts)
        if len(options) >= max(2, len(best)) and options[0].letter == "A" and filled:
            if options[0].style in "cd" and len(options) < 3:
                continue
            best = options
    return best
