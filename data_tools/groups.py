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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from rapidfuzz import fuzz

from core.rows import Row
from core.text import nfkc
from data_tools.clean import Keys

# (answers in at most this many questions, share of weight that must be common)
THRESHOLDS = ((8, 0.42), (60, 0.5), (400, 0.62), (math.inf, 0.8))
ALL_PAIRS = 120  # blocks up to this size are compared pair by pair
RARE, NEAREST = 4, 8  # in larger blocks: by each row's rarest tokens, this many neighbours each
SLIP = 92.0  # rapidfuzz ratio above which two stems with kindred answers differ by a slip
KINDRED = 85.0  # the same for two answers

_ASKING = re.compile(
    r"请问|请|下列|以下|下面|关于|指的是|是指|指|被称为|称为|被誉为|称之为|属于|叫做|叫|"
    r"什么|哪一?[个位座条种项部本颗年天]?|谁|几|多少|怎么|如何|名字|的是|的|是|了|呢|吗|有|在|于|"
    r"[一个位座条种项部本颗之为与和及中其]|[\W_]"
)
_SAME = (("我国", "中国"), ("新中国", "中华人民共和国"), ("地球上", "世界"), ("首届", "第1届"))
_ORDINAL = re.compile(r"第([一二三四五六七八九])(?![十百千])")
_TOP = re.compile(r"最(.)")
NUMBER = re.compile(r"\d+(?:[.:/]\d+)*")
_NOT = re.compile(r"[不非无未没否错]|除")


def canon(text: str) -> str:
    """``text`` with a few common ways of saying the same thing made one."""
    text = nfkc(text).casefold()
    for other, one in _SAME:
        text = text.replace(other, one)
    return _ORDINAL.sub(lambda found: f"第{'一二三四五六七八九'.index(found[1]) + 1}", text)


def tokens(text: str) -> set[str]:
    """Characters and character pairs of a canonical text between question words and punctuation
    (Latin words and numbers whole): what it is about."""
    found: set[str] = set()
    for part in _ASKING.split(text):
        if not part.isascii():
            found.update(part)
            found.update(map("".join, pairwise(part)))
        elif part:
            found.add(part)
    return found


def count(texts: Iterable[str]) -> Counter[str]:
    """In how many of ``texts`` each token stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(tokens(canon(text)))
    return counts


def weights(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """Inverse document frequency of every token, natural logarithm."""
    return {token: math.log((total + 1) / n) for token, n in counts.items()}


class Question:
    """What is compared of one question."""

    __slots__ = ("bag", "mass", "negations", "numbers", "text", "tops")

    def __init__(self, text: str, weight: Mapping[str, float]) -> None:
        self.text = canon(text)
        self.bag = tokens(self.text)
        self.mass = sum(weight[token] for token in self.bag)
        self.numbers = set(NUMBER.findall(self.text))
        self.tops = set(_TOP.findall(self.text))
        self.negations = len(_NOT.findall(self.text))

    def share(self, other: Question, weight: Mapping[str, float]) -> float:
        """Weighted Dice coefficient, 0 to 1."""
        common = sum(weight[token] for token in self.bag & other.bag)
        return 2 * common / (self.mass + other.mass) if common else 0.0

    def apart(self, other: Question) -> bool:
        """Whether numbers, a negation or a superlative (最大, 最远) tell the questions apart."""
        return (
            not (self.numbers <= other.numbers or other.numbers <= self.numbers)
            or (bool(self.tops and other.tops) and self.tops.isdisjoint(other.tops))
            or self.negations != other.negations
        )


def candidates(block: Sequence[Question], weight: Mapping[str, float]) -> Iterator[tuple[int, int]]:
    """Pairs of one block worth a look: all of a small one; in a large one those that share a rare
    token (prefix filtering, Chaudhuri et al. 2006), at most :data:`NEAREST` a token, so that the
    cost stays linear."""
    if len(block) <= ALL_PAIRS:
        yield from combinations(range(len(block)), 2)
        return
    posting: defaultdict[str, list[int]] = defaultdict(list)
    for index, question in enumerate(block):
        rarest = sorted(question.bag, key=lambda token: (-weight[token], token))[:RARE]
        near = {other for token in rarest for other in posting[token][-NEAREST:]}
        for other in sorted(near):
            yield other, index
        for token in rarest:
            posting[token].append(index)


def alike(texts: Sequence[str], weight: Mapping[str, float]) -> list[tuple[int, int]]:
    """Pairs of paraphrases among questions that all have one answer."""
    need = next(share for size, share in THRESHOLDS if len(texts) <= size)
    block = [Question(text, weight) for text in texts]
    return [
        (one, other)
        for one, other in candidates(block, weight)
        if block[one].share(block[other], weight) >= need and not block[one].apart(block[other])
    ]


def kindred(one: str, other: str) -> bool:
    """Whether two different answers say nearly the same: one holds the other, or a slip apart."""
    if one == other or not one or not other:
        return False
    return one in other or other in one or fuzz.ratio(one, other, score_cutoff=KINDRED) > 0


def slips(questions: Sequence[str], answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs whose answers are kindred and whose questions differ by a slip, among neighbours of the
    list sorted from the front and from the back (sorted neighbourhood, Hernandez and Stolfo 1995).
    """
    flipped = [question[::-1] for question in questions]
    for keys in (questions, flipped):
        order = sorted(range(len(keys)), key=keys.__getitem__)
        for step in (1, 2, 3):
            for one, other in zip(order, order[step:], strict=False):
                if (
                    keys[one][:2] == keys[other][:2]
                    and fuzz.ratio(keys[one], keys[other], score_cutoff=SLIP)
                    and kindred(answers[one], answers[other])
                    and NUMBER.findall(questions[one]) == NUMBER.findall(questions[other])
                    and len(_NOT.findall(questions[one])) == len(_NOT.findall(questions[other]))
                ):
                    yield one, other


