"""What a model wrote that should not train, each with its reason.

The reasons are codes with a detail after a colon, as everywhere in the ledger. The thresholds were
set on a sample story's questions with answers verbatim and paraphrased, and on 2,148 pairs that a
model wrote about a novel (docs/generate.md).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import fuzz, process

from core.findings import Finding
from core.text import bare
from data_tools.generate import prompts
from data_tools.generate.support import Commonness, Passage, characters, units

COMMON, CHUNKS = 0.15, 20  # too generic: all it names stands in this share of so many chunks
ECHO = 75.0  # rapidfuzz ratio to an example of the prompt
REPEATED = 3  # a question that comes up for this many chunks is the prompt's doing or too generic
NEAR, SAME = 85.0, 55.0  # rapidfuzz ratios: questions near, exact repeats' answers the same
BLOCK = 512  # questions compared with all before them at a time
PAIRS, CHARS = 0.4, 0.6  # what of an answer's own words the chunk must have …
QUOTED = (0.2, 0.45)  # … and where the model quotes a sentence of the chunk that fits

_DEICTIC = re.compile(
    r"(?:这|该|上述|上面|以上|此|所给|给定的?|下面|(?<![副剧课书脚原根基])本)一?"
    r"(?:段(?!时间|日子|经历|路|感情|关系|话)|篇|章|节|小节|回(?:中|里|目)|部分|片段|文|材料|选段|小说|故事(?!人))"
    r"|(?<![语中外英散人作条论正明])文中|原文|文章|上文|下文|前文|后文|文段|选段|节选|片段|段落|章节|书中"
    r"|小说(?:[中里]?的?(?:主题|结构|开头|结尾|标题)|[说讲写])"
    r"|作者(?:是|为|想|通过|如何|怎|用|对|的意图|意在)|叙述者|今天的故事"
    r"|故事(?:的?(?:主题|梗概|寓意|背景)|[中里](?!的))"
    r"|第[一二三四五六七八九十百零\d]+(?:章|节(?!课|车|比赛)|回(?!合|比赛))"
    r"|\b(?:this|the) (?:passage|text|chapter|excerpt|paragraph|story|novel|author)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:根据|依据|按照|从|据)?(?:原文|文中|文章|本文|上文|这?段?文字|小说|书中|故事)(?:中|里)?"
    r"(?:的?(?:内容|描述|叙述|描写))?(?:提到|可知|所述|来看|可以看出|显示|写道|指出|描述)?[，,：:]?\s*"
)
_ASIDE = re.compile(r"在?(?:原文|文中|文章|小说|故事|书中|这段(?:描述|文字|内容))[中里]?[，,]")
_UNKNOWN = re.compile(
    r"无法(?:回答|得知|从)|^(?:无法|不能|难以)(?:确定|判断)|^(?:抱歉|对不起)|可以?推测|作为(?:一个)?(?:AI|人工|语言模型)"
    r"|(?:没有|未曾?|没)(?:明确|详细|具体|直接)地?(?:提到|提及|说明|交代|给出|描述|透露|指出)"
    r"|未详(?:述|细)|未提[到及]|没有提[到及]"
    r"|^(?:我)?不(?:知道|清楚|详)[。！]?$"
    r"|not (?:mentioned|stated|specified)|cannot (?:be )?(?:answer|determin)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"^(?:(?:当|在|为什么|为何|对于)?(?:他们?|她们?|它们?|我们?|你们?|咱们?|大家|对方|那人|此人|这人)"
    r"|(?:he|she|they|it|you|i|we)\b"
    r"|(?:why|how|what|when|where) (?:did|does|do|is|are|was|were) (?:he|she|they|it|you)\b)",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"主人公|主角|男主|女主|人物|角色|发生|事情|事件|故事|情节|结局|结果|经过|主要|内容|具体|最后|最终|后来|之后|以后|有关|哪些|一些|重要|情况|表现|怎么?样|做|说"
)
_ASKS = re.compile(
    r"[?？]\s*$|什么|怎|如何|谁|哪|几|多少|为何|是否|吗|呢|请|\b(?:who|what|when|where|why|how|which|whose)\b",
    re.IGNORECASE,
)
_TASK = (  # what an exam asks for without a question mark
    r"(?:简述|简答|列举|解释|说明|描述|比较|对比|分析|概括|归纳|总结|指出|写出|列出|介绍|论述|阐述|叙述|复述|评述|试述|试论|谈谈|"
    r"举例|翻译|计算|求|证明|判断|补全|填写|区分|概述|名词解释)(?![性了者的道过着婚助学职救生])"
)
_ASKED_FOR = re.compile(
    rf"^(?:\s*(?:请|试|请你|请试)?(?:简要|简单|详细|分别|用自己的话)?地?{_TASK})"
    r"|^\s*(?:please )?(?:describe|explain|list|name|compare|summari[sz]e|outline|state|identify|"
    r"discuss|define|give|tell|illustrate|analy[sz]e|contrast|evaluate)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[。！？!?；;]+[”’」』）)\"]*|\.(?=\s|$)")
_SLOT = re.compile(r"\{.*?\}|[xX]{3,}|×{2,}|_{2,}|问题\s*\d|your question", re.IGNORECASE)
_WHO = re.compile(r"^[^，。？]{2,8}是谁[？?]$")
_NUMERAL = re.compile(r"\d+|第[零一二两三四五六七八九十百千]+|[二两三四五六七八九十百千万亿零]+")


@dataclass
class Pair:
    """One question with its answer on the way through the screen. ``start``–``end``: characters of
    the text that support it; ``chunk``: the number of its chunk, -1 for an imported pair."""

    question: str
    answer: str
    start: int
    end: int
    text: str
    chunk: int = -1
    kind: str = ""
    title: str = ""
    evidence: str = ""
    flags: list[Finding] = field(default_factory=list)


def of_question(question: str, common: Commonness | None = None) -> str:
    """Why a question is not worth an answer; "" where it is."""
    size = len(bare(question))
    if (
        size < 4
        or len(question) > 150
        or not (_ASKS.search(question) or _ASKED_FOR.match(question))
    ):
        return Finding("not-a-question")
    if _SLOT.search(question) or _echo(question, [text for _, text in prompts.EXAMPLES]):
        return Finding("echo", "照抄提示的示例", "the prompt's own example")
    if found := _DEICTIC.search(question):
        return Finding("about-text", found[0])
    about = _ASKED_FOR.sub("", question, count=1)
    if _PRONOUN.search(about):
        return Finding("generic", "没说是谁", "does not say who")
    if not units(_VAGUE.sub(" ", about)):
        return Finding("generic", "没有具体的人或事", "names nothing in particular")
    if common is None or common.total < CHUNKS or _WHO.match(question):
        return ""
    if (share := common.share(question)) > COMMON:
        return Finding(
            "generic", f"全书 {share:.0%} 的片段都谈到", f"{share:.0%} of the book is about it"
        )
    return ""


def _echo(text: str, examples: Sequence[str]) -> bool:
    """Whether a text is one of the prompt's examples, nearly, or speaks of its people."""
    key = bare(text)
    if any(name in text for name in prompts.NAMES):
        return True
    return any(fuzz.ratio(key, bare(example)) >= ECHO for example in examples)


