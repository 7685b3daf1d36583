"""Which options an answer chooses, however it is put (docs/scoring.md has the rules and cases).

The text is cut into clauses, each letter in a clause is *chosen*, *rejected* or only named, and the
strongest kind of statement decides: a conclusion (答案, 故选, Answer, a box), then 选 and verdicts
on single options, then letters alone or at the head of items, then the options' own texts.
"""

from __future__ import annotations

import json
import re

from core.chinese import simplified
from core.text import bare, nfkc
from core.thinking import ends, without_thinking
from eval.short import correct
from eval.verdicts import MARKS, verdict

__all__ = ["letters", "partial", "verdict"]

_JOIN = r"(?:\s?(?:[、,，/|&+;；]|和|与|及|以及|或|and)\s?|\s)"
# 选项B和选项C, A项、B项: a name around each letter.
_NAME = r"(?:选项|(?i:option |choice ))?"
_TAIL = r"(?:选项|项(?!目)|两项|两者|三项|四项)?"
# A may be the article and I the pronoun.
_LETTER = (
    r"(?:[B-HJ]|A(?!\s(?!is\b|are\b|and\b|or\b|but\b|because\b|as\b|since\b)[a-z]{2,})"
    r"|I(?!\s[a-z]|['’]))"
)
_ONE = rf"{_NAME}[\"'“‘「(\[<]?(?<![A-Za-z0-9]){_LETTER}(?![A-Za-z0-9+#*'’])[\"'”’」)\]>]?{_TAIL}"
_RUN = r"(?<![A-Za-z0-9])[A-J]{2,10}(?![A-Za-z0-9])"
GROUP = rf"(?:{_RUN}{_TAIL}|{_ONE}(?:{_JOIN}{_ONE})*)"
_GROUP = re.compile(GROUP)

