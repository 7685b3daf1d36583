"""Whether a server answers, asked without any library: the light environments ask it too."""

from __future__ import annotations

import http.client
import urllib.request


def healthy(url: str) -> bool:
    """Whether a server's ``/health`` says that it can answer: 200 alone (503: it loads, or its loop
    hangs)."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, http.client.HTTPException):
        return False
