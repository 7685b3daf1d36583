"""Is a short answer right? What a fair reader would accept (docs/scoring.md: rules and cases).

In order: the same text; yes or no; one quantity; a list; else the expected words must *stand* in
the answer, which is more than to be contained in it: delimited, not denied, without a rival.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from core import quantities
from core.chinese import simplified
from core.numerals import plain, raised
from core.quantities import Quantity
from core.text import nfkc
from core.thinking import ends, without_thinking
from core.units import UNIT
from core.units import unit as unit_of
from eval.verdicts import verdict

# ---------------------------------------------------------------- one writing of an answer

_WRAP = re.compile(
    r"\\?\\(?:boxed|text|mathrm|mathbf|textbf|rm)\s*(?=\{)|\*\*|__|`|\$(?=[^$\d])|(?<=\S)\$$"
)
_BRACES = re.compile(r"(?<![\^_a-z])\{([^{}]*)\}")
_LEAD = re.compile(
    r"^(?:(?:本题|正确|最终|标准|参考)?(?:的)?(?:答案|答|回答|解|结果)(?:应该|应当"
    r"|应)?(?:是|为)?\s*[:：,，]?"
    r"|(?:the )?(?:correct |final |right )?answer(?: is|:|：)|a:|应该是|应当是|应为"
    r"|应是|是|为|即)\s*",
    re.IGNORECASE,
)
_ENDS = " 。.,，;；!！?？、:：\n"
_DROPPED = re.compile(
    r"[\s。，、；：？！“”‘’「」『』《》〈〉【】\[\]()（）\"'`·,;?_~…—]"
    r"|(?<!\d)[.:!](?!\d)|(?<=\d)[.:](?!\d)|(?<!\d)[.:](?=\d)|(?<=[a-z])[.!]"
    r"|(?<=[a-z])-(?=[a-z])|(?<!\d[a-w])(?<=[a-w])-(?=\d\d)"
)
_WEEKDAY = re.compile(
    r"(?:礼拜|星期|(?<![一二两三四五六七八九十\d每上下本])周)([一二三四五六日天])(?![年岁期])"
)
_CHARGE = re.compile(r"\^(\d?[+-])")


def read(answer: str) -> str:
    """An answer in one writing: no thinking, no Markdown, no TeX, simplified characters."""
    text = _WRAP.sub("", simplified(raised(ends(without_thinking(answer)))))
    text = _BRACES.sub(r"\1", text) if "\\" in answer or "{" in text else text
    text = text.replace("\\", "").replace("时速", "每小时")
    text = re.sub(r"(?<=[A-Za-z])\s*大于(?=\s*\d)", ">", text)  # pH大于7
    return re.sub(r"(?<=[A-Za-z])\s*小于(?=\s*\d)", "<", text).strip()


def key(text: str) -> str:
    """What two writings of one answer share. Unlike :func:`core.text.bare` it keeps C# from C,
    x² from x2, 5! from 5, 1、2 from 12."""
    text = re.sub(r"(?<=\d)\s*[,、，;；]\s*(?=\d)(?!\d{3}(?!\d))", "|", text)
    text = _WEEKDAY.sub(lambda day: "星期" + day[1].replace("天", "日"), plain(text).casefold())
    text = re.sub(r"(?<=星期[一二三四五六日])(?:到|至|[~～—-]+)(?=星期)", "~", text)
    return _CHARGE.sub(r"\1", _DROPPED.sub("", text).replace("|", ","))


_ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Ag Cd In Sn Sb I Xe Cs Ba Pt Au Hg Pb Bi Po Rn Ra U Pu No Hf W Os Ir Y Zr Nb Mo "
    "Pd Rh Ru"
)
_ELEMENT = sorted(_ELEMENTS.split(), key=len, reverse=True)
_FORMULA = re.compile(rf"(?:(?:{'|'.join(_ELEMENT)})\d*)+[+-]?")


_ACRONYM = re.compile(r"[A-Z]{2,}")
_VERSION = re.compile(r"[A-Za-z][A-Za-z+#]{2,} ?v?\d+(?:\.\d+)+")  # Python 3.10 is not Python 3.1


def _clash(first: str, second: str) -> bool:
    """The same letters in another case that mean something else: Co and CO, mA and MA."""
    first, second = nfkc(first).strip(_ENDS), nfkc(second).strip(_ENDS)
    if _ACRONYM.fullmatch(first) and _ACRONYM.fullmatch(second):
        return first != second  # HTTPS is no plural of HTTP
    if _VERSION.fullmatch(first) and _VERSION.fullmatch(second):
        return first.casefold().replace(" ", "") != second.casefold().replace(" ", "")
    if first == second or first.casefold() != second.casefold():
        return False
    if _FORMULA.fullmatch(first) and _FORMULA.fullmatch(second):
        return first.casefold() not in ("no", "in", "as")
    words = [re.sub(r"^[\d.,\s]+", "", one) for one in (first, second)]
    try:
        return words[0] != words[1] and unit_of(words[0]) != unit_of(words[1])
    except KeyError:
        return False


def _unit(text: str) -> object:
    """The unit that a text is (平方米, m²), where it is nothing else."""
    text = plain(text).strip(_ENDS)
    return unit_of(text) if re.fullmatch(UNIT, text) else None


_FORBID = re.compile(
    r"禁止|严禁|不准|不得|不许|不允许|不能够?|不可以?|不应当?|不应该|请?勿|别|切勿|不要"
)
_UNLAWFUL = re.compile(r"不合法|非法|违法")
_NEEDLESS = re.compile(r"[无毋]须|[无毋]需|不需要?|不须|不必|不用(?!品)|用不着|没必要")
_LIGHT = re.compile(
    r"(?<=.)[的了地得]|(?<=车)辆|^[向往在对](?=..)|应当|应该|须|必须|进行|一个|一种"
)


def alike(given: str, expected: str) -> bool:
    """The same answer in other writing: signs, case, light words, a ban in other words."""
    if _clash(given, expected):
        return False
    if _unit(given) and _unit(given) == _unit(expected):
        return True
    first, second = (_standard(key(one)) for one in (given, expected))
    if not re.search(r"\w", _signs(expected)):
        return _signs(given) == _signs(expected) != ""
    if first == second or _core(first) == _core(second):
        return True
    forms = [_NEEDLESS.sub("⊘", _FORBID.sub("⊖", one)) for one in (first, second)]
    forms = [_UNLAWFUL.sub("非法", one) for one in forms]
    if forms[0] == forms[1] and forms[0] not in ("⊖", "⊘"):
        return True
    if _same_figures(given, expected):
        return True
    forms = [_LIGHT.sub("", one) for one in forms]
    return len(second) >= 5 and forms[0] == forms[1]


_RANKS = {"第1名": "冠军", "第一名": "冠军", "第2名": "亚军", "第二名": "亚军"}
_RANKS |= {"第3名": "季军", "第三名": "季军"}
_NULL = re.compile(r"^(?:并?不是|并非)(无效|有效|不合法|无罪|有罪|违法|非法)$")
_POSITIVE = {
    "无效": "有效",
    "有效": "无效",
    "有罪": "无罪",
    "不合法": "合法",
    "无罪": "有罪",
    "违法": "合法",
    "非法": "合法",
}


def _standard(text: str) -> str:
    """One form for ranks, a version's number, 予以 and two denials: v2.0, 2.0版; 不是无效, 有效."""
    text = _NULL.sub(lambda found: _POSITIVE[found[1]], _RANKS.get(text, text))
    text = re.sub(r"^(?:(?:予以|给予)(?=..)|(?:用|使用|采用)(?=...))", "", text)
    text = re.sub(r"^由(.{2,}?)(?:承担|负责|担任|支付|办理|提供)$", r"\1", text)
    text = re.sub(r"^(?:v|version)?(\d+(?:\.\d+)+)(?:版本?)?$", r"v\1", text)
    return re.sub(r"^([a-z][a-z0-9+#.]+)(?:协议|语言|指令|命令|算法|格式)$", r"\1", text)


