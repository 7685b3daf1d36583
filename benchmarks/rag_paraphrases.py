"""Questions with known source for ``benchmarks/rag.py``: written by us, or made from rows by rule.

``rag_questions.jsonl`` holds what we wrote after reading a row, keyed by the SHA-256 of the row's
question (its first 12 hex digits), so that the bank itself is not in the repository. The other
kinds are made at run time from rows further down the same order, each row used once.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).with_name("rag_questions.jsonl")
EACH = 60
_TAIL = re.compile(r"[？?：:。.，,\s（）()_]+$")
_LEAD = re.compile(r"^(?:以下|下列|下面|请问|你知道|据统计)")
_ASKING = (
    r"哪一种|哪一个|哪一年|哪个|哪种|哪些|哪位|哪里|哪项|哪一|哪|什么|多少|是谁|谁|几|怎样|如何"
)
_EMPTY = re.compile(
    rf"{_ASKING}|以下|下列|下面|请问|你知道|属于|称为|叫做|关于|以及|[的是了在于被把由和与或有为叫：:？?，,。“”‘’《》（）()、]"
)
_PAIRS = """
我国=中国 世界上=全球 目前=现在 最早=最先 第一个=首个 哪个国家=哪国 什么时候=何时
哪一年=什么年份 位于=在 哪年=什么年份 谁=哪个人 作者=写的人 多少=几 被称为=叫做 称为=叫做
主要=大体上 原产于=最初产在 发明=造出来 首都=国都 下列=这里面 以下=这些里 属于=算是 什么=啥
因为=由于 为什么=怎么会 国家=国 城市=城"""
SYNONYMS = dict(pair.split("=") for pair in _PAIRS.split())
FRAMES = (
    "请问一下，{}",
    "想问个问题：{}",
    "{}，有人知道吗",
    "我忘了，{}来着",
    "老师，{}",
    "帮我查查{}",
)
_ALIKE = """
的得地 在再 做作坐座 是事式世 他她它 有又右 以已意义 和合河何 中种重众 国果过 人仁任 大打达 为位未卫
年念粘 时十石实 生声升胜 成城程诚 会回汇 后候厚 里理力利历 方放房 法发罚 公工功宫 名明民 主住注著
最嘴罪 第地弟 一衣医依 个各 部步布 长常场 海还害 家加佳 物务悟 动洞冻 电店典 花化画华 机鸡基
金今斤 经京精 军均君 可科课 来赖 老劳 立丽例 流留刘 马码 美每 面棉 木目墓 内那 气器汽 前钱
全权 三山 上伤 身深神 书输舒 水谁 四死 天田 同童 文闻 五午舞 西希稀 先现 新心 星行型 学雪
语雨 元原员 月越 运云 战站 张章 正证 制治致 子字自"""
HOMOPHONES = _ALIKE.split()


@dataclass(frozen=True)
class Question:
    """``text`` is asked; ``id`` is the passage that it was made from."""

    kind: str
    text: str
    id: str


def key(question: str) -> str:
    """The key of a bank row's question."""
    return hashlib.sha256(question.encode()).hexdigest()[:12]


def made(rows: list[dict[str, Any]], seed: int = 7) -> list[Question]:
    """Every kind of question over the passages ``rows`` (those with a question of their own)."""
    asked = sorted((row for row in rows if row["question"]), key=lambda row: key(row["question"]))
    return [*written(asked), *by_rule(asked, seed)]


def written(rows: list[dict[str, Any]]) -> Iterator[Question]:
    """The questions that we wrote, for those rows that are here."""
    ids = {key(row["question"]): row["id"] for row in rows}
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["of"] in ids:
            yield Question("written", record["question"], ids[record["of"]])


def by_rule(rows: list[dict[str, Any]], seed: int) -> Iterator[Question]:
    """:data:`EACH` questions of every other kind, from rows that no other kind used."""
    rng = random.Random(seed)
    rest = (row for row in rows[330:] if 8 <= len(row["question"]) <= 60)
    for name, change in KINDS.items():
        count = 0
        while count < EACH and (row := next(rest, None)):
            told = {"answer": row["answer"]} if change is backwards else {}
            text = change(row["question"], rng, **told)
            if text and text != row["question"]:
                count += 1
                yield Question(name, text, row["id"])


def colloquial(question: str, rng: random.Random) -> str:
    """In a spoken frame, words exchanged for others that mean the same."""
    text = _LEAD.sub("", _TAIL.sub("", question))
    for word in sorted(SYNONYMS, key=len, reverse=True):
        if word in text and rng.random() < 0.7:
            text = text.replace(word, SYNONYMS[word], 1)
    return rng.choice(FRAMES).format(text)


def keywords(question: str, rng: random.Random) -> str:
    """What one types into a search box: the words that carry meaning."""
    return " ".join(part for part in _EMPTY.sub(" ", question).split() if part)


def dropped(question: str, rng: random.Random) -> str:
    """A quarter of the characters left out, in runs of one to three."""
    chars = list(_TAIL.sub("", question))
    left = max(1, len(chars) // 4)
    while left > 0:
        size = min(left, rng.randint(1, 3))
        at = rng.randrange(0, max(1, len(chars) - size))
        del chars[at : at + size]
        left -= size
    return "".join(chars)


def typos(question: str, rng: random.Random) -> str:
    """One character in eight written as another of the same sound, or two neighbours exchanged."""
    chars = list(question)
    for _ in range(max(1, len(chars) // 8)):
        alike = [
            (at, group) for at, char in enumerate(chars) for group in HOMOPHONES if char in group
        ]
        if alike and rng.random() < 0.75:
            at, group = rng.choice(alike)
            chars[at] = rng.choice([char for char in group if char != chars[at]])
        else:
            at = rng.randrange(len(chars) - 1)
            chars[at], chars[at + 1] = chars[at + 1], chars[at]
    return "".join(chars)


def reordered(question: str, rng: random.Random) -> str:
    """The asking half first, the rest behind it."""
    text = _TAIL.sub("", question)
    found = list(re.finditer(r"[，,]|是(?=[^，,]{0,12}$)|(?<=[》”])的?", text))
    if not found:
        return ""
    at = rng.choice(found)
    first, second = text[: at.start()], text[at.end() :]
    return f"{second.strip()}，{first.strip()}" if len(first) > 1 and len(second) > 1 else ""


def backwards(question: str, rng: random.Random, answer: str = "") -> str:
    """The answer with a word or two of the question: one looks for the rest."""
    words = sorted(_EMPTY.sub(" ", question).split(), key=len)
    return f"{answer} {words[-1][:6]}" if words and 2 <= len(answer) <= 12 else ""


def traditional(question: str, rng: random.Random) -> str:
    """The same in traditional characters."""
    from opencc import OpenCC

    return OpenCC("s2t").convert(_TAIL.sub("", question))


KINDS: dict[str, Callable[..., str]] = {
    "colloquial": colloquial,
    "keywords": keywords,
    "dropped": dropped,
    "typos": typos,
    "reordered": reordered,
    "traditional": traditional,
    "backwards": backwards,
}
