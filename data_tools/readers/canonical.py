"""A document that counts, letters or labels in its own way, rewritten as banks are usually set.

Each step looks at the whole document and changes it only where most of its questions show the
habit: marks of another alphabet (``⑴``, ``甲、``, ``1)``), labels nobody listed (``Correct answer
is``, ``◎回复``), answers at the end of the last option, in filled blanks or behind a term, two
columns on one line. Locators and stored text stay; what comes of the rewritten lines competes with
what comes of the lines as they are (``document``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Block, Line

MOST, LEAST = 0.6, 3  # share of the questions, and their number, that make a habit
LOOKED = 2_000  # characters of a line that are looked at; a longer one is left as it is
_NUMBER = re.compile(
    r"(?P<lead>\s{0,8}(?:[(\[]\s{0,4}[√×A-H]{1,5}\s{0,4}[)\]]\s{0,4})?)"
    r"(?P<name>\W{0,4}(?:第|[^\W\d]{0,10}))(?P<gap>\W{0,3}?)(?P<value>\d{1,4})"
    r"(?P<after>\s{0,2}[.、．:：)）\]】>》〉|\-–—,，;；/~·]{0,2}\s{0,4})"
)
_USUAL = re.compile(
    r"\s{0,8}(?:[(\[]\s{0,4}[√×A-H]{0,5}\s{0,4}[)\]]\s{0,4})?(?:第\s?|Q|Question )?(\d{1,4})\s?"
    r"(?:题|[.、:)](?!\d)|(?=[(\[]))"
)
_NUMBER_OF = re.compile(r"\s{0,8}Q(?:uestion)?\.?\s?No\.?\s?(\d{1,4})\s{0,4}[.:)]?\s{0,4}", re.I)
_META = re.compile(
    r"(?:\s?(?:/|of|共)\s?\d{1,4}\s?题?)?(?:[\s|/·,，;；:：\-]{0,4}(?:难度|难易度|分值|题型|类型|类别|知识点)?[:：]?\s?"
    r"(?:单项?选?择?|多项?选?择?|不定项|判断|填空|简答|问答|易|中等?|难|较[易难]|一般|\d+(?:\.\d)?\s?分)题?){0,6}[\s|/]*"
)
# The marks of options: one alphabet a row, each with what may stand around its sign.
_ALPHABETS: dict[str, tuple[str, str]] = {
    "甲": (
        "甲乙丙丁戊己庚",
        r"[(（【]?{0}(?:[)）】]?\s?[.、．:：)）】]|[)）】]|\s{{1,4}})\s{{0,4}}",
    ),
    "word": ("一二三四五六七", r"(?:选项|答项|选择|option)\s?{0}(?:\s?[:：.、．)）]|\s)\s{{0,4}}"),
    "named": ("ABCDEFG", r"(?:选项|答项|option|choice)\s?{0}(?:\s?[:：.、．)）]|\s)\s{{0,4}}"),
    "digit": ("1234567", r"[(（【\[]?{0}\s?[)）】\].、．:：](?!\d)\s{{0,4}}"),
    "①": ("①②③④⑤⑥⑦", r"{0}[.、．:：)）]?\s{{0,4}}"),
    "odd": ("ABCDEFG", r"{0}\s{{0,2}}(?:[-–—》>〉|=~/]{{1,4}}|\s-)\s{{0,4}}"),
    "<": ("ABCDEFG", r"[<〈]\s?{0}\s?[>〉]\s{{0,4}}"),
    "low": ("abcdefg", r"{0}\s{{0,2}}[-–—》>〉|=~]\s{{0,4}}"),
    "かな": ("アイウエオカキ", r"[(（]?{0}[)）.、．:：\s]\s{{0,4}}"),
}
_SAFE = (
    "甲",
    "word",
    "named",
    "odd",
    "<",
    "low",
)  # alphabets whose runs are hardly ever lists in a text
_USUAL_OPTION = re.compile(r"(?:^|\s)[(（\[【]?[A-Ha-h]\s?[.、．:：)）\]】]")
_KNOWN_LABEL = re.compile(
    r"\s{0,8}(?:[\[(【]\s?(?:正确|参考|标准)?答案\s?[\])】]|(?:正确|参考|标准)?答案\s?(?=[:：]))\s?[:：]?"
)
_SAID = (
    r"(?:[A-H](?:[\s,、，;；]{0,2}[A-H]){0,6}|[a-h](?:[\s,、，;；]{0,2}[a-h]){0,6}|√|×|对|错|正确|错误"
    r"|[Tt]rue|[Ff]alse|TRUE|FALSE|[TF])"
)
_ANSWERED = re.compile(
    rf"(?P<label>\W{{0,4}}[^\W\d_][^\d:：]{{0,24}}?(?:[:：]\s?[^\W\dA-Za-z]{{0,4}})?\W{{0,4}}?|\s{{0,8}}[^\w\s(（\[【]{{1,3}}\s?)"
    rf"(?P<said>[(（\[【]?(?<![A-Za-z]){_SAID}(?![A-Za-z])[)）\]】]?)(?:\s?项(?!\w))?"
    r"(?P<rest>\s{0,2}[-.、．:：)）。；;，,|]\s{0,3}\S.{0,300}|\W{0,3})$"
)
_HEAD = re.compile(
    r"\W{0,4}[^\W\d_](?:[^\W\d]| (?=[^\W\d])){0,14}(?:\s{0,2}[:：\-—–》>\]】)）]\s{0,3}|\s{1,3})"
)
_TAIL = re.compile(r"(?<=\S)\s{0,4}[(（\[【]\s{0,3}([A-H]{1,6})\s{0,3}[)）\]】]\s?[。.]?\s{0,4}$")
_FILLED = re.compile(
    r"(?:【([^【】]{1,40})】|\{([^{}]{1,40})\}|\[([^\[\]]{1,40})\]|〔([^〔〕]{1,40})〕)"
)
_TERM = re.compile(r"(?P<stem>[^:：。？?]{2,16})[:：]\s?(?P<said>\S.{5,})$")
_BOX = re.compile(
    r"\s{0,6}(?:[-*•]\s)?(?P<box>\(\s?[xX√*]?\s?\)|\[\s?[xX√*]?\s?\]|[○●□■◇◆☐☑▢◯◎])\s?(?=\S)"
)
_TICKS = set("xX√*●■◆☑◎")
_FIELD = re.compile(r"(?:^|[|;；\t]\s{0,3}|\s{1,6})([^\W\d_]{1,8})\d{0,4}\s?[=＝:：]\s?")
_PARTED = re.compile(r"\s?[|/;；,，]\s?(?=[B-H]\s?[.、．:：)）=])")
_EQUALS = re.compile(r"(?:^|(?<=\s))([A-H])\s?=\s?")
_BEFORE = re.compile(
    rf"\s{{0,4}}_{{1,8}}\s?({_SAID})\s?_{{1,8}}\s{{0,4}}(?=\d{{1,4}}\s?[.、．)）])"
)
_LED = re.compile(r"\s{0,4}\(\s?[1-9](?:[\s,、]{0,2}[1-9]){0,5}\s?\)\s{0,4}")
_SPELT = {"T": "True", "F": "False"}
_POOL = re.compile(r"\s{0,8}[\[(【]?(?:共用)?(?:备选(?:答案|项)|选项)[\])】]?[:：]?\s{0,8}")
_VERDICT = re.compile(
    r"\s{0,8}[(（\[【]?(√|×|正确|错误|对|错|True|False)[)）\]】]?\s?[:：\-—、\s]\s{0,4}(?=\S)"
)
_BRACKETED = re.compile(
    r"[(（\[]\s?(?P<in>A\s?[.、．:：)）].{2,600})[)）\]](?P<between>\W{0,6}[^\W\d_]{0,8}\W{0,4})"
    r"(?P<said>\b[A-H]{1,6})\W{0,3}$"
)
_TICKBOX = r"((?:[□☐○◯☑√✓●■☒]|[(\[]\s{0,3}[xX√✓]?\s{0,3}[)\]]))"
_RIGHT_WORD, _WRONG_WORD = r"(?:对|正确|True|是)", r"(?:错误?|False|否)"
_BOTH = re.compile(
    rf"\s{{1,8}}(?:{_RIGHT_WORD}\s?{_TICKBOX}[\s/|]{{0,6}}{_WRONG_WORD}\s?{_TICKBOX}"
    rf"|{_TICKBOX}\s?{_RIGHT_WORD}[\s/|]{{1,6}}{_TICKBOX}\s?{_WRONG_WORD})\s{{0,4}}$"
)
_TICKED = re.compile(r"[☑√✓●■☒xX]")
_BEHIND = re.compile(r"\s{0,4}[\[【<#]\s?(\d{1,4})\s?[\]】>]?$")
_COLUMN = re.compile(r"\s{4,48}|\t{1,8}")
_RANGE = re.compile(
    r"[\[(【（]?\s?(\d{1,4})\s?[-~—–～至到]\s?(\d{1,4})\s?题?\s?[\])】）]\s?[:：]?\s?(?=[A-H√×对错TF])"
)
_SEQUENCE = re.compile(
    rf"(?:{pt.KIND_WORD.pattern})(?:答案)?\s?[:：]?\s{{0,4}}"
    r"((?:(?:[A-H]{1,6}|√|×|对|错|正确|错误|[TF])(?:[\s,、，;；]{1,3}|$)){3,60})\s{0,3}"
)
_ASKED = re.compile(r"[(（]\s{0,9}([A-H]{1,5})?\s{0,9}[)）]|_{3,}|[?？]\s{0,4}$")
_LETTERS = re.compile(r"[:：]\s{0,4}[A-H](?:[\s,、，;；]{0,4}[A-H]){0,9}\s{0,4}$")
_CASE = re.compile(
    r"\s{0,8}(?:案例|材料|资料|病例|情景|案情)\s?[一二三四五六七八九十\d]{1,3}\s?(?=$|参考|正确|答案)"
)
_KEY = re.compile(r"[\[(（【]?(?:参考|标准|正确)?(?:答案|答题|解答)(?:要点)?[:：]?[\])）】]?[:：]?")
_HAN = re.compile(r"\s{0,8}([一二三四五六七八九十]{1,3})\s?[、.]\s?(?=\S)")
_SIGNS = re.compile(r"[(（\[]\s{0,3}([○〇OoＯVv✓╳×xXＸYNyn√])\s{0,3}[)）\]]")
_RIGHT, _WRONG = set("○〇OoＯVv✓Yy√"), set("╳×xXＸNn")


def canonical(blocks: Sequence[Block]) -> list[Block] | None:
    """The blocks as banks are usually set; None where there is nothing to rewrite."""
    made = list(blocks)
    for step in STEPS:
        made = step(made)
    same = len(made) == len(blocks) and all(a is b for a, b in zip(made, blocks, strict=True))
    return None if same else made


# -- lines ----------------------------------------------------------------------------------------


def _shown(block: Block) -> str:
    """What is seen of a line, in half-width forms; '' for a table or a line not looked at."""
    if not isinstance(block, Line) or len(block.text) > LOOKED:
        return ""
    return pt.plain(block.label + block.text)


def _cut(line: Line, start: int, end: int, text: str) -> Line:
    """``line`` with ``text`` in place of what it shows from ``start`` to ``end``."""
    shown, shift = line.label + line.text, len(line.label)
    grown = len(text) - (end - start)

    def moved(place: int) -> int:
        place += shift
        return place if place <= start else max(start, place + grown)

    marks = tuple((moved(a), moved(b), how) for a, b, how in line.marks)
    return replace(
        line, text=shown[:start] + text + shown[end:], label="", marks=marks, raw=line.stored
    )


def _beside(line: Line, text: str) -> Line:
    """A line of ``text`` that stands where ``line`` does and stores nothing of its own."""
    return Line(text, line.loc, raw=" ")


def _begins(blocks: Sequence[Block]) -> list[int]:
    """The lines at which numbered questions begin: those whose usual numbers count up, of the shape
    that counts highest (``第7题`` rather than the ``1)`` to ``4)`` below it)."""
    shapes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for k, block in enumerate(blocks):
        found = _USUAL.match(_shown(block))
        value = int(found[1]) if found else 0
        told = (
            shapes[re.sub(r"[\d\s]+|(?<=\d)[、:]", "", found[0]).replace("、", ".")]
            if found
            else []
        )
        last = told[-1][1] if told else 0
        if value == last + 1 or (value == 1 and last != 1) or last < value <= last + 3:
            told.append((k, value))
    best = max(
        shapes.values(), key=lambda told: max((value for _, value in told), default=0), default=[]
    )
    return [k for k, _ in best]


def _pieces(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """The questions, each from its first line to the next one's."""
    begins = _begins(blocks)
    return list(pairwise([*begins, len(blocks)])) if len(begins) >= LEAST else []


