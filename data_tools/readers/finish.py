"""A draft becomes a row, or a reason why it cannot."""

from __future__ import annotations

import re

from core.rows import Row, Source
from core.text import bare
from data_tools.readers import answers
from data_tools.readers import patterns as pt
from data_tools.readers.doubt import doubt
from data_tools.readers.draft import Draft

NO_ANSWER, NO_STEM, NO_OPTIONS, NOT_OPTION = (
    "no-answer", "no-question", "no-options", "answer-not-an-option",
)  # fmt: skip
_SIGN = re.compile(r"[√×+\-*/%<>=≤≥≠∈∪∩→∞&|^~#$@]")  # an answer may be a sign alone
_HINT = re.compile(r"\s*(?:选?填(?:写|大|小|是|增|正|对|\w或)|提示|注\s*[:：])")  # (填大或小)
_SET_APART = re.compile(  # =SUM(A1) is a formula
    r"\s*(?:(?=([-–—>》〉=~|·•:：*]))\1{1,4})(?!(?<==)[A-Z(])\s*(?=[^\W\d]|\s\S)(?<=[\s\W])"
)
_LIST_ITEM = re.compile(r"\s*(?:[①-⑳⑴-⒇]|[(（\[]?\d{1,2}[)）\].．、]|[-•●])")
# A judgement after the statement without a bracket: 水往低处流。 √
_JUDGED = re.compile(
    r"(?:(?<=[。.!！;；])|(?<=\s)|[-—]{2}|答\s*[:])\s*(√|×|正确|错误|对|错|T(?:rue)?|F(?:alse)?|TRUE|FALSE)\s*[。.]?\s*$"
)
# A colon, or a type word with one, before the stem: what stood behind the number or a tag.
_LEFT = re.compile(
    rf"\s*(?:/\s?\d{{1,4}}\s*\n|(?:{pt.KIND_WORD.pattern})(?<=题)\s*[:：]|[:.,、;)\]>|]+(?=\s*[^\W\d(]))\s*"
)
_ALPHABETS = ("甲乙丙丁戊己", "123456", "①②③④⑤⑥")
_MARK = re.compile(  # 甲、鹰 and no combination: 甲、乙
    r"\s*[(（]?(?P<sign>[甲乙丙丁戊己1-6①-⑥])(?:[)）、]|[.．](?!\d)|(?<=[①-⑥]))\s*"
    r"(?=\S)(?![甲乙丙丁戊己\d①-⑥和与及、，,])"
)
_BLANKS = re.compile(r"[\[(<]\s?填空")  # the question's own tag
_BLANK_NUMBER = re.compile(r"^\s*\((\d{1,2})\)\s*", re.M)
_LATIN = re.compile(r"[A-Za-z0-9,;]$")


def joined(lines: list[str]) -> str:
    """Lines of one text: a hard-wrapped sentence is joined again, a list stays a list."""
    text = ""
    for line in lines:
        line = line.strip()
        if not line:
            continue
        if not text:
            text = line
        elif (
            _LIST_ITEM.match(line)
            or text[-1] in "。?？!！：:；;）)"
            or len(text.split("\n")[-1]) < 12
        ):
            text += "\n" + line
        elif _LATIN.search(text) and line[:1].isascii():
            text += " " + line
        else:
            text += line
    return text


