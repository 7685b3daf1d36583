"""One line analysed by itself: is it a heading, a numbered stem, an option, an answer, ...?

What a line *may* be is decided here; what it *is* depends on its neighbours (layout.py).
"""

from __future__ import annotations

import re

from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Line
from data_tools.readers.headings import declared, heading
from data_tools.readers.item import (
    ANSWER,
    BARE,
    BLANK,
    BOTH,
    CHAPTER,
    EXPLAIN,
    KEY,
    LABELLED,
    META,
    MINE,
    NOISE,
    NUMBER,
    OPTION,
    SECTION,
    TEXT,
    Item,
    Part,
)  # fmt: skip
from data_tools.readers.options import Option, chain, inline

__all__ = [
    "ANSWER", "BARE", "BLANK", "BOTH", "CHAPTER", "EXPLAIN", "KEY", "LABELLED", "META", "MINE",
    "NOISE", "NUMBER", "OPTION", "SECTION", "TEXT", "Item", "Part", "analyse", "chain", "declared",
    "dense",
]  # fmt: skip


_LETTERS = re.compile(r"\s*[A-H](?:[\s,、;，]*[A-H]){0,7}\s*[。.]?\s*")
_BARE_JUDGE = re.compile(
    r"\s*[(\[]?\s*(?:√|×|对|错|正确|错误|True|False)\s*[)\]]?\s*[。.]?\s*", re.I
)
CHOSEN = re.compile(r"[A-Ha-h]{1,8}|√|×|对|错|正确|错误|[TF]")
# "正确 错误" below a statement: the emphasised one is the answer.
BOTH_WORDS = re.compile(
    r"\s*[□○☐(]*\s*(正确|对|√|是|True|T)\s*[)、/|,;；]*\s*[□○☐(]*\s*(错误|错|×|否|不正确"
    r"|False|F)\s*\)?\s*",
    re.I,
)
_CHOICE = re.compile(
    r"\s*[(\[]?\s*(?:[A-Ha-h](?:[\s,、;，/]*[A-Ha-h]){0,7}(?![A-Za-z])|√|×|对|错|正确"
    r"|错误|[TF](?![A-Za-z]))"
)
_KEY_ENTRY = (
    r"\(?\s*+(?:第\s*+)?\d{1,4}\s*+(?:\)\s*+)?(?:[-~～—]\s*+\d{1,4}\s*+)?(?:小?题\s*+)?(?:[、.:)]++\s*+)?(?:选\s*+)?(?:[(\[]\s*+)?"
    r"(?:[A-H](?:[\s,、]*[A-H])*|[a-h](?![A-Za-z])|[√×TF]|对|错|正确|错误)(?:[\s,、]*(?:[√×TFA-H]+|对|错"
    r"|正确|错误))*(?:\s*+[)\]])?+"
)
KEY_LINE = re.compile(
    rf"\s*+(?:(?:{pt.HAN_NUMBER.pattern})\s*+)?(?:(?:{pt.KIND_WORD.pattern})\s*+(?:答案\s*+)?(?::\s*+)?)?"
    rf"{_KEY_ENTRY}(?:[\s,、;；。.，]*+{_KEY_ENTRY})*\s*+(?:[。.;；,，]\s*+)?$"
)
_OPTIONS_LABEL = re.compile(
    r"\s*[\[(]?\s*(?:选项|备选答案|备选项|options?|choices?)\s*[\])]?\s*[:]\s*|\s*\[(?:选项|备选)\]\s*",
    re.I,
)
_PREFIX_TAG = re.compile(
    rf"(?!案例|材料"
    rf"|病例)(?:{pt.KIND_WORD.pattern})\s*[:]?\s*(?=(?:第\s*)?\d{{1,4}}\s*(?:[、.):]|题))"
)
_KEY_TITLE = re.compile(
    r"及|与|和|、|试题|解析|部分|汇总|一览|集锦|如下|[页表区]\s*$"
)  # 答案 及解析
_SIGN = re.compile(r"(?P<in>[√×])\s*(?=\(?\d{1,4}\s*[、.)])")
_OPTION_OR_END = re.compile(r"\s*(?:$|[(\[]?[A-Z]\s*[、.:)\]])")
# A line of its own that says what follows: [单选][D], 【多选题】
_MARKER = re.compile(rf"\s*{pt.TAG.pattern}\s*(?:{pt.BRACKET.pattern})?\s*", re.I)
_NAMED = re.compile(rf"(?:{pt.KIND_WORD.pattern})(?<=题)\s*:\s*(?=\S)")


