"""Whose is what a sentence says? Disagreements that lie between the clauses of one passage.

:mod:`rag.agree` compares words; here a sentence is held against the clause that its number, its
subject or its object comes from: the number of another thing, steps in another order, an item of
what is ruled out, a denial where the passage denies nothing, a comparison that the passage's
own figures deny, one kind of a thing for another. Texts with a question of their own are
left to the other rules: half of such a clause stands in the question.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

from core import quantities
from core.numerals import plain
from core.quantities import Quantity
from rag import agree

_HAN = r"\u3400-\u9fff"
_CLAUSE = re.compile(r"[。！？!?；;\n，,：:]+")
_PIECE = re.compile(r"[^。！？!?；;\n，,、：:]+")


def conflicts(sentence: str, passage: str) -> bool:
    """Whether the sentence joins or turns what the passage's clauses say apart."""
    if re.search(r"\n答案[:：]", passage):
        return False
    said, there = plain(sentence), plain(passage)
    rules = (_reordered, _ruled_out, _denies_freely, _still_allowed, _number_of_another)
    return any(rule(said, there) for rule in (*rules, *_ROLES))


def _clauses(text: str) -> list[str]:
    return [one.strip() for one in _CLAUSE.split(text) if one.strip()]


# ------------------------------------------------------------------ steps

_STEPS = re.compile(
    r"先(?![生后进前])(?P<one>.{2,20}?)[,，]?(?:再|然后|接着|之后)(?P<other>[^。；;]+)"
)
_ORDERED = re.compile(r"先(?![生进])|再|然后|接着|最后|其次|之后")


def _reordered(said: str, there: str) -> bool:
    """先炒色再焯水 of 先焯水再炒色."""
    steps = _STEPS.search(said)
    if not steps or not _ORDERED.search(there):
        return False
    one, other = _place(steps["one"], there), _place(steps["other"], there)
    return one is not None and other is not None and one > other


def _place(phrase: str, there: str) -> int | None:
    """Where the longest part of a phrase stands that the text has once."""
    for size in range(min(len(phrase), 12), 1, -1):
        for at in range(len(phrase) - size + 1):
            if there.count(phrase[at : at + size]) == 1:
                return there.index(phrase[at : at + size])
    return None


# ------------------------------------------------------------------ denials

_EXCLUDES = re.compile(r"不(?![仅但同断过])|禁|忌|勿|严禁|除外|没有|未(?!来)|无(?!论)")
_NEGATIVE = re.compile(
    r"[不没未无非勿别禁忌免除弃废停止失缺少仅只唯拒反败负输低难避防断绝空错假否限外离]|以[下内]|至多|最多"
    r"|\b(?:not|no|never|without|only|except|less|fail|until|unless|nor|neither|cannot)\b|n't",
    re.IGNORECASE,
)


_LATIN = re.compile(r"[A-Za-z][\w.+#-]{2,}")


def _ruled_out(said: str, there: str) -> bool:
    """An item of a list behind a denial, said without one: 生育费用在承保范围内 of
    不承保既往症和生育费用."""
    for clause in _clauses(there):
        denial = _EXCLUDES.search(clause)
        items = re.split(r"[、和及或与]", clause[denial.end() :]) if denial else []
        for item in map(str.strip, [*items[1:], *_LATIN.findall(" ".join(items[:1]))]):
            if not re.fullmatch(rf"[{_HAN}]{{2,10}}|[A-Za-z].*", item) or there.count(item) > 1:
                continue
            if any(item in one and not _NEGATIVE.search(one) for one in _clauses(said)):
                return True
    return False


def _denies_freely(said: str, there: str) -> bool:
    """A denial where the passage has none, nor any word of lack or limit."""
    if "而是" in said:
        return False
    clauses = _clauses(agree.without_numbers(said))
    return any(agree.denials(one) % 2 for one in clauses) and not _NEGATIVE.search(there)


