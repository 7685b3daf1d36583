"""Which options an answer chooses, and true or false, however it is put."""

from __future__ import annotations

import re

from core.text import bare, nfkc

_LETTERS = r"[A-H](?:[\s、,;和及与]*[A-H])*(?![A-Za-z])"
_SAID = re.compile(rf"(?:答案|选项|应选|故选|选择|选)(?:是|为|应为|应该是|[:：\s])*\(?({_LETTERS})")
_ITEM = re.compile(r"(?:^|[\n;,、。\s])\(?([A-H])\)?(?=[.:、)])")
_TRUE = ("正确", "对", "√", "是", "true", "t", "准确", "成立")
_FALSE = ("错误", "错", "×", "x", "不正确", "不对", "否", "不是", "false", "f", "不准确", "不成立")


def letters(answer: str, options: dict[str, str]) -> str:
    """The chosen letters, sorted (``"AC"``), or '' where none can be made out.

    In order: letters alone; "答案是 …" (the last one); options written out as ``B. …`` at the
    beginning of items; the text of an option, when the answer repeats one.
    """
    text = nfkc(answer).strip(" 。.()!")
    text = re.sub(r"(?<![A-Za-z])[a-h](?![A-Za-z])", lambda m: m.group().upper(), text)
    if re.fullmatch(_LETTERS, text):
        return _known(text, options)
    said = _SAID.findall(text)
    if said:
        return _known(said[-1], options)
    items = _ITEM.findall(text)
    head = re.match(rf"\(?({_LETTERS})(?=[.:、,)\s]|[\u4e00-\u9fff])", text)
    if items or head:
        return _known("".join(items) + (head[1] if head else ""), options)
    given = bare(answer)
    named = {key: bare(value) for key, value in options.items() if bare(value) in given}
    longest = [
        key
        for key, value in named.items()
        if not any(value != other and value in other for other in named.values())
        and not re.search(rf"(?:不是|并非|不选|排除){re.escape(value)}", given)
    ]
    return "".join(sorted(longest))


def _known(text: str, options: dict[str, str]) -> str:
    return "".join(sorted({char for char in text if char in options}))


def partial(chosen: str, right: str) -> float:
    """The exams' rule for several answers: any wrong option earns nothing, a right part its
    share."""
    if not chosen or set(chosen) - set(right):
        return 0.0
    return len(set(chosen)) / len(set(right))


def verdict(answer: str) -> bool | None:
    """True or false as said first, or None: "错误，…", "这种说法不正确", "√"."""
    text = nfkc(answer).casefold().strip(" 。.!")
    text = re.sub(r"^(?:答案|答|判断)?(?:是|为)?[:：]?\s*", "", text) or text
    found = [
        (text.find(word), -len(word), value)
        for words, value in ((_TRUE, True), (_FALSE, False))
        for word in words
        if (text == word if word in ("t", "f", "x", "是", "否", "对", "错") else word in text)
        or text.startswith((f"{word},", f"{word}。"))
    ]
    if not found:
        return None
    # 不正确 begins before the 正确 inside it; of two at one place the longer word is meant.
    return min(found)[2]