def analyse(line: Line) -> Item:
    """Everything that can be said about ``line`` without its neighbours."""
    text = line.label + line.text
    item = Item(line, text, pt.plain(text))
    plain = item.plain
    if not plain.strip():
        item.kind = BLANK
        return item
    if pt.PAGE.fullmatch(plain) or pt.END.fullmatch(plain):
        item.kind = NOISE
        return item
    label = _OPTIONS_LABEL.match(plain)
    if label:
        item.parts = [Part("head", label.end(), len(plain))]
        item.options = chain(plain, label.end(), len(plain))
        item.kind = OPTION if item.options else META if label.end() == len(plain) else TEXT
        return item
    _numbered(item)
    item.parts = _split(item)
    item.key_line = bool(KEY_LINE.match(plain)) and not _PREFIX_TAG.match(plain)
    head = item.head
    if head.start >= head.end:
        item.kind = NUMBER if item.family else item.parts[1].name if len(item.parts) > 1 else TEXT
        return item
    if _LETTERS.fullmatch(plain) or _BARE_JUDGE.fullmatch(plain):
        item.kind = BARE
        return item
    if BOTH_WORDS.fullmatch(plain):
        item.kind = BOTH
        return item
    heading(item)
    if item.kind in (SECTION, CHAPTER, KEY):
        return item
    if not item.family:
        item.options = [] if item.tag else chain(plain, head.start, head.end)
        if item.options:
            item.kind = OPTION
            return item
    else:
        item.kind = NUMBER
        item.options = _stemless(item)
    item.options = item.options or inline(plain, item.body, head.end)
    return item


def _stemless(item: Item) -> list[Option]:
    """The options that follow the number at once: ``1. A. in  B. on  C. at``."""
    found = chain(item.plain, item.body, item.head.end)
    return found if len(found) > 2 and found[0].letter == "A" and found[0].style in "ab" else []


def _numbered(item: Item) -> None:
    """Find the tags, the bracket and the number that a stem may begin with."""
    plain = item.plain
    position = item.start = len(plain) - len(plain.lstrip())
    for _ in range(3):
        tag = pt.TAG.match(plain, position) or (
            None if item.family else _PREFIX_TAG.match(plain, position)
        )
        if tag:
            item.tag = item.tag or pt.section_kind(tag.group())
            position = _skip(plain, tag.end())
        score = pt.SCORE.match(plain, position)
        if score:
            position = _skip(plain, score.end())
        if item.family:
            break
        item.start = position
        position = _number(item, position)
        if not item.family and not tag:
            break
    named = None if item.tag else _NAMED.match(plain, position)
    if named:
        item.tag, position = pt.section_kind(named.group()), named.end()
    if item.tag and not item.family and _MARKER.fullmatch(plain):
        marker = pt.BRACKET.search(plain[position - 1 :])
        item.family, item.lead = "Q:", (marker.group("in") or "") if marker else ""
        position = item.start = len(plain)
    label = pt.QUESTION_LABEL.match(plain, position)
    if label:
        item.family = item.family or "Q:"
        position = label.end()
    item.body = position


def _number(item: Item, position: int) -> int:
    """Take the number that stands at ``position``, and the bracket before it, into ``item``;
    returns where the text goes on."""
    plain = item.plain
    bracket = pt.BRACKET.match(plain, position) or _SIGN.match(plain, position)
    lead = bracket.group("in") if bracket else None
    start = _skip(plain, bracket.end()) if bracket else position
    for family, pattern in pt.NUMBERS:
        found = pattern.match(plain, start) or (
            pattern.match(plain, position) if start != position else None
        )
        if not found or found.end() > len(plain):
            continue
        led = start != position and found.start() == start
        named = _family(item, family, found, lead if led else None)
        if not named or (led and named not in ("d", "第", "Q", "(")):
            continue
        item.family, item.value = named, pt.number_value(found.group(1))
        item.lead = (lead or "") if found.start() == start else ""
        return _skip(plain, found.end())
    return position


def _family(item: Item, family: str, found: re.Match[str], lead: str | None) -> str:
    """The family of a number that was matched; '' where it is none: a year, or no digits."""
    value = pt.number_value(found.group(1))
    if not value or (family == "~" and 1900 <= value <= 2100):
        return ""
    wide = item.text[found.end(1) : found.end()].strip()[:1] in "．："  # no decimal point
    if family == "~." and (wide or not (lead or "A").isascii()):
        return "d"
    return family


