"""How a person wants files read: what no file can say of itself."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from core.errors import UserError
from core.language import words

READ, SKIP = "read", "skip"


@dataclass(frozen=True, slots=True)
class How:
    """``encoding`` of text files ("": found out); ``hidden`` rows, columns and sheets of workbooks:
    ``read`` (and flagged) or ``skip`` (and ledgered)."""

    encoding: str = ""
    hidden: str = READ

    def __post_init__(self) -> None:
        if self.hidden not in (READ, SKIP):
            why = words(f"只能是 {READ} 或 {SKIP}", f"must be {READ} or {SKIP}")
            raise UserError(f"HIDDEN={self.hidden}: {why}")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            known = "utf-8, gb18030, big5, shift_jis, utf-16 …"
            why = words(f"没有这种编码；可用 {known}", f"unknown encoding; there are {known}")
            raise UserError(f"ENCODING={self.encoding}: {why}") from None


USUAL = How()
