"""What a document does throughout, told from all of it before its questions are finished.

A sign before every option, a score behind every stem, blanks that hold their answers, judgements
written as codes, only the right option printed: each is read so where most of the document shows it
and left alone elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Line
from data_tools.readers.doubt import code_of, doubt
from data_tools.readers.draft import Draft

_BLANKS = {"rules": re.compile(r"_{1,48}"), "spaces": re.compile(r"(?<=\S)\s{2,48}(?=\S)")}
MOST, LEAST = 0.6, 3  # share of the lines or questions, and their number, that make a habit
_JUNK = re.compile(
    r"\s{0,8}(?P<junk>(?:&|>|~|/|\\|\||→|➢|◇|◆|○|●|□|■|◯|☐|•|·|\+|-|—|#|\[(?:图片|公式)[^\[\]]{0,80}\]){1,3}\s{0,4})"
    r"(?=[(\[]?[A-Ha-h][)\]]?\s{0,3}[.、:,)\]]|[A-H](?=\s|[^\x00-\x7f]))"
)
_TYPE = re.compile(rf"\s*(?:{pt.KIND_WORD.pattern})(?<=题)(?=\s*[^\W\d]|\s*[“\"《(（])\s*")
_BEHIND = (" # ", " // ", "||", " :: ", " => ", "——", " -- ", " | ", "^^", "@@")
_SHOWN = {"image": "[图片", "formula": "[公式"}  # how what is flagged shows in a line
_MARKED = re.compile(r"\s{0,8}[(\[]?[A-H][)\]]?\s{0,3}[.、:)]\s{0,3}(?=\S)")
_OPTION = re.compile(r"\s{0,8}[(\[]?[A-H][)\]]?\s{0,3}[.、:)]")
_SCORED = re.compile(
    r"\s{0,4}[(\[]\s{0,3}(\d{1,2}(?:\.\d)?)\s{0,3}[)\]]\s{0,4}(?=$|(?:正确|参考|标准)?答案)"
)
_NUMBERED = re.compile(r"\s{0,8}(?:第\s?)?\d{1,4}\s?[^\w\s]")
_CLOSED = re.compile(r"</[^<>\s]{1,12}>\s*$")
_OPENED = re.compile(r"<[A-Za-z]")
_CODE = re.compile(r"[(\[]\s{0,9}([012YNyn])\s{0,9}[)\]]")
# How a blank may hold its answer, surest first.
_FILLS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("rules", re.compile(r"_{1,48}\s{0,9}([^\s_](?:[^_]{0,80}[^\s_])?)\s{0,9}_{1,48}")),
    ("spaces", re.compile(r"(?<=\S)\s{2,48}(\S(?:[^\s]|\s(?!\s)){0,60}?)\s{2,48}(?=\S)")),
)


def lines(given: Sequence[Line]) -> list[Line]:
    """The lines without the signs before every option, the bare score behind every stem, and
    stray closing tags."""
    plains = [pt.plain(line.text) for line in given]
    signs = [_JUNK.match(plain) for plain in plains]
    options = sum(bool(_OPTION.match(plain)) for plain in plains)
    junk = sum(map(bool, signs))
    junky = junk >= LEAST and junk >= MOST * (junk + options)
    scores = [
        found if found and ("." in found[1] or _NUMBERED.match(plain)) else None
        for plain in plains
        for found in [_SCORED.search(plain)]
    ]
    values = Counter(found[1] for found in scores if found)
    asked = sum(bool(_NUMBERED.match(plain)) for plain in plains)
    scored = LEAST <= sum(values.values()) >= MOST * asked and len(values) <= 4
    made = []
    for line, plain, sign, score in zip(given, plains, signs, scores, strict=True):
        if junky and sign:
            line = _without(line, *sign.span("junk"))
        elif scored and score and score.start():
            line = _without(line, *score.span())
        elif (closed := _closed(plain)) is not None:
            line = _without(line, *closed.span())
        made.append(line)
    return made


def _closed(plain: str) -> re.Match[str] | None:
    """A stray closing tag at the end; a line that opens one as well is about markup."""
    return _CLOSED.search(plain) if plain.endswith(">") and not _OPENED.search(plain) else None


def _without(line: Line, start: int, end: int) -> Line:
    """``line`` without the characters from ``start`` to ``end``."""
    marks = tuple(
        (max(0, a - max(0, min(a, end) - start)), b - max(0, min(b, end) - start), how)
        for a, b, how in line.marks
        if b <= start or b > end
    )
    text = line.text[:start] + line.text[end:]
    flags = tuple(f for f in line.flags if f not in _SHOWN or _SHOWN[f] in text)
    return replace(line, text=text, marks=marks, raw=line.stored, flags=flags)


def settle(drafts: Sequence[Draft]) -> None:
    """Finish, in place, what only the whole document tells about its questions."""
    _typed(drafts)
    _quoted(drafts)
    _behind_sign(drafts)
    _only_right(drafts)
    _true_false(drafts)
    _codes(drafts)
    _fills(drafts)


def rows(given: Sequence[Row], ledger: Ledger) -> list[Row]:
    """The rows of tables, once all are read: codes are judgements where nothing else is answered
    without options; letters without options are no answers, and go to ``ledger``."""
    open_ = [row for row in given if not row.options and row.kind != "case"]
    said = {id(row): row.answer.strip().upper() for row in open_}
    lettered = [
        row
        for row in open_
        if re.fullmatch(r"[A-H]{1,6}|[a-h]", row.answer.strip()) and row.kind != "judge"
    ]
    coded = [row for row in open_ if said[id(row)] in ("0", "1", "2", "Y", "N")]
    seen = {said[id(row)] for row in coded}
    pairs = (("1", "2"), ("1", "0"), ("Y", "N"))
    right = next((pair[0] for pair in pairs if seen == set(pair)), "")
    if seen and seen < {"Y", "N"} and all(row.kind == "judge" for row in coded):
        right = "Y"  # one of them throughout, and known to be judgements
    lost: set[int] = set()
    if len(lettered) > max(1, 0.2 * (len(open_) - len(coded))):
        lost = {id(row) for row in lettered}
    if right and not lost and 2 * len(coded) > len(open_):
        many = Counter(said[id(row)] for row in coded)
        sure = min(many.values()) >= max(LEAST, 0.1 * len(coded))  # both codes, again and again
        for row in coded:
            row.flags = [f for f in row.flags if not (sure and code_of(f) == "judge-letter")]
            if row.kind != "judge" and not sure:
                row.flags.append(doubt("judge-letter", answer=row.answer.strip()))
            row.kind, row.answer = "judge", "正确" if said[id(row)] == right else "错误"
    elif lost:
        lost |= {id(row) for row in coded if row.kind != "judge"}
    for row in given:
        if id(row) in lost:
            ledger.add(row.source.file, row.source.locator, "no-options", row.source.text)
    return [row for row in given if id(row) not in lost]


def _typed(drafts: Sequence[Draft]) -> None:
    """Most stems begin with the word for their kind and nothing between: ``单选题最大的动物是``."""
    told = [(d, found) for d in drafts if d.stem and (found := _TYPE.match(pt.plain(d.stem[0])))]
    if len(told) >= max(LEAST, MOST * len(drafts)):
        for draft, found in told:
            draft.tag = pt.section_kind(found.group()) or draft.tag
            draft.stem[0] = draft.stem[0][found.end() :].lstrip(" :：.、")


def _quoted(drafts: Sequence[Draft]) -> None:
    """A quotation (``> …`` in Markdown) below an open question is its answer."""
    for draft in drafts:
        if draft.options or draft.answered or len(draft.stem) < 2:
            continue
        told = [
            any(how == "quote" for _, _, how in line.marks)
            for line in draft.lines
            if line.text.strip()
        ]
        count = len(draft.stem) - 1
        if len(told) >= count and all(told[-count:]) and not told[0]:
            if draft.open:
                draft.answer, draft.answered = draft.stem[1:], True
            else:
                draft.explanation += draft.stem[1:]
            draft.stem = draft.stem[:1]


def _behind_sign(drafts: Sequence[Draft]) -> None:
    """The answers of most open questions stand behind one sign on the stem's last line
    (``The ____ model is … # prototyping``)."""
    open_ = [d for d in drafts if not (d.answered or d.options or d.lead) and d.stem]
    open_ = [d for d in open_ if d.open or not _judged(d)]
    for sign in _BEHIND:
        told = [
            d
            for d in open_
            if d.stem[-1].count(sign) == 1 and not d.stem[-1].strip().endswith(sign.strip())
        ]
        if len(told) >= max(LEAST, MOST * len(open_)):
            bare = sign.strip()
            for draft in (d for d in open_ if d in told or d.stem[-1].strip().count(bare) == 1):
                stem, _, answer = draft.stem[-1].partition(bare)
                if not answer.strip():
                    continue
                draft.stem[-1] = stem.rstrip()
                draft.answer, draft.answered = [answer.strip()], True
            return


def _judged(draft: Draft) -> bool:
    """Whether a bracket in the stem holds a judgement: ``(T)``, neither ``(EAC)`` nor ``a(n)``."""
    plain = pt.plain("".join(draft.stem))
    return any(
        m["in"]
        and pt.judgement(m["in"])
        and not re.match("[A-Za-z]", plain[max(0, m.start() - 1) :])
        for m in pt.BRACKET.finditer(plain)
    )


def _kind(draft: Draft) -> str:
    return draft.tag or draft.section.kind


def _only_right(drafts: Sequence[Draft]) -> None:
    """Under most stems stands the right option alone: its text is the answer."""
    _lone_marks(drafts)
    lone = {id(d): texts for d in drafts if (texts := _below(d))}
    given = [d for d in drafts if (d.options or id(d) in lone) and d.open]
    partial = [d for d in given if list(d.options) != _first(len(d.options)) or len(d.options) < 2]
    if len(partial) < max(LEAST, 0.5 * len(given)) or 2 * len(given) < sum(
        bool(d.options) for d in drafts
    ):
        return
    for draft in given:
        above = _above(draft)
        texts = [*above, *draft.options.values()] or lone[id(draft)]
        draft.stem = draft.stem[: len(draft.stem) - len(above)]
        draft.answer, draft.answered = ["；".join(texts)], True
        draft.stem = draft.stem[: len(draft.stem) - len(lone.get(id(draft), ()))]
        draft.options, draft.hows = {}, {}
        draft.tag = "qa"


def _above(draft: Draft) -> list[str]:
    """The marked lines left in a stem above its options: A stands alone where B is left out."""
    found: list[str] = []
    for line in reversed(draft.stem[1:]) if draft.options and "A" not in draft.options else ():
        mark = _MARKED.match(pt.plain(line))
        if not mark:
            break
        found.insert(0, line[mark.end() :].strip())
    return found


def _below(draft: Draft) -> list[str]:
    """The texts of marked lines below a stem that made no options, since one stands alone."""
    found: list[str] = []
    for line in reversed(draft.stem[1:]) if not draft.options else ():
        mark = _MARKED.match(pt.plain(line))
        if not mark:
            break
        found.insert(0, line[mark.end() :].strip())
    return found


def _lone_marks(drafts: Sequence[Draft]) -> None:
    """Most answers are one option with its mark (``B.太平洋``), and no options stand anywhere."""
    told = [d for d in drafts if d.answered and not d.options and d.answer]
    marked = [d for d in told if _MARKED.match(pt.plain(d.answer[0])) and len(d.answer) == 1]
    if len(marked) >= max(LEAST, MOST * len(drafts)):
        for draft in marked:
            found = _MARKED.match(pt.plain(draft.answer[0]))
            draft.answer = [draft.answer[0][found.end() :]] if found else draft.answer


def _first(count: int) -> list[str]:
    return [chr(65 + k) for k in range(count)]


def _true_false(drafts: Sequence[Draft]) -> None:
    """T and F answer what has no options, and no other letter does: these are judgements."""
    said = [(d, d.answer[0].strip()) for d in drafts if d.answer and not d.options]
    letters = [(d, text) for d, text in said if re.fullmatch("[A-Z]", text)]
    if len(letters) >= LEAST and {text for _, text in letters} <= {"T", "F"}:
        for draft, _ in letters:
            draft.tag = draft.tag or "judge"


def _codes(drafts: Sequence[Draft]) -> None:
    """Judgements written as 1 and 2, 1 and 0, Y and N, in brackets or as answers."""
    told: list[tuple[Draft, str, Callable[[], None]]] = []
    for draft in drafts:
        said = "".join(draft.answer).strip()
        judged = "judge" if said.upper() in ("Y", "N") and not _kind(draft) else _kind(draft)
        if draft.options or judged != "judge":
            continue
        if said.upper() in ("1", "2", "0", "Y", "N"):
            told.append((draft, said.upper(), lambda: None))
        elif not draft.answered and draft.stem:
            found = _coded(draft)
            if found:
                told.append((draft, found[0].upper(), found[1]))
    seen = {code for _, code, _ in told}
    for right, wrong in (("1", "2"), ("1", "0"), ("Y", "N")):
        if seen <= {right, wrong} and len(seen) == 2:
            for draft, code, empty in told:
                empty()
                draft.answer, draft.answered = ["正确" if code == right else "错误"], True
                draft.tag = draft.tag or "judge"


def _coded(draft: Draft) -> tuple[str, Callable[[], None]] | None:
    """The code in a bracket at either end of the stem, and what empties the bracket."""
    for place in (-1, 0):
        plain = pt.plain(draft.stem[place])
        for found in _CODE.finditer(plain):
            before, after = plain[: found.start()].strip(), plain[found.end() :].strip(" 。.")
            if not before or not after:

                def empty(
                    place: int = place, start: int = found.start(1), end: int = found.end(1)
                ) -> None:
                    draft.stem[place] = draft.stem[place][:start] + draft.stem[place][end:]

                return found[1], empty
    return None


def _fills(drafts: Sequence[Draft]) -> None:
    """Answers that stand in their blanks, in order: between rules (``__95%__``), or set off by wide
    spaces in a section of blanks."""
    for name, pattern in _FILLS:
        open_ = [
            d for d in drafts if d.open and not d.options and d.stem and _kind(d) in ("", "qa")
        ]
        if name == "spaces":
            open_ = [d for d in open_ if "填" in d.section.title + d.tag]
        fit = [(d, found) for d in open_ if (found := _filled(d, pattern))]
        odd = sum(len(_BLANKS[name].findall("\n".join(d.stem))) % 2 for d in open_)
        if len(fit) < max(2, 0.5 * len(open_)) or odd > 0.15 * len(open_):
            continue  # blanks in odd numbers are empty, and what stands between two is the stem
        for draft, found in fit:
            stem = "\n".join(draft.stem)
            for start, end in reversed([m.span(1) for m in found]):
                stem = (
                    f"{stem[:start].rstrip()} ____ {stem[end:].lstrip()}"
                    if name == "spaces"
                    else (stem[:start] + stem[end:])
                )
            draft.answer = ["；".join(m.group(1).strip() for m in found)]
            draft.stem, draft.answered, draft.stem_marks = stem.split("\n"), True, []


def _filled(draft: Draft, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """The filled blanks of a stem, in order."""
    stem = "\n".join(draft.stem)
    found = list(pattern.finditer(stem)) if len(stem) < 4_000 else []
    good = all(re.match(r"[^\W_]|[(（《“\"+-]", m.group(1)) for m in found)
    return found if good else []