def _skip(plain: str, position: int) -> int:
    """The next position that is no space."""
    while position < len(plain) and plain[position] == " ":
        position += 1
    return position


def _split(item: Item) -> list[Part]:
    """Cut the line at its labels. The first part is the head; it may be empty."""
    plain = item.plain
    parts = [Part("head", item.body, len(plain))]
    position = item.body
    while position < len(plain):
        found = pt.LABELS.search(plain, position)
        if not found:
            break
        position = max(found.end(), found.start() + 1)
        name = found.lastgroup if found.lastgroup != "colon" else ""
        name = next(n for n in (MINE, EXPLAIN, ANSWER, META) if found.group(n) is not None)
        if not _valid(plain, found, name, parts, item.body):
            position = found.start() + 1
            continue
        parts[-1].end = found.start()
        solid = ":" in found.group("colon") or found.group(name)[:1] in "[("
        parts.append(Part(name, found.end(), len(plain), solid))
    reply = pt.REPLY.match(plain, item.body)
    if reply and len(parts) == 1:
        parts = [Part("head", item.body, item.body), Part(ANSWER, reply.end(), len(plain))]
    return parts


def _valid(plain: str, found: re.Match[str], name: str, parts: list[Part], body: int) -> bool:
    """Whether a label match is a label here, rather than words of the sentence."""
    label, colon, start = found.group(name), found.group("colon"), found.start()
    if pt.SCORE.match(plain, start):
        return False
    tick = pt.CORRECT.match(plain, start)
    if tick and plain[body:start].strip() and _OPTION_OR_END.match(plain, tick.end()):
        return False
    closed = label[:1] in "[<(" and label[-1:] in "])>"
    bracket = (closed and label[:1] in "[<") or (label[:1] in "[(" and ":" in colon)
    has_colon = ":" in colon
    chosen = bool(_CHOICE.match(plain, found.end())) and name == ANSWER
    at_start = not plain[body:start].strip()
    if at_start:
        alone = not plain[found.end() :].strip()
        said = name == ANSWER and (chosen or bool(KEY_LINE.match(plain, found.end())))
        spaced = name == ANSWER and "答案" in label and (label + colon)[-1:].isspace()
        bare = spaced and not plain[:start].strip()
        said = said or (bare and not _KEY_TITLE.match(plain, found.end()))
        return bracket or closed or has_colon or (alone and name != META) or said
    after = plain[start - 1]
    if parts[-1].name == EXPLAIN and not bracket:
        return False
    if name == META and parts[-1].name not in (ANSWER, MINE) and not bracket:
        return False
    if bracket:
        return True
    if not has_colon:
        return chosen and after == " " and name == ANSWER and "答案" in label and len(parts) == 1
    boundary = after in " .。)]?!;；,，、_" or not plain[parts[-1].start : start].strip()
    return boundary or chosen or (len(parts) > 1 and (after in "对错误确√×" or after.isupper()))


def dense(line: Line) -> list[Line]:
    """Several questions run together on one line (``1.… D.丁 2.… D.丁``), cut at their numbers;
    the line itself where it holds but one."""
    plain = pt.plain(line.label + line.text)
    first = re.match(r"\s*(\d{1,4})\s*[、.](?!\d)", plain)
    if not first or (plain.count("A") < 2 and "答案" not in plain):
        return [line]
    number, cuts = int(first.group(1)), [0]
    while True:
        number += 1
        cut = re.compile(rf"(?<=[\s。;)A-H对错√×确误]){number}\s*[、.](?!\d)").search(
            plain, cuts[-1] + 1
        )
        if not cut:
            break
        cuts.append(cut.start())
    pieces = [plain[a:b] for a, b in zip(cuts, [*cuts[1:], len(plain)], strict=True)]
    if len(pieces) < 2 or not all(_questions(piece) for piece in pieces):
        return [line]
    shift = len(line.label)
    return [
        Line(
            line.text[max(0, a - shift) : b - shift], line.loc, line.label if not a else "",
            tuple(
                (s - a + shift, e - a + shift, how)
                for s, e, how in line.marks
                if a <= s + shift < b
            ),
            line.flags,
        )
        for a, b in zip(cuts, [*cuts[1:], len(plain)], strict=True)
    ]  # fmt: skip


def _questions(plain: str) -> bool:
    """Whether a piece of a dense line is a whole question."""
    item = Item(Line(plain, ""), plain, plain)
    _numbered(item)
    parts = _split(item)
    answered = any(part.name == ANSWER for part in parts[1:])
    return answered or len(inline(plain, item.body, parts[0].end)) > 1
