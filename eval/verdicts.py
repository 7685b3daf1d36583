"""True or false as an answer says it, or None where it says neither."""

from __future__ import annotations

import re

from core.chinese import simplified
from core.text import nfkc
from core.thinking import ends, without_thinking

# What a whole answer may be.
_YES = "对 是 真 √ ✓ ✔ ✅ ☑ ⭕ 👍 👌 🙆 o ○ y yes t true a 1 right correct ok 行 有 会 能 要 可 好"
_NO = "错 否 假 × ✗ ✘ ❌ ❎ 👎 🙅 🚫 ✖ n no f false b 0 x 无 非 不 叉 不会 wrong incorrect"
# One writing of ticks and crosses.
MARKS = str.maketrans(dict.fromkeys("✕☒⨯╳✘✖❎", "×") | dict.fromkeys("✔☑", "√"))
_TRUE, _FALSE = set(_YES.split()), set(_NO.split())

_SAY = (
    "正确(?!率|性|答案是)"
    "|(?<![反相绝针面核校])对(?![象于方比待应面话付策称立手外内流数冲照])|准确(?!率|性)"
    "|属实|真实|真(?!空|菌|皮|正|理|核|诚)|成立|符合|相符|合理|合法|正当|可取|可行|科学"
    "|恰当|妥当|合规"
)
_CAN = "可以|能够?|允许|应该|应当|需要|必须|会|行|属于|同意|赞成|认同|支持|赞同|要|是|有"
_HOW = (
    "太|大|完全|够|全|怎么|甚|很|尽|一定|见得|十分|那么|总是|都|算|能算|能说是?|是"
    "|可能是?|甚为|再|能"
)
_VERY = (
    "完全|绝对|非常|十分|基本上?|大体上?|大致上?|总体|都|均|就|也|确实|当然|显然|的确"
    "|是|为|算是?|很|应该是|应当是|应是|应判断?为|判断?为|视为"
)
# Patterns in the order in which they are tried at one place: the first that matches there decides.
_RULES: tuple[tuple[str, bool | None], ...] = (
    # 我不认为这是正确的; 不可以酒后驾车的说法是正确的: what is said of the saying counts
    (rf"(?:不认为|不觉得|不同意|不赞成|don'?t think)[^,。;]{{0,14}}?(?:{_SAY}|true"
        rf"|right|correct)", False),
    (rf"^[^,。;]{{2,40}}?(?:的)?(?:说法|表述|观点|命题|看法|做法|这句话|结论)(?:是|也"
        rf"|确实|当然|完全)*(?:{_SAY})", True),
    (rf"^[^,。;]{{2,40}}?(?:的)?(?:说法|表述|观点|命题|看法|做法|这句话|结论)(?:是|也"
        rf"|确实|当然|完全)*(?:错|不(?:{_SAY})|假|有误)", False),
    (rf"^[^,。;]{{2,40}}?是(?:{_SAY})的?(?:说法|表述|观点|命题)", True),
    (r"(?:不|没有?|并未|未)(?:是|算)?(?:违法|违规|违反|违背)", True),
    (r"(?:并非|不是|非|事实不)(?:如此|这样|那样|这么回事)", False),
    (r"不(?:假|虚|谬)(?=$|[,。;!])", True),
    # 没有错误, 不能说是错误的, 不是不对, 不算错, 并非错误
    (r"(?:没有?|无|不存在|找不出|看不出)(?:什么|任何|啥|明显|半点|一点)?(?:错误?|问题"
        r"|毛病|不对|不妥|不当|差错|瑕疵)|无误|无错", True),
    (r"(?:不是|并非|不能说|不能算|不算|并没有|不能认为)(?:是)?(?:没有?道理|不对"
        r"|不正确|错误?|假)(?:的)?", True),
    (r"不错", True),
    (r"(?:(?:找|看|挑|查|发现|指)不[出到了]|(?:未|没有?)(?:发现|见|找到|看出))"
        r".{0,4}(?:错|问题|毛病|不妥)", True),
    (r"\bno (?:error|mistake|problem|fault|issue)s?\b|nothing (?:is )?wrong", True),
    (r"\b(?:an?|some) (?:error|mistake)s?\b", False),
    (r"不[妥当](?=$|[,。;!])", False),
    (r"^(?:禁止|严禁|不可能|不[可得许准宜]|不一定|未必|不见得|不尽然)(?=$|[,。;!])", False),
    (r"^(?:那?当然|自然)(?=$|[,。;!])", True),
    (r"(?:not|isn'?t|n't) (?:false|wrong|incorrect|untrue)", True),
    # 不太正确, 未必正确, 谈不上对, 部分正确
    (rf"(?:并|也|还|都)?(?:不|没有|未|未必|并非|绝非|谈不上|称不上|算不上|不见得"
        rf"|难以?说)(?:{_HOW})*(?:{_SAY})", False),
    (r"(?:部分|一半|半|只有部分|有条件)(?:地)?(?:正确|对|成立)", False),
    (r"(?:not|isn'?t|n't)(?: (?:quite|entirely|completely|fully|really|always|exactly"
        r"|the case|so))* ?(?:true|right|correct|accurate)?", False),
    (r"(?:与|跟|和)?(?:事实|实际|规定|原文|史实|题意)?(?:不符|不相符|不一致|相悖|相反"
        r"|矛盾)|相违背", False),
    (r"(?:有|存在|出现)(?:明显|严重)?(?:的)?(?:错误?|误|问题|不妥|偏差|瑕疵|漏洞)", False),
    (rf"(?:{_VERY})*(?:错误|错了?(?!综)|谬误|误区|谣言|误解|误读|谬论|假(?!期|设|如|日"
        rf"|定|使)|虚假|捏造|不实|以偏概全|否定|反对|不可信|片面|打叉|混淆|颠倒"
            rf"|此言差矣|违法|违规|违反|违背|说反|相反|(?:不够?|欠)(?:全面|严谨|妥当?|科学"
            rf"|合理)|disagree"
        rf"|没有?(?:道理|依据|根据)|无稽|站不住脚|胡说)", False),
    (r"(?:\b(?:myth|fallacy|misconception|definitely not|certainly not|absolutely not"
        r"|false|wrong|incorrect|untrue|inaccurate)\b)", False),
    (rf"(?:{_VERY})*(?:{_SAY})(?:的|命题|无误|无疑|答案)*", True),
    (r"肯定|打勾|打对|属实|没错|言之有理|有道理|无可挑剔|无可非议|(?:与|和|跟"
        r"|同)[^\s不]{1,8}(?:相?一致|相符|吻合)|\bagree|所言极是|(?:确实|的确|就|正"
        r"|真)?是?(?:如此|这样)(?:的)?(?=$|[,。;!])", True),
    (r"(?:\b(?:true|right|correct|accurate)\b)", True),
    (rf"(?:不|无法|没|未)(?:会|必|被|再)?(?:{_CAN})", False),
    (r"^不(?:$|[,。!])|^否(?:$|[,。!])|^(?:no|nope|nah)\b", False),
    (r"^(?:yes|yeah|yep|sure|indeed|absolutely|definitely|certainly|of course)\b", True),
    (r"^是(?:的|啊|呀|,|。|$)|^(?:可以|能|能够|会|允许|应该|应当|需要|必须|同意|赞成"
        r"|认同|支持|赞同|行|有|属于|要)", True),
    (r"[√✓✔✅☑👍]", True),
    (r"[×✗✘❌👎🙅✖]", False),
)  # fmt: skip
_COMPILED = [(re.compile(pattern, re.IGNORECASE), value) for pattern, value in _RULES]
_UNSURE = re.compile(
    r"(?:需要|请|缺少|缺乏)(?:提供|补充)?(?:更多|进一步|其他)|(?:正确|对|是)(?:还"
    r"|或)是?(?:错误?|不对|不正确|否)|既.{1,6}又.{1,6}$|有时.{1,8}有时|半对半错"
    r"|对错参半|(?:我)?(?:也)?(?:不|无法|难以|没法|未能|不太)(?:能)?(?:确定|知道"
    r"|清楚|判断|判定|确认|辨别|好说|回答|了解|肯定|会(?=做|答))|说不准|说不好|拿不准|不好说|我不会|视情况|看情况"
    r"|取决于|更多信息|也可能"
    r"|not sure|unsure|don'?t know|cannot (?:tell|determine|judge)|can'?t (?:tell"
    r"|say)|it depends|unknown",
    re.IGNORECASE,
)
# Questions, the task put again, and what is only mentioned: no verdict stands in them.
_ASKS = re.compile(
    r"[^,，。;；\n!！]{0,60}(?:[？?]|吗(?=[,，。;；\n]|$)|是否\S{0,12}?(?=[,，。;；\n:：]"
    r"|$)|对不对(?=[,，。;；:]|$)|是不是\S{0,12}?(?=[,，。;；\n]|$))"
)
_ENDS = re.compile(
    r"(?:答案|判断结果|判断|结论|结果|综上(?:所述)?|因此|所以|故|由此可见|可见"
    r"|answer|verdict|therefore|hence|thus|boxed)(?:应该|应当|应|本题|此题|该题|说法"
    r"|这个说法|该说法)*(?:判断?)?(?:是|为|:|,|应|is)?",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"(?:但实际上|但其实|其实|实际上|事实上|但是|但|然而|不过|however|but|actually)", re.IGNORECASE
)
_BOTH = re.compile(
    r"(?:正确|对|true|√|是)\W{0,3}(?:或|or)?\W{0,3}(?:错误?|不对|false|×|否)", re.IGNORECASE
)
_WRAP = re.compile(r"\\?\\(?:boxed|text|mathrm|mathbf|textbf)\s*|[*`#{}$~]|</?\w+>|[\ufe0f]")


