"""The encoding of a text, told by its content: which reading gives the characters people write.

The national sets put their frequent characters first: GB 2312 its 3,755 of level 1 into rows 16
to 55, Big5 its 5,401 into A440 to C67E, JIS X 0208 its 2,965 into rows 16 to 47. A text read in its
own encoding consists of these and of ordinary signs; read in another's it scatters over rare
characters, half-width katakana and private ones. What two readings explain alike is not guessed.
"""

from __future__ import annotations

import codecs
from functools import lru_cache

from core.errors import UserError
from core.language import words

SAMPLE = 1 << 16  # characters looked at: the share of frequent ones no longer changes
LEAST, RARE = 0.55, 0.25  # right readings are worth .8 and more; a list of rare characters .3
APART = 0.15  # two readings nearer than this are not told apart
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
OTHERS = (
    "gb18030",
    "big5",
    "cp950",
    "shift_jis",
    "cp932",
)  # cp950, cp932: the same with more signs
FREQUENT = {  # the bytes of frequent characters: (codec, first lead byte, last lead byte)
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6),
    "cp950": ("big5", 0xA4, 0xC6),
    "shift_jis": ("euc_jp", 0xB0, 0xCF),
    "cp932": ("euc_jp", 0xB0, 0xCF),
}


def encoding_of(data: bytes, name: str, whole: bool = True, given: str = "") -> str:
    """The encoding of ``data``: ``given`` by a person, by its byte-order mark, else UTF-8, UTF-16
    by its zero bytes, else the best of :data:`OTHERS`. ``whole`` is False for the beginning of a
    longer file.

    Raises :class:`UserError` on binary data, on a mixture of encodings (naming the line) and where
    two encodings read it alike or none reads it well.
    """
    if given:
        return given
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding
    if b"\0" in data:
        return _wide(data, name)
    bad = broken(data, "utf-8", whole)
    if bad is None:
        return "utf-8"
    if _mostly_utf8(data):
        line = data.count(b"\n", 0, bad) + 1
        why = words(
            f"第{line}行编码混乱（不是 UTF-8，也不全是 GBK），请另存为 UTF-8",
            f"line {line} is neither UTF-8 nor all GBK: save the file as UTF-8",
        )
        raise UserError(f"{name}: {why}")
    return _best(data, name, whole, data.count(b"\n", 0, bad) + 1)


def _wide(data: bytes, name: str) -> str:
    """UTF-16 without a mark, told by its zero bytes."""
    for encoding in ("utf-16-le", "utf-16-be"):
        if _readable(data[:4096], encoding):
            return encoding
    line = data.count(b"\n", 0, data.index(b"\0")) + 1
    raise UserError(f"{name}: {holds_nul(line)}")


def too_large(limit: int) -> str:
    """What to say of a text of more than ``limit`` bytes."""
    most = limit >> 20
    return words(f"超过 {most} MB，请先拆分", f"larger than {most} MB: too large, split it first")


def not_in(encoding: str) -> str:
    """What to say of a file that is not in its ``encoding`` throughout."""
    return words(
        f"不全是 {encoding} 编码：请另存为 UTF-8，或用 ENCODING= 指定",
        f"is not all {encoding}: save it as UTF-8, or say which, ENCODING=",
    )


def holds_nul(line: int) -> str:
    """What to say of a text with zero bytes."""
    return words(
        f"第{line}行含 NUL 字节，不是文本文件", f"line {line} holds a NUL byte: not a text file"
    )


def _best(data: bytes, name: str, whole: bool, line: int) -> str:
    """The one of :data:`OTHERS` that gives the most frequent characters; ``line`` is the first that
    is not UTF-8."""
    worth: dict[str, float] = {}
    for encoding in OTHERS:
        family = FREQUENT[encoding][0]
        if broken(data, encoding, whole) is None and not any(
            FREQUENT[known][0] == family for known in worth
        ):
            worth[encoding] = score(decoded(data, encoding, whole)[:SAMPLE], encoding)
    ranked = sorted(worth, key=lambda encoding: -worth[encoding])
    best = worth[ranked[0]] if ranked else 0.0
    ahead = best - worth[ranked[1]] if len(ranked) > 1 else best
    if best < RARE or ahead < (APART if best >= LEAST else 2 * APART):
        some = " / ".join(ranked[:3]) or "?"
        given = f"ENCODING={ranked[0] if ranked else 'gb18030'}"
        why = words(
            f"第{line}行起编码不明（{some}）：请用 {given} 指定，或另存为 UTF-8",
            f"doubtful encoding from line {line} on ({some}): say which, {given}, "
            "or save the file as UTF-8",
        )
        raise UserError(f"{name}: {why}")
    return ranked[0]


def decoded(data: bytes, encoding: str, whole: bool) -> str:
    """``data`` as text; a character cut off at its end is left out unless it is ``whole``."""
    return codecs.getincrementaldecoder(encoding)().decode(data, final=whole)


def broken(data: bytes, encoding: str, whole: bool) -> int | None:
    """Where ``data`` stops being ``encoding``, or None (a cut-off end is no error)."""
    try:
        decoded(data, encoding, whole)
    except UnicodeDecodeError as error:
        return error.start
    return None


def score(text: str, encoding: str) -> float:
    """How likely people wrote ``text``: 1 where all its characters are frequent ones of
    ``encoding``, below 0 where they are rare. ASCII does not count."""
    seen = [char for char in text if char > "\x7f"]
    return sum(_worth(char, encoding) for char in seen) / len(seen) if seen else 1.0


@lru_cache(1 << 16)
def _worth(char: str, encoding: str) -> float:
    """What one character says for ``encoding``."""
    japanese = FREQUENT[encoding][0] == "euc_jp"
    if "\u3000" <= char <= "\u3011" or "\uff01" <= char <= "\uff5e" or char in "“”‘’…—·×÷√℃°【】":
        return 0.9
    if "\u3041" <= char <= "\u30fe":
        return 1.0 if japanese else 0.1
    if "\u4e00" <= char <= "\u9fff":
        codec, first, last = FREQUENT[encoding]
        try:
            lead = char.encode(codec)[0]
        except UnicodeEncodeError:
            return -0.2
        return 1.0 if first <= lead <= last else 0.2
    if "\u0370" <= char <= "\u03ff" or "\u2100" <= char <= "\u2fff" or "ā" <= char <= "ǜ":
        return 0.3
    return 0.2 if char > "\U0001ffff" else -1.0  # half-width katakana, private use, box drawing


def _readable(data: bytes, encoding: str) -> bool:
    """Whether nearly all of ``data`` in ``encoding`` are letters and signs that people write."""
    text = data[: len(data) // 2 * 2].decode(encoding, errors="replace")
    common = sum(
        char in "\r\n\t" or " " <= char <= "~" or "\u2000" <= char <= "\u30ff"
        or "\u4e00" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef"
        or (char.isalpha() and char < "\u0500")
        for char in text
    )  # fmt: skip
    return common >= 0.95 * len(text)


def _mostly_utf8(data: bytes) -> bool:
    """Whether most non-ASCII lines are good UTF-8, so that the rest is a foreign body."""
    good = bad = 0
    for line in data[: 4 << 20].splitlines():
        if not line.isascii():
            if broken(line, "utf-8", True) is None:
                good += 1
            else:
                bad += 1
    return good > bad
