"""Does a passage say what a sentence says, or its opposite? Rules on wording.

Each finds one kind of disagreement that shared words hide: another number, a denial, the opposite
word, another name, two names exchanged. None understands; docs/rag.md has their rates.
:mod:`rag.grounding` asks them all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from core import quantities
from core.numerals import plain
from core.quantities import Quantity
from core.units import is_physical
from rag.tokens import tokens

_SENTENCE = re.compile(r"[。！？!?；;\n]+|(?<=[a-z])\. ")
_CLAUSE = re.compile(
    r"[。！？!?；;\n，,、：:]+|[和或与](?=[不未无非])|(?<=[a-z])\. "
    r"|\b(?:but|and|while|whereas)\b"
)
_HAN = r"\u3400-\u9fff"
# Pronouns, connectives and other heads that name nothing of their own.
_LIGHT = re.compile(
    r"它|他|她|其|该|此|这|那|本|我|你|各|每|某|一|在|从|对|当|但|而|且|并|则|若|如"
    r"|全[市省国县校]|因|所|于|以|与|和|或|又|也|还|只|"
    r"是|有|为|为了|虽|即|就|都|再|由|被|把|将|不|没|未|无|可|能|应|必|须|会|要|the "
    r"|it |this |that "
)
_SAME = re.compile(  # words that may be put for one another, and carry no name
    r"位于|坐落于?|处于|地处|境内|地区|左右|附近|属于|称为|叫做?|名为|就是|也就是"
    r"|指的是|大约|约为|达到?|共有|总共|"
    r"一种|一个|其中|包括|以及|同时|此外|另外|根据|按照|规定|资料|所以|因此|可以"
    r"|能够|应当|应该|需要|必须|不能|不得|"
    r"版本|已经|开始|结束|接近|将近|"
    r"使用|进行|作为|的人|人们|我国|面积|持|之间|方面|的话|时候|情况|来说|而言|通常"
    r"|一般|主要|首先|然后|最后|答案|依次|先后|大概|只能|还在|正在|经过|吃|"
    r"成立|建立|拥有|具有|含有|世界上|全国|全球|地球上|当时|后来|分别|例如|比如"
)

# ------------------------------------------------------------------ numbers


def _strong(one: Quantity) -> bool:
    """Whether a number says something: 一个 and 一种 do not."""
    if re.search(r"\d", one.raw) or is_physical(one.dimension):
        return True
    return not one.exact or (one.low != 1 and len(one.raw.strip()) > 1)


_OWN = {"次", "倍", "届", "章", "条", "层", "级"}  # no other word stands for these


def _held(one: Quantity, there: list[Quantity], passage: str) -> bool:
    for other in there:
        if not quantities.same(other, one) and not (
            not one.side and quantities.same(replace(other, side=""), one)  # 六小时后食用
        ):
            continue
        if one.dimension != other.dimension and {one.dimension, other.dimension} & _OWN:
            continue
        if not is_physical(one.dimension) or other.dimension or one.dimension == "date":
            return True
        word = re.sub(r"[\d.,~%+-]|\s", "", one.raw)
        if word and word in passage:
            return True
    return False


def missing_numbers(sentence: str, passage: str) -> bool:
    """A number, range or date of the sentence that the passage does not hold, in any unit: 每秒 and
    一日 may stand apart from it, and 超过三天 is 三天以上."""
    sentence, passage = (one.replace("时速", "每小时") for one in (sentence, passage))
    there, text = quantities.find(passage), plain(passage)
    missing = [one for one in figures(sentence) if not _span_held(one, there, text)]
    missing = [one for one in missing if not _nearly(one, there, plain(sentence))]
    if not missing:
        return False
    rates = (set(_PER.findall(plain(one).replace("日", "天"))) for one in (sentence, passage))
    if not set.__le__(*rates):
        return True
    there, text = quantities.find(_PER.sub("", text)), _PER.sub("", text)
    said = figures(_PER.sub("", plain(sentence)))
    for one in said:
        alike = [other for other in there if other.dimension == one.dimension]
        about = _nearly(one, there, _PER.sub("", plain(sentence)))
        if not (_span_held(one, alike, text) or _implied(one, there) or about):
            return True
    return False


_PER = re.compile(r"[每一1]一?(小时|分钟|秒|天|日|周|月|次|袋|片|粒|包|瓶|支|台|人|个)(?!半)")
NEAR = Fraction(1, 10)  # how far below its value a number may be said to be over a bound


def _nearly(one: Quantity, there: list[Quantity], said: str) -> bool:
    """接近三千 of 2977: up to a twentieth below it."""
    if not re.search(r"(?:接近|将近|差不多|近)\s?\Z", said[: one.start]):
        return False
    return any(
        isinstance(one.low, Fraction)
        and isinstance(other.low, Fraction)
        and {one.dimension, other.dimension} <= {one.dimension, "", "人", "名"}
        and one.low * Fraction(19, 20) <= other.low <= one.low
        for other in there
    )


def _implied(one: Quantity, there: list[Quantity]) -> bool:
    """A bound that the passage's bound or number implies: 超过300万 of 312.6万."""
    for other in there:
        if {one.dimension, other.dimension} == {"", "%"} and one.low == other.low != 1:
            return True  # 25% and 四分之一
        if other.dimension and one.dimension and other.dimension != one.dimension:
            continue
        if (other.low, other.high) == (one.low, one.high) and not one.exact:
            return True
        number = other.low if other.exact else None
        if not isinstance(number, Fraction):
            continue
        ends = [number - one.low] if isinstance(one.low, Fraction) and one.high is None else []
        ends += [one.high - number] if isinstance(one.high, Fraction) and one.low is None else []
        if any(0 <= over <= NEAR * abs(number) for over in ends):
            return True
    return False