_IS = (
    r"(?:应该|应当|应|只能|就|便|显然|也|才|最终|最后)*(?:会|为|是|选择|选|填|在于|:|="
    r"|is|are|would be|should be|must be|as)*"
)
_WRONG_ASKED = (
    r"(?:错误|不正确|不对|不符合\w{0,4}|不属于\w{0,6}|不成立|有误|incorrect"
    r"|wrong)的?(?:一项|选项|说法|表述|做法)?的?(?:是|为|有)"
)
# A conclusion, right before the letters.
_CONCLUDES = re.compile(
    r"(?:"
    r"(?:答案|(?:正确|最佳|最终)(?:的)?(?:答案|选项|选择)|answers?|ans\.?|correct (?:answer"
    r"|option|choice)s?|choice|my choice|boxed)"
    rf"(?:选项|letter)?\s?[\"'“]?\s?{_IS}"
    rf"|(?:故|因此|所以|综上(?:所述)?|本题|此题|应|那么|只能|应该|应当|最终|还是"
    rf"|所以答案|therefore|hence|thus|so|must be|i'd say|i would say|只剩(?:下)?|剩下"
    rf"|choose|pick|select|go with|it is|it's|answer)"
    rf"[,:]?\s?(?:本题|此题|应该|应当|应|只能|我|答案|the answer"
    rf"|correct answer)*\s?(?:就|仅|只)?(?:选择|选|为|是|填|is)?"
    r"|正确的(?:选项|说法|一项|做法|答案)?(?:应该|应当|应)?(?:是|为|有)"
    rf"|{_WRONG_ASKED}"
    r"|答|解"
    r"|(?:应该|应当|应|最)(?:是|为|选)"
    r")\s?[:,]?\s?(?:选项|option |选|为|是|the )?\s?\Z",
    re.IGNORECASE,
)
_CHOOSES = re.compile(
    r"(?:选择|选了|选定|选取|选|是|即|(?<!因)为|只有|仅|choose|select|pick"
    r"|go with|but|that is)\s?:?\s?(?:选项|option )?\s?\Z",
    re.I,
)
# A negation, right before the letters.
_REJECTS = re.compile(
    r"(?:不(?:能|应|应该|会|可|可能|宜|要|该)?(?:选择|选|是|为|填)|不可选|别选|并?非"
    r"|而不是|而非|不是答案|排除(?:掉|了)?|除去?(?:了)?|除|去掉|剔除"
    r"|(?:错误|干扰)(?:的)?(?:选项|答案)(?:是|为|有|:)|没有选"
    r"|\bnot|\bnor|neither|eliminate|exclude|rule out|rather than|instead of"
    r"|except)\s?:?\s?(?:选项|option )?\s?\Z",
    re.IGNORECASE,
)
_SAYS = (
    r"(?:的)?(?:选项|说法|表述|描述|观点|做法|内容|答案|这一?项)?(?:的)?(?:说法"
    r"|表述)?(?:都|均|皆|也|则|显然|明显|就|才|完全|是|为|属于|表述|说的|说法|:|"
    r"are|is|both|all|the|an?|clearly|also|option|\s)*"
)
_GOOD = re.compile(
    rf"{_SAYS}(?:[√✓✔✅☑]|\([√✓✔✅]\)|正确(?!与否|性)|对的?(?![\u4e00-\u9fff])|没错"
    rf"|没有错|无误|成立|当选|入选|符合(?:题意|要求|规定)?|可选|准确"
    r"|correct|right(?! one is)|true)",
    re.IGNORECASE,
)
_BAD = re.compile(
    rf"{_SAYS}(?:[×✗✘❌x](?![a-z])|\([×✗✘❌xX]\)|(?:并|都|均|也)?不(?:太|完全|够"
    rf"|尽)?(?:正确|对|准确|符合|成立|合适|选(?!\s?(?:选项)?[A-J])|当选|入选|合题意"
    rf"|属于(?!\s?[A-J])|是答案|可选|妥|能选(?!\s?[A-J])|应选(?!\s?[A-J])|恰当"
    rf"|是(?!\s?(?:选项)?[A-J]))"
    r"|错误?|有误|误|排除(?!\s?[A-J])|可以?排除|被排除|除外|过于|与题意|无关"
    r"|不(?!\s?(?:选|是|为))|干扰项|并非(?!\s?[A-J])|是?干扰|太|incorrect|wrong"
    r"|false|not|isn'?t|aren'?t|out)",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"^(?:答案|选|应?选|我选)?(?:是|为|:)?\s?(?:全选|全部(?:都)?(?:选|正确|对)?"
    r"|(?:以上|上述|四个|所有|全部|三个|五个)(?:四个|各个|各)?(?:选项|项|说法"
    r"|答案)?(?:都|均|全|全部|皆)+(?:是|正确|对|可以|选|符合|成立)?|[都全均皆]+(?:选"
    r"|对|正确|是)"
    r"|all of (?:the above|them|these)|all(?: options| four"
    r"| of them)?(?: are)?(?: correct| right| true)?)(?:的)?[。.!]?$",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"(?:^|以上|上述|四个|所有|全部)(?:的)?(?:选项|项|答案)?(?:都|均|全|皆)(?:不|错"
    r"|没有|非)|没有(?:一个|任何)?(?:正确|对)|none of|无(?:正确)?答案|neither of"
    r"|无法(?:判断|确定|选)|不(?:能)?(?:确定|知道|清楚|会)|don'?t know|not sure|can'?t answer",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"(?:第(?P<a>[一二三四五六七八九十\d]{1,2})(?:个|项|条)?(?:选项|答案)?"
    r"|选项(?P<b>[一二三四五六七八九\d])|答案选(?P<c>[一二三四五六])"
    r"|选(?:择)?第?(?P<d>[一二三四五六七八九])(?!个))"
)
_DIGIT = dict(zip("一二三四五六七八九", range(1, 10), strict=True)) | {
    str(n): n for n in range(1, 10)
}
_CLAUSE = re.compile(
    r"[。！!？?；\n]|(?<![A-J]);|;(?!\s?[A-J](?![A-Za-z]))|\.\s|,\s?(?=(?:故|因此"
    r"|所以|因为|但|而|却|therefore|so|because|but)\b|(?:故|因此|所以|因为|但|而"
    r"|却))"
    # 应为C,A项说的是…: what is said of an option begins anew.
    r"|,\s?(?=[A-J](?:选项|项)?(?:说|讲|指|描述|的|涉及|虽|看似))"
)
_ITEM = re.compile(r"(?:^|[\n;；,，、。\s])\(?([A-J])\)?(?=[.:：、)）]|\s?[\u4e00-\u9fff])")
_WRAP = re.compile(
    r"\\[()\[\]]|\\?\\(?:boxed|text|mathrm|mathbf|textbf|rm|fbox)\s*|[*`#{}$_~]"
    r"|</?(?:b|strong|answer|p|em)>"
)


_MARK = re.compile("[√✓✔✅×✗✘❌]")


