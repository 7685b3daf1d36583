"""Vectors that were paid for are kept: an append-only file that survives kill -9 at any byte.

A record is the text's key (16 bytes), its vector (float32) and a CRC-32 of both. What a killed run
left is read up to the first record that is not whole, and the rest is cut off.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

KEY = 16


class Journal:
    """The vectors computed so far for one embedding model, at ``path``."""

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        self.record = KEY + 4 * size + 4
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> Iterator[tuple[bytes, np.ndarray]]:
        """Yield ``(key, vector)`` of whole records; a torn or damaged end is cut off the file."""
        if not self.path.is_file():
            return
        good = 0
        with self.path.open("rb") as file:
            while len(record := file.read(self.record)) == self.record:
                body, crc = record[:-4], int.from_bytes(record[-4:], "little")
                if zlib.crc32(body) != crc:
                    break
                good += self.record
                yield body[:KEY], np.frombuffer(body, dtype="<f4", offset=KEY)
        if good != self.path.stat().st_size:
            os.truncate(self.path, good)

    def append(self, keys: list[bytes], vectors: np.ndarray) -> None:
        """Add records and bring them to the disk."""
        with self.path.open("ab") as file:
            for key, vector in zip(keys, np.asarray(vectors, dtype="<f4"), strict=True):
                body = key + vector.tobytes()
                file.write(body + zlib.crc32(body).to_bytes(4, "little"))
            file.flush()
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Forget the file: its vectors stand in a finished index."""
        self.path.unlink(missing_ok=True)
