"""A choice question: its right answer written out, and its options in other orders."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

# Options that speak of others stand where they are: 以上都对, A和B, all of the above, 前两项.
_OTHERS = re.compile(
    r"以上|上述|上面|前[两二三]|其余|都[不是对错]|皆|均|(?<![A-Za-z])[A-H](?![A-Za-z])|"
    r"\b(?:above|both|neither|either|none of|all of)\b",
    re.IGNORECASE,
)


def chosen(letters: str, options: Mapping[str, str]) -> str:
    """The answer to a choice as the model should say it: each letter with its text."""
    return "；".join(f"{letter}. {options[letter]}" for letter in letters if letter in options)


def reordered(
    options: Mapping[str, str], right: str, count: int, pick: random.Random
) -> Iterator[tuple[dict[str, str], str]]:
    """Up to ``count`` other orders of ``options``, each with the letters that are ``right`` then;
    none where an option speaks of others."""
    letters, texts = list(options), list(options.values())
    if any(map(_OTHERS.search, texts)) or len(texts) < 2:
        return
    seen = {tuple(texts)}
    for _ in range(4 * count):
        order = pick.sample(range(len(texts)), len(texts))
        made = {letter: texts[old] for letter, old in zip(letters, order, strict=True)}
        if tuple(made.values()) in seen:
            continue
        seen.add(tuple(made.values()))
        yield (
            made,
            "".join(new for new, old in zip(letters, order, strict=True) if letters[old] in right),
        )
        if len(seen) > count:
            return
