"""Open an Office package without trusting it: what it is, and no more bytes than it may hold."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from lxml import etree

from core.errors import UserError
from core.language import words

LIMIT = 2 << 30  # bytes of one unpacked part; the 41,696-paragraph bank's document.xml has 24 MB
RATIO = 250  # unpacked / packed of a part above RATIO_FROM; real documents stay below 60
RATIO_FROM = 64 << 20
SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": True}
DTD = ("含 DTD 或外部实体，拒绝读取", "holds a DTD or external entity: refused")
_STRICT = (  # ISO 29500 Strict spells the same elements in other namespaces
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        _W := b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
)


class _Part:
    """A part's bytes as a file for the parser: counted against the limits, Strict made ordinary."""

    def __init__(self, file: IO[bytes], info: zipfile.ZipInfo, name: str) -> None:
        self.file, self.name, self.read_bytes, self.first = file, name, 0, True
        self.most = min(LIMIT, max(RATIO_FROM, info.compress_size * RATIO))

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes; :class:`UserError` past the limit or when the data is broken."""
        try:
            data = self.file.read(size if size > 0 else 1 << 20)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise UserError(
                f"{self.name}: {words('压缩内容损坏', 'damaged zip data')} ({error})"
            ) from None
        self.read_bytes += len(data)
        if self.read_bytes > self.most:
            raise UserError(f"{self.name}: {_bomb(self.most)}")
        if self.first:
            self.first = False
            if re.search(rb"<!DOCTYPE|<!ENTITY", data):
                raise UserError(f"{self.name}: {words(*DTD)}")
            for strict, usual in _STRICT:
                data = data.replace(strict, usual)
        return data


def _bomb(size: int) -> str:
    return words(
        f"解压后超过 {size >> 20} MB，疑似压缩炸弹",
        f"unpacks to more than {size >> 20} MB (a zip bomb?)",
    )


class Package:
    """A zip package open for reading. ``name`` is the file name for messages."""

    def __init__(self, path: Path | IO[bytes], name: str) -> None:
        self.name = name
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            why = words("文件不完整或已损坏，请重新保存", "truncated or damaged: save it again")
            raise UserError(f"{name}: {why} ({error})") from None
        self.names = set(self.zip.namelist())
        for part in self.names:
            inside = PurePosixPath(part.replace("\\", "/"))
            if inside.is_absolute() or ".." in inside.parts:
                why = words("压缩包内有越界的路径", "the archive holds an unsafe path")
                raise UserError(f"{name}: {why} {part[:60]}")

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self.zip.close()

    def check(self) -> None:
        """Look at every part before another library reads them: sizes, encryption, DTDs."""
        total = 0
        for info in self.zip.infolist():
            total += info.file_size
            huge = info.file_size > max(RATIO_FROM, info.compress_size * RATIO)
            if huge or total > LIMIT:
                raise UserError(f"{self.name}: {_bomb(total)}")
            if info.filename.endswith((".xml", ".rels")):
                self.declares_nothing(info.filename)

    def declares_nothing(self, part: str) -> None:
        """Refuse a part with a document type, in whatever encoding and however far down it stands:
        asked of the parser, which has read all that may hold one when the first element begins."""
        with self.open(part) as file, xml_errors(self.name, part):
            for _, element in etree.iterparse(file, events=("start",), **SAFE):
                if element.getroottree().docinfo.internalDTD is not None:
                    raise UserError(f"{self.name}: {words(*DTD)}")
                return

    @contextmanager
    def open(self, part: str, dtd: bool = False) -> Iterator[_Part]:
        """Open one part; ``dtd`` where it is HTML, whose document type declares nothing."""
        try:
            info = self.zip.getinfo(part)
            if info.flag_bits & 1:
                why = words(
                    "文件已加密，请去掉密码后再试", "is encrypted: take the password off first"
                )
                raise UserError(f"{self.name}: {why}")
            file = self.zip.open(info)
        except KeyError:
            why = words(
                f"缺少 {part}，不是完整的 Office 文件", f"lacks {part}: no whole Office file"
            )
            raise UserError(f"{self.name}: {why}") from None
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError) as error:
            raise UserError(
                f"{self.name}: {words('压缩内容损坏', 'damaged zip data')} ({error})"
            ) from None
        with file:
            opened = _Part(file, info, self.name)
            opened.first = not dtd
            yield opened

    def tree(self, part: str) -> etree._Element | None:
        """The parsed part, or None where the package has none of that name."""
        if part not in self.names:
            return None
        self.declares_nothing(part)
        with self.open(part) as file, xml_errors(self.name, part):
            parser = etree.XMLParser(**SAFE)
            return etree.parse(file, parser).getroot()

    def events(self, part: str, tags: tuple[str, ...]) -> Iterator[Any]:
        """Elements of ``part`` with one of ``tags``, each at its end, while the part streams in."""
        self.declares_nothing(part)
        with self.open(part) as file, xml_errors(self.name, part):
            for _, element in etree.iterparse(file, events=("end",), tag=tags, **SAFE):
                yield element


@contextmanager
def xml_errors(name: str, part: str) -> Iterator[None]:
    """Turn the parser's complaints into one line."""
    try:
        yield
    except etree.XMLSyntaxError as error:
        reason = str(error).splitlines()[0][:100] if str(error) else "empty"
        why = words("不是合法的 XML", "is not well-formed XML")
        raise UserError(f"{name}: {part} {why} ({reason})") from None
