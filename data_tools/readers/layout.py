"""Lines to questions: a state machine over analysed lines.

A question is read in the order stem, options, answer, explanation; a line opens the next question
if its number continues the count, or if what follows it (options, an answer) shows that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.rows import Row
from data_tools.ledger import Ledger
from data_tools.readers import arrows, finish, keys
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.answers import usual_hows
from data_tools.readers.blocks import Line
from data_tools.readers.context import Context
from data_tools.readers.draft import Section
from data_tools.readers.items import Item
from data_tools.readers.questions import ANSWER, STEM, Questions

_REPLY = re.compile(r"\s*A\s*\d{0,3}\s*[:.]\s*")
_NUMBER_ROW = re.compile(r"\s*(?:题\s*[号目]|序号)?\s*[:|]?\s*(\d{1,4}(?:[\s|]+\d{1,4})*)\s*\|?\s*")


class Layout(Questions):
    """Reads runs of lines into drafts and, at the end, the drafts into rows."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        super().__init__(name, sha, ledger)
        self.groups: list[keys.Group] = []
        self.key: keys.Group | None = None
        self.ranks: dict[str, int] = {}
        self.options: dict[int, dict[str, str]] = {}  # by number, from tables without stems

    # -- lines ------------------------------------------------------------------------------

    def feed(self, lines: list[Line]) -> None:
        """Read a run of lines."""
        styled = [line for line in lines if line.heading]
        if 2 * len(styled) > len(lines):  # a heading style on everything is no heading
            for line in styled:
                line.heading = False
        self.context = Context([it.analyse(line) for line in lines])
        for index, item in enumerate(self.context.items):
            if item.kind == it.BLANK:
                self.blank = True
                continue
            if item.kind == it.NOISE:
                self.note(item, "page-furniture")
                continue
            self.line(index, item)
            self.blank = False

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
        if item.kind == it.ANSWER and self.opens_key(index, item):
            item.kind = it.KEY
        asked = self.q is not None and self.q.family == "Q:" and self.state == STEM
        reply = _REPLY.match(item.plain) if asked and item.kind == it.TEXT else None
        if reply:
            answer = it.Part(it.ANSWER, reply.end(), len(item.plain))
            item.parts, item.kind = [it.Part("head", 0, 0), answer], it.ANSWER
        if item.kind == it.CHAPTER and self.is_stem(index, item):
            item.kind = it.NUMBER if pt.HAN_NUMBER.match(item.plain.strip()) else it.TEXT
            han = pt.HAN_NUMBER.match(item.plain)
            item.body, item.family = (han.end(), "一") if han else (item.body, "")
            item.value = self.last + 1 if self.family == "一" else 1
        listed = item.kind == it.CHAPTER and item.plain.lstrip().startswith("(")
        if listed and self.q is not None and self.state == STEM and not self.complete():
            item.kind = it.TEXT  # （一） within a stem

    def taken(self, index: int, item: Item) -> bool:
        """Try what a line may be, one after the other; False where it goes on with the last."""
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
        if item.kind == it.ANSWER and self.key_label(item):
            return True
        if item.kind in it.LABELLED or (item.kind == it.BARE and self.bare(item)):
            self.labelled(item)
            return True
        return False

    def one_line(self, index: int, item: Item) -> bool:
        """A one-line question (``题干->答案``) among questions of other layouts."""
        if len(item.parts) > 1 or item.options or not self.complete():
            return False
        pair = arrows.lonely(item.text[item.body :])
        ahead = self.context.ahead(index)
        if pair is None or ahead.option or ahead.answer and ahead.lines < 3:
            return False
        self.begin(item)
        assert self.q is not None
        self.q.stem, self.q.answer, self.q.answered = [pair[0]], [pair[1]], True
        self.state = ANSWER
        return True

    # -- headings ---------------------------------------------------------------------------

    def is_stem(self, index: int, item: Item) -> bool:
        """Whether what looks like a chapter heading is a question after all."""
        if item.line.heading and not pt.BLANK.search(item.plain):
            return False
        following, between = self.context.next(index)
        if following < 0 or between > 1:
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
                return bool(item.options) or self.context.ahead(other, item.family).option
        return False

    def heading_only(self, item: Item) -> None:
        """A heading between one-line questions."""
        if item.kind == it.CHAPTER:
            self.chapter = item.plain.strip()
        self.section = Section(
            item.plain.strip(), item.heading_kind, item.declared, self.chapter, 0, item.line.loc
        )
        self.sections.append(self.section)
        self.note(item, "heading")

    # -- keys -------------------------------------------------------------------------------

    def keyed(self, index: int, item: Item) -> bool:
        """Read a line of an answer key; False where it is something else."""
        if item.kind == it.OPTION and not item.family:
            return False
        pairs = keys.entries(item.text[_after_heading(item.plain) :])
        if not pairs:
            return False
        if self.key is None:
            following = self.context.items[index + 1 : index + 2]
            alone = len(pairs) == 1 and not (following and following[0].key_line)
            if alone or self.context.ahead(index, item.family).option:
                return False
            if self.case and len(self.case.members) > 1 and self.share(item.text):
                return True
            self.close()
            self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
            self.groups.append(self.key)
        han = pt.HAN_NUMBER.match(item.plain)
        word = pt.KIND_WORD.match(item.plain, han.end() if han else 0)
        if han or word:
            kind = pt.section_kind(word.group()) if word else ""
            ordinal = (
                pt.number_value(re.sub(r"[^一二三四五六七八九十]", "", han.group())) if han else 0
            )
            self.key = keys.Group(
                Section("", kind, chapter=self.chapter, ordinal=ordinal), len(self.drafts)
            )
            self.groups.append(self.key)
        for number, answer in pairs:
            if self.key.entries and number < self.key.entries[-1].number and number == 1:
                self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
                self.groups.append(self.key)
            self.key.entries.append(keys.Entry(number, [answer]))
        return True

    def opens_key(self, index: int, item: Item) -> bool:
        """Whether a line ``答案：`` heads a key, rather than the answer of one question."""
        if any(item.piece(part) for part in item.parts) or not self.context.key_follows(index):
            return False
        waiting = [d for d in self.drafts if d.open]
        return self.q is None or (len(waiting) > 1 and waiting[-1] is self.q)

    def rows_of_key(self, index: int, item: Item) -> bool:
        """A key set as two lines, numbers above answers: ``题号 1 2 3`` and ``答案 A B C``."""
        numbers = _NUMBER_ROW.fullmatch(item.plain)
        following = next(
            (x for x in self.context.items[index + 1 : index + 4] if x.kind != it.BLANK), None
        )
        if not numbers or following is None or item.kind == it.NOISE:
            return False
        counted = re.findall(r"\d+", numbers.group(1))
        said = re.sub(r"^\s*(?:参考|正确)?答\s*案\s*[:|]?", "", following.plain)
        answers = keys.spread(said, len(counted))
        if (
            (len(counted) < 2 and self.key is None)
            or len(answers) != len(counted)
            or not all(map(it.CHOSEN.fullmatch, answers))
        ):
            return False
        if self.key is None:
            self.close()
            self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
            self.groups.append(self.key)
        pairs = zip(counted, answers, strict=True)
        self.key.entries += [keys.Entry(int(n), [answer]) for n, answer in pairs]
        following.kind, following.parts = it.BLANK, following.parts[:1]
        following.key_line = False
        return True

    def key_label(self, item: Item) -> bool:
        """``答案：1.A 2.B`` answers all questions before it; False for the answer of one."""
        part = next(part for part in item.parts if part.name == it.ANSWER)
        text = item.piece(part)
        if not it.KEY_LINE.match(pt.plain(text)):
            return False
        pairs = keys.entries(text)
        if len(pairs) < 2 or (self.case and self.share(text)):
            return len(pairs) >= 2
        chapter = self.section.chapter
        self.close()
        self.key = keys.Group(Section(chapter=chapter, loc=item.line.loc), len(self.drafts))
        self.key.entries = [keys.Entry(number, [answer]) for number, answer in pairs]
        self.groups.append(self.key)
        return True

    def key_text(self, index: int, item: Item) -> bool:
        """A line inside the key that is no plain list of letters; False where the key is over."""
        assert self.key is not None
        entries = self.key.entries
        if item.kind == it.NUMBER:
            if item.options or self.context.ahead(index, item.family).option:
                self.key = None
                return False
            if entries and self.key.family not in ("", item.family):  # (1) within the answer to 1.
                target = entries[-1].explanation or entries[-1].answer
                target.append(item.text.strip())
                return True
            self.key.family = item.family
            if entries and item.value == 1 and entries[-1].number > 1 and item.family != "(":
                self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
                self.groups.append(self.key)
                entries = self.key.entries
            head = item.text[item.body : item.head.end]
            for number, text in keys.free(head, item.value) if head.strip() else [(item.value, "")]:
                entries.append(keys.Entry(number, [text] if text else []))
            self.parts(item, entries[-1].answer, entries[-1].explanation)
        elif item.kind == it.BARE and (
            not entries or entries[-1].number == 0 or entries[-1].answer
        ):
            entries += [
                keys.Entry(0, [unit])
                for unit in re.findall(r"[A-H]|√|×|正确|错误|对|错", item.plain)
            ]
        elif entries:
            if item.kind in it.LABELLED:
                self.parts(item, entries[-1].answer, entries[-1].explanation)
            else:
                target = entries[-1].explanation or entries[-1].answer
                target.append(item.text.strip())
        else:
            self.note(item, "no-question")
        return True

    def parts(self, item: Item, answer: list[str], explanation: list[str]) -> None:
        """Spread the labelled parts of a line over an answer and an explanation."""
        for part in item.parts[1:]:
            text = item.piece(part)
            if part.name == it.ANSWER and text:
                answer.append(text)
            elif part.name == it.EXPLAIN and text:
                explanation.append(text)

    # -- the end ----------------------------------------------------------------------------

    def rows(self) -> Iterator[Row]:
        """Answer the drafts from the key and turn them into rows; the rest goes to the ledger."""
        self.close()
        for group, entry in keys.apply(self.groups, self.drafts):
            text = f"{entry.number}. {' '.join(entry.answer)}"
            self.ledger.add(self.name, group.section.loc, "key-without-question", text)
        hows = usual_hows(self.drafts)
        for draft in self.drafts:
            made = finish.row(draft, self.name, self.sha, hows)
            if isinstance(made, str):
                draft.section.lost += 1
                self.ledger.add(self.name, draft.loc, made, draft.text)
            else:
                draft.section.questions += 1
                yield made
        self.drafts, self.groups, self.key = [], [], None

    def finish(self) -> None:
        """Compare what was read with what the document states and hand in the report."""
        used = [s for s in self.sections if s.questions or s.lost or s.declared]
        for section in used:
            self.report.questions += section.questions
            self.report.lost += section.lost
            if section.declared not in (None, section.questions):
                reason = (
                    f"declared-count: 标题称 {section.declared} 题，读到 {section.questions} 题"
                )
                self.ledger.add(self.name, section.loc, reason, section.title)
        if self.report.declared is None and used and all(s.declared for s in used):
            self.report.declared = sum(s.declared or 0 for s in used)
        self.report.sections = [
            {"title": s.title, "kind": s.kind, "questions": s.questions, "declared": s.declared}
            for s in used
        ]
        self.ledger.sources.append(self.report)


def _after_heading(plain: str) -> int:
    """Where the entries of a key line begin, after ``一、`` or ``单选题：``."""
    han = pt.HAN_NUMBER.match(plain.lstrip())
    position = len(plain) - len(plain.lstrip()) + (han.end() if han else 0)
    word = re.compile(rf"\s*(?:{pt.KIND_WORD.pattern})\s*(?:答案)?\s*[:]?").match(plain, position)
    return word.end() if word else position