def _span_held(one: Quantity, there: list[Quantity], passage: str) -> bool:
    """Held as it is, or both ends of a span of dates (从1950年持续到1953年)."""
    if _held(one, there, passage):
        return True
    if one.dimension != "date" or one.exact:
        return False
    ends = (replace(one, high=one.low), replace(one, low=one.high))
    return all(_held(end, there, passage) for end in ends)


def figures(text: str) -> list[Quantity]:
    """The numbers of a text that say something (not 一 in 一个)."""
    return [one for one in quantities.find(text) if _strong(one)]


def without_numbers(text: str) -> str:
    """A plain text with its quantities, and the words that bound them, taken out."""
    made = plain(text)
    for number in reversed(figures(text)):
        made = made[: number.start] + "\0" + made[number.end :]
    return _BOUND.sub("\0", made)


_BOUND = re.compile(
    r"(?:最[多少高低大小长短])?(?:(?:不得|不能|不可|不应|没有|不|未)?(?:要)?(?:超过|少于|低于|高于|多于|大于"
    r"|小于|满|足|到)|至少|至多|最[多少高低长短大小早晚快慢](?:[为是]|可以?|只?能)?)"
    r"(?:每)?\0|\0(?:及|或)?(?:以上|以下|以内|之内)"
)

# ------------------------------------------------------------------ denial and opposites

_LIMIT = re.compile(r"(?:不得|不能|不可|不应|不)(?:低于|少于|小于)")  # at least
_NOT_DENIAL = re.compile(
    r"不仅|不但|不过|不断|不同|不久|差不多|不止|不论|不管|无论|无锡|无线|无机|非常"
    r"|非洲|未来|未成年|除非|是非|别人|分别|"
    r"区别|特别|级别|性别|不锈|不等式|不动产|无限|无穷|另外|例外|以外|没收|淹没|否则"
    r"|是否|能否|不完全辨认"
)
_DENIAL = re.compile(
    r"禁止|严禁|禁用|忌用|不|没有?|未|无(?![锡线])|并?非|勿|别|否认|拒绝|防止|避免"
    r"|\bnot\b|n't\b|\bno\b|\bnever\b|\bwithout\b",
    re.IGNORECASE,
)
_PAIRS = (
    "增加 减少|增大 减小|上升 下降|升高 降低|提高 降低|允许 禁止|合法 违法"
    "|合法 非法|有效 无效|成功 失败|以上 以下|之前 之后|"
    "慎用 禁用|可以 禁止|同意 反对|支持 反对|开始 结束|出现 消失|进口 出口"
    "|至少 至多|停止 开始|终止 开始|起点 终点|吸热 放热|开幕 闭幕|接受 拒绝"
    "|顺时针 逆时针|唐代 宋代|增多 减少|扩张 收缩|"
    "north south|east west|more less|larger smaller|higher lower|before after"
    "|increase decrease|left right|"
    "first last|hot cold|always never|longest shortest|largest smallest"
)
_OPPOSITE: dict[str, set[str]] = {}
for _pair in _PAIRS.split("|"):
    _one, _other = _pair.split()
    _OPPOSITE.setdefault(_one, set()).add(_other)
    _OPPOSITE.setdefault(_other, set()).add(_one)