def letters(answer: str, options: dict[str, str]) -> str:
    """The chosen letters, sorted (``"AC"``), or '' where none can be made out."""
    options = {letter: simplified(text) for letter, text in options.items()}
    text = _named(_read(answer), options)
    if not text:
        return ""
    whole = (
        re.sub(r"^(?:\d{1,2}|-|•)[.、)]?\s(?=[A-J]\b)", "", text, flags=re.M)
        if re.search(r"\d\.?\s[A-J]|^-\s?[A-J]", text, re.M)
        else text
    )
    whole = re.sub(r"\s\d{1,2}[.、)]\s?(?=[A-J]\b)", " ", whole).strip(
        " √✓✔✅。.()!?？,，:：;；[]<>《》“”\"'"
    )
    if not _MARK.search(text[1:-1]) and re.fullmatch(
        rf"(?:{_RUN}|[A-J](?:\W{{1,3}}[A-J](?![A-Za-z]))*)", whole
    ):
        return _known(whole, options)
    if _open(text):
        return ""
    for read in (_by_rest, _stated, _by_all, _by_head, _by_text, _by_ordinal, _by_meaning):
        found = read(text, options)
        if found is not None:
            return found
    return ""


_CONCLUDED = re.compile(r"答案|所以|因此|故|综上|最终|answer", re.IGNORECASE)
_EITHER = re.compile(rf"{_ONE}\s?(?:或者?|还是|\bor\b)\s?(?:是|选)?\s?{_ONE}", re.I)


def _open(text: str) -> bool:
    """是A还是B？, A或B, 可能是A也可能是B: nothing is chosen."""
    if len(re.findall(rf"可能(?:是|选)?\s?{_ONE}", text)) > 1 and not _CONCLUDED.search(text):
        return True
    found = _EITHER.search(text)
    return (
        found is not None
        and not _GROUP.search(text[found.end() :])
        and not _GROUP.search(text[: found.start()])
    )


def _read(answer: str) -> str:
    """The answer in one writing: no thinking, no Markdown, no TeX, simplified characters, letters
    in capitals."""
    text = _unpacked(simplified(ends(without_thinking(answer))))
    text = re.sub(
        r"[【\[(（]\s*(答案|正确答案|参考答案|最终答案|结论|answer)\s*[】\])）]\s*[:：]?",
        r"\1:",
        text,
        flags=re.I,
    )
    text = re.sub(
        r"\[|\]|【|】", lambda one: "(" if one.group() in "[【" else ")", _WRAP.sub("", text)
    )
    text = re.sub(r"(?<=\([A-J]\))\s?(?=\([A-J]\))", "、", text)  # 【A】【D】
    text = re.sub(r"(?i)\b(option|choice) ([a-j])\b(?! [a-j]\b)", _capital, text)
    text = "\n".join(nfkc(line) for line in text.splitlines() if line.strip())
    text = re.sub(r"(?i)(?::|(?<=答案)|(?<=answer))\s*\n\s*", ":", text)
    text = re.sub(r"(?<=[A-J])[?]\s?(?=不|对|错|正确|是的|√|×)", "", text.translate(MARKS))
    text = re.sub(r"\bi\.e\.,?\s?", "that is ", text)
    text = re.sub(
        r"(?<![A-Za-z'’])[a-j](?![A-Za-z'’])(?!\s[a-z]{2,})", lambda one: one.group().upper(), text
    )
    text = text.upper() if re.fullmatch(r"[a-j]{2,5}[.。]?", text.strip()) else text
    text = re.sub(
        r"(?<=[\u4e00-\u9fff:(\s])[a-j](?=[\u4e00-\u9fff])", lambda one: one.group().upper(), text
    )
    return _ADVERB.sub("", text.translate(_BRACKETS)).strip()


def _capital(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2].upper()}"


def _named(text: str, options: dict[str, str]) -> str:
    """``text`` with the letter alone where it stands behind its option's text: not Paris (A)."""
    for letter, option in options.items():
        if option:
            text = re.sub(rf"{re.escape(nfkc(option))}\s?\({letter}\)", letter, text)
    return text


