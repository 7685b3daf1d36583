"""What an answer says: letters of options, a judgement, or text; and where it may be written."""

from __future__ import annotations

import re

from core.text import bare
from data_tools.readers import patterns as pt
from data_tools.readers.draft import Draft
from data_tools.readers.patterns import judgement

_UPPER = re.compile(
    r"[(\[<\"“]?\s*([A-Z](?:[\s,、;，；/&和及与+|.]*[A-Z](?![a-z]))*)(?![A-Za-z0-9])\s*[)\]>\"”]?"
)
_LOWER = re.compile(r"[(\[]?\s*([a-z](?:[\s,、;，/&]*[a-z])*)\s*[)\]]?[.。、]?\s*$")
_ONE = re.compile(r"[(\[]?([A-Z])\s?[.、:)\]]\s{0,4}(?=\S)")
_MORE = re.compile(r"(?<![A-Za-z])([A-Z])\s*[、.:)]\s*")
_LIST = re.compile(r"[$\s,、;；，|/]+")
_TAIL = re.compile(r"(?:[)\]。.?？:：]|\s)\s*([A-H]{1,8})\s*[。.]?\s*$")
_EDGE = re.compile(r"[\s。.,，;；!！?？:：]*")


def letters(text: str, options: dict[str, str]) -> tuple[str, str]:
    """The option letters that an answer names and what it says after them; '' where it names none.

    An answer may be letters in any typing (``A、C``, ``ａｃ``), letters with their texts, or the
    text of an option.
    """
    texts = {bare(option): letter for letter, option in options.items()}
    if bare(text) in texts and not re.fullmatch(r"[A-Za-z\s]+", pt.plain(text)):
        return texts[bare(text)], ""  # A君 is an option's text, not the option A
    plain = pt.plain(text).strip().lstrip(":：选择为是项 ")
    plain = re.sub(r"^(?:option|choice|answer)\s+(?=[A-H]\b)", "", plain, flags=re.I)
    one = _ONE.match(plain)  # A. RAM
    if one and _same(plain[one.end() :], options.get(one[1], "")):
        return one[1], ""
    found = _UPPER.match(plain) or _LOWER.match(plain)
    if found:
        named = re.sub(r"[^A-Z]", "", found.group(1).upper())
        if set(named) <= set(options):
            rest = plain[found.end() :]
            more = [m.group(1) for m in _MORE.finditer(rest) if _follows(rest, m, options)]
            if more or _same(rest, options.get(named[-1], "")):
                rest = ""
            return _sorted(named + "".join(more)), rest.strip(" 。.、:;；,，项选")
    if len(text) > 2_000:
        return "", ""
    if bare(text) in texts:
        return texts[bare(text)], ""
    pieces = [bare(piece) for piece in _LIST.split(text) if bare(piece)]
    if len(pieces) > 1 and all(piece in texts for piece in pieces):
        return _sorted("".join(texts[piece] for piece in pieces)), ""
    return "", ""


def _follows(rest: str, match: re.Match[str], options: dict[str, str]) -> bool:
    """Whether ``C. 丙`` in an answer is the option C with its text."""
    text = pt.plain(options.get(match.group(1), ""))
    near = rest[match.end() : match.end() + 60]
    return bool(text) and bare(near).startswith(bare(text)[:12])


def _same(rest: str, text: str) -> bool:
    """Whether what follows the letter is just the option's text again."""
    return (
        0 < len(rest) < 2 * len(text) + 20
        and bare(rest) != ""
        and bare(rest) == bare(pt.plain(text))
    )


def _sorted(named: str) -> str:
    return "".join(sorted(set(named)))


SAID = (
    "√",
    "×",
    "对",
    "错",
    "正确",
    "错误",
    "不对",
    "不正确",
    "是",
    "否",
    "不是",
    "true",
    "false",
    "yes",
    "no",
)


def plain_judgement(text: str) -> str:
    """A judgement that can hardly be anything else; a mere N or T may be a chemical symbol."""
    judged = judgement(text) if len(text) <= 8 else ""
    return judged if judged.lower() in SAID else ""


