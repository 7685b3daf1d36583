"""What no right row shows, whatever the layout: doubts about finished rows.

Nothing here knows how a row was read. Each rule was kept for how many wrong rows of layouts that
the readers had not met it flags, against right rows of those that they read (docs/readers.md).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from statistics import median

from core.kept import Entry
from core.rows import Row
from core.text import bare
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import LONGEST
from data_tools.readers.doubt import Doubt, code_of, doubt

LOOKED = 4_000  # characters of a text that the rules look at
SAMPLE = 300  # rows of a large bank that are asked whether it has a habit
MANY = 12  # rows from which a bank has habits
_MARK = r"(?:[(（\[【]?(?:[①-⑳Ⅰ-Ⅻⅰ-ⅻ]|[ivxIVX]{1,4}|[甲乙丙丁戊]|[A-H]|[一二三四五六])[)）\]】]?)"
_ONLY_MARK = re.compile(rf"{_MARK}(?:[、,，\s]*{_MARK})*[。.]?")
_MARKED_LINE = re.compile(
    rf"\s*{_MARK}\s*[.、．:：)）\]】]\s*\S|\s*[(（\[【]?[①-⑳A-H][)）\]】]?\s*\S"
)
_SIGN = re.compile(r"[①-⑳Ⅰ-Ⅻⅰ-ⅻ]|[ivxIVX]{1,4}|[甲乙丙丁戊]|[A-H]|[一二三四五六]")
_ASKS = r"[（(]\s{0,9}[)）]|_{3,}|[?？]\s*$"
_QUESTION = re.compile(
    rf"\s*[（(\[【]?(?:第\s*)?\d{{1,4}}\s*[)）\]】.、．:：题](?!\d).{{0,200}}?(?:{_ASKS})"
)
_OPEN = re.compile(r"[（(]\s{0,9}[)）]|_{3,}")
_TOLD = re.compile(r"\s*(?:正确|参考|标准)?答案\s?(?:[^\w\s（(《“\"]|$)")  # 答案→D
_WAITS = re.compile(r"[(（]\s{1,9}[)）][。.]?\s*$")
_LABEL = re.compile(
    r"(?<![我你您生户员人的])答\s?案(?:要点)?\s*[:：】\]]|(?<!our )\b[Aa]nswer\s*[:：]"
    r"|(?:正解|答案)\s?[(（]?\s?[A-H①-⑥甲乙丙丁一二三四]{1,5}\s?[)）]?\s*$"
)
_OPTIONS = re.compile(
    r"(?:^|[\s（(。？?，,;；])(?:A\s*[.、．:：)）].{1,200}?[\s;；)）。]B\s*[.、．:：)）]"
    r"|a\s?[.、．)）].{1,200}?[\s;；。]b\s?[.、．)）])", re.S,
)  # fmt: skip
_RESIDUE = re.compile(
    r"^\s*(?!-\d)[:：.．,，、;；)）】\]>》|&*#^~/\\-]+\s*(?=\S)|[(（]\s*\d+(?:\.\d+|\.?\d*\s*分)\s*[)）]\s*$"
    r"|^\s*[(（\[【](?:单|多|判|填|简|不定|选)[^)）\]】]{0,8}[)）\]】]|^\s*(?:单选|多选|判断|填空|简答)题\s*[:：]?"
    r"|^\s*[(（\[]\s*\d+(?:\.\d+)?\s*[A-Za-z]{2,6}\s*[)）\]]|&[a-z]{2,6};|</?[a-z]{1,8}\b[^<>]{0,80}>|^\s*\d{1,4}\s*[、．)）](?!\d)|\|\|"
)
# A stem about markup may hold some: 关于 <a> 标签.
_MARKUP = re.compile(r"标签|标记|元素|控件|属性|HTML|XML|JSP|\btags?\b|\belements?\b", re.I)
# Boxes of a judgement, a page's number, a tag of the question's own behind the stem.
_BEHIND = re.compile(
    r"(?:对|√|正确|True|T)\s?[^\w\s]{1,3}\s{0,4}(?:错|×|错误|False|F)\s?[^\w\s]{0,3}\s*$"
    r"|(?:对|正确|True)\s?[(（\[]?\s?[□☑☐√✓○●]?\s?[)）\]]?\s{0,6}(?:错|错误|False)\s*$"
    r"|\n[^\n:：]{2,8}[:：][^\n]*$"  # a further line with a label
)
# What stands above a question: a chapter's name, a remark about the question before it.
_ABOVE = re.compile(
    r"\s*(?:第\s?[\d一二三四五六七八九十百]{1,4}\s?(?:部分|[章节篇编单讲套卷])|(?:模块|专题|项目|单元)\s?[\d一二三四五六七八九十]"
    r"|(?:Unit|Chapter|Part|Section)\s\d|【(?!图片|公式|材料|资料|案例|背景)[\u4e00-\u9fff]{2,12}】(?=\s*\n)"
    r"|[（(]?[一二三四五六七八九十]{1,3}[)）、.．][^\n，,。？?（(_]{0,12}(?:题|篇|部分|知识)(?=\s*\n))[^\n，,。？?（(_]{0,20}\n\s*\S"
    r"|\s*[\[【(（]?(?:难度|难易度|知识点|考点|分值|答题时间|所属章节)[\]】)）]?\s?[:：\]】)）]"
)
_PAGED = re.compile(r"第\s?\d{1,4}\s?页.{0,3}共\s?\d{1,4}\s?页|\bPage \d{1,4} of \d{1,4}\b")
_NAMED_OPTION = re.compile(r"(?:^|\n|(?<=\S))(?:选项|[Oo]ption|[Cc]hoice)\s?[A-H1-6]\b")
# 5、3.14；6、北京: entries of a key.
_ENTRY = re.compile(r"(?:^|[;；。，,\s])(\d{1,3})\s?(?:、|[.．:：)）](?!\d))\s?\S")
_FILLED = re.compile(r"\d{1,3}\s?[.、．](?!\d).{2,80}?[（(]\s?[A-H√×]{1,5}\s?[)）]")
_PAIRED = re.compile(
    r"(?:[(（]?\d{1,2}[)）]?\s?[-–—:：.、→]?\s?[A-Ha-h](?:[,，;；\s]+|$)){3,40}"
)  # 1-D, 2-E, 3-A
_INLINE = re.compile(r"(?:^|\s)[A-H]\s?[.、．:：)）]\s?\S")
_ONE = re.compile(r"[(（]?[A-Ha-h]\s?[.、．)）]\s{0,4}[^\W\d_]")
_SECOND = re.compile(r"\s*(?:[(（]?[B-H]\s?[.、．)）]|[\[【][A-H]\s?[\]】])")
_WRAPPED = re.compile(r"^\s*(?:\[(?!图片:).*\]|\{.*\}|<.*>|\['.*|'[^']*')\s*$", re.S)
_NUMBER = re.compile(r"\D{0,8}?(\d{1,5})(?![\d%])")
# Item 1:  题目：  Q0.  Frage 3)
_LABELLED = re.compile(
    r"(?:0\s{0,4}\n|[^\W\d]{0,12}\s?0\s?[.)、:：\]】]|[A-Za-z]{1,12}\s?[:：]|\W?[^\W\d]{0,3}[题问][目干]?\s?[:：\]】]).{0,24}",
    re.S,
)
_ASIDE = re.compile(r"\s*[（(\[【].*[)）\]】]\s*|[^。？?]{0,14}", re.S)
_SEVERAL = doubt("kind-mismatch/single")
_KEYED = re.compile(r"\s*(?:正确|参考|标准)?答\s?案\s?[:：]?\s?[A-H√×对错]{1,6}\s*")
_STATED = ("answer-is-mark", "answer-in-option")
_SPACES = re.compile(r"\s+")
_LINE = re.compile(r"\n+")
# A number that may count questions: no measure word, percentage or decimals behind it.
_COUNT = re.compile(
    r"(?<!\d)(?<!\d\.)\d{1,4}(?!\d|[.:]\d|\s?[%年月日个元+×÷*/=]|(?![题问小])[^\W\d_])"
)
_HAN_COUNT = re.compile(r"\s*([一二三四五六七八九十]{1,3})\s?[、.．]")
_BEGIN = re.compile(r"\W{0,6}(?:[^\W\d]{0,3}\W{0,6})?\d{1,4}\W?")
_LAST = re.compile(r"\S[\s;；,，。]{1,8}(\d{1,4})\s?[.、．)）]?\s*$")
_TITLE = re.compile(r"(?:题号|序号|编号|题目|题干|试题|选项|答案|题型|No\.?|Question|Answer)", re.I)
_BOXED = re.compile(r"(?:^|[\s)）.。])(?:\([\sxX√]?\)|\[[\sxX√]?\])\s*\S")
_LEAD = re.compile(r"\s*[(\[]?(?P<sign>[甲乙丙丁戊己a-fA-F①-⑥1-6])[)\].、:]?\s*\S")
_WIDE = re.compile(r"(?:\s{3,}|\t)[(（]?([A-H])\s?[.、．:：)）]")


@dataclass(frozen=True, slots=True)
class Bank:
    """What one file's rows have in common; ``after`` holds, by row index, what was left out between
    that row and the next; -1 what stands before the first."""

    rows: Sequence[Row]
    after: dict[int, list[Entry]]


def examine(rows: Sequence[Row], entries: Iterable[Entry] = ()) -> None:
    """Flag, in place, the rows of one file that cannot be right as they stand. ``entries`` are the
    ledger's about this file."""
    bank = Bank(rows, _left_out(rows, entries))
    for row in rows:
        for reason in _alone(row):
            _flag(row, reason)
    _generic(rows)
    for rule in _TOGETHER:
        for row, reason in rule(bank):
            _flag(row, reason)


