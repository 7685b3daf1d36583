"""The words and signs of question banks: numbers, options, answer labels, section headings.

All patterns match *plain* text: :func:`plain` maps full-width forms, brackets and ticks to one form
without changing the length, so that a position in plain text is the position in the original.
"""

from __future__ import annotations

import re

_MAP = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MAP.update(
    {ord(a): ord(b) for a, b in zip("　\xa0\u2002\u2003\u2009\u200b\ufeff\t", " " * 8, strict=True)}
)
_MAP.update({ord(a): ord(b) for a, b in zip("【】〔〕［］〖〗『』", "[][][][][]", strict=True)})
_MAP.update({ord(a): ord(b) for a, b in zip("﹒．∶﹕", "..::", strict=True)})
_MAP.update({ord(a): ord(b) for a, b in zip("✓✔☑✅∨✗✘☒✖╳✕ⅹ❌❎", "√√√√√×××××××××", strict=True)})
_MAP.update({ord(a): ord("-") for a in "‐‑‒–−"})
# Traditional forms of the words that banks are set with.
_TRADITIONAL = "單選題斷對錯誤確項標準參說釋難類號問簡論計頁節試庫內備據點評檢詳應復聽為與參資單"
_SIMPLIFIED = "单选题断对错误确项标准参说释难类号问简论计页节试库内备据点评检详应复听为与参资单"
_MAP.update({ord(a): ord(b) for a, b in zip(_TRADITIONAL, _SIMPLIFIED, strict=True)})


def plain(text: str) -> str:
    """``text`` in half-width forms, character for character."""
    return text if text.isascii() and "\t" not in text else text.translate(_MAP)


_DIGITS = {ord(c): f"({k})" for k, c in enumerate("⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇", 1)}
_DIGITS |= {ord(c): f"({k})" for k, c in enumerate("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", 1)}
_DIGITS |= {ord(c): f"{k}." for k, c in enumerate("⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛", 1)}


def digits(text: str) -> str:
    """:func:`plain` text with enclosed numbers spelt out (``⑴`` as ``(1)``); lengths change."""
    return plain(text).translate(_DIGITS) if not text.isascii() else plain(text)


# Kinds of section, by the words that name them; the first match wins.
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("multiple", re.compile(
r"多项?选|不定项|(?<!任)选择?\s*[二两三四五六2-6]\s*项|X\s*型题|multiple[- ]?"
r"(?:answer|response|select)|select all|checkbox", re.I)),
    ("judge", re.compile(r"判断|是非|对错|正误|true\s*(?:/|or|-)?\s*false|T\s*/\s*F|judg", re.I)),
    ("single", re.compile(r"单项?选|选择|选\s*[一1]\s*项|[ABC][1-4]?\s*型题|配伍|single"
                          r"|multiple[- ]?choice|\bMCQs?\b", re.I)),
    ("case", re.compile(r"案例|病例|材料(?:分析|题)|综合分析|情景"
                        r"|case (?:study|analysis|studies)", re.I)),
    ("qa", re.compile(
r"填空|简答|问答|论述|名词解释|解答|计算|述题|分析题|应用题|答题|改错|fill[- ]in"
r"|short[- ]answer|essay|Q\s*&\s*A", re.I)),
)  # fmt: skip
_KIND_WORD = (
    r"(?:单项选择|单选|多项选择|多选|不定项选择|不定项|单项|多项|选择|判断改错|判断正误"
    r"|判断|是非|对错|正误判断"
    r"|填空|简答|问答|论述|名词解释|解答|计算|案例分析|案例|病例分析|材料分析|综合分析"
    r"|分析|应用|情景|配伍"
    r"|[ABCX][1-4]?\s*型)(?:类?试?题目?|选择题)?"
)
KIND_WORD = re.compile(_KIND_WORD)
_KIND_EN = (
    r"(?:single[- ](?:answer|choice)|multiple[- ](?:choice|answers?|response|select)"
    r"|true\s*(?:/|or|-)?\s*false"
    r"|T\s*/\s*F|fill[- ]in[- ](?:the[- ])?blanks?|short[- ]answers?|essays?|MCQs?"
    r"|case stud(?:y|ies))(?:\s+questions?)?"
)
# How many are to be chosen says the kind as well: (选一项) [选择3项]
_MANY = r"(?:请)?选择?\s*([一二两三四五六1-6])\s*项"
# A type tag before or after a stem: (单选题) [多选] (判断题,2分)
TAG = re.compile(
    rf"[\[(<]\s*(?:{_KIND_WORD}|{_KIND_EN}|{_MANY})\s*(?:[,、:\s]*(?:每题|本题"
    rf"|共)?\s*\d+(?:\.\d+)?\s*分)?(?:\s*>\s*\w+)?\s*[\])>]\s*\*?",
    re.I,
)
# One that says how to choose, where a line of the stem ends (code or a bracket may follow).
CHOOSE = re.compile(
    rf"\s*[\[(<]\s*(?:{_MANY}|(?:单项?|多项?|不定项)(?:选择?)?题?)\s*[\])>]"
    r"(?=\s*(?:[。.:?]|[\[(]\s*[\])])*\s*(?:\n|$))"
)
SCORE = re.compile(
    r"[\[(]\s*(?:(?:本题|本小题|每题|共|满分|分值)?\s*[:]?\s*\d+(?:\.\d+)?\s*分"
    r"|分值\s*:\s*\d+(?:\.\d+)?|\d+(?:\.\d+)?\s*(?i:pts?|points?|marks?)\.?)\s*[\])]"
)