def row(draft: Draft, name: str, sha: str, hows: list[str], optionless: bool = False) -> Row | str:
    """The finished row, or the reason for the ledger. ``optionless`` says that the document gives
    letters without the options that they mean, so that a letter is no answer."""
    _unlettered(draft)
    _rejoined(draft)
    stem = _stem(draft)
    starred = draft.starred
    for letter, text in draft.options.items():
        cleaned = pt.CORRECT.sub("", pt.plain(text))
        if len(cleaned) < len(pt.plain(text)) and (cleaned or len(draft.options) > 2):
            starred += letter
            span = pt.CORRECT.search(pt.plain(text))
            draft.options[letter] = (
                (text[: span.start()] + text[span.end() :]).strip() if span else text
            )
    _unsigned(draft)
    kind = draft.tag or draft.section.kind
    letters, answer, stem = _answer(draft, stem, starred, hows, kind)
    if not stem and not (draft.case and draft.case.stem):
        return NO_STEM
    if letters and kind == "qa" and len(draft.options) == 1:  # a blank's answer in column A
        answer, letters, draft.options = next(iter(draft.options.values())), "", {}
    if draft.options and not letters:
        return NOT_OPTION if "".join(draft.answer).strip() else NO_ANSWER
    if not draft.options and not (bare(answer) or _SIGN.search(answer)):
        return NO_ANSWER
    choice = kind in ("single", "multiple") or optionless
    choice = choice or (draft.loc_is_cell and kind != "qa")  # df fills a blank
    judged = kind == "judge" and pt.judgement(answer)
    if not draft.options and choice and lettered(answer) and not judged:
        return NO_OPTIONS
    text = draft.text
    if not stem and draft.case:  # its question is the case's text alone
        text = "\n".join([text, *draft.case.stem])
    if draft.case and draft.case.stem:
        stem = "\n".join([*filter(None, draft.case.stem), *([stem] if stem else [])])
    flags = list(draft.flags)
    final = _kind(draft, draft.tag or kind, letters, answer, flags)
    answer, letters = _named(draft, final, letters, answer)
    if not all(draft.options.values()):
        flags.append("empty-option")
    source = Source(name, sha, draft.loc or draft.lines[0].loc, text)
    return Row(
        stem, answer, source, final, options=dict(draft.options), letters=letters,
        explanation=joined(draft.explanation), flags=flags,
    )  # fmt: skip


_SPELT = {"Y": "正确", "N": "错误"}  # as habits has codes of a section


def _named(draft: Draft, kind: str, letters: str, answer: str) -> tuple[str, str]:
    """Answer and letters: the options that are right with their letters; of a judgement printed as
    options (``A. 正确  B. 错误``) the word alone."""
    if draft.options and kind == "judge":
        said, draft.options = draft.options[letters[:1]], {}
        chinese = not "".join(draft.stem).isascii()
        return (_SPELT.get(said.strip().upper(), said) if chinese else said), ""
    named = (f"{letter}. {draft.options[letter]}" for letter in letters)
    return "；".join(named) if draft.options else answer, letters


def lettered(text: str) -> bool:
    """Whether an answer is nothing but option letters."""
    return bool(re.fullmatch(r"\s*[A-Ha-h](?:[\s,、;|]*[A-Ha-h]){0,7}\s*", pt.plain(text)))


def _stem(draft: Draft) -> str:
    """The stem without its trailing type tag and score."""
    stem = _untagged(draft, _headless(draft, joined(draft.stem)))
    if stem[-1:] not in ")）]】*> 〕":
        return stem
    for _ in range(3):
        plain = pt.plain(stem)
        cut = plain.rstrip(" *")
        for pattern in (pt.TAG, pt.SCORE):
            for found in pattern.finditer(plain):
                if found.end() >= len(cut) and found.start() > 0:
                    draft.tag = draft.tag or (
                        pt.section_kind(found.group()) if pattern is pt.TAG else ""
                    )
                    stem = stem[: found.start()].rstrip()
        if pt.plain(stem) == plain:
            break
    return stem


def _untagged(draft: Draft, stem: str) -> str:
    """``stem`` without the words in brackets that say how many to choose."""
    found = pt.CHOOSE.search(pt.plain(stem))
    if not found or not stem[: found.start()].strip():
        return stem
    draft.tag = draft.tag or pt.section_kind(found.group())
    return stem[: found.start()] + stem[found.end() :]


def _headless(draft: Draft, stem: str) -> str:
    """``stem`` without tags, type words and signs left at its beginning."""
    for _ in range(4):
        plain = pt.plain(stem)
        found = pt.TAG.match(plain) or pt.SCORE.match(plain) or _LEFT.match(plain)
        if not found or found.end() >= len(plain):
            break
        draft.tag = draft.tag or pt.section_kind(found.group())
        stem = stem[found.end() :].lstrip()
    return stem


def _unlettered(draft: Draft) -> None:
    """Options without letters, told by the mark of the right one: ``安全发展(正确答案)``."""
    if draft.options or draft.answered or len(draft.stem) < 3:
        return
    marked = [bool(pt.CORRECT.search(pt.plain(text))) for text in draft.stem]
    if any(marked[1:]) and not marked[0] and len(draft.stem) <= 12:
        draft.options = {chr(65 + k): text for k, text in enumerate(draft.stem[1:])}
        draft.stem = draft.stem[:1]