def _habit(count: int, of: int) -> bool:
    """Whether ``count`` of so many questions make a habit."""
    return count >= max(LEAST, MOST * of)


# -- two columns, fields --------------------------------------------------------------------------


def _apart(blocks: list[Block]) -> list[Block]:
    """Two columns of questions side by side (``1. … 9. …``), one below the other."""
    if not all(isinstance(block, Line) for block in blocks):
        return blocks
    cuts = {k: found for k, block in enumerate(blocks) if (found := _middle(_shown(block)))}
    numbered = [
        k
        for k in cuts
        if _USUAL.match(_shown(blocks[k])) and _USUAL.match(_shown(blocks[k])[cuts[k] :])
    ]
    filled = sum(bool(_shown(block).strip()) for block in blocks)
    if len(numbered) < LEAST or len(cuts) < 0.5 * filled:
        return blocks
    left: list[Block] = []
    right: list[Block] = []
    for k, block in enumerate(blocks):
        if k in cuts and isinstance(block, Line):
            shown = block.label + block.text
            left.append(_cut(block, cuts[k], len(shown), ""))
            right.append(replace(_cut(block, 0, cuts[k], ""), raw=shown[cuts[k] :]))
        else:
            left.append(block)
    return [*left, *right]


def _middle(plain: str) -> int:
    """Where the right column of a line begins; 0 where it has none: a wide gap, and behind it a
    number or the mark that the left begins with."""
    head = plain.strip()[:3]
    for found in _COLUMN.finditer(plain, 4):
        rest = plain[found.end() :]
        again = _USUAL_OPTION.match(rest) and rest.strip()[:1] == head[:1]
        if (_USUAL.match(rest) and _USUAL.match(plain)) or again:
            return found.end()
    return 0