_ALLOWS = re.compile(r"仍|可以|还能|照常|(?<!无)有效")
_VOID = re.compile(r"[弃废拒]|失[效去]|无效|[终停]止")


def _still_allowed(said: str, there: str) -> bool:
    """逾期仍可兑奖 of 逾期视为弃奖."""
    for clause in _clauses(said):
        if not _ALLOWS.search(clause) or _VOID.search(clause):
            continue
        about = (one for one in _clauses(there) if one[:2] == clause[:2])
        if any(_VOID.search(one) and not agree.denials(one) for one in about):
            return True
    return False


_PART = re.compile(r"[.,;]\s*|\b(?:but|and|while)\b")
_WORD = re.compile(r"[A-Za-z]{3,}")


def _english(said: str, there: str) -> bool:
    """``covers the screen`` of ``covers the battery but not the screen``: the last word of a part
    stands in one part of the passage, which denies it, or does not."""
    if re.search(rf"[{_HAN}]", said + there):
        return False
    parts = _PART.split(there.casefold())
    for part in _PART.split(said.casefold()):
        words = _WORD.findall(part)
        holding = [one for one in parts if words and re.search(rf"\b{words[-1]}\b", one)]
        if len(holding) == 1 and agree.denials(part) % 2 != agree.denials(holding[0]) % 2:
            return True
    return False


# ------------------------------------------------------------------ numbers


def _pairs(text: str) -> set[str]:
    text = agree.without_numbers(text)
    runs = re.findall(rf"[{_HAN}]+", text)
    pairs = {run[at : at + 2] for run in runs for at in range(len(run) - 1)}
    return pairs | set(re.findall(r"[a-z_]{3,}", text.casefold()))


def _pieces(text: str) -> list[tuple[str, Quantity]]:
    """Every figure of a text with the piece that it stands in, up to the nearest mark."""
    figures = agree.figures(text)
    pieces = [found.span() for found in _PIECE.finditer(text)]
    return [(text[a:b], one) for one in figures for a, b in pieces if a <= one.start < b]


def _number_of_another(said: str, there: str) -> bool:
    """A figure with the words that only another figure of its kind has: 动车需110分钟 of
    动车需40分钟，普通列车需110分钟."""
    held = _pieces(there)
    for piece, one in _pieces(said):
        if not one.exact:  # a bound is compared with its words by rag.agree
            continue
        own = [text for text, other in held if quantities.same(other, one)]
        rest = [
            (text, other)
            for text, other in held
            if other.dimension == one.dimension and text not in own
        ]
        if not own or not rest:
            continue
        carried = all(
            re.match(r"\s?[于在从到至]?\d", text) for text in own
        )  # no subject of its own
        mine = set().union(*(_pairs(text) for text in own))
        theirs = set().union(*(_pairs(_behind(text) if carried else text) for text, _ in rest))
        words = _pairs(piece)
        if words & (theirs - mine) and not words & (mine - theirs):
            return True
    return False


def _behind(piece: str) -> str:
    found = re.search(r"\d", piece)
    return piece[found.end() :] if found else piece


# ------------------------------------------------------------------ subjects

_ADVERBIAL = re.compile(
    r"[在于从年月日后前时期中间内上下里并又也还曾再由被经将把以对为与和因而且如若其该此这那]"
)


