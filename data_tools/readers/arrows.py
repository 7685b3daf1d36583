"""One-line banks: ``题干->答案``, whatever the arrow looks like."""

from __future__ import annotations

import re

from data_tools.readers.blocks import Line

# Typed arrows seen in banks: ->, -->, —>, ＝>, =>, →, ⇒ and full-width forms of them.
ARROW = re.compile(r"[-‐-―－−=＝]+\s?[>＞》›]|[→⇒➔➜➡⟶]")
MULTIPLE = re.compile(r"[（(\[【〔]\s*(?:多选|多项选择|不定项选择|不定项)题?\s*[】〕\])）]")
_END = re.compile(r"[：:？?。）)】”\"]\s*$")  # how a stem usually ends


def split(text: str, arrow: str = "") -> tuple[str, str] | None:
    """Stem and answer of a one-line question, or None where there is no arrow.

    Of several arrows the one after closing punctuation wins, else the first; ``arrow`` restricts
    the search to the delimiter that this document uses.
    """
    if arrow:
        if text.count(arrow) == 1:
            stem, _, answer = text.partition(arrow)
            return stem.strip(), answer.strip()
        places = [m.span() for m in re.finditer(re.escape(arrow), text)]
    else:
        places = [m.span() for m in ARROW.finditer(text)]
    if not places:
        return None
    start, end = next((p for p in places if _END.search(text[: p[0]])), places[0])
    return text[:start].strip(), text[end:].strip()


def usual(lines: list[Line]) -> str:
    """The arrow that most lines use, or '' where fewer than half hold one (a tab counts too)."""
    counts: dict[str, int] = {}
    filled = 0
    for line in lines:
        if line.text and not line.text.isspace():
            filled += 1
            found = ARROW.search(line.text)
            key = found.group() if found else "\t" if line.text.strip().count("\t") == 1 else ""
            if key:
                counts[key] = counts.get(key, 0) + 1
    best = max(counts, key=lambda key: counts[key], default="")
    return best if best and counts[best] * 2 > filled else ""
