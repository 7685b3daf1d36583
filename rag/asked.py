"""Does a bank's passage answer the kind of question that is asked?

哪年 is near 在哪个国家 by every vector where both are about the same thing, and answers nothing of
it. Three rules, each silent where it cannot tell: the interrogatives of both questions (who, when,
where, how many, why, how, which thing) have nothing in common, or the answer has not the form that
is asked for; the answer stands in the question already (江户是今天的哪座城市 of 东京的旧称？江户 is
fine, 东京 is no answer to 东京的旧称); one asks for the most and the other for the least. Texts
without a question of their own are never told apart here.

Made on 323 written paraphrases of a civil-service bank's questions; on 12,398 ordered pairs of that
bank's rows that its own clusters hold for the same question, which served to mend the rules,
40 (0.3%) are told apart wrongly.
"""

from __future__ import annotations

import re
from functools import lru_cache

from core.chinese import simplified
from core.text import bare, nfkc
from rag.agree import TURN
from rag.passages import Passage

_WHICH = r"(?:哪|什么|何|那)(?:一|几)?(?:个|位|座|条|名|种|处|片|些|支|款)?"
_HAN = r"[\u4e00-\u9fff]"
_TIME = (
    r"年(?!龄|纪)|朝代?|时期|世纪|年代|时候|时间|日子|月|日|天(?!然|气|体|文|线)"
    r"|代(?!表|名|号|替)|时代|季节|节气"
)
_PLACE = (
    r"国家?|省份?|市|城市?|地方|地区|洲|县|州|岛|地|区|方|处|山|河|江|湖|海|大洲|大洋|半岛|街|村|镇"
    r"|沙漠|高原|盆地|平原|古都|都城|首都"
)
_PERSON = (
    r"人|位(?!置)|皇帝|诗人|作家|画家|科学家|将领|总统|国王|词人|学者|思想家|音乐家|演员|导演|运动员"
    r"|球员|美人|大臣|君主|宰相|元帅|物理学家|数学家|化学家|航海家|发明家|哲学家|文学家|教育家|医学家"
    r"|书法家|领导人|女性|男子|明星|歌手|歌星|主角|选手"
)
_COUNTED = (  # what 几 is put before where it asks: 几个, 几岁; not 几乎, 几何
    "个次岁天层届颗座对名位人条部场章分号倍级句度粒枚斤米公千克元角小时里大楼阶站排十百万亿成国省字"
    "笔划画幅本篇回"
)
_KINDS = {
    name: re.compile(pattern)
    for name, pattern in {
        "when": rf"{_WHICH}(?:{_TIME})|何时|何年|几(?:十年代|世纪|月|号|几年|点)|啥时候"
        r"|时间(?:是|为)$",
        "count": rf"什么(?:温度|速度|高度|距离|重量|比例)|多少|(?<![哪这那好])几(?=[{_COUNTED}])"
        rf"|百分之几|(?<![很众许更最较])多[高大长远重久深快厚宽](?!{_HAN}{{0,2}}学)|第几"
        r"|速度(?:是|为)$|(?:数|比例|面积|长度|高度|人口|年限|期限)(?:是|为)$",
        "where": rf"{_WHICH}的?(?:{_PLACE})(?!\w*学家)|(?<![差别同错好难优])[在去到从往]?哪[里儿]"
        r"|何处|何地|哪[国省市洲]",
        "who": rf"谁|{_WHICH}{_HAN}{{0,4}}(?:{_PERSON})(?!口)|何人|哪国|{_WHICH}国",
        "why": r"为什么|为何|为啥|怎么会|是因为$|由于什么|原因(?:是|为|在于|有)?$",
        "thing": r"哪一?[部本首篇幅种类样项件道支只款些]|(?:什么|何种)"
        rf"(?={_HAN})(?!是|为|叫|来|被|时|地|人|位|国|省|城|样的人|原因|年|月|日|季|朝|方|称|名)",
        "how": r"怎么(?!样的|解释)|怎样|如何(?!解释)",
        "name": r"叫什么|叫啥|叫做?$|又称$|称为?$|名称|名字|全称|简称|别名|意为$|意思",
    }.items()
}
_SPAN = re.compile(r"几(?:十年代|世纪)|哪(?:个|一)?世纪|(?<!隔)多少年|(?<![近前后])几年")
_MEANS = re.compile(r"方式|方法|办法|措施|做法|手段|原理|途径|为什么|原因|作用|用处")
_MOMENT = re.compile(r"什么时候|何时|什么时间")  # 入伍就业时 answers it as well
_BRACKETS = re.compile(r"\s|[（(][^（）()]*[）)]$")
_TAIL = re.compile(r"[?？。:：_（）()\"“”、,，]+$")
_OPEN_END = re.compile(r"(?:是|为|指|于|有|在|叫|称)$")
_CHOICE = re.compile(
    r"吗|是不是|是否|能否|会不会|能不能|可不可|对不对|(.)不\1|有没有|还是|\bor\b"
    r"|^(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have)\b",
    re.IGNORECASE,
)
_INTERROGATIVE = re.compile(r"谁|哪|什么|多少|几|何|啥|怎")
_YES = re.compile(r"(?:正确|对|√|是|T|Y)[。.]?")
_NO = re.compile(r"(?:错误?|×|否|不对|不正确|F|N)[。.]?")
_OPTIONS = re.compile(r"以上|都是|都对|皆|[A-D]")
_NUMBER = re.compile(r"[\d零〇一二两三四五六七八九十百千万亿半%％ⅠⅡⅢⅣⅤ]")
_DATED = re.compile(
    r"[\d零〇一二两三四五六七八九十百千万年月日朝代时期春夏秋冬当]|世纪|民国|上古"
    r"|[唐宋元明清汉隋秦周商晋魏齐梁陈楚]$"
)
_PURE = re.compile(rf"[约大概]*\d[\d.,，%％~\-—–]*(?:{_HAN}|[a-zA-Z℃°%]){{0,3}}")
_OPTION = re.compile(r"^[A-F][.．、]")
_MOST = re.compile(rf"最({_HAN})")