def _fields(blocks: list[Block]) -> list[Block]:
    """Lines of named fields (``题干=… | 选项=… | 答案=…``), a field a line."""
    told = [list(_FIELD.finditer(_shown(block))) for block in blocks]
    names = Counter(m[1] for found in told if len(found) > 1 for m in found if len(m[1]) > 1)
    filled = sum(bool(_shown(block).strip()) for block in blocks)
    usual = {name for name, count in names.items() if _habit(count, filled)}
    if len(usual) < 2 or not any(_role(name) == "answer" for name in usual):
        return blocks
    made: list[Block] = []
    for block, found in zip(blocks, told, strict=True):
        cuts = [m for m in found if m[1] in usual]
        if len(cuts) < 2 or not isinstance(block, Line):
            made.append(block)
            continue
        shown = block.label + block.text
        for m, end in zip(cuts, [*(n.start() for n in cuts[1:]), len(shown)], strict=True):
            label = {"stem": "题目", "answer": "答案", "explanation": "解析"}.get(_role(m[1]), m[1])
            text = _EQUALS.sub(r"\1. ", _PARTED.sub("  ", shown[m.end() : end]).strip(" |;；\t"))
            made.append(Line(f"{label}：{text}", block.loc, raw=shown[m.start() : end]))
    return made


def _verdicts(blocks: list[Block]) -> list[Block]:
    """Lines that begin with the verdict on the statement behind it (``正确：…``)."""
    told = {k: m for k, block in enumerate(blocks) if (m := _VERDICT.match(_shown(block)))}
    filled = sum(bool(_shown(block).strip()) for block in blocks)
    if not _habit(len(told), filled) or len({m[1] for m in told.values()}) < 2:
        return blocks
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in told and isinstance(block, Line):
            made.append(_cut(block, 0, told[k].end(), f"{len(made) // 2 + 1}、"))
            block = _beside(block, f"答案：{told[k][1]}")
        made.append(block)
    return made


def _ahead(blocks: list[Block]) -> list[Block]:
    """Answers before their questions: in a blank (``__T__ 1. …``), or on a line of their own above
    each number; they go behind."""
    told = {k: m for k, block in enumerate(blocks) if (m := _BEFORE.match(_shown(block)))}
    if len(told) >= LEAST:
        said = {k: _SPELT.get(m[1], m[1]) for k, m in told.items()}
        gone: dict[int, int] = {}
    else:
        begins = _begins(blocks)
        above = {
            k: next((j for j in range(k - 1, -1, -1) if _shown(blocks[j]).strip()), -1)
            for k in begins
        }
        above = {k: j for k, j in above.items() if j >= 0 and _label(_shown(blocks[j]))}
        answered = sum(bool(_label(_shown(block))) for block in blocks)
        if len(begins) < LEAST or len(above) < len(begins) or answered > len(begins):
            return blocks
        said = {k: _shown(blocks[j])[_label(_shown(blocks[j])) :] for k, j in above.items()}
        gone = {j: k for k, j in above.items()}
    made: list[Block] = []
    waiting: Block | None = None
    for k, block in enumerate(blocks):
        if waiting and (k in said or k in gone or (_shown(block).strip() and not _lettered(block))):
            made, waiting = [*made, waiting], None
        if k in said and isinstance(block, Line):
            waiting = _beside(block, f"答案：{said[k].strip()}")
            block = _cut(block, 0, told[k].end(), "") if k in told else block
        if k not in gone:
            made.append(block)
    return [*made, waiting] if waiting else made


