"""GGUF headers by hand: one that is right, and what is wrong in one place each."""

from __future__ import annotations

import struct

HUGE = 1 << 60


def text(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(value) if length is None else length) + value


def key(name: bytes, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def array(kind: int, count: int, values: bytes = b"") -> bytes:
    return struct.pack("<IQ", kind, count) + values


def tensor(
    name: bytes = b"t", shape: tuple[int, ...] = (8, 4), kind: int = 0, offset: int = 0, n: int = 0
) -> bytes:
    dimensions = struct.pack(f"<I{len(shape)}Q", n or len(shape), *shape)
    return text(name) + dimensions + struct.pack("<IQ", kind, offset)


KEYS = (
    key(b"general.architecture", 8, text(b"llama")),
    key(b"tokenizer.ggml.tokens", 9, array(8, 2, text(b"a") + text(b"b"))),
    key(b"tokenizer.ggml.scores", 9, array(6, 2, b"\0" * 8)),
)


def whole(
    keys: tuple[bytes, ...] = KEYS,
    tensors: tuple[bytes, ...] = (tensor(),),
    data: bytes = b"\0" * 128,
    magic: bytes = b"GGUF",
    version: int = 3,
    counts: tuple[int, int] | None = None,
) -> bytes:
    n, k = counts or (len(tensors), len(keys))
    head = magic + struct.pack("<IQQ", version, n, k) + b"".join(keys) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + data


RIGHT = whole()
ABSURD: dict[str, bytes] = {
    "empty": b"",
    "magic alone": b"GGUF",
    "another magic": whole(magic=b"GGML"),
    "version 1": whole(version=1),
    "version 99": whole(version=99),
    "big endian": b"GGUF" + struct.pack(">IQQ", 3, 1, 3) + RIGHT[24:],
    "huge tensors": whole(counts=(HUGE, 3)),
    "huge keys": whole(counts=(1, HUGE)),
    "more tensors": whole(counts=(90_000, 3)),
    "more keys": whole(counts=(1, 90_000)),
    "long key": whole(keys=(text(b"k", HUGE) + b"\0" * 40,)),
    "long string": whole(keys=(key(b"k", 8, text(b"v", HUGE)),)),
    "string past the end": whole(keys=(key(b"k", 8, text(b"v", 5000)),)),
    "huge array": whole(keys=(key(b"k", 9, array(6, HUGE)),)),
    "array past the end": whole(keys=(key(b"k", 9, array(12, 100)),)),
    "array of strings past the end": whole(keys=(key(b"k", 9, array(8, 200)),)),
    "array of arrays": whole(keys=(key(b"k", 9, array(9, 100, array(9, 100, array(9, 9)))),)),
    "unknown value": whole(keys=(key(b"k", 77, b"\0" * 8),)),
    "unknown in an array": whole(keys=(key(b"k", 9, array(77, 3)),)),
    "alignment 0": whole(keys=(key(b"general.alignment", 4, struct.pack("<I", 0)),)),
    "alignment 7": whole(keys=(key(b"general.alignment", 4, struct.pack("<I", 7)),)),
    "no dimensions": whole(tensors=(tensor(shape=()),)),
    "many dimensions": whole(tensors=(tensor(n=2**31),)),
    "five dimensions": whole(tensors=(tensor(shape=(1, 1, 1, 1, 1)),)),
    "a dimension of 0": whole(tensors=(tensor(shape=(8, 0)),)),
    "huge dimension": whole(tensors=(tensor(shape=(HUGE,)),)),
    "product overflows": whole(tensors=(tensor(shape=(1 << 33, 1 << 33)),)),
    "past the end": whole(tensors=(tensor(shape=(1000, 1000)),)),
    "offset past the end": whole(tensors=(tensor(offset=1 << 40),)),
    "offset not aligned": whole(tensors=(tensor(offset=5),)),
    "offset overflows": whole(tensors=(tensor(offset=(1 << 64) - 32),)),
    "long name": whole(tensors=(tensor(name=b"n" * 70_000),)),
    "cut in the keys": RIGHT[:60],
    "cut in the tensors": RIGHT[:170],
    "cut in the data": RIGHT[:-64],
}
