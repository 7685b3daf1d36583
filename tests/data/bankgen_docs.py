"""Layouts of documents: each makes paragraphs (and tables) and the truth that they state.

A layout takes a Maker and returns ``(blocks, truths)``; a block is a :class:`P` or a :class:`T`.
``LAYOUTS`` names them all. :func:`write_docx` and :func:`write_txt` set the blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import RGBColor

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
        r.choice(["{}、", "{}. ", "{}．", "{}.", "{}) ", "（{}）", "{} 、", "第{}题 ", "{}，", "({}) ", "【{}】", "第{}题：", "{}.　"]),
        r.choice(["{}、{}", "{}. {}", "{}．{}", "{}.{}", "({}) {}", "（{}）{}", "{}：{}", "{}) {}", "{} {}", "{}） {}", "[{}] {}", "{}、 {}", "{},{}"]),
        r.choice(["  ", "    ", "\t", " ", "；  ", "　　"]),
        r.choice(["答案：{}", "参考答案:{}", "正确答案：{}", "【答案】{}", "答案 {}", "答案是：{}", "[答案]{}", "标准答案：  {}", "正确答案 {}", "答 案：{}", "参考答案： {} 。", "答案：({})", "答：{}", "【正确答案】 {}", "答案{}", "正确答案是：{}", "正确选项：{}"]),
        r.choice(["解析：{}", "【解析】{}", "答案解析：{}", "答案说明：{}", "依据：{}", "[解析] {}", "解析 ：{}", "【考点】{}", "说明：{}", "试题解析：{}", "【答案解析】{}"]),
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


# -- layouts --------------------------------------------------------------------------------------


@layout()
def one_line(m: Maker) -> Made:
    r = m.rng
    arrow = r.choice(
        ["->", " -> ", "：->", "? ->", "→", "—>", "＝>", "=>", "-->", "\t", "||", "——"]
    )
    blocks: list[Block] = [p("常识题库")] if r.random() < 0.5 else []
    truths = []
    numbered = r.random() < 0.3
    for n in several(r, 8, 20):
        t = m.blank() if r.random() < 0.5 else m.essay()
        t.answer = t.answer.replace("\n", "；").replace("->", "到")
        t.stem = t.stem.replace("->", "到")
        if r.random() < 0.15:
            t.stem, t.kind = t.stem + "（多选）", "multiple"
        truths.append(t)
        blocks.append(p((f"{n}、" if numbered else "") + t.stem + arrow + t.answer))
        t.stem += arrow.strip(" ->→—＝=\t|") or ""
    return blocks, truths


@layout()
def options_each(m: Maker) -> Made:
    return _plain(m, "each")


@layout()
def options_one_line(m: Maker) -> Made:
    return _plain(m, "one")


@layout()
def options_two_a_line(m: Maker) -> Made:
    return _plain(m, "two")


def _plain(m: Maker, how: str) -> Made:
    r, s = m.rng, style(m.rng)
    truths = [m.choice(r.random() < 0.3) for _ in several(r)]
    blocks = [b for n, t in enumerate(truths, 1) for b in question(r, s, n, t, how)]
    return blocks, truths


@layout()
def options_in_stem_line(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    s.option = r.choice(["{}、{}", "{}. {}", "{}．{}", "（{}）{}", "{}.{}"])
    truths, blocks = [], []
    for n in several(r):
        t = m.choice(r.random() < 0.3)
        truths.append(t)
        options = s.gap.join(s.opt(*pair) for pair in t.options.items())
        line = f"{s.num(n)}{t.stem}{s.gap}{options}"
        if r.random() < 0.4:
            blocks.append(p(f"{line}  答案：{t.answer}"))
        else:
            blocks += [p(line), p(s.answer.format(said(r, t)))]
    return blocks, truths


@layout()
def answer_in_bracket(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    shape = r.choice(["（ {} ）", "({})", "（{}）", "( {} )", "（  {}  ）", "【{}】"])
    lead = r.random() < 0.2
    for n in several(r):
        t = m.choice(r.random() < 0.4)
        t.stem = m.fresh([t.stem.rstrip("（） ()：？。_是有哪些")]) + "的是"
        truths.append(t)
        filled = shape.format(letters(r, t.answer).upper() if True else "")
        if lead:
            blocks.append(p(f"{filled}{s.num(n)}{t.stem}。"))
        elif r.random() < 0.2:
            blocks.append(p(f"{s.num(n)}在{filled}中，{t.stem}？"))
            t.stem = f"在中，{t.stem}"
        else:
            blocks.append(p(f"{s.num(n)}{t.stem}{filled}。"))
        blocks += [p(line) for line in option_lines(r, s, t)]
        if t.explanation and r.random() < 0.5:
            blocks.append(p(s.explain.format(t.explanation)))
    return blocks, truths


@layout()
def judge_in_bracket(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], [p("判断题（对的打√，错的打×）")] if r.random() < 0.7 else []
    mark = r.choice([("√", "×"), ("对", "错"), ("正确", "错误"), ("T", "F"), ("✓", "✗")])
    if mark == ("T", "F") and not blocks:
        blocks = [p("一、判断题")]
    place = r.choice(["end", "end", "start", "before"])
    for n in several(r):
        t = m.judge()
        t.stem = t.stem.replace("（ ）", "").replace("（  ）", "").rstrip("。")
        t.answer = mark[0] if t.verdict else mark[1]
        if mark[0] == "✓":
            t.answer = "√" if t.verdict else "×"
        shown = r.choice(["（{}）", "( {} )", "（ {} ）"]).format(mark[0] if t.verdict else mark[1])
        truths.append(t)
        blocks.append(
            p(
                {
                    "end": f"{s.num(n)}{t.stem}。{shown}",
                    "start": f"{s.num(n)}{shown}{t.stem}。",
                    "before": f"{shown}{s.num(n)}{t.stem}。",
                }[place]
            )
        )
        if r.random() < 0.2:
            blocks.append(p(s.explain.format(m.fill("因为{who}没有{topic}的义务"))))
    return blocks, truths


@layout()
def judge_answer_line(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths = [m.judge() for _ in several(r)]
    if r.random() < 0.4:
        for t in truths:
            t.options = {"A": "正确", "B": "错误"}
            t.answer = "A" if t.verdict else "B"
    blocks: list[Block] = [p("三、判断题（共%d题，每题1分）" % len(truths))]
    for n, t in enumerate(truths, 1):
        t.explanation = m.fill("根据{law}第{n}条") if r.random() < 0.4 else ""
        blocks += question(r, s, n, t, r.choice(["each", "one"]))
    return blocks, truths


def key_lines(r: Random, numbered: list[tuple[int, Truth]]) -> list[Block]:
    """An answer key in one of its typings."""
    how = r.choice(["pairs", "ranges", "lines", "groups", "table", "spaced"])
    single = all(len(t.answer) == 1 for _, t in numbered)
    if how in ("ranges", "spaced") and not single:
        how = "groups"
    if how == "table":
        rows = []
        for k in range(0, len(numbered), 10):
            part = numbered[k : k + 10]
            rows += [["题号", *(str(n) for n, _ in part)], ["答案", *(t.answer for _, t in part)]]
        width = max(map(len, rows))
        return [T([row + [""] * (width - len(row)) for row in rows])]
    if how == "lines":
        mark = r.choice([". ", "、", "．", ") ", " "])
        return [p(f"{n}{mark}{t.answer}") for n, t in numbered]
    size = r.choice([5, 10])
    lines = []
    for k in range(0, len(numbered), size):
        part = numbered[k : k + size]
        if how == "pairs":
            mark, gap = (
                r.choice([".", "、", "．", ":", ""]),
                r.choice([" ", "  ", "；", "，", "\t"]),
            )
            if not all(t.answer.isascii() for _, t in part):
                mark = mark or "."
            lines.append(p(gap.join(f"{n}{mark}{t.answer}" for n, t in part)))
        else:
            gap = {"ranges": "", "spaced": " "}.get(how, r.choice([" ", "、", "，", "  "]))
            dash = r.choice(["-", "～", "—", "~", "－"])
            ends = f"{part[0][0]}{dash}{part[-1][0]}" if len(part) > 1 else f"{part[0][0]}."
            lines.append(
                p(ends + r.choice([" ", "：", ": ", "题："]) + gap.join(t.answer for _, t in part))
            )
    if how == "ranges" and r.random() < 0.5:
        return [p("  ".join(b.text for b in lines if isinstance(b, P)))]
    return lines


@layout()
def key_at_end(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths = [m.choice(r.random() < 0.2) for _ in several(r, 6, 24)]
    blocks = [b for n, t in enumerate(truths, 1) for b in question(r, s, n, t, answer=False)]
    title = r.choice(
        [
            "参考答案",
            "答案：",
            "参考答案：",
            "附：参考答案",
            "标准答案",
            "试题答案",
            "参考答案及解析",
            "【参考答案】",
            "答案",
        ]
    )
    return [*blocks, p(title), *key_lines(r, list(enumerate(truths, 1)))], truths


@layout()
def key_by_section(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    titles = [
        ("single", "单项选择题"),
        ("multiple", "多项选择题"),
        ("judge", "判断题"),
        ("qa", "填空题"),
    ]
    blocks: list[Block] = [p("XX单位安全知识考试试卷（含答案）")]
    truths: list[Truth] = []
    parts = []
    number = 0
    restart = r.random() < 0.6
    for ordinal, (kind, title) in zip("一二三四", titles, strict=True):
        if kind != "single" and r.random() < 0.3:
            continue
        part = []
        made = [
            {
                "single": m.choice,
                "multiple": lambda: m.choice(True),
                "judge": m.judge,
                "qa": m.blank,
            }[kind]()
            for _ in several(r, 3, 8)
        ]
        blocks.append(p(f"{ordinal}、{title}（共{len(made)}题，每题2分）"))
        number = 0 if restart else number
        for t in made:
            number += 1
            part.append((number, t))
            blocks += question(r, s, number, t, answer=False)
        parts.append((f"{ordinal}、{title}", part))
        truths += made
    blocks.append(p(r.choice(["参考答案", "答案", "标准答案及评分标准", "参考答案："])))
    for title, part in parts:
        blocks.append(p(title))
        if part[0][1].kind == "qa":
            blocks += [p(f"{n}. {t.answer}") for n, t in part]
        else:
            blocks += key_lines(r, part)
    return blocks, truths


@layout()
def key_with_explanations(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths = [m.choice(r.random() < 0.2) for _ in several(r)]
    blocks = [b for n, t in enumerate(truths, 1) for b in question(r, s, n, t, answer=False)]
    blocks.append(p("参考答案与解析"))
    shape = r.choice(["{}.【答案】{}", "{}. {}", "{}、答案：{}", "{}．{}。"])
    for n, t in enumerate(truths, 1):
        line = shape.format(n, t.answer)
        if t.explanation:
            if r.random() < 0.5:
                blocks += [p(line), p("【解析】" + t.explanation)]
            else:
                blocks.append(p(line + "【解析】" + t.explanation))
        else:
            blocks.append(p(line))
    return blocks, truths


@layout(plain=False)
def marked_option(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    look = r.choice(["bold", "red", "underline", "highlight", "blue bold"])
    whole = r.random() < 0.7
    truths, blocks = [], []
    for n in several(r):
        t = m.choice(r.random() < 0.3)
        if len(t.answer) == len(t.options):
            t.answer = t.answer[:-1]
            t.kind = "multiple" if len(t.answer) > 1 else "single"
        truths.append(t)
        blocks.append(p(s.num(n) + t.stem))
        pieces = [(s.opt(k, v), look if k in t.answer else "") for k, v in t.options.items()]
        if r.random() < 0.5 and s.option not in ("{} {}", "{},{}"):
            runs = []
            for piece, how in pieces:
                runs += [(piece, how), (s.gap, "")]
            blocks.append(P(runs))
        elif whole:
            blocks += [P([piece]) for piece in pieces]
        else:
            blocks += [P([(piece[:1], ""), (piece[1:], how)]) for piece, how in pieces]
    return blocks, truths


@layout()
def ticked_option(m: Maker) -> Made:
    r = m.rng
    truths, blocks = [], []
    how = r.choice(["star", "suffix", "suffix", "bare", "tick"])
    for n in several(r):
        t = m.choice(r.random() < 0.3, 4)
        tag = {"single": "[单选题]", "multiple": "[多选题]"}[t.kind]
        truths.append(t)
        blocks.append(
            p(f"{n}. {t.stem} {tag} *" if how in ("suffix", "bare") else f"{n}. {t.stem}")
        )
        for letter, text in t.options.items():
            right = letter in t.answer
            if how == "star":
                blocks.append(p(("*" if right else "") + f"{letter}、{text}"))
            elif how == "tick":
                blocks.append(p(f"{letter}. {text}" + (" √" if right else "")))
            elif how == "suffix":
                blocks.append(p(f"{letter}、{text}" + ("(正确答案)" if right else "")))
            else:
                blocks.append(p(text + ("（正确答案）" if right else "")))
    return blocks, truths


@layout()
def sections_declared(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    blocks: list[Block] = [p("安全生产月知识竞赛题库")]
    truths: list[Truth] = []
    forms = [
        "{}、{}（共{}题，每题1分）",
        "{}、{}（{}题）",
        "第{}部分 {}（共{}道题）",
        "{}、{}：（本大题共{}小题，每小题2分，在每小题给出的四个选项中，只有一项符合题目要求。）",
        "（{}）{}（共{}题）",
    ]
    form = r.choice(forms)
    number = 0
    for ordinal, (kind, names) in zip(
        "一二三四五",
        {
            "single": ["单项选择题", "单选题", "选择题"],
            "multiple": ["多项选择题", "多选题", "不定项选择题"],
            "judge": ["判断题", "是非题", "判断正误"],
            "qa": ["填空题", "简答题", "问答题"],
        }.items(),
        strict=False,
    ):
        made = [
            {
                "single": m.choice,
                "multiple": lambda: m.choice(True),
                "judge": m.judge,
                "qa": m.essay,
            }[kind]()
            for _ in several(r, 2, 6)
        ]
        blocks.append(
            P(
                [(form.format(ordinal, r.choice(names), len(made)), "bold")],
                style=r.choice(["", "", "Heading 1"]),
            )
        )
        number = 0 if r.random() < 0.7 else number
        for t in made:
            number += 1
            if t.kind == "qa":
                lines = t.answer.split("\n")
                first = r.choice(["答：", "答案：", "参考答案："])
                if r.random() < 0.3:
                    blocks += [p(s.num(number) + t.stem), p(first), *(p(line) for line in lines)]
                else:
                    blocks += [
                        p(s.num(number) + t.stem),
                        p(first + lines[0]),
                        *(p(line) for line in lines[1:]),
                    ]
            else:
                blocks += question(r, s, number, t)
            if r.random() < 0.1:
                blocks.append(p(""))
        truths += made
    return blocks, truths


@layout()
def answer_and_explanation_inline(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    shape = r.choice(
        [
            "答案：{}。解析：{}",
            "【答案】{}【解析】{}",
            "答案：{} 解析：{}",
            "正确答案：{}；解析：{}",
            "参考答案：{}  难度：易  解析：{}",
            "答案：{}（解析：{}）",
        ]
    )
    for n in several(r):
        t = m.any()
        t.explanation = m.fill(r.choice(["根据{law}第{n}条，{topic}", "本题考查{topic}"]))
        truths.append(t)
        blocks.append(p(s.num(n) + t.stem))
        blocks += [p(line) for line in option_lines(r, s, t)] if t.options else []
        blocks.append(p(shape.format(t.answer, t.explanation)))
    return blocks, truths


@layout()
def unnumbered(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    spaced = r.random() < 0.5
    for _ in several(r):
        t = m.choice(r.random() < 0.3)
        truths.append(t)
        blocks.append(p(t.stem))
        blocks += [p(line) for line in option_lines(r, s, t, r.choice(["each", "one"]))]
        blocks.append(p(s.answer.format(said(r, t))))
        if t.explanation:
            blocks.append(p(s.explain.format(t.explanation)))
        if spaced:
            blocks.append(p(""))
    return blocks, truths


@layout()
def question_labels(m: Maker) -> Made:
    r = m.rng
    ask, say = r.choice(
        [
            ("问：{}", "答：{}"),
            ("【题目】{}", "【答案】{}"),
            ("题目：{}", "答案：{}"),
            ("问题：{}", "回答：{}"),
            ("Q：{}", "A：{}"),
            ("Q: {}", "A: {}"),
        ]
    )
    truths = [m.essay() if r.random() < 0.5 else m.blank() for _ in several(r)]
    blocks: list[Block] = []
    for t in truths:
        t.answer = t.answer.split("\n")[0].lstrip("1234.、（） ")
        blocks += [p(ask.format(t.stem)), p(say.format(t.answer))]
    return blocks, truths


@layout()
def cases(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    form = r.choice(["range", "named", "range", "b"])
    truths: list[Truth] = []
    blocks: list[Block] = [p("四、案例分析题")] if form == "named" else []
    n = 0
    for k in range(1, r.randint(2, 4) + 1):
        size = r.randint(2, 4)
        first = n + 1
        text = m.fresh(
            ["{who}在{topic}时发生事故，造成3人受伤，直接经济损失{n}万元。{law}对此有规定。"]
        )
        if form == "b":
            options = m.options(5)
            blocks.append(
                p(
                    r.choice(
                        ["（{}～{}题共用备选答案）", "({}-{}题共用选项)", "（{}—{}题共用备选答案）"]
                    ).format(first, first + size - 1)
                )
            )
            blocks += [p(f"{a}. {b}") for a, b in options.items()]
            made = []
            for _ in range(size):
                n += 1
                t = Truth(
                    m.fresh(["{who}在{topic}中首选{n}号方案的是"]),
                    r.choice(sorted(options)),
                    "single",
                    dict(options),
                )
                made.append((n, t))
                blocks.append(p(f"{n}. {t.stem}"))
                if size % 2:
                    blocks.append(p(f"答案：{t.answer}"))
            if not size % 2:
                blocks.append(p("答案：" + " ".join(f"{a}.{t.answer}" for a, t in made)))
            truths += [t for _, t in made]
            continue
        if form == "range":
            head = r.choice(
                ["（{}～{}题共用题干）", "({}-{}题共用题干)", "（{}~{}题共用材料）"]
            ).format(first, first + size - 1)
            blocks += [p(head), p(text)] if r.random() < 0.5 else [p(head + text)]
        else:
            blocks.append(
                p(
                    r.choice(["案例{}：", "【案例{}】", "案例{}、"]).format(
                        "一二三四五"[k - 1] if r.random() < 0.5 else k
                    )
                    + text
                )
            )
            n = 0
        whole = r.random() < 0.4
        made = []
        for _ in range(size):
            n += 1
            t = m.choice(r.random() < 0.3)
            made.append((n, t))
            blocks += question(r, s, n, t, answer=not whole)
            t.stem, t.kind = text + t.stem, "case"
        if whole:
            shape = r.choice(["{}.{}", "{}、{}", "（{}）{}"])
            blocks.append(
                p(
                    s.answer.replace("({})", "{}").format(
                        " ".join(shape.format(a, t.answer) for a, t in made)
                    )
                )
            )
        truths += [t for _, t in made]
    return blocks, truths


@layout()
def nested_case(m: Maker) -> Made:
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = [p("五、案例分析题（每题10分）")]
    for k in range(1, r.randint(2, 4) + 1):
        text = m.fresh(["{who}在{topic}时发生事故，造成3人受伤，直接经济损失{n}万元。"])
        blocks.append(p(f"{k}. {text}"))
        for j in range(1, r.randint(2, 3) + 1):
            t = m.choice(r.random() < 0.3)
            blocks.append(p(f"（{j}）{t.stem}"))
            blocks += [p(f"{a}. {b}") for a, b in t.options.items()]
            blocks.append(p(f"答案：{t.answer}"))
            t.stem, t.kind = text + t.stem, "case"
            truths.append(t)
    return blocks, truths


@layout()
def english(m: Maker) -> Made:
    r = m.rng
    number = r.choice(["{}. ", "{}) ", "Q{}. ", "Question {}: ", "{}.  ", "{}: "])
    option = r.choice(["{}. {}", "{}) {}", "({}) {}", "{}.  {}"])
    lower = r.random() < 0.3
    answer = r.choice(
        [
            "Answer: {}",
            "ANSWER: {}",
            "Ans: {}",
            "Correct Answer: {}",
            "Answer {}",
            "Correct answer: {}",
            "Key: {}",
            "Ans. {}",
        ]
    )
    truths, blocks = [], [p("Section A: Multiple Choice Questions")] if r.random() < 0.5 else []
    for n in several(r):
        t = m.english(r.random() < 0.2)
        truths.append(t)
        blocks.append(p(number.format(n) + t.stem))
        made = [option.format(a.lower() if lower else a, b) for a, b in t.options.items()]
        blocks += [p(line) for line in made] if r.random() < 0.7 else [p("    ".join(made))]
        blocks.append(
            p(
                answer.format(
                    r.choice([", ", "", " "]).join(t.answer).lower() if lower else t.answer
                )
            )
        )
        if r.random() < 0.4:
            blocks.append(
                p(r.choice(["Explanation: ", "Rationale: "]) + "Because option C is a distractor.")
            )
    return blocks, truths


@layout(plain=False)
def automatic_numbers(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    for _ in several(r):
        t = m.choice(r.random() < 0.3)
        truths.append(t)
        blocks.append(P([(t.stem, "")], number=("stem", 0)))
        for index, text in enumerate(t.options.values()):
            blocks.append(P([(text, "")], number=("options", 1 if index else 0)))
        blocks.append(p(s.answer.format(said(r, t))))
    return blocks, truths


@layout(plain=False)
def soft_breaks(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    for n in several(r):
        t = m.any()
        truths.append(t)
        lines = [b.text for b in question(r, s, n, t) if isinstance(b, P)]
        blocks.append(p("\n".join(lines)))
    return blocks, truths


@layout(plain=False)
def tracked_and_hidden(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    for n in several(r):
        t = m.any()
        truths.append(t)
        for block in question(r, s, n, t):
            assert isinstance(block, P)
            text = block.text
            cut = r.randint(len(text) // 2, len(text))
            noise = r.choice([("旧稿", "deleted"), ("（内部）", "hidden"), ("", "")])
            tail = (text[cut:], r.choice(["inserted", "", "field"]))
            blocks.append(P([(text[:cut], ""), noise, tail] if cut < len(text) else [(text, "")]))
    return blocks, truths


@layout(plain=False)
def pictures_and_boxes(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    for n in several(r, 4, 8):
        t = m.choice()
        truths.append(t)
        made = question(r, s, n, t)
        if r.random() < 0.4 and isinstance(made[0], P):
            made[0].extra = "formula"
            t.stem += "[公式:(a)/(b)]"
        if r.random() < 0.3 and isinstance(made[-1], P):
            made[-1] = P(made[-1].runs, extra="box")
        blocks += made
    return blocks, truths


@layout(plain=False)
def table_rows(m: Maker) -> Made:
    r = m.rng
    truths = [m.any() for _ in several(r)]
    split = r.random() < 0.5
    answer, stem = (
        r.choice(["答案", "正确答案", "参考答案"]),
        r.choice(["题干", "题目", "试题内容", "问题"]),
    )
    head = ["序号", "题型", stem, *(["A", "B", "C", "D", "E", "F"] if split else ["选项"]), answer]
    rows = [head]
    for n, t in enumerate(truths, 1):
        texts = (
            [t.options.get(c, "") for c in "ABCDEF"]
            if split
            else ["\n".join(f"{a}. {b}" for a, b in t.options.items())]
        )
        rows.append(
            [
                str(n),
                {"single": "单选题", "multiple": "多选题", "judge": "判断题"}[t.kind],
                t.stem,
                *texts,
                t.answer,
            ]
        )
    if r.random() < 0.4:
        rows.insert(0, ["安全知识题库"] + [""] * (len(head) - 1))
        return [p("题库"), T(rows, merges=[(0, 0, 0, len(head) - 1)])], truths
    return [p("题库"), T(rows)], truths


@layout(plain=False)
def table_as_frame(m: Maker) -> Made:
    """Options set in a small table below each stem, answers below it."""
    r = m.rng
    truths, blocks = [], []
    for n in several(r, 4, 8):
        t = m.choice(r.random() < 0.3, 4)
        truths.append(t)
        made = [f"{a}. {b}" for a, b in t.options.items()]
        blocks += [p(f"{n}. {t.stem}"), T([made[:2], made[2:]]), p(f"答案：{t.answer}")]
    return blocks, truths


@layout()
def missing_answers(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths, blocks = [], []
    for n in several(r):
        t = m.choice(r.random() < 0.3)
        t.answered = r.random() < 0.7
        truths.append(t)
        blocks += question(r, s, n, t, answer=t.answered)
    return blocks, truths


@layout()
def page_furniture(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    header = r.choice(["XX公司安全培训考试题库", "2024年度岗位练兵复习资料"])
    truths = [m.any() for _ in several(r, 10, 20)]
    blocks: list[Block] = []
    page = 0
    for n, t in enumerate(truths, 1):
        made = question(r, s, n, t)
        if n % 3 == 0:
            page += 1
            at = r.randint(1, len(made))
            foot = r.choice([f"第 {page} 页 共 9 页", f"- {page} -", f"{page}/9", f"第{page}页"])
            made[at:at] = [p(foot), p(header)]
        blocks += made
    return blocks, truths


@layout()
def preface_and_notes(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    truths = [m.any() for _ in several(r)]
    blocks: list[Block] = [
        p("2025年度护士资格考试模拟试卷"), p("注意事项："), p("1. 答题前，请将姓名、准考证号填写在答题卡上。"),
        p("2. 本试卷满分100分，考试时间90分钟。"), p("3. 请将答案写在答题卡上，写在试卷上无效。"), p("姓名：________ 得分：________"),
        p("一、客观题（每题只有一个或多个正确答案，错选、多选均不得分）"),
    ]  # fmt: skip
    for n, t in enumerate(truths, 1):
        blocks += question(r, s, n, t)
    return [*blocks, p("（试卷结束，祝考试顺利）")], truths


@layout()
def tagged(m: Maker) -> Made:
    r, s = m.rng, style(m.rng)
    shape = r.choice(
        [
            "{num}【{tag}】{stem}",
            "【{tag}】{num}{stem}",
            "{num}({tag}){stem}",
            "{num}[{tag}] {stem}",
            "{num}{stem}（{tag}）",
            "{num}（{tag}，2分）{stem}",
            "{num}{stem}（2分）",
        ]
    )
    s.number = r.choice(["{}、", "{}. ", "{}．"])
    truths = [m.any() for _ in several(r)]
    blocks: list[Block] = []
    for n, t in enumerate(truths, 1):
        made = question(r, s, n, t)
        tag = {
            "single": r.choice(["单选题", "单选"]),
            "multiple": r.choice(["多选题", "多选"]),
            "judge": r.choice(["判断题", "判断"]),
        }[t.kind]
        made[0] = p(shape.format(num=s.num(n), tag=tag, stem=t.stem))
        blocks += made
    return blocks, truths


@layout()
def mixed(m: Maker) -> Made:
    """Several layouts one after the other, each under its own heading."""
    r = m.rng
    names = r.sample(
        [
            "one_line",
            "options_each",
            "options_one_line",
            "answer_in_bracket",
            "judge_in_bracket",
            "answer_and_explanation_inline",
            "sections_declared",
            "options_in_stem_line",
        ],
        3,
    )
    blocks: list[Block] = []
    truths: list[Truth] = []
    for k, name in enumerate(names):
        blocks.append(p(f"第{'一二三'[k]}章 {m.rng.choice(['总则', '基础知识', '应急处置'])}"))
        made, part = LAYOUTS[name](m)
        blocks += made
        truths += part
    return blocks, truths


# -- setting ----------------------------------------------------------------------------------------


def write_txt(
    blocks: list[Block], path: Path, encoding: str = "utf-8", newline: str = "\n"
) -> None:
    lines = []
    for block in blocks:
        if isinstance(block, P):
            lines.append(block.text)
        else:
            lines += ["\t".join(cell for cell in row if cell) for row in block.rows]
    path.write_bytes(newline.join(lines).encode(encoding))


def write_docx(blocks: list[Block], path: Path) -> None:
    document = Document()
    lists = _Lists(document)
    for block in blocks:
        if isinstance(block, T):
            table = document.add_table(rows=len(block.rows), cols=max(map(len, block.rows)))
            for r, row in enumerate(block.rows):
                for c, text in enumerate(row):
                    table.cell(r, c).text = text
            for top, left, bottom, right in block.merges:
                text = block.rows[top][left]
                table.cell(top, left).merge(table.cell(bottom, right)).text = text
            continue
        paragraph = document.add_paragraph(style=block.style or None)
        for text, look in block.runs:
            _run(paragraph, text, look)
        if block.number:
            lists.number(paragraph, *block.number)
        if block.extra == "formula":
            _formula(paragraph)
        elif block.extra == "box":
            _box(paragraph)
    document.save(str(path))


def _run(paragraph, text: str, look: str) -> None:
    run = paragraph.add_run(text)
    run.bold = True if "bold" in look else None
    run.underline = True if "underline" in look else None
    if "red" in look:
        run.font.color.rgb = RGBColor(0xFF, 0, 0)
    if "blue" in look:
        run.font.color.rgb = RGBColor(0x1F, 0x4E, 0xFF)
    if "highlight" in look:
        run.font.highlight_color = WD_COLOR_INDEX.YELLOW
    if look == "hidden":
        run.font.hidden = True
    if look in ("inserted", "deleted"):
        wrapper = OxmlElement("w:ins" if look == "inserted" else "w:del")
        wrapper.set(qn("w:id"), "1")
        wrapper.set(qn("w:author"), "a")
        run._r.addprevious(wrapper)
        wrapper.append(run._r)
        if look == "deleted":
            for t in run._r.findall(qn("w:t")):
                t.tag = qn("w:delText")
    if look == "field":
        for kind in ("begin", "code", "separate", "end"):
            part = OxmlElement("w:r")
            if kind == "code":
                code = OxmlElement("w:instrText")
                code.text = " REF answer \\h "
                part.append(code)
            else:
                char = OxmlElement("w:fldChar")
                char.set(qn("w:fldCharType"), kind)
                part.append(char)
            run._r.addnext(part) if kind == "end" else run._r.addprevious(part)


def _formula(paragraph) -> None:
    math = OxmlElement("m:oMath")
    fraction = OxmlElement("m:f")
    for tag, text in (("m:num", "a"), ("m:den", "b")):
        part, run, t = OxmlElement(tag), OxmlElement("m:r"), OxmlElement("m:t")
        t.text = text
        run.append(t)
        part.append(run)
        fraction.append(part)
    math.append(fraction)
    paragraph._p.append(math)


def _box(paragraph) -> None:
    """Move the paragraph's runs into a text box anchored in it."""
    runs = list(paragraph._p.findall(qn("w:r")))
    holder = OxmlElement("w:r")
    pict = OxmlElement("w:pict")
    shape = pict.makeelement("{urn:schemas-microsoft-com:vml}shape", {})
    box = shape.makeelement("{urn:schemas-microsoft-com:vml}textbox", {})
    content, inner = OxmlElement("w:txbxContent"), OxmlElement("w:p")
    for run in runs:
        inner.append(run)
    content.append(inner)
    box.append(content)
    shape.append(box)
    pict.append(shape)
    holder.append(pict)
    paragraph._p.append(holder)


