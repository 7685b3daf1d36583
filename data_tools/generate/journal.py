"""An append-only file of answered requests, so that nothing is asked twice, kill -9 or not."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import journal
from core.errors import UserError
from core.files import digest, shown
from core.language import words


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said to one request: its text, whether it ended at the token limit, what the
    server counted (tokens of the prompt and of the reply; 0 where it counts none), and whether it
    thought first (in its text, or apart where the server keeps that apart)."""

    text: str
    cut_off: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    thought: bool = False


def key_of(model: str, messages: list[dict[str, str]], parameters: dict[str, Any]) -> str:
    """The name of a request: the hash of all that decides its answer."""
    return digest(model, messages, parameters)


@dataclass(frozen=True)
class Journal:
    """The replies so far; each is on the disk before it is used, since some are paid for."""

    kept: journal.Journal

    def get(self, key: str) -> Reply | None:
        """The reply to a request that was answered before; None also for a damaged one."""
        entry = dict(self.kept.get(key) or {})
        try:
            return Reply(**{name: value for name, value in entry.items() if name != "key"})
        except TypeError:
            return None

    def add(self, key: str, reply: Reply) -> None:
        """Keep a reply."""
        self.kept.add(key, asdict(reply))


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """The journal at ``path``, for one process at a time; raises :class:`UserError` where another
    has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy = words("另一个生成正在写", "another run is writing it")
            raise UserError(f"{shown(path)}: {busy}") from None
        yield Journal(journal.Journal(path, durable=True))
