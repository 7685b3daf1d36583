"""Does a question lean on the one before it? Decided by grammar, not by single characters.

A question leans where it points back (a pronoun or demonstrative *in the place of one*), where it
talks about the talk (再说一遍), or where it names nothing that it could be about: what is left of
it without question words, function words, and the words that need an owner (价格, 作者, 副作用)
is its topic; without one it borrows the topic before it. 吉他, 其他, 应该 point at nothing.
The word lists are closed classes of the language and common relational nouns, of no domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from core.chinese import simplified
from core.text import nfkc
from rag import followwords as words

_HAN = r"[\u3400-\u9fff]"
_ENDS = "?？!！。.…~～ "


def leans(question: str) -> bool:
    """Whether ``question`` cannot be understood without the one before it."""
    text = simplified(nfkc(question)).strip(_ENDS)
    if not text:
        return False
    if not re.search(_HAN, text):
        return _english(text)
    if _TALK.search(text):
        return True
    text = _APPOSED.sub("", _LEAD.sub("", text, count=1) or text)
    if _QUOTES.search(text):  # a line of a song, a saying, a title is asked about: it is the topic
        return False
    return bool(_TALK.search(text) or _points(text) or _lacks(text) or not _topic(text))


def _any(some: Iterable[str]) -> str:
    """A pattern that matches any of the words, the longest first."""
    return "|".join(sorted(map(re.escape, some), key=len, reverse=True))


_LEAD = re.compile(
    r"^(?:(?:请问|那?请?问一下|我?想问(?:一下)?|想知道|麻烦问下|对了|好的?|嗯|哦|另外|还有|所以|但是?|可是|不过|而且|"
    r"如果|要是)[,，、 ]*)+(?=.)"
)
# What is asked about is a quotation: 这里的山路十八弯是哪首歌, 此情可待成追忆的下一句.
_QUOTES = re.compile(
    r"(?:是|出自|选自|属于)(?:哪|什么)一?(?:首|部|本|篇|句)|是谁的?(?:歌|诗|词|名言|作品)|(?:上|下|前|后)一?句"
    r"|的?出处|出自(?:哪|何|谁)"
    r"|^(?![这那它此该第]).{2,}(?:是什么意思|的意思|的含义|的定义|的概念|怎么读|用英语怎么说)|^(?!.{0,3}主角)"
    r".{5,}的(?:男|女)?主(?:角|演)|^.{5,}(?:这|那)(?:首|部|本|句|个词)"
)
_APPOSED = re.compile(r"[这那该此].{0,4}(?=《)")  # 这首《山居秋暝》 stands beside its name
_TALK = re.compile(
    r"^(?:还|那)有(?:没有)?(?:其他|其它|别的|另外|什么|哪些)"
    r"|^(?:继续|接着说?|还有(?:吗|呢|哪些|什么|别的|其他的?)|然后|后来|结果|真的假?的?|是吗|是这样吗|为什么|为何|怎么会|"
    r"凭什么|不对|错了|你?确定|比如|例如|举例|举个?例|具体(?:点|些|说说|一点)|详细|简单|简短|展开|没(?:看|听)懂|不(?:懂|明白|太懂))"
    r"(?:.{0,4})$"
    r"|再(?:说|讲|来|解释|重复|详细|具体)|重复一[遍次]|换(?:句话|个说法|种说法|成|做|个)|(?:详细|具体|简单|简短|展开|深入)(?:一?点|一?些|说|讲|解释|介绍|概括)"
    r"|说(?:得|的)?(?:再|更)?(?:详细|具体|清楚|简单)|(?:没|不)太?(?:看|听)?(?:懂|明白)$"
    r"|(?:上|前|刚才|之前)(?:面|边|述|文)?的?(?:那?个?|几个?|一个|两个)(?:问题|回答|答案|说的|提到|话题)"
    r"|你(?:刚|刚才|上面|前面)|刚才|(?:简单|大致|简要)?(?:概括|总结|归纳)(?:一下|下)?吗?$|举(?:个|几个|一些)?例.{0,5}$"
    r"|^(?:请|帮我|能不?能|可以)*(?:把.{1,4})?(?:翻译|译)(?:一下|[成为][^:：,，]{1,6})?吗?$"
)
_BEFORE = (  # what may stand right before a pronoun: nothing, a mark, a preposition, a verb
    r"(?:^|[,，、;；:：(（“《 ]|(?:那|在|对|对于|用|吃|把|被|给|由|从|跟|和|与|同|比|向|于|"
    r"为|让|使|叫|据|按|按照|根据|关于|"
    r"除了|除|针对|经过|通过|如果|因为|那么|但|而|是|有|买|喝|服|服用|使用|治疗|治|预防|违反|遵守|符合|适用|参加|办理|申请|"
    r"学|学习|读|看|写|懂|理解|解释|说明|介绍|得|生|患|得了|做|安装|打开|怎么|如何|怎样|什么是|什么叫|为什么|谁|哪些|哪里|"
    r"出现|发生|遇到|产生|造成|导致|什么时候|是否|请问|不能|可以|能|会|要|需要|喜欢|发现|发明|创作|设计|建造|支持|关|处理|解决|完成|影响|了|过|着))"
)
_NOT_HE = (  # words that begin with 他: 他汀, 他人, names of drugs
    r"他(?:汀|人(?!物)|国(?!内)|乡|杀|日(?!后)|山之|律|因|信网|[克达莫巴扎氟卡拉泽米非][\u4e00-\u9fff]{0,3}?"
    r"(?:司|非|芬|唑|汀|素|醇|利|喹)|喷他)"
)
# What follows 那 where it points or means "then"; else it begins a name (那拉提, 那曲).
_THEN = (
    rf"(?:[个些里儿边样种位次年天时款本部条首座家只台件张场段届项类份么]"
    rf"|{_any([*words.ASKING, *words.FUNCTION, *words.OWNED, *words.DOING])})"
)
_POINTS = re.compile(
    rf"{_BEFORE}(?:(?!{_NOT_HE})[他她它](?!山)|牠|它们|他们|她们"
    rf"|这|那(?!种草|不勒斯)(?={_THEN}|[^\u3400-\u9fff]|$)|此(?!外|刻|生|起彼伏|地无银|时此刻)"
    r"|该(?!不该|不|怎|如何|死|当|多|去|吃|喝|做|找|买|选|用|何|谁|哪|由|在|是|有|什么|往|打|说|给|向|注意)"
    r"|其(?![他它次实貌乐道所]|余弦|余额|势汹|味无)|前者|后者|二者|两者|三者|双方|彼此|上述|以上|如上|上面的?|前面的?|(?:前|后|这|那)[两几三](?:者|个|种|条|项|位))"
    r"|(?<![尤极与何土耳])其中(?:最|的|哪|有|第|包)|^(?:第[一二两三四五六七八九十\d]+|最后一?|另一?|另外一?|下一?|上一?)"
    r"(?:步|个|条|种|点|项|位|篇|章|节|代|款)(?:[是呢怎为没有如讲说指]|$)|^[两三几](?:种|个|者|位|款|条)(?!月|国家|人|小时|星期)"
)


def _points(text: str) -> bool:
    """A pronoun, or a demonstrative, in the place of one; 西游记这本书 stands beside its name."""
    return bool(_POINTS.search(re.sub("《[^》]*》", "《》", text)))


_LACKS = re.compile(
    # 和杜甫是什么关系, 比布洛芬贵吗: the first of two is missing.
    r"^(?:和|跟|与|同|比|较|相比|相对)(?!平|解|谐|尚|服|声|乐|田|氏|喻|例|赛|特币|利时|萨|较).*(?:关系|区别|不同|差别|差异|一样|相同|相似|联系|比|好|贵|大|小|高|低|长|快|强|难|冲突|吗)"
    # 建于哪个朝代, 被称为什么, 是怎么死的: the subject is missing.
    r"|^(?:最早|最初|大约)?(?:建|写|生|位|死|卒|葬|作|著|源|始|产|用|属|等|出生|毕业|逝世|创作|创办|成立|起源|发源|发生|出现|"
    r"流行|分布|隶属|归属|适用|盛产|兴建|修建|诞生|发表|颁布|完成|开始)于(?:哪|什么|何|几|多少|谁|\d)|^(?:发生|出生|生长|分布|生活|流行|安葬|埋葬|收藏|成立)在"
    r"|^(?:来自|出自|包括|包含|属于|位于|始于|分为|相当于|支持|兼容|自带|附带|采用|含有|适合|适用于)"
    r"|^被(?!子|告|单|褥|害|窝|动)|^由(?!来)(?:谁|哪|什么|.{0,8}的$)"
    r"|^(?:也|还|都|才|就|又|却|仍|最早|最初|一共|总共|大概|大约|一般|通常|到底|究竟|曾|曾经|一定|必须)?是(?!否|不是|谁.{4}|哪.{5}|什么.{4}|非)"
    r"|^为(?:什么|何)(?:还|也|又|就|都)?(?:说|叫|称|是|被|由|这|那|如此)"
    # 泰山呢, 谁发现的, 哪个更好: nothing is said of it, or nothing is done to.
    r"|^[^什怎哪谁几多何吗为]{1,10}呢$|^(?:谁|何人|什么人|哪(?:位|个)?人?|什么时候|何时|哪年|哪一年|在哪里?|怎么|如何)"
    rf"{_HAN}{{1,4}}的$|^谁(?:第一个|最早|最先|首先|首次){_HAN}{{2}}$|^哪(?:个|种|一种|一个|款|类)(?:[更最]|比较|好|贵|便宜|适合|风险)"
    # 最大的是哪个, 孕妇能吃吗: the head, or the object.
    rf"|^最.{{1,8}}的(?:是|有|呢|叫|$|{_any(words.OWNED)})"
    # 坐高铁要多久: from where to where.
    r"|^(?:坐|乘|搭|骑|开|走)[^，到去从]{1,4}(?:要|需要?|得)(?:多久|多长时间|几个?小时|多少钱)$"
    # 可以用高压锅吗: a tool, and nothing done with it.
    r"|^(?:还|也|只)?(?:可以|能|能不能|可不可以)用[^加煮做洗治来去]{1,4}(?:吗|么|代替吗)$|^不.{1,3}(?:行不行|可以吗|行吗)$"
    # 会遗传吗, 从太空能看到吗, 口头的算数吗: nobody does it, nothing is so.
    rf"|^(?:还|也|一定|真的|现在)?(?:会|能|可以|可|要|需要|用|必须|应该|算|有)不?(?:会|能|要|用)?{_HAN}{{1,3}}(?:吗|么|不)$"
    # 吃多了有害吗, 哪些食物里有, 推荐摄入量: what is eaten, is in it, is measured.
    rf"|^(?:{_any(words.DOING)})[多少错坏漏晚早]了|[哪什].{{0,7}}[里中](?:含有?|有)$"
    rf"|^(?:推荐|建议|最大|最小|平均|每日|总)?{_HAN}{{1,2}}[量积额值龄](?:是|有|为|达)?(?:多[少大]|几.?|$)"
    r"|^(?:从|用|在)[^，]{1,4}(?:能|可以|会|算|行)[^，]{1,4}(?:吗|么|不)$|^[^的]{2,4}的(?:算|行|可以|能|会|也|有没有)"
)


def _lacks(text: str) -> bool:
    """Whether the sentence misses a part that only the one before can give."""
    return bool(_LACKS.search(text))


_WHICH = re.compile(
    rf"(?:在|属于|是|来自|于)?(?:哪一?[个座条家所种位支片国省朝些]|哪些|第?几|多少)"
    rf"{_HAN}{{0,3}}$"
)
_FIELD = re.compile(
    r"(?:法律|社会|经济|临床|文化|政治|化学|物理|药理|技术|主要|流域|占地|建筑|食物|药物|推荐|建议|实际|平均|额定|最大|最小|总)"
    rf"(?={_any(words.OWNED)})"
)
_DONE = re.compile(
    rf"^(?:谁|什么人|哪个人|哪国人|哪国){_HAN}{{1,4}}了{_HAN}{{2,}}"
    rf"|^(?:中国|我国|全国|世界上?|全球|地球上?)(?:现在|目前|现有|一?共|总共)?有(?:几|多少|哪些?){_HAN}{{1,4}}$"
)


@cache
def _empty() -> re.Pattern[str]:
    return re.compile(_any([*words.ASKING, *words.FUNCTION, *words.OWNED, *words.DOING]))


def _topic(text: str) -> bool:
    """Whether anything is left that the question can be about. One character before a question
    word or a particle is a verb (炖多久); elsewhere it is a thing (鱼吃什么)."""
    if _DONE.search(text):  # 谁发明了电话, 中国有多少个省: the object is named
        return True
    rest = re.sub(r"[^\w《“]", " ", _FIELD.sub("", _WHICH.sub("", text)))
    spans = [found.span() for found in re.finditer(r"[^\W_]+|《", _empty().sub(_blank, rest))]
    for start, end in spans:
        if end - start > 1 or not re.match(_HAN, rest[start]):
            return True
        if not words.AFTER_VERB.match(rest, end) or (start == 1 and rest[0] in words.NAMING):
            return True
    return False


def _blank(found: re.Match[str]) -> str:
    return "_" * len(found[0])


_POINTING = re.compile(
    r"\b(?:its|they|them|their|theirs|he|him|his|she|her|hers|those|these|former|latter|"
    r"else|above|previous|again|ones?|another|instead|more details?|such)\b"
    r"|\bthis\b(?! (?:year|month|week|century))|^that\b|\bthat$"
    r"|^\w+ that\b|\b(?:about|of|to|with|for|is|was|does|did|do|like|after|before|by|in|on) that\b"
    r"|\bit\b(?! (?:true|possible|legal|safe|ok|okay|necessary|better|illegal|healthy|normal|"
    r"rain|snow|in \w+|that|take to|cost to)\b)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"^(?:(?:and|so|but|then|also|ok|okay)\b|(?:what|how) about\b|why(?: not| so)?$|how so$|"
    r"how(?: come)?$|really$|are you sure|(?:tell|show) me more|go on$|continue$|explain|more\b|"
    r"in (?:more )?detail|"
    r"(?:any|for|an|give me|some) (?:an )?(?:example|other|more|alternative)s?|"
    r"(?:say|repeat) |can you (?:explain|repeat|elaborate|summari[sz]e|shorten)|"
    r"(?:when|where|who|how|what|which) (?:was|were|is|are|did|does|do)$|"
    r"compared? (?:to|with)\b|which (?:one|is (?:better|cheaper|bigger|faster|older|larger))\b)",
    re.IGNORECASE,
)
_THE = re.compile(r"\b(?:the|any) ((?:[a-z]+ ){0,2}?[a-z]+)$")


def _english(text: str) -> bool:
    """The same for English: pronouns, elliptic forms, ``the`` with a noun that nothing explains
    (the default password; not the Nile, the speed of light), and no topic at all."""
    if _ALONE.search(text) or _POINTING.search(text):
        return True
    found = _THE.search(text)
    if found and words.UNIQUE.isdisjoint(found[1].split()) and " of " not in text:
        ahead = [
            word for word in text[: found.start()].split() if word.lower() not in words.ENGLISH
        ]
        if not ahead:
            return True
    left = [word for word in re.findall(r"[\w'-]+", text) if word.lower() not in words.ENGLISH]
    return all(word.lower().rstrip("s") in words.ENGLISH_OWNED for word in left)
