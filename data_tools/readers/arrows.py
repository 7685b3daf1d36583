"""One-line banks: ``题干->答案``, whatever the arrow looks like."""

from __future__ import annotations

import re

from data_tools.readers.blocks import Line

# Typed arrows seen in banks: ->, -->, —>, ＝>, =>, →, ⇒ and full-width forms of them.
ARROW = re.compile(r"[-‐-―－−=＝]+\s?[>＞》›]|[→⇒➔➜➡⟶]")
MULTIPLE = re.compile(r"[（(\[【〔]\s*(?:多选|多项选择|不定项选择|不定项)题?\s*[】〕\])）]")
# Other signs that a whole document may use, surest first; each once a line in nearly every line.
OTHERS = ("\t", "||", "｜｜", "|", "｜", "——", "--", "==", "＝＝", "::", "：：", "@@", "@",
          "##", "#", "$$", "$", "~~", "~", "～", "&&", "&", "^", "//", "\\", "***", "*", "=",
          "＝")  # fmt: skip
_END = re.compile(r"[：:？?。）)】”\"]\s*$")  # how a stem usually ends
_LABELLED = re.compile(r"(?:答案|回答|[Aa]nswer)\s*[:：】\]]|(?<=[?？。\s])答\s*[:：]")
_ASKED = re.compile(r"[：:？?]\s*$|选题?[)）]\s*$")
_NUMBER = re.compile(r"\s*[（(]?\d{1,5}\s*(?:[、)）]|[.．:：](?!\d))\s*")
_OPTION = re.compile(
    r"\s*[（(]?[A-Ha-h]\s*[、.．)）:：]|\s*[【\[]?(?:参考|正确|标准)?答案|\s*[【\[]?(?:答案)?解析"
)


def split(text: str, arrow: str = "") -> tuple[str, str] | None:
    """Stem and answer of a one-line question, or None where there is no arrow.

    Of several arrows the one after closing punctuation wins, else the first; ``arrow`` restricts
    the search to the delimiter that this document uses.
    """
    if arrow and text.count(arrow) == 1:
        stem, _, answer = text.partition(arrow)
        return stem.strip(), answer.strip()
    places = [m.span() for m in re.finditer(re.escape(arrow), text)] if arrow else []
    places = places or [m.span() for m in ARROW.finditer(text)]
    if not places:
        return None
    start, end = next((p for p in places if _END.search(text[: p[0]])), places[0])
    return text[:start].strip(), text[end:].strip()


def one_line(text: str, arrow: str) -> bool:
    """Whether the line may be a one-line question: it holds an arrow and is no option or answer."""
    if arrow and arrow in text:
        found = True
    else:
        found = ">" in text or "→" in text or "＞" in text or "⇒" in text or "》" in text
        found = found and ARROW.search(text) is not None
    return found and not _OPTION.match(text)


def share(lines: list[Line], arrow: str) -> float:
    """The part of the filled lines that hold ``arrow``."""
    filled = [line.text for line in lines if line.text and not line.text.isspace()]
    return sum(arrow in text for text in filled) / max(1, len(filled))


def lonely(text: str) -> tuple[str, str] | None:
    """A one-line question among others: only where the stem ends as a question does."""
    for found in ARROW.finditer(text):
        if _ASKED.search(text[: found.start()]) and text[found.end() :].strip():
            return text[: found.start()].strip(), text[found.end() :].strip()
    return None


def numbered(lines: list[Line]) -> bool:
    """Whether most lines begin with a number, so that it is no part of the stems."""
    filled = [line for line in lines if line.text.strip()]
    return 2 * sum(bool(_NUMBER.match(line.text)) for line in filled) > len(filled)


def unnumbered(stem: str) -> str:
    """``stem`` without its number."""
    return _NUMBER.sub("", stem, count=1)


def usual(lines: list[Line]) -> str:
    """The delimiter of a one-line bank: the arrow that most lines use, or another sign that stands
    once in nearly every line; '' where there is none."""
    counts: dict[str, int] = {}
    texts = [line.text for line in lines if line.text and not line.text.isspace()]
    for text in texts:
        if ">" in text or "→" in text or "⇒" in text or "＞" in text:
            found = ARROW.search(text)
            if found:
                counts[found.group()] = counts.get(found.group(), 0) + 1
    best = max(counts, key=lambda key: counts[key], default="")
    if best and (counts[best] * 2 > len(texts) or counts[best] >= 20):
        return best
    if len(texts) < 3 or any(_OPTION.match(text) for text in texts):
        return ""
    if 2 * sum(bool(_LABELLED.search(text)) for text in texts) > len(texts):
        return ""
    for sign in OTHERS:
        once = sum(text.strip().count(sign) == 1 for text in texts)
        if once >= 0.75 * len(texts) and once >= 3:
            return sign
    return ""
