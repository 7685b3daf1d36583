"""How a person wants files read: what no file can say of itself."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from core.errors import UserError

READ, SKIP = "read", "skip"


@dataclass(frozen=True, slots=True)
class How:
    """``encoding`` of text files ("": found out); ``hidden`` rows, columns and sheets of workbooks:
    ``read`` (and flagged) or ``skip`` (and ledgered)."""

    encoding: str = ""
    hidden: str = READ

    def __post_init__(self) -> None:
        if self.hidden not in (READ, SKIP):
            raise UserError(f"HIDDEN={self.hidden}: 只能是 must be {READ} | {SKIP}")
        try:
            codecs.lookup(self.encoding or "utf-8")
        except LookupError:
            raise UserError(
                f"ENCODING={self.encoding}: 没有这种编码 unknown encoding: "
                "utf-8, gb18030, big5, shift_jis, utf-16 …"
            ) from None


USUAL = How()