_BRACKETS = str.maketrans("〔〕〈〉「」", "()()()") | {
    start + at: chr(65 + at) for start in (0x1F130, 0x1F150, 0x1F170) for at in range(10)
}  # 🅰
_ADVERB = re.compile(
    r"^(?:(?:definitely|both|certainly|probably|likely|surely|clearly|obviously)\s)+", re.IGNORECASE
)
_ALL_BUT = re.compile(
    rf"(?:除(?:了|去)?\s?({GROUP})(?:之外|以外|外)?[,，]?\s?(?:(?:其他|其余|别的|另外|剩下)\S{{0,4}}?"
    rf"|(?:全?都|全?均|皆|全部?)(?:要|应|可)?)(?:对|正确|符合|是|当选|选)(?!错)"
    rf"|(?:只有|仅有?|就)\s?({GROUP})(?:是|选项|项)*(?:不对|错误?|不正确|有误|不符合?)(?!\w)"
    rf"|\ball (?:of them )?(?:but|except)(?: for)?\s({GROUP}))",
    re.IGNORECASE,
)


_ONLY = re.compile(
    rf"除(?:了|去)?\s?({GROUP})(?:之外|以外|外)?[,，]?\s?(?:其他|其余|别的|剩下)\S{{0,4}}?"
    r"(?:都|均|皆|全)(?:是)?(?:不|错)"
)


def _by_rest(text: str, options: dict[str, str]) -> str | None:
    """除了B，其他都对; only B is wrong: all but those named. 除了B，其他都错: those named."""
    only = _ONLY.search(text)
    if only:
        return _known(only[1], options) or None
    found = _ALL_BUT.search(text)
    if not found or len(options) < 3:
        return None
    named = _inside(next(filter(None, found.groups())), options)
    return "".join(sorted(set(options) - named))


def _unpacked(text: str) -> str:
    """The strings of an answer in JSON: ``{"answer": ["A", "C"]}``."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    values = list(found.values()) if isinstance(found, dict) else [found]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return ",".join(str(one) for one in flat) or text


def _known(text: str, options: dict[str, str]) -> str:
    return "".join(sorted({char for char in text if char in options}))


def _inside(group: str, options: dict[str, str]) -> set[str]:
    """The letters of a group (选项, option and the like hold none)."""
    return {char for char in re.sub(r"(?i)option|choice|and", "", group) if char in options}


def _stated(text: str, options: dict[str, str]) -> str | None:
    """What is concluded, else what is chosen or judged right; None where neither is said."""
    marked = _MARKED.findall(text)
    judged = _JUDGED.findall(text)
    if len(judged) > 1 and len(judged) == len(text.strip().splitlines()):
        return _known("".join(letter for letter, good in judged if good), options)
    if len(marked) > 1:
        good = {letter for letter, mark in marked if mark in "√✓✔✅☑"}
        if good:
            return _known("".join(good), options)
    concluded: set[str] = set()
    chosen: set[str] = set()
    rejected: set[str] = set()
    said = refused = False
    for clause in filter(None, _CLAUSE.split(text)):
        fresh: set[str] = set()
        for group in _GROUP.finditer(clause):
            found = _inside(group.group(), options)
            kind = _kind(clause, group)
            if not found or not kind:
                continue
            if kind == "no":
                rejected |= found
                refused = True
                continue
            said = True
            rejected -= found
            chosen |= found
            if kind == "end":
                fresh |= found
        if fresh:
            more = re.match(r"\s?(?:也|还|并|同时)", clause) is not None
            concluded = concluded | fresh if more else fresh
    if said:
        best = concluded or chosen - rejected
        return "".join(sorted(best)) or None
    return "" if refused and not _others(text, options, rejected) else None


def _others(text: str, options: dict[str, str], rejected: set[str]) -> bool:
    """Letters that were named and not rejected, or an option's text: there is more to read."""
    named = {char for group in _GROUP.findall(text) for char in _inside(group, options)}
    return bool(named - rejected) or bool(_by_text(text, options))


def _kind(clause: str, group: re.Match[str]) -> str:
    """How letters stand in their clause: ``end`` (a conclusion), ``yes``, ``no`` or ''."""
    head, tail = clause[: group.start()], clause[group.end() :]
    near = head[-24:]
    if _REJECTS.search(near):
        if not re.match(_TURN, tail):
            return "no"
        return (
            "yes"
            if re.match(
                rf"{_TURN}[,]?(?:其余|其他|别的)?\S{{0,4}}(?:都|均|全)\S{{0,2}}(?:错|不)", tail
            )
            else "no"
        )
    if _BAD.match(tail) and not _GOOD.match(tail):
        return "no"
    if _CONCLUDES.search(near):
        return "end"
    if _GOOD.match(tail) or _CHOOSES.search(near):
        return "yes"
    return ""


