"""Headings: sections of one kind of question, chapters, and where an answer key begins."""

from __future__ import annotations

import re

from data_tools.readers import patterns as pt
from data_tools.readers.item import ANSWER, CHAPTER, KEY, SECTION, Item
from data_tools.readers.options import OPTION_START

_WORDS = re.compile(r"[A-Za-z ,&'/-]+")
_NOTES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>")
_GENERIC = re.compile(
    r"部分|题库|试题|试卷|练习|习题|真题|考题|题目|题型|类|共|计|合计|每|小|大|道|个|分"
    r"|题|答案|参考|[\d\s、.:,，。;；*#()（）-]|questions?"
)
# Words that name a kind of question even without 题; 分析 or 应用 may stand in any title.
_SURE = re.compile(r"单选|多选|不定项|单项选择|多项选择|填空|简答|问答|论述|名词解释|案例分析|型")
_KEY_HEAD = re.compile(
    r"(?<![是无有写看错对个的])(?:参考|标准|正确|试题|习题|练习|测试|考试|本卷"
    r"|全部)*答案(?:(?:及|与|和|、|\s)*(?:试题|评分)*(?:解析|详解|标准|说明|提示))?"
    r"(?:部分|汇总|一览表?|速查表?|页|表|区|如下|集锦)*\s*[:]?\s*$|^(?:answer\s*keys?"
    r"|answers?(?:\s+and\s+explanations?)?|keys?)\s*[:]?\s*$",
    re.I,
)
_TYPED = re.compile(rf"(?:{pt.HAN_NUMBER.pattern})?(?:{pt.KIND_WORD.pattern})", re.I)
_BOXED = re.compile(r"\[(?!图片|公式|题)[\u4e00-\u9fff]{2,12}\]")  # 【基础篇】
_TITLE = re.compile(
    r"(?:试题|题库|考题|试卷|真题|习题|练习题|竞赛题|复习题|题)(?:库|集|卷)?\s*(?:及|与"
    r"|和|附|含|带|\()+\s*(?:参考|标准)?答案"
)


def heading(item: Item) -> None:
    """Recognise section, chapter and key headings."""
    plain = item.plain.strip()
    first = OPTION_START.match(plain)
    ticked = pt.CORRECT.search(plain)  # 三、判断题（正确） is a heading all the same
    if (ticked and not _TYPED.fullmatch(plain[: ticked.start()])) or (
        first and not first.group("c") and not first.group("d")
    ):
        return
    if len(plain) > 200 or (
        len(item.parts) > 1 and item.parts[1].solid and item.parts[1].name != ANSWER
    ):
        return
    han = pt.HAN_NUMBER.match(plain)
    body = plain[han.end() :] if han else plain
    bare = _NOTES.sub("", body)
    core = re.split(r"[:。;；,，]", bare)[0].strip()
    if (
        _KEY_HEAD.search(bare.strip())
        and len(plain) <= 50
        and not _TITLE.search(plain)
        and not re.search(r"[?？]", plain)
    ):
        item.kind, item.heading_kind = KEY, pt.section_kind(core)
        return
    case = pt.CASE.match(plain)
    if case and len(plain) - case.end() > 6:
        return
    word = pt.KIND_WORD.search(core) or re.search(pt._KIND_EN, core, re.I)
    if word and not item.options and item.family in ("", "d", "~", "("):
        rest = _GENERIC.sub("", core[: word.start()] + core[word.end() :])
        rest = pt.KIND_WORD.sub("", rest)
        after = re.split(r"[:。;；,，]", bare, maxsplit=1)[1:]
        told = not "".join(after).strip() or pt.INSTRUCTION.search(bare) or pt.COUNT.search(body)
        edge = word.start() == 0 or word.end() == len(core) or core.endswith(("题", "题库", "部分"))
        sure = "题" in core[word.start() :] or _SURE.search(word.group()) or word.group().isascii()
        limit = (12 if han else 0 if item.family else 10) if sure else 0
        named = not item.family or word.group().endswith("题")
        if (
            told
            and named
            and len(rest) <= limit
            and (han or edge)
            and not re.search(r"[?？]|_{2,}", plain)
        ):
            item.kind, item.heading_kind = SECTION, pt.section_kind(word.group())
            item.declared = declared(plain)
            return
    if han and re.fullmatch(r"\S{2,10}题", core) and not item.options:
        item.kind, item.declared = SECTION, declared(plain)
        return
    if _BOXED.fullmatch(plain) and not pt.LABELS.match(plain) and not item.family:
        item.kind = CHAPTER
        return
    english = pt.CHAPTER.match(plain) and _WORDS.fullmatch(bare.strip())
    longest = 60 if english else 30  # English takes more letters
    short = len(bare.strip()) <= longest and not re.search(r"[?？。]|_{2,}|\(\s*\)|[;；]$", plain)
    if (
        (han or pt.CHAPTER.match(plain) or item.line.heading)
        and short
        and not item.family.strip("~")
    ):
        item.kind, item.declared = CHAPTER, declared(plain)


def declared(plain: str) -> int | None:
    """The number of questions that a heading states: 共368题, (40小题), 1-50题, 100 questions."""
    span = pt.COUNT_RANGE.search(plain)
    if span and int(span.group(2)) > int(span.group(1)):
        return int(span.group(2)) - int(span.group(1)) + 1
    found = pt.COUNT.search(plain)
    return int(found.group(1)) if found else None
