"""Which column of a table is what: by its header, or by what stands in it."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Cell
from data_tools.readers.choices import listed, unlettered
from data_tools.readers.patterns import judgement

_SPACE = re.compile(r"[\s*:：]+|[（(【\[][^（()）】\]]*[)）】\]]")
_NOTE = re.compile(r"\s+-\s.*$", re.S)  # Question - max 120 characters
_ROLES = {
    "stem": 
r"题干(?:内容|描述|文本|信息)?|题目(?:内容|描述|正文|名称|题干)?|试题(?:内容|题干"
r"|描述|题目|正文|名称)?|问题(?:内容|描述)?|考题|考[试核](?:题目|内容)|内容|questions?(?:text"
r"|stem|title|content)?|stem|prompt|column1|q|问|题|题面|[小子]题(?:题干|内容)?|front|term|вопрос",
    "answer": 
r"(?:正确|标准|参考|试题|题目)*(?:的)?答案(?:内容|选项|项|文本|序号|编号|索引)?|正确选项(?:内容|文本|序号)?|正确项|标答|正选"
r"|(?:correct|right|question)?_?(?:answers?|option|choice|key|ans)(?:key|_?(?:index|id|no))?"
r"|correct(?:_?index)?|column2|答|正答|判断(?:结果)?|结论|答复|回答|back|definition|(?:правильный)?ответ",
    "kind": r"(?:试题|题目|题|考题|问题)?(?:类型|类别|题型)|题型|题类|(?:question)?type|kind",
    "explanation": 
r"(?:答案|试题|题目|考点)?(?:解析|详解|说明|分析|解释|讲解)|(?:出题|命题|参考|法律"
r"|政策|制定|考题)?依据|(?:question)?explain|explanations?|analysis|rationale|解析内容|答案出处|出处|пояснение"
r"|依据条款",
    "right": r"(?:选项)?[a-h1-8一二三四甲乙丙丁]?是否(?:为|是)?(?:正确)?(?:答案|选项)?|正确与否"
r"|正误|正确|is(?:correct|right)\??",
    "number": r"序号|题号|编号|试题编号|题目编号|顺序|no\.?|number|id|#|№|index|题目id|试题id",
    "case": 
r"材料(?:内容)?|案例(?:内容|背景)?|背景(?:材料|资料)?|共用题干|大题题干|父题|passage"
r"|context|case|case(?:stem|text)",
    "options": 
r"选项(?:内容|列表|集)?|备选(?:项|答案|选项)|候选(?:项|答案)|可选项|可选答案"
r"|试题选项|题目选项|答案选项|options?(?:content|text)?|choices?|答题选项",
}  # fmt: skip
_ROLE = {role: re.compile(shape, re.I) for role, shape in _ROLES.items()}
_ONE = re.compile(
    r"(?:(?:试题|题目|备选|候选|可选|答案)?选?项?|答案|备选(?:项|答案)?|option|choice"
    r"|answer|opt|вариант(?:ответа)?)[-_.、]?([A-Ha-h]|[0-8一二三四五六七八甲乙丙丁戊己①-⑧])(?:选?项?|选项内容|内容)?"
    r"|([A-H])选?项?",
    re.I,
)
_WRONG = re.compile(
    r"(?:错误|干扰|其他)(?:答案|选项|项)[a-h\d]?|(?:wrong|incorrect|distractor)s?_?(?:answer|option"
    r"|choice)?s?_?[a-h\d]?"
)
_OTHER = re.compile(
    r"难度.*|难易.*|分值|分数|得分|.*知识点.*|章节|分类|专业|科目|备注|来源|标签|等级"
    r"|.*时间|创建人|状态|单位|部门|考点|level|score|points?|tags?|category|difficulty"
    r"|subject",
    re.I,
)
_LETTERED = re.compile(r"\s*[(\[]?([A-L])\s*[、.:)\]]")
_INDEX, _STEMS = "一二三四五六七八", "甲乙丙丁戊己"


@dataclass(slots=True)
class Columns:
    """Columns by role; ``options`` maps letters to columns, ``header`` is the header row's index
    (-1: none). ``groups`` holds the start columns of tables set side by side."""

    header: int = -1
    stem: int | None = None
    answer: int | None = None
    kind: int | None = None
    explanation: int | None = None
    number: int | None = None
    case: int | None = None
    right: int | None = None
    combined: int | None = None
    parted: str = ""  # the sign between stem, options and right options in their cells
    codes: dict[str, str] = field(default_factory=dict)  # kinds by the codes that stand for them
    options: dict[str, int] = field(default_factory=dict)
    ticks: dict[str, int] = field(default_factory=dict)  # beside each option: whether it is right
    counted: bool = False  # answers that are figures count the options, from ``first``
    first: int = 1
    judged: bool = False  # the answers are T and F, or Y and N, and nothing else
    wrong: tuple[int, ...] = ()  # columns of wrong options, beside that of the right one
    titles: list[str] = field(default_factory=list)
    width: int = 0
    groups: tuple[int, ...] = (0,)
    one_a_row: bool = False
    optionless: bool = False

    def cell(self, row: list[Cell], column: int | None) -> Cell | None:
        """The cell of ``row`` in ``column``, if there is one."""
        return row[column] if column is not None and column < len(row) else None

    def split(self, row: list[Cell]) -> list[list[Cell]]:
        """The row, cut where the table holds several questions side by side."""
        if len(self.groups) == 1:
            return [row]
        return [row[start : start + self.width] for start in self.groups]

    def is_header(self, texts: list[str]) -> bool:
        """Whether the row repeats the header."""
        return bool(self.titles) and [t.strip() for t in texts if t] == [
            t for t in self.titles if t
        ]

    def number_of(self, row: list[Cell]) -> int:
        """The question's number, or 0."""
        cell = self.cell(row, self.number)
        found = (
            re.fullmatch(r"\s*(\d{1,6})(?:\.0)?\s*[.、]?\s*", pt.plain(cell.text)) if cell else None
        )
        return int(found.group(1)) if found else 0

    def number_only(self, row: list[Cell]) -> bool:
        """Whether the row has a number of its own, so that it is no further line of the last."""
        cell = self.cell(row, self.number)
        return cell is not None and bool(cell.text) and not cell.covered

    def kind_of(self, said: str) -> str:
        """The kind that a cell names, by its words or by the bank's own code."""
        return self.codes.get(said.strip()) or pt.section_kind(said)

    def options_of(self, row: list[Cell], already: int = 0) -> dict[str, str]:
        """The options of a row: one a column, or several in one cell; ``already`` counts those of
        rows above."""
        found: dict[str, str] = {}
        given = self.options
        if self.wrong and self.answer is not None:
            given = {chr(65 + k): c for k, c in enumerate((self.answer, *self.wrong))}
        for letter, column in given.items():
            cell = self.cell(row, column)
            if cell is not None and cell.text and not (already and cell.covered):
                found[letter] = cell.text
        bare = {letter: unlettered(text, letter) for letter, text in found.items()}
        if sum(bare[letter] != found[letter] for letter in found) > 1:
            found = bare  # A.甲 in the column of A, B.乙 in that of B: the letters are no text
        if self.parted and self.stem is not None:
            texts = row[self.stem].text.split(self.parted)[1:] if self.stem < len(row) else []
            return {chr(65 + k): text.strip() for k, text in enumerate(texts)}
        cell = self.cell(row, self.combined)
        if cell is not None and cell.text and not (already and cell.covered):
            found |= listed(cell.text, already, self.one_a_row)
        return {letter: text for letter, text in found.items() if text}

    def ticked(self, row: list[Cell]) -> str:
        """The letters of the options that the column beside each says are right."""
        said = {letter: self.cell(row, column) for letter, column in self.ticks.items()}
        return "".join(letter for letter, cell in said.items() if cell and affirmed(cell.text))

    def indexed(self, answer: str, options: dict[str, str]) -> str:
        """An answer given as the option's number (1, 2, ...), as its letter."""
        plain = pt.plain(answer).strip()
        if self.parted and options:
            said = [text.strip() for text in answer.split(self.parted)]
            return "".join(x for x, text in options.items() if text in said) or answer
        if not self.counted and plain in {pt.plain(text).strip() for text in options.values()}:
            return answer
        if options and re.fullmatch(r"[0-8](?:[\s,、;|]*[0-8])*", plain):
            digits = re.findall(r"\d", plain)
            if self.first and "0" in digits:
                return answer
            return "".join(chr(65 + int(digit) - self.first) for digit in digits)
        named = [role(part) for part in re.split(r"[\s,、;|/]+", plain)] if len(plain) < 80 else []
        if options and named and all(name == "option" for name, _ in named):
            return "".join(letter for _, letter in named)  # Choice2, 选项B
        if options and re.fullmatch(rf"[{_STEMS}](?:[\s,、;|]*[{_STEMS}])*", plain):
            return "".join(chr(65 + _STEMS.index(sign)) for sign in plain if sign in _STEMS)
        return answer