def _same_figures(given: str, expected: str) -> bool:
    """The same words with the same quantities in them: 二十一世纪初, 21世纪初."""
    wanted = quantities.find(expected)
    said = quantities.find(given) if wanted and len(given) <= 2 * len(expected) + 20 else []
    if not wanted or len(said) != len(wanted):
        return False
    if not all(quantities.same(a, b) for a, b in zip(said, wanted, strict=True)):
        return False
    one, other = _around(given, said), _around(expected, wanted)
    if len(wanted) == 1 and len(other) > 3:  # 有期徒刑三年, 三年有期徒刑
        return one.replace("0", "") == other.replace("0", "")
    return one == other


def _around(text: str, figures: Sequence[Quantity]) -> str:
    """A text with 0 for each of its quantities."""
    text, at, found = plain(text), 0, ""
    for one in figures:
        found += text[at : one.start] + "0"
        at = one.end
    return key(found + text[at:])


def _signs(text: str) -> str:
    """Of an answer that is nothing but signs, the signs (``+``, ``=``)."""
    text = _WORDY.get(text.strip(_ENDS), text)
    return re.sub(r"[\s。，？！?!.\ufffd]", "", nfkc(text))


# Endings that a name may have or lack; of one character only where a colour, people or dynasty.
_SUFFIX = re.compile(
    r"(?<=..)(?:特别行政区|自治区|自治州|自治县|先生|女士|同志|教授|省|市|县|人)$"
    r"|(?<=.)(?:朝|代|王朝|时期|色|族)$|(?<=[男女])性$"
)


