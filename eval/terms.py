"""Is a labelled term (a disease, a symptom, a drug) affirmed in a Chinese text?

More than a substring: aliases, coordination (胃、十二指肠溃疡 names 胃溃疡 too), modifiers in
brackets or before 的, negation (不用于 …, … 禁用) and neighbours that are something else (非X,
抗X药). Every rule is general; which one matched is returned, so that a report can show why.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import UserError
from core.files import shown

HIDDEN = "\0"  # stands for masked text: no term matches across it
STOP = "。;!?\n" + HIDDEN
SEP = r"(?:、|,|/|或者?|和|及其?|以及|与|并|伴有?|合并|\+)"
CAUSE = r"(?:所致|所引起|引起|导致|造成|诱发|诱导|感染|继发|相关)(?:的|性)?"
# What may stand between a shared tail and its heads: no sentence end, no bracket, no new verb.
_ITEM = rf"(?:(?!用于|治疗|缓解|改善|预防|患者)[^{STOP}:()]){{1,36}}?"
_LINK = rf"(?:\([^()]*\))?(?:{SEP}{_ITEM}|(?:等|{CAUSE})(?:{_ITEM})?)"
_START = r"(?:^|(?<=[、,/:(和及与或于疗防的由]))"  # a head of one character must begin an item
_WORD = rf"[^{STOP}:(),、/和及与或]{{1,10}}"
_NUMBER = re.compile(
    r"(?:(?<=^)|(?<=[。;:,\n!?)]))\s*(?:\(\d{1,2}\)|\d{1,2}[、.)](?!\d)|[-*•·●])\s*"
)
_PEOPLE = re.compile(r"(?:成年|成人|儿童|青少年|婴幼儿|老年人?|男性|女性|妇女)(?:患者|病人)?的?")
# Mentions that are no affirmation: drugs "against X", and X(限于Y), which narrows X.
_ASIDE = re.compile(
    r"抗[^、,。;()]{1,10}?药|治疗[^、,。;()]{1,8}?药物?(?=[)、,])|\((?:仅|只)?限于[^()]*\)"
)

# Cues before what they deny. The denial lasts to the end of the sentence or to a clause that
# affirms.
_NOT = (
    r"不(?:能|可|得|宜|应|应当|推荐|建议|适合|适宜|再|会)?(?:被)?"
    r"(?:用于|使用于|适用于|适于|应用于|用来|用作治疗|治疗|能治|治)"
    r"|(?:禁|忌|慎|避免|禁止|并非|而非|非|不是|未批准|未获批准|没有批准|尚未批准)(?:使?用于|用来|治疗)"
    r"|无法治疗|没有治疗(?!作用|效果)|不具有治疗|不确定|不清楚|不知道|(?:没有|尚无|并无|缺乏|缺少)[^,。;]{0,6}证据"
    r"|禁忌(?:证|症|人群)?(?:为|是|有|包括|:|】)"
    r"|(?:不良反应|副作用)[^。;]{0,8}?(?:为|是|有|包括|如|:|】)"
)
_BEFORE = re.compile(_NOT)
_AFFIRM = re.compile(
    r"(?:但|而是|[,、](?:而|并|且|它|本品|该药|主要|可以?|应|则|也|还|仅|只)*"
    r"(?:适用于|用于|用来|治疗|缓解|改善|预防))"
)
# Cues after what they deny: back to the last affirming verb's clause, or to the sentence's
# beginning.
_AFTER = re.compile(
    r"(?:禁用|慎用|忌用|禁止使用|不宜使?用|不能使?用|不可使?用|不应使?用|不得使?用|不推荐使?用|避免使用)(?!于)"
    r"|无效(?!的|时|或|者|后|、|及|病)|(?:没有|无)(?:治疗)?(?:作用|效果|疗效)(?!的|时|或|者)"
)
_VERB = re.compile(r"适用于|用于|治疗|缓解|改善|适应症|主治")


def no_tags(text: str) -> str:
    """``text`` without HTML; the end of a paragraph is the end of a line."""
    text = re.sub(r"<br\s*/?>|</(?:p|li|tr|h\d)>", "\n", text)
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]{0,200}>", "", text))


def normal(text: str) -> str:
    """No HTML, NFKC, lower case, no spaces; line ends stay."""
    text = no_tags(text)
    text = re.sub(r"[①-⑳❶-❿]", "。", text)
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\S\n]|[\u200b-\u200f\ufeff]", "", text)


@lru_cache(maxsize=8)
def alias_table(path: Path) -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of all names in an alias file, and what each becomes."""
    table: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        names = [normal(name) for name in line.split("#")[0].split()]
        for name in names:
            if table.setdefault(name, names[0]) != names[0]:
                raise UserError(f"{shown(path)} 第{number}行: '{name}' 已属于另一组 in two groups")
    words = sorted(table, key=len, reverse=True)
    parts = [
        rf"(?<![a-z0-9]){re.escape(w)}(?![a-z0-9])" if w.isascii() else re.escape(w) for w in words
    ]
    return re.compile("|".join(parts) or r"(?!)"), table