def _unsigned(draft: Draft) -> None:
    """One sign before every option's text (``A - 甲``) parts it from the letter."""
    texts = list(draft.options.values())
    for signs_ in _ALPHABETS:  # A is 甲、…, B is 乙、…
        marked = [_MARK.match(text) for text in texts]
        if [m["sign"] if m else "" for m in marked] == list(signs_[: len(texts)]) and texts[1:]:
            for letter, m in zip(draft.options, marked, strict=True):
                draft.options[letter] = draft.options[letter][m.end() if m else 0 :]
            return
    signs = {found[1] if (found := _SET_APART.match(text)) else "" for text in texts}
    if len(texts) > 1 and len(signs) == 1 and signs != {""}:
        for letter, text in draft.options.items():
            found = _SET_APART.match(text)
            draft.options[letter] = text[found.end() :] if found else text


def _rejoined(draft: Draft) -> None:
    """What looked like options within a sentence are none where the answer is a text."""
    said = " ".join(draft.answer).strip()
    if not draft.inline or not said or any(draft.own_line.get(c) for c in list(draft.options)[1:]):
        return
    named, _ = answers.letters(said, draft.options)
    wordy = re.match(r"\s*[A-H]+[\u4e00-\u9fff]", pt.plain(said)) and not re.match(
        r"\s*[A-H]+\s*[项选]", pt.plain(said)
    )
    written = (draft.tag or draft.section.kind) == "qa"
    if written or not named or wordy:
        draft.stem = [*draft.stem[:-1], draft.inline]
        draft.options = {}


def _answer(
    draft: Draft, stem: str, starred: str, hows: list[str], kind: str
) -> tuple[str, str, str]:
    """Letters, answer text, and the stem without its answer: the explicit answer first, then the
    bracket, the bracket before the number, ticks, emphasis, and what the explanation concludes."""
    said = "\n".join(part for part in draft.answer if part.strip()).strip()
    said = (
        said[:-1].rstrip()
        if said.endswith((")", "）"))
        and said.count("(") + said.count("（") < said.count(")") + said.count("）")
        else said
    )
    if not draft.options:
        return "", *_text_answer(draft, stem, said, kind)
    named, rest = answers.letters(said, draft.options) if said else ("", "")
    inside, emptied = answers.bracketed(draft, stem)
    if named:
        if rest and not draft.explanation:
            draft.explanation.append(rest)
        if inside == named:
            stem = emptied
        elif inside and re.search(r"[)\]][\s。.?？]*$", pt.plain(stem)):
            draft.flags.append(doubt("answer-conflict/bracket", inside=inside, named=named))
        return named, said, stem
    if said:
        return "", said, stem
    if inside:
        return inside, inside, emptied
    lead = re.sub(r"[^A-Z]", "", draft.lead.upper())
    if lead and set(lead) <= set(draft.options):
        return lead, lead, stem
    marked = "".join(sorted(set(starred))) or answers.emphasised(draft, hows, kind)
    if marked:
        return marked, marked, stem
    tail, shorter = answers.trailing(draft, stem)
    if tail:
        return tail, tail, shorter
    said = answers.concluded(draft)
    if said:
        draft.flags.append("answer-from-explanation")
    return said, said, stem