def _core(name: str) -> str:
    name = re.sub(r"(?<=[a-z]{4})(?<!s)s$", "", name)  # a plural
    name = re.sub(r"^(?:中华人民共和国(?=.)|the(?=[a-z]{3})|an?(?=[a-z]{4}))", "", name)
    return _SUFFIX.sub("", name) or name


# ---------------------------------------------------------------- yes and no

_YES_NO = {
    "truth": (
        r"是|对|正确|√|✓|yes|true|y|t|right|correct|对的|是的",
        r"否|错|错误|不是|不对|不正确|×|✗|no|false|n|f|wrong|incorrect",
    ),
    "can": (
        r"可以?|能够?|允许|行|准许|许可|allowed|can",
        r"不可以?|不能够?|不允许|不行|不准|禁止|不得|不许|not allowed|cannot|can't",
    ),
    "is there": (r"有|存在", r"没有?|无|不存在|没有任何"),
    "will": (r"会", r"不会"),
    "need": (r"需要?|必须|要", r"不需要?|无需|不必|用不着|没必要|不用|不须|无须|不要"),
    "should": (r"应该|应当?", r"不应该|不应当?"),
    "belongs": (r"属于", r"不属于"),
}
_POLAR = {
    name: tuple(re.compile(rf"(?:{words})(?:的|了|啊|呀|吧|哦|,)?", re.I) for words in pair)
    for name, pair in _YES_NO.items()
}


def _polar(text: str) -> tuple[str, bool] | None:
    """The kind of yes or no that a text is, where it is nothing else."""
    text = nfkc(text).strip(_ENDS)
    for name, (yes, no) in _POLAR.items():
        for pattern, value in ((yes, True), (no, False)):
            if pattern.fullmatch(text):
                return name, value
    return None