_SINGLE = (
    "南北 东西 左右 大小 高低 冷热 前后 上下 内外 多少 增减 升降 正负 有无 男女 新旧 "
    "长短 快慢 买卖 进出 黑白 阴阳 "
    "远近 宽窄 贵贱 涨跌 真假 优劣 软硬 输赢 借贷 攻守 "
    "早晚 轻重 强弱 深浅 厚薄 粗细 首末 单双 甲乙 春秋 夏冬 开关 胜负 干湿 寒热"
)
TURN = {a: b for pair in _SINGLE.split() for a, b in (tuple(pair), tuple(pair[::-1]))}


def _grams(text: str) -> list[str]:
    return [one for one in tokens(text) if len(one) > 1]


def _nearest(clause: str, clauses: list[str]) -> tuple[str, float]:
    """The clause that shares most with ``clause``, and which share of it."""
    said = set(_grams(clause))
    best, share = "", 0.0
    for other in clauses:
        held = len(said & set(_grams(other))) / len(said) if said else 0.0
        if held > share:
            best, share = other, held
    return best, share


def denials(clause: str) -> int:
    """How many denials a clause holds; 不仅 and 无线 are none, 不得低于 bounds."""
    return len(_DENIAL.findall(_NOT_DENIAL.sub("", _LIMIT.sub("", clause))))


def denies(sentence: str, passage: str) -> bool:
    """A clause with a denial more or less than the passage's clause that it is nearest to."""
    clauses = [one for one in _CLAUSE.split(without_numbers(passage)) if one.strip()]
    for clause in filter(None, _CLAUSE.split(without_numbers(sentence))):
        best, share = _nearest(clause, clauses)
        if share >= 0.4 and (denials(clause) - denials(best)) % 2:
            return True
        if denials(clause) and not best:
            return True
    return _drops_denial(sentence, passage)


_DENIED = re.compile(rf"(?:不[宜应得能可要]|禁止|严禁|切勿|不)(?=([{_HAN}]{{2,6}}))")


_IS_NOT = re.compile(rf"([{_HAN}]{{2,8}}?)(?:并)?不(是|属于|位于|会|能)([{_HAN}]{{1,6}})")


def _drops_denial(sentence: str, passage: str) -> bool:
    """What the passage only has behind a denial stands in the sentence without one (用沸水 of
    不宜用沸水), or the other way round (海马不是鱼)."""
    said, there = plain(sentence), plain(passage)
    for one, is_not, other in _IS_NOT.findall(said):
        if re.search(rf"{one}{is_not}(?:一[{_HAN}])?{other}", there):
            return True
    for found in _DENIED.finditer(_NOT_DENIAL.sub("\1", there)):
        what = found[1]
        if len(what) < 3 or what not in said or there.count(what) > 1:
            continue
        clause = next((one for one in _CLAUSE.split(said) if what in one), "")
        bounded = re.search("至少|至多|最少|最多", clause)  # 不得低于 in other words
        if clause and not bounded and not _DENIAL.search(_NOT_DENIAL.sub("", clause)):
            return True
    return False


def opposes(sentence: str, passage: str) -> bool:
    """The opposite of a word of the passage stands in its place (最小 for 最大, 热水 for 冷水)."""
    said, there = plain(sentence).casefold(), plain(passage).casefold()
    for word, others in _OPPOSITE.items():
        for found in re.finditer(re.escape(word), said):
            before = said[max(0, found.start() - 2) : found.start()]
            for other in others:
                if other in there and (
                    word not in there
                    or (before and before + other in there and before + word not in there)
                ):
                    return True
    for at, char in enumerate(said):
        turned = TURN.get(char)
        if turned is None:
            continue
        for left, right in ((1, 0), (0, 1)):
            around = said[max(0, at - left) : at + right + 1]
            other = around.replace(char, turned)
            if len(around) == 2 and around not in there and other in there:
                return True
    return False


# ------------------------------------------------------------------ names