_HAN = "零〇一二三四五六七八九十百"
# How a stem may be numbered. "family" says which numbers count as one sequence.
NUMBERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("第", re.compile(rf"第\s*(\d{{1,4}}|[{_HAN}]+)\s*(?:小?题|问)(?![型目库])\s*[、.:)]?\s*")),
    ("题", re.compile(r"(?:试?题目?|问题?)\s*(\d{1,4})\s*[、.:)]\s*")),
    ("Q", re.compile(r"(?:Question|Q)\s*\.?\s*(?:#|No\.?)?\s*(\d{1,4})\s*[、.:)]?\s*", re.I)),
    ("d", re.compile(r"(\d{1,4})\s*(?:[、)]|[.:](?!\d)|\.(?=\d{4}年)|,(?!\d{3}(?!\d)))\s*\.?\s*")),
    ("(", re.compile(r"\(\s*(\d{1,4})\s*\)\s*[、.]?\s*")),
    ("d", re.compile(r"\[\s*(\d{1,4})\s*\]\s*[、.]?\s*")),
    ("d", re.compile(r"(\d{1,4})\s*(?=\[(?!图片|公式)[^\]\d]{2,12}\]"
                     r"|\((?:单|多|判|不定|案例)[^)]{1,8}\))")),
    ("-", re.compile(r"\d{1,3}[-.](\d{1,4})\s*[、.):]\s*(?!\d)")),
    ("①", re.compile(r"([①-⑳㉑-㉟])\s*[、.]?\s*")),
    ("l", re.compile(r"(?=\d*l)([l\d]{1,3})\s*[、.)]\s*(?![a-zA-Z]{3})")),  # scanned: l0. is 10.
    ("~.", re.compile(r"(\d{1,4})\s*[.:](?=\d)\s*")),
    ("~", re.compile(r"(\d{1,4})(?:\s+|(?=[\u4e00-\u9fff“\"《(\[]))(?!年|月|日|世纪|[-+*/=×<>])")),
)  # fmt: skip
# Numbers within a chapter, as 1.1 or 1-1; they count only in sequence (settle.dotted).
DOTTED = re.compile(
    r"(\d{1,3}[-.])(\d{1,3})(?![\d%.])(?:\s*[、.)]\s*|\s+|(?=[\u4e00-\u9fff“\"《(]))"
)
# "一、" numbers both sections and, in some banks, questions.
HAN_NUMBER = re.compile(
    rf"(?:第\s*[{_HAN}]+\s*[部大分章节篇编单元讲套卷份模块项]+\s*[、.:]?"
    rf"|[{_HAN}]+\s*[、.:]|\([{_HAN}]+\)\s*[、.]?|[IVX]{{1,5}}\s*[、.]\s|(?:Part|Section"
    rf"|Chapter|Unit)\s+(?:\d+|[IVX]+|[A-Z])\b\s*[.:-]?)\s*",
    re.I,
)
CHAPTER = re.compile(
    rf"(?:第\s*[\d{_HAN}]+\s*(?:部分|[章节篇编单讲套卷份回])|模块[\d{_HAN}]"
    rf"|项目[\d{_HAN}]|专题[\d{_HAN}]|(?:Part|Section|Chapter|Unit)\s+(?:\d+|[IVX]+"
    rf"|[A-Z])\b)",
    re.I,
)
QUESTION_LABEL = re.compile(
    r"(?:\[\s*(?:题目|题干|问题?|试题|例题|例)\s*\d*\s*\]|(?:题目|题干|问题|试题|问)\s*:"
    r"|(?:Question|Q)\s*[:：](?!\d+\s*[、.:)]))\s*:?\s*",
    re.I,
)

