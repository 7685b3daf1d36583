"""A second opinion: a document's own grammar, found by trying what its lines repeat.

The rules (``layout``) know how banks are usually set. This reader knows none of that: it tries what
may open a question here (a mark that counts, a label or a whole line that comes again and again,
the line behind an answer, a line that asks) and keeps the reading that leaves least unread and
least in doubt (:func:`worth`). A family of marks is one thing whatever its alphabet (1, A, ①,
i, 甲, 一), and a label means what stands behind it: letters are an answer, whatever it is called.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from core.kept import Entry
from core.rows import Row
from core.text import bare
from data_tools.ledger import Ledger
from data_tools.readers import answers, finish, habits, headings, invariants
from data_tools.readers import patterns as pt
from data_tools.readers.blocks import Line
from data_tools.readers.doubt import doubt
from data_tools.readers.draft import Draft, Section
from data_tools.readers.item import CHAPTER, KEY, SECTION, Item, Part

LONGEST = 60  # lines of a question on average
LEAST, MOST = 3, 2_000_000  # questions that make a habit; characters of a document looked at twice
UNANSWERED = ("no-answer", "no-options", "answer-not-an-option")
TRIED = 4  # openings of each sort that are tried
ALPHABETS = {
    "A": "ABCDEFGHIJKLMNOP", "a": "abcdefghijklmnop", "①": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "甲": "甲乙丙丁戊己庚辛",
    "一": "一二三四五六七八九十", "Ⅰ": "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ", "⑴": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽", "ア": "アイウエオ",
}  # fmt: skip
_FAMILY = {sign: (name, k + 1) for name, signs in ALPHABETS.items() for k, sign in enumerate(signs)}
_SMALL = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_ROMAN = {text: k + 1 for k, text in enumerate(_SMALL)}
_DIGITS = re.compile(
    r"(\W{0,3}[^\W\d]{0,10}\W{0,2}?)(?<![\d.])(\d{1,4})(?![\d%])([^\w\s(\[<{]{0,2}题?[^\w\s(\[<{]{0,2}\s?)"
)
_SIGNED = re.compile(
    r"(?P<before>[^\w()\[\]]{0,3}(?:\[(?:图片|公式)[^\[\]]{0,60}\]\s{0,3})?[(\[<]?\s{0,3})"
    r"(?P<sign>[ivx]{1,4}(?=[.、)\]:])|[A-P](?![A-Za-z0-9])|[a-p](?![A-Za-z0-9]|\.[A-Za-z])|[①-⑳⑴-⑽Ⅰ-Ⅹ甲乙丙丁戊己庚辛ア-オ]|[一二三四五六七八九十](?=\s{0,2}[.、)\]:]))"
    r"(?P<after>\s{0,3}[.、:)\]>,\-]{0,2}\s{0,8})"
)
_LABEL = re.compile(
    r"\W{0,4}?(?P<open>[\[(<*]{0,2})\s{0,3}(?P<name>[^\W\d_](?:[^\W_]|[ /]){0,13})\s{0,3}"
    r"(?P<shut>[\])>*]{0,2})"
    r"(?P<colon>\s{0,3}[:：=]\s{0,3}|)"
)
_TICK = re.compile(
    r"^\s*(?:[√☑●★]|\*(?![.*])|\[\s*[xX√*]\s*\]|[(（]\s*(?:正确|√|对|correct|right|[xX√])\s*[)）])\s*"
    r"|\s*(?:[☑●★*√]|\[\s*[xX√*]\s*\]|[(（]\s*(?:对|right|[xX])\s*[)）]"
    r"|[(（\[]\s*(?:正确(?:答案|选项)?|答案|√|correct(?: answer)?)\s*[)）\]])\s*$",
    re.I,
)
_BOX = re.compile(r"\s*(?:[□○◯☐●■◆◇▢▪•·★☆√☑*>&-]|\[\s*[xX√*]?\s*\]|\(\s*[xX√]?\s*\))\s*")
_CHOSEN = re.compile(
    r"\s*[(（]?(?:未选|已选|选中|我的选择|你的选择|selected|not selected)[)）]?\s*$", re.I
)
_OPEN = re.compile(r"[(\[]\s*[)\]]|_{2,}|[?？:：]\s*$|…\s*$")
_SPACED = re.compile(r"\W{0,3}(?:第|Q|No)?#\s?[.、)：:]")
_EMPTY = re.compile(r"[\s(（\[]*(?:第?\s*\d+\s*/?\s*\d*\s*页?)?[\s)）\]\-—_=*·.]*")


@dataclass(slots=True)
class Known:
    """A line with what it begins with: a counted mark (``shape``, ``value``), a mark of another
    family, a label with the place where its text begins."""

    line: Line
    text: str
    plain: str
    shape: str = ""
    value: int = 0
    body: int = 0
    family: str = ""
    order: int = 0
    inner: int = 0
    label: str = ""
    after: int = 0
    heading: str | None = None
    blank: bool = False

    def rest(self) -> str:
        """The text behind the label."""
        return self.text[self.after :].strip()


@dataclass(slots=True)
class Reading:
    """What came of one way of reading a document."""

    rows: list[Row] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    worth: float = 0.0

    @property
    def lost(self) -> int:
        """What it could not read."""
        return lost(self.entries)

    @property
    def good(self) -> int:
        """Its rows without a doubt."""
        return sum(not row.flags for row in self.rows)


def lost(entries: Iterable[Entry]) -> int:
    """How many entries of a ledger are questions, or lines, that came to nothing."""
    return sum(entry.code in UNANSWERED for entry in entries)


def worth(rows: Sequence[Row], lines: Iterable[str]) -> float:
    """The part of a text that stands in rows without a doubt, each row counted up to four times the
    usual length, so that one row that swallows a page is worth one row."""
    total = sum(len(line.strip()) for line in lines)
    sizes = [_size(row) for row in rows]
    most = 4 * median(sizes) if sizes else 0
    told = zip(rows, sizes, strict=True)
    return sum(min(size, most) * (0.2 if row.flags else 1) for row, size in told) / max(1, total)


def _size(row: Row) -> int:
    texts = [row.question, *row.options.values(), row.explanation]
    texts += [] if row.options else [row.answer]
    return sum(map(len, texts)) + 4


# -- lines ----------------------------------------------------------------------------------------


def known(line: Line) -> Known:
    """What a line begins with."""
    text = line.label + line.text
    plain = pt.plain(text)
    found = Known(line, text, plain, blank=_says_nothing(plain))
    if found.blank:
        return found
    found.heading = _heading(line, text, plain)
    counted = _DIGITS.match(plain)
    if counted and counted.end() <= len(plain):
        found.shape = re.sub(r"\s+", " ", f"{counted[1]}#{counted[3]}").strip()
        if not counted[3]:
            found.shape += " " if plain[counted.end() : counted.end() + 1] in (" ", "\t") else ""
            found.shape += "⏎" if counted.end() == len(plain) else ""
        found.value, found.body = int(counted[2]), counted.end()
    signed = _SIGNED.match(plain)
    if signed:
        sign, close = signed["sign"], signed["after"].strip()
        tight = plain[signed.end() : signed.end() + 1]
        family, order = _FAMILY.get(sign, ("i", _ROMAN.get(sign, 0)))
        marked = close or signed["before"].strip()[-1:] in "([<" or family in "①⑴Ⅰ"
        if order and (marked or (family == "A" and not tight.isascii()) or signed["after"]):
            found.family, found.order, found.inner = family, order, signed.end()
    labelled = _LABEL.match(plain, found.body)
    if labelled and (labelled["colon"] or (labelled["open"] and labelled["shut"])):
        label = re.sub(r"\s", "", labelled["name"]).lower()
        if len(label) > 1 or not found.family:  # a: is an option's mark
            found.label, found.after = label, labelled.end()
    elif line.marks and not line.label:
        start, end, how = line.marks[0]  # a label set in bold needs no colon
        if how == "bold" and start <= 1 and 2 <= end <= 10 and len(text) > end:
            found.label, found.after = re.sub(r"[\s:：]", "", plain[start:end]).lower(), end
    return found


def _says_nothing(plain: str) -> bool:
    """Whether a line is empty, a page's number, or a score alone."""
    if not plain.strip() or pt.PAGE.fullmatch(plain):
        return True
    return len(plain) < 30 and pt.SCORE.fullmatch(re.sub(r"\s", "", plain)) is not None