def role(title: str) -> tuple[str, str]:
    """The role of a column titled ``title`` and the letter of an option column; '' for none."""
    if len(title) > 60:  # a sentence, no title
        return "", ""
    bare = _SPACE.sub("", _NOTE.sub("", pt.plain(title))).lower()
    if not bare or len(bare) > 16:
        return "", ""
    for name in ("stem", "answer", "right", "kind", "explanation", "number", "case", "options"):
        if _ROLE[name].fullmatch(bare):
            return name, ""
    found = _ONE.fullmatch(bare)
    if found:
        sign = (found.group(1) or found.group(2)).upper()
        if sign in _STEMS and sign == bare and sign != title.strip():
            return "", ""  # 甲（乙） is a text
        for alphabet in (_INDEX, _STEMS, "①②③④⑤⑥⑦⑧"):
            sign = str(alphabet.index(sign) + 1) if sign in alphabet else sign
        return "option", chr(64 + int(sign)) if sign.isdecimal() else sign
    return ("other", "") if _OTHER.fullmatch(bare) else ("", "")


def find(rows: list[list[Cell]]) -> Columns | None:
    """The columns by the header row, wherever it stands; None where there is none."""
    best: tuple[int, Columns] | None = None
    for index, row in enumerate(rows):
        if best is not None and index == best[1].header:
            continue  # the second row of the header just found
        heads = [(index, row)]
        if index + 1 < len(rows) and (both := _two_rows(row, rows[index + 1])):
            heads.insert(0, (index + 1, both))
        for header, titles in heads:
            columns = Columns(header=header, titles=[cell.text.strip() for cell in titles])
            score = _assign(columns, titles, rows[header + 1 :])
            filled = sum(bool(cell.text) for cell in row)
            whole = columns.stem is not None and columns.answer is not None
            sure = whole and len(columns.options) > 2  # however many further columns there are
            if (score * 2 >= filled or sure) and score > (best[0] if best else 0):
                _side_by_side(columns, titles)
                best = (score, columns)
    if best is None:
        return None
    columns = best[1]
    if columns.stem is not None and columns.answer is not None and not columns.options:
        _parted(columns, rows[columns.header + 1 :])
    _count(columns, rows[columns.header + 1 :])
    said = {
        x.text.strip() for r in rows[columns.header + 1 :] if (x := columns.cell(r, columns.answer))
    }
    columns.judged = said - {""} in ({"T", "F"}, {"Y", "N"})
    if columns.combined is not None and columns.stem is not None and columns.right is None:
        below = rows[columns.header + 1 :]
        options = [row for row in below if (c := columns.cell(row, columns.combined)) and c.text]
        bare = [
            row
            for row in options
            if not (stem := columns.cell(row, columns.stem)) or not stem.text or stem.covered
        ]
        columns.one_a_row = len(bare) * 2 > len(options)
    return columns