class _Lists:
    """Numbering definitions: stems 1. 2. 3., options A. B. C. that start again under each stem."""

    def __init__(self, document) -> None:
        self.numbering = document.part.numbering_part.element
        self.count = 900
        self.ids: dict[str, str] = {}
        self.abstract("stem", "decimal", "%1．")
        self.abstract("options", "upperLetter", "%1、")

    def abstract(self, name: str, form: str, text: str) -> None:
        self.count += 1
        element = OxmlElement("w:abstractNum")
        element.set(qn("w:abstractNumId"), str(self.count))
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), "0")
        for tag, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", text)):
            part = OxmlElement(tag)
            part.set(qn("w:val"), value)
            level.append(part)
        element.append(level)
        first = self.numbering.find(qn("w:num"))
        first.addprevious(element) if first is not None else self.numbering.append(element)
        self.ids[name] = str(self.count)
        self.num(name)

    def num(self, name: str) -> None:
        self.count += 1
        num = OxmlElement("w:num")
        num.set(qn("w:numId"), str(self.count))
        link = OxmlElement("w:abstractNumId")
        link.set(qn("w:val"), self.ids[name])
        num.append(link)
        override, start = OxmlElement("w:lvlOverride"), OxmlElement("w:startOverride")
        override.set(qn("w:ilvl"), "0")
        start.set(qn("w:val"), "1")
        override.append(start)
        num.append(override)
        self.numbering.append(num)
        self.ids[name + "#"] = str(self.count)

    def number(self, paragraph, name: str, level: int) -> None:
        if name == "options" and level == 0:
            self.num(name)
        properties = paragraph._p.get_or_add_pPr()
        numbers = properties.get_or_add_numPr()
        numbers.get_or_add_ilvl().val = 0
        numbers.get_or_add_numId().val = int(self.ids[name + "#"])