def _answers(given: str, wanted: tuple[str, bool]) -> bool:
    """Whether an answer says the expected yes or no, first of all."""
    head = re.split(r"[,，。;；\n!！:：]", _LEAD.sub("", given) or given)[0]
    said = _polar(head) or _polar(given)
    if said is None and wanted[0] in ("truth", "can", "need", "should", "will", "belongs"):
        said = _begins(head, wanted[0])
    if said is None and wanted[0] == "truth":
        value = verdict(given)
        said = ("truth", value) if value is not None else None
    if said is None or said[1] != wanted[1]:
        return False
    return said[0] == wanted[0] or "truth" in (said[0], wanted[0])


def _begins(head: str, kind: str) -> tuple[str, bool] | None:
    """可以停车, 不能这样做: a verb with its yes or no at the beginning."""
    if kind == "truth":
        return None
    yes, no = _YES_NO[kind]
    for words, value in ((no, False), (yes, True)):
        if re.match(rf"(?:{words})(?!能|性|以)", nfkc(head)):
            return kind, value
    return None


# ---------------------------------------------------------------- one quantity

_PADDING = re.compile(
    r"(?:大约|约为?|将近|公元|西元|共计?|总共|为|是|达到?|年满|满|至少|最少|最低"
    r"|至多|最多|最高|不(?:得|应|能|可)?(?:超过|少于|低于|高于|多于|大于|小于|满|足"
    r"|到)|超过|大于|小于|多于|少于|高于|低于|未满"
    r"|(?:或|及|含)?(?:以上|以下)|以?内|之内|左右|上下|之间|介于|[前后]|的|在|于|了"
    r"|[<>≤≥=~]|every|about|at least|between|from|more than|less than|[\s.,。，、()]"
    r"|or more|or less|or fewer|or above|or below|x=)*"
)
_MATH = re.compile(r"[√^*/×÷∛]\s?\Z"), re.compile(r"\s?(?:[!^√*÷]|/(?!\d)|[a-z](?![a-z]))", re.I)
_ASKS_BOUND = re.compile(
    r"至少|至多|最[少多低高长短大小早晚]|不[得应能]?(?:超过|少于|低于|高于|多于|早于"
    r"|晚于)|以[上下内]|超过|上限|下限|满|不足|以内|少于|低于|大于|小于|at least"
    r"|at most|minimum|maximum",
    re.I,
)
_DENIED_NUMBER = re.compile(r"(?:不是|并非|而非|不为|不等于|\bnot)\s?(?:约)?\Z", re.I)


def single(text: str) -> Quantity | None:
    """The quantity that ``text`` is, where it is nothing else."""
    found = quantities.find(text)
    if len(found) != 1:
        return None
    whole = plain(text)
    rest = whole[: found[0].start] + " " + whole[found[0].end :]
    return found[0] if _PADDING.fullmatch(rest) else None


def _same(given: Quantity, expected: Quantity, question: str) -> bool:
    if quantities.same(given, expected):
        return True
    if (
        expected.dimension == "%"
        and not given.dimension
        and re.search(r"%|百分之|percent", question)
    ):
        return given.exact and expected.exact and given.low == expected.low * 100  # type: ignore[operator]
    if quantities.same(_per(given, question), _per(expected, question)):
        return True
    if _ASKS_BOUND.search(question) and given.exact != expected.exact:
        bound, value = (given, expected) if expected.exact else (expected, given)
        ends = [end for end in (bound.low, bound.high) if end is not None]
        return len(ends) == 1 and quantities.same(
            Quantity(ends[0], ends[0], bound.dimension), value
        )
    return False


def _per(one: Quantity, question: str) -> Quantity:
    """An amount without the 每次 that the question says already."""
    dimension, _, per = one.dimension.partition("·")
    if per and per.endswith("^-1") and re.search(rf"[每一]{per[:-3]}", question):
        return replace(one, dimension=dimension.removesuffix("^1"))
    return one


