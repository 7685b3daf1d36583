"""What to type next, so that it can be pasted as it stands."""

from __future__ import annotations

import os


def then(command: str) -> str:
    """``command`` with those variables of the present ``make`` that the next one needs too (which
    domain, run, data set, port), as far as the user gave them; ``make`` says them in
    TIKUFORGE_GIVEN."""
    return f"{command} {os.environ.get('TIKUFORGE_GIVEN', '')}".strip()