def shortened(answer: str, longest: int) -> str:
    """The first whole sentences of an answer within ``longest`` characters; "" where none fits."""
    if len(answer) <= longest:
        return answer
    ends = [found.end() for found in _SENTENCE.finditer(answer) if found.end() <= longest]
    return answer[: ends[-1]] if ends else ""


def of_answer(pair: Pair, longest: int) -> str:
    """Why an answer does not do whatever the text says; "" where it may. Mends what is only form:
    a lead like 根据原文, and length (whole sentences are kept, and a flag says so)."""
    answer = _ASIDE.sub("", _LEAD.sub("", pair.answer)).strip()
    if not answer or not bare(answer):
        return Finding("no-answer")
    if found := _UNKNOWN.search(answer):
        return Finding("unanswered", found[0])
    if _SLOT.search(answer) or _echo(answer, [prompts.EXAMPLE_ANSWER, prompts.EXAMPLE_EVIDENCE]):
        return Finding("echo", "照抄提示的示例", "the prompt's own example")
    if found := _DEICTIC.search(answer):
        return Finding(
            "about-text", f"答的是文本本身：{found[0]}", f"speaks of the text itself: {found[0]}"
        )
    short = shortened(answer, longest)
    if not short:
        return Finding(
            "too-long",
            f"答案 {len(answer)} 字，没有可断句处",
            f"longer than {longest}, nowhere to cut",
        )
    if short != answer:
        pair.flags.append(Finding("shortened", f"{len(answer)} → {len(short)}"))
    pair.answer = short
    if not (characters(short) - characters(pair.question)) and len(bare(short)) > 4:
        return Finding("restates")
    return ""


