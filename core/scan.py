"""Foreign weights, looked at before any library opens them: nothing here executes or allocates.

A GGUF's header may claim counts, lengths and sizes that make a reader ask for terabytes or read
past the end; a ``.bin`` is a pickle, which names the functions that it calls when it is loaded; a
safetensors file begins with the length of its header. Each is held against the file's own size, or
against the few names that a file of tensors needs, and one line says what does not fit.
"""

from __future__ import annotations

import json
import math
import pickletools
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.errors import UserError
from core.files import shown
from core.language import words

# ggml.h: values a block, bytes a block. Later types are held against their offset alone.
BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34)},
    **{9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176)},
    **{14: (256, 210), 15: (256, 292), 20: (32, 18), 23: (256, 136), 24: (1, 1), 25: (1, 2)},
    **{26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2), 39: (32, 17)},
}
# Lengths of GGUF's plain values by their type; 8 is a string, 9 an array.
PLAIN = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9
TENSORS, KEYS, NAME, DIMENSIONS = 100_000, 100_000, 65_535, 4  # far over any model of today
HEADER = 100_000_000  # bytes: safetensors' own limit, and over any GGUF vocabulary
PICKLED = 10_000_000  # bytes of a pickle's own: names and shapes, a few hundred bytes a tensor
STEPS = 1_000_000  # its operations: about 40 a tensor, looked at in two seconds
# What loaders open where none of the others is there.
PICKLES = {
    "pytorch_model*.bin": ("model.safetensors", "model.safetensors.index.json"),
    "adapter_model.bin": ("adapter_model.safetensors",),
    "adapter_model.pt": ("adapter_model.safetensors",),
}
# What torch.save writes for tensors, and nothing that could do anything else.
TENSOR_NAMES = {
    *(("torch._utils", name) for name in ("_rebuild_tensor_v2", "_rebuild_parameter")),
    ("collections", "OrderedDict"),
    *(("torch", f"{kind}Storage") for kind in ("Float", "Half", "BFloat16", "Double", "Long")),
    *(("torch", f"{kind}Storage") for kind in ("Int", "Short", "Char", "Byte", "Bool")),
    *(("torch", name) for name in ("float32", "float16", "bfloat16", "int64", "Size", "device")),
    ("torch.storage", "UntypedStorage"),
}


def weights(path: Path) -> None:
    """Raise :class:`UserError` for a GGUF file, or a model's or adapter's folder, whose weights
    claim what they are not, or would run code."""
    if path.is_file():
        if path.suffix == ".gguf":
            _said(path, gguf)
        return
    for file in sorted(path.glob("*.safetensors")):
        _said(file, safetensors)
    for pattern, preferred in PICKLES.items():
        if not any((path / name).is_file() for name in preferred):
            for file in sorted(path.glob(pattern)):
                _said(file, pickles)
    for file in sorted(path.glob("*.index.json")):
        _said(file, parts)