def _heading(line: Line, text: str, plain: str) -> str | None:
    """The kind that a heading names ('' for none), None for a line that is no heading."""
    if len(plain) > 60:
        return None
    item = Item(line, text, plain, parts=[Part("head", 0, len(plain))])
    headings.heading(item)
    return item.heading_kind if item.kind in (SECTION, CHAPTER, KEY) else None


def lines_of(lines: Iterable[Line]) -> list[Known]:
    """The filled lines of a document; one that opens a block says so (``blank`` before it)."""
    made: list[Known] = []
    gap = True
    for line in lines:
        each = known(line)
        if each.blank:
            gap = True
            continue
        each.blank, gap = gap, False
        made.append(each)
    return made


# -- where questions may begin --------------------------------------------------------------------


def openings(told: list[Known], labels: dict[str, str]) -> Iterator[tuple[str, list[int]]]:
    """The ways of cutting the document that its lines suggest: a name and the first lines."""
    shapes = Counter(x.shape for x in told if x.shape)
    for shape, count in shapes.most_common(TRIED):
        if count >= LEAST and (begins := _counted(told, shape)):
            yield f"#{shape}", begins
    first = Counter(
        x.label for x in told if x.label and labels.get(x.label) in ("stem", "meta", "")
    )
    for label, count in first.most_common(TRIED):
        if count >= LEAST:
            yield f"label {label}", [k for k, x in enumerate(told) if x.label == label]
    wholes = Counter(_whole(x) for x in told if len(x.plain) <= 20)
    for whole, count in wholes.most_common(TRIED):
        if count >= LEAST and whole:
            yield f"line {whole}", [k for k, x in enumerate(told) if _whole(x) == whole]
    closing = [k for k, x in enumerate(told) if labels.get(x.label) in ("answer", "explain")]
    if len(closing) >= LEAST:
        yield "after answers", _behind(told, labels)
    opened = [k for k, x in enumerate(told) if x.family == "A" and x.order == 1 and k]
    if len(opened) >= LEAST:
        yield "before options", [k - 1 for k in opened]
    asking = [k for k, x in enumerate(told) if _OPEN.search(x.plain) and x.heading is None]
    if len(asking) >= LEAST:
        yield "asking", asking
    blocks = [k for k, x in enumerate(told) if x.blank]
    if len(blocks) >= LEAST:
        yield "blocks", blocks