# Labels that begin the answer, the explanation, or something else about the question.
_OPEN, _SHUT = r"(?:[\[(]|</?)?\s*", r"\s*[\])>]?"
MINE = r"(?:我的|你的|您的|学生|考生|用户|学员|本人|your|my|student'?s?)"
_ANSWER = (
    r"(?:参考|正确|标准|试题|本题|此题|题目|最佳|推荐|本章|本节|本单元|章节|各题){0,3}\s?(?:的)?答\s{0,3}[案安](?!解析"
    r"|说明|分析|解释|详解|依据|要点解析)(?:要点)?"
    r"|正确选项|正确项|正解|标答|回答|答复|解答|(?:correct\s+|right\s+|model\s+)?(?:answer\(s\)"
    r"|(?:answers?|ans)\b)\.?|correct\s+(?:option|choice)|(?:answer\s+)?key\b"
)
_EXPLAIN = (
    r"(?:答案|试题|题目|考点|详细|参考|本题|名师|专家|试卷|答题|错因|解题|命题|出题|法律"
    r"|政策|判断|制定){0,3}\s*"
    r"(?:解\s{0,3}析|详解|说\s{0,2}明|解释|分析|点评|依\s{0,2}据|理由|讲解|点拨|思路|解读|评析|析)"
    r"|法条|出处|正确说法|改正|更正|订正|考点(?:依据)?|来源依据|explanations?|rationale|reason(?:ing)?|solution"
    r"|feedback|analysis|comments?|references?"
)
_META = (
    r"难度(?:系数|等级|值)?|难易程?度|知识点|知识模块|分值|分数|得分|题型|试题类型"
    r"|题目类型|章节|页码|标签|考核点|认知层次|关键字"
    r"|question\s?ID|适用(?:等级|范围|对象)|编号|专业|鉴定(?:点|范围)|答题时间|是否正确|difficulty"
    r"|points?|pts|dif|obj|nat|sta|msc|topic|tags?|type|category|level|score"
)
LABELS = re.compile(
    rf"(?:(?P<mine>{_OPEN}{MINE}\s*(?:的)?(?:答案|选择|answers?){_SHUT})"
    rf"|(?P<explain>{_OPEN}(?:{_EXPLAIN}){_SHUT})"
    rf"|(?P<answer>{_OPEN}(?:{_ANSWER}){_SHUT})|(?P<meta>{_OPEN}(?:{_META}){_SHUT}))"
    r"(?P<colon>\s*(?:[:;](?:\s*[:])?|[为是]\s*(?:[:]|(?=[A-H√×对错正]))|))",
    re.I,
)
REPLY = re.compile(r"\[?\s*答\s*\]?\s*(?:[:]|(?<=\])\s*)", re.I)

JUDGE_RIGHT = (
    "√",
    "对",
    "正确",
    "是",
    "t",
    "true",
    "yes",
    "y",
    "right",
    "correct",
    "v",
    "√对",
    "正确√",
)
JUDGE_WRONG = ("×", "错", "错误", "否", "不对", "不正确", "非", "不是", "有误", "f", "false",
"no", "n",
               "x", "wrong", "incorrect", "╳")  # fmt: skip