def canonical(text: str, aliases: Path | None) -> str:
    """``text`` (normal) with every name of the table in its first form."""
    if aliases is None:
        return text
    pattern, table = alias_table(aliases)
    return pattern.sub(lambda match: table[match.group()], text)


def _hide(text: str, start: int, end: int) -> str:
    return text[:start] + HIDDEN * (end - start) + text[end:]


def _deny(sentence: str) -> str:
    """The sentence with everything that it denies hidden."""
    for cue in _BEFORE.finditer(sentence):
        turn = _AFFIRM.search(sentence, cue.end())
        closing = sentence.find(")", cue.end())
        inside = "(" in sentence[: cue.start()].rsplit(")", 1)[-1]
        ends = [turn.start() if turn else len(sentence), len(sentence)]
        if inside and closing >= 0:
            ends.append(closing)
        sentence = _hide(sentence, cue.start(), max(cue.end(), min(ends)))
    for cue in _AFTER.finditer(sentence):
        before = sentence[: cue.start()]
        start = before.rfind("(") + 1 if "(" in before.rsplit(")", 1)[-1] else 0
        if not start and _VERB.search(before):
            start = max(max(before.rfind(mark) for mark in ",:") + 1, before.rfind("对"))
        sentence = _hide(sentence, start, cue.end())
    return sentence


def sentences(text: str, hide: Iterable[str] = ()) -> list[str]:
    """A normal text as sentences, with denied parts, drugs "against X" and the terms ``hide`` (the
    entity's own name, the question) masked. A list under a denying heading is denied as a whole."""
    for term in sorted(filter(None, hide), key=len, reverse=True):
        text = text.replace(term, HIDDEN)
    text = _ASIDE.sub(HIDDEN, text)
    text = _NUMBER.sub("\n¶", text)
    found, denying = [], False
    for part in re.split(r"[。;!?\n]+", text):
        item = part.startswith("¶")
        part = part.removeprefix("¶")
        if not part:
            continue
        denying = denying and item
        cues = list(_BEFORE.finditer(part))
        heading = (
            bool(cues) and re.fullmatch(r"[^、,]{0,8}[:】]?", part[cues[-1].end() :]) is not None
        )
        if not denying:
            found.append(_deny(part))
        denying = denying or heading
    return found


def _splits(term: str) -> list[tuple[str, str]]:
    """Where a term may be shared: head and tail, the tail at least two characters."""
    return [(term[:i], term[i:]) for i in range(1, len(term) - 1)]


def _coordinated(term: str, sentence: str) -> bool:
    """``A、B…尾`` affirms A尾 (the tail is shared); ``头性A、B和C`` affirms 头性C (the head is)."""
    for head, tail in _splits(term):
        if head not in sentence or tail not in sentence:
            continue
        left, right = re.escape(head), re.escape(tail)
        start = _START if len(head) == 1 else ""
        if re.search(rf"{start}{left}{_LINK}{right}", sentence):
            return True
        if len(head) > 1 and head[-1] in "性型源期度级":
            shared = rf"{left}{_WORD}(?:[、,/]{_WORD}){{0,8}}(?:和|及其?|以及|与|或){right}"
            if re.search(shared, sentence):
                return True
    return False