def bracketed(draft: Draft, stem: str) -> tuple[str, str]:
    """The answer in the stem's own bracket and the stem with the bracket emptied; ('', stem) if
    there is none. Letters count only if they are options, judgements only at either end."""
    plain = pt.plain(stem)
    found = [m for m in pt.BRACKET.finditer(plain) if m.group("in")]
    found += pt.RULE.finditer(plain)
    if draft.options:
        good = [
            m
            for m in found
            if set(re.sub(r"[^A-Z]", "", m.group("in").upper())) <= set(draft.options)
            and re.fullmatch(r"[A-Za-z\s,、;，/.]+", m.group("in"))
            and (m.group("in").isupper() or not plain[m.end() :].strip(" 。.?？"))  # f(a) is code
        ]
        if len(good) > 1 and (last := [m for m in good if plain[m.end() :].strip(" 。.?？") == ""]):
            good = last
        named = _sorted("".join(re.sub(r"[^A-Z]", "", m.group("in").upper()) for m in good))
        return named, _emptied(stem, good)
    judged = [
        m
        for m in found
        if judgement(m.group("in"))
        and (_EDGE.fullmatch(plain[m.end() :]) or _EDGE.fullmatch(plain[: m.start()]))
    ]
    if judged:
        return judgement(judged[-1].group("in")), _emptied(stem, judged[-1:])
    return _corrected(draft, stem, plain, found)


def _corrected(draft: Draft, stem: str, plain: str, found: list[re.Match[str]]) -> tuple[str, str]:
    """``……（×）（一年有十二个月）``: a judgement with its correction behind, which is no stem."""
    for match in found[::-1]:
        rest = plain[match.end() :].strip(" 。.")
        told = judgement(match.group("in")) and match.re is pt.BRACKET
        aside = rest.startswith(("(", "[")) and rest.endswith((")", "]"))
        if told and (aside or (draft.tag or draft.section.kind) == "judge"):
            draft.explanation.insert(0, stem[match.end() :].strip(" 。.()（）[]【】"))
            return judgement(match.group("in")), _emptied(stem[: match.end()], [match])
    return "", stem


def _emptied(stem: str, brackets: list[re.Match[str]]) -> str:
    """``stem`` with the contents of ``brackets`` taken out."""
    for match in sorted(brackets, key=lambda m: -m.start()):
        start, end = match.span("in")
        before, after = stem[:start].rstrip(), stem[end:].lstrip()
        stem = f"{before} {after}" if match.re is pt.BRACKET else f"{before}{after}"
    return stem


def trailing(draft: Draft, stem: str) -> tuple[str, str]:
    """Letters standing alone after the stem: ``……是（　）B``."""
    found = _TAIL.search(pt.plain(stem))
    if found and draft.options and set(found.group(1)) <= set(draft.options):
        return _sorted(found.group(1)), stem[: found.start(1)].rstrip()
    return "", stem


def concluded(draft: Draft) -> str:
    """The letters that the explanation ends on: ``故选B``."""
    for text in reversed(draft.explanation):
        named = [m.group(1) for m in pt.CHOSEN.finditer(pt.plain(text))]
        if named:
            said = _sorted(re.sub(r"[^A-Z]", "", named[-1]))
            return said if set(said) <= set(draft.options) else ""
    return ""


def emphasised(draft: Draft, hows: list[str], kind: str) -> str:
    """The options that stand out by the first of ``hows`` that tells some from the others, or from
    a stem that does not."""
    for how in hows:
        marked = [letter for letter in draft.options if how in draft.hows.get(letter, ())]
        several = kind == "multiple" or (not kind and how not in dict(draft.stem_marks))
        if marked and (len(marked) < len(draft.options) or (several and how == hows[0])):
            return _sorted("".join(marked))
    return ""


def usual_hows(drafts: list[Draft]) -> list[str]:
    """The emphases that single out options in this document, the commonest first."""
    counts: dict[str, int] = {}
    for draft in drafts:
        if len(draft.options) < 2:
            continue
        for how in set().union(*draft.hows.values()) if draft.hows else ():
            marked = sum(how in draft.hows.get(letter, ()) for letter in draft.options)
            if 0 < marked < len(draft.options):
                counts[how] = counts.get(how, 0) + 1
    return sorted(counts, key=lambda how: (-counts[how], how))