_CODE = re.compile(r"(?<![A-Za-z\d])(?=[A-Za-z\d]*[A-Za-z])[A-Za-z\d]+(?:[-+#.][A-Za-z\d]+)*")
_WORD = re.compile(r"(?<![A-Za-z\d_])[a-z][a-z_]{2,}(?![A-Za-z\d_])")  # a name in a Chinese text
_TITLE = re.compile(r"《([^》]{1,40})》")


def strange_names(sentence: str, passage: str, known: str = "") -> bool:
    """A title, a code, a capitalised word, or a run of characters where a name stands, that the
    passage (and what else is ``known``) does not hold."""
    there = plain(passage + "\n" + known).casefold()
    text = without_numbers(sentence)
    if any(plain(title).casefold() not in there for title in _TITLE.findall(text)):
        return True
    if re.search(rf"[{_HAN}]", text) and any(
        word.casefold() not in there for word in _WORD.findall(text)
    ):
        return True
    english = not re.search(rf"[{_HAN}]", text)
    for number, code in enumerate(_CODE.findall(text)):
        named = (
            re.search(r"\d|[A-Z]", code)
            if not english
            else re.search(r"\d|^[A-Z]", code) and number
        )
        if named and code.casefold() not in there:
            return True
    clauses = [clause.strip() for clause in _CLAUSE.split(text) if clause.strip()]
    return any(_strange(clause, there) or _half_strange(clause, there) for clause in clauses)


_IS_WHO = re.compile(rf"(?:[是为]|叫做?|名叫)([{_HAN}]{{2,3}})$")


def _half_strange(clause: str, there: str) -> bool:
    """A name at the end that the passage has with another last character: 谢安 of 谢玄."""
    found = _IS_WHO.search(clause)
    name = found[1] if found else ""
    if not name or name in there or name[-1] in there:
        return False
    return bool(re.search(rf"{re.escape(name[:-1])}[{_HAN}]", there))


def _strange(clause: str, there: str) -> bool:
    """A run at the beginning or the end of a clause, or between two neighbours that the passage
    has with something else between them, none of whose pairs is in the passage."""
    text = re.sub(rf"[^{_HAN}\0]", "\0", _SAME.sub(lambda found: "\1" * len(found.group()), clause))
    text = re.sub(r"^[大小新老做买](?=[\u3400-\u9fff]{2})", "", text.strip("\0"))
    new = [True] * len(text)
    for at, pair in enumerate(a + b for a, b in pairwise(text)):
        if pair in there:
            new[at] = new[at + 1] = False
    for at, char in enumerate(text):
        if (
            not re.match(rf"[{_HAN}]", char)
            or _LIGHT.fullmatch(char)
            or char in "的了地得着过中上下里内人时"
        ):
            new[at] = False
    for run in re.finditer(r"1+", "".join("01"[one] for one in new)):
        at, end = run.span()
        named = text[at:end]
        fresh = sum(char not in there for char in named)
        if len(named) < 2 and not (fresh and at == 0):
            continue
        place = text[end : end + 1] in tuple("省市县区国州洲") and len(named) > 1
        if fresh and (at == 0 or end == len(text) or place):
            return True
        if fresh and text[at - 1 : at] in there and text[end : end + 2] in there:
            left, right = re.escape(text[max(0, at - 2) : at]), re.escape(text[end : end + 2])
            if "\1" not in left + right and re.search(rf"{left}[^，。；]{{1,8}}{right}", there):
                return True
    return False


# ------------------------------------------------------------------ roles

_PASSIVE = re.compile(rf"^(.*?)([{_HAN}]{{1,12}}?)(?:被|由)([{_HAN}]{{2,12}})$")
_IS_DONE = re.compile(rf"^([{_HAN}]{{2,14}})是([{_HAN}]{{3,16}})的$")
_WHO = re.compile(rf"^([{_HAN}]{{3,16}})的是([{_HAN}]{{2,8}})$")
_EVEN = re.compile(
    r"是|为|叫|和|与|同|跟|及|都|均|等于|即|又称|分为|包括|属于|位于|在于|相同|一样"
    r"|\b(?:is|are|was|were|and)\b"
)


def _active(clause: str) -> str:
    """X被Y打败, X由Y提出, X是Y发现的, 提出X的是Y in the order of Y打败X."""
    done = _IS_DONE.match(clause)
    if done:
        return done[2] + done[1]
    who = _WHO.match(clause)
    if who:
        return who[2] + who[1]
    passive = _PASSIVE.match(clause)
    return passive[1] + passive[3] + passive[2] if passive else clause