def stated(row: Row) -> Row:
    """``row`` of a format that says itself what is question and what answer (JSON, Moodle, Anki),
    flagged where its answer is a mark of options that were not told apart: other habits of banks
    are none of dialogues and cards."""
    for reason in _alone(row):
        if reason.code in _STATED:
            _flag(row, reason)
    return row


def _generic(rows: Sequence[Row]) -> None:
    """Where many single choices have several answers, their type's word (选择题) means either."""
    odd = [row for row in rows if _SEVERAL in row.flags]
    if len(odd) >= max(3, 0.15 * sum(bool(row.options) for row in rows)):
        for row in odd:
            row.flags = [flag for flag in row.flags if flag != _SEVERAL]


def _flag(row: Row, reason: Doubt) -> None:
    if not any(code_of(flag) == reason.code for flag in row.flags):
        row.flags.append(reason)


# -- one row ------------------------------------------------------------------------------------


def _alone(row: Row) -> Iterator[Doubt]:
    """The doubts that a row raises by itself."""
    stem, answer = row.question[:LOOKED], row.answer[:LOOKED]
    if not row.options:
        yield from _answer(stem, answer)
    yield from _texts(row, stem)
    labels = _LABEL.findall(row.source.text[:LOOKED]) if _labelled(row.source.text) else ()
    if len(labels) > 1 and row.kind != "case" and len(row.source.text) < LOOKED:
        yield doubt("two-answers")