def _label(plain: str) -> int:
    """Where the text behind an answer's label begins; 0 where a line begins with none."""
    sign = re.match(r"[\s★◎●※]*", plain)
    start = sign.end() if sign else 0
    found = pt.LABELS.match(plain, start)
    if found and found["answer"] and (":" in found["colon"] or plain[start : start + 1] in "[("):
        return found.end()
    reply = _KNOWN_LABEL.match(plain) or pt.REPLY.match(plain, start)
    return reply.end() if reply else 0


def _pools(blocks: list[Block]) -> list[Block]:
    """One list of options (``【备选答案】``) above the questions that share it: said as usual, with
    their numbers."""
    pools = [k for k, block in enumerate(blocks) if _POOL.fullmatch(_shown(block))]
    begins = _begins(blocks)
    made = list(blocks)
    for k, end in pairwise([*pools, len(blocks)]):
        mine = [b for b in begins if k < b < end]
        options = mine and all(
            _optioned(x) or not _shown(x).strip() for x in blocks[k + 1 : mine[0]]
        )
        line = blocks[k]
        if len(mine) > 1 and options and not any(map(_optioned, blocks[mine[0] : end])):
            first, last = (_USUAL.match(_shown(blocks[b])) for b in (mine[0], mine[-1]))
            assert first and last and isinstance(line, Line)
            said = f"（{first[1]}～{last[1]}题共用备选答案）"
            made[k] = _cut(line, 0, len(_shown(line)), said)
    return made


def _chosen(blocks: list[Block]) -> list[Block]:
    """Both judgements behind the statement, one of them ticked (``对 ☑　错 □``)."""
    told = {k: m for k, block in enumerate(blocks) if (m := _BOTH.search(_shown(block)))}
    sides = {k: [bool(_TICKED.search(box)) for box in m.groups() if box] for k, m in told.items()}
    if len(told) < LEAST or any(sum(side) != 1 for side in sides.values()):
        return blocks
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in told and isinstance(block, Line):
            made.append(_cut(block, told[k].start(), len(_shown(block)), ""))
            block = _beside(block, f"答案：{'正确' if sides[k][0] else '错误'}")
        made.append(block)
    return made


def _inline(blocks: list[Block]) -> list[Block]:
    """Options in a bracket behind the stem, the answer behind it (``(A. 甲 | B. 乙) -> B``)."""
    told = {k: m for k, block in enumerate(blocks) if (m := _BRACKETED.search(_shown(block)))}
    if not _habit(len(told), len(_begins(blocks))) or len(told) < LEAST:
        return blocks
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in told and isinstance(block, Line):
            m = told[k]
            shown = block.label + block.text
            inner = _PARTED.sub("   ", shown[slice(*m.span("in"))])
            made.append(_cut(block, m.start(), len(shown), f"   {inner}"))
            block = _beside(block, f"答案：{m['said']}")
        made.append(block)
    return made


def _role(name: str) -> str:
    """What a field or label of this name introduces."""
    from data_tools.readers import columns

    return columns.role(name)[0]


# -- judgements and numbers -----------------------------------------------------------------------


def _signs(blocks: list[Block]) -> list[Block]:
    """Judgements in brackets at the beginning or end of lines in other signs (○ and ╳, Y and N)."""
    found: dict[int, re.Match[str]] = {}
    for k, block in enumerate(blocks):
        plain = _shown(block)
        for m in _SIGNS.finditer(plain):
            if not plain[: m.start()].strip() or not plain[m.end() :].strip(" 。."):
                found[k] = m
    said = {m[1] for m in found.values()}
    told = (said & _RIGHT, said & _WRONG)
    if len(found) < LEAST or not all(told) or any(len(s) > 1 for s in told) or said == {"√", "×"}:
        return blocks
    made = list(blocks)
    for k, m in found.items():
        line = made[k]
        assert isinstance(line, Line)
        made[k] = _cut(line, *m.span(1), "√" if m[1] in _RIGHT else "×")
    return made


def _numbered_behind(blocks: list[Block]) -> list[Block]:
    """Numbers in a bracket behind the stems (``… [3]``) go before them."""
    told = [
        (k, int(m[1]), m.start(), "")
        for k, b in enumerate(blocks)
        if (m := _BEHIND.search(_shown(b)))
    ]
    if len(told) < LEAST or _steps(told) < MOST * (len(told) - 1) or len(_begins(blocks)) >= LEAST:
        return blocks
    made = list(blocks)
    for k, value, start, _ in told:
        line = made[k]
        assert isinstance(line, Line)
        made[k] = _cut(_cut(line, start, len(_shown(line)), ""), 0, 0, f"{value}、")
    return made


def _numbers(blocks: list[Block]) -> list[Block]:
    """Questions counted in a way of the document's own (``⑴``, ``No.3``, ``▲问题3　``, ``3》``)."""
    named = {k: m for k, block in enumerate(blocks) if (m := _NUMBER_OF.match(_shown(block)))}
    if len(named) >= LEAST:
        made = list(blocks)
        for k, m in named.items():
            line = made[k]
            assert isinstance(line, Line)
            made[k] = _cut(line, 0, m.end(), f"Q{m[1]}. ")
        return _bared(made)
    if len(_begins(blocks)) >= LEAST:
        return _bared(blocks)
    shapes: dict[str, list[tuple[int, int, int, str]]] = defaultdict(list)
    for k, block in enumerate(blocks):
        text = _shown(block)
        spelt = pt.digits(text[:24])
        found = _NUMBER.match(spelt) if spelt.strip() else None
        dated = found and not found["after"] and re.match(r"[年月日%]", spelt[found.end() :])
        if found and not dated:
            shape = re.sub(
                r"\s+", " ", f"{found['name']}{found['gap']}#{found['after'].strip()}"
            ).strip()
            end = found.end() - (len(spelt) - len(text[:24]))
            shapes[shape].append((k, int(found["value"]), max(1, end), found["lead"]))
    best = max((told for told in shapes.values()), key=_steps, default=[])
    if _steps(best) < max(LEAST - 1, MOST * (len(best) - 1)):
        return blocks
    made = list(blocks)
    for k, value, end, lead in best:
        line = made[k]
        assert isinstance(line, Line)
        gap = " " if _shown(line)[end : end + 1].isdigit() else ""
        made[k] = _cut(line, 0, end, f"{lead}{value}、{gap}")
    return _bared(made)