def of_support(pair: Pair, passage: Passage, found: tuple[int, int] | None) -> str:
    """Why the chunk does not support an answer; "" where it does. ``found``: where the sentence
    that the model quotes stands in the chunk."""
    if strange := passage.strange(pair.answer, pair.question):
        text = "、".join(f"{number:g}" for number in strange)
        return Finding(
            "unsupported",
            f"原文没有这个数字：{text}",
            f"the text does not have this number: {text}",
        )
    pairs, chars = passage.share(pair.answer, pair.question)
    need = PAIRS, CHARS
    if found:
        quote = set(units(passage.text[found[0] : found[1]]))
        if quote & set(units(pair.answer + " " + pair.question)):
            need = QUOTED
    if pairs < need[0] or chars < need[1]:
        return Finding(
            "unsupported",
            f"原文只有它的 {pairs:.0%} 的字对、{chars:.0%} 的字",
            f"the text has {pairs:.0%} of its pairs of characters, {chars:.0%} of its characters",
        )
    return ""


def repeats(pairs: Sequence[Pair], alike: int = 1) -> dict[int, str]:
    """Index → reason of what repeats. A question that comes up :data:`REPEATED` times or more, or
    twice in the same words, and is answered differently, has no one answer: all of them go. Else
    the first ``alike`` of near-duplicates stay, and the first of exact ones."""
    keys = [bare(pair.question) for pair in pairs]
    out: dict[int, str] = {}
    for cluster in _clusters(pairs, keys):
        answers = [bare(pairs[index].answer) for index in cluster]
        differ = any(fuzz.ratio(answers[0], other) < SAME for other in answers[1:])
        first = pairs[cluster[0]]
        exact = len({keys[index] for index in cluster}) == 1
        if differ and (exact or len(cluster) >= REPEATED):
            reason = Finding(
                "ambiguous",
                f"问了 {len(cluster)} 次，答案各异：{first.question}",
                f"asked {len(cluster)} times, answers differ: {first.question}",
            )
            out.update(dict.fromkeys(cluster, reason))
            continue
        seen: set[str] = set()
        for index in cluster:
            if keys[index] in seen:
                out[index] = Finding("duplicate", f"c:{first.start}-{first.end}")
            elif len(seen) >= alike:
                place = f"c:{first.start}-{first.end}"
                out[index] = Finding("near-duplicate", f"{place} {first.question}")
            seen.add(keys[index])
    return out


def _clusters(pairs: Sequence[Pair], keys: Sequence[str]) -> list[list[int]]:
    """Groups of two or more questions that are one or nearly, in order of first appearance."""
    leader = list(range(len(keys)))

    def top(index: int) -> int:
        while leader[index] != index:
            leader[index] = index = leader[leader[index]]
        return index

    for start in range(0, len(keys), BLOCK):
        rows = keys[start : start + BLOCK]
        scores = process.cdist(
            rows, keys[: start + len(rows)], scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8
        )
        for row, other in zip(*np.nonzero(scores), strict=True):
            one, two = start + int(row), int(other)
            if two >= one or (low := top(two)) == (high := top(one)):
                continue
            if keys[one] == keys[two] or _one(pairs[one], pairs[two]):
                leader[max(low, high)] = min(low, high)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(keys)):
        found[top(index)].append(index)
    return [cluster for cluster in found.values() if len(cluster) > 1]


def _one(first: Pair, second: Pair) -> bool:
    """Whether two near questions ask one thing: the same numbers, and one has hardly a character of
    meaning that the other lacks (叶修 against 唐柔 has, 是如何 against 怎样 has not)."""
    if set(_NUMERAL.findall(first.question)) != set(_NUMERAL.findall(second.question)):
        return False
    one, other = characters(first.question), characters(second.question)
    return min(len(one - other), len(other - one)) <= 1