def _whole(told: Known) -> str:
    """The shape of a short line of signs: what it says in brackets or letters left open."""
    if len(told.plain) > 20 or not re.search(r"[\[(]|题|[Qq]uestion", told.plain):
        return ""
    return re.sub(r"[\w√×]+", "x", told.plain.strip()) if re.match(r"\s*[\[(]", told.plain) else ""


def _counted(told: list[Known], shape: str) -> list[int]:
    """The lines whose marks of this shape count up, starting again or leaping a little at times."""
    begins: list[int] = []
    last = 0
    found = [k for k, x in enumerate(told) if x.shape == shape]
    for place, k in enumerate(found):
        value = told[k].value
        following = told[found[place + 1]].value if place + 1 < len(found) else 0
        restart = value == 1 and following == 2 and (not begins or last > 2)
        if value == last + 1 or restart or (last < value <= last + 3 and following == value + 1):
            begins.append(k)
            last = value
    return begins if len(begins) >= max(LEAST, 0.5 * len(found)) else []


def _behind(told: list[Known], labels: dict[str, str]) -> list[int]:
    """The lines that follow an answer (and what is labelled behind it)."""
    begins, closed = [], True
    for k, x in enumerate(told):
        role = labels.get(x.label) if x.label else None
        if closed and role is None and x.family != "A" and x.heading is None:
            begins.append(k)
            closed = False
        elif role in ("answer", "explain"):
            closed = True
    return begins