def _labelled(text: str) -> bool:
    """Whether a text can hold an answer's label at all; asked first, since it is quick."""
    return "答" in text or "nswer" in text or "正解" in text


def _answer(stem: str, answer: str) -> Iterator[Doubt]:
    """Doubts about the answer of a question without options."""
    lines = [line for line in _LINE.split(answer) if line.strip()]
    said = answer.strip()
    ticked = len(lines) > 2 and any(line.lstrip()[:1] in "√☑☐□" for line in lines)
    one = _ONE.match(said) and len(lines) == 1
    if ticked or one or len(_INLINE.findall(said)) > 1 or _boxes(said) > 1:
        yield doubt("answer-is-options")
    if _marks_only(stem, said):
        yield doubt("answer-is-mark", answer=said[:20])
    if _sliced(stem, said):
        yield doubt("options-in-stem")
    if "\n" in stem and bare(said) and bare(said) in {bare(x) for x in _LINE.split(stem)}:
        yield doubt("answer-in-stem/line")
    marked = sum(bool(_MARKED_LINE.match(line)) for line in lines)
    counted = re.compile(r"\s*[（(]?[①-⑳一二三四五六]").match
    listed = all(counted(line) for line in lines if _MARKED_LINE.match(line))
    if marked > 1 and (not listed or _WAITS.search(stem)):
        yield doubt("answer-is-options")
    if _keyed(said) or _asking(lines):
        yield doubt("answer-holds-question")
    if said[-1:] in "；;" and len(said) > 1 and len(lines) < 3:
        yield doubt("answer-unfinished")
    if _labelled(answer) and (_LABEL.search(answer) or _TOLD.match(answer)):
        yield doubt("answer-label/answer")
    markup = said[:1] == "<" and _MARKUP.search(stem)
    if _WRAPPED.match(said) and not (markup or _WRAPPED.match(stem)):
        yield doubt("answer-wrapped")
    if abs(len(said) - len(stem)) < 12 and bare(said) and bare(said) == bare(stem):
        yield doubt("answer-in-stem/itself")


def _marks_only(stem: str, said: str) -> bool:
    """Whether an answer holds nothing but marks: of a list in the stem, or of one that is lost."""
    if _PAIRED.fullmatch(said):
        return not _lists(stem, said)
    if not _ONLY_MARK.fullmatch(said) or pt.judgement(said):
        return False
    signs = [m.group() for m in _SIGN.finditer(said)]
    listed = all(
        re.search(rf"{re.escape(sign)}\s*[.、．:：)）\]】]", stem)
        or (sign >= "①" and sign in stem[1:])
        for sign in signs
    )
    return listed or (_SIGN.fullmatch(said) is not None and said not in "一二三四五六")