def _text_answer(draft: Draft, stem: str, said: str, kind: str) -> tuple[str, str]:
    """The answer of a question without options, and its stem."""
    inside, emptied = answers.bracketed(draft, stem)
    said = _by_blank(draft, stem, said)
    judged = answers.judgement(said)
    if kind == "judge" and said and not judged:
        first = re.match(
            r"\s*(√|×|正确|错误|对|错|不正确|True|False)(?![A-Za-z])[\s,，。.;；:、（(]*",
            pt.plain(said),
            re.I,
        )
        if first:
            rest = said[first.end() :].strip("）) ")
            if rest:
                draft.explanation.insert(0, rest)
            said = judged = first.group(1)
        elif said.strip().upper() in ("A", "B", "1", "2", "0"):
            draft.flags.append(doubt("judge-letter", answer=said.strip()))
            said = judged = "正确" if said.strip().upper() in ("A", "1") else "错误"
    if said:
        blanks = re.findall(r"[(（]\s*([^()（）]{1,60}?)\s*[)）]", stem)
        if len(blanks) > 1 and bare("".join(blanks)) == bare(said):
            stem = re.sub(r"([(（])\s*[^()（）]{1,60}?\s*([)）])", r"\1 \2", stem)
        return (judged or said), (emptied if judged and judged == inside else stem)
    if inside:
        if inside in ("T", "F"):
            draft.tag = draft.tag or "judge"
        return inside, emptied
    lead = answers.judgement(draft.lead) if draft.lead else ""
    if lead:
        return lead, stem
    found = _JUDGED.search(pt.plain(stem)) if kind in ("judge", "") else None
    if found and (kind == "judge" or found.group(1) in "√×"):
        return found.group(1), stem[: found.start()].rstrip()
    if kind == "qa" and ("填" in draft.section.title or _BLANKS.search(pt.plain(draft.text))):
        return _filled(draft, stem)
    return "", stem


def _by_blank(draft: Draft, stem: str, said: str) -> str:
    """An answer whose lines ``(1) 专政`` / ``(2) 民主`` have the numbers of their blanks, without
    these. An essay's numbered points stay: only as many lines as blanks, or one of a 填空题."""
    plain = pt.plain(said)
    found = list(_BLANK_NUMBER.finditer(plain))
    counted = [int(mark[1]) for mark in found] == list(range(1, len(found) + 1))
    if not found or found[0].start() or not counted or f"({len(found) + 1})" in plain:
        return said  # on one line they stay: (1) 专政 (2) 民主
    asked = "填" in draft.section.title or _BLANKS.search(pt.plain(draft.text))
    if len(found) != len(pt.BLANK.findall(pt.plain(stem))) and not (asked and len(found) == 1):
        return said
    ends = [*(mark.start() for mark in found[1:]), len(said)]
    parts = [joined(said[m.end() : end].split("\n")) for m, end in zip(found, ends, strict=True)]
    return "；".join(parts) if all(parts) else said


def _filled(draft: Draft, stem: str) -> tuple[str, str]:
    """The answers that stand in the blanks of a fill-in question: in brackets, or underlined."""
    marked = [text for how, text in draft.stem_marks if how == "underline" and text.strip(" _")]
    found = re.finditer(r"[(（]\s*([^()（）]{1,60}?)\s*[)）]", stem)
    blanks = [m for m in found if not _HINT.match(m.group(1))]
    if blanks and not marked:
        text = re.sub(r"([(（])\s*[^()（）]{1,60}?\s*([)）])", r"\1 \2", stem)
        return "；".join(m.group(1) for m in blanks), text
    for text in marked:
        stem = stem.replace(text, "____", 1)
    return "；".join(text.strip(" _") for text in marked), stem


def _kind(draft: Draft, kind: str, letters: str, answer: str, flags: list[str]) -> str:
    """The kind of the row; a section that says otherwise is noted in ``flags``."""
    if draft.case and not draft.case.shared_options:
        return "case"
    if draft.options:
        texts = [answers.judgement(text) for text in draft.options.values()]
        if len(texts) == 2 and all(texts):
            return "single" if kind == "single" else "judge"
        told = pt.CHOOSE.search(pt.plain("\n".join(draft.stem)))
        many = pt.number_value(told[1] or "") if told else 0
        if many > 1 and many != len(letters):
            flags.append(doubt("kind-mismatch/many", many=many, said=letters))
        if len(letters) > 1:
            if kind == "single":
                flags.append(doubt("kind-mismatch/single"))
            return "case" if kind == "case" else "multiple"
        return kind if kind in ("multiple", "case") else "single"
    judged = bool(answers.judgement(answer))
    plain = answers.plain_judgement(answer)
    if judged and (kind == "judge" or (kind in ("", "single", "multiple") and plain)):
        return "judge"
    if kind in ("single", "multiple") and answer.strip() in ("T", "F"):
        return "judge"
    if kind == "judge" and not judged:
        flags.append(doubt("kind-mismatch/judge"))
    return kind if kind in ("case", "multiple") else "qa"
