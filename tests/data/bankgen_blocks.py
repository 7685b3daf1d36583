"""What generated documents are made of, and the habits of their authors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.data.bankgen import Maker, Truth


@dataclass
class P:
    """A paragraph: runs of (text, look); ``number`` is an automatic number (list, level)."""

    runs: list[tuple[str, str]]
    number: tuple[str, int] | None = None
    style: str = ""
    extra: str = ""

    @property
    def text(self) -> str:
        return "".join(text for text, look in self.runs if look not in ("deleted", "hidden"))


@dataclass
class T:
    """A table of texts."""

    rows: list[list[str]]
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)


Block = P | T
Made = tuple[list[Block], list[Truth]]
LAYOUTS: dict[str, Callable[[Maker], Made]] = {}
PLAIN: set[str] = set()  # layouts that plain text can show too
MARKDOWN: set[str] = set()  # layouts of Markdown files


def layout(plain: bool = True) -> Callable[[Callable[[Maker], Made]], Callable[[Maker], Made]]:
    def keep(make: Callable[[Maker], Made]) -> Callable[[Maker], Made]:
        LAYOUTS[make.__name__] = make
        if plain:
            PLAIN.add(make.__name__)
        return make

    return keep


def p(text: str, look: str = "") -> P:
    return P([(text, look)])


# -- shapes that a document keeps to --------------------------------------------------------------


@dataclass
class Style:
    """The habits of one author."""

    number: str
    option: str
    gap: str
    answer: str
    explain: str
    case: str

    def num(self, n: int) -> str:
        return self.number.format(n)

    def opt(self, letter: str, text: str) -> str:
        low = self.case == "lower" and self.option != "{} {}"
        return self.option.format(letter.lower() if low else letter, text)


def style(r: Random) -> Style:
    return Style(
        r.choice(["{}、", "{}. ", "{}．", "{}.", "{}) ", "（{}）", "{} 、", "第{}题 ", "{}，",
        "({}) ", "【{}】", "第{}题：", "{}.　"]),
        r.choice(["{}、{}", "{}. {}", "{}．{}", "{}.{}", "({}) {}", "（{}）{}", "{}：{}",
        "{}) {}", "{} {}", "{}） {}", "[{}] {}", "{}、 {}", "{},{}"]),
        r.choice(["  ", "    ", "\t", " ", "；  ", "　　"]),
        r.choice(["答案：{}", "参考答案:{}", "正确答案：{}", "【答案】{}", "答案 {}",
        "答案是：{}", "[答案]{}", "标准答案：  {}", "正确答案 {}", "答 案：{}",
        "参考答案： {} 。", "答案：({})", "答：{}", "【正确答案】 {}", "答案{}",
        "正确答案是：{}", "正确选项：{}"]),
        r.choice(["解析：{}", "【解析】{}", "答案解析：{}", "答案说明：{}", "依据：{}",
        "[解析] {}", "解析 ：{}", "【考点】{}", "说明：{}", "试题解析：{}", "【答案解析】{}"]),
        r.choice(["upper"] * 9 + ["lower"]),
    )  # fmt: skip


def letters(r: Random, answer: str) -> str:
    """An answer's letters in some typing."""
    shape = r.choice(["{}"] * 5 + ["、", ",", " ", "，", "wide", "lower"])
    if shape == "{}":
        return answer
    if shape == "wide":
        return "".join(chr(ord(c) + 0xFEE0) for c in answer)
    if shape == "lower":
        return answer.lower()
    return shape.join(answer)


def said(r: Random, t: Truth) -> str:
    return letters(r, t.answer) if t.options else t.answer


def option_lines(r: Random, s: Style, t: Truth, how: str = "") -> list[str]:
    """The options of a question: a line each, all on one line, or two a line."""
    made = [s.opt(letter, text) for letter, text in t.options.items()]
    how = how or r.choice(["each", "each", "one", "two"])
    if s.option in ("{} {}", "{},{}"):
        how = "each"
    gap = s.gap
    if how == "each":
        return made
    if how == "one":
        return [gap.join(made)]
    return [gap.join(made[k : k + 2]) for k in range(0, len(made), 2)]


def question(
    r: Random, s: Style, n: int, t: Truth, how: str = "", answer: bool = True
) -> list[Block]:
    """A question with its answer below it."""
    made: list[Block] = [p(s.num(n) + t.stem)]
    made += [p(line) for line in option_lines(r, s, t, how)] if t.options else []
    if answer:
        made.append(p(s.answer.format(said(r, t))))
        if t.explanation:
            made.append(p(s.explain.format(t.explanation)))
    return made


def several(r: Random, low: int = 6, high: int = 14) -> range:
    return range(1, r.randint(low, high) + 1)
