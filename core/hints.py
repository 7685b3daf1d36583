"""What to type next, so that it can be pasted as it stands, and what was meant by a typo."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from core.language import words


def then(command: str) -> str:
    """``command`` with those variables of the present ``make`` that the next one needs too (which
    domain, run, data set, port), as far as the user gave them; ``make`` says them in
    TIKUFORGE_GIVEN."""
    return f"{command} {os.environ.get('TIKUFORGE_GIVEN', '')}".strip()


def nearest(word: str, known: Iterable[str]) -> str:
    """``: did you mean …?`` for the known word nearest to ``word``, where one is near."""
    known = list(known)
    same = [one for one in known if one.lower() == word.lower()]
    close = same or difflib.get_close_matches(word, known, 1, cutoff=0.6)
    return f": {words('是不是', 'did you mean')} {close[0]}?" if close else ""