def _said(file: Path, look: Any) -> None:
    try:
        look(file)
    except (ValueError, struct.error, EOFError, zipfile.BadZipFile, OverflowError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        refused = words("文件头不可信，不会加载", "is not what its header says, and is not loaded")
        raise UserError(f"{shown(file)}: {refused}: {reason}", "scan.refused") from None


class _Header:
    """Reads a file's header, never past its end or :data:`HEADER`."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.size, self.at = file, size, 0

    def skip(self, length: int) -> None:
        """Pass ``length`` bytes over."""
        self.at += length
        if self.at > min(self.size, HEADER):
            raise ValueError(f"{length} bytes at {self.at - length} of {self.size}")
        self.file.seek(self.at)

    def number(self, form: str) -> int:
        """A little-endian number."""
        length = struct.calcsize(form)
        (found,) = struct.unpack("<" + form, self.file.read(length))
        self.at += length
        return int(found)

    def text(self, most: int) -> bytes:
        """A string of at most ``most`` bytes."""
        length = self.number("Q")
        if length > min(most, self.size - self.at):
            raise ValueError(f"a string of {length} bytes at {self.at}")
        self.at += length
        return self.file.read(length)

    def value(self, kind: int, depth: int = 0) -> int:
        """Pass one value over; returns it where it is a small number."""
        if kind in (4, 5):
            return self.number("I")
        if kind in PLAIN:
            self.skip(PLAIN[kind])
        elif kind == STRING:
            self.text(HEADER)
        elif kind == ARRAY and depth < 2:
            inner, count = self.number("I"), self.number("Q")
            if count > self.size - self.at:
                raise ValueError(f"an array of {count} at {self.at}")
            if inner in PLAIN:
                self.skip(PLAIN[inner] * count)
            else:
                for _ in range(count):
                    self.value(inner, depth + 1)
        else:
            raise ValueError(f"a value of type {kind} at {self.at}")
        return 0


def gguf(path: Path) -> None:
    """Raise :class:`ValueError` where a count, length, size or offset of the header does not fit
    the file."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = _Header(file, size)
        magic, version = file.read(4), 0
        head.at = 4
        if magic != b"GGUF" or (version := head.number("I")) not in (2, 3):
            raise ValueError(f"{magic!r} version {version}")
        tensors, keys = head.number("Q"), head.number("Q")
        if tensors > TENSORS or keys > KEYS:
            raise ValueError(f"{tensors} tensors, {keys} keys")
        alignment = 32
        for _ in range(keys):
            key = head.text(NAME)
            found = head.value(head.number("I"))
            alignment = found if key == b"general.alignment" else alignment
        if not alignment or alignment & (alignment - 1):
            raise ValueError(f"general.alignment {alignment}")
        listed = [_tensor(head, alignment) for _ in range(tensors)]
    start = -(-head.at // alignment) * alignment
    for name, offset, length in listed:
        if start + offset + length > size:
            raise ValueError(f"{name[:40]!r}: {length} bytes at {start + offset} of {size}")


def _tensor(head: _Header, alignment: int) -> tuple[bytes, int, int]:
    """A tensor's name, offset and bytes."""
    name, dimensions = head.text(NAME), head.number("I")
    if not 0 < dimensions <= DIMENSIONS:
        raise ValueError(f"{name[:40]!r}: {dimensions} dimensions")
    values = math.prod(head.number("Q") for _ in range(dimensions))
    kind, offset = head.number("I"), head.number("Q")
    block, length = BLOCKS.get(kind, (1, 0))
    if not values or values >= 1 << 62 or offset % alignment:
        raise ValueError(f"{name[:40]!r}: {values} values at {offset}")
    return name, offset, -(-values // block) * length


def safetensors(path: Path) -> None:
    """Raise :class:`ValueError` where the header or an offset does not fit the file."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(HEADER, size - 8):
            raise ValueError(f"a header of {length} bytes")
        try:
            about = json.loads(file.read(length))
        except RecursionError:
            raise ValueError("a header nested too deeply") from None
    if not isinstance(about, dict):
        raise ValueError("a header that is no object")
    for name, tensor in about.items():
        if name == "__metadata__":
            continue
        offsets = tensor.get("data_offsets") if isinstance(tensor, dict) else None
        if not (isinstance(offsets, list) and len(offsets) == 2
                and all(isinstance(one, int) for one in offsets)
                and 0 <= offsets[0] <= offsets[1] <= size - 8 - length):  # fmt: skip
            raise ValueError(f"{name[:40]!r}: {offsets!r:.60}")


def parts(path: Path) -> None:
    """Raise :class:`ValueError` where an index names a part outside its folder, or one under
    another name than weights have that is a pickle which would run code."""
    try:
        about = json.loads(path.read_text("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    named = about.get("weight_map") if isinstance(about, dict) else None
    for name in sorted(set(map(str, named.values()))) if isinstance(named, dict) else ():
        part = path.with_name(Path(name).name)
        if name != part.name:
            raise ValueError(f"a part at {name[:80]!r}")
        if part.suffix != ".safetensors" and part.is_file():
            pickles(part)


def pickles(path: Path) -> None:
    """Raise :class:`ValueError` for a pickle of torch that names anything but tensors' parts."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"PK"
        file.seek(0)
        if not zipped:
            _old(file)
            return
        with zipfile.ZipFile(file) as archive:
            inner = [one for one in archive.infolist() if one.filename.endswith(".pkl")]
            if not inner or sum(one.file_size for one in inner) > PICKLED:
                raise ValueError("no data.pkl, or one that is no list of tensors")
            for one in inner:
                with archive.open(one) as text:
                    _harmless(text)


def _old(file: IO[bytes]) -> None:
    """torch's form before archives: a magic number, a version, the machine, the tensors, their
    keys, each a pickle; the numbers follow."""
    for _ in range(5):
        _harmless(file)


def _harmless(file: IO[bytes]) -> None:
    for name in named(file):
        if name not in TENSOR_NAMES:
            raise ValueError(
                words(f"加载时会运行 {'.'.join(name)}", f"would run {'.'.join(name)}")
                + ": safetensors"
            )


def named(file: IO[bytes]) -> Iterator[tuple[str, ...]]:
    """What a pickle imports. Names that are put together while it is read count as their opcode."""
    start = file.tell()
    for step, (operation, argument, at) in enumerate(pickletools.genops(file)):
        if (at or 0) - start > PICKLED or step > STEPS:
            raise ValueError(f"a pickle of more than {PICKLED} bytes or {STEPS} operations")
        if operation.name in ("GLOBAL", "INST"):
            yield tuple(str(argument).split(" ", 1))
        elif operation.name in ("STACK_GLOBAL", "EXT1", "EXT2", "EXT4"):
            yield (operation.name,)