def _han(blocks: list[Block]) -> list[Block]:
    """Questions counted 一、二、三、: where most such lines in a row ask something."""
    told = [(k, m) for k, block in enumerate(blocks) if (m := _HAN.match(_shown(block)))]
    run: list[tuple[int, re.Match[str]]] = []
    for k, m in told:
        if pt.number_value(m[1]) == len(run) + 1:
            run.append((k, m))
    asked = sum(bool(_ASKED.search(_shown(blocks[k]))) for k, _ in run)
    if not _habit(asked, len(told)) or len(_begins(blocks)) > len(run):
        return blocks
    made = list(blocks)
    for k, m in run:
        line = made[k]
        assert isinstance(line, Line)
        made[k] = _cut(line, 0, m.end(), f"{pt.number_value(m[1])}、 ")
    return made


def _steps(told: Sequence[tuple[int, int, int, str]]) -> int:
    """How many of these numbers come right behind the one before."""
    return sum(other[1] == one[1] + 1 for one, other in pairwise(told))


def _bared(blocks: list[Block]) -> list[Block]:
    """Lines that hold a number and only what is said about the question (``第 3 题 | 单选 | 易``):
    the number and the kind are kept."""
    made = list(blocks)
    for k in _begins(blocks):
        line, plain = blocks[k], _shown(blocks[k])
        found = _USUAL.match(plain)
        assert found is not None and isinstance(line, Line)
        rest = plain[found.end() :]
        if rest.strip() and len(rest) < 60 and _META.fullmatch(rest):
            kind = pt.KIND_WORD.search(rest)
            name = f"[{kind[0].removesuffix('题')}题]" if kind else ""
            made[k] = _cut(line, 0, len(plain), f"{found[1]}、{name}")
    return made


# -- options --------------------------------------------------------------------------------------


def _boxes(blocks: list[Block]) -> list[Block]:
    """Options behind boxes, of which the filled ones are right (``( ) 甲``, ``(x) 乙``)."""
    runs: list[list[tuple[int, re.Match[str]]]] = []
    for k, block in enumerate(blocks):
        found = _BOX.match(_shown(block))
        if found:
            near = runs and all(not _shown(x).strip() for x in blocks[runs[-1][-1][0] + 1 : k])
            runs[-1].append((k, found)) if near else runs.append([(k, found)])
    able = [run for run in runs if 2 <= len(run) <= 8 and run[0][0]]
    ticked = [
        run for run in able if 0 < sum(bool(set(m["box"]) & _TICKS) for _, m in run) < len(run)
    ]
    if not _habit(len(ticked), len(able)):
        return blocks
    made: dict[int, list[Block]] = {}
    for run in (run for run in able if any(set(m["box"]) & _TICKS for _, m in run)):
        said = "".join(chr(65 + k) for k, (_, m) in enumerate(run) if set(m["box"]) & _TICKS)
        for order, (k, m) in enumerate(run):
            line = blocks[k]
            assert isinstance(line, Line)
            made[k] = [_cut(line, 0, m.end(), f"{chr(65 + order)}. ")]
            if order == len(run) - 1:
                made[k].append(_beside(line, f"答案：{said}"))
    return [each for k, block in enumerate(blocks) for each in made.get(k, [block])]


def _circled(blocks: list[Block]) -> list[Block]:
    """``1. (4) 下列何者…①甲②乙③丙④丁``: the number of the right option before the stem, circled
    figures before the options, spaces or none between them."""
    pieces = _pieces(blocks)
    told: dict[int, tuple[re.Match[str], int, list[tuple[int, int]]]] = {}
    for a, b in pieces:
        plain = _shown(blocks[a])
        number = _USUAL.match(plain)
        lead = _LED.match(plain, number.end()) if number else None
        marks = _circles(blocks, a, b) if lead else []
        if lead and len(marks) > 1:
            last = max(k for k in range(a, b) if _shown(blocks[k]).strip())
            told[a] = (lead, last, marks)
    if not _habit(len(told), len(pieces)):
        return blocks
    made = list(blocks)
    behind: dict[int, Block] = {}
    for a, (lead, last, marks) in told.items():
        line = made[last]
        if isinstance(line, Line) and line.text.endswith("。"):  # it ends the sentence
            shown = len(line.label + line.text)
            made[last] = _cut(line, shown - 1, shown, "")
        for order, (k, at) in reversed(list(enumerate(marks))):
            line = made[k]
            assert isinstance(line, Line)
            made[k] = _cut(line, at, at + 1, f"   {chr(65 + order)}. ")
        line = made[a]
        assert isinstance(line, Line)
        made[a] = _cut(line, *lead.span(), "")
        said = "".join(chr(64 + int(figure)) for figure in re.findall(r"\d", lead[0]))
        behind[last] = _beside(line, f"答案：{said}")
    return [x for k, block in enumerate(made) for x in (block, behind.get(k)) if x is not None]


def _circles(blocks: Sequence[Block], a: int, b: int) -> list[tuple[int, int]]:
    """Where ①, ②, … stand in turn within a question, the last such run: line and place."""
    best: list[tuple[int, int]] = []
    run: list[tuple[int, int]] = []
    for k in range(a, b):
        for found in re.finditer(r"[①-⑨]", _shown(blocks[k])):
            order = ord(found[0]) - ord("①")
            run = [*run, (k, found.start())] if order == len(run) else []
            run = [(k, found.start())] if not run and order == 0 else run
            best = run if len(run) > 1 else best
    return best


