"""Files of JSON lines that grow while somebody reads them, and that a kill may end in mid-line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

Entry = dict[str, Any]


def lines(path: Path) -> Iterator[Entry]:
    """The objects of such a file, none where it is not there; what is no whole object (cut short
    by a kill or a full disk, or still being written) is passed over."""
    for line in path.read_bytes().split(b"\n") if path.is_file() else ():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def append(path: Path, entry: Entry, durable: bool = False) -> None:
    """Add one line; ``durable``: it is on the disk when this returns, whatever happens to the
    machine (else whatever happens to the process)."""
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(entry, ensure_ascii=False) + "\n")
        if durable:
            out.flush()
            os.fsync(out.fileno())


class Journal:
    """What was answered, under the key of each request, so that nothing is asked twice. Safe from
    several threads; ``durable`` as in :func:`append`."""

    def __init__(self, path: Path, durable: bool = False) -> None:
        self.path, self.durable, self._lock = path, durable, Lock()
        self._known = {str(entry["key"]): entry for entry in lines(path) if "key" in entry}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes()[-1:] not in (b"", b"\n"):
            with path.open("a") as out:  # a line that was cut short ends here
                out.write("\n")

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Entry | None:
        """The entry of a request, or None: not answered yet."""
        return self._known.get(key)

    def add(self, key: str, entry: Entry) -> None:
        """Remember an answer."""
        entry = {"key": key, **entry}
        with self._lock:
            append(self.path, entry, self.durable)
            self._known[key] = entry