_BETWEEN = ("|||", "$$", "&&", "##", "&", "|", "#", "$", ";", "；")


def _parted(columns: Columns, below: list[list[Cell]]) -> None:
    """Find the sign that parts stems from their options in one cell (``题干&甲&乙``), where the
    answers are such options; and what codes of kinds mean then."""
    stem, answer, kind = columns.stem or 0, columns.answer or 0, columns.kind
    told = [(x[stem].text, x[answer].text, x) for x in below if max(stem, answer) < len(x)]
    for sign in _BETWEEN:
        held = [(text.split(sign), said.split(sign)) for text, said, _ in told if sign in text]
        fit = [set(map(str.strip, said)) <= set(map(str.strip, text[1:])) for text, said in held]
        if len(held) >= 3 and sum(fit) >= 0.8 * len(held) and all(len(t) > 2 for t, _ in held):
            columns.parted = sign
            break
    kinds: dict[str, list[tuple[bool, str]]] = {}
    for text, said, row in told if columns.parted and kind is not None else ():
        code = row[kind].text.strip() if kind is not None and kind < len(row) else ""
        kinds.setdefault(code, []).append((columns.parted in text, said.strip()))
    for code, rows in kinds.items() if all(x.isdigit() for x in kinds) else ():
        if not any(optioned for optioned, _ in rows):
            coded = {said for _, said in rows} <= {"0", "1", "2"}
            columns.codes[code] = "judge" if coded else ""
        else:
            several = any(columns.parted in said for _, said in rows)
            columns.codes[code] = "multiple" if several else "single"


