"""Does a passage answer the very thing that is asked? What it must hold, what it denies.

The scores of :mod:`rag.index` say how near a passage is; these say why a near one may be of no use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from core.text import nfkc
from rag import demands
from rag.passages import Passage

MISSED = 0.3  # the highest score of a passage without what is demanded: below any threshold in use
NAMED = 0.6  # the lowest score of one that holds every code and number of a question by itself
DENIED = 0.15  # of the fused score, where one asks what is and the other what is not
_NOT = re.compile(
    r"不(?!同|仅|但|只|管|过|断|久|锈|等式|动产|良|少|料|丹|见|由|禁|得不|是不|能不|可不|会不|要不|该不)|没(?!收|落|药|顶|食子)|"
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


def raised(query: str, found: Sequence[Passage]) -> np.ndarray:
    """What is added to the fused scores of ``found``: the share of the demands that each holds,
    less where it answers the opposite."""
    named, asked = demands.of(query), denies(query)
    more = np.zeros(len(found))
    for at, one in enumerate(found):
        if named:
            more[at] = sum(met(named, one.text)) / len(named)
        if one.question and denies(one.question) != asked:
            more[at] -= DENIED
    return more
