"""What the card calls its figures: key → Chinese, English. ``report.json`` has only the keys.

``report.html`` and ``report.md`` are kept and read by anybody: :func:`both`. The terminal speaks
the reader's language: :func:`core.language.words`. What draws either is handed one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Say = Callable[[str, str], str]
Pair = tuple[str, str]

METRICS: dict[str, Pair] = {  # in the card's order
    "exact": ("完全一致", "exact"),
    "normalised": ("规范后一致", "normalised"),
    "correct": ("判为正确", "correct"),
    "contains": ("包含答案", "contains"),
    "choice": ("选项全对", "all options right"),
    "choice_partial": ("选项按比例得分", "partial credit"),
    "consistent": ("选项换序答案不变", "the same options in another order"),
    "standard1": ("命中至少一个标签", "standard 1: ≥ 1 label"),
    "standard2": ("命中至少一半", "standard 2: ≥ 1/2"),
    "standard3": ("命中至少三分之二", "standard 3: ≥ 2/3"),
    "standard1_weighted": ("标准1 × 精度", "standard 1 weighted by precision"),
    "standard2_weighted": ("标准2 × 精度", "standard 2 weighted by precision"),
    "standard3_weighted": ("标准3 × 精度", "standard 3 weighted by precision"),
    "precision": ("所列标签的精度", "precision of the labels named"),
    "refused": ("应拒答而拒答", "refused as it should"),
    "supported": ("句句有据", "supported by its evidence"),
}
MODES: dict[str, Pair] = {  # of failure
    "empty": ("空回答", "empty answers"),
    "echo": ("复述题目", "echoes the question"),
    "constant": ("千篇一律", "always the same answer"),
    "repetition": ("复读", "repeats itself"),
    "cut": ("停不下来", "never ends (no end of text)"),
    "listing": ("罗列答案", "lists other questions' answers"),
    "language": ("语言漂移", "another language than asked"),
    "refusal": ("拒答", "declines what it should answer"),
}
SUITES: dict[str, Pair] = {
    "train": ("训练题", "bank questions it was trained on"),
    "heldout": ("留出题", "questions kept out of training"),
    "shuffled": ("选项换序", "choice questions, options in another order"),
    "paraphrase": ("换个问法", "other wordings of bank questions"),
    "general": ("通用常识（是否遗忘）", "general knowledge (forgetting)"),
    "dangerous": ("危险问题，应婉拒", "dangerous, to be declined"),
    "unanswerable": ("无法回答的问题，应婉拒", "unanswerable, to be declined"),
    "offtopic": ("领域外问题，应婉拒", "out of domain, to be declined"),
}
SPEED: dict[str, Pair] = {
    "speed.seconds": ("每答秒数（中位）", "seconds an answer, median"),
    "speed.tokens_per_second": ("每秒词元数（中位）", "tokens a second, median"),
}


def both(zh: str, en: str) -> str:
    """The two languages beside each other, whoever reads."""
    return f"{zh} {en}"


def suite(name: str, say: Say) -> str:
    """A suite in full; a domain's own probe by its name."""
    return say(*SUITES[name]) if name in SUITES else name


def cell(name: str, say: Say) -> str:
    """A cell ``<suite>.<metric>``: 训练题 train · 完全一致 exact."""
    place, _, metric = name.partition(".")
    if place == "failure":
        return f"{say('失败', 'failure')} · {say(*MODES[metric])}"
    if place == "speed":
        return say(*SPEED[name])
    if place in SUITES:
        place = say(re.split("[（，]", SUITES[place][0])[0], place)
    return f"{place} · {say(*METRICS[metric])}"