def _titled_columns(columns: Columns, row: list[Cell], below: list[list[Cell]]) -> int:
    """Give columns the roles that their titles name; returns how many have one."""
    score = 0
    stems = [text for cell in row if len(text := cell.text.strip()) == 1 and text in _STEMS]
    counted = "".join(stems).startswith("甲乙丙")  # else 甲 is somebody in a text
    wrong = [k for k, cell in enumerate(row) if _WRONG.fullmatch(_SPACE.sub("", cell.text).lower())]
    for position, cell in enumerate(row):
        if cell.covered or position in wrong or (not counted and cell.text.strip() in stems):
            continue
        name, letter = role(cell.text)
        score += bool(name)
        beside = next((x for x, at in columns.options.items() if at == position - 1), "")
        if name == "option" and letter not in columns.options:
            columns.options[letter] = position
        elif name == "right" and beside:
            columns.ticks[beside] = position
        elif name == "options" and not _lettering(position, below):
            columns.combined = position if columns.combined is None else columns.combined
        elif name and name != "other" and getattr(columns, name, 0) is None:
            setattr(columns, name, position)
    if "@" in columns.options:  # option_0
        columns.options = {chr(ord(x) + 1): at for x, at in columns.options.items()}
    if wrong and columns.answer is not None and not columns.options:
        columns.wrong, score = tuple(wrong), score + len(wrong)
    return score