# One option a line or an item, with its mark at the end of it.
_MARKED = re.compile(
    r"(?:^|[\n,，;；、\s])\(?([A-J])\)?[.:：、)\s][^\n√✓✔✅☑×✗✘❌]{0,60}?([√✓✔✅☑×✗✘❌])"
)
# One option a line with its verdict alone: A. 错误.
_JUDGED = re.compile(
    r"^\s*\(?([A-J])\)?[.:：、)\s]\s*(?:(正确|对|是|right|true|correct)"
    r"|(?:错误?|不正确|不对|否|wrong|false|incorrect))[。.]?\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_TURN = r"(?:之?外|以外)"


def _by_all(text: str, options: dict[str, str]) -> str | None:
    """全选, 以上都对; an option that says so itself is meant instead."""
    plain = text.strip(" 。.!")
    if not _ALL.match(plain):
        return "" if _NONE.search(text) and not _by_text(text, options) else None
    own = [key for key, value in options.items() if re.search(r"以上|上述|都|all of", value, re.I)]
    return "".join(own or sorted(options))


def _by_head(text: str, options: dict[str, str]) -> str | None:
    """``B 白菜``, ``A. 故宫；C. 天坛``, letters at the head of the answer or of its items."""
    head = re.match(rf"\(?({GROUP})(?=[.:：、,;；。!()（）\s]|[\u4e00-\u9fff]|$)", text)
    found = {char for char in _ITEM.findall(text) if char in options}
    if head:
        found |= _inside(head[1], options)
    rejected = {
        char
        for clause in _CLAUSE.split(text)
        for group in _GROUP.finditer(clause)
        if _kind(clause, group) == "no"
        for char in _inside(group.group(), options)
    }
    return "".join(sorted(found - rejected)) if found - rejected else None


_DENIED = re.compile(
    r"(?:不是|并非|不选|排除|不构成|不属于|不能|不得|不应当?|不可|不要|而非|非|不"
    r"|没有|而不是|除了?|\bnot|isn'?t|rather than|instead of|neither"
    r"|nor)[^,，。;；]{0,6}\Z",
    re.IGNORECASE,
)


def _by_text(text: str, options: dict[str, str]) -> str | None:
    """The options whose text the answer repeats, in the last conclusion where there is one."""
    ends = re.split(
        r"(?:所以|因此|故(?=[选应答,本此])|综上|应该?选择?|答案是|答案:|therefore|so the)", text
    )
    for piece in (*([ends[-1]] if len(ends) > 1 else []), text):
        found = _texts(piece, options)
        if found:
            return found
    return None


def _texts(text: str, options: dict[str, str]) -> str:
    named: dict[str, str] = {}
    for key, value in options.items():
        wanted = bare(value)
        for clause in re.split(r"[,，。;；\n]", text):
            said = bare(clause)
            where = said.find(wanted) if wanted else -1
            if (
                where < 0
                or _DENIED.search(said[:where])
                or re.match(
                    r"(?:不是|不对|是?错|以外|除外|iswrong|isincorrect)",
                    said[where + len(wanted) :],
                )
            ):
                continue
            named[key] = wanted
    longest = [
        key
        for key, value in named.items()
        if not any(value != other and value in other for other in named.values())
    ]
    everything = [
        key
        for key, value in options.items()
        if re.search(r"^(?:以上|上述)(?:都|均|全)|all of the", value, re.I)
    ]
    if everything and len(named) >= len(options) - len(everything) and len(options) > 2:
        return "".join(everything)
    return "".join(sorted(longest))


def _by_ordinal(text: str, options: dict[str, str]) -> str | None:
    """第二个, 选项二, ②: the place of an option in the list."""
    keys = sorted(options)
    plain = text.strip(" 。.()")
    if re.fullmatch(r"[1-9]", plain):
        found = [int(plain)]
    else:
        if _NONE.search(text):
            return None
        found = [
            _DIGIT[one]
            for match in _ORDINAL.finditer(text)
            for one in match.groups()
            if one and one in _DIGIT
        ]
    return "".join(sorted({keys[n - 1] for n in found if n <= len(keys)})) or None


def _by_meaning(text: str, options: dict[str, str]) -> str | None:
    """The one option that the answer gives in other writing: 一九四九年 for 1949年."""
    if len(text) > 100:  # no option's value
        return None
    found = [key for key, value in options.items() if correct(text, value)]
    return found[0] if len(found) == 1 else None


def partial(chosen: str, right: str) -> float:
    """The exams' rule for several answers: any wrong option earns nothing, a right part its
    share."""
    if not chosen or set(chosen) - set(right):
        return 0.0
    return len(set(chosen)) / len(set(right))
