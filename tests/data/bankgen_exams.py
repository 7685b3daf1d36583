"""Layouts as real examinations are set: papers, licences, publishers' formats, exports, scans.

As in ``bankgen_docs``; written before the readers were tried on them (docs/readers.md says what
the first reading gave). The words are those of examinations rather than of ``bankgen``.
"""

from __future__ import annotations

from random import Random

from tests.data.bankgen import Maker, Truth
from tests.data.bankgen_blocks import LAYOUTS, Block, Made, T, layout, p, several

ASKED = [
    "下列关于{topic}的表述，不正确的是", "根据{law}，{who}最迟应当在{n}个工作日内",
    "患者，女，{n}岁。发热3天，体温39.2℃，血压90/60mmHg，最可能的诊断是",
    "机动车在高速公路上发生故障时，应当在车后{n}米以外设置警告标志，{who}的做法是",
    "某公司2023年12月31日“应收账款”科目余额为{n}万元，应计提的坏账准备为",
    "5×3+2的{n}倍等于", "依次填入画横线部分最恰当的一项是", "“{topic}”与下列哪项关系最为密切",
    "下列各组中，全部属于{topic}的是", "甲、乙二人相距{n}千米，A车以60km/h的速度出发",
    "我国第一个{topic}试验区设立于", "{who}未按{law}第十{n}条办理的，处以",
    "CO₂浓度达到{n}%时，{topic}应", "在Word 2016中，按Ctrl+C后执行{topic}的结果是",
    "E小调第{n}号交响曲的作者与{topic}有关", "对{topic}进行1:{n}稀释后",
    "如果A=3，B=4，那么{n}A+B等于", "第3.2.1条所称{topic}包括",
]  # fmt: skip
CHOICES = [
    "①②④", "①③", "1/6", "-{n}", "0.05mol/L", "3∶1", "{n}:1", "CO₂和H₂O", "左侧第5肋间", "Ⅱ度",
    "{n}万元", "{who}承担{topic}", "{topic}", "以上均不正确", "罚款{n}元以上10万元以下",
    "1949年10月1日", "（1）（2）（3）", "甲罪名成立；乙无罪", "x²+1", "B细胞", "C反应蛋白",
    "{law}", "警告", "先{topic}再报告", "不变", "无法判断", "正确", "{n}℃", "H", "A君", "Ctrl+V",
    "急性阑尾炎", "50颗", "50", "9月10日", "5%", "“{topic}”", "从左到右", "E型", "由{who}决定",
]  # fmt: skip
WHY = [
    "本题考查{topic}。A项错误，B项表述正确，C、D项与题意无关。",
    "根据{law}第{n}条，{who}应当{topic}。",
    "{topic}见教材P{n}。", "第一步，看提问方式；第二步，{topic}。", "2.{topic}；3.{who}。",
]  # fmt: skip


def ask(m: Maker, several: bool = False, count: int = 4, stop: str = "") -> Truth:
    """A choice in the words of examinations, its options all different."""
    r, options = m.rng, {}
    while len(options) < count:
        text = m.fill(r.choice(CHOICES))
        if text not in options.values():
            options[chr(65 + len(options))] = text
    size = r.randint(2, count) if several else 1
    chosen = "".join(sorted(r.sample(sorted(options), size)))
    stem = m.fresh(ASKED) + (stop or r.choice(["（　　）。", "（ ）", "：", "？", "（  ）"]))
    return Truth(stem, chosen, "multiple" if several else "single", options)


def options(r: Random, t: Truth, mark: str = "", how: str = "") -> list[Block]:
    """Options of one question, a line each, two a line, or all on one."""
    mark = mark or r.choice(["{}. {}", "{}．{}", "{}、{}"])
    made = [mark.format(a, b) for a, b in t.options.items()]
    size = {"each": 1, "two": 2, "all": 9}[how or r.choice(["each", "each", "two", "all"])]
    return [p("    ".join(made[k : k + size])) for k in range(0, len(made), size)]


