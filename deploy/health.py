"""Whether a server answers, asked without any library: the light environments ask it too."""

from __future__ import annotations

import http.client
import urllib.request

from core import chat


def healthy(target: chat.Endpoint, timeout: float = 5.0) -> bool:
    """Whether ``/health`` says that the model is loaded."""
    try:
        with urllib.request.urlopen(target.root + "/health", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