def _sliced(stem: str, said: str) -> bool:
    """Whether the last line of a stem is a list, between signs, of which the answer is a member."""
    head, _, last = stem.rpartition("\n")
    parts = re.split(r"\s?[/|;；、]\s?|\s{2,}", last) if head and len(last) < 400 else []
    return len(parts) > 2 and said in parts


def _lists(stem: str, said: str) -> bool:
    """Whether a stem shows all that the pairs of an answer (``1-D  2-C``) name."""
    named = set(re.findall(r"\d{1,2}|[A-Ha-h]", said))
    return all(re.search(rf"(?<![A-Za-z\d]){x}\s?[)）.．、:：\]】]", stem) for x in named)


def _asking(lines: list[str]) -> bool:
    """Whether the lines of an answer hold a question."""
    if len(lines) > 1 and (len(bare(lines[0])) < 2 or lines[-1].rstrip()[-1:] in "?？"):
        return True
    within = any(_QUESTION.match(line) or _WAITS.search(line) for line in lines[1:])
    first = lines and _QUESTION.match(lines[0]) and _OPEN.search(lines[0])
    return within or bool(first)


def _keyed(answer: str) -> bool:
    """Whether an answer holds further entries of a key: numbers that count up and not from 1."""
    counted = [int(m[1]) for m in _ENTRY.finditer(answer)]
    return len(counted) > 1 and counted[0] > 1 and counted == [*range(counted[0], counted[-1] + 1)]


def _boxes(text: str) -> int:
    """How many boxes of options a text holds."""
    many = text.count("(") + text.count("（") + text.count("[") > 1
    return len(_BOXED.findall(pt.plain(text))) if many else 0


def _residue(stem: str) -> bool:
    """Whether a type, score, sign or tag is left in a stem; one about markup may hold tags."""
    found = _RESIDUE.search(stem)
    return found is not None and not (found[0][0] == "<" and _MARKUP.search(stem))


def _texts(row: Row, stem: str) -> Iterator[Doubt]:
    """Doubts about stem, options and explanation."""
    plain = pt.plain(stem)
    if len(stem) < 12 and (len(bare(stem)) < 2 or (row.options and bare(stem).isdigit())):
        yield doubt("short-stem")
    titles = stem[:60].split("\n")[:2] if "\n" in stem[:20] else []
    if len(titles) > 1 and all(_TITLE.fullmatch(title.strip()) for title in titles):
        yield doubt("header/stem")
    if _SECOND.match(stem):
        yield doubt("options-in-stem/mark")
    above = "\n" in stem[:60] and _ABOVE.match(stem)
    if above or _residue(stem) or (row.kind == "judge" and _BEHIND.search(stem)):
        yield doubt("stem-residue")
    if any(_PAGED.search(text) for text in (stem, *row.options.values())):
        yield doubt("page-furniture")
    if _labelled(stem) and _LABEL.search(stem):
        yield doubt("answer-label/stem")
    paired = not row.options and _PAIRED.fullmatch(row.answer.strip())
    if (
        not paired
        and ("A" in stem + plain or (not row.options and "a" in stem))
        and _OPTIONS.search(plain)
        and (not row.options or row.kind != "case")
    ):
        yield doubt("options-in-stem")
    if not row.options and (_boxes(stem) > 1 or len(_NAMED_OPTION.findall(stem)) > 1):
        yield doubt("options-in-stem")
    inner = row.kind != "case" and [
        line for line in _LINE.split(stem)[1:] if _QUESTION.match(line) and _OPEN.search(line)
    ]
    if inner:
        yield doubt("two-questions")
    if row.options:
        yield from _options(row)
    if any(_QUESTION.match(x) and _OPEN.search(x) for x in _LINE.split(row.explanation[:LOOKED])):
        yield doubt("explanation-holds-question")


def _own_mark(letter: str, text: str) -> bool:
    """Whether an option's text begins with its own mark once more."""
    return re.match(rf"\s*[(（]?{letter}\s?[.、．:：)）]\s?\S", text[:20], re.I) is not None


_BEYOND = re.compile(r"(?<=[\u4e00-\u9fff\s])([C-F])[、.．](?=[\u4e00-\u9fff])")