@layout()
def civil_service_paper(m: Maker) -> Made:
    """公考真题: parts with directions, numbers that go on, shared material, one key."""
    r, n = m.rng, 0
    blocks: list[Block] = [
        p("2023年度XX省公务员录用考试《行政职业能力测验》真题"), p("（满分100分　时限120分钟）"),
    ]  # fmt: skip
    truths: list[Truth] = []
    parts = ["常识判断", "言语理解与表达", "数量关系", "判断推理"]
    mark = r.choice(["{}．", "{}.", "{}、"])
    for k, name in enumerate(r.sample(parts, 3)):
        made = [ask(m) for _ in several(r, 4, 7)]
        blocks.append(p(f"第{'一二三'[k]}部分　{name}"))
        blocks.append(p(f"（共{len(made)}题，参考时限{10 + k}分钟）"))
        blocks.append(p("根据题目要求，在四个选项中选出一个最恰当的答案。"))
        for t in made:
            n += 1
            blocks += [p(mark.format(n) + t.stem), *options(r, t)]
        truths += made
    blocks.append(p("第四部分　资料分析"))
    for k in range(2):
        text = m.fresh(["2022年，{who}完成{topic}{n}亿元，同比增长7.3%，占全国的12.5%。"])
        made = [ask(m) for _ in range(r.randint(3, 5))]
        blocks.append(p(f"{'一二'[k]}、根据以下资料，回答{n + 1}～{n + len(made)}题。"))
        blocks.append(p(text))
        for t in made:
            n += 1
            blocks += [p(mark.format(n) + t.stem), *options(r, t)]
            t.stem = text + t.stem
            t.kind = "case"
        truths += made
    blocks.append(p(r.choice(["参考答案及解析", "参考答案", "答案与解析"])))
    if r.random() < 0.5:
        for k in range(0, n, 5):
            part = truths[k : k + 5]
            blocks.append(p(f"{k + 1}-{k + len(part)} " + "".join(t.answer for t in part)))
    else:
        shape = r.choice(
            ["{}.【答案】{}。解析：{}", "{}．{}【解析】{}", "{}、【答案】{}【解析】{}"]
        )
        for k, t in enumerate(truths, 1):
            blocks.append(p(shape.format(k, t.answer, m.fill(r.choice(WHY)))))
            if r.random() < 0.4:
                blocks.append(p(f"故正确答案为{t.answer}。"))
    return blocks, truths


@layout()
def medical_types(m: Maker) -> Made:
    """医师资格考试: A1, A2, A3/A4, B1, X 型题, each with its directions, five options."""
    r, n = m.rng, 0
    blocks: list[Block] = []
    truths: list[Truth] = []
    later = r.random() < 0.5
    mark = r.choice(["{}. {}", "{}．{}", "{}、{}"])

    def put(t: Truth, shown: bool = True) -> None:
        nonlocal n
        n += 1
        blocks.append(p(f"{n}．{t.stem}"))
        if shown:
            blocks.extend(options(r, t, mark))
        if not later:
            blocks.append(p(f"参考答案：{t.answer}"))
        truths.append(t)

    for ordinal, name in zip("一二五", ["A1型题", "A2型题", "X型题"], strict=True):
        several_ = name == "X型题"
        if several_:
            blocks.append(p("三、A3/A4型题"))
            size = r.randint(2, 3)
            text = m.fresh(["患者男性，{n}岁，因反复上腹痛{n}年入院，查体：腹软，无压痛。"])
            blocks += [p(f"（{n + 1}～{n + size}题共用题干）"), p(text)]
            for _ in range(size):
                t = ask(m, count=5)
                put(t)
                t.stem, t.kind = text + t.stem, "case"
            blocks.append(p("四、B1型题"))
            blocks.append(p("以下提供若干组考题，每组考题共同使用在考题前列出的五个备选答案。"))
            for _ in range(2):
                shared, size = ask(m, count=5).options, r.randint(2, 3)
                blocks.append(p(f"（{n + 1}～{n + size}题共用备选答案）"))
                blocks += options(r, Truth("", "A", "single", shared), mark)
                for _ in range(size):
                    stem = m.fresh(["{who}发生{topic}时首选的药物（{n}mg）是"])
                    put(Truth(stem, r.choice("ABCDE"), "single", dict(shared)), False)
        blocks.append(p(f"{ordinal}、{name}"))
        blocks.append(p("每一道试题下面有A、B、C、D、E五个备选答案，请从中选择最佳答案。"))
        for _ in several(r, 3, 6):
            put(ask(m, several_, 5))
    if later:
        blocks.append(p("答案"))
        for k in range(0, n, 10):
            made = enumerate(truths[k : k + 10], k + 1)
            blocks.append(p("  ".join(f"{a}.{t.answer}" for a, t in made)))
    return blocks, truths