def _assign(columns: Columns, row: list[Cell], below: list[list[Cell]]) -> int:
    """Give the columns of a header row their roles; returns how many have one, 0 where the row
    cannot be a header."""
    score = _titled_columns(columns, row, below)
    first = columns.options.get("A")
    gaps = max(columns.options, default="A") > chr(65 + len(columns.options))  # H, B and A
    if columns.options and (first is None or gaps or _unordered(columns.options, row)):
        return 0  # figures of a question, no titles
    if (
        first is not None
        and columns.answer is None
        and row[first].text.strip().upper() == "A"
        and len(columns.options) == 1
    ):
        if columns.stem is None:
            return 0  # the answer of a question: nothing here is a title
        columns.answer = columns.options.pop("A")
    if len(columns.ticks) == 1:
        columns.right, columns.ticks = columns.ticks.popitem()[1], {}
    if columns.right is not None and columns.combined is None:  # 是否正确 of a statement
        columns.answer = columns.right if columns.answer is None else columns.answer
        columns.right = None
    columns.one_a_row = columns.right is not None
    if score > 1:  # a lone 正确 or B stands in a row of questions as well
        score += _unknown(columns, row, below)
    paired = columns.stem is not None or columns.number is not None
    if not paired and columns.answer is not None and len(columns.options) > 2 and len(below) > 2:
        paired = True  # options and answers of questions that stand elsewhere
        after = range(columns.answer + 1, len(row))
        told = {
            c: {x[c].text for x in below if c < len(x)} for c in after if not role(row[c].text)[0]
        }
        longest = max(told, key=lambda c: sum(map(len, told[c])), default=None)
        columns.explanation = longest if columns.explanation is None else columns.explanation
    if columns.answer is None and columns.stem is not None and not columns.options:
        free = [k for k, cell in enumerate(row) if not role(cell.text)[0]]
        said = [k for k in free if _verdicts(k, below)]
        columns.answer = said[0] if len(said) == 1 else None
    useful = columns.answer is not None or len(columns.options) > 1 or columns.combined is not None
    useful = useful or (columns.stem is not None and columns.number is not None)
    return score if paired and useful else 0


def _unordered(options: dict[str, int], row: list[Cell]) -> bool:
    """Whether figures that would title columns of options do not count up from column to column."""
    signs = sorted(options, key=options.__getitem__)
    figures = any(row[at].text.strip().isdigit() for at in options.values())
    return figures and signs != [chr(65 + k) for k in range(len(signs))]


def _unknown(columns: Columns, row: list[Cell], below: list[list[Cell]]) -> int:
    """Give columns with unknown titles the roles that a table lacks, by their content; returns
    how many. Only beside known titles: a header that names nothing is none."""
    score = 0
    named = [cell.text.strip() for cell in row]
    free = [c for c, title in enumerate(named) if title and not role(title)[0]]
    while columns.options:
        letter, last = max(columns.options.items())
        title = pt.plain(named[last + 1]).upper() if last + 1 < len(named) else ""
        following = chr(ord(letter) + 1)
        if last + 1 not in free or not re.search(rf"(?<![A-Z]){following}(?![A-Z])", title):
            break
        columns.options[following] = last + 1
        free.remove(last + 1)
        score += 1
    texts = {c: [x[c].text for x in below if c < len(x) and x[c].text] for c in free}
    length = {c: sum(map(len, found)) / max(1, len(found)) for c, found in texts.items()}
    known = columns.answer is not None or len(columns.options) > 1 or columns.combined is not None
    first = min(
        [
            *columns.options.values(),
            len(row) if columns.answer is None or columns.options else columns.answer,
        ]
    )
    before = {c: size for c, size in length.items() if c < first}
    if columns.stem is None and known and any(before.values()):
        stem = max(before, key=lambda c: before[c])
        if length[stem] >= 6 and len(set(texts[stem])) > 0.5 * len(texts[stem]):
            columns.stem, score = stem, score + 1
            free.remove(stem)
    if columns.answer is None and len(columns.options) > 1:
        said = [c for c in free if texts[c] and all(map(chosen, texts[c]))]
        said = said or [c for c in free if _repeats(columns, c, below)]
        if said:
            columns.answer, score = said[-1], score + 1
    if columns.answer is not None and columns.stem is not None and not columns.options:
        free = [c for c in free if length[c]]
        score += _option_columns(columns, free, below)
        if not columns.options and columns.combined is None:
            held = (c for c in free if _holds_options(columns, c, below))
            columns.combined = next(held, None)
            score += columns.combined is not None
    return score