def _rival(one: Quantity, wanted: Quantity, asked: list[Quantity], before: str) -> bool:
    """Another value that could answer the question; what the question says could not."""
    if not quantities.comparable(one, wanted) or any(quantities.same(one, two) for two in asked):
        return False
    return wanted.ordinal or not (one.ordinal or re.search(r"第\s?\Z", before))


def _states(given: str, wanted: Quantity, question: str) -> bool:
    """The answer states the quantity and no rival one (what the question says is no rival)."""
    text = plain(given)
    asked = quantities.find(question)
    good = False
    for one in quantities.find(given):
        before, behind = text[: one.start], text[one.end :]
        if _DENIED_NUMBER.search(before):
            if quantities.same(one, wanted):
                return False
            continue
        symbolic = bool(_MATH[0].search(before) or (not one.dimension and _MATH[1].match(behind)))
        if not symbolic and _same(one, wanted, question):
            good = True
        elif _rival(one, wanted, asked, before):
            return False
    return good


# ---------------------------------------------------------------- lists

_BULLET = re.compile(
    r"(?:^|(?<=[\s;；,，。、]))(?:[-*•·●▪]\s+|[(（]?\d{1,2}[)）]?[.、)）](?!\d)\s*"
    r"|\(\d{1,2}\)\s*|[A-H][.、)]\s*(?=[\u4e00-\u9fff])|[①-⑳]\s*|[一二三四五六七八九十][、.]\s*"
    r"|(?:其?[一二三四五六七八九]|第[一二三四五六七八九])(?:是|为|,|，)\s*)|[①-⑳]"
    r"|（\d{1,2}）|(?<!\w)\(\d{1,2}\)",
    re.MULTILINE,
)
_SPLIT = re.compile(
    r"\s*(?:[、，,;；\n|→⇒＋]|(?<=[^\W\d_a-z])\+(?=[^\W\d_a-z])|-+>|》\s*《|(?<!\d)/"
    r"|/(?!\d)|以及|及其|(?<=[^\s,和])(?:和|及|与|并)(?=[^平谐解声面])|\band\b"
    r"|&)+\s*",
    re.I,
)
_INTRO = re.compile(
    r"^[^、，,;；\n]{0,40}?(?:分别)?(?:是|为|有|包括|包含|即|如下|include[sd]?|are"
    r"|is)?\s*[:：]\s*|^[^、，,;；\n:：]{0,40}?(?:分别)?(?:是|为|有|包括|包含|即"
    r"|include|are)(?!关)"
)
_NAMED = re.compile(r"^[^是为]{1,8}?(?:是|为|填|:|：)(?=.)")
_STEP = re.compile(r"^(?:第[一二三]步)?(?:首先|其次|然后|接着|最后|先|再|后)(?=..)")
_TABLE_HEAD = re.compile(r"^\|.*\n\|[\s:|-]+$\n?", re.MULTILINE)
_CLOSING = re.compile(
    r"(?:等等?|共?[两二三四五六七八九十\d]+[种个项类条部者位方]\S{0,4}|(?:都|均)(?:是|对|正确)?)$"
)
_ORDERED = re.compile(
    r"依次|顺序|先后|排序|排列|分别|次序|按.{1,12}排|从.{1,8}到|由.{1,8}到|步骤|排名"
    r"|第一.{0,20}第二|in order|respectively",
    re.I,
)
_BLANK = re.compile(r"[(（]\s*[)）]|_{2,}|【\s*】|\[\s*\]|﹍+|…{2,}")
_CYCLES = (
    "春夏秋冬 甲乙丙丁戊己庚辛壬癸 子丑寅卯辰巳午未申酉戌亥 赤橙黄绿青蓝紫 "
    "红橙黄绿青蓝紫 早中晚 上中下 "
    "大中小 小中大 老中青 唐宋元明清 初中高 低中高 高中低 前中后 夏商周 一二三四五六七八九十 "
    "星期一星期二星期三星期四星期五星期六星期日 周一周二周三周四周五周六周日"
)