@layout()
def driving_licence(m: Maker) -> Made:
    """驾考: no section headings; judgements with 正确/错误 set as options, some on bare lines."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    label = r.choice(["答案：{}", "标准答案：{}", "正确答案：{}", "答案:{}"])
    bare = r.random() < 0.5
    for n in several(r, 8, 16):
        if r.random() < 0.5:
            t = ask(m, stop="？")
            blocks += [p(f"{n}、{t.stem}"), *options(r, t, "{}、{}", "each")]
            blocks.append(p(label.format(t.answer)))
        else:
            yes = r.random() < 0.5
            t = Truth(m.fresh(["驾驶机动车遇{topic}时，{who}可以在{n}米内掉头。"]), "", "judge",
                      verdict=yes)  # fmt: skip
            blocks.append(p(f"{n}、{t.stem}"))
            t.answer = "正确" if yes else "错误"
            if bare:
                blocks += [p("正确"), p("错误"), p(label.format(t.answer))]
            else:
                blocks += [p("A、正确"), p("B、错误"), p(label.format("A" if yes else "B"))]
        truths.append(t)
    return blocks, truths


@layout()
def accounting_cases(m: Maker) -> Made:
    """会计: 不定项 on 资料, 『正确答案』 and 『答案解析』."""
    r = m.rng
    blocks: list[Block] = [p("四、不定项选择题")]
    truths: list[Truth] = []
    for k in range(1, r.randint(2, 3) + 1):
        head = r.choice(["【资料{}】", "【案例{}】", "（{}）"]).format("一二三四"[k - 1])
        if head[0] == "（":
            head = f"案例{'一二三四'[k - 1]}："
        text = m.fresh(["甲公司为增值税一般纳税人，{n}月发生如下业务：购入{topic}设备一台。"])
        lines = ["（1）1日，支付价款{}万元。".format(r.choice("23456")),
                 "（2）15日，销售产品一批，成本80万元。",
                 "要求：根据上述资料，不考虑其他因素，分析回答下列小题。"]  # fmt: skip
        blocks += [p(head + text), *(p(line) for line in lines)]
        for n in range(1, r.randint(2, 4) + 1):
            t = ask(m, r.random() < 0.6)
            blocks += [p(f"{n}.{t.stem}"), *options(r, t, "{}.{}")]
            blocks.append(p(f"『正确答案』{t.answer}"))
            blocks.append(p(f"『答案解析』{m.fill(r.choice(WHY))}"))
            t.stem, t.kind = text + "".join(lines) + t.stem, "case"
            truths.append(t)
    return blocks, truths


@layout()
def safety_one_line(m: Maker) -> Made:
    """安全生产题库: tag, stem with its answer and options all on one line."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = [p("安全生产知识竞赛题库（600题）")] if r.random() < 0.4 else []
    gap = r.choice(["", " ", "；", "  "])
    for n in several(r, 8, 16):
        t = m.judge() if r.random() < 0.3 else ask(m, r.random() < 0.3, stop="是")
        if any(text[-1].isascii() and text[-1].isalpha() for text in t.options.values()):
            gap = gap or " "  # B.DNAC.RNA: nobody can tell
        if t.kind == "judge":
            t.stem = t.stem.rstrip("（ ）。")
            t.answer = "√" if t.verdict else "×"
            blocks.append(p(f"{n}.（判断题）{t.stem}。（ {t.answer} ）"))
        else:
            tag = "单选题" if t.kind == "single" else "多选题"
            made = gap.join(f"{a}.{b}" for a, b in t.options.items())
            blocks.append(p(f"{n}.（{tag}）{t.stem}（ {t.answer} ）。{made}"))
        truths.append(t)
    return blocks, truths


@layout()
def answer_at_last_option(m: Maker) -> Made:
    """The answer behind the last option on its line."""
    r = m.rng
    shape = r.choice(["    答案：{}", "（答案：{}）", "  【答案】{}", "　参考答案：{}",
                      "  正确答案：{}。",
                      "（答案：{}）", "  (答案{})"])  # fmt: skip
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r):
        t = ask(m, r.random() < 0.3)
        made = options(r, t)
        made[-1] = p(made[-1].text + shape.format(t.answer))  # type: ignore[union-attr]
        blocks += [p(f"{n}. {t.stem}"), *made]
        truths.append(t)
    return blocks, truths


