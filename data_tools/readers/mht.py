"""A page saved with its pictures (MHT, MHTML): a mail whose first HTML part is the page."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

from core.errors import UserError
from core.language import words
from data_tools.readers import html
from data_tools.readers.blocks import Block
from data_tools.readers.encodings import too_large

_BEGINS = re.compile(
    rb"\s*(?:From:|MIME-Version:|Subject:|Content-Type:\s*multipart/related)", re.I
)


def is_mht(head: bytes) -> bool:
    """Whether a file begins as a mail does, with a multipart body."""
    return bool(_BEGINS.match(head)) and b"multipart/" in head.lower()


def page(data: bytes, name: str, given: str = "") -> str:
    """The HTML of a saved page."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            body = part.get_payload(decode=True)
            charset = part.get_content_charset() or ""
            if isinstance(body, bytes):
                return html.decoded(body, name, given or _known(charset))
    why = words("网页存档里没有网页，请重新保存", "the archive holds no page: save it again")
    raise UserError(f"{name}: {why}")


def _known(charset: str) -> str:
    try:
        "".encode(charset)
    except LookupError:
        return ""
    return "gb18030" if charset.lower() in ("gb2312", "gbk") else charset


def file_blocks(path: Path, name: str, given: str = "") -> list[Block]:
    """The lines and tables of a saved page; locators are characters of its HTML."""
    if path.stat().st_size > html.LIMIT:
        raise UserError(f"{name}: {too_large(html.LIMIT)}")
    return html.blocks(page(path.read_bytes(), name, given))
