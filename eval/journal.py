"""The journal of answers: what a model was asked and said, one line each, written at once.

A question whose answer stands here is never asked again, whether the run was killed, the question
set grew, or only the scoring changed. One file per model (its name carries the hash of the
weights). An entry: ``answer``, ``finish`` (OpenAI's finish_reason), ``seconds``, ``tokens``
(generated; None where the server does not say).
"""

from __future__ import annotations

from core.files import digest
from core.journal import Journal

__all__ = ["Journal", "Messages", "key"]
Messages = list[dict[str, str]]


def key(messages: Messages, max_tokens: int, temperature: float = 0.0) -> str:
    """What makes two requests to one model the same request."""
    return digest(messages, max_tokens, temperature)[:24]