def _options(blocks: list[Block]) -> list[Block]:
    """Options in another alphabet as A., B., …, and the answers that name them."""
    pieces = [p for p in _pieces(blocks) if not any(map(_optioned, blocks[p[0] : p[1]]))]
    if len(pieces) < LEAST:
        return blocks
    best: tuple[str, list[list[tuple[int, int, int]]]] = ("", [])
    for name in _ALPHABETS:
        runs = [run for a, b in pieces if len(run := _run(blocks, a, b, name)) > 1]
        if len(runs) < LEAST or len(runs) <= len(best[1]):
            continue
        said = max(_named(blocks, pieces, name), _keyed(blocks, name)) >= MOST * len(runs)
        if said or (name in _SAFE and _habit(len(runs), len(pieces))):
            best = (name, runs)
    name, runs = best
    if not name:
        return blocks
    made = list(blocks)
    for run in runs:
        for order, (k, start, end) in reversed(list(enumerate(run))):
            line = made[k]
            assert isinstance(line, Line)
            gap = " " if start and not line.text[max(0, start - 1)].isspace() else ""
            made[k] = _cut(line, start, end, f"{gap}{chr(65 + order)}. ")
    kept = {k for run in runs for k, _, _ in run}
    if name == "digit":  # Q1. is a number
        kept |= {a for a, _ in pieces if "(" not in _shown(blocks[a])}
    kept |= _answered_below(blocks, pieces, runs, name)
    first = pieces[0][0]
    return [_translated(b, name) if k >= first and k not in kept else b for k, b in enumerate(made)]


def _answered_below(
    blocks: Sequence[Block],
    pieces: Sequence[tuple[int, int]],
    runs: Sequence[list[tuple[int, int, int]]],
    name: str,
) -> set[int]:
    """The lines of stems whose answer stands below the options: ``substring(5)`` names none."""
    pattern, within = _answer_of(name), {k: (a, b) for a, b in pieces for k in range(a, b)}
    found: set[int] = set()
    for run in runs:
        a, b = within[run[0][0]]
        if any(pattern.search(_shown(block)) for block in blocks[run[-1][0] + 1 : b]):
            found |= set(range(a, run[0][0]))
    return found


def _unlettered(blocks: list[Block]) -> list[Block]:
    """Options without any mark, the same number of lines below most stems, where the answers are
    letters all the same."""
    runs: list[list[int]] = []
    letters, asked = 0, False
    for k, block in enumerate(blocks):
        plain = _shown(block)
        if pt.LABELS.match(plain.strip()):
            letters += bool(_LETTERS.search(plain))
            asked = False
        elif found := _ASKED.search(plain):
            letters += bool(found[1])
            asked = True
            runs.append([])
        elif asked and plain.strip():
            runs[-1].append(k)
    usual = Counter(len(run) for run in runs if run).most_common(1)
    size, times = usual[0] if usual else (0, 0)
    able = [run for run in runs if run]
    texts = [_shown(blocks[k]) for run in able for k in run]
    marked = any(_lettered(blocks[k]) for run in able for k in run)
    plain_ = not marked and sum(map(len, texts)) < 60 * len(texts)
    if not (
        2 <= size <= 6 and _habit(times, len(able)) and plain_ and letters >= max(2, 0.3 * times)
    ):
        return blocks
    made = list(blocks)
    for run in able if times >= 0.7 * len(able) else ():
        for order, k in enumerate(run) if len(run) == size else ():
            line = made[k]
            assert isinstance(line, Line)
            made[k] = _cut(line, 0, 0, f"{chr(65 + order)}. ")
    return made


def _optioned(block: Block) -> bool:
    """Whether a line holds usual options, at its beginning or several within it."""
    return _lettered(block) or len(_USUAL_OPTION.findall(_shown(block))) > 1


def _lettered(block: Block) -> bool:
    """Whether a line begins with a usual option."""
    return bool(re.match(r"\s{0,8}[(（\[【]?[A-Ha-h]\s?[.、．:：)）\]】]", _shown(block)))


def _run(blocks: Sequence[Block], a: int, b: int, name: str) -> list[tuple[int, int, int]]:
    """The options of one question in an alphabet: line, and where the mark begins and ends."""
    signs, shape = _ALPHABETS[name]
    run: list[tuple[int, int, int]] = []
    for k in range(a, b):
        plain, at = _shown(blocks[k]), 0
        while plain and len(run) < len(signs):
            mark = shape.format(signs[len(run)])
            found = re.compile(
                rf"(?:^|(?<=\s)){mark}" if run or k > a else rf"(?<=\s){mark}"
            ).search(plain, at)
            if not found or (k > a and not run and plain[: found.start()].strip()):
                break
            if k == a and found.start() < 6:  # the question's own number
                at = found.end()
                continue
            run.append((k, found.start(), found.end()))
            at = found.end()
        if run and k > run[-1][0] + 3:
            break
    return run


def _answer_of(name: str) -> re.Pattern[str]:
    """A short line, or a bracket, that holds nothing but signs of an alphabet behind a label."""
    signs = _ALPHABETS[name][0]
    sign = rf"(?:选项|option)?\s?[{signs}]\s?[.、)）]?" if name == "word" else rf"[{signs}]"
    many = rf"{sign}(?:[\s,、，;；和及]{{0,2}}{sign}){{0,6}}"
    return re.compile(
        rf"(?P<before>^\W{{0,8}}(?:[A-Za-z]{{1,12}} (?=[A-Za-z]{{1,12}}\s?:))?"
        rf"[^\W\d_]{{0,12}}\W{{0,4}}|[(（]\s{{0,4}})"
        rf"(?P<said>{many})(?P<after>\W{{0,3}}$|\s{{0,4}}[)）]|[.、．:：)）]\s?\S.{{0,80}}$)"
    )


def _named(blocks: Sequence[Block], pieces: list[tuple[int, int]], name: str) -> int:
    """How many questions have an answer in an alphabet."""
    pattern = _answer_of(name)

    def told(a: int, b: int) -> bool:
        run = {k for k, _, _ in _run(blocks, a, b, name)}
        return any(
            pattern.search(_shown(blocks[k]))
            for k in range(a, b)
            if k not in run and (k > a or "(" in _shown(blocks[k]))
        )

    return sum(told(a, b) for a, b in pieces)


