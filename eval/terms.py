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

from core.chinese import simplified
from core.errors import UserError
from core.language import words
from core.lines import line_of
from eval.negation import HIDDEN, STOP, sentences

SEP = r"(?:、|,|/|或者?|和|及其?|以及|与|并|伴有?|合并|\+)"
CAUSE = r"(?:所致|所引起|引起|导致|造成|诱发|诱导|感染|继发|相关)(?:的|性)?"
# What may stand between a shared tail and its heads: no sentence end, no bracket, no new verb.
_ITEM = rf"(?:(?!用于|治疗|缓解|改善|预防|患者)[^{STOP}:()]){{1,36}}?"
_LINK = rf"(?:\([^()]*\))?(?:{SEP}{_ITEM}|(?:等|{CAUSE})(?:{_ITEM})?)"
_START = r"(?:^|(?<=[、,/:(和及与或于疗防的由]))"  # a head of one character must begin an item
_WORD = rf"[^{STOP}:(),、/和及与或]{{1,10}}"
_PEOPLE = re.compile(r"(?:成年|成人|儿童|青少年|婴幼儿|老年人?|男性|女性|妇女)(?:患者|病人)?的?")


def no_tags(text: str) -> str:
    """``text`` without HTML; the end of a paragraph is the end of a line."""
    text = re.sub(r"<br\s*/?>|</(?:p|li|tr|h\d)>", "\n", text)
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]{0,200}>", "", text))


def normal(text: str) -> str:
    """No HTML or Markdown marks, NFKC, lower case, simplified characters, no spaces; line ends
    stay."""
    text = no_tags(text)
    text = re.sub(r"[①-⑳❶-❿]", "。", text)
    text = simplified(unicodedata.normalize("NFKC", text).casefold())
    text = re.sub(r"[^\S\n]|[\u200b-\u200f\ufeff*#`]", "", text)
    text = re.sub(r"(?<=[\u4e00-\u9fff])[-‐‑–](?=[\u4e00-\u9fff])", "", text)
    # 急(慢)性 is 急、慢性
    return re.sub(r"([\u4e00-\u9fff])\(([\u4e00-\u9fff])\)(?=[性度型期级])", r"\1、\2", text)


@lru_cache(maxsize=8)
def alias_table(path: Path) -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of all names in an alias file, and what each becomes."""
    table: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        names = [normal(name) for name in line.split("#")[0].split()]
        for name in names:
            if table.setdefault(name, names[0]) != names[0]:
                said = words("已属于另一组", "stands in two groups")
                raise UserError(f"{line_of(path, number)}: '{name}' {said}")
    names = sorted(table, key=len, reverse=True)
    parts = [
        rf"(?<![a-z0-9]){re.escape(w)}(?![a-z0-9])" if w.isascii() else re.escape(w) for w in names
    ]
    return re.compile("|".join(parts) or r"(?!)"), table


def canonical(text: str, aliases: Path | None) -> str:
    """``text`` (normal) with every name of the table in its first form."""
    if aliases is None:
        return text
    pattern, table = alias_table(aliases)
    return pattern.sub(lambda match: table[match.group()], text)


def _splits(term: str) -> list[tuple[str, str]]:
    """Where a term may be shared: head and tail, the tail at least two characters."""
    return [(term[:i], term[i:]) for i in range(1, len(term) - 1)]


def _coordinated(term: str, sentence: str) -> bool:
    """``A、B…尾`` affirms A尾 (the tail is shared); ``头性A、B和C`` affirms 头性C (the head is)."""
    if len(term) == 2 and term[1] in "痛炎癌癣瘤" and term[1] in sentence:  # 头、颈、肩痛
        part = r"[\u4e00-\u9fff]{1,3}?"
        listed = rf"{_START}{term[0]}(?:、{part}){{0,6}}(?:、|和|及|或|与){part}{term[1]}"
        return re.search(listed, sentence) is not None
    for head, tail in _splits(term):
        if head not in sentence or tail not in sentence:
            continue
        left, right = re.escape(head), re.escape(tail)
        start = _START if len(head) == 1 else ""
        if re.search(rf"{start}{left}{_LINK}{right}", sentence):
            return True
        if len(head) > 1 and head[-1] in "性型源期度级":
            # 慢性充血性心力衰竭 is a 慢性心力衰竭
            if len(tail) > 2 and re.search(rf"{left}{_WORD[:-6]}{{2,6}}[性型]{right}", sentence):
                return True
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
    """The sentences without 非X, 抗X and 致X (but 所致X), which are something else than X."""
    if not any(term in sentence for sentence in text):
        return text
    other = re.compile(rf"(?:[非抗]|(?<![所导引])致){re.escape(term)}")
    return [other.sub(HIDDEN, sentence) for sentence in text]


def _stands(term: str, sentence: str) -> bool:
    """An abbreviation must stand alone: RA is not in RAT."""
    if not term.isascii():
        return term in sentence
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}(?![a-z0-9])", sentence) is not None


def _loose(text: str) -> str:
    """Without 性, 型 and 的 inside a word, people (成人 …) and brackets with what they hold."""
    text = re.sub(r"\([^()]*\)", "", _PEOPLE.sub("", text))
    return re.sub(r"(?<=[\u4e00-\u9fff]{2})[性型的](?=[\u4e00-\u9fff])", "", text)


def variants(term: str) -> list[str]:
    """The term, the abbreviation in its brackets, and the same with an interchangeable ending
    (肺炎链球菌感染 ~ 肺炎链球菌)."""
    forms = [term, *re.findall(r"\(([a-z][a-z0-9-]+)\)$", term)]
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
        self._keys: dict[str, str] = {}

    def read(self, text: str, hide: Iterable[str] = ()) -> Text:
        """A text ready for :meth:`rule`; ``hide`` as for :func:`sentences`."""
        hidden = [canonical(normal(term), self.aliases) for term in hide]
        plain = sentences(canonical(normal(text), self.aliases), hidden)
        return Text(plain, [_loose(sentence) for sentence in plain])

    def key(self, term: str) -> str:
        """What two names of one term share."""
        if term not in self._keys:
            self._keys[term] = _loose(canonical(normal(term), self.aliases))
        return self._keys[term]

    def rule(self, term: str, text: Text, strict: bool = False) -> str:
        """Which rule finds ``term`` affirmed in ``text``: plain, loose, coordination, order, or
        none (an empty string). ``strict``: only the first two."""
        if term not in self._terms:
            self._terms[term] = variants(canonical(normal(term), self.aliases))
        for form in self._terms[term]:
            plain, loose = _apart(form, text.plain), _apart(form, text.loose)
            if any(_stands(form, sentence) for sentence in plain):
                return "plain"
            if any(_stands(_loose(form), sentence) for sentence in loose):
                return "loose"
            for name, test in (("coordination", _coordinated), ("order", _reordered)):
                if not strict and any(test(form, sentence) for sentence in [*plain, *loose]):
                    return name
        return ""
