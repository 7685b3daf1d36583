"""Files that people upload: named safely, kept in the data set's own folder, limited in kind."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zipfile
from pathlib import Path

from core import domain as domains
from core.errors import UserError
from core.files import WORK_DIRS, atomic, sha256
from core.language import words

KINDS = (
    *("docx", "xlsx", "xls", "csv", "tsv", "txt", "md", "json", "jsonl"),
    *("pdf", "html", "htm", "mht", "pptx", "gift", "xml", "apkg"),
    *("jpg", "jpeg", "png"),
)
MOST = 50 * 2**20  # bytes of one file (.streamlit/config.toml says the same to the browser)
FILES = 50  # files of one data set
_ODD = re.compile(r"[^\w.()（）《》、·\- ]")
_NAME = re.compile(r"[\w\-]{1,40}")
_BETWEEN = re.compile(r"[^\w\-./\\]+")  # what people put between words; a path is no name


def safe_name(name: str) -> str:
    """``name`` as a plain file name: no folders, no odd characters, not hidden, a known kind.

    Raises :class:`UserError` for a kind that cannot be read."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    stem, dot, kind = name.rpartition(".")
    kind = kind.lower()
    if not dot or kind not in KINDS:
        kinds = ", ".join(KINDS)
        raise _bad(
            repr(name[-40:]),
            f"不支持这种文件；可用 {kinds}",
            f"this kind cannot be read; choose from {kinds}",
        )
    stem = _ODD.sub("_", stem).strip(". ")[:80]
    return f"{stem or 'file'}.{kind}"


_ZIP = (b"PK\x03\x04",)
_PICTURE = (b"\x89PNG", b"\xff\xd8\xff")  # read by its content: a PNG may be called .jpg
_BEGIN: dict[str, tuple[bytes, ...]] = {"xls": (b"\xd0\xcf\x11\xe0",), "pdf": (b"%PDF",)}
_BEGIN |= dict.fromkeys(("docx", "xlsx", "pptx", "apkg"), _ZIP)
_BEGIN |= dict.fromkeys(("jpg", "jpeg", "png"), _PICTURE)
_INSIDE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_LOOKS = (
    (b"%PDF", ("PDF", "a PDF")),
    (b"PK\x03\x04", ("压缩包", "a zip archive")),
    *((begin, ("图片", "a picture")) for begin in _PICTURE),
    (b"\xd0\xcf\x11\xe0", ("旧版 Office 文件", "an old Office file")),
    (b"{\\rtf", ("RTF", "an RTF file")),
    (b"<", ("网页", "a web page")),
    (b"", ("别的", "another kind")),
)


def _bad(name: str, zh: str, en: str) -> UserError:
    return UserError(f"{name}: {words(zh, en)}")


def looked_at(name: str, content: bytes) -> None:
    """Raise :class:`UserError` where the content cannot be what the name says, with what it looks
    like: people rename files."""
    kind = safe_name(name).rpartition(".")[2]
    if not content:
        raise _bad(name, "文件是空的", "the file is empty")
    _fits(name, content)
    fits = content.startswith(_BEGIN.get(kind, (b"",)))
    if fits and kind in _INSIDE:
        try:
            fits = _INSIDE[kind] in zipfile.ZipFile(io.BytesIO(content)).namelist()
        except zipfile.BadZipFile:
            raise _bad(name, "文件损坏，打不开", "damaged, it cannot be opened") from None
    if kind not in _BEGIN:
        fits = not content.startswith((b"%PDF", *_ZIP, *_PICTURE))
    if not fits:
        zh, en = next(like for begin, like in _LOOKS if content.startswith(begin))
        raise _bad(name, f"内容不是 {kind}，像是{zh}", f"no {kind}: its content looks like {en}")


def _fits(name: str, content: bytes) -> None:
    """Raise :class:`UserError` for a file that is too large."""
    if len(content) > MOST:
        most = MOST // 2**20
        raise _bad(name, f"超过 {most} MB", f"over {most} MB")


def set_name(name: str) -> str:
    """What a person calls a data set, as a folder: spaces, brackets and the like become one ``-``
    (``安全员 2026（终稿）`` → ``安全员-2026-终稿``)."""
    return _BETWEEN.sub("-", unicodedata.normalize("NFC", name)).strip("-")


def set_folder(domain: str, name: str) -> Path:
    """The folder of a data set made on the page, by :func:`set_name`; raises :class:`UserError`
    for an odd name, or a domain that there is not."""
    if domain not in domains.names():
        raise UserError(words(f"没有领域 {domain!r}", f"no domain {domain!r}"))
    name = set_name(name)
    if not _NAME.fullmatch(name):
        raise UserError(
            words(
                "名称只能用汉字、字母、数字、- 和 _，最多 40 字",
                "a name has letters, digits, - and _ only, 40 at most",
            )
        )
    return WORK_DIRS / domain / "sets" / name


def keep(folder: Path, name: str, content: bytes) -> Path:
    """Put an upload into ``folder``; a file that is there already is not overwritten (other
    content gets another name). Raises :class:`UserError` where it is too large or too many."""
    _fits(name, content)
    name = safe_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path for path in folder.iterdir() if path.is_file())
    sha = hashlib.sha256(content).hexdigest()
    for path in there:
        if path.stat().st_size == len(content) and sha256(path) == sha:
            return path
    if len(there) >= FILES:
        raise UserError(
            words(f"一份数据最多 {FILES} 个文件", f"at most {FILES} files in a data set")
        )
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    if path.resolve().parent != folder.resolve():
        raise _bad(name, "不是文件名", "is no file name")
    with atomic(path, "wb") as out:
        out.write(content)
    return path


def listed(folder: Path) -> list[Path]:
    """The uploads of a data set."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