# -- what labels mean -----------------------------------------------------------------------------


def label_roles(told: list[Known]) -> dict[str, str]:
    """The labels that come often enough to be labels here, and what each introduces: by its name
    where that is known, else by what stands behind it."""
    behind: dict[str, list[str]] = {}
    for k, x in enumerate(told):
        if x.label:
            text = x.rest() or (told[k + 1].text.strip() if k + 1 < len(told) else "")
            behind.setdefault(x.label, []).append(text)
    roles = {}
    for label, texts in behind.items():
        role = _named(label)
        if role is None and len(texts) >= LEAST:
            chosen = sum(bool(finish.lettered(t) or pt.judgement(t)) for t in texts)
            role = "answer" if chosen >= 0.8 * len(texts) else ""
        if role is not None:
            roles[label] = role
    return roles


def _named(label: str) -> str | None:
    """What a label of a known name introduces."""
    if re.fullmatch(r"题目|题干|问题?|试题|question|stem|q|例题?", label):
        return "stem"
    if pt.section_kind(label) and re.fullmatch(rf"(?:{pt.KIND_WORD.pattern})", label):
        return "tag"
    if re.fullmatch(r"答|a|reply|response|key|solution", label):
        return "answer"
    found = pt.LABELS.fullmatch(label)
    if not found:
        return "options" if re.fullmatch(r"选项|备选答案|options?|choices?", label) else None
    return next(n for n in ("mine", "explain", "answer", "meta") if found.group(n) is not None)


# -- one question ---------------------------------------------------------------------------------