def differs(query: str, one: Passage) -> bool:
    """Whether ``one`` answers another kind of question than ``query``."""
    if not one.question:
        return False
    return mismatched(query, one) or given(query, one) or turned(query, one.question)


@lru_cache(4096)
def kinds(question: str) -> frozenset[str]:
    """What a question asks for: names of :data:`_KINDS`, more where it may be meant either way;
    empty where it cannot be told."""
    text = _TAIL.sub("", _BRACKETS.sub("", simplified(nfkc(question))))
    if _OPEN_END.search(text):  # 它受几国影响，最早是指：asks for the last clause
        text = re.split(r"[,，。；;]", text)[-1]
    found = {name for name, pattern in _KINDS.items() if pattern.search(text)}
    if _SPAN.search(text):
        found |= {"when", "count"}
    if "name" in found:
        found |= {"who", "thing", "where"}
    if found and _MEANS.search(text):
        found |= {"how", "thing", "why"}
    if found == {"when"} and _MOMENT.search(text):
        found |= {"thing"}
    return frozenset(found)


def mismatched(query: str, one: Passage) -> bool:
    """Another interrogative, or an answer of another form than is asked for."""
    if _CHOICE.search(query) or _YES.fullmatch(one.answer):
        return False
    if _NO.fullmatch(one.answer):  # what a statement denies names nothing
        return bool(_INTERROGATIVE.search(query))
    asked, own = kinds(query), kinds(one.question)
    if asked and own and not asked & own:
        return True
    if not one.answer or _OPTIONS.search(one.answer):
        return False
    if asked == {"when"} and re.search("[哪何几]一?年", query):
        return not _DATED.search(one.answer)
    if asked == {"count"}:
        return not _NUMBER.search(one.answer)
    return bool(asked) and asked <= {"who", "where"} and bool(_PURE.fullmatch(one.answer))


def given(query: str, one: Passage) -> bool:
    """The answer stands in the question, and is none of the choices that it offers."""
    answer = bare(_OPTION.sub("", simplified(one.answer)))
    if len(answer) < 2 or _CHOICE.search(query) or answer in bare(simplified(one.question)):
        return False
    said = simplified(nfkc(query))
    plain = re.escape(answer)
    offered = rf"[、和与及或]{plain}|{plain}[、和与及或,，]|[A-F][.．、]?{plain}"
    return answer in bare(said) and not re.search(offered, said)


def turned(query: str, question: str) -> bool:
    """One asks for the most (最高) and the other for the least (最低)."""
    one, other = set(_MOST.findall(query)), set(_MOST.findall(question))
    return bool(one) and not one & other and any(TURN.get(char) in other for char in one)