def verdict(answer: str) -> bool | None:
    """True or false: "错误，…", "这种说法不太正确", "没有错误", "√", "Y", "No, …"; None where the
    answer says neither, both, or that it does not know.

    A conclusion (答案, 因此, Answer) decides over what stands before it, what follows 但其实 over
    what it turns from; else the first verdict of the answer.
    """
    text = _WRAP.sub("", ends(without_thinking(answer)))
    text = nfkc(simplified(text)).casefold().translate(MARKS).strip()
    text = re.sub(r"[\"'“”‘’「」()\[\]【】<>《》]", "", text).strip(" 。.!,，:：;；")
    text = re.sub(
        r"^(?:答案|回答|答|判断|结论|answer|a(?=:))\s?(?:是|为|应为|is)?\s?[:：]?\s*(?=\S)",
        "",
        text,
    ).strip(" 。.!:：")
    if _BOTH.fullmatch(text):
        return None
    text = re.sub(r"^(?:我)?选(?:择|项)?\s?[:：]?\s?(?=[ab]\b)", "", text)
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    told = _ASKS.sub(" ", text).strip(" ,，。")
    if not told or _UNSURE.search(told):
        return None
    for pattern in (_ENDS, _TURNS):
        parts = pattern.split(told)
        if len(parts) > 1 and (said := _first(parts[-1])) is not None:
            return said
    return _first(told)


def _first(text: str) -> bool | None:
    """The verdict that stands first; of two at one place the more special rule's."""
    text = text.strip(" ,，。:：;；.!")
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    found = []
    for order, (pattern, value) in enumerate(_COMPILED):
        match = pattern.search(text)
        if match:
            found.append((match.start(), order, match.end(), value))
    if not found:
        return None
    first = min(found)
    # 该说法不正确: a later rule may cover an earlier one's end; the longer reading wins.
    covering = [one for one in found if one[0] <= first[0] and one[2] > first[2]]
    return min(covering or [first], key=lambda one: one[1])[3]