def _head(sentence: str) -> str:
    """What a sentence begins with: its first two characters, or its first word; '' where that
    names nothing."""
    text = re.sub(r"^[\0\s\d，,、“\"《（(]+", "", sentence)
    if _LIGHT.match(text.casefold()):
        return ""
    found = re.match(rf"[{_HAN}]{{2}}|[A-Za-z]+", text)
    return found.group().casefold() if found else ""


def mixes(sentence: str, passage: str) -> bool:
    """The sentence joins what the passage says of different things (李白 with 杜甫's 字), or turns
    who does what to whom."""
    one = re.sub(r"\s*\n?答案[:：]\s*", " ", passage) if "答案" in passage else passage
    parts = [one] if one != passage else [part for part in _SENTENCE.split(passage) if part.strip()]
    for clause in filter(None, _CLAUSE.split(re.sub(r"[。！？!?.；;\s]+$", "", sentence))):
        if (
            _turned(clause, parts)
            or _crossed(clause, passage)
            or _other_subject(clause, plain(passage))
        ):
            return True
    if _compared(sentence, passage) or _unbound(sentence, passage):
        return True
    return len(parts) > 1 and _borrowed(sentence, parts)


_REFERENCE = re.compile(
    rf"(?:[是为]|相当于|等于)(?:大?约)?([{_HAN}]{{1,10}}?)的[\d.]+多?倍"
    rf"|比([{_HAN}]{{1,10}}?)的?(?:更|还|要|略|稍)?[大小高低多少长短快慢重轻早晚强弱]"
)


def _compared(sentence: str, passage: str) -> bool:
    """Compared with another thing than in the passage: 木星的318倍 of 地球的318倍."""
    said, there = (
        {one or other for one, other in _REFERENCE.findall(plain(text))}
        for text in (sentence, passage)
    )
    return bool(said and there) and not any(a in b or b in a for a in said for b in there)


def _unbound(sentence: str, passage: str) -> bool:
    """A number of the sentence with the words that another number of the passage has at its side:
    1974年建成 of 1974年动工，1979年建成; 三天以上由主管批准 of 三天以内由主管批准."""
    said, there = plain(sentence), plain(passage)
    numbers = figures(passage)
    for one in figures(sentence):
        own = [other for other in numbers if quantities.same(other, one)]
        rest = [other for other in numbers if other.dimension == one.dimension and other not in own]
        for word, behind in ((_after(said, one), True), (_before(said, one), False)):
            if not word or not own or any(word in _around(there, other) for other in own):
                continue
            if any(word == (_after if behind else _before)(there, other) for other in rest):
                return True
    return False


_BOUNDED = re.compile(r"(?:及|或)?(?:以上|以下|以内|之内|的)")


def _after(text: str, one: Quantity) -> str:
    """The two characters behind a number and its bound, "" where there are none."""
    bound = _BOUNDED.match(text, one.end)
    found = re.match(rf"[{_HAN}]{{2}}", text[bound.end() if bound else one.end :])
    return found.group() if found else ""


def _before(text: str, one: Quantity) -> str:
    found = re.search(rf"[{_HAN}]{{2}}$", text[: one.start])
    return found.group() if found else ""


def _around(text: str, one: Quantity) -> str:
    """The clause that a number stands in."""
    begin = max(text.rfind(mark, 0, one.start) for mark in "。；;，,\n") + 1
    end = min((at for mark in "。；;，,\n" if (at := text.find(mark, one.end)) >= 0), default=None)
    return text[begin:end]


def _borrowed(sentence: str, parts: list[str]) -> bool:
    said = plain(sentence).casefold()
    wanted = set(_grams(without_numbers(said)))
    grams = [set(_grams(without_numbers(part))) for part in parts]
    numbers = [quantities.find(part) for part in parts]
    best = max(range(len(parts)), key=lambda at: len(wanted & grams[at]))
    used = {best}
    left = wanted - grams[best]
    for at in range(len(parts)):
        if at != best and len(left & grams[at] - set().union(*(grams[n] for n in used))) >= 2:
            used.add(at)
    for number in figures(sentence):
        holders = [
            at
            for at, there in enumerate(numbers)
            if any(quantities.same(other, number) for other in there)
        ]
        if holders and not used & set(holders):
            used.add(holders[0])
    begins = _head(_active(re.sub(r"[。.！!]$", "", said)))
    if begins and not any(begins in plain(parts[at]).casefold() for at in used):
        used |= {at for at, part in enumerate(parts) if begins in plain(part).casefold()}
    if len(used) < 2:
        return False
    heads = {at: _head(without_numbers(parts[at])) for at in used}
    return any(
        head and head not in said and not (begins and begins in plain(parts[at]).casefold())
        for at, head in heads.items()
    )


