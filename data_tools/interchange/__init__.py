"""Banks and dialogues that other tools write: JSON of any shape, Moodle, QTI, Anki.

Each module reads one family and says in its first lines whose format it is. A file is told by its
content; what is none of these goes to the readers of documents and sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.rows import Row
from data_tools.interchange import anki, gift, records, xml
from data_tools.ledger import Ledger
from data_tools.readers import read
from data_tools.readers.encodings import MARKS
from data_tools.readers.how import How

Reader = Callable[[Path, Ledger, str, How], Iterator[Row]]
HEAD = 1 << 16  # bytes that tell a format


def reader(path: Path) -> Reader:
    """What reads ``path``."""
    suffix = path.suffix.lower()
    if suffix in (".json", ".jsonl", ".ndjson"):
        return records.read
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return read  # says what is wrong with the file
    if head.startswith(b"PK"):
        return _zipped(path)
    if head.startswith(b"SQLite format 3"):
        return anki.collection
    text = _text(head)
    if xml.is_bank(text):
        return xml.read
    if suffix == ".gift" or (suffix in (".txt", "") and gift.is_gift(text)):
        return gift.read
    if suffix in (".txt", ".csv", ".tsv") and anki.is_notes(text):
        return anki.notes
    return read


def _text(head: bytes) -> str:
    """The beginning of a file as text, in whatever encoding: its marks are ASCII."""
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return head.decode(encoding, errors="ignore")
    return head.decode("utf-8", errors="ignore")


def _zipped(path: Path) -> Reader:
    """What reads a zip file: an Anki package, a package of QTI items, or an Office document."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
        return read
    if anki.DATABASES & set(names):
        return anki.package
    office = any(name.startswith(("word/", "xl/", "ppt/")) for name in names)
    if not office and any(name.lower().endswith(".xml") for name in names):
        return xml.package if "META-INF/container.xml" not in names else read
    return read