def _subject_of_another(said: str, there: str) -> bool:
    """What one clause says of its subject, said of another that the passage names:
    祖冲之发明了地动仪 of 张衡发明地动仪，祖冲之推算圆周率."""
    clauses = _clauses(there)
    for clause in _clauses(said):
        who = _named(clause, there)
        if not who or there.startswith(who):  # what the passage is about has all of its clauses
            continue
        rest = _pairs(clause[len(who) :])
        mine = [one for one in clauses if who in one]
        if any(len(rest & _pairs(one)) >= max(1, len(rest) // 2) for one in mine):
            continue
        for other in clauses:
            shared = rest & _pairs(other)
            if other in mine or len(shared) < max(2, len(rest) / 3):
                continue
            lead = _subject(other[: min(other.index(pair) for pair in shared)])
            if lead and lead not in said:
                return True
    return False


def _subject(lead: str) -> str:
    """The name that a clause begins with: 张衡 of 张衡于公元132年, none of 并在洛阳."""
    run = re.match(rf"[{_HAN}]+", lead)
    name = _ADVERBIAL.split(run.group())[0] if run else ""
    return name if 2 <= len(name) <= 6 and (run and len(run.group()) <= 12) else ""


def _named(clause: str, there: str) -> str:
    """The longest beginning of a clause, of two to five characters, that the passage has."""
    run = re.match(rf"[{_HAN}]{{2,5}}", clause)
    for size in range(len(run.group()) if run else 0, 1, -1):
        if clause[:size] in there and not _ADVERBIAL.search(clause[:size]):
            return clause[:size]
    return ""


_MADE_BY = re.compile(rf"(.{{2,}})的[{_HAN}]{{2,3}}(?:是|为)([{_HAN}]{{2,4}})$")


def _made_by_another(said: str, there: str) -> bool:
    """《梦溪笔谈》的作者是张衡 of 张衡发明地动仪，沈括著有《梦溪笔谈》."""
    for clause in _clauses(said):
        made = _MADE_BY.search(clause)
        at = there.find(made[1]) if made and made[2] in there else -1
        if not made or at < 0 or there.count(made[1]) > 1:
            continue
        own = next(one for one in _clauses(there) if made[1] in one)
        lead = own[: own.index(made[1])]
        if made[2] not in own and len(lead) > 2 and not _ADVERBIAL.search(lead[:4]):
            return True
    return False


_IS_WHO = re.compile(rf"^(.{{2,}})(?:是|为)([{_HAN}]{{2,4}})$")


def _place_of_another(said: str, there: str) -> bool:
    """女单冠军是林雅 of 陈思羽夺得女单冠军；林雅获得亚军: who heads another part is not the one."""
    parts = [part.strip() for part in re.split(r"[。；;\n]", there) if part.strip()]
    for clause in _clauses(said):
        is_who = _IS_WHO.search(clause)
        if not is_who or there.count(is_who[1]) != 1:
            continue
        own = next((part for part in parts if is_who[1] in part), "")
        after = own[own.find(is_who[1]) :] if own else ""
        heads = any(part.startswith(is_who[2]) for part in parts if part != own)
        if heads and is_who[2] not in re.split("[，,]", after)[0] and not own.startswith(is_who[2]):
            return True
        clause_of = next(one for one in _clauses(there) if is_who[1] in one)
        holds = any(one.startswith(is_who[2]) for one in _clauses(there) if one != clause_of)
        lead = clause_of.split(is_who[1])[0]  # 王楠担任: its own subject and a verb
        if holds and is_who[2] not in clause_of and len(lead) > 3 and _subject(lead):
            return True
    return False


_MOST = re.compile(rf"(?:是|为|属于)([{_HAN}]{{2,5}})最[{_HAN}]的")


_HERE = re.compile("我国|全[国球省市]|世界|当今|目前|现在|本|其中|该|这")


def _most_elsewhere(said: str, there: str) -> bool:
    """是日本最大的湖 of 是中国最大的湖."""
    own = _MOST.findall(there)
    return bool(own) and any(
        place[:2] not in there and not _HERE.match(place) for place in _MOST.findall(said)
    )


_FROM_TO = re.compile(
    rf"(?:由|从|自|将|把)([{_HAN}A-Za-z\d]{{1,14}}?)(改为|改成|变为|变成|转为|换成|升[至到为]|降[至到为]"
    rf"|[倒加放注滴溶]入|混入|转化为|到达?|迁往)([{_HAN}A-Za-z\d]{{1,8}})"
)


def _ends_exchanged(said: str, there: str) -> bool:
    """由毫秒改为秒 of 由秒改为毫秒; 将水倒入硫酸 of 将硫酸倒入水中."""
    for (one, way, other), (first, same, second) in product(
        _FROM_TO.findall(said), _FROM_TO.findall(there)
    ):
        begins = one[0] == second[0] and other[0] == first[0]
        if way == same and begins and one[0] != first[0]:
            return True
    return False


_RELATION = re.compile(
    rf"([{_HAN}]{{2,8}}?)(?:不得|不能|不应|不可|不)?"
    r"(低于|高于|少于|多于|大于|小于|早于|晚于|优于|先于|快于|慢于|战胜|击败|领先)"
    rf"([{_HAN}]{{2,8}})"
)


def _exchanged(said: str, there: str) -> bool:
    """The two sides of one relation, turned: 约定工资不低于试用期工资."""
    for (left, relation, right), (own, same, other) in product(
        _RELATION.findall(said), _RELATION.findall(there)
    ):
        if relation != same:
            continue
        turned = _alike(left, other) > _alike(left, own) and _alike(right, own)
        if turned and _alike(right, own) > _alike(right, other):
            return True
    return False


def _alike(one: str, other: str) -> int:
    """The length of the longest piece of two or more characters that both have."""
    sizes = (
        size
        for size in range(min(len(one), len(other)), 1, -1)
        for at in range(len(one) - size + 1)
        if one[at : at + size] in other
    )
    return next(sizes, 0)


# ------------------------------------------------------------------ kinds and comparisons

_KIND = (
    "红白黑黄绿蓝青紫冰甲乙丙丁东西南北男女公母主副正反左右干湿生熟单双酸碱"
    "氧氮氢碳硫盐磷钾钠钙铁铜铝金银木水火土春夏秋冬父母子牛羊猪鸡鸭鱼米麦豆"
)


def _other_kind(said: str, there: str) -> bool:
    """红糖炒色 of 冰糖炒色: between the same characters another that tells kinds apart."""
    for at, char in enumerate(said):
        if char not in _KIND:
            continue
        for left, right in ((1, 2), (2, 1), (0, 3)):
            before, behind = said[max(0, at - left) : at], said[at + 1 : at + 1 + right]
            if (left and not before) or len(behind) < right or (not left and at):
                continue
            around = before + behind
            if not re.fullmatch(rf"[{_HAN}]+", around) or before + char + behind in there:
                continue
            if re.search(rf"{before}[{_KIND.replace(char, '')}]{behind}", there):
                return True
    return False


_THAN = re.compile(
    rf"([{_HAN}A-Za-z]{{2,8}}?)比([{_HAN}A-Za-z]{{2,8}}?)(?:更|还|要|略|稍)?"
    r"([快慢长短多少高低大小远近重轻贵早晚])"
)
_LESS = "慢短少低小近轻早"


def _outdone(said: str, there: str) -> bool:
    """普通列车比动车快, where the passage's figures say the reverse."""
    for one, other, how in _THAN.findall(said):
        values = {name: _figures_of(name, there) for name in (one, other)}
        for a, b in product(values[one], values[other]):
            if a.dimension != b.dimension or not (
                isinstance(a.low, Fraction) and isinstance(b.low, Fraction)
            ):
                continue
            takes_time = a.dimension == "s" and how in "快慢"
            less = (how in _LESS) != takes_time
            return bool(a.low >= b.low if less else a.low <= b.low)
    return False


def _figures_of(name: str, there: str) -> list[Quantity]:
    """The exact figures of the pieces that begin with a name."""
    return [one for text, one in _pieces(there) if text.strip().startswith(name) and one.exact]


_ROLES = (
    _subject_of_another,
    _made_by_another,
    _place_of_another,
    _most_elsewhere,
    _ends_exchanged,
    _exchanged,
    _other_kind,
    _outdone,
    _english,
)