def items(text: str) -> list[str]:
    """The entries of a list, in order: by marks, numbers, bullets, lines or 和."""
    text = _BULLET.sub("\n", _TABLE_HEAD.sub("", text).strip()).strip()
    found = [part.strip(_ENDS + "《》()") for part in _SPLIT.split(text)]
    return [part for part in found if part]


def _listed(given: str) -> list[list[str]]:
    """An answer as a list, with and without what may stand before it."""
    body = _LEAD.sub("", given).strip(_ENDS)
    found = [items(body)]
    intro = _INTRO.match(body)
    if intro and intro.end() < len(body):
        found.append(items(body[intro.end() :]))
    if len(found[0]) > 1 and re.match("第一步|首先|先", found[0][0]):
        found.append([_STEP.sub("", part) for part in found[0]])
    named = [_NAMED.sub("", part) for part in found[0]]
    if len(named) > 1 and all(a != b for a, b in zip(named, found[0], strict=True)):
        found.append(named)  # 甲是长江，乙是黄河
    return [[*one[:-1], _CLOSING.sub("", one[-1]) or one[-1]] for one in found if one] + found


def _ordered(expected: Sequence[str], question: str, text: str) -> bool:
    """Whether the order of the entries is part of the answer."""
    if _ORDERED.search(question) or len(_BLANK.findall(question)) > 1 or re.search(r"→|->", text):
        return True
    joined = "".join(_core(one) for one in expected)
    if any(joined == cycle or (joined in cycle and len(joined) >= 3) for cycle in _CYCLES.split()):
        return True
    numbers = [single(one) for one in expected]
    values = [one.low for one in numbers if one and one.exact and not isinstance(one.low, tuple)]
    return len(values) == len(expected) >= 3 and values == sorted(values)  # type: ignore[type-var]


def _same_item(given: str, expected: str) -> bool:
    wanted = single(expected)
    if wanted is not None:
        said = single(given)
        return said is not None and quantities.same(said, wanted)
    return alike(given, expected)


