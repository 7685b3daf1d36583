"""Does a passage answer the very thing that is asked? What it must hold, what it denies.

The scores of :mod:`rag.index` say how near a passage is; these say why a near one may be of no use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np

from core.text import bare, nfkc
from rag import asked, demands
from rag.passages import Passage

MISSED = 0.3  # the highest score of a passage without what is demanded: below any threshold in use
NAMED = 0.6  # the lowest score of one that a code in the question singles out
FEW = 3  # passages at most that a code singles out: E1034 does, 5G does not
TAIL = 5  # characters after its topic in which two questions are the same
_NAME = re.compile(r"[\u3400-\u9fff]+[a-z]?")
_LETTERED = re.compile(r"([\u3400-\u9fff]{2,})([a-z])(?![a-z\d])")  # 维生素D
DENIED = 0.15  # of the fused score: one asks what is, the other what is not, or when and where
_NOT = re.compile(
    r"不(?!同|仅|但|只|管|过|断|久|锈|等式|动产|良|少|料|丹|见|由|禁)|没(?!收|落|药|顶|食子)|"
    r"无(?!线|锡|论|人机|花果|限公司|期徒刑|机|形资产|烟煤|疑)|非(?!常|洲|典|法|诉|物质)|未(?!来|成年|央|遂)|禁止|禁用|禁忌|勿|"
    r"错误的|除外|\b(?:not|never|no|without|cannot|n't|except)\b|n't\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(r"(.)不\1|是否|有没有|能否|可否")


def denies(text: str) -> bool:
    """Whether a question asks for what is not: an odd number of denials (是不是 is none)."""
    return len(_NOT.findall(_CHOICE.sub("", nfkc(text)))) % 2 == 1


def met(named: Sequence[demands.Demand], text: str) -> list[bool]:
    """Which demands a passage's ``text`` holds."""
    return [demands.holds(one, text) for one in named]


def fits(named: Sequence[demands.Demand], held: Sequence[bool]) -> bool:
    """Whether a passage that holds ``held`` of the demands may answer: one of each kind (E1034 and
    E1040 are asked about together and stand in two passages)."""
    kinds = {one.kind for one in named}
    return kinds == {one.kind for one, is_held in zip(named, held, strict=True) if is_held}


def single(named: Sequence[demands.Demand], found: Sequence[Passage]) -> set[demands.Demand]:
    """The codes, long numbers and articles that single a few passages out."""
    codes = [
        one
        for one in named
        if one.kind == "code"
        or (one.kind == "number" and one.text[-1] != "年")
        or (one.kind == "ordinal" and one.key[1] in "条章款节#")
    ]
    return {
        code for code in codes if 1 <= sum(demands.holds(code, one.text) for one in found) <= FEW
    }


_SAME = {"我国", "中国", "世界", "全球", "国际", "目前", "现在", "如今", "下列", "以下", "请问"}


def other_topic(query: str, question: str) -> str:
    """The topic of ``query`` where ``question`` asks the very same of another one: 挪威 where the
    passage has 法国的首都; "" else. Only what stands in front of the same words counts: a reader
    who says it in other words changes more than that."""
    one, other = demands.measured(query), demands.measured(question)
    for name, letter in _LETTERED.findall(one):
        for size in range(len(name), 1, -1):  # the longest part of it that the other has too
            if beside := re.findall(rf"{name[-size:]}([a-z])(?![a-z\d])", other):
                if letter not in beside:
                    return str(name[-size:] + letter.upper())
                break
    one, other = bare(one), bare(other)
    same = 0
    while same < min(len(one), len(other)) and one[-1 - same] == other[-1 - same]:
        same += 1
    a, b = one[: len(one) - same], other[: len(other) - same]
    if same < TAIL or not (2 <= len(a) <= 6 and 2 <= len(b) <= 6) or a in _SAME or b in _SAME:
        return ""
    return (
        ""
        if a[0] == b[0] or a in b or b in a or not (_NAME.fullmatch(a) and _NAME.fullmatch(b))
        else a
    )


def score(
    query: str,
    one: Passage,
    named: Sequence[demands.Demand],
    codes: Collection[demands.Demand],
) -> float:
    """The score of a passage by what it holds: low without what is demanded, enough where a code
    singles it out."""
    if other_topic(query, one.question) or asked.differs(query, one):
        return min(one.score, MISSED)
    if not named:
        return one.score
    held = met(named, one.text)
    if not fits(named, held):
        return min(one.score, MISSED)
    named_here = any(there and what in codes for what, there in zip(named, held, strict=True))
    return max(one.score, NAMED) if named_here else one.score


def raised(query: str, found: Sequence[Passage]) -> np.ndarray:
    """What is added to the fused scores of ``found``: the share of the demands that each holds,
    less where it answers the opposite or another kind of question."""
    named, denied = demands.of(query), denies(query)
    more = np.zeros(len(found))
    for at, one in enumerate(found):
        if named:
            more[at] = sum(met(named, one.text)) / len(named)
        if one.question and denies(one.question) != denied:
            more[at] -= DENIED
        if asked.differs(query, one):
            more[at] -= DENIED
    return more
