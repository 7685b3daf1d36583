"""Adversarial question banks that know their truth: the questions, and how a reading is scored.

The words are made to mislead: stems hold brackets, letters, numbers, arrows and the word 答案,
options look like answers, answers look like text. ``bankgen_docs`` and ``bankgen_sheets`` set them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from core.rows import Row
from core.text import bare

LAWS = [
    "《安全生产法》",
    "《民法典》",
    "《中国共产党章程》",
    "《传染病防治法》",
    "《护士条例》",
    "《刑法》第264条",
]
TOPICS = [
    "心肺复苏",
    "灭火器的使用",
    "有限空间作业",
    "三会一课",
    "静脉输液",
    "物权变动",
    "长征",
    "增值税",
    "基础代谢率",
    "TCP/IP协议",
]
WHO = [
    "生产经营单位",
    "护理人员",
    "党员",
    "甲公司",
    "张某（17岁）",
    "行政机关",
    "A公司与B公司",
    "患者李某，男，45岁",
]
NUMBERS = ["5", "10", "24", "1.5", "100", "2/3", "3.14", "2008"]
ENDINGS = [
    "（  ）。",
    "（ ）",
    "( )",
    "：",
    "？",
    "（    ）？",
    "。（ ）",
    "____。",
    "是( )。",
    "有哪些（  ）",
]
ENGLISH = [
    "Which of the following best describes {}?", "The {} of a cell (see Fig. 2) is responsible for",
    "In 2008, the {} policy was changed because", "What is the answer to the {} problem?",
    "All of the following are true of {} EXCEPT:",
    "A patient with {} presents at 3 a.m. with pain. What next?",
]  # fmt: skip
NOUNS = [
    "mitochondrion",
    "inflation",
    "TCP handshake",
    "Type A personality",
    "option pricing",
    "vitamin B12",
    "Plan B",
    "photosynthesis",
]
SENTENCES = [
    "{law}规定，{who}应当在{n}日内完成{topic}",
    "下列关于{topic}的说法，正确的是",
    "下列各项中，属于{topic}主要内容的是",
    "2008年{topic}试点以来，{who}的做法不包括",
    "{who}在{topic}中出现A、B两种情形，处理方式应为",
    "反应A->B->C的过程中，{topic}的作用是",
    "关于“{topic}”，下列答案中最恰当的是",
    "{law}第{n}条所称“{topic}”（含本数）是指",
    "1.5倍剂量下{topic}的结果（单位：mg）为",
    "甲、乙、丙三人参与{topic}，丙（WTO顾问）认为",
    "{topic}的英文缩写（如ICU）对应的是",
    "某企业3-5月{topic}完成率为98.5%，比上年提高{n}个百分点，其原因",
    "{who}进行{topic}时，首先考虑的是",
    "以下选项中，不符合{law}关于{topic}要求的",
    "“{topic}”一词最早出现于（含）{n}世纪，其含义",
]  # fmt: skip
PHRASES = [
    "{topic}", "{who}", "{n}日", "{n}%", "{law}", "以上都对", "以上都不对", "A和B", "仅①②",
    "立即报告", "不正确的做法",
    "由{who}承担责任", "先{topic}，后报告", "维生素B12缺乏", "B超检查", "O型血", "甲、乙",
    "甲（乙）", "3-5天", "答案不唯一",
    "安全第一、预防为主、综合治理", "正确处理人民内部矛盾", "错误率低于{n}%", "第1.2条规定",
    "X->Y的转化", "2019年5月1日",
    "{who}；{topic}", "不超过{n}万元（含）", "DNA", "IP地址", "T细胞", "是", "无", "C语言",
    "（一）项", "《{topic}手册》",
    "对{who}进行{topic}教育", "减少/避免{topic}", "“{topic}”", "A股市场", "E. coli感染",
    "由县级以上地方人民政府{topic}主管部门责令限期改正",
]  # fmt: skip
FACTS = [
    "{topic}是{who}的法定义务", "{law}自2021年9月1日起施行", "{who}可以不经培训从事{topic}",
    "{topic}的频率应为每分钟{n}次",
    "发生事故后{who}应先撤离（除特殊情况外）", "A类火灾可以用{topic}处理",
    "1个标准大气压下{topic}不变", "{who}对{topic}的答案负责",
]  # fmt: skip
REASONS = [
    "根据{law}第{n}条，{topic}是正确的", "A项错误，{topic}不属于；B项正确",
    "选项D与{topic}无关，故排除", "本题考查{topic}。", "{topic}见教材第{n}页",
    "1.5倍以上的{topic}才需要报告", "因为{who}没有{topic}的义务", "{topic}->{who}，依次递进",
]  # fmt: skip
ASKS = [
    "简述{topic}的主要内容。",
    "什么是{topic}？",
    "{law}对{topic}有哪些要求？",
    "试述{who}在{topic}中的职责。",
    "{topic}的定义",
]
JUDGES = {True: ["√", "对", "正确", "T", "是"], False: ["×", "错", "错误", "F", "否"]}


@dataclass
class Truth:
    """One question as its author meant it; ``answer`` is letters, a judgement or text."""

    stem: str
    answer: str
    kind: str
    options: dict[str, str] = field(default_factory=dict)
    explanation: str = ""
    verdict: bool | None = None
    answered: bool = True

    @property
    def letters(self) -> str:
        return self.answer if self.options else ""


class Maker:
    """Makes questions; no two stems of one maker are alike."""

    def __init__(self, rng: Random) -> None:
        self.rng, self.used = rng, set()

    def fill(self, pattern: str) -> str:
        r = self.rng
        return pattern.format(
            law=r.choice(LAWS), who=r.choice(WHO), n=r.choice(NUMBERS), topic=r.choice(TOPICS)
        )

    def fresh(self, patterns: list[str]) -> str:
        for attempt in range(200):
            text = self.fill(self.rng.choice(patterns))
            if attempt > 20:
                text = (
                    f"{self.rng.choice('子丑寅卯辰巳午未申酉戌亥')}{self.rng.choice('年月日时地区')}，"
                    + text
                )
            if bare(text) not in self.used:
                self.used.add(bare(text))
                return text
        raise AssertionError("no fresh stem left")

    def stem(self) -> str:
        return self.fresh(SENTENCES) + self.rng.choice(ENDINGS)

    def options(self, count: int) -> dict[str, str]:
        texts: list[str] = []
        while len(texts) < count:
            text = self.fill(self.rng.choice(PHRASES))
            if bare(text) and bare(text) not in {bare(t) for t in texts}:
                texts.append(text)
        return {chr(65 + k): text for k, text in enumerate(texts)}

    def choice(self, several: bool = False, count: int | None = None) -> Truth:
        r = self.rng
        options = self.options(count or r.choice([3, 4, 4, 4, 5] if not several else [4, 4, 5, 6]))
        size = r.randint(2, len(options)) if several else 1
        letters = "".join(sorted(r.sample(sorted(options), size)))
        explanation = self.fill(r.choice(REASONS)) if r.random() < 0.5 else ""
        return Truth(
            self.stem(), letters, "multiple" if several else "single", options, explanation
        )

    def judge(self) -> Truth:
        verdict = self.rng.random() < 0.5
        stem = self.fresh(FACTS) + self.rng.choice(["。", "", "。（ ）", "（  ）"])
        return Truth(stem, self.rng.choice(JUDGES[verdict][:3]), "judge", verdict=verdict)

    def blank(self) -> Truth:
        stem = self.fresh(FACTS) + "，其中____最为关键。"
        return Truth(stem, self.fill(self.rng.choice(["{topic}", "{n}日", "{who}", "{law}"])), "qa")

    def essay(self) -> Truth:
        points = [self.fill(self.rng.choice(FACTS)) for _ in range(self.rng.randint(1, 4))]
        shape = self.rng.choice(["{}. {}", "（{}）{}", "{}、{}"])
        text = (
            points[0]
            if len(points) == 1
            else "\n".join(shape.format(k, p) for k, p in enumerate(points, 1))
        )
        return Truth(self.fresh(ASKS), text, "qa")

    def english(self, several: bool = False) -> Truth:
        stem = self.fresh([s.format(n) for s in ENGLISH for n in NOUNS])
        words = ["It increases the rate", "Answer A only", "None of the above", "5.5 mg",
        "Both A and B", "the United States",
                 "i.e. a smaller one", "Plan B", "at 10 a.m.", "C++", "TRUE", "vitamin A",
                 "because it is (mostly) free"]  # fmt: skip
        options = {chr(65 + k): t for k, t in enumerate(self.rng.sample(words, 4))}
        letters = "".join(sorted(self.rng.sample("ABCD", self.rng.randint(2, 3) if several else 1)))
        return Truth(stem, letters, "multiple" if several else "single", options)

    def any(self) -> Truth:
        return self.rng.choice([self.choice, self.choice, lambda: self.choice(True), self.judge])()


def verdict(text: str) -> str:
    """A judgement by meaning, so that √ and 正确 are one."""
    low = text.strip().lower()
    if low in ("√", "对", "正确", "t", "是", "true", "yes", "y"):
        return "+"
    return (
        "-" if low in ("×", "错", "错误", "f", "否", "false", "no", "n", "不正确", "不对") else low
    )


def key(
    stem: str, options: dict[str, str], letters: str, answer: str, kind: str
) -> tuple[object, ...]:
    """What two readings of one question share, however typed."""
    texts = tuple((letter, bare(text)) for letter, text in sorted(options.items()))
    said = letters if options else verdict(answer) if kind == "judge" else bare(answer)
    return bare(stem), texts, said, kind


@dataclass
class Score:
    """How a reading compares with the truth; ``misses`` and ``extras`` are shown on failure."""

    truth: int = 0
    read: int = 0
    hits: int = 0
    misses: list[object] = field(default_factory=list)
    extras: list[object] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.hits / self.truth if self.truth else 1.0

    @property
    def precision(self) -> float:
        return self.hits / self.read if self.read else 1.0

    def add(self, other: Score) -> None:
        self.truth += other.truth
        self.read += other.read
        self.hits += other.hits
        self.misses += other.misses
        self.extras += other.extras


def score(truths: list[Truth], rows: list[Row]) -> Score:
    """Compare a reading with the truth: a row counts when all of it is right."""
    wanted = Counter(
        key(t.stem, t.options, t.letters, t.answer, t.kind) for t in truths if t.answered
    )
    got = Counter(key(r.question, r.options, r.letters, r.answer, r.kind) for r in rows)
    hits = wanted & got
    return Score(
        sum(wanted.values()), sum(got.values()), sum(hits.values()),
        list((wanted - got).elements()), list((got - wanted).elements()),
    )  # fmt: skip