@layout()
def key_after_each_section(m: Maker) -> Made:
    """Chapters that each end with their own key; numbers start again."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    title = r.choice(["答案：", "【答案】", "本章答案", "参考答案：", "答案"])
    inline = title[-1] in "：】" and r.random() < 0.6
    for k in range(r.randint(2, 4)):
        blocks.append(p(f"第{'一二三四'[k]}章　{r.choice(['概论', '总则', '应急处置', '附则'])}"))
        entries: list[str] = []
        for ordinal, kind in zip("一二", ["单项选择题", "判断题"], strict=True):
            blocks.append(p(f"{ordinal}、{kind}"))
            made = [m.judge() if kind == "判断题" else ask(m) for _ in several(r, 3, 6)]
            for n, t in enumerate(made, 1):
                if t.kind == "judge":
                    t.answer = "√" if t.verdict else "×"
                blocks.append(p(f"{n}．{t.stem}"))
                blocks += options(r, t) if t.options else []
            entries.append(f"{kind}：" + " ".join(f"{n}.{t.answer}" for n, t in enumerate(made, 1)))
            truths += made
        if inline:
            blocks.append(p(title + entries[0]))
            blocks.append(p(entries[1]))
        else:
            blocks += [p(title), *(p(entry) for entry in entries)]
    return blocks, truths


@layout()
def dotted_numbers(m: Maker) -> Made:
    """Questions numbered within their chapter: 1.1, 1.2, 2.1; or 1-1, 1-2."""
    r = m.rng
    shape = r.choice(["{}.{} ", "{}-{} ", "{}.{}　", "{}.{}、", "{}-{}、", "{}－{} "])
    truths: list[Truth] = []
    blocks: list[Block] = []
    for chapter in range(1, r.randint(2, 4) + 1):
        if r.random() < 0.7:
            blocks.append(p(f"第{chapter}章 {m.fill('{topic}')}"))
        for n in several(r, 3, 12):
            t = ask(m, r.random() < 0.2)
            blocks += [p(shape.format(chapter, n) + t.stem), *options(r, t)]
            blocks.append(p(f"答案：{t.answer}"))
            truths.append(t)
    return blocks, truths


@layout()
def circled_statements(m: Maker) -> Made:
    """Statements ①②③④ below the stem, options that combine them."""
    r = m.rng
    truths: list[Truth] = []
    blocks: list[Block] = []
    inline = r.random() < 0.4
    for n in several(r, 5, 10):
        t = ask(m, stop="（　　）")
        texts = r.sample(["①②", "①③④", "②③", "②③④", "①②③④", "③④"], 4)
        t.options = dict(zip("ABCD", texts, strict=True))
        facts = [f"{c}{m.fill(r.choice(['{who}负责{topic}', '{topic}', '{n}日内报告']))}"
                 for c in "①②③④"]  # fmt: skip
        if inline:
            blocks.append(p(f"{n}．{t.stem}"))
            blocks.append(p("  ".join(facts)))
        else:
            blocks += [p(f"{n}．{t.stem}"), *(p(fact) for fact in facts)]
        blocks += options(r, t)
        blocks.append(p(r.choice(["【答案】", "答案：", "[答案] "]) + t.answer))
        if r.random() < 0.5:
            blocks.append(p("【解析】" + m.fill(r.choice(WHY))))
        t.stem += "".join(facts)
        truths.append(t)
    return blocks, truths


@layout()
def circled_numbers(m: Maker) -> Made:
    """Questions numbered ① ② ③."""
    r = m.rng
    truths = [ask(m) for _ in several(r, 5, 12)]
    blocks: list[Block] = []
    for n, t in enumerate(truths):
        blocks += [p(f"{chr(0x2460 + n)} {t.stem}"), *options(r, t, how="each")]
        blocks.append(p(f"答案：{t.answer}"))
    return blocks, truths


@layout()
def field_labels(m: Maker) -> Made:
    """Every part with a label of its own, further labels after it."""
    r = m.rng
    shape = r.choice(["【{}】", "{}：", "[{}]", "{}:", "【{}】："])
    names = r.choice([("题干", "答案", "解析"), ("题目", "正确答案", "试题解析"),
                      ("试题", "参考答案", "答案解析")])  # fmt: skip
    number = r.choice(["", "{}. ", "第{}题 "])
    truths: list[Truth] = []
    blocks: list[Block] = []
    for n in several(r):
        t = ask(m, r.random() < 0.3)
        stem, answer, why = (shape.format(name) for name in names)
        tag = {"single": "单选题", "multiple": "多选题"}[t.kind]
        if r.random() < 0.5:
            blocks.append(p(number.format(n) + shape.format("题型") + tag))
            blocks.append(p(stem + t.stem))
        else:
            blocks.append(p(number.format(n) + stem + t.stem))
        if r.random() < 0.5:
            blocks.append(p(shape.format("选项")))
        blocks += options(r, t, how="each")
        blocks += [p(answer + t.answer), p(why + m.fill(r.choice(WHY)))]
        if r.random() < 0.6:
            blocks += [
                p(shape.format("难度") + "易"),
                p(shape.format("知识点") + m.fill("{topic}")),
            ]
        truths.append(t)
    return blocks, truths


@layout()
def tag_without_number(m: Maker) -> Made:
    """【单选题】 instead of a number."""
    r = m.rng
    shape = r.choice(["【{}】{}", "[{}]{}", "（{}）{}", "{}：{}", "【{}】 {}"])
    truths: list[Truth] = []
    blocks: list[Block] = []
    for _ in several(r):
        t = r.choice([ask(m), ask(m, True), m.judge()])
        tag = {"single": "单选题", "multiple": "多选题", "judge": "判断题"}[t.kind]
        blocks.append(p(shape.format(tag, t.stem)))
        blocks += options(r, t) if t.options else []
        blocks.append(p(r.choice(["答案：{}", "【答案】{}", "参考答案：{}"]).format(t.answer)))
        truths.append(t)
    return blocks, truths


__all__ = ["ASKED", "CHOICES", "LAYOUTS", "WHY", "T", "ask", "options"]
