"""The question that is being read: what belongs to it, and the cases that questions share."""

from __future__ import annotations

import re

from data_tools.readers import items as it
from data_tools.readers import keys
from data_tools.readers import patterns as pt
from data_tools.readers.doubt import doubt
from data_tools.readers.draft import Case, Draft
from data_tools.readers.items import Item
from data_tools.readers.options import Option
from data_tools.readers.starts import ANSWER, EXPLAIN, OPTIONS, STEM, Starts

_LISTED = re.compile(r"\s*[(\[]?(\d{1,2})\s*[.、)]")


class Questions(Starts):
    """Takes line after line into drafts."""

    def close(self) -> None:
        """The open question ends, and the sequence of numbers with it."""
        self.materialise()
        self.before = self.last or self.before
        self.q, self.state, self.family, self.last, self.listed = None, "", "", 0, 0
        self.case, self.outer = None, None

    # -- what belongs to it -----------------------------------------------------------------

    def begin(self, item: Item) -> None:
        """Open a question with this line."""
        self._case_holds(item.value)
        if self.case is None and item.family:
            self.family = item.family if item.family != "Q:" else self.family
        elif item.family:
            self.family = item.family
        self.last = item.value or self.last
        self.listed = 0
        draft = Draft(
            self.section, number=item.value, family=item.family, tag=item.tag or self.herald,
            lead=item.lead, case=self.case, loc=item.line.loc,
        )  # fmt: skip
        self.herald = ""
        draft.take(item.line)
        empty = self.q is not None and not (self.q.stem or self.q.options or self.q.answer)
        if self.q and empty and "Q:" in (self.q.family, item.family):  # a tag on its own line
            draft.tag, draft.lead = draft.tag or self.q.tag, draft.lead or self.q.lead
            draft.number = draft.number or self.q.number
            draft.lines, draft.loc = [*self.q.lines, *draft.lines], self.q.loc
            self.drafts.remove(self.q)
        if self.case is not None:
            self.case.members.append(draft)
            draft.options = dict(self.case.options)
        self.drafts.append(draft)
        self.q, self.state = draft, STEM
        self.head(item)
        self.labels(item)

    def _case_holds(self, value: int) -> None:
        """Leave the case when a number is beyond its last; its range may count from 1 again."""
        case = self.case
        if case is None or not case.last or case.first <= value <= case.last:
            return
        if case.members or not value:
            self.case = None
        else:
            case.first, case.last = value, value + case.last - case.first

    def head(self, item: Item) -> None:
        """The stem of a line, and the options that follow it there."""
        assert self.q is not None
        end = item.options[0].marker if item.options else item.head.end
        text = item.text[item.body : end].strip()
        if len(item.parts) > 1:
            text = text.rstrip("^*|#~ 　")  # what set the answer's label apart
        if text:
            self.q.stem.append(text)
            shift = len(item.line.label)
            for start, stop, how in item.line.marks:
                if item.body <= start + shift < end:
                    self.q.stem_marks.append((how, item.text[start + shift : stop + shift]))
        if item.options:
            self.q.inline = item.text[item.body : item.head.end].strip()
            self.add_options(item, item.options)

    def add_options(self, item: Item, options: list[Option]) -> None:
        """Take options, with how each of them is emphasised."""
        assert self.q is not None
        self.state = OPTIONS
        for position, option in enumerate(options):
            text = item.text[option.start : option.end].strip()
            if position < len(options) - 1:
                text = text.rstrip(";；,，、 ")
            elif any(part.name == it.ANSWER for part in item.parts[1:]):
                text = text.rstrip("★☆◎●※▲◆ ")  # what sets the answer's label apart
            self.q.options[option.letter] = text
            self.q.own_line[option.letter] = position == 0
            self.q.hows[option.letter] = _hows(item, option)
            if option.marked:
                self.q.starred += option.letter

    def option(self, item: Item) -> bool:
        """Take a line of options; False where they do not fit the open question."""
        if self.case is not None and not self.case.members:
            if self.case.shared_options:
                self.case.options |= {
                    o.letter: item.text[o.start : o.end].strip() for o in item.options
                }
                self.case.lines.append(item.line)
                return True
            self.materialise()
        q = self.q
        if q is None or (
            self.state not in (STEM, OPTIONS) and (q.options or self.state == EXPLAIN)
        ):
            return False
        letter = item.options[0].letter
        expected = chr(65 + len(q.options))
        if letter == "B" and not q.options:
            self._split_first(q)
        elif letter in q.options and letter != "A":
            if not q.own_line.get(letter, True):
                previous = chr(ord(letter) - 1)
                q.options[previous] += f"{letter}.{q.options.pop(letter)}"
            elif len(item.options) == 1:
                item.options[0].letter = expected
                q.flags.append(doubt("option-relettered", letter=letter, read=expected))
        elif letter == "A" and q.options:
            return False
        q.take(item.line)
        self.add_options(item, item.options)
        self.labels(item)
        return True

    def _split_first(self, q: Draft) -> None:
        """``1. 题干（ ）A.甲`` before a line ``B.乙``: the first option is in the stem."""
        if not q.stem:
            return
        plain = pt.plain(q.stem[-1])
        found = list(re.finditer(r"(?<![A-Za-z])[(\[]?A\s*[、.:)\]]\s*", plain))
        if found:
            stem, text = q.stem[-1][: found[-1].start()], q.stem[-1][found[-1].end() :]
            q.stem[-1] = stem.strip()
            q.options["A"] = text.strip()
            q.own_line["A"] = False

    def bare(self, item: Item) -> bool:
        """Whether a line of mere letters or a judgement is the answer of the open question."""
        q = self.q
        return q is not None and not q.answered and self.state in (STEM, OPTIONS, ANSWER)

    def both(self, item: Item) -> bool:
        """Take ``正确 错误`` below a statement: the emphasised word is the answer."""
        q = self.q
        found = it.BOTH_WORDS.fullmatch(item.plain)
        if q is None or self.state != STEM or found is None:
            return False
        q.take(item.line)
        q.tag = q.tag or "judge"
        shift = len(item.line.label)
        for group in (1, 2):
            start, end = found.span(group)
            marked = {
                how for a, b, how in item.line.marks if a + shift <= start and end <= b + shift
            }
            q.hows["+-"[group - 1]] = frozenset(marked)
        told = {sign: how - q.hows["-+"["+-".index(sign)]] for sign, how in q.hows.items()}
        right = [sign for sign in "+-" if told.get(sign)]
        q.hows = {}
        if len(right) == 1 and not q.answered:
            q.answer, q.answered = [found.group("+-".index(right[0]) + 1)], True
            self.state = ANSWER
        return True

    def labelled(self, item: Item) -> None:
        """A line that begins with a label."""
        self.materialise()
        if self.q is None:
            self.note(item, "no-question")
            return
        self.q.take(item.line)
        if item.kind == it.BARE:
            self.answer(item.text.strip())
        self.labels(item)

    def labels(self, item: Item) -> None:
        """The labelled parts of a line: answers, explanations, and other remarks."""
        assert self.q is not None
        for part in item.parts[1:]:
            text = item.piece(part)
            if part.name == it.ANSWER:
                self.answer(text)
            elif part.name == it.EXPLAIN:
                self.state = EXPLAIN
                found = _LISTED.match(pt.plain(text))
                self.listed = int(found.group(1)) if found else 0
                if text:
                    self.q.explanation.append(text)
            elif part.name == it.META and "题型" in item.plain[: part.start]:
                self.q.tag = self.q.tag or pt.section_kind(text)

    def answer(self, text: str) -> None:
        """An answer for the open question, or for all questions of its case."""
        q = self.q
        assert q is not None
        self.state = ANSWER
        found = _LISTED.match(pt.plain(text))
        self.listed = int(found.group(1)) if found and not q.options else 0
        if not text:
            return
        if self.case and self.share(text):
            return
        if not q.answered:
            q.answer, q.answered = [text], True
        elif pt.plain(text) != pt.plain(q.answer[0] if q.answer else ""):
            q.flags.append(doubt("answer-conflict", other=text[:40]))

    def share(self, text: str) -> bool:
        """One answer line for all questions of a case: by their numbers, else in order."""
        assert self.case is not None
        members = [m for m in self.case.members if not m.answered]
        if len(members) < 2:
            return False
        pairs = keys.entries(text)
        if len(pairs) != len(members):
            parts = keys.spread(pt.plain(text), len(members))
            pairs = [(0, part) for part in parts]
        if len(pairs) != len(members):
            return False
        by_number = {member.number: member for member in members}
        for position, (number, said) in enumerate(pairs):
            keys.answer(by_number.get(number, members[position]), keys.Entry(number, [said]))
        return True

    def more(self, item: Item) -> None:
        """A line that goes on with what was being read."""
        q = self.q
        if q is None:
            if self.case is not None and not self.case.members:
                self.case.stem.append(item.text.strip())
                self.case.lines.append(item.line)
            else:
                self.note(item, "no-question")
            return
        q.take(item.line)
        if item.kind == it.NUMBER:
            self.listed = item.value
        text = item.text[: item.head.end].strip()
        if self.state == STEM:
            if item.options and not q.options:
                item.body = 0
                self.head(item)
            elif text:
                q.stem.append(text)
        elif self.state == OPTIONS:
            last = next(reversed(q.options))
            q.options[last] = _wrapped(q.options[last], text)
        elif self.state == ANSWER and (not q.answered or not self.choice_like()):
            q.answer.append(text)
            q.answered = True
        elif text:
            q.explanation.append(text)
        if self.state != EXPLAIN or any(p.solid and p.name != it.EXPLAIN for p in item.parts[1:]):
            self.labels(item)
        elif len(item.parts) > 1:
            q.explanation[-1:] = [item.text.strip()]

    # -- cases ------------------------------------------------------------------------------

    def case_start(self, item: Item) -> bool:
        """Open a case where the line announces one: a range of questions that share a text or
        options, ``案例一：``, ``根据以下材料回答1-5题``."""
        plain = item.plain
        start = len(plain) - len(plain.lstrip())
        done = self.q is None or self.complete() or pt.SHARED.match(plain, start)
        if not done or (self.state == EXPLAIN and item.family):
            return False
        han = pt.HAN_NUMBER.match(plain, start)
        start = han.end() if han else start
        found = None if item.family == "-" else pt.SHARED.match(plain, start)
        first = int(found.group(1)) if found else 0
        last = int(found.group(2)) if found else 0
        if not found:
            about = pt.ABOUT.match(plain, start)
            if about and about.group(2):
                first, last, found = int(about.group(1)), int(about.group(2)), about
            elif not item.family and item.kind != it.OPTION and self.state != STEM:
                found = pt.CASE.match(plain, start)
        if not found:
            return False
        named = found.re is pt.CASE
        if (
            named
            and self.state in (ANSWER, EXPLAIN)
            and self.section.kind != "case"
            and not (
                self.blank or self.case or re.match(r"\[[^\]]*[\d一二三四五六七八九十]\]", plain)
            )
        ):
            return False
        self.close()
        shared = any(word in found.group() for word in ("选项", "备选", "答案", "option"))
        rest = item.text[found.end() :].strip(" )）")
        stem = [rest] if rest else []
        if found.re is pt.ABOUT:
            rest = rest.lstrip("题小问。.:： ")
            stem = [item.text.strip()] if rest else []
        self.case = Case(stem, [item.line], first=first, last=last, shared_options=shared)
        self.last = first - 1 if first else 0
        return True

    def materialise(self) -> None:
        """A case without sub-questions is a question itself."""
        case = self.case
        if case is None or case.members or case.shared_options or not case.stem:
            return
        draft = Draft(self.section, stem=case.stem, loc=case.lines[0].loc, tag="case")
        for line in case.lines:
            draft.take(line)
        self.drafts.append(draft)
        self.q, self.state, self.case = draft, STEM, None


def _hows(item: Item, option: Option) -> frozenset[str]:
    """The emphases that cover most of an option, or its letter."""
    shift = len(item.line.label)
    covered: dict[str, int] = {}
    lettered = set()
    for start, end, how in item.line.marks:
        low, high = max(start + shift, option.start), min(end + shift, option.end)
        if low < high:
            covered[how] = covered.get(how, 0) + len(item.text[low:high].strip())
        if (
            start + shift <= option.marker + 1
            and end + shift > option.marker + 1
            and option.marker >= shift
        ):
            lettered.add(how)
    size = max(1, len(item.text[option.start : option.end].strip()))
    return frozenset(how for how, count in covered.items() if count >= 0.6 * size) | lettered


def _wrapped(text: str, more: str) -> str:
    """An option that goes on in the next line."""
    if not text or not more:
        return text or more
    space = " " if text[-1].isascii() and more[0].isascii() else ""
    return text + space + more
