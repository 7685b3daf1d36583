"""Groups of paraphrases: questions that ask the same thing, so that a split can keep them together.

Two questions are paraphrases when they have the same answer and share most of what they are about:
a Dice coefficient over characters and character pairs without question words, each weighted by its
rarity (inverse document frequency, Sparck Jones 1972). The commoner an answer (对, 北京, 4年), the
less it proves, so the more the questions must share; the thresholds were set on the sample's
paraphrases and on a real bank (docs/data.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from rapidfuzz import fuzz

from core.rows import Row
from core.text import nfkc
from data_tools.clean import Keys

# (answers in at most this many questions, share of weight that must be common)
THRESHOLDS = ((8, 0.42), (60, 0.5), (400, 0.62), (math.inf, 0.8))
ALL_PAIRS = 120  # blocks up to this size are compared pair by pair
RARE, NEAREST = 4, 8  # in larger blocks: by each row's rarest tokens, this many neighbours each
TYPO = 92.0  # rapidfuzz ratio above which two stems with kindred answers differ by a slip

_ASKING = re.compile(
    r"请问|请|下列|以下|下面|关于|指的是|是指|指|被称为|称为|被誉为|称之为|属于|叫做|叫|"
    r"什么|哪一?[个位座条种项部本颗年天]?|谁|几|多少|怎么|如何|名字|的是|的|是|了|呢|吗|有|在|于|"
    r"[一个位座条种项部本颗之为与和及中其]|[\W_]"
)
_SAME = (("我国", "中国"), ("新中国", "中华人民共和国"), ("地球上", "世界"), ("首届", "第1届"))
_ORDINAL = re.compile(r"第([一二三四五六七八九])(?![十百千])")
_TOP = re.compile(r"最(.)")
_NUMBER = re.compile(r"\d+(?:[.:/]\d+)*")
_NOT = re.compile(r"[不非无未没否错]|除")


def canon(text: str) -> str:
    """``text`` with a few common ways of saying the same thing made one."""
    text = nfkc(text).casefold()
    for other, one in _SAME:
        text = text.replace(other, one)
    return _ORDINAL.sub(lambda found: f"第{'一二三四五六七八九'.index(found[1]) + 1}", text)


def tokens(text: str) -> frozenset[str]:
    """Characters and character pairs of a canonical text between question words and punctuation
    (Latin words and numbers whole): what it is about."""
    found: set[str] = set()
    for part in filter(None, _ASKING.split(text)):
        if part.isascii():
            found.add(part)
            continue
        found.update(part)
        found.update(map("".join, pairwise(part)))
    return frozenset(found)


class Union:
    """Disjoint sets over 0..n-1, with path halving."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, item: int) -> int:
        """The representative (the smallest member) of the set of ``item``."""
        parent = self.parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        one, other = self.find(one), self.find(other)
        if one != other:
            self.parent[max(one, other)] = min(one, other)


class Likeness:
    """How much two questions share; holds the weights of one bank."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(map(canon, texts))
        self.bags = list(map(tokens, self.texts))
        counts: Counter[str] = Counter()
        for bag in self.bags:
            counts.update(bag)
        total = len(texts) + 1
        self.weight = {token: math.log(total / count) for token, count in counts.items()}
        self.mass = [sum(map(self.weight.__getitem__, bag)) or 1e-9 for bag in self.bags]

    def share(self, one: int, other: int) -> float:
        """Weighted Dice coefficient, 0 to 1."""
        common = sum(map(self.weight.__getitem__, self.bags[one] & self.bags[other]))
        return 2 * common / (self.mass[one] + self.mass[other])

    def apart(self, one: int, other: int) -> bool:
        """Whether numbers, a negation or a superlative (最大, 最远) tell the questions apart."""
        first, second = self.texts[one], self.texts[other]
        numbers = set(_NUMBER.findall(first)), set(_NUMBER.findall(second))
        tops = set(_TOP.findall(first)), set(_TOP.findall(second))
        return (
            not (numbers[0] <= numbers[1] or numbers[1] <= numbers[0])
            or (all(tops) and tops[0].isdisjoint(tops[1]))
            or len(_NOT.findall(first)) != len(_NOT.findall(second))
        )

    def rarest(self, index: int) -> list[str]:
        """The tokens that say most about a question."""
        return sorted(self.bags[index], key=lambda token: (-self.weight[token], token))[:RARE]


def candidates(block: Sequence[int], like: Likeness) -> Iterator[tuple[int, int]]:
    """Pairs of one block worth a look: all of a small one; in a large one those that share a rare
    token (prefix filtering, Chaudhuri et al. 2006), at most :data:`NEAREST` a token, so that the
    cost stays linear."""
    if len(block) <= ALL_PAIRS:
        yield from combinations(block, 2)
        return
    posting: defaultdict[str, list[int]] = defaultdict(list)
    for index in block:
        for token in like.rarest(index):
            for other in posting[token][-NEAREST:]:
                yield other, index
            posting[token].append(index)


def kindred(one: str, other: str) -> bool:
    """Whether two answers say nearly the same: one holds the other, or they differ by a slip."""
    if not one or not other:
        return False
    return one == other or one in other or other in one or fuzz.ratio(one, other) >= 85


def slips(
    order: Sequence[int], texts: Sequence[str], answers: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Pairs whose answers are kindred and whose stems differ by a slip, among neighbours of the
    sorted list (sorted-neighbourhood method, Hernandez and Stolfo 1995)."""
    for step in (1, 2, 3):
        for one, other in zip(order, order[step:], strict=False):
            if (
                answers[one] != answers[other]
                and kindred(answers[one], answers[other])
                and fuzz.ratio(texts[one], texts[other], score_cutoff=TYPO)
            ):
                yield one, other


def representatives(rows: Sequence[Row], keys: Sequence[Keys], sets: Union) -> list[int]:
    """Join rows with one question, or with one group that a template gave; one index a set."""
    for field in (lambda index: rows[index].group, lambda index: keys[index].question):
        first: dict[str, int] = {}
        for index in range(len(rows)):
            if key := field(index):
                sets.join(first.setdefault(key, index), index)
    return [index for index in range(len(rows)) if sets.find(index) == index]


def group(rows: Sequence[Row], keys: Sequence[Keys]) -> int:
    """Give every row its ``group`` (``g-00071``, in order of appearance); returns how many."""
    sets = Union(len(rows))
    heads = representatives(rows, keys, sets)
    texts = [rows[index].prompt() for index in heads]
    answers = [keys[index].answer for index in heads]
    like = Likeness(texts)
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for index, answer in enumerate(answers):
        blocks[answer].append(index)
    for block in blocks.values():
        need = next(share for size, share in THRESHOLDS if len(block) <= size)
        for one, other in candidates(block, like):
            if sets.find(heads[one]) == sets.find(heads[other]):
                continue
            if like.share(one, other) >= need and not like.apart(one, other):
                sets.join(heads[one], heads[other])
    stems = [keys[index].question for index in heads]
    for sort_key in (stems.__getitem__, lambda index: stems[index][::-1]):
        for one, other in slips(sorted(range(len(heads)), key=sort_key), stems, answers):
            if not like.apart(one, other):
                sets.join(heads[one], heads[other])
    numbers: dict[int, str] = {}
    for index, row in enumerate(rows):
        head = sets.find(index)
        row.group = numbers.setdefault(head, f"g-{len(numbers) + 1:05d}")
    return len(numbers)