def _lettering(column: int, below: list[list[Cell]]) -> bool:
    """Whether a column holds the options' letters alone, a row each."""
    said = [pt.plain(row[column].text).strip() for row in below if column < len(row)]
    filled = [text for text in said if text]
    return len(filled) > 2 and all(re.fullmatch(r"[(\[]?[A-Ha-h][)\].、]?", x) for x in filled)


def _verdicts(column: int, below: list[list[Cell]]) -> bool:
    """Whether a column holds judgements of two kinds and nothing else."""
    said = {judgement(row[column].text) for row in below if column < len(row) and row[column].text}
    return len(said) > 1 and all(said)


def _repeats(columns: Columns, column: int, below: list[list[Cell]]) -> bool:
    """Whether nearly each cell of a column repeats an option of its row."""
    told = [row for row in below if column < len(row) and row[column].text.strip()]
    same = sum(row[column].text.strip() in columns.options_of(row).values() for row in told)
    return len(told) > 2 and same >= 0.7 * len(told)


def _count(columns: Columns, below: list[list[Cell]]) -> None:
    """Find out whether figures among the answers are the options' numbers and no texts (most are
    no option's text), and whether these count from 0 (one is 0, and none is too large for that)."""
    told, texts = [], 0
    for row in below:
        cell, options = columns.cell(row, columns.answer), columns.options_of(row)
        said = pt.plain(cell.text).strip() if cell is not None else ""
        if options and said.isdecimal():
            texts += said in {pt.plain(text).strip() for text in options.values()}
            told.append((int(said), len(options)))
    columns.counted = len(told) >= 3 and len(told) > 3 * texts
    if columns.counted and all(value < many for value, many in told):
        columns.first = 0 if any(not value for value, _ in told) else 1


def _holds_options(columns: Columns, column: int, below: list[list[Cell]]) -> bool:
    """Whether each cell of a column holds several options, of which the answer names one."""
    told = [
        (listed(row[column].text), row[columns.answer].text)
        for row in below
        if columns.answer is not None
        and max(column, columns.answer) < len(row)
        and row[column].text
    ]
    fit = 0
    for options, answer in told:
        said = re.sub(r"[^A-H]", "", columns.indexed(answer, options).upper())
        named = bool(said) and set(said) <= set(options) and len(pt.plain(answer).strip()) < 20
        fit += len(options) > 1 and (named or answer.strip() in options.values())
    return len(told) > 2 and fit >= 0.8 * len(told)


def _option_columns(columns: Columns, free: list[int], below: list[list[Cell]]) -> int:
    """Neighbouring columns of short texts are the options where the answers are letters."""
    said = [
        x[columns.answer].text
        for x in below
        if columns.answer is not None and columns.answer < len(x)
    ]
    letters = sum(
        bool(re.fullmatch(r"\s*[A-Ha-h](?:[\s,、;]*[A-Ha-h])*\s*", pt.plain(s))) for s in said
    )
    run = [c for c in free if c - 1 in free or c + 1 in free]
    if (
        columns.combined is not None
        or len(run) < 2
        or 2 * letters < len(said)
        or run != list(range(run[0], run[-1] + 1))
    ):
        return 0
    columns.options = {chr(65 + k): c for k, c in enumerate(run[:8])}
    return len(run)


def _two_rows(upper: list[Cell], lower: list[Cell]) -> list[Cell] | None:
    """A header in two rows as one: 选项 over A, B, C, D; None where the second row is none."""
    own = [cell for cell in lower if cell.text and not cell.covered]
    if len(own) < 2 or not all(role(cell.text)[0] == "option" for cell in own):
        return None
    if not any(role(cell.text)[0] in ("options", "stem") for cell in upper):
        return None
    width = max(len(upper), len(lower))
    made = []
    for c in range(width):
        below = lower[c] if c < len(lower) else None
        above = upper[c] if c < len(upper) else None
        made.append(below if below and below.text and not below.covered else above or Cell([], ""))
    return made