def _options(row: Row) -> Iterator[Doubt]:
    """Doubts about the options of a choice."""
    texts = [text for text in row.options.values() if text.strip()]
    signs = sorted(row.options)
    if signs != [chr(65 + k) for k in range(len(signs))]:
        yield doubt("option-gap", letters="".join(signs))
    signs_ = {text.strip()[:1] for text in texts}
    led = len(texts) > 1 and len(signs_) == 1 and signs_ <= set("-–—>》|·•*:：~")
    if sum(_own_mark(*pair) for pair in row.options.items()) > 1 or (
        led and not all(text.strip()[1:].lstrip()[:1].isdigit() for text in texts)
    ):
        yield doubt("option-mark")
    if len(signs) < 2:
        yield doubt("one-option")
    if len({_SPACES.sub("", text).rstrip(";；。.，,") for text in texts}) < len(texts):
        yield doubt("same-options")
    if any(_KEYED.fullmatch(text) for text in texts):
        yield doubt("answer-in-option")
    if any(_labelled(text) and _LABEL.search(text[:LOOKED]) for text in texts):
        yield doubt("answer-label/option")
    asking = sum(text.rstrip()[-1:] in "?？" for text in texts)
    if 0 < asking < len(texts) and len(row.question) < LOOKED and asking == 1:
        yield doubt("option-holds-question/asks")
    for letter, text in row.options.items():
        following = chr(ord(letter) + 1)
        sign = re.compile(
            rf"(?<=\S)\s*(?:[\s;；。）)]|(?<=[\u4e00-\u9fff])){following}\s*[.、．:：)）]"
        )
        beyond = _BEYOND.search(text[:LOOKED])
        if beyond and len(signs) < 4 and following < beyond[1] not in row.options:
            yield doubt("option-in-option", letter=letter, next=beyond[1])
        if following not in row.options and sign.search(text[:LOOKED]):
            yield doubt("option-in-option", letter=letter, next=following)
        asked = any(_OPEN.search(x) and _QUESTION.match(x) for x in _LINE.split(text[:LOOKED])[1:])
        if asked or len(_FILLED.findall(text[:LOOKED])) > 1:
            yield doubt("option-holds-question")


# -- the rows of a file together ------------------------------------------------------------------

Doubts = Iterator[tuple[Row, Doubt]]


def _prefix(bank: Bank) -> Doubts:
    """Most stems begin alike (``Item 1:``, ``题目：``): a label was read as words."""
    heads: dict[str, list[Row]] = defaultdict(list)
    for row in bank.rows:
        heads[row.question[:2]].append(row)
    for same in heads.values():
        if len(same) < max(4, 0.5 * len(bank.rows)):
            continue
        common = _common([re.sub(r"\d+", "0", row.question[:40].strip()) for row in same])
        if _LABELLED.fullmatch(common):
            for row in same:
                yield row, doubt("same-beginning", head=common[:20])


def _common(texts: list[str]) -> str:
    """What all texts begin with."""
    signs = takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False))
    return "".join(column[0] for column in signs)


def _one_sided(bank: Bank) -> Doubts:
    """Nearly all judgements say the same: a mark that stands everywhere was taken for one."""
    judged = [row for row in bank.rows if row.kind == "judge"]
    said = Counter(
        pt.judgement(row.answer).lower() in pt.JUDGE_RIGHT for row in judged if not row.options
    )
    total = sum(said.values())
    if total >= MANY and said.most_common(1)[0][1] >= 0.95 * total:
        for row in judged:
            yield row, doubt("one-sided")


def _all_right(bank: Bank) -> Doubts:
    """Most choices name all of their options: a sign before each was taken for a tick."""
    asked = [row for row in bank.rows if len(row.options) > 1]
    whole = [row for row in asked if len(row.letters) == len(row.options)]
    if len(whole) >= max(4, 0.6 * len(asked)):
        for row in whole:
            yield row, doubt("one-sided/options")


def _ticked(bank: Bank) -> Doubts:
    """Questions stand in the explanations of judgements: these are options, each with its tick."""
    judged = [row for row in bank.rows if row.kind == "judge" and not row.options]
    ends = (row.explanation.rstrip()[-40:] for row in judged)
    asking = sum(end[-1:] in ("?", "？") or bool(_OPEN.search(end)) for end in ends)
    if asking >= max(3, 0.1 * len(judged)):
        for row in judged:
            yield row, doubt("explanation-holds-question")


