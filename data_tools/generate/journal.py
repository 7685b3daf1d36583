"""An append-only file of answered requests, so that nothing is asked twice, kill -9 or not."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

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


class Journal:
    """One line of JSON a reply, on disk before it is used. A line cut off by a crash is dropped.

    Opened by one process at a time; raises :class:`UserError` where another one has it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "ab+")  # noqa: SIM115 (closed by __exit__)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.file.close()
            raise UserError(
                f"{shown(path)}: {words('另一个生成正在写', 'another run is writing it')}"
            ) from None
        self.replies: dict[str, Reply] = {}
        self._load()

    def _load(self) -> None:
        """Read what is there, and cut the file where a line is not whole."""
        self.file.seek(0)
        whole = 0
        for line in self.file:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            try:
                record = json.loads(line)
                key = record.pop("key")
                self.replies[key] = Reply(**record)
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line: that request is asked again
        self.file.truncate(whole)

    def get(self, key: str) -> Reply | None:
        """The reply to a request that was answered before."""
        return self.replies.get(key)

    def add(self, key: str, reply: Reply) -> None:
        """Keep a reply; it is on the disk when this returns."""
        line = json.dumps({"key": key, **asdict(reply)}, ensure_ascii=False) + "\n"
        self.file.write(line.encode())
        self.file.flush()
        os.fsync(self.file.fileno())
        self.replies[key] = reply

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()
