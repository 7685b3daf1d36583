"""Layouts of documents: each makes paragraphs (and tables) and the truth that they state.

A layout takes a Maker and returns ``(blocks, truths)``. ``LAYOUTS`` names them all, those of
``bankgen_plain`` and ``bankgen_rich`` included; :func:`write_docx` and :func:`write_txt` set them.
"""

from __future__ import annotations

from tests.data import bankgen_exams, bankgen_exports, bankgen_pairs, bankgen_plain, bankgen_rich
from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_blocks import (
    LAYOUTS,
    MARKDOWN,
    PLAIN,
    Block,
    Made,
    P,
    T,
    layout,
    p,
    question,
    said,
    several,
    style,
)
from tests.data.bankgen_write import write_docx, write_txt

__all__ = [
    "LAYOUTS",
    "MARKDOWN",
    "PLAIN",
    "P",
    "T",
    "bankgen_exams",
    "bankgen_exports",
    "bankgen_pairs",
    "bankgen_plain",
    "bankgen_rich",
    "p",
    "write_docx",
    "write_txt",
]


def _shared_options(m: Maker, first: int, size: int) -> Made:
    """Options first, then the questions that share them (B1 型题)."""
    r, n = m.rng, first - 1
    options = m.options(5)
    blocks: list[Block] = []
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
    return blocks, [t for _, t in made]


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
            part, found = _shared_options(m, first, size)
            blocks += part
            truths += found
            n += size
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
            t.stem += "$\\frac{a}{b}$"
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
        p("2025年度护士资格考试模拟试卷"), p("注意事项："),
        p("1. 答题前，请将姓名、准考证号填写在答题卡上。"),
        p("2. 本试卷满分100分，考试时间90分钟。"),
        p("3. 请将答案写在答题卡上，写在试卷上无效。"), p("姓名：________ 得分：________"),
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