def _translated(block: Block, name: str) -> Block:
    """A line whose answer names options by another alphabet, with their letters."""
    plain, signs = _shown(block), _ALPHABETS[name][0]
    if not plain or not isinstance(block, Line) or name in ("odd", "named", "<"):
        return block

    def lettered(text: str) -> str:
        return "".join(chr(65 + signs.index(c)) for c in text if c in signs)

    found = _answer_of(name).search(plain)
    if found:
        end = found.end("said") if found["after"].strip()[:1] in ")）" else len(plain)
        return _cut(block, found.start("said"), end, lettered(found["said"]))
    entries = list(_entry_of(name).finditer(plain)) if name in _KEYED else []
    if len(entries) < 2:
        return block
    text = block.label + block.text
    for m in reversed(entries):
        text = text[: m.start(1)] + lettered(m[1]) + text[m.end(1) :]
    return replace(block, text=text, label="", raw=block.stored)


_KEYED = ("甲", "①")  # alphabets whose signs are answers of a key: 1.甲 2.乙、丙


def _entry_of(name: str) -> re.Pattern[str]:
    """An entry of a key that names options by an alphabet."""
    sign = rf"[{_ALPHABETS[name][0]}]"
    return re.compile(
        rf"(?<!\d)\d{{1,4}}[^\w\s(]?\s{{0,2}}({sign}(?:[、,，]?{sign}){{0,5}})(?=[\s,，;；]|$)"
    )


def _keyed(blocks: Sequence[Block], name: str) -> int:
    """How many entries of keys name options by an alphabet."""
    if name not in _KEYED:
        return 0
    told = (len(_entry_of(name).findall(_shown(block))) for block in blocks)
    return sum(many for many in told if many > 1)


# -- answers --------------------------------------------------------------------------------------


def _ranges(blocks: list[Block]) -> list[Block]:
    """Keys by ranges in brackets, ``【1-10】BCADB…``, or by kind, ``单选：B C A``."""
    made = list(blocks)
    for k, block in enumerate(blocks):
        plain = _shown(block)
        counted = _SEQUENCE.fullmatch(plain)
        if counted and isinstance(block, Line):
            many = len(re.findall(r"[^\s,、，;；]+", counted[1]))
            made[k] = _cut(block, counted.start(1), counted.start(1), f"1-{many} ")
        found = (
            list(_RANGE.finditer(plain)) if "-" in plain or "～" in plain or "至" in plain else []
        )
        for m in reversed(found):
            line = made[k]
            assert isinstance(line, Line)
            made[k] = _cut(line, *m.span(), f"{m[1]}-{m[2]} ")
    return made


def _cases(blocks: list[Block]) -> list[Block]:
    """``案例一答案：（1）B`` is the answer of the case just read, ``案例一`` its beginning."""
    made = list(blocks)
    for k, block in enumerate(blocks):
        plain = _shown(block)
        found = _CASE.match(plain) if len(plain) < 200 else None
        if found and isinstance(block, Line):
            rest = plain[found.end() :].strip()
            if re.match(r"(?:参考|正确)?答案\s?[:：]", rest):
                made[k] = _cut(block, 0, found.end(), "")
            elif not rest:
                made[k] = _cut(block, found.end(), len(plain), "：")
    return made


def _keys(blocks: list[Block]) -> list[Block]:
    """One heading of a key below each question (``【参考答案要点】``) labels an answer."""
    found = [k for k, block in enumerate(blocks) if _KEY.fullmatch(_shown(block).strip())]
    apart = all(b - a > 1 for a, b in pairwise(found))
    if len(found) < LEAST or not apart or len({_shown(blocks[k]).strip() for k in found}) > 1:
        return blocks
    made = list(blocks)
    for k in found:
        line = made[k]
        assert isinstance(line, Line)
        made[k] = _cut(line, 0, len(_shown(line)), "答案：")
        above = next((j for j in range(k - 1, -1, -1) if _shown(blocks[j]).strip()), k)
        head, stem = _HAN.match(_shown(blocks[above])), blocks[above]
        if head and isinstance(stem, Line):
            made[above] = _cut(stem, 0, head.end(), f"第{pt.number_value(head[1])}题 ")
    return made


def _quotes(blocks: list[Block]) -> list[Block]:
    """A quotation (``> …`` in Markdown) below an answer explains it."""
    made, said = list(blocks), False
    for k, block in enumerate(blocks):
        plain = _shown(block)
        if said and isinstance(block, Line) and any(how == "quote" for _, _, how in block.marks):
            made[k] = _cut(block, 0, 0, "解析：") if not pt.LABELS.match(plain.strip()) else block
        said = bool(_KNOWN_LABEL.match(plain)) or (said and not plain.strip())
    return made


def _labels(blocks: list[Block]) -> list[Block]:
    """Labels that come again in most questions mean what stands behind them: letters or a judgement
    are the answer, what comes behind it is explained."""
    pieces = _pieces(blocks)
    if not pieces:
        return blocks
    answers: dict[str, list[tuple[int, re.Match[str]]]] = defaultdict(list)
    for a, b in pieces:
        for k in range(a + 1, b):
            plain = _shown(blocks[k])
            if plain and not _lettered(blocks[k]) and (found := _ANSWERED.match(plain)):
                answers[_folded(found["label"])].append((k, found))
    _, told = max(answers.items(), key=lambda pair: len(pair[1]), default=("", []))
    made = list(blocks)
    if _habit(len(told), len(pieces)) and not _understood(told[0][1]["label"]):
        for k, m in told:
            line = made[k]
            assert isinstance(line, Line)
            said = m["said"].strip("()（）[]【】 ")
            why = (line.label + line.text)[m.start("rest") :]
            why = why if why[:1] in "。；;，," else ""
            said = said.upper() if len(said) < 2 else said
            made[k] = _cut(line, 0, len(_shown(line)), f"答案：{said}{why}")
    elif not told:
        made = _replies(made, pieces)
    return _reasons(made, pieces)


def _understood(label: str) -> bool:
    """Whether the rules know a label as an answer's: by its brackets or its colon."""
    found = pt.LABELS.match(label.strip())
    told = found is not None and bool(found["answer"]) and ":" in found["colon"]
    return told or _KNOWN_LABEL.match(label) is not None


