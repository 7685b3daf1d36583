"""The ledger: no source unit disappears without a line that says what, where and why."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.files import atomic

# What the codes say, for the workbook and the card; ledger.csv keeps the bare codes.
LABELS = {
    "duplicate": "重复",
    "conflict": "答案矛盾",
    "overruled": "已选另一答案",
    "deleted": "人工删除",
    "edited": "人工修改",
    "source-gone": "来源已无",
    "contaminated": "与他集重复",
    "later-turn": "后续轮次",
    "no-entity": "缺实体",
    "no-column": "表中无此列",
    "invisible": "不可见字符",
    "pii-phone": "手机号",
    "pii-id": "身份证号",
    "pii-mail": "邮箱",
    "heading": "标题",
    "no-question": "不是题",
    "no-answer": "缺答案",
    "no-options": "缺选项",
    "page-furniture": "页眉页脚",
    "kind-mismatch": "题型不符",
    "excel-time": "疑被改成时间",
    "excel-date": "疑被改成日期",
    "excel-error": "公式错误",
    "answer-conflict": "文中答案不一",
    "answer-not-an-option": "答案不在选项中",
    "answer-from-explanation": "答案取自解析",
    "tracked-changes": "含修订",
    "hidden-text": "含隐藏文字",
    "hidden-sheet": "隐藏工作表",
    "option-relettered": "选项字母已改",
    "empty-option": "空选项",
    "key-without-question": "答案无题",
    "key-file": "答案文件未配上",
    "missing-type": "缺题型",
    "formula": "含公式",
    "image": "含图片",
    "struck-text": "有删除线",
    "hidden-row": "隐藏行",
    "hidden-column": "隐藏列",
    "formula-no-value": "公式没有值",
    "long-number": "数超过15位",
    "csv-quote": "引号不成对",
    "extra-cells": "格数多于表头",
    "answer-index": "序号起点不明",
    "thinking": "含思考过程",
    "turns-left-out": "后续轮次无答案",
    "about-text": "问文本本身",
    "echo": "照抄示例",
    "generic": "过于笼统",
    "unsupported": "原文无据",
    "unanswered": "答不出",
    "ambiguous": "同问异答",
    "near-duplicate": "近似重复",
    "restates": "只重复问题",
    "shortened": "答案截短",
    "too-long": "答案过长",
    "unread": "输出读不出",
    "refused": "服务拒绝",
    "no-prose": "正文太短",
    "not-a-question": "不是问句",
    "declared-count": "题数不符",
    "judge-letter": "判断用字母",
    "number-in-stem": "题干里留着题号",
    "holds-question": "里面像有另一题",
    "two-columns": "像把两栏读成一栏",
    "header": "像是表头",
    "answer-unfinished": "答案像没有完",
    "option-mark": "选项里又写着序号",
    "learned": "按人工修改类推",
    "line-too-long": "一行过长",
    "much-longer": "比别的长得多",
    "answer-is-mark": "答案只是序号",
    "answer-in-stem": "答案在题干里",
    "answer-is-options": "答案像选项",
    "answer-holds-question": "答案里有另一题",
    "answer-wrapped": "答案带括号引号",
    "answer-label": "残留“答案：”",
    "coded-answer": "答案像代号",
    "explanation-holds-question": "解析里有另一题",
    "fewer-options": "选项偏少",
    "lines-left-out": "题后有文字未读入",
    "no-options-here": "唯独此题无选项",
    "number-missing": "题号不连续",
    "one-option": "只有一个选项",
    "one-sided": "判断一边倒",
    "option-gap": "选项不连续",
    "option-holds-question": "选项里有另一题",
    "option-in-option": "选项里有另一项",
    "options-in-stem": "题干里有选项",
    "same-beginning": "题干开头雷同",
    "same-options": "选项相同",
    "same-stem": "题干相同",
    "short-stem": "题干过短",
    "stem-residue": "题干有残留",
    "two-answers": "不止一处答案",
    "two-questions": "像有两题",
}


def labelled(reason: str) -> str:
    """A reason or flag with its Chinese name before it."""
    label = LABELS.get(reason.partition(":")[0].strip())
    return f"{label} {reason}" if label else reason


FIELDS = ("file", "locator", "reason", "text")
LONGEST = 2000  # characters of a unit kept in the ledger; a person needs to recognise it, no more

# Excel and its kin run a cell that begins with one of these (OWASP, "CSV injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SIGNED = re.compile(r"[+-]\d[\d.,:/]*\s*[^\d\s(!|=]{0,4}$")  # -5, +3%, -40℃: an answer, no formula


def defused(text: str) -> str:
    """``text`` so that no spreadsheet runs it: an apostrophe before a leading formula character.

    A plain signed number stays as it is: it is an answer, and runs nothing. :func:`fused` undoes
    it, so what begins with an apostrophe before such a character gets one more."""
    if text.lstrip("'").startswith(FORMULA) and not _SIGNED.match(text):
        return "'" + text
    return text


def fused(text: str) -> str:
    """The text that :func:`defused` was given."""
    bare = text.lstrip("'")
    return text[1:] if bare != text and bare.startswith(FORMULA) else text


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of a source that became no row, or a row with a doubt.

    ``reason`` is a short code, optionally with a detail after a colon: ``duplicate: src.docx p:7``.
    """

    file: str
    locator: str
    reason: str
    text: str

    @property
    def code(self) -> str:
        """The reason without its detail."""
        return self.reason.partition(":")[0].strip()


@dataclass(slots=True)
class SourceReport:
    """One source file as read. ``questions``: rows it gave; ``declared``: the count that the
    document itself states, where it does; ``lost``: units that look like questions and gave no row;
    ``sections``: one mapping a section (title, kind, questions, declared)."""

    file: str
    sha256: str
    questions: int = 0
    declared: int | None = None
    lost: int = 0
    sections: list[dict[str, Any]] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As written in ``card.json``."""
        return asdict(self)


@dataclass
class Ledger:
    """Collects entries and source reports while sources are read.

    Readers call :meth:`add` for every unit that becomes no row, and append one
    :class:`SourceReport` a file to ``sources``. Doubts about a row that *is* kept go into
    ``Row.flags``: the pipeline writes those into the ledger itself.
    """

    entries: list[Entry] = field(default_factory=list)
    sources: list[SourceReport] = field(default_factory=list)
    loose: list[Any] = field(default_factory=list)  # what a file leaves open (readers.joined.Loose)

    def add(self, file: str, locator: str, reason: str, text: str) -> Entry:
        """Note one unit of a source."""
        entry = Entry(file, locator, reason, text[:LONGEST])
        self.entries.append(entry)
        return entry

    def counts(self) -> Counter[str]:
        """How many entries each reason has."""
        return Counter(entry.code for entry in self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def write(self, path: Path) -> None:
        """Write ``ledger.csv`` (UTF-8 with BOM, so that Excel reads it), atomically."""
        with atomic(path) as out:
            out.write("\ufeff")
            lines = csv.writer(out, lineterminator="\n")
            lines.writerow(FIELDS)
            for entry in self.entries:
                lines.writerow(
                    [defused(entry.file), entry.locator, entry.reason, defused(entry.text)]
                )