class Cut:
    """A document cut at ``begins``; reads each piece into a draft."""

    def __init__(self, told: list[Known], labels: dict[str, str], begins: list[int]) -> None:
        self.told, self.labels = told, labels
        self.repeated = _furniture(told)
        shapes = Counter(x.shape for x in told if x.shape)
        self.shapes = {s for s, n in shapes.items() if n >= LEAST and _counted(told, s)}
        self.pieces = [
            (a, b) for a, b in pairwise([*begins, len(told)]) if b > a
        ]  # fmt: skip
        self.first = begins[0] if begins else len(told)
        extra = Counter(b - a for a, b in self.pieces)
        self.usual = extra.most_common(1)[0][0] if extra else 0
        self.alternating = _alternates(told, labels, self.pieces)
        self.steady = bool(extra) and extra[self.usual] >= 0.7 * len(self.pieces)

    def drafts(self) -> Iterator[tuple[Draft, list[Known]]]:
        """The drafts in order, each with the lines that it leaves out (headings)."""
        section, labels = Section(), self.labels
        for x in self.told[: self.first]:
            if x.heading is not None:
                section = Section(x.text.strip(), x.heading)
        for start, end in self.pieces:
            piece = self.told[start:end]
            while len(piece) > 1 and piece[0].heading is not None and not piece[0].value:
                section = Section(piece[0].text.strip(), piece[0].heading, loc=piece[0].line.loc)
                piece = piece[1:]
            tail = len(piece)
            least = 2 if piece[0].body >= len(piece[0].plain.rstrip()) else 1
            while tail > least and (
                piece[tail - 1].heading is not None and not piece[tail - 1].label
            ):
                tail -= 1
            if self.steady and tail > self.usual > 1 and not labels.get(piece[tail - 1].label):
                tail = self.usual if all(not x.family for x in piece[self.usual :]) else tail
            left = piece[tail:]
            yield self.draft(piece[:tail], section), left
            for x in left:
                kind = pt.section_kind(x.plain) if x.heading is None else x.heading
                section = Section(x.text.strip(), kind, loc=x.line.loc)

    def draft(self, piece: list[Known], section: Section) -> Draft:
        """One question of its lines."""
        head = piece[0]
        draft = Draft(section, number=head.value, loc=head.line.loc, tag=_tag(head.plain))
        state, options = "stem", _run(piece)
        for k, x in enumerate(piece):
            draft.take(x.line)
            role = self.labels.get(x.label) if x.label else None
            if k in options:
                state = "options"
                _take_options(draft, x)
            elif role == "tag" and _marker(draft, x):
                state = "stem"
            elif (k == 0 and role not in ("answer", "explain")) or role == "stem":
                self.head(draft, x)
            elif self.alternating and k and not draft.options and x.family != "A":
                state = "answer"
                draft.answer, draft.answered = [*draft.answer, x.text.strip()], True
            elif role in ("answer", "explain", "mine", "meta", "options"):
                state = self.labelled(draft, x, role)
            elif state != "explain" and not draft.answered and _bare_answer(x.plain):
                draft.answer, draft.answered, state = [x.text.strip()], True, "answer"
            else:
                self.more(draft, x, state)
        return draft

    def head(self, draft: Draft, x: Known) -> None:
        """The first line: mark, label and tag are no part of the stem."""
        start = (
            x.after
            if self.labels.get(x.label) == "stem"
            else x.body
            if x.shape in self.shapes or _SPACED.match(x.shape)
            else 0
        )
        text = x.text[start:].strip()
        text = _untagged(draft, text)
        if text:
            draft.stem.append(text)

    def labelled(self, draft: Draft, x: Known, role: str) -> str:
        """A labelled line; returns the part that it opens."""
        text = x.rest()
        while (inner := _LABEL.match(pt.plain(text))) and inner["colon"] and text:
            said = _named(re.sub(r"\s", "", inner["name"]).lower())
            if said not in ("answer", "explain"):
                break
            role, text = said, text[inner.end() :].strip()
        if role == "answer":
            if text:
                if draft.answered and draft.answer != [text]:
                    draft.flags.append(doubt("answer-conflict", other=text[:40]))
                else:
                    draft.answer, draft.answered = [text], True
            return "answer"
        if role == "explain" and text:
            draft.explanation.append(text)
        return "stem" if role == "options" else role

    def more(self, draft: Draft, x: Known, state: str) -> None:
        """A line without a label: it goes on with what was being read."""
        text = x.text.strip()
        if text in self.repeated and not _BOX.match(text):
            draft.flags = draft.flags or [doubt("page-furniture")]
        if state in ("stem", "mine", "meta"):
            draft.stem.append(text)
        elif state == "options" and draft.options:
            if x.shape in self.shapes or _OPEN.search(x.plain) or x.heading is not None:
                draft.flags = draft.flags or [doubt("option-holds-question")]
            last = next(reversed(draft.options))
            draft.options[last] = finish.joined([draft.options[last], text]).replace("\n", "")
        elif state == "answer":
            draft.answer, draft.answered = [*draft.answer, text], True
        else:
            draft.explanation.append(text)


def _furniture(told: list[Known]) -> set[str]:
    """The lines that come again behind different lines: page headers. What comes again behind the
    same words is the end of an option that goes on, what is shown as one of a list its member."""
    before: dict[str, list[str]] = {}
    for last, x in pairwise(told):
        if not (x.family or x.label) and len(x.text.strip()) >= 6:
            before.setdefault(x.text.strip(), []).append(last.text.strip())
    return {text for text, last in before.items() if len(last) > 1 and len(set(last)) > 1}


