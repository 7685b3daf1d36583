"""Lines to questions: a state machine over analysed lines.

A question is read in the order stem, options, answer, explanation; a line opens the next question
if its number continues the count, or if what follows it (options, an answer) shows that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from core.rows import Row
from core.text import bare
from data_tools.ledger import Ledger
from data_tools.readers import arrows, finish, habits, joined, keys
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.answers import usual_hows
from data_tools.readers.blocks import Line
from data_tools.readers.context import Context
from data_tools.readers.doubt import doubt
from data_tools.readers.draft import Draft, Section
from data_tools.readers.items import Item
from data_tools.readers.keymode import KeyMode
from data_tools.readers.options import chain
from data_tools.readers.starts import ANSWER, EXPLAIN, OPTIONS, STEM

_LISTED = re.compile(r"\s*(\(?)([一二三四五六七八九十]{1,3})[)、.]")
_PAIR = re.compile(  # 1）甲     A）乙
    r"\s{0,8}[(\[]?(\d)\s?[).、\]][^()]{1,40}?\s{2,40}[(\[]?([A-H])\s?[).、\]]\s{0,4}\S"
)
SECTION = 400  # lines of a section that are looked through for its key
_ENDS = "。.！!？?：:；;，,、）)"
_REPLY = re.compile(r"\s*(?:\[?\s*A\s*\d{0,3}\s*[\]:.]+|答案?\s*\d{1,3}\s*[:.])\s*")


def _sectioned(items: list[Item]) -> None:
    """Lines that hold a tag alone (``【单选题】``) head sections where they are few among numbered
    questions; else each says what its question is."""
    filled = [x for x in items if x.kind not in (it.BLANK, it.NOISE)]
    told = [
        (x, after)
        for x, after in pairwise(filled)
        if x.family == "Q:" and x.tag and not x.lead and x.body >= len(x.plain)
    ]
    numbered = sum(x.kind == it.NUMBER and x.value > 0 for x in filled)
    titled = (it.CHAPTER, it.SECTION)
    if 2 * len(told) <= numbered and all(x.value or x.kind in titled for _, x in told):
        for item, _ in told:
            item.kind, item.family, item.heading_kind = it.SECTION, "", item.tag


def _matched(items: list[Item]) -> None:
    """Two lists side by side (``1）甲   A）乙`` and so on) are part of the stem above them."""
    run: list[Item] = []
    for item in [*items, None]:
        found = _PAIR.match(item.plain) if item is not None else None
        if found and item and (int(found[1]), found[2]) == (len(run) + 1, chr(65 + len(run))):
            run.append(item)
            continue
        for one in run if len(run) > 1 else ():
            one.kind, one.family, one.options, one.key_line = it.TEXT, "", [], False
            one.parts, one.body = [it.Part("head", 0, len(one.plain))], 0
        run = []


def _crossed(items: list[Item]) -> None:
    """Where some options carry a tick and others a cross, a cross marks none that is right."""
    told = [(x.plain[o.marker : o.start].lstrip(" ([")[:1], o) for x in items for o in x.options]
    if {"√", "×"} <= {sign for sign, _ in told}:
        for sign, option in told:
            option.marked &= sign != "×"


def _parted(drafts: list[Draft]) -> None:
    """A stem that goes on behind an empty line, where questions hold none: the rest of one question
    and another one."""
    gapped = sum(bool(draft.gaps) for draft in drafts)
    for draft in drafts if len(drafts) >= 6 and gapped <= 0.15 * len(drafts) else ():
        if STEM in draft.gaps and len(draft.stem) > 1 and draft.stem[0][-1:] not in _ENDS:
            draft.flags.append(doubt("two-questions"))


class Layout(KeyMode):
    """Reads runs of lines into drafts and, at the end, the drafts into rows."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        super().__init__(name, sha, ledger)
        self.ranks: dict[str, int] = {}
        self.loose = joined.Loose(name, sha, self.report, self.sections)
        self.options: dict[int, dict[str, str]] = {}  # by number, from tables without stems

    # -- lines ------------------------------------------------------------------------------

    def feed(self, lines: list[Line]) -> None:
        """Read a run of lines."""
        styled = [line for line in lines if line.heading]
        if 2 * len(styled) > len(lines):  # a heading style on everything is no heading
            for line in styled:
                line.heading = False
        pieces = (piece for line in lines for piece in it.dense(line))
        items = [it.analyse(piece) for piece in pieces]
        _sectioned(items)
        _matched(items)
        _crossed(items)
        self.context = Context(items)
        for index, item in enumerate(self.context.items):
            if item.kind == it.BLANK:
                self.blank = True
                continue
            if item.kind == it.NOISE:
                self.note(item, "page-furniture")
                continue
            asked = self.q
            self.line(index, item)
            if self.blank and asked is not None and self.q is asked:
                asked.gaps.append(self.state)
            self.blank = False
            for entry in reversed(self.groups[-1].entries if self.groups else ()):
                if entry.loc:
                    break
                entry.loc = item.line.loc

    def line(self, index: int, item: Item) -> None:
        """Read one line in its context."""
        if (item.key_line and self.keyed(index, item)) or self.rows_of_key(index, item):
            return
        self.reconsider(index, item)
        if item.kind in (it.SECTION, it.CHAPTER, it.KEY):
            self.heading(index, item)
        elif not self.taken(index, item):
            self.more(item)

    def reconsider(self, index: int, item: Item) -> None:
        """Change what a line was taken for, where its neighbours say otherwise."""
        if item.kind in (it.ANSWER, it.EXPLAIN) and self.opens_key(index, item):
            item.kind = it.KEY
        if item.kind in (it.CHAPTER, it.SECTION) and _announces(item.plain):
            item.kind, item.family = it.TEXT, ""
        if item.kind == it.BOTH and self.state != STEM:  # True/False over a section
            item.kind, item.heading_kind = it.SECTION, "judge"
        if item.kind == it.CHAPTER and (
            self.within_answer(index, item) or self.within_title(index, item)
        ):
            item.kind = it.TEXT
        asked = self.q is not None and self.state == STEM and not self.q.options
        asked = asked and self.q is not None and self.q.family in ("Q:", "Q", "题")
        reply = _REPLY.match(item.plain) if asked and item.kind in (it.TEXT, it.ANSWER) else None
        if reply:
            answer = it.Part(it.ANSWER, reply.end(), len(item.plain))
            item.parts, item.kind = [it.Part("head", 0, 0), answer], it.ANSWER
        if item.kind == it.CHAPTER and self.is_stem(index, item):
            item.kind = it.NUMBER if pt.HAN_NUMBER.match(item.plain.strip()) else it.TEXT
            han = pt.HAN_NUMBER.match(item.plain)
            item.body, item.family = (han.end(), "一") if han else (item.body, "")
            item.value = self.last + 1 if self.family == "一" else 1
        if self.state == OPTIONS and self.q is not None:
            self.reconsider_option(index, item)
        listed = item.kind == it.CHAPTER and item.plain.lstrip().startswith("(")
        if listed and self.q is not None and self.state == STEM and not self.complete():
            item.kind = it.TEXT  # （一） within a stem

    def reconsider_option(self, index: int, item: Item) -> None:
        """Within a list of options ``C、CA`` is the option C, and a lone word the end of a line."""
        assert self.q is not None
        expected = chr(65 + len(self.q.options))
        if item.kind == it.BARE:
            options = chain(item.plain, 0, len(item.plain))
            if options and options[0].letter == expected:
                item.kind, item.options = it.OPTION, options
        elif item.kind in (it.SECTION, it.CHAPTER):
            after = self.context.items[index + 1 : index + 4]
            other = next((x for x in after if x.kind not in (it.BLANK, it.NOISE)), None)
            if other is not None and other.options and other.options[0].letter == expected:
                item.kind = it.TEXT

    def within_title(self, index: int, item: Item) -> bool:
        """Whether a heading is the second line of one that asks (``<h3>第7题：…<br>…</h3>``)."""
        above = self.context.items[index - 1] if index else item
        if self.q is None or self.state != STEM or not (item.line.heading and above.line.heading):
            return False
        following, between = self.context.next(index)
        other = self.context.items[following]
        asked = above.kind != it.CHAPTER and self.q.lines[-1] is above.line and not between
        return asked and following > 0 and (bool(other.options) or other.kind == it.ANSWER)

    def within_answer(self, index: int, item: Item) -> bool:
        """Whether a heading only divides the long answer that is being read."""
        if self.state in (ANSWER, EXPLAIN) and self.sibling(item.plain):
            return True
        open_end = self.state in (ANSWER, EXPLAIN) and not self.choice_like()
        if not open_end or item.line.heading or pt.CHAPTER.match(item.plain.strip()):
            return False
        after = self.context.items[index + 1 : index + 61]
        lines = [other for other in after if other.kind not in (it.BLANK, it.NOISE)]
        plain = 0  # lines of words before the next line that is more
        for other in lines:
            if other.kind not in (it.TEXT, it.CHAPTER):
                if other.kind in (it.ANSWER, it.OPTION, it.BARE):
                    return plain > 1
                return plain > 0
            plain += 1
        return plain > 0

    def sibling(self, plain: str) -> bool:
        """Whether ``（二）`` or ``二、`` goes on with a list that the open answer has begun."""
        found = _LISTED.match(plain)
        number = pt.number_value(found[2]) if found else 0
        if found is None or number < 2 or self.q is None:
            return False
        told = "\n".join([*self.q.answer, *self.q.explanation])
        return any(
            one[1] == found[1] and pt.number_value(one[2]) == number - 1
            for line in told.split("\n")
            if (one := _LISTED.match(pt.plain(line)))
        )

    def taken(self, index: int, item: Item) -> bool:
        """Try what a line may be, one after the other; False where it goes on with the last."""
        said = item.kind == it.NUMBER and item.head.start >= item.head.end and len(item.parts) > 1
        if said and self.key is None and item.parts[1].name == it.ANSWER:
            self.close()
            self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
            self.groups.append(self.key)
        if self.key is not None and self.key_text(index, item):
            return True
        if item.kind not in it.LABELLED and self.case_start(item):
            return True
        if item.kind in (it.TEXT, it.NUMBER) and self.one_line(index, item):
            return True
        numbered = item.kind == it.NUMBER and self.starts(index, item)
        if numbered or (item.kind == it.TEXT and self.text_starts(index, item)):
            self.begin(item)
            return True
        if item.kind == it.OPTION and self.option(item):
            return True
        if item.kind == it.BOTH and self.both(item):
            return True
        if item.kind == it.BARE and self.one_of_two(index, item):
            return True
        if item.kind == it.ANSWER and self.key_label(item):
            return True
        if item.kind == it.META and self.heralds(index, item):
            self.note(item, "heading")
            return True
        if item.kind in it.LABELLED or (item.kind == it.BARE and self.bare(item)):
            self.labelled(item)
            return True
        return False

    def heralds(self, index: int, item: Item) -> bool:
        """Whether a line says what kind of question comes next."""
        after = self.context.items[index + 1 : index + 2]
        if not (self.context.heralded or (after and after[0].family == "Q:")):
            return False
        kinds = [pt.section_kind(item.piece(part)) for part in item.parts[1:]]
        self.herald = next(filter(None, kinds), "")
        return bool(self.herald)

    def one_line(self, index: int, item: Item) -> bool:
        """A one-line question (``题干->答案``) among questions of other layouts."""
        if len(item.parts) > 1 or item.options or not self.complete():
            return False
        pair = arrows.lonely(item.text[item.body :])
        ahead = self.context.ahead(index)
        if pair is None or ahead.option or (ahead.answer and ahead.lines < 3):
            return False
        self.begin(item)
        assert self.q is not None
        self.q.stem, self.q.answer, self.q.answered = [pair[0]], [pair[1]], True
        self.state = ANSWER
        return True

    def one_of_two(self, index: int, item: Item) -> bool:
        """``正确`` and ``错误`` on two lines below a statement; an emphasised one is the answer."""
        other = next((x for x in self.context.items[index + 1 :] if x.kind != it.BLANK), None)
        if self.q is None or self.state != STEM or other is None or other.kind != it.BARE:
            return False
        words = [pt.judgement(x.plain) for x in (item, other)]
        if not all(words) or (words[0] in pt.JUDGE_RIGHT) == (words[1] in pt.JUDGE_RIGHT):
            return False
        hows = [{how for _, _, how in x.line.marks} for x in (item, other)]
        told = [word for word, mine, its in zip(words, hows, hows[::-1], strict=True) if mine - its]
        for line in (item.line, other.line):
            self.q.take(line)
        if len(told) == 1:
            self.q.answer, self.q.answered, self.state = told, True, ANSWER
        self.q.tag = self.q.tag or "judge"
        other.kind = it.BLANK
        return True

    # -- headings ---------------------------------------------------------------------------

    def is_stem(self, index: int, item: Item) -> bool:
        """Whether what looks like a chapter heading is a question after all."""
        if item.line.heading and not pt.BLANK.search(item.plain):
            return False
        following, between = self.context.next(index)
        if following < 0 or between > 1 or (between and self.context.titles(index)):
            return False
        other = self.context.items[following]
        first = bool(other.options) and other.options[0].letter == "A"
        return (other.kind in (it.OPTION, it.TEXT) and first) or other.kind == it.ANSWER

    def heading(self, index: int, item: Item) -> None:
        """A section, a chapter, or the beginning of the key."""
        plain = item.plain.strip()
        if item.kind == it.KEY and not self.context.key_follows(index):
            if self.q and not self.q.answered and not self.drafts_open_before():
                self.labelled_key(item)
                return
            item.kind = it.CHAPTER
        if item.kind != it.KEY and self.key is not None and self.leaves_key(index):
            self.key = None
        self.close()
        han = pt.HAN_NUMBER.match(plain)
        self.titles.add(bare(plain[han.end() :] if han else plain))
        ordinal = (
            pt.number_value(re.sub(r"[^零〇一二三四五六七八九十百]", "", han.group())) if han else 0
        )
        if item.kind == it.CHAPTER:
            self.chapter = plain
        if item.kind == it.KEY or self.key is not None:
            hint = Section(
                plain, item.heading_kind, chapter=self.key_chapter(item), ordinal=ordinal
            )
            self.key = keys.Group(hint, len(self.drafts))
            self.groups.append(self.key)
        elif item.kind == it.SECTION or self.leaves_section(item) or item.declared:
            kind = item.heading_kind if item.kind == it.SECTION else ""
            self.section = Section(plain, kind, item.declared, self.chapter, ordinal, item.line.loc)
            self.section.rank = self.rank(item)
            self.sections.append(self.section)
        if (
            not self.drafts
            and item.kind == it.CHAPTER
            and item.declared
            and self.report.declared is None
        ):
            self.report.declared = item.declared
        self.note(item, "heading")
        rest = item.plain.partition(":")[2] if item.kind == it.KEY else ""
        if rest.strip() and self.key is not None:
            self.key.entries += [keys.Entry(n, [a]) for n, a in keys.entries(rest)]

    def rank(self, item: Item) -> int:
        """How high a heading stands: shapes seen earlier in the document stand higher."""
        han = pt.HAN_NUMBER.match(item.plain.strip())
        prefix = (
            re.sub(r"[零〇一二三四五六七八九十百IVX\d]+", "#", han.group().strip()) if han else ""
        )
        shape = f"{prefix} {item.line.heading} {item.kind}"
        return self.ranks.setdefault(shape, len(self.ranks))

    def leaves_section(self, item: Item) -> bool:
        """Whether a chapter heading ends the section of one kind that it stands in."""
        return self.rank(item) <= self.section.rank or not self.section.kind

    def key_chapter(self, item: Item) -> str:
        """The chapter that a heading inside the key stands under."""
        return self.chapter if item.kind == it.CHAPTER or self.chapter else ""

    def drafts_open_before(self) -> bool:
        """Whether questions before the present one still lack an answer."""
        return any(d.open for d in self.drafts[-6:-1])

    def labelled_key(self, item: Item) -> None:
        """A line ``参考答案`` after one question: its answer comes on the next line."""
        assert self.q is not None
        self.q.take(item.line)
        self.state = ANSWER

    def leaves_key(self, index: int) -> bool:
        """Whether questions follow a heading inside the key."""
        for other in range(index + 1, min(len(self.context.items), index + 40)):
            item = self.context.items[other]
            if item.key_line:
                return False
            if item.kind == it.NUMBER:
                own = bool(item.options) or self.context.ahead(other, item.family).option
                return own or self.keyed_later(index)
        return False

    def keyed_later(self, index: int) -> bool:
        """Whether what stands under a heading has a key of its own behind it."""
        after = self.context.items[index + 1 : index + 1 + SECTION]
        first = next((x for x in after if x.key_line or x.kind in (it.SECTION, it.KEY)), None)
        return first is not None and first.kind != it.SECTION

    def heading_only(self, item: Item) -> None:
        """A heading between one-line questions."""
        if item.kind == it.CHAPTER:
            self.chapter = item.plain.strip()
        self.section = Section(
            item.plain.strip(), item.heading_kind, item.declared, self.chapter, 0, item.line.loc
        )
        self.sections.append(self.section)
        self.note(item, "heading")

    # -- the end ----------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """Answer the drafts from the key and turn them into rows; the rest goes to the ledger."""
        self.close()
        for group, entry in keys.apply(self.groups, self.drafts):
            text = f"{entry.number}. {' '.join(entry.answer)}"
            place = entry.loc or group.section.loc
            unused = self.ledger.add(self.name, place, "key-without-question", text)
            self.loose.keys.append((group, entry, unused))
        _untitled(self.drafts, self.titles)
        _parted(self.drafts)
        habits.settle(self.drafts)
        hows = usual_hows(self.drafts)
        texts = ["".join(d.answer) for d in self.drafts if d.answer and not d.options]
        told = [finish.lettered(text) for text in texts if not pt.judgement(text)]
        optionless = len(told) > 4 and 2 * sum(told) > len(told)
        for draft in self.drafts:
            made = finish.row(draft, self.name, self.sha, hows, optionless)
            if (made == finish.NO_STEM and not draft.answer) or (
                made == finish.NO_ANSWER and draft.titled
            ):
                self.ledger.add(self.name, draft.loc, "heading", draft.text)
                continue
            if isinstance(made, str):
                draft.section.lost += 1
                lost = self.ledger.add(self.name, draft.loc, made, draft.text)
                if made == finish.NO_ANSWER:
                    self.loose.drafts.append((draft, lost))
            else:
                draft.section.questions += 1
                yield made
        self.drafts, self.groups, self.key = [], [], None

    def finish(self) -> None:
        """Compare what was read with what the document states and hand in the report."""
        joined.tally(self.name, self.sections, self.report, self.ledger)
        if self.loose.drafts or self.loose.keys or self.loose.choices:
            self.ledger.loose.append(self.loose)
        self.ledger.sources.append(self.report)


def _untitled(drafts: list[Draft], titles: set[str]) -> None:
    """Take a heading of the document (``1. Values``) off the question that stands below it."""
    for draft in drafts:
        if len(draft.stem) > 1 and bare(draft.stem[0]) in titles:
            draft.stem = draft.stem[1:]


def _announces(plain: str) -> bool:
    """Whether a heading says which questions are about the text below it (``回答1～5题``)."""
    han = pt.HAN_NUMBER.match(plain.lstrip())
    about = pt.ABOUT.match(plain.lstrip(), han.end() if han else 0)
    return about is not None and about.group(2) is not None
