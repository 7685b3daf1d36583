"""Layouts of pairs and pages: questions with free answers, Markdown notes, pasted web pages."""

from __future__ import annotations

from tests.data.bankgen import ASKS, FACTS, Maker, Truth
from tests.data.bankgen_blocks import MARKDOWN, Block, Made, P, layout, p, several
from tests.data.bankgen_exams import WHY, ask, options

OPEN = [
    *ASKS, "{law}由哪个机关制定", "{topic}一般分为几类", "{who}的首要职责是什么",
    "为什么{topic}要在{n}日内完成", "谁提出了{topic}的{n}项原则",
]  # fmt: skip


def pair(m: Maker, mark: bool = True) -> Truth:
    """An open question with a free answer of one sentence."""
    stem = m.fresh(OPEN).rstrip("。？")
    return Truth(stem + ("？" if mark else ""), m.fill(m.rng.choice(FACTS)), "qa")


@layout()
def asked_and_answered(m: Maker) -> Made:
    """问：/答：, Q: A:, Q1/A1 and their like."""
    r = m.rng
    q, a = r.choice([("问：{}", "答：{}"), ("Q：{}", "A：{}"), ("Q{n}：{}", "A{n}：{}"),
                     ("Q{n}. {}", "A{n}. {}"), ("【问】{}", "【答】{}"),
                     ("【问题】{}", "【回答】{}"),
                     ("问题{n}：{}", "答案{n}：{}"), ("问{n}：{}", "答：{}"), ("Q: {}", "A: {}"),
                     ("[问]{}", "[答]{}"), ("问题：{}", "答复：{}")])  # fmt: skip
    blank = r.random() < 0.5
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r):
        t = pair(m, r.random() < 0.8)
        blocks += [p(q.format(t.stem, n=n)), p(a.format(t.answer, n=n))]
        blocks += [p("")] if blank else []
        truths.append(t)
    return blocks, truths


@layout()
def alternating_lines(m: Maker) -> Made:
    """A question, its answer on the next line, nothing else to tell them; blank lines or none."""
    r = m.rng
    number = r.choice(["{}. ", "{}、", "", "（{}）"])
    blank = not number or r.random() < 0.4
    truths: list[Truth] = []
    blocks: list[Block] = [p(r.choice(["常识问答", "二、简答题", "知识问答题库"]))]
    for n in several(r):
        t = pair(m)
        blocks += [p(number.format(n) + t.stem), p(t.answer)]
        blocks += [p("")] if blank else []
        truths.append(t)
    return blocks, truths


@layout()
def learning_platform(m: Maker) -> Made:
    """A page copied from a learning platform: my answer beside the right one, points, remarks."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = [p("一. 单选题（共10题，20分）")] if r.random() < 0.5 else []
    for n in several(r):
        several_ = r.random() < 0.3
        t = ask(m, several_)
        blocks.append(p(f"{n}. ({'多选题' if several_ else '单选题'}, 2.0分) {t.stem}"))
        blocks += options(r, t, "{}. {}", "each")
        mine = r.choice("ABCD")
        blocks.append(p(f"我的答案: {mine} :{t.options[mine]};"))
        said = (
            " ".join(f"{c} :{t.options[c]};" for c in t.answer)
            if several_
            else (f"{t.answer} :{t.options[t.answer]};")
        )
        blocks += [p(f"正确答案: {said}"), p(r.choice(["0 分", "2.0 分", "0分"]))]
        if r.random() < 0.4:
            blocks.append(p(f"答案解析：{m.fill(r.choice(WHY))}"))
        truths.append(t)
    return blocks, truths


@layout()
def program_code(m: Maker) -> Made:
    """Stems with lines of a program between them and the options."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r, 5, 10):
        t = ask(m, stop="（　　）")
        code = r.choice([
            ["int main() {", "  int a = 3, b;", "  switch (a) {", "    case 1: b = 2; break;",
             "    default: b = 0;", "  }", "}"],
            ["for i in range(10):", "    if i % 2 == 0: print(i)"],
            ["SELECT name FROM t WHERE id IN (1, 2);", "-- A: names"],
        ])  # fmt: skip
        blocks += [p(f"{n}. {t.stem}"), *(p(line) for line in code), *options(r, t, "{}. {}")]
        blocks.append(p(f"答案：{t.answer}"))
        t.stem += "".join(code)
        truths.append(t)
    return blocks, truths


