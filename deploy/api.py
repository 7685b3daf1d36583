"""Requests to a server of ours without any library: the light environments make them too."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from core import chat


def call(
    target: chat.Endpoint, route: str, body: dict[str, Any] | None = None, timeout: float = 600.0
) -> Any:
    """The JSON answer of ``route`` (not all of them are in OpenAI's protocol): POST where there is
    a ``body``. Raises what :mod:`urllib` does."""
    request = urllib.request.Request(
        target.root + route,
        json.dumps(body).encode() if body is not None else None,
        {"Authorization": f"Bearer {chat.api_key()}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def models(target: chat.Endpoint) -> list[str]:
    """The names that the server answers to."""
    return [model["id"] for model in call(target, "/v1/models", timeout=30.0)["data"]]