def _codes(bank: Bank) -> Doubts:
    """A few short signs answer most open questions: a code (1/2, Y/N, A) was read as an answer."""
    open_ = [row for row in bank.rows if row.kind == "qa" and not row.options]
    said = {id(row): row.answer.strip().removesuffix("项").rstrip() for row in open_}
    short = Counter(text for text in said.values() if len(text) <= 2)
    codes = {text for text, count in short.items() if count >= 3}
    of_codes = [row for row in open_ if said[id(row)] in codes]
    if len(codes) <= 8 and len(of_codes) >= max(3, 0.3 * len(open_)):
        for row in of_codes:
            yield row, doubt("coded-answer", answer=row.answer.strip())


def _fewer(bank: Bank) -> Doubts:
    """Fewer options than nearly every neighbour has."""
    counts = Counter(len(row.options) for row in bank.rows if row.options and row.kind != "judge")
    total = sum(counts.values())
    if total < MANY:
        return
    usual, times = counts.most_common(1)[0]
    for row in bank.rows:
        few = row.options and row.kind != "judge" and len(row.options) < usual
        if few and times + sum(n for c, n in counts.items() if c > usual) >= 0.95 * total:
            yield row, doubt("fewer-options", count=len(row.options), usual=usual)


def _longer(bank: Bank) -> Doubts:
    """An answer, option or explanation many times longer than the file's others, or than any."""
    for what, texts in (
        ("answer", [(row, row.answer) for row in bank.rows if not row.options]),
        ("explanation", [(row, row.explanation) for row in bank.rows if row.explanation]),
        ("stem", [(row, row.question) for row in bank.rows if row.kind != "case"]),
        ("option", [(row, max(row.options.values(), key=len)) for row in bank.rows if row.options]),
    ):
        for row, text in texts:
            if len(text) > LONGEST:
                yield row, doubt("much-longer/any", length=len(text))
        if len(texts) < MANY:
            continue
        lengths = sorted(len(text) for _, text in texts)
        usual, high = median(lengths), lengths[int(0.97 * (len(lengths) - 1))]
        most = max(200, 12 * usual, 3 * high)
        for row, text in texts:
            if most < len(text) <= LONGEST:
                yield row, doubt(f"much-longer/{what}", length=len(text), usual=usual)


def _gaps(bank: Bank) -> Doubts:
    """A number is missing in the count and nothing says where it went: the row before holds it."""
    numbers = []
    for row in bank.rows:
        found = _NUMBER.match(row.source.text[:24])
        numbers.append(int(found.group(1)) if found else 0)
    steps = sum(b == a + 1 for a, b in pairwise(numbers) if a)
    if steps < 0.8 * (len(numbers) - 1) or len(numbers) < MANY:
        return
    for index, (here, there) in enumerate(pairwise(numbers)):
        missing = there - here - 1
        if here and 0 < missing <= 3 and len(bank.after.get(index, ())) < missing:
            yield bank.rows[index], doubt("number-missing", here=here, there=there)


def _early(bank: Bank) -> Doubts:
    """An answer was left over before the first question: each answer may be another question's."""
    if any(e.code == "no-question" and _answers(e.text) for e in bank.after.get(-1, ())):
        for row in bank.rows:
            yield row, doubt("answer-shifted")


def _answers(text: str) -> bool:
    """Whether a line is the answer of one question."""
    plain = pt.plain(text)
    label = pt.LABELS.match(plain.strip("★◎●※ ")) or pt.REPLY.match(plain)
    rest = plain.strip("★◎●※ ")[label.end() :].strip() if label else ""
    named = label is not None and (label.re is pt.REPLY or bool(label["answer"]))
    short = 0 < len(rest) <= 12 and not re.search(r"[见附后略]", rest)
    return _KEYED.fullmatch(text) is not None or (named and short)


def _next_number(bank: Bank) -> Doubts:
    """An answer ends in the number of the next question."""
    for row in bank.rows:
        short = "" if row.options else row.answer[-24:].rstrip(" .、．)）")
        tail = _LAST.search(row.answer[-24:]) if short[-1:].isdecimal() else None
        own = _NUMBER.match(row.source.text[:24]) if tail else None
        alone = "\n" in row.answer[-8:] and row.answer[-8:].split("\n")[-1].strip().isdecimal()
        alone = alone and not row.options
        if alone or (own and tail and int(tail[1]) == int(own[1]) + 1):
            yield row, doubt("answer-holds-question")


def _dropped(bank: Bank) -> Doubts:
    """Something was left out right behind a row, neither furniture nor a question lost."""
    texts = Counter(bare(e.text)[:40] for found in bank.after.values() for e in found)
    for index, found in bank.after.items() if bank.rows else ():
        if index < 0:
            continue
        lost = [e for e in found if e.code == "no-question" and not _aside(e.text)]
        paged = any(pt.PAGE.fullmatch(pt.plain(e.text)) for e in found)
        lost += [
            e for e in found
            if e.code == "page-furniture" and not paged and not _PAGED.search(e.text)
            and texts[bare(e.text)[:40]] < 4
            and not pt.PAGE.fullmatch(pt.plain(e.text)) and not e.text.strip().isdigit()
        ]  # fmt: skip
        if lost:
            yield bank.rows[index], doubt("lines-left-out", text=lost[0].text[:40])