def _alternates(told: list[Known], labels: dict[str, str], pieces: list[tuple[int, int]]) -> bool:
    """Whether most questions are one line and their answer the next, with nothing to say so."""
    plain = [
        told[a + 1 : b]
        for a, b in pieces
        if not any(labels.get(x.label) for x in told[a:b]) and not _run(told[a:b])
    ]
    whole = sum(not _bracketed(told[a].plain) for a, _ in pieces)
    two = sum(1 <= len(rest) <= 2 for rest in plain)
    return two >= 0.7 * len(pieces) and whole >= 0.9 * len(pieces)


def _bracketed(plain: str) -> bool:
    """Whether a bracket in a stem holds its answer."""
    return any(found.group("in") for found in pt.BRACKET.finditer(plain[:2000]))


def _marker(draft: Draft, x: Known) -> bool:
    """Take a line that says only what kind of question comes, and perhaps its answer."""
    rest = pt.plain(x.rest())
    found = re.fullmatch(r"\s*[\[(]?\s*([A-Ha-h]{1,8}|[^\W\d]{1,3}|[√×])?\s*[\])]?\s*", rest)
    if not found:
        return False
    draft.tag = pt.section_kind(x.label) or draft.tag
    said = found[1] or ""
    if said and (finish.lettered(said) or pt.judgement(said)):
        draft.answer, draft.answered = [said], True
    return True


def _tag(plain: str) -> str:
    found = pt.TAG.search(plain[:40])
    return pt.section_kind(found.group()) if found else ""


def _untagged(draft: Draft, text: str) -> str:
    """``text`` without tags at its beginning."""
    plain = pt.plain(text)
    found = pt.TAG.match(plain)
    while found:
        text, plain = text[found.end() :].lstrip(" :："), plain[found.end() :].lstrip(" :")
        found = pt.TAG.match(plain)
    return text


def _bare_answer(plain: str) -> bool:
    return bool(finish.lettered(plain)) or bool(answers.plain_judgement(plain))


def _run(piece: list[Known]) -> set[int]:
    """The lines of a piece that are options: marks of one family that count up from the first."""
    best: list[int] = []
    for family in {x.family for x in piece[1:] if x.family}:
        at, order = [], 0
        for k, x in enumerate(piece[1:], 1):
            if x.family == family and x.order == order + 1 and not x.shape.startswith("#"):
                at.append(k)
                order += len(_split(x)) if family == "A" else 1
        if order > 1 and len(at) > len(best):
            best = at
    return set(best)


def _split(x: Known) -> list[tuple[int, int]]:
    """The options on one line, each from its mark's end to the next mark."""
    signs = ALPHABETS.get(x.family, "")
    cuts = [(0, x.inner)]
    order = x.order
    while order < len(signs):
        sign = re.escape(signs[order])
        found = re.compile(
            rf"(?<=[\s;；,，。])[(\[]?{sign}\s{{0,3}}[.、:)\]]\s{{0,3}}|(?<=\s){sign}(?=\s?[^\x00-\x7f])|(?<=\s\s){sign}\s{{1,3}}(?=\S)"
            rf"|(?<![A-Za-z0-9])[(\[]?{sign}[.、:)\]]\s{{0,3}}"
        ).search(x.plain, cuts[-1][1] + 1)
        if not found:
            break
        cuts.append((found.start(), found.end()))
        order += 1
    ends = [start for start, _ in cuts[1:]] + [len(x.plain)]
    return [(start, end) for (_, start), end in zip(cuts, ends, strict=True)]


def _take_options(draft: Draft, x: Known) -> None:
    """The options of a line, lettered by their order whatever their own marks are."""
    shift = len(x.line.label)
    for place, (start, end) in enumerate(_split(x)):
        letter = chr(64 + x.order + place)
        text = x.text[start:end].strip().rstrip(";；")
        ticked = _TICK.search(pt.plain(text)) or _TICK.fullmatch(
            x.plain[: start - 1].strip()[:3] or "-"
        )
        if ticked and ticked.string == pt.plain(text):
            text = (text[: ticked.start()] + text[ticked.end() :]).strip()
        if ticked:
            draft.starred += letter
        draft.options[letter] = text
        size = max(1, len(text))
        draft.hows[letter] = frozenset(
            how
            for a, b, how in x.line.marks
            if min(b + shift, end) - max(a + shift, start) >= 0.6 * size
        )


