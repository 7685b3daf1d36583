"""What a Chinese text denies: a term under 不用于, 患者禁用, 无效 or 禁忌 is not affirmed.

Works on text that :func:`eval.terms.normal` has made plain. What is denied is masked with
:data:`HIDDEN`, so that no term matches in it or across it. The rules are about wording, not about
medicine; each stands with examples in tests/eval/test_terms.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "\0"  # stands for masked text: no term matches across it
STOP = "。;!?\n" + HIDDEN
_IN = "[^,。;]"  # within one clause

_NUMBER = re.compile(
    r"(?:(?<=^)|(?<=[。;:,\n!?)]))\s*(?:\(\d{1,2}\)|\d{1,2}[、.)](?!\d)|[-*•●])\s*"
)
# Mentions that are no affirmation: drugs "against X", and X(限于Y), which narrows X.
_ASIDE = re.compile(
    r"抗[^、,。;()]{1,10}?药|(?<![是为种类])治疗[^、,。;()]{1,8}?药物?(?=[)、,])|\((?:仅|只)?限于[^()]*\)"
)
_USE = r"(?:用于|使用于|适用于|适于|应用于|用来|用作治疗|治疗|能治|治|缓解|改善|预防)"
_APT = r"(?:适应[症证]|主治|用途|治疗范围|适用范围|指征)"
_EFFECT = r"(?:作用|功效|效果|疗效)"

_TAKE = r"(?:使?用|服用?|食用|饮用|口服|应用)"
_DONT = r"(?:禁止|严禁|不宜|不能|不可以?|不应该?|不得|不推荐|不建议|不适合|避免|不要|切?勿|别)"

# Cues before what they deny. The denial lasts to the end of the sentence or to a clause that
# affirms.
_BEFORE = re.compile(
    rf"不(?:能|可|得|宜|应|应当|该|推荐|建议|适合|适宜|允许|再|会|主要|直接|可以|能够|是)*(?:被|直接|主要|常规|有效地?|很好地?)?{_USE}"
    r"|不(?:推荐|建议|适合|适宜|宜)(?!时|者)"
    rf"|{_DONT}{_TAKE}[^,。;、:]{{0,16}}?(?:来|以)?{_USE}|治不[了好](?!的|时|者)|[很极]少{_USE}"
    rf"|(?:不|勿|别)(?:能|可以?|得|应该?|宜|要)*(?:将|把|拿)[^,。;、:]{{0,16}}?{_USE}|不(?:能|可以?|得)?(?:替代|代替|取代)"
    r"|而(?:并)?不是|(?:可能|会|可)(?:加重|加剧)"
    r"|not(?:be|been)?(?:indicated|approved|recommended|used|suitable|effective)(?:for|to|in|against)?"
    r"|(?:not|can'?t|doesn'?t)(?:treat|cure|relieve)"
    rf"|(?:禁|忌|慎|避免|禁止|严禁|切?勿|并非|而非|非|未(?:被|经|获)?|没有?|尚未)(?:批准|推荐|建议|证实|证明|直接|能|可)*{_USE}"
    rf"|(?:未被?|未获|没有|尚未)(?:获得?)?批准{_USE}?"
    rf"|无法{_USE}|不具[有备]{_USE}|不(?:清楚|知道|确定)|是否|能否|可否"
    rf"|(?:没有|尚无|并无|暂无|缺乏|缺少){_IN}{{0,6}}(?:证据|研究|数据|资料|报道|试验)"
    r"|(?:尚未|未能?|未经)(?:得到|被)?(?:证实|证明|发现)"
    r"|(?:误以为|误认为|误传|谣传)"
    rf"|{_APT}(?:中|里)?(?:不包括|不含|没有|并无|未列入?)|不包括|不包含|未包括"
    r"|不(?:应|宜|能)?(?:作为|当作)"
    r"|不(?:会|易|致|至于)?(?:引起|导致|诱发|出现|产生|造成)"
    r"|^(?:禁忌[证症]?|禁用|慎用)"
    r"|禁忌(?:证|症|人群)?(?:为|是|有|包括|:|】)|禁用(?:人群|于|者)?(?:为|是|有|包括|:|】)"
    r"|(?:不良反应|副作用|毒副作用)[^。;]{0,8}?(?:为|是|有|包括|如|:|】)"
    rf"|(?:服药|服用|用药|使用)(?:本品|本药|该药)?(?:后|期间){_IN}{{0,6}}(?:出现|引起|导致|诱发|发生|感到|会|致)"
    r"|(?:过量|大剂量|长期)(?:服用|使用|用药|应用)?(?:可能|会|可|能)*(?:出现|引起|导致|诱发|发生|致)"
    rf"|(?:本品|本药|该药|它)(?:可能|偶)(?:会|可)?(?:出现|引起|导致|诱发)"
    # What it may bring on, unless a clause about its use says so of something else.
    rf"|(?<![^,:、{HIDDEN}])(?:(?!{_USE})[^,:、{HIDDEN}]|[使服]用){{0,16}}?"
    r"(?:可能|也?可|会|容?易|偶|有时)(?:会|可|能)?(?:引起|引发|导致|诱发|造成)(?![^,、]{0,12}的)"
)
# Cues that deny a few words and nothing after them.
_INSIDE = re.compile(
    r"与(?:(?!与)[^,。;]){1,200}?(?:无关|(?:药物?|剂)(?:合用|联用|并用|同用|同服|联合使用|同时使用))"
    rf"|不同于{_IN}{{1,20}}|[^,。;、:]{{1,12}}以外(?!,?[还也亦又更])"
    r"|不伴有?[^,。;、的]{1,10}"
    rf"|(?:没有|不具有|不具备|缺乏){_IN}{{0,20}}?{_EFFECT}(?!的|时|或|者)"
    rf"|无(?:治疗|预防|缓解|改善|降|抗|明显|显著){_IN}{{0,16}}?{_EFFECT}(?!的|时|或|者)"
    rf"|(?:没有|无(?!效)|未标明){_IN}{{1,200}}?{_APT}"
    rf"|(?:不是|不属于|并非)(?:{_USE}{_IN}{{1,200}}?的药物?|{_IN}{{0,16}}?药物?)"
    r"|除了?[^,。;]{1,200}?(?:以外|之外|外)的"
    rf"|(?:没有|尚无|并无|暂无)[^,。;证]{{0,20}}?{_USE}{_IN}{{1,200}}?(?:报道|报告|先例|信息|资料|记录|依据|证据)"
)
_AFFIRM = re.compile(
    r"(?:但(?!不|未|无|没|并不|禁|慎)|而是"
    rf"|[,、](?:{HIDDEN}|而|并|且|它|本品|该药|主要|可以?|能够?|应|则|也|还|仅|只|其实|实际上|事实上|通常)*"
    r"(?:适用于|用于|用来|治疗|缓解|改善|预防|适合|有效))"
)
# Cues after what they deny: back to the last affirming verb's clause, or to the sentence's
# beginning.
_AFTER = re.compile(
    rf"{_DONT}{_TAKE}(?!于)"
    r"|(?:禁用|慎用|忌用|忌服|禁服|慎服|忌食|禁忌)(?!于|症|证|:|】|人群|包括)"
    r"|无效(?!的|时|或|者|后|、|及|病)"
    rf"|(?:没有|无|缺乏)(?:治疗|明显|显著|任何|什么|多大)*(?:{_EFFECT}|帮助|用处)(?!的(?!,|$)|时|或|者)|没什么用|不起作用|不管用|不见效|不(?:太|完全)?(?:适用|对症)$"
    r"|(?:没有|缺乏|缺少|尚无|并无)(?:足够|充分|可靠|科学|临床|循证|医学|任何|明确|的)*(?:依据|证据|根据)$"
    rf"|(?:{_EFFECT}|有效性|安全性)(?:欠佳|不佳|不好|不理想|不明显|不明确|不确切|不确定|尚?不(?:清楚|明确)|未知|有待证实"
    r"|(?:尚|还)?未(?:得到|获得?|经过?|被)?(?:系统|充分|临床)*的?(?:证实|证明|确立|确定|明确|验证))(?!的|时|或|者)"
    rf"|(?:并)?不(?:是|属于?|在){_IN}{{0,10}}?{_APT}"
    rf"|(?:是|属于?|为|系){_IN}{{0,8}}?(?:禁忌[症证]?|不良反应|副作用)(?:之一)?$"
    r"|未见(?:明显|显著)?(?:疗效|效果|作用)|除外"
    r"|等(?:一系列|常见|其他)?的?(?:不良反应|副作用|毒副作用|副反应|毒性反应)"
    r"|(?:是|为)?(?:错误|不对|不正确|不准确)的?(?:说法|观点|看法)?$|(?:其实|实际上|事实上|但|并)(?:是)?(?:不能|不可以|不行)$"
)
_VERB = re.compile(
    r"适用于|用于|治疗|缓解|改善|适应症|主治|有效|有(?:较好|良好|一定|明显|显著)?的?疗效"
)
_ASKED = re.compile(r"吗|呢|么|是否|能否|可否|什么|哪|如何|怎|几|谁|想问|是不是|能不能|可不可以")
# A line that denies what stands under it; with it, what may follow is denied until _RESUME.
_HEADING = re.compile(
    r"[【\[(]?(?:禁忌(?:证|症|人群)?|禁用人群|不良反应|副作用|慎用人群|注意事项)[】\])]?:?"
    r"|.{0,20}(?:禁用|慎用|忌用|忌服|禁忌|不良反应|副作用|不宜使?用|不能使?用|避免使?用|禁止使?用).{0,6}:"
)
_RESUME = re.compile(rf"^[【\[]|:$|^.{{2,6}}:|{_USE}|{_APT}")


def _hide(text: str, start: int, end: int) -> str:
    return text[:start] + HIDDEN * (end - start) + text[end:]


def _forward(sentence: str) -> str:
    """Without what stands after a denying cue."""
    for cue in _BEFORE.finditer(sentence):
        if re.match(r"不(?:仅|但|只|光|单)", cue.group()):
            continue
        turn = _AFFIRM.search(sentence, cue.end())
        closing = sentence.find(")", cue.end())
        inside = "(" in sentence[: cue.start()].rsplit(")", 1)[-1]
        ends = [turn.start() if turn else len(sentence), len(sentence)]
        if inside and closing >= 0:
            ends.append(closing)
        sentence = _hide(sentence, cue.start(), max(cue.end(), min(ends)))
    return sentence


def _backward(sentence: str) -> str:
    """Without what stands before a denying cue."""
    for cue in _AFTER.finditer(sentence):
        before = sentence[: cue.start()]
        start = before.rfind("(") + 1 if "(" in before.rsplit(")", 1)[-1] else 0
        if not start and cue.group() == "除外":
            start = max(before.rfind(mark) for mark in ",:、") + 1
        elif not start and _VERB.search(before):
            start = max(max(before.rfind(mark) for mark in ",:") + 1, before.rfind("对"))
        if re.search(r"错误|不对|不[正准]确", cue.group()):
            start = 0  # what was said is wrong, all of it
        verb = re.match(rf"[^,。;、:]{{0,16}}?(?:来|以)?{_USE}", sentence[cue.end() :])
        sentence = _hide(sentence, start, cue.start() if verb else cue.end())
    return sentence


def _deny(sentence: str) -> str:
    """The sentence with everything that it denies hidden."""
    sentence = _backward(sentence)
    return _forward(_INSIDE.sub(lambda cue: HIDDEN * len(cue.group()), sentence))


def sentences(text: str, hide: Iterable[str] = ()) -> list[str]:
    """A normal text as sentences, with denied parts, drugs "against X", questions and the terms
    ``hide`` (the entity's own name, the question) masked. A list under a denying heading is denied
    as a whole."""
    for term in sorted(filter(None, hide), key=len, reverse=True):
        text = text.replace(term, HIDDEN)
    text = _ASIDE.sub(HIDDEN, text)
    text = _NUMBER.sub("\n¶", text)
    found: list[str] = []
    items = section = False  # under a denying heading: only a numbered list, or all that follows
    for part, end in re.findall(r"([^。;!?\n]+)([。;!?\n]*)", text):
        item = part.startswith("¶")
        part = part.removeprefix("¶")
        if not part or (end.startswith("?") and _ASKED.search(part)):
            continue
        items = items and item
        section = section and (item or not _RESUME.search(part))
        cues = list(_BEFORE.finditer(part))
        if not items and not section:
            found.append(_deny(part))
        rest = part[cues[-1].end() :] if cues else part
        items = items or (bool(cues) and re.fullmatch(r"[^、,]{0,8}[:】]?", rest) is not None)
        heading = _HEADING.fullmatch(part) or (cues and re.fullmatch(r"[^、,]{0,8}:", rest))
        section = section or bool(heading)
    return found