def _reordered(term: str, sentence: str) -> bool:
    """``B(A)`` and ``A … 的B`` affirm AB; of a long term nearly all may stand in one sentence."""
    for head, tail in _splits(term):
        if len(head) > 1 and re.search(
            rf"{re.escape(tail)}\((?:[^()]*[、,/或和])?{re.escape(head)}[、,/或和)]", sentence
        ):
            return True
    return len(term) >= 8 and _covered(re.sub(r"(?:期|时|状态)$", "", term), sentence)


def _covered(term: str, sentence: str) -> bool:
    """At least 80% of a long term, its ending included, stands in the sentence in at most three
    pieces of two characters or more, one of them of four; no character counts twice."""
    left, longest = term, 0
    for _ in range(3):
        spans = ((i, j) for i in range(len(left)) for j in range(i + 2, len(left) + 1))
        pieces = [left[i:j] for i, j in spans if HIDDEN not in left[i:j] and left[i:j] in sentence]
        if not pieces:
            break
        piece = max(pieces, key=len)
        longest = max(longest, len(piece))
        left = left.replace(piece, HIDDEN * len(piece), 1)
        sentence = sentence.replace(piece, HIDDEN, 1)
    missing = sum(char != HIDDEN for char in left)
    return missing <= 0.2 * len(term) and longest >= 4 and left[-1] == HIDDEN


def _apart(term: str, text: list[str]) -> list[str]:
    """The sentences without 非X and 抗X, which are something else than X."""
    return [re.sub("[非抗]" + re.escape(term), HIDDEN, sentence) for sentence in text]


def _loose(text: str) -> str:
    """Without 性 inside a word, people (成人, 儿童 …) and brackets with what they hold."""
    text = re.sub(r"\([^()]*\)", "", _PEOPLE.sub("", text))
    return re.sub(r"(?<=[\u4e00-\u9fff]{2})性(?=[\u4e00-\u9fff])", "", text)


def variants(term: str) -> list[str]:
    """The term, and the same with an interchangeable ending (肺炎链球菌感染 ~ 肺炎链球菌)."""
    forms = [term]
    for ending, other in (
        ("疼痛", "痛"),
        ("痛", "疼痛"),
        ("疾病", "病"),
        ("病", "疾病"),
        ("障碍", "症"),
    ):
        if term.endswith(ending) and not (ending in "痛病" and term.endswith(("疼痛", "疾病"))):
            core = term.removesuffix(ending)
            if len(core) > 1:
                forms.append(core + other)
    if re.search(r"(?:菌属?|病毒|hiv(?:-1)?|原虫|体属?)感染$", term) and len(term) > 4:
        forms.append(term.removesuffix("感染"))
    return forms


@dataclass(frozen=True)
class Text:
    """A text made ready once for many terms: its affirming sentences, plain and :func:`_loose`."""

    plain: list[str]
    loose: list[str]


class Matcher:
    """Finds terms with one alias table (``eval/aliases/<name>.txt``; None: no aliases)."""

    def __init__(self, aliases: Path | None) -> None:
        self.aliases = aliases
        self._terms: dict[str, list[str]] = {}

    def read(self, text: str, hide: Iterable[str] = ()) -> Text:
        """A text ready for :meth:`rule`; ``hide`` as for :func:`sentences`."""
        hidden = [canonical(normal(term), self.aliases) for term in hide]
        plain = sentences(canonical(normal(text), self.aliases), hidden)
        return Text(plain, [_loose(sentence) for sentence in plain])

    def key(self, term: str) -> str:
        """What two names of one term share."""
        return _loose(canonical(normal(term), self.aliases))

    def rule(self, term: str, text: Text, strict: bool = False) -> str:
        """Which rule finds ``term`` affirmed in ``text``: plain, loose, coordination, order, or
        none (an empty string). ``strict``: only the first two."""
        if term not in self._terms:
            self._terms[term] = variants(canonical(normal(term), self.aliases))
        for form in self._terms[term]:
            plain, loose = _apart(form, text.plain), _apart(form, text.loose)
            if any(form in sentence for sentence in plain):
                return "plain"
            if any(_loose(form) in sentence for sentence in loose):
                return "loose"
            for name, test in (("coordination", _coordinated), ("order", _reordered)):
                if not strict and any(test(form, sentence) for sentence in [*plain, *loose]):
                    return name
        return ""