def _folded(label: str) -> str:
    return re.sub(r"[\W\d_]+", " ", label).strip().lower()


def _replies(blocks: list[Block], pieces: list[tuple[int, int]]) -> list[Block]:
    """The label of the second line where most questions have the same there (``◎回复　…``)."""
    heads = {}
    for a, b in pieces:
        second = next((k for k in range(a + 1, b) if _shown(blocks[k]).strip()), 0)
        found = _HEAD.match(_shown(blocks[second])) if second else None
        if (
            found
            and len(_folded(found[0])) > 1
            and not _lettered(blocks[second])
            and not pt.LABELS.match(_shown(blocks[second]).strip())
        ):
            heads[second] = found
    usual = Counter(_folded(m[0]) for m in heads.values()).most_common(1)
    if not usual or not _habit(usual[0][1], len(pieces)) or usual[0][1] < 0.8 * len(pieces):
        return blocks
    return _relabelled(
        blocks, {k: m for k, m in heads.items() if _folded(m[0]) == usual[0][0]}, "答案："
    )


def _reasons(blocks: list[Block], pieces: list[tuple[int, int]]) -> list[Block]:
    """The label of the line behind the answer, where it comes again (``Reason - …``)."""
    heads = {}
    for a, b in pieces:
        said = [k for k in range(a + 1, b) if _KNOWN_LABEL.match(_shown(blocks[k]))]
        after = (
            next((k for k in range(said[-1] + 1, b) if _shown(blocks[k]).strip()), 0) if said else 0
        )
        found = _HEAD.match(_shown(blocks[after])) if after else None
        if found:
            heads[after] = found
    usual = Counter(_folded(m[0]) for m in heads.values()).most_common(1)
    if not usual or usual[0][1] < max(LEAST, 0.3 * len(pieces)) or len(usual[0][0]) < 2:
        return blocks
    told = {k: m for k, m in heads.items() if _folded(m[0]) == usual[0][0]}
    if any(pt.LABELS.match(_shown(blocks[k]).strip()) for k in list(told)[:1]):
        return blocks
    return _relabelled(blocks, told, "解析：")


def _relabelled(blocks: list[Block], told: dict[int, re.Match[str]], label: str) -> list[Block]:
    made = list(blocks)
    for k, m in told.items():
        line = made[k]
        assert isinstance(line, Line)
        made[k] = _cut(line, 0, m.end(), label)
    return made


def _tails(blocks: list[Block]) -> list[Block]:
    """The answer in a bracket behind the last option (``D.丁（C）``), as a line of its own."""
    pieces = _pieces(blocks)
    ends = {}
    for a, b in pieces:
        filled = [k for k in range(a, b) if _shown(blocks[k]).strip()]
        for last in filled[-2:]:
            found = _TAIL.search(_shown(blocks[last]))
            options = _USUAL_OPTION.findall(_shown(blocks[last])[: found.start()]) if found else ()
            if found and len(options) > (last == a):
                ends[last] = found
    if not _habit(len(ends), len(pieces)):
        return blocks
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in ends and isinstance(block, Line):
            made.append(_cut(block, ends[k].start(), len(_shown(block)), ""))
            block = _beside(block, f"答案：{ends[k][1]}")
        made.append(block)
    return made


def _terms(blocks: list[Block]) -> list[Block]:
    """Terms with what they mean behind a colon, in a section that says so or throughout."""
    told: dict[int, int] = {}
    pieces, named = _pieces(blocks), False
    begins = dict(pieces)
    for k, block in enumerate(blocks):
        plain = _shown(block)
        if (
            k not in begins
            and 0 < len(plain.strip()) < 30
            and (kind := re.search(r"名词|术语|概念|解释", plain))
        ):
            named = bool(kind)
        elif k not in begins and 0 < len(plain.strip()) < 30 and pt.section_kind(plain):
            named = False
        elif k in begins and (found := _USUAL.match(plain)):
            alone = sum(bool(_shown(x).strip()) for x in blocks[k : begins[k]]) <= 2
            term = _TERM.match(plain, found.end()) if alone else None
            if term and not _USUAL_OPTION.search(plain, found.end()):
                told[k] = term.start("said") if named else -term.start("said")
    if not _habit(len(told), len(pieces)):
        told = {k: at for k, at in told.items() if at > 0}
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in told and isinstance(block, Line):
            at, shown = abs(told[k]), block.label + block.text
            made.append(
                _cut(block, at, len(shown), "").__class__(
                    shown[:at].rstrip(" :："), block.loc, raw=block.stored
                )
            )
            block = _beside(block, f"答案：{shown[at:].strip()}")
        made.append(block)
    return made


def _fills(blocks: list[Block]) -> list[Block]:
    """Blanks filled in brackets of a kind that holds nothing else (``首都是【北京】``)."""
    able = [
        (
            a,
            list(_FILLED.finditer(_shown(blocks[a]), _USUAL.match(_shown(blocks[a])).end())),  # type: ignore[union-attr]
        )
        for a, b in _pieces(blocks)
        if not any(_KNOWN_LABEL.match(_shown(x)) or _lettered(x) for x in blocks[a:b])
    ]
    told = {a: found for a, found in able if found and not pt.TAG.match(found[0][0])}
    if not _habit(len(told), len(able)):
        return blocks
    made: list[Block] = []
    for k, block in enumerate(blocks):
        if k in told and isinstance(block, Line):
            shown = block.label + block.text
            said = [shown[slice(*m.span(m.lastindex or 0))] for m in told[k]]
            line = block
            for m in reversed(told[k]):
                line = _cut(line, *m.span(), "____")
            made.append(line)
            block = _beside(block, "答案：" + "；".join(said))
        made.append(block)
    return made


STEPS = (
    _apart, _fields, _verdicts, _ahead, _pools, _chosen, _signs, _numbered_behind, _han,
    _numbers,
    _inline, _boxes, _circled, _options, _unlettered, _ranges, _cases, _keys, _labels, _tails,
    _terms, _fills, _quotes,
)  # fmt: skip