_JUDGE = "√|×|对|错|正确|错误|不正确|不对|是|否|[TFtfYNxXvV]|[Tt]rue|[Ff]alse|TRUE|FALSE"
JUDGE = re.compile(rf"(?:{_JUDGE})")
# A bracket that may hold the answer, or wait for it.
BRACKET = re.compile(
    rf"[(\[]\s*(?P<in>[A-Za-z](?:[\s,、;/.]*[A-Za-z]){{0,9}}|{_JUDGE})?\s*[、.]?\s*[)\]]"
)
BLANK = re.compile(r"[(\[]\s*[)\]]|_{2,}|＿+|﹍+|…{4,}|—{4,}")
RULE = re.compile(r"_+\s*(?P<in>[A-H](?:[\s,、]*[A-H]){0,7}|" + _JUDGE + r")\s*_+")
CORRECT = re.compile(
    r"\s*[(\[]\s*(?:正确(?:答案|选项)?|答案|对|√|correct(?:\s+answer)?|right|标准答案"
    r"|参考答案)\s*[)\]]\s*|\s*√\s*$",
    re.I,
)
TICKED = re.compile(r"[(\[]\s*正确(?:答案|选项)\s*[)\]]")  # only ever after an option
SHARED = re.compile(
    r"[(\[<]?\s*(?:第"
    r"|[题Qq]uestions?)?\s*(\d{1,4})\s*(?:题)?\s*[-~～—―－至到]+\s*(?:第)?\s*(\d{1,4})\s*(?:小?题)?\s*"
    r"(?:[、,为是的]*\s*(?:共用|共享|公用|同用|根据|基于|共同"
    r"|share)\s*[^)\]>]{0,14})\s*[)\]>]?\s*[:。]?",
    re.I,
)
# What is said once about the questions that follow, and is no question.
DIRECTIONS = re.compile(
    r"若干组考题|每组考题|考题前列出|(?:每一?道|以下)(?:试题|考题)(?:下面|由|有)|[五四]个备选答案[,。，]"
)
ABOUT = re.compile(
    r"(?:根据|阅读|依据|结合|针对|就)(?:以下|下列|下面|上述|上面|所给|给出"
    r"|该)?.{0,16}(?:材料|案例|资料|情[况景]|病例|短文|图表|信息|内容"
    r"|文字).{0,12}?(?:回答|完成|作答)(?:第|下列|以下"
    r"|问题)?\s*(\d{1,4})?\s*[-~～—至到]?\s*(\d{1,4})?",
    re.I,
)
CASE = re.compile(
    rf"[\[(<]?\s*(?:资料\s*(?:\d{{1,2}}|[{_HAN}]+)|(?:综合)?(?:案例|材料|病例|情景|背景资料|案情)(?:分析题?"
    rf"|题)?\s*(?:\d{{1,3}}|[{_HAN}]+)?|case(?: study)?\s*\d*)\s*(?:[\])>]\s*[:]?"
    rf"|[:、.])\s*",
    re.I,
)
COUNT = re.compile(
    r"(?<![每第\d.])(\d{1,6})\s*(?:道|个|小|条)*\s*(?:题(?!\d*\s*分)|questions?\b|items?\b)", re.I
)
COUNT_RANGE = re.compile(r"第?\s*(\d{1,4})\s*[-~～—至到]\s*第?(\d{1,4})\s*(?:小?题)")
PAGE = re.compile(
    r"\s*(?:得分\s*[:]?\s*)?\d+(?:\.\d+)?\s*分\s*|"
    r"\s*(?:第\s*\d+\s*页\s*(?:[,/、(]?\s*共\s*\d+\s*页\)?)?|[-—―·•]+\s*\d+\s*[-—―·•]+"
    r"|\d+\s*/\s*\d+|(?:Page|P\.)\s*\d+(?:\s*(?:of|/)\s*\d+)?"
    r"|共\s*\d+\s*页.{0,6}第\s*\d+\s*页|[-—=*]{4,48}\s{0,4}\w{0,12}\s{0,4}[-—=*]{0,48})\s*",
    re.I,
)
END = re.compile(
    r"\s*[-—=*(（]*\s*(?:以下无正文|(?:考试|试卷|试题|全卷|全文|本卷|答题"
    r"|测试)(?:到此)?(?:结束|完毕?|完)(?:[,，。!！].{0,16})?|the end|end of (?:paper"
    r"|exam|test))\s*[-—=*)）。!！]*\s*",
    re.I,
)
INSTRUCTION = re.compile(
    r"本(?:大题|部分|题型|卷)|每小?题.{0,20}分|下列各题|四个选项中|备选(?:答案|项)中"
    r"|请将.{0,20}(?:填|涂|写)|答题卡|错选|多选.{0,6}少选|不得分|满分|考试时间"
)
CHOSEN = re.compile(
    r"(?:故|因此|所以|综上|本题|应|正确|答案|则).{0,12}?(?:选择?|为|是"
    r"|:)\s*[\"“]?([A-H](?:[、,\s]*[A-H])*)(?:项|选项)?[\"”]?\s*(?:[。.;,，]|项|$)"
)


# Names of subjects that contain the word of a kind, as in the civil-service aptitude test.
MODULES = re.compile(r"(?:常识|逻辑|定义|推理|事件|因果)判断|判断推理|类比推理|资料分析|数量关系")


def section_kind(text: str) -> str:
    """The kind of question that a heading or tag names, or ''."""
    text = MODULES.sub("", text)
    for kind, pattern in KINDS:
        if pattern.search(text):
            return kind
    return ""


_CHINESE = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def number_value(text: str) -> int:
    """The value of Arabic or Chinese digits (up to 999); 0 where it is none."""
    if "①" <= text <= "⑳" or "㉑" <= text <= "㉟":
        return ord(text) - (0x245F if text < "㉑" else 0x323C)
    if re.fullmatch(r"[l\d]+", text):
        return int(text.replace("l", "1"))
    total, digit = 0, 0
    for char in text:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        elif char in _CHINESE:
            digit = _CHINESE[char]
        else:
            return 0
    return total + digit


_EDGES = " 。.,，;；()[]:\ufe0f"


def judgement(text: str) -> str:
    """The judgement that ``text`` is (√, 对, 错误, True, ...), or ''."""
    mapped = plain(text)
    bare = mapped.strip(_EDGES)
    low = bare.lower()
    if low in JUDGE_RIGHT or low in JUDGE_WRONG:
        start = mapped.find(bare)
        own = text[start : start + len(bare)]
        return {"v": "√", "x": "×"}.get(low, bare if bare in "√×" or bare.isascii() else own)
    return ""
