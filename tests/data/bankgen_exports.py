"""Layouts as programs and scanners leave them: exports, Markdown, tables a question, OCR text."""

from __future__ import annotations

from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_blocks import Block, Made, T, layout, p, several
from tests.data.bankgen_exams import WHY, ask, options

TF = ["{topic} is required before {n} p.m.", "A {topic} may exceed {n}% of the total.",
      "The {topic} was first described in 19{n}."]  # fmt: skip


@layout()
def bracket_before_stem(m: Maker) -> Made:
    """（A） at the beginning of the line, or alone on the line below the options."""
    r = m.rng
    below = r.random() < 0.4
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r):
        t = ask(m, r.random() < 0.2, stop="")
        t.stem = t.stem.rstrip("（ 　）：？。") + "："
        if below:
            blocks += [p(f"{n}、{t.stem}"), *options(r, t), p(f"（{t.answer}）")]
        else:
            blocks += [p(f"（{t.answer}）{n}、{t.stem}"), *options(r, t)]
        truths.append(t)
    return blocks, truths


@layout()
def judge_signs(m: Maker) -> Made:
    """Judgements beside the statement without a bracket, or in one with a label."""
    r = m.rng
    shape = r.choice(["{n}．{s}。 {a}", "{n}．{s}。【{a}】", "{n}、{s}。答：{a}", "{n}. {s}。\t{a}",
                      "{a} {n}. {s}。", "{n}、{s}。（答案：{a}）", "{n}. {s}。——{a}"])  # fmt: skip
    right, wrong = r.choice([("√", "×"), ("对", "错"), ("正确", "错误")])
    if shape.startswith("{a}"):
        right, wrong = "√", "×"
    truths: list[Truth] = []
    blocks: list[Block] = [p("二、判断题")]
    for n in several(r, 6, 14):
        t = m.judge()
        t.stem = t.stem.rstrip("（ ）。")
        t.answer = right if t.verdict else wrong
        blocks.append(p(shape.format(n=n, s=t.stem, a=t.answer)))
        truths.append(t)
    return blocks, truths


@layout()
def several_blanks(m: Maker) -> Made:
    """填空题 with several blanks a question and their answers in some order of signs."""
    r = m.rng
    gap = r.choice(["；", "、", "  ", "，", "|"])
    label = r.choice(["答案：", "答：", "【答案】", "参考答案："])
    numbered = r.random() < 0.2
    truths: list[Truth] = []
    blocks: list[Block] = [p(r.choice(["三、填空题（每空1分，共20分）", "填空题"]))]
    for n in several(r, 5, 12):
        words = [m.fill(r.choice(["{topic}", "{who}", "{n}日"])) for _ in range(r.randint(2, 3))]
        rule = r.choice(["____", "________", "（    ）", "______"])
        stem = m.fresh(["{law}的立法目的是", "{who}的三项义务是", "{topic}的{n}个要素是"])
        stem += "、".join(rule for _ in words) + "。"
        said = (
            " ".join(f"（{k}）{w}" for k, w in enumerate(words, 1)) if numbered else gap.join(words)
        )
        truths.append(Truth(stem, said, "qa"))
        blocks += [p(f"{n}. {stem}"), p(label + said)]
    return blocks, truths


@layout()
def ocr_scan(m: Maker) -> Made:
    """Scanned text: full-width spaces, l for 1, spaces inside labels, mixed widths."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = [p("一 、 单 项 选 择 题")]
    for n in several(r, 8, 13):
        t = ask(m, stop="（　 　）")
        number = str(n).replace("1", "l") if r.random() < 0.5 else str(n)
        blocks.append(
            p(f"{r.choice(['', '　　', ' '])}{number}{r.choice(['．', '. ', ' ．', '、'])}{t.stem}")
        )
        wide = r.random() < 0.3
        for a, b in t.options.items():
            letter = chr(ord(a) + 0xFEE0) if wide else a
            blocks.append(
                p(f"{r.choice(['', '　'])}{letter}{r.choice(['．', ' ．', '. ', '、'])}{b}")
            )
        blocks.append(
            p(
                r.choice(["答 案 ： {}", "答案 :{}", "【 答案 】{}", "参考答案　：　{}"]).format(
                    t.answer
                )
            )
        )
        truths.append(t)
    return blocks, truths


@layout()
def examview(m: Maker) -> Made:
    """English publishers' exports: ExamView (ANS: B  PTS: 1), Aiken, certification dumps."""
    r = m.rng
    how = r.choice(["examview", "aiken", "dump"])
    truths: list[Truth] = []
    blocks: list[Block] = [p("Multiple Choice")] if how == "examview" else []
    for n in several(r):
        t = m.english()
        number = {"examview": f"{n}. ", "aiken": "", "dump": ""}[how]
        if how == "dump":
            blocks.append(p(f"QUESTION {n}"))
        blocks.append(p(number + t.stem))
        mark = "{}. {}" if how != "aiken" else r.choice(["{}. {}", "{}) {}"])
        blocks += [p(mark.format(a.lower() if how == "examview" else a, b))
                   for a, b in t.options.items()]  # fmt: skip
        if how == "examview":
            blocks.append(p(f"ANS: {t.answer}   PTS: 1   DIF: Easy   REF: p. {n + 10}"))
        elif how == "aiken":
            blocks += [p(f"ANSWER: {t.answer}"), p("")]
        else:
            blocks += [p(f"Correct Answer: {t.answer}"), p("Section: (none)")]
            blocks += [p("Explanation"), p("Explanation/Reference:")]
            blocks += [p("The standard requires it."), p("")]
        truths.append(t)
    return blocks, truths