def _aside(text: str) -> bool:
    """Whether a line left out says something about the paper rather than about a question."""
    plain = pt.plain(text)
    said = (pt.INSTRUCTION, pt.DIRECTIONS, pt.END, pt.COUNT)
    return bool(_ASIDE.fullmatch(text)) or any(pattern.search(plain) for pattern in said)


def _odd(bank: Bank) -> Doubts:
    """One of very few rows without options in a bank of choices, or the other way round."""
    if len(bank.rows) < 2 * MANY:
        return
    bare_ = [row for row in bank.rows if not row.options and row.kind != "judge"]
    if 0 < len(bare_) <= 0.03 * len(bank.rows):
        for row in bare_:
            yield row, doubt("no-options-here")


def _repeated(bank: Bank) -> Doubts:
    """One stem for many questions: a heading or a passage was read as the stem."""
    stems: dict[str, list[Row]] = defaultdict(list)
    for row in bank.rows:
        stems[row.question.strip()].append(row)
    for same in stems.values():
        said = {(bare(row.answer), tuple(row.options.values())) for row in same}
        if len(same) > 2 and len(said) > 2 and same[0].kind != "case":
            for row in same:
                yield row, doubt("same-stem", count=len(same))


# What stands before a stem's first word: marks, Latin letters and figures (No.2, Item 3:, 第4).
_HEAD = re.compile(r"(?:[^\u4e00-\u9fff]|第)*.{0,2}")
_TAIL = re.compile(r"[\[(（【<#]\s?(\d{1,4})\s?[\])）】>]?\s*$")  # … [12]


def _counted(bank: Bank) -> Doubts:
    """A number left in most stems counts up from row to row (``⑵ …``, ``No.2 …``)."""
    if len(bank.rows) > 2 * SAMPLE and not any(_counted(Bank(bank.rows[:SAMPLE], {}))):
        return
    own = sum(not row.source.text.lstrip().startswith(row.question[:6]) for row in bank.rows)
    if own > 0.5 * len(bank.rows) and all(_NUMBER.match(x.source.text[:24]) for x in bank.rows):
        return  # each question's number was taken off: what counts is part of the text
    heads = (_HEAD.match(row.question[:40].split("\n")[0]) for row in bank.rows)
    tails = (_TAIL.search(row.question[-12:]) for row in bank.rows)
    found = [
        _numbers(head[0] if head else "") + ([int(tail[1])] if tail else [])
        for head, tail in zip(heads, tails, strict=True)
    ]
    steps = [any(b == a + 1 for a in one for b in two) for one, two in pairwise(found)]
    if sum(steps) < max(3, 0.5 * len(steps)):
        return
    for row, here, there in zip(bank.rows, [False, *steps], [*steps, False], strict=True):
        if here or there:
            yield row, doubt("number-in-stem")


def _numbers(text: str) -> list[int]:
    """The first numbers of a text that may count: 3, ⑶, 三、."""
    han = _HAN_COUNT.match(text)
    counted = [int(n) for n in _COUNT.findall(pt.digits(text))][:2]
    return [pt.number_value(han[1])] if han else counted


