"""A finding: a doubt about a row, or the reason why a unit became none, as data."""

from __future__ import annotations

import re

from core.labels import FINDINGS
from core.language import words

_NAME = re.compile(r"^[^\s:]+ (?=[a-z-]+(?::|$))")  # what labelled puts before a line


class Finding(str):
    """A ``code`` and, where there is more to say, a detail in each language (the same in both for
    names and numbers). As a string it is the one line of the files that are kept,
    ``code: 中文 English``; whoever asks what was found asks for the code."""

    __slots__ = ("code", "en", "zh")

    code: str
    zh: str
    en: str

    def __new__(cls, code: str, zh: str = "", en: str = "") -> Finding:
        """The finding ``code``; one detail stands for both languages."""
        zh, en = zh or en, en or zh
        detail = zh if zh == en else f"{zh} {en}"
        made = super().__new__(cls, f"{code}: {detail}" if detail else code)
        made.code, made.zh, made.en = code, zh, en
        return made

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]
        return self.code, self.zh, self.en

    @classmethod
    def of(cls, line: str) -> Finding:
        """``line`` as a finding: itself, one of the readers' doubts (which know their two details),
        or the line of a file written before findings were data, whose detail stands for both."""
        if isinstance(line, cls):
            return line
        code, _, detail = line.partition(":")
        return cls(code.strip(), *getattr(line, "detail", (detail.strip(),)))

    def json(self) -> dict[str, str]:
        """As a program reads it: ``code``, ``zh``, ``en``."""
        return {"code": self.code, "zh": self.zh, "en": self.en}


def kept(text: str) -> list[Finding]:
    """The findings of lines that :func:`labelled` made; each has one detail for both languages."""
    return [Finding.of(_NAME.sub("", line)) for line in text.splitlines()]


def labelled(line: str) -> str:
    """A finding for a file that is kept: its line with the Chinese name of the code before it."""
    name = FINDINGS.get(Finding.of(line).code)
    return f"{name[0]} {line}" if name else line


def told(line: str) -> str:
    """A finding for a person, in their language: what the code says, and the detail."""
    found = Finding.of(line)
    zh, en = FINDINGS.get(found.code, (found.code, found.code))
    return words(
        f"{zh}：{found.zh}" if found.zh not in ("", zh) else zh,
        f"{en}: {found.en}" if found.en not in ("", en) else en,
    )