@layout()
def english_judgements(m: Maker) -> Made:
    """True/False questions as English books set them."""
    r = m.rng
    shape = r.choice(["ANS: {}", "Answer: {}", "Answer: {}."])
    long = r.random() < 0.5
    both = r.random() < 0.4
    truths: list[Truth] = []
    blocks: list[Block] = [p("True/False")]
    for n in several(r):
        yes = r.random() < 0.5
        t = Truth(m.fresh(TF), ("True" if yes else "False") if long else "FT"[yes], "judge",
                  verdict=yes)  # fmt: skip
        blocks.append(p(f"{n}. {t.stem}"))
        if both:
            blocks += [p("a. True"), p("b. False")]
        blocks.append(p(shape.format(("A" if yes else "B") if both else t.answer)))
        truths.append(t)
    return blocks, truths


@layout(plain=False)
def table_a_question(m: Maker) -> Made:
    """A table a question: stem in a merged row, options in cells, the answer in the last row."""
    r = m.rng
    label = r.choice(["答案", "正确答案", "参考答案"])
    how = r.choice(["four", "lettered", "rows"])
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r, 4, 8):
        t = ask(m, r.random() < 0.2)
        a, b, c, d = t.options.values()
        head = [f"{n}. {t.stem}", "", "", ""]
        if how == "four":
            rows = [head, [f"A. {a}", f"B. {b}", f"C. {c}", f"D. {d}"], [label, t.answer, "", ""]]
        elif how == "lettered":
            rows = [head, ["A", a, "B", b], ["C", c, "D", d], [label, t.answer, "", ""]]
        else:
            rows = [head, *([f"{x}. {y}", "", "", ""] for x, y in t.options.items()),
                    [f"{label}：{t.answer}", "", "", ""]]  # fmt: skip
        merges = [(0, 0, 0, 3)]
        if how == "rows":
            merges = [(k, 0, k, 3) for k in range(len(rows))]
        blocks += [T(rows, merges), p("")]
        truths.append(t)
    return blocks, truths


@layout(plain=False)
def two_columns_page(m: Maker) -> Made:
    """A page of two columns made with a table of two cells, questions running down each."""
    r = m.rng
    truths: list[Truth] = []
    sides: list[list[str]] = [[], []]
    count = len(several(r, 6, 12))
    for n in range(1, count + 1):
        t = ask(m)
        side = sides[n > count // 2]
        side += [f"{n}. {t.stem}", *(b.text for b in options(r, t)), f"答案：{t.answer}"]  # type: ignore[union-attr]
        truths.append(t)
    return [p("一、单项选择题"), T([["\n".join(sides[0]), "\n".join(sides[1])]])], truths


@layout(plain=False)
def answer_table(m: Maker) -> Made:
    """Questions, then their answers and explanations in a table with a header."""
    r = m.rng
    truths = [ask(m, r.random() < 0.2) for _ in several(r, 5, 12)]
    blocks: list[Block] = []
    for n, t in enumerate(truths, 1):
        blocks += [p(f"{n}. {t.stem}"), *options(r, t)]
    blocks.append(p("参考答案"))
    head = r.choice([["题号", "答案", "解析"], ["序号", "正确答案", "答案解析"]])
    rows = [[str(n), t.answer, m.fill(r.choice(WHY))] for n, t in enumerate(truths, 1)]
    return [*blocks, T([head, *rows])], truths


@layout()
def tab_separated(m: Maker) -> Made:
    """A text file whose columns stand between tabs, with a header row."""
    r = m.rng
    truths = [ask(m, r.random() < 0.3) for _ in several(r, 6, 12)]
    head = ["序号", "题型", "题目", "选项A", "选项B", "选项C", "选项D", "答案"]
    rows = [head]
    for n, t in enumerate(truths, 1):
        rows.append([str(n), "单选题" if t.kind == "single" else "多选题", t.stem,
                     *t.options.values(), t.answer])  # fmt: skip
    return [p("\t".join(row)) for row in rows], truths


@layout()
def page_numbers_between(m: Maker) -> Made:
    """Headers, footers and page numbers of a converted PDF, also within options."""
    r = m.rng
    head = r.choice(["XX市卫生专业技术资格考试题库", "中级会计实务 章节练习"])
    truths: list[Truth] = []
    blocks: list[Block] = []
    page = 0
    for n in several(r, 10, 18):
        t = ask(m, r.random() < 0.2)
        made = [p(f"{n}. {t.stem}"), *options(r, t), p(f"正确答案：{t.answer}")]
        if n % 4 == 0:
            page += 1
            at = r.randint(1, len(made))
            made[at:at] = [p(str(page)), p(""), p(head)]
        blocks += made
        truths.append(t)
    return blocks, truths


@layout()
def cloze_items(m: Maker) -> Made:
    """Options without stems of their own numbered after a passage (完形填空)."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    size = r.randint(4, 6)
    words = ["although", "because", "however", "unless", "in", "on", "at", "by", "took", "gave"]
    text = "The engineer " + " and ".join(f"__{k}__ the plan" for k in range(1, size + 1)) + "."
    blocks += [p(f"（1～{size}题共用题干）"), p(text)]
    for n in range(1, size + 1):
        t = Truth(text, r.choice("ABCD"), "case",
                  dict(zip("ABCD", r.sample(words, 4), strict=True)))  # fmt: skip
        blocks.append(p(f"{n}. " + "   ".join(f"{a}. {b}" for a, b in t.options.items())))
        truths.append(t)
    blocks.append(p("参考答案：" + " ".join(f"{n}.{t.answer}" for n, t in enumerate(truths, 1))))
    return blocks, truths
