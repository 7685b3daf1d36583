"""Banks in XML: Moodle's own, and 1EdTech's QTI 1.2, 2.x and 3 (one file or a package of items).

A document type without declarations of its own is passed over (QTI 1.2 samples begin with one);
entities are refused. Locators are characters of the file, in a package behind the part's name.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from core.errors import UserError
from core.files import sha256
from core.findings import Finding
from core.language import words
from core.rows import Row
from data_tools.interchange import moodle, qti
from data_tools.interchange.made import Question, Taker
from data_tools.ledger import Ledger
from data_tools.readers.encodings import encoding_of
from data_tools.readers.how import USUAL, How

LIMIT = 256 << 20  # bytes of a file or of a package's part; pictures stand in Moodle's as base64
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)
_ROOT = re.compile(
    r"<(?:\w+:)?(quiz|questestinterop|assessmentItem|assessmentTest|qti-assessment-item"
    r"|qti-assessment-test)[\s>/]"
)
_DECLARED = re.compile(r"\s*<\?xml[^>]*?encoding=[\"']([\w-]+)[\"']")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*>")
_PASSED = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.S)


def _bad(name: str, zh: str, en: str, reason: object = "") -> UserError:
    """What is wrong with a file, and a library's own words for it, which are of one language."""
    return UserError(f"{name}: {words(zh, en)}{f' ({reason})' if reason else ''}")


def is_bank(text: str) -> bool:
    """Whether a text begins as one of these banks."""
    head = text.lstrip("\ufeff \t\r\n")
    return head.startswith("<") and bool(_ROOT.search(head[:8192]))


def _text(data: bytes, name: str, given: str) -> str:
    """An XML file as text, in the encoding that it declares."""
    declared = _DECLARED.match(data[:200].decode("ascii", errors="ignore"))
    encoding = given or (declared[1] if declared else "")
    try:
        if encoding and b"\0" not in data[:4]:
            return data.decode(encoding).removeprefix("\ufeff")
        return data.decode(encoding_of(data, name, given=given)).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError):
        raise _bad(
            name, f"不是 {encoding} 编码：ENCODING=", f"is not {encoding}: ENCODING="
        ) from None


def tree(text: str, name: str) -> Any:
    """The parsed text; :class:`UserError` for entities and for what is not well-formed."""
    if "<!ENTITY" in text:
        raise _bad(name, "含实体声明，拒绝读取", "declares entities, not read")
    text = _DOCTYPE.sub(lambda found: " " * len(found[0]), text, count=1)
    if "<!DOCTYPE" in text[:8192]:
        raise _bad(name, "含 DTD，拒绝读取", "holds a DTD, not read")
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(body.encode(), parser)
    except etree.XMLSyntaxError as error:
        reason = str(error).splitlines()[0][:100] if str(error) else "empty"
        raise _bad(name, "不是合法 XML", "is not well-formed XML", reason) from None


def spans(text: str, tag: str) -> list[tuple[int, int]]:
    """Where the elements called ``tag``, which never nest, stand in ``text``."""
    blank = _PASSED.sub(lambda found: " " * len(found[0]), text)
    shape = rf"<(?:\w+:)?{tag}(?=[\s>/]).*?(?:</(?:\w+:)?{tag}\s*>|(?<=/)>)"
    return [found.span() for found in re.finditer(shape, blank, re.S)]


def read(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of one file."""
    if path.stat().st_size > LIMIT:
        raise _bad(name, f"超过 {LIMIT >> 20} MB", f"over {LIMIT >> 20} MB")
    taker = Taker(name, sha256(path), ledger)
    yield from _rows(_text(path.read_bytes(), name, how.encoding), taker, "")
    taker.done()


def _rows(text: str, taker: Taker, part: str) -> Iterator[Row]:
    """The rows of one XML text, ``part`` of a package."""
    root = tree(text, part or taker.name)
    kind = etree.QName(root).localname.lower()
    question_of: Callable[[Any], Question | str]
    if kind == "quiz":
        tag, question_of = "question", moodle.question
    elif kind == "questestinterop":
        tag, question_of = "item", qti.item
    elif "test" in kind:
        return  # the order of items that stand in files of their own
    else:
        tag, question_of = etree.QName(root).localname, qti.assessment_item
    elements = [root] if etree.QName(root).localname == tag else list(root.iter(f"{{*}}{tag}"))
    places = spans(text, tag)
    if len(places) != len(elements):
        places = [(0, len(text))] * len(elements)
    for element, (start, end) in zip(elements, places, strict=True):
        place = f"{part}!c:{start}-{end}" if part else f"c:{start}-{end}"
        said = text[start:end]
        made = question_of(element)
        if isinstance(made, str):
            if Finding.of(made).code in ("heading", "no-question"):
                taker.ledger.add(taker.name, place, made, said)
            else:
                taker.lost(place, made, said)
            continue
        yield from taker.row(made, place, said)


def package(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of a zip of items, in the order of their names."""
    taker = Taker(name, sha256(path), ledger)
    found = False
    for part, data in parts(path, name, ".xml"):
        text = _text(data, f"{name}: {part}", how.encoding)
        if is_bank(text):
            found = True
            yield from _rows(text, taker, part)
    if not found:
        raise _bad(
            name,
            "是压缩包，里面没有 QTI 或 Moodle 题库",
            "a zip archive without a bank of QTI or Moodle",
        )
    taker.done()


def parts(path: Path, name: str, suffix: str) -> Iterator[tuple[str, bytes]]:
    """The parts of a zip file whose names end in ``suffix``. Nothing is unpacked to the disk; a
    name that would leave its folder, a password and a bomb are refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.filename)
            for info in infos:
                inside = PurePosixPath(info.filename.replace("\\", "/"))
                if inside.is_absolute() or ".." in inside.parts:
                    raise _bad(name, "压缩包内有越界路径", "unsafe path", info.filename[:60])
            total = sum(info.file_size for info in infos)
            if total > LIMIT or (total > 64 << 20 and total > 250 * path.stat().st_size):
                size = f"{total >> 20} MB"
                raise _bad(
                    name, f"解压后有 {size}，疑似压缩炸弹", f"unpacks to {size} (a zip bomb?)"
                )
            for info in infos:
                if info.filename.lower().endswith(suffix):
                    if info.flag_bits & 1:
                        raise _bad(
                            name,
                            "文件已加密，请去掉密码后再试",
                            "is encrypted: take the password off",
                        )
                    yield info.filename, archive.read(info)
    except BROKEN as error:
        raise _bad(name, "压缩内容损坏", "damaged zip data", error) from None