def _same_list(given: Sequence[str], expected: Sequence[str], ordered: bool) -> bool:
    if len(given) != len(expected):
        return False
    if ordered:
        return all(_same_item(a, b) for a, b in zip(given, expected, strict=True))
    left = list(given)
    for wanted in expected:
        match = next((one for one in left if _same_item(one, wanted)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _lists(given: str, expected: str, question: str) -> bool:
    wanted = items(expected)
    ordered = _ordered(wanted, question, expected)
    if any(_same_list(one, wanted, ordered) for one in _listed(given)):
        return True
    numbers = [single(one) for one in wanted]
    if all(numbers):  # 长5米，宽3米
        said = [one for one in quantities.find(given) if not one.ordinal]
        pairs = zip(said, numbers, strict=False)
        return len(said) == len(numbers) and all(quantities.same(a, b) for a, b in pairs if b)
    # 红黄蓝, without marks between
    return (
        not ordered
        and max(map(len, wanted)) <= 2
        and sorted(key(given)) == sorted("".join(map(key, wanted)))
    )


# ---------------------------------------------------------------- words that stand in an answer

_WORDY = {
    "大于": ">",
    "小于": "<",
    "等于": "=",
    "大于等于": "≥",
    "小于等于": "≤",
    "大于或等于": "≥",
    "小于或等于": "≤",
    "不等于": "≠",
    "加": "+",
    "减": "-",
}
_CLAUSE = re.compile(
    r"[。！!？?\n；;，,]|(?<=[a-z])\.(?=\s|$)|(?=而不是|而非|而是|但是"
    r"|(?<!不)但(?!是)|because|, not )"
)
_NO_BEFORE = re.compile(
    r"(?:不(?:可能|会|应该?|能)?(?:再)?(?:是|为|叫|属于|在|选)?|[并绝]?非|没有?|无"
    r"|未|除了?|而不是|排除|禁止|严禁|不等于|哪里是|反|勿|假如|如果|若"
    r"|\b(?:not|isn'?t|wasn'?t|no|never|but|except|unlike|without|nor|neither"
    r"|aren'?t|rather than|instead of)(?: the| an?| in| by)?)\s*\Z",
    re.IGNORECASE,
)
_NO_BEHIND = re.compile(
    r"^\s*(?:并)?(?:不是(?!$)|不对|不正确|是?错|错误|有误|以外|之外|除外|外(?=$|的)"
    r"|的说法(?:是|有)?错|是不(?:对|正确)|isn'?t|is (?:wrong|incorrect|not)|was not"
    r"|is false)",
    re.I,
)
_OR = re.compile(r"或|还是|也可能|也许|要么|\bor\b|\bmaybe\b|可能.{1,12}可能", re.IGNORECASE)
_DOUBT = re.compile(
    r"不(?:知道|清楚|确定|了解)|无法|是不是|是否|吗$|don'?t know|not sure", re.IGNORECASE
)
_COPULA = re.compile(
    r"(?:是|为|叫做?|即|称为|称作|名为|属于|位于|在|于|由|指的?|等于|成为|有|选|填"
    r"|写作|作者|:|：|=|\bis|\bare|\bwas|\bwere|\bcalled|\bnamed|\bby|\bin"
    r"|\bthe)\s*(?:在|由|于|the|a|an|in)?\s*[“\"'《(（「]*\Z",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"应该|应当|可能|根据|资料|题意|可知|所以|因此|答案|我认为|我觉得|我想|就|的|了"
    r"|是|为|叫做?|名为|称为|在|于|位于|该|这|那|其|它|他|她|也|由|被|所|有|属于|即"
    r"|都|应|说|个|位|名|一"
    r"|\b(?:the|an?|is|was|are|were|it|this|that|of|in|by|to|i|think|believe|answer"
    r"|he|she|they|there|and did|did)\b|[\s“”\"'《》「」()（）:：,，.。!！?？]",
    re.IGNORECASE,
)
# 张仲景写的, 李白所作: who made it.
_MADE = re.compile(
    r"所?(?:[写作著编撰画绘建造创]|创作|创[建立办]|编[写著]|撰写|发[明现]|提出|设计|建造|制作|主编)的?$"
)
_HEARSAY = re.compile(r"(?:有(?:些|的)?人\S{0,2}(?:说|认为|觉得|猜)|以为|误[认传说])\S{0,3}\Z")
_PLACE = re.compile(r"(?:中国)?(?:[\u4e00-\u9fff]{2,6}(?:省|自治区|市|州|县))+|(?:《[^》]+》)")
_ALIAS = re.compile(r"[(（]([^()（）]{1,30})[)）]")


def _covered(text: str, asked: str) -> bool:
    """Whether nothing of ``text`` is news: words of the question, or such as carry nothing."""
    text = text.casefold()
    at = 0
    left = ""
    while at < len(text):  # the longest pieces of two characters or more that the question holds
        size = 2
        while at + size <= len(text) and text[at : at + size] in asked:
            size += 1
        if size > 2:
            at += size - 1
        else:
            left += text[at]
            at += 1
    return len(_FILLER.sub("", left)) <= (1 if asked and not left.isascii() else 0)


def _sits(clause: str, at: int, size: int, asked: str) -> bool | None:
    """How the words at a place of a clause stand: True asserted, False denied, None neither."""
    before, behind = clause[:at], clause[at + size :]
    if _NO_BEFORE.search(before.rstrip("“\"'《「(（ ")):
        return False
    if _HEARSAY.search(before):
        return None
    behind = re.sub(r"^[”\"'》」)）\s]+", "", behind)
    if _NO_BEHIND.match(behind) and (
        not re.search(r"[不非没]|not|n't", asked) or not _covered(behind, asked)
    ):
        return False
    if (
        re.match(r"[a-z0-9+#*^²³-]", behind[:1])
        and clause[at + size - 1].isascii()
        and clause[at + size :][:1] != " "
    ):
        return None
    if before[-1:].isalnum() and before[-1:].isascii() and clause[at].isascii():
        return None
    copula = _COPULA.search(before)
    if before and not copula and not _PLACE.fullmatch(before) and not _covered(before, asked):
        return None
    if copula and re.search(
        rf"(?:不|非|没有?|未|not|n't)\s?{re.escape(copula.group().strip())}\Z", before.strip(), re.I
    ):
        return False
    if not behind or _SUFFIX.sub("", "某某" + behind) == "某某" or _MADE.match(behind):
        return True
    if _covered(behind, asked):
        return True
    return (
        True
        if re.match(r"\s*(?:是(?!否)|(?:is|was|are|were)\b(?! not))", behind) and not before
        else None
    )


def _stands(given: str, expected: str, question: str) -> bool:
    """The expected words stand in the answer, asserted, nowhere denied, and without a rival."""
    wanted = nfkc(expected).casefold().strip(_ENDS + "《》“”\"'")
    wanted = re.sub(r"^(?:the|an?) (?=\w)", "", wanted)
    asked = nfkc(simplified(question)).casefold()
    if not wanted or re.fullmatch(r"\W*", wanted):
        return False
    text = nfkc_lines(_LEAD.sub("", given)).casefold()
    asides = _ALIAS.findall(text)
    clauses = [one.strip() for one in _CLAUSE.split(_ALIAS.sub("", text)) if one and one.strip()]
    asserted, first = False, True
    for clause in clauses:
        verdicts = [
            _sits(clause, found.start(), len(wanted), asked)
            for found in re.finditer(re.escape(wanted), clause)
        ]
        if False in verdicts:
            return False
        if True in verdicts:
            if (_OR.search(clause) and not _OR.search(asked)) or _DOUBT.search(clause):
                return False
            led = clause.find(wanted) > 0
            asserted = asserted or first or led
        elif not _covered(clause, asked) and not re.search(r"不是|并非|not ", clause):
            first = False
    if not asserted and any(alike(aside, expected) for aside in asides):
        return True
    return asserted and not (_OR.search(text) and re.search(r"可能|也许|maybe", text))


def nfkc_lines(text: str) -> str:
    """NFKC line by line (line ends stay)."""
    return "\n".join(nfkc(line) for line in text.splitlines())


# ---------------------------------------------------------------- all together


def correct(given: str, expected: str, question: str = "", aliases: Iterable[str] = ()) -> bool:
    """Whether a fair reader would accept ``given`` for ``expected`` or one of the ``aliases``."""
    answer = read(given)
    if "\ufffd" in answer or not (key(answer) or _signs(answer)):
        return False
    return any(_accepts(answer, read(name), question) for name in (expected, *aliases))


def _accepts(given: str, expected: str, question: str) -> bool:
    bodies = {given, _LEAD.sub("", given).strip()}
    assigned = re.match(r"^[a-zA-Zα-ω]\s?=\s?(.+)$", given)
    if assigned and "=" not in expected:
        bodies.add(assigned[1])
    if not (key(expected) or _signs(expected)):
        return False
    if any(alike(body, expected) for body in bodies if body):
        return True
    polar = _polar(expected)
    if polar is not None:
        return _answers(given, polar)
    wanted = single(expected)
    if wanted is not None:
        return _states(given, wanted, question)
    if len(items(expected)) > 1 and _lists(given, expected, question):
        return True
    if any(_clash(body, expected) for body in bodies):
        return False
    names = dict.fromkeys([expected, _SUFFIX.sub("", expected)])
    return any(
        len(name) > 1 or name == expected for name in names if _stands(given, name, question)
    )