def _side_by_side(columns: Columns, row: list[Cell]) -> None:
    """Tables set side by side repeat their header: 题号 答案 题号 答案."""
    roles = [role(cell.text) for cell in row]
    for width in range(2, len(roles) // 2 + 1):
        count = len(roles) // width
        if (
            count * width == len(roles)
            and roles == roles[:width] * count
            and any(r[0] for r in roles[:width])
        ):
            columns.width, columns.groups = width, tuple(range(0, len(roles), width))
            return


def affirmed(text: str) -> bool:
    """Whether a cell says that what stands beside it is right."""
    said = pt.plain(text).strip().lower()
    return said in ("1", "*", "√", "✓", "★", "●") or said in pt.JUDGE_RIGHT


def chosen(text: str) -> bool:
    """Whether a cell holds letters or a judgement."""
    return bool(re.fullmatch(r"\s*[A-H](?:[\s,、;|/]*[A-H]){0,7}\s*", pt.plain(text))) or bool(
        judgement(text)
    )


def guess(rows: list[list[Cell]]) -> Columns | None:
    """The columns of a table without header, by what stands in them; None where nobody can tell."""
    filled = [row for row in rows if sum(bool(cell.text) for cell in row) > 1]
    if not filled:
        return None
    width = max(len(row) for row in filled)
    texts = [[row[c].text if c < len(row) else "" for row in filled] for c in range(width)]
    share = [sum(map(bool, column)) / len(filled) for column in texts]
    length = [sum(map(len, column)) / max(1, sum(map(bool, column))) for column in texts]
    columns = Columns()
    numbers = [c for c in range(width) if share[c] > 0.8 and _counts(texts[c])]
    columns.number = numbers[0] if numbers else None
    marks = [
        c for c in range(width)
        if share[c] > 0.5 and c not in numbers
        and sum(map(chosen, texts[c])) >= 0.8 * sum(map(bool, texts[c]))
    ]  # fmt: skip
    if not marks and (named := _naming(texts)) is not None:
        numbers, marks = [c for c in numbers if c != named], [named]
        columns.number = numbers[0] if numbers else None
    for c in range(width):
        signs = {m.group(1) for text in texts[c] if text and (m := _LETTERED.match(pt.plain(text)))}
        marked = sum(bool(_LETTERED.match(pt.plain(text))) for text in texts[c])
        if len(signs) == 1 and c not in marks and marked >= 0.8 * sum(map(bool, texts[c])):
            columns.options.setdefault(signs.pop(), c)
    told = columns.options.values()
    rest = [
        c
        for c in range(width)
        if c not in numbers and c not in marks and share[c] > 0.5 and c not in told
    ]
    if not rest:
        return None
    columns.stem = max(rest, key=lambda c: length[c])
    if len(columns.options) > 1 and "A" in columns.options:  # C. and D. alone are a slip
        columns.answer = marks[-1] if marks else None
        return columns
    columns.options = {}
    if marks and _titled(rows, filled, texts[marks[-1]]):
        columns.header = next(k for k, row in enumerate(rows) if row is filled[0])
    if marks:
        after = [c for c in marks if c > columns.stem]
        columns.answer = (after or marks)[-1]
        options = [
            c
            for c in range(columns.stem + 1, width)
            if c != columns.answer and c not in numbers and any(texts[c])
        ]
        if len(options) >= 2 and (columns.answer > columns.stem):
            low = columns.answer if columns.answer > columns.stem + 1 else width
            span = [c for c in options if c < low] or options
            columns.options = (
                {chr(65 + k): c for k, c in enumerate(span[:8])} if len(span) > 1 else {}
            )
        _count(columns, filled)
        return columns
    if len(rest) == 2 and share[rest[0]] > 0.8 and share[rest[1]] > 0.8:
        columns.stem, columns.answer = rest
        return columns
    return (
        columns if len(rest) == 1 and columns.number is not None and length[rest[0]] > 8 else None
    )


def _naming(texts: list[list[str]]) -> int | None:
    """The last column, where its figures (``2``, ``1,3``) name one of three columns or more before
    it; None for any other."""
    if len(texts) < 5 or not all(texts[-1]) or len(texts[-1]) < 4:
        return None
    said = [re.fullmatch(r"[0-8](?:[\s,、;|]*[0-8]){0,7}", pt.plain(x).strip()) for x in texts[-1]]
    lead = [len(text) for text in texts[0]]
    if not all(said) or not 1 < len(set(texts[-1])) < len(lead) or min(lead) < 6:
        return None
    options = [sum(bool(column[k]) for column in texts[1:-1]) for k in range(len(lead))]
    top = (max(map(int, re.findall(r"\d", text))) for text in texts[-1])
    named = sum(3 <= many >= one for one, many in zip(top, options, strict=True))
    return len(texts) - 1 if named >= 0.8 * len(lead) else None


def _titled(rows: list[list[Cell]], filled: list[list[Cell]], marks: list[str]) -> bool:
    """Whether the first filled row titles the columns: its cells are short, and what stands over
    the answers is none."""
    short = all(len(cell.text) <= 12 for cell in filled[0])
    said = marks[0][:1].isdecimal() or chosen(marks[0])
    return short and len(marks) > 3 and bool(marks[0]) and not said


def _counts(column: list[str]) -> bool:
    """Whether a column counts its rows."""
    values = [int(text) for text in column if re.fullmatch(r"\d{1,5}", text.strip())]
    steps = sum(b == a + 1 for a, b in itertools.pairwise(values))
    return (
        len(values) >= 2 and len(values) >= 0.8 * len(column) and steps >= 0.8 * (len(values) - 1)
    )


def echoes(rows: list[list[Cell]]) -> set[int]:
    """The columns that only repeat, or repeat a part of, what stands in a column before them."""
    found: set[int] = set()
    width = max((len(row) for row in rows), default=0)
    for c in range(1, min(width, 40)):
        texts = [(x[c].text.strip(), x) for x in rows if c < len(x) and x[c].text.strip()]
        for before in range(c):
            same = sum(len(text) > 4 and text in x[before].text for text, x in texts)
            usual = len(texts) > 2 and same >= 0.7 * len(texts)
            rest = bool(found) and 0 < same >= len(texts) - 1  # the tail of what is cut in two
            if before not in found and (usual or rest):
                found.add(c)
    return found


def is_key(rows: list[list[Cell]]) -> bool:
    """Whether a table is an answer key: numbers above their answers, or beside them."""
    pairs = key_pairs(rows)
    filled = sum(bool(cell.text) for row in rows for cell in row if not cell.covered)
    return len(pairs) >= 2 and 2 * len(pairs) >= 0.7 * filled


def key_pairs(rows: list[list[Cell]]) -> list[tuple[int, str]]:
    """The (number, answer) pairs of a key table."""
    pairs: list[tuple[int, str]] = []
    texts = [[cell.text.strip() for cell in row] for row in rows]
    for above, below in itertools.pairwise(texts):
        for number, answer in zip(above, below, strict=False):
            if re.fullmatch(r"\d{1,4}", number) and chosen(answer):
                pairs.append((int(number), answer))
    beside = [
        (int(number), answer)
        for row in texts
        for number, answer in itertools.pairwise(row)
        if re.fullmatch(r"\d{1,4}", number) and chosen(answer)
    ]
    inner = [
        pair
        for row in texts
        for text in row
        if it.KEY_LINE.match(pt.plain(text))
        for pair in _entries(text)
    ]
    return max((pairs, beside, inner), key=len)


def _entries(text: str) -> list[tuple[int, str]]:
    """The pairs inside one cell."""
    from data_tools.readers.keys import entries

    return entries(text)