class Union:
    """Disjoint sets over 0..n-1, with path halving; a set is named by its smallest member."""

    def __init__(self, size: int) -> None:
        self.parent = list(range(size))

    def find(self, item: int) -> int:
        """The name of the set of ``item``."""
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


def heads(rows: Sequence[Row], keys: Sequence[Keys], sets: Union) -> list[int]:
    """Join rows with one question, or with one group that a template gave; one index a set."""
    first: dict[str, int] = {}
    for index, (row, key) in enumerate(zip(rows, keys, strict=True)):
        if row.group:
            sets.join(first.setdefault("g" + row.group, index), index)
        sets.join(first.setdefault("q" + key.question, index), index)
    return [index for index in range(len(rows)) if sets.find(index) == index]


def pairs(texts: Sequence[str], keys: Sequence[Keys]) -> Iterator[tuple[int, int]]:
    """Pairs of paraphrases among questions (``texts``: with their options) and their keys."""
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        blocks[key.answer].append(index)
    weight = weights(count(texts), len(texts))
    for block in blocks.values():
        if len(block) > 1:
            for one, other in alike([texts[index] for index in block], weight):
                yield block[one], block[other]
    del blocks, weight
    yield from slips([key.question for key in keys], [key.answer for key in keys])


def group(
    rows: Sequence[Row],
    keys: Sequence[Keys],
    find: Callable[[Sequence[str], Sequence[Keys]], Iterable[tuple[int, int]]] = pairs,
) -> int:
    """Give every row its ``group`` (``g-00071``, in order of appearance); returns how many."""
    sets = Union(len(rows))
    chosen = heads(rows, keys, sets)
    texts = [rows[index].prompt() for index in chosen]
    for one, other in find(texts, [keys[index] for index in chosen]):
        sets.join(chosen[one], chosen[other])
    return name(rows, sets)


def name(rows: Sequence[Row], sets: Union) -> int:
    """Number the sets in order of appearance and write the names into the rows."""
    numbers: dict[int, str] = {}
    for index, row in enumerate(rows):
        head = sets.find(index)
        if head not in numbers:
            numbers[head] = f"g-{len(numbers) + 1:05d}"
        row.group = numbers[head]
    return len(numbers)
