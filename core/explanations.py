"""An answer with its explanation, in either order, and the two taken apart again.

``make data EXPLAIN=first|after`` lets rows answer so; whoever wants the answer alone (the scorer,
retrieval, the page) takes it out of what a row or a model says.
"""

from __future__ import annotations

import re

NONE, FIRST, AFTER = ("none", "first", "after")
REASON, ANSWER = "解析：", "答案："

_FIRST = re.compile(r"\s*解析[:：](.*)\n\s*答案[:：]\s*(.*)", re.DOTALL)
_AFTER = re.compile(r"(.*?)\n\s*解析[:：](.*)", re.DOTALL)


def explained(answer: str, explanation: str, order: str) -> str:
    """``answer`` with ``explanation`` before or after it; alone where there is none, or for any
    other ``order``."""
    if explanation and order == FIRST:
        return f"{REASON}{explanation}\n{ANSWER}{answer}"
    return f"{answer}\n{REASON}{explanation}" if explanation and order == AFTER else answer


def parted(text: str) -> tuple[str, str]:
    """The explanation and the answer that ``text`` consists of; of a text in neither order (an
    explanation without an answer is none), no explanation and the text."""
    if match := _FIRST.fullmatch(text):
        return match[1].strip(), match[2].strip()
    if match := _AFTER.fullmatch(text):
        return match[2].strip(), match[1].strip()
    return "", text


def answer_of(text: str) -> str:
    """What ``text`` answers, without an explanation."""
    return parted(text)[1]