def unlettered(drafts: Sequence[Draft]) -> None:
    """Options without marks: lines below the stem of which the answer names one, or one is ticked.

    Done where most questions of the document show it, so that one essay's lines stay lines."""
    able = [d for d in drafts if not d.options and len(d.stem) > 2]
    fit = [d for d in able if _named_lines(d)]
    if len(fit) < max(2, 0.6 * len(able)):
        return
    for draft in fit:
        stem, options = draft.stem[:1], draft.stem[1:]
        right = _named_lines(draft)
        draft.stem = stem
        for k, text in enumerate(options):
            draft.options[chr(65 + k)] = _clean(text)
        draft.answer, draft.answered = ["".join(chr(65 + k) for k in right)], True


def _clean(text: str) -> str:
    box = _BOX.match(text)
    text = _CHOSEN.sub("", text[box.end() :] if box else text)
    return _TICK.sub("", text).strip() or text.strip()


def _named_lines(draft: Draft) -> list[int]:
    """Which lines below the stem the answer (or a tick) names."""
    lines = draft.stem[1:]
    if len(lines) > 10:
        return []
    texts = [bare(_clean(line)) for line in lines]
    said = " ".join(draft.answer).strip()
    wanted = {bare(part) for part in re.split(r"[;；|\n]|(?<=\S)\s*[,，、]\s*", said)} | {
        bare(said)
    }
    if said:
        return [k for k, text in enumerate(texts) if text and text in wanted]
    ticked = [k for k, line in enumerate(lines) if _TICK.search(line)]
    return ticked if 0 < len(ticked) < len(lines) else []


# -- the document ---------------------------------------------------------------------------------


def read(lines: Sequence[Line], name: str, sha: str) -> Reading:
    """The best reading of ``lines`` that their own habits suggest; an empty one where there is
    none, or where the document is too long to look at again."""
    best = Reading()
    if sum(len(line.text) for line in lines) > MOST:
        return best
    told = lines_of(lines)
    labels = label_roles(told)
    texts = [x.text for x in told]
    seen: set[tuple[int, ...]] = set()
    for _, begins in openings(told, labels):
        if tuple(begins) in seen:
            continue
        seen.add(tuple(begins))
        if len(told) > LONGEST * len(begins):
            continue  # the lines of a question, or of a heading, and not where questions begin
        made = _read(Cut(told, labels, begins), name, sha)
        made.worth = worth(made.rows, texts)
        if made.worth > best.worth:
            best = made
    return best


def _read(cut: Cut, name: str, sha: str) -> Reading:
    """One reading, with its doubts."""
    ledger = Ledger()
    result = Reading()
    for x in cut.told[: cut.first]:
        ledger.add(
            name, x.line.loc, "heading" if x.heading is not None else "no-question", x.line.stored
        )
    drafts = []
    for draft, left in cut.drafts():
        drafts.append(draft)
        for x in left:
            ledger.add(name, x.line.loc, "heading", x.line.stored)
    unlettered(drafts)
    habits.settle(drafts)
    hows = answers.usual_hows(drafts)
    for draft in drafts:
        made = finish.row(draft, name, sha, hows)
        if not result.sections or result.sections[-1] is not draft.section:
            result.sections.append(draft.section)
        if isinstance(made, Row):
            draft.section.questions += 1
            result.rows.append(made)
        else:
            draft.section.lost += 1
            ledger.add(name, draft.loc, made, draft.text)
    result.entries = ledger.entries
    invariants.examine(result.rows, result.entries)
    return result