def _swallowed(bank: Bank) -> Doubts:
    """A line inside a row begins as most rows do (``（√）3.``): it is another question."""
    if len(bank.rows) < 4:
        return
    sample = bank.rows[:: max(1, len(bank.rows) // SAMPLE)]
    shape, count = Counter(_shape(row.source.text) for row in sample).most_common(1)[0]
    if not re.search(r"\d", shape) or count < 0.3 * len(sample):
        return
    for row in bank.rows:
        lines = row.source.text[:LOOKED].split("\n")
        first = _COUNT.search(pt.digits(lines[0][:16]))
        for line in lines[1:] if _shape(lines[0]) == shape and row.kind != "case" else ():
            other = _COUNT.search(pt.digits(line[:16])) if _shape(line) == shape else None
            if first and other and 0 < int(other[0]) - int(first[0]) <= 5:
                yield row, doubt("holds-question", line=line[:30])
                break


def _shape(text: str) -> str:
    """How a text begins: its first signs up to the end of its number, words and digits folded."""
    begin = _BEGIN.match(pt.digits(text[:24].lstrip()))
    if not begin:
        return ""
    return re.sub(r"[^\W\d]+|[√×○〇]", "x", re.sub(r"\d+", "0", begin[0])).strip()


def _listed(bank: Bank) -> Doubts:
    """Most open stems end in lines that count up (甲、乙、丙): options of which none was read."""
    open_ = [row for row in bank.rows if not row.options and "\n" in row.question]
    able = [
        row
        for row in open_
        if not _PAIRED.fullmatch(row.answer.strip()) and _counts_up(row.question.split("\n")[1:])
    ]
    if len(able) >= max(3, 0.2 * len(bank.rows)):
        for row in able:
            yield row, doubt("options-in-stem/end")


def _counts_up(lines: Sequence[str]) -> bool:
    """Whether the last lines begin with the first signs of one alphabet, in order."""
    marks = [_LEAD.match(pt.plain(line)) for line in lines[-8:]]
    signs = [found["sign"] if found else "" for found in marks]
    return any(
        len(signs) >= 2 and signs[-k:] == list(alphabet[:k])
        for alphabet in ("甲乙丙丁戊己", "abcdef", "ABCDEF", "①②③④⑤⑥", "123456")
        for k in range(2, 7)
    )


def _columns(bank: Bank) -> Doubts:
    """Options hold wide gaps and their own mark again: two columns were read as one."""
    wide = [row for row in bank.rows if any(_gap(*pair) for pair in row.options.items())]
    for row in wide:
        yield row, doubt("two-columns")


def _gap(letter: str, text: str) -> bool:
    found = _WIDE.search(text[:LOOKED]) if "   " in text or "\t" in text else None
    return found is not None and found[1] <= letter


def _header(bank: Bank) -> Doubts:
    """The first row is of another kind than all others, and short: a header was read."""
    rows = bank.rows
    if len(rows) < 6 or not rows[0].answer:
        return
    first, rest = rows[0], rows[1:]
    odd = all(bool(row.options) != bool(first.options) for row in rest[:20])
    if odd and len(first.question) <= 8 and len(first.answer) <= 8:
        yield first, doubt("header/first")


def _answers_alike(bank: Bank) -> Doubts:
    """Most answers of open questions begin with one sign or label (``◎回复``)."""
    open_ = [row for row in bank.rows if not row.options and row.kind != "judge"]
    said = {id(row): re.sub(r"\d+", "0", row.answer[:16]) for row in open_ if len(row.answer) > 3}
    heads = Counter(text[:2] for text in said.values())
    for head, count in heads.most_common(1):
        if count >= max(4, 0.5 * len(open_)):
            same = [row for row in open_ if said.get(id(row), "")[:2] == head]
            common = _common([said[id(row)][:12] for row in same])
            label = re.match(r"[^\W\d_]{1,8}0?[:：]|答案", common) is not None
            if label or (not common[0].isalnum() and common[0] not in '《“"（(‘$['):
                for row in same:
                    yield row, doubt("answer-label/begin", head=common)


_TOGETHER = (
    _prefix, _one_sided, _all_right, _ticked, _codes, _fewer, _longer, _gaps, _dropped, _odd,
    _repeated, _counted, _early, _next_number, _swallowed, _listed, _columns, _header,
    _answers_alike,
)  # fmt: skip


def _left_out(rows: Sequence[Row], entries: Iterable[Entry]) -> dict[int, list[Entry]]:
    """The entries that stand between each row and the next, where locators tell the order."""
    places = [(_place(row.source.locator), index) for index, row in enumerate(rows)]
    found: dict[int, list[Entry]] = defaultdict(list)
    starts = sorted(((p, index) for p, index in places if p), key=lambda pair: pair[0])
    keys = [p for p, _ in starts]
    from bisect import bisect_right

    for entry in entries:
        place = _place(entry.locator)
        if not place or not starts:
            continue
        at = bisect_right(keys, place) - 1
        if at < 0 and keys[0][0] == place[0]:
            found[-1].append(entry)
        elif at >= 0 and keys[at][0] == place[0]:
            found[starts[at][1]].append(entry)
    return found


_PLACE = re.compile(r"\d+")


def _place(locator: str) -> tuple[str, ...] | tuple[str, int, int]:
    """Where a locator stands, comparable within one kind of locator; () where it cannot be told."""
    kind, _, rest = locator.partition("!") if "!" in locator else locator.partition(":")
    numbers = [int(n) for n in _PLACE.findall(rest)]
    if not numbers:
        return ()
    second = 0 if kind == "c" else numbers[1] if len(numbers) > 1 else 0
    return kind, numbers[0], second
