"""The journal of answers: what a model was asked and said, one line each, written at once.

A question whose answer stands here is never asked again, whether the run was killed, the question
set grew, or only the scoring changed. One file per model (its name carries the hash of the
weights).
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import Any

from core.files import digest

Messages = list[dict[str, str]]


def key(messages: Messages, max_tokens: int, temperature: float = 0.0) -> str:
    """What makes two requests to one model the same request."""
    return digest(messages, max_tokens, temperature)[:24]


class Journal:
    """Append-only JSON lines at ``path``; reading forgives a last line that kill -9 cut short."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._known: dict[str, dict[str, Any]] = {}
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            for line in text.splitlines():
                try:
                    entry = json.loads(line)
                    self._known[entry["key"]] = entry
                except (json.JSONDecodeError, KeyError, TypeError):
                    continue
            if text and not text.endswith("\n"):
                with path.open("a", encoding="utf-8") as out:
                    out.write("\n")

    def __len__(self) -> int:
        return len(self._known)

    def get(self, request: str) -> dict[str, Any] | None:
        """The entry for a :func:`key`, or None: not asked yet."""
        return self._known.get(request)

    def add(self, request: str, entry: dict[str, Any]) -> None:
        """Remember an answer: ``answer``, ``finish`` (OpenAI's finish_reason), ``seconds``,
        ``tokens`` (generated; None where the server does not say). Safe from several threads."""
        entry = {"key": request, **entry}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(line)
            self._known[request] = entry
