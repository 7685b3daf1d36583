"""What a file is, by its first bytes: suffixes lie."""

from __future__ import annotations

import zipfile
from pathlib import Path

from core.errors import UserError
from core.language import words
from data_tools.readers.columns import role
from data_tools.readers.mht import is_mht

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Streams of an OLE file, as their directory spells them (UTF-16).
STREAMS = (
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
)
HELP = {
    "encrypted": (
        "文件已加密，请先在 Office 中去掉密码", "is encrypted: take its password off in Office"
    ),
    "ole": ("不是 Word 或 Excel 文件", "is no Word or Excel file"),
    "zip": ("是压缩包，不是 Word 或 Excel 文件", "is a zip archive, neither docx nor xlsx"),
    "heic": ("是 HEIC 照片，请存为 jpg", "is a HEIC photograph: save it as jpg"),
    "empty": ("是空文件", "is empty"),
}  # fmt: skip
DAMAGED = (
    "文件不完整或已损坏，请重新下载或保存",
    "the file is truncated or damaged: download or save it again",
)
BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")  # Excel 2 to 4
HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"))
MAGIC = (
    (b"%PDF", "pdf"), (b"{\\rtf", "rtf"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"), (b"\x1f\x8b", "zip"), (b"Rar!", "zip"), (b"7z\xbc\xaf", "zip"),
)  # fmt: skip


def kind_of(path: Path, name: str) -> str:
    """What reads the file: docx, xlsx, pdf, html, …; :class:`UserError` for what nothing reads."""
    with open(path, "rb") as file:
        head = file.read(4096)
    kind = _kind(path, head, name)
    if kind in HELP:
        raise UserError(f"{name}: {words(*HELP[kind])}")
    return kind


def _kind(path: Path, head: bytes, name: str) -> str:
    """The kind, among those that are read and those of ``HELP``."""
    if not head:
        return "empty"
    if head.startswith(b"PK"):
        return _zip(path, name)
    if head.startswith(OLE):
        return _ole(path)
    if marked := _magic(head):
        return marked
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm", ".xhtml") and start.startswith(b"<"):
        return "html"
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<meta", b"<head")):
        return "html"
    if is_mht(head):
        return "mht"
    if suffix in (".csv", ".tsv"):
        return "csv"
    if suffix in (".md", ".markdown"):
        return "md"
    return "csv" if _titled(head) else "txt"


def _magic(head: bytes) -> str:
    """The kind that the first bytes mark, "" where they mark none."""
    if head[4:12] in HEIC:
        return "heic"
    if head[:2] == b"\x09\x08" or head[:4] in BIFF:
        return "xls"
    return next((kind for magic, kind in MAGIC if head.startswith(magic)), "")


def _titled(head: bytes) -> bool:
    """Whether a text begins with a line of column titles, as a mislabelled export does."""
    line = b"".join(head.removeprefix(b"\xef\xbb\xbf").lstrip().splitlines()[:1])
    for encoding in ("utf-8", "gb18030"):
        titles = line.decode(encoding, errors="replace")
        for delimiter in (",", "\t", ";", "|"):
            roles = {role(title)[0] for title in titles.split(delimiter)}
            if {"stem", "answer"} <= roles:
                return True
    return False


def _zip(path: Path, name: str) -> str:
    """The kind of a zip file, by the parts it holds."""
    try:
        with zipfile.ZipFile(path) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        raise UserError(f"{name}: {words(*DAMAGED)}") from None
    if "META-INF/container.xml" in names and "mimetype" in names:
        return "epub"
    if "mimetype" in names and "content.xml" in names:
        return _open_document(path)
    if "xl/workbook.bin" in names:
        return "xlsb"
    for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
        if any(part.startswith(folder) for part in names):
            return kind
    return "zip"


def _open_document(path: Path) -> str:
    """The kind of an OpenDocument file, by what its first part says."""
    with zipfile.ZipFile(path) as package:
        said = package.read("mimetype")[:100]
    found = (
        kind for word, kind in ((b"spreadsheet", "ods"), (b"presentation", "odp")) if word in said
    )
    return next(found, "odt")


def _ole(path: Path) -> str:
    """The kind of an OLE compound file, by the streams its directory names."""
    data = path.read_bytes()
    for stream, kind in STREAMS:
        if stream.encode("utf-16-le") + b"\0\0" in data:
            return kind
    return "ole"