@layout(plain=False)
def underlined_answers(m: Maker) -> Made:
    """填空题 whose answers are underlined in the sentence."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = [p("三、填空题")]
    for n in several(r, 5, 10):
        lead, word = m.fresh(["{law}自{n}日起由", "{who}应当定期开展"]), m.fill("{topic}小组")
        blocks.append(P([(f"{n}. {lead}", ""), (word, "underline"), ("负责落实。", "")]))
        truths.append(Truth(f"{lead}____负责落实。", word, "qa"))
    return blocks, truths


@layout()
def key_of_chapters(m: Maker) -> Made:
    """Chapters with sections of their own, one key at the end by chapter and section."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    key: list[Block] = [p("参考答案")]
    for chapter in "一二三"[: r.randint(2, 3)]:
        blocks.append(p(f"第{chapter}章 {m.fill('{topic}')}"))
        key.append(p(f"第{chapter}章"))
        for ordinal, several_ in zip("一二", (False, True), strict=True):
            name = "多项选择题" if several_ else "单项选择题"
            blocks.append(p(f"{ordinal}、{name}"))
            made = [ask(m, several_) for _ in several(r, 3, 6)]
            for n, t in enumerate(made, 1):
                blocks += [p(f"{n}. {t.stem}"), *options(r, t)]
            gap = r.choice(["  ", " ", "；"])
            line = gap.join(f"{n}.{t.answer}" for n, t in enumerate(made, 1))
            key += [p(f"{ordinal}、{name}"), p(line)]
            truths += made
    return [*blocks, *key], truths


@layout()
def markdown_details(m: Maker) -> Made:
    """Notes whose answers are folded away."""
    r = m.rng
    head = r.choice(["### {}. {}", "#### {}、{}", "**{}. {}**", "{}. {}"])
    truths: list[Truth] = []
    blocks: list[Block] = [p("# 题库"), p("")]
    for n in several(r):
        t = ask(m)
        blocks += [p(head.format(n, t.stem)), p("")]
        blocks += [p(f"- {a}. {b}") for a, b in t.options.items()]
        blocks += [p(""), p("<details>"), p("<summary>查看答案</summary>"), p(""),
                   p(r.choice(["**答案：{}**", "答案：**{}**", "答案：{}"]).format(t.answer)),
                   p(""), p("</details>"), p("")]  # fmt: skip
        truths.append(t)
    return blocks, truths


@layout()
def markdown_marks(m: Maker) -> Made:
    """The right option bold or ticked in a Markdown list."""
    r = m.rng
    how = r.choice(["bold", "box"])
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r):
        t = ask(m, r.random() < 0.3)
        if len(t.answer) == 4:
            t.answer = t.answer[:3]
        blocks += [p(f"{n}. {t.stem}"), p("")]
        for a, b in t.options.items():
            right = a in t.answer
            if how == "bold":
                blocks.append(p(f"   - **{a}. {b}**" if right else f"   - {a}. {b}"))
            else:
                blocks.append(p(f"- [{'x' if right else ' '}] {a}. {b}"))
        blocks.append(p(""))
        truths.append(t)
    return blocks, truths


@layout()
def markdown_table(m: Maker) -> Made:
    """A Markdown table of questions."""
    r = m.rng
    truths = [ask(m, r.random() < 0.3) for _ in several(r)]
    head = ["序号", "题目", "A", "B", "C", "D", "答案"]
    rows = [head, ["---"] * len(head)]
    for n, t in enumerate(truths, 1):
        rows.append([str(n), t.stem, *t.options.values(), t.answer])
    return [p("# 题库"), p(""), *(p("| " + " | ".join(row) + " |") for row in rows)], truths


@layout()
def markdown_pairs(m: Maker) -> Made:
    """Questions as headings or in bold, answers as paragraphs below."""
    r = m.rng
    head = r.choice(["## {}. {}", "### {}、{}", "**{}. {}**", "### Q{}: {}", "**Q{}：{}**"])
    truths: list[Truth] = []
    blocks: list[Block] = [p("# 常见问题"), p("")]
    for n in several(r):
        t = pair(m)
        blocks += [p(head.format(n, t.stem)), p(""), p(t.answer), p("")]
        truths.append(t)
    return blocks, truths


MARKDOWN |= {"markdown_details", "markdown_marks", "markdown_table", "markdown_pairs"}