def _turned(clause: str, parts: list[str]) -> bool:
    """Two names around one verb, in the passage the other way round."""
    text = _active(without_numbers(clause).strip())
    words = _blocks(text, parts)
    if len(words) < 3:
        return False
    around = [(words[0], one, words[-1]) for one in words[1:-1]]
    if _EVEN.search("".join(words[1:-1])):
        around = []
    around += zip(words, words[1:], words[2:], strict=False)  # 李强接替张明 of 李强接替张明担任厂长
    return any(
        _says(part, last, verb, first)
        and not _says(part, first, verb, last)
        and not re.search(rf"\b{re.escape(verb)} by\b", part)
        for part in (plain(part).casefold() for part in parts)
        for first, verb, last in around
        if not _EVEN.search(verb)
    )


def _other_subject(clause: str, passage: str) -> bool:
    """What the passage says of one, said of another that it names elsewhere: 谢玄中箭受伤 of
    指挥者是谢玄，皇帝苻坚中箭受伤."""
    said = clause.strip()
    for there in filter(None, _CLAUSE.split(passage)):
        same = 0
        while same < min(len(said), len(there)) and said[-1 - same] == there[-1 - same]:
            same += 1
        who, own = said[: len(said) - same], there[: len(there) - same]
        if same < 2 or not re.fullmatch(rf"[{_HAN}]{{2,4}}", who) or len(own) < 2:
            continue
        does = said[len(who) :]
        both = any(who in one and does in one for one in _CLAUSE.split(passage))
        if who in passage and not (both or set(who) & set(there) or _LIGHT.match(who)):
            return True
    return _other_object(said, passage)


_THAT_IS = re.compile(rf"^(.{{4,}})是([{_HAN}]{{2,4}})$")


def _other_object(said: str, passage: str) -> bool:
    """Another name of the passage in the place of the one that is meant: 最热的行星是水星."""
    found = _THAT_IS.match(said)
    if not found or "答案" in passage or found[2] not in passage:
        return False
    best, share = _nearest(found[1], [one for one in _CLAUSE.split(passage) if one.strip()])
    if not re.search(rf"[{_HAN}]{{2}}是", best):  # its subject stands in another clause
        return False
    return share >= 0.5 and found[2] not in best and not set(found[2][:1]) & set(best)


def _says(place: str, *words: str) -> bool:
    """Whether the words stand in ``place`` in this order, near each other."""
    return bool(re.search(r"[^。；]{0,20}".join(map(re.escape, words)), place))


_TWO = re.compile(
    rf"(?=(?:^|[，,。；：由\n])([{_HAN}]{{2,12}}?)([{_HAN}]{{2}})[、，,]由?([{_HAN}]{{2,12}})([{_HAN}]{{2}})"
    r"(?:[。；，,]|$))"
)


def _crossed(clause: str, passage: str) -> bool:
    """Of two side by side one with what is said of the other: 乙局设计 of 甲院设计、乙局施工."""
    for one, does, other, did in _TWO.findall(passage):
        for name, own, strange in ((one, does, did), (other, did, does)):
            rest = clause.replace(name, "\0")
            if rest != clause and strange in rest and own not in rest and own != strange:
                return True
    return False


def _blocks(text: str, parts: list[str]) -> list[str]:
    """The longest pieces of a clause, in its order, that stand in the passage."""
    place = "\n".join(plain(part).casefold() for part in parts)
    text = text.casefold()
    if not re.search(rf"[{_HAN}]", text):
        return [
            word
            for word in re.findall(r"[a-z]+", text)
            if word in place and word not in ("the", "a", "an", "than")
        ]
    found, at = [], 0
    while at < len(text):
        size = 0
        while (
            at + size < len(text) and text[at : at + size + 1] in place and text[at + size] != "\0"
        ):
            size += 1
        if size >= 2:
            found.append(text[at : at + size])
        at += max(size, 1)
    return found
