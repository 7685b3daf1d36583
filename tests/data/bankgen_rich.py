"""Layouts of documents: marks, sections, labels, text without numbers."""

from __future__ import annotations

from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_blocks import (
    Block,
    Made,
    P,
    layout,
    option_lines,
    p,
    question,
    said,
    several,
    style,
)


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
