"""Layouts of documents: options, answers in their places, keys."""

from __future__ import annotations

from random import Random

from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_blocks import (
    Block,
    Made,
    P,
    T,
    layout,
    letters,
    option_lines,
    p,
    question,
    said,
    several,
    style,
)


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
    blocks: list[Block] = [p(f"三、判断题（共{len(truths)}题，每题1分）")]
    for n, t in enumerate(truths, 1):
        t.explanation = m.fill("根据{law}第{n}条") if r.random() < 0.4 else ""
        blocks += question(r, s, n, t, r.choice(["each", "one"]))
        if t.options:  # printed as options, it is a judgement all the same
            t.answer, t.options = t.options[t.answer], {}
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
            after = [" ", "：", ": ", "题："] if len(part) > 1 else [" ", ""]
            lines.append(p(ends + r.choice(after) + gap.join(t.answer for _, t in part)))
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
