"""Where a question begins: the state of the reading, and what may follow what."""

from __future__ import annotations

import re

from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import items as it
from data_tools.readers import patterns as pt
from data_tools.readers.context import Context
from data_tools.readers.draft import Case, Draft, Section
from data_tools.readers.items import Item
from data_tools.readers.patterns import judgement

STEM, OPTIONS, ANSWER, EXPLAIN = "stem", "options", "answer", "explain"
WEAK = ("~", "~.")
_WORDS = re.compile(r"\s*[^\W_]{2,16}\s*")
_LISTED = re.compile(r"\s*[(\[]?(\d{1,2})\s*[.、)]")


class Starts:
    """State of the reading: ``q`` is the open question, ``state`` the part of it that is read,
    ``family`` and ``last`` how the section numbers its questions and the last number seen,
    ``before`` the last number of the section before, ``herald`` the kind said over a question,
    ``outer`` the same for the level above while sub-questions are read, ``listed`` the last number
    of a list inside an answer or explanation."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        self.name, self.sha, self.ledger = name, sha, ledger
        self.report = SourceReport(name, sha)
        self.section, self.chapter = Section(), ""
        self.sections: list[Section] = [self.section]
        self.titles: set[str] = set()  # the headings met, bare
        self.drafts: list[Draft] = []
        self.q: Draft | None = None
        self.state, self.family, self.last, self.listed = "", "", 0, 0
        self.before = 0
        self.herald = ""
        self.case: Case | None = None
        self.outer: tuple[str, int] | None = None
        self.blank = False
        self.context = Context([])

    def note(self, item: Item, reason: str) -> None:
        """Put a line that is no part of a question into the ledger."""
        told = self.report.declared is not None or item.kind in (it.SECTION, it.NOISE)
        if not self.drafts and not told:
            self.report.declared = it.declared(item.plain) if len(item.plain) < 80 else None
        self.ledger.add(self.name, item.line.loc, reason, item.line.stored)

    # -- where a question begins ------------------------------------------------------------

    def starts(self, index: int, item: Item) -> bool:
        """Whether a numbered line begins a question, rather than being an entry of a list."""
        family, value, context = item.family, item.value, self.context
        if family in ("Q:", "一"):
            return True
        listing = self.state in (ANSWER, EXPLAIN) and 0 < self.listed == value - 1
        if listing and not self.choice_like() and not item.options and family != self.family:
            return False
        if family in WEAK:
            if pt.TICKED.search(item.plain):
                return False
            opening = self.q is None or not self.family
            first = opening and value in (1, self.before + 1) and context.sequel(index, value + 1)
            known = self.family in ("", *WEAK) or family == "~."
            known = known or (self.family == "d" and self.complete() and not self.listed)
            follows = 0 < self.last == value - 1 and known
            usual = family == "~." and self.family == "d" and value == self.last + 1
            if not (first or follows) or not (usual or context.strong(index, family)):
                return False
            item.family = self.family or family
            return True
        if self.outer and family == self.outer[0] and value == self.outer[1] + 1:
            self.family, self.last = self.outer
            self.case = self.outer = None
            return True
        if self.case and not self.case.members and context.listed_in_case(index):
            return False
        if self.q is None or not self.family:
            if pt.INSTRUCTION.search(item.plain) and not item.options:
                return context.ahead(index, family).option
            return context.asks(index, family) or self.section.kind != "" or self.case is not None
        if family == self.family or self.family in WEAK:
            return self._continues(index, item)
        return self._other_family(index, item)

    def _continues(self, index: int, item: Item) -> bool:
        """A number of the section's own family: the next one, a restart, a gap, or a list entry."""
        value, context = item.value, self.context
        listing = self.listed > 0 and self.listed == value - 1
        if value == self.last + 1:
            return not listing or context.strong(index, item.family)
        if listing and self.state in (ANSWER, EXPLAIN):
            return False
        strong = context.strong(index, item.family)
        if value == 1:
            return strong
        return strong and self.complete()

    def _other_family(self, index: int, item: Item) -> bool:
        """A number written otherwise than the section's: a sub-question, a new style, a list."""
        ahead = self.context.ahead(index, item.family)
        assert self.q is not None
        own = bool(item.options) or ahead.option
        if self.state == STEM and not self.q.options and item.value == 1 and own:
            self.nest(item)
            return True
        if self.state in (ANSWER, EXPLAIN) and not self.choice_like():
            return False
        follows = item.value in (1, self.last + 1)
        return follows and self.complete() and (own or (item.family != "(" and ahead.answer))

    def nest(self, item: Item) -> None:
        """The open question turns out to be a case: what follows are its sub-questions."""
        assert self.q is not None
        self.case = Case(list(self.q.stem), list(self.q.lines))
        if self.drafts and self.drafts[-1] is self.q:
            self.drafts.pop()
        self.outer = (self.family, self.last)
        self.q, self.family, self.last = None, item.family, 0

    def complete(self) -> bool:
        """Whether the open question has what a question needs."""
        if self.q is None:
            return True
        return bool(self.q.answered or len(self.q.options) > 1 or self.filled_stem())

    def filled_stem(self) -> bool:
        """Whether the open question's stem holds its answer in a bracket."""
        assert self.q is not None
        stem = pt.plain(self.q.stem[-1]) if self.q.stem else ""
        return bool(self.q.lead) or any(m.group("in") for m in pt.BRACKET.finditer(stem))

    def choice_like(self) -> bool:
        """Whether the open question's answer is letters or a judgement, so that it is one line."""
        assert self.q is not None
        return bool(self.q.options) or bool(self.q.answer and judgement(self.q.answer[0]))

    def text_starts(self, index: int, item: Item) -> bool:
        """Whether a line without number begins a question."""
        context = self.context
        following, between = context.next(index)
        other = context.items[following] if following >= 0 else None
        options = other is not None and bool(other.options) and other.options[0].letter == "A"
        options = options and other is not None and other.kind in (it.OPTION, it.TEXT)
        answer = other is not None and other.kind == it.ANSWER
        own = bool(item.options) and item.options[0].letter == "A"
        answered = any(part.name == it.ANSWER for part in item.parts[1:])
        filled = self.filled(item)
        if pt.DIRECTIONS.search(item.plain) and not own:
            return False
        if self.q is None:
            near = between <= 3 and not (between and self._title(index, item))
            return own or answered or filled or (near and (options or answer))
        if self.state == STEM:
            return filled and not self.q.options and self.filled_stem()
        if self.state == OPTIONS:
            return own or options or (filled and not context.numbered)
        ahead = context.ahead(index)
        if context.numbered and not ((own or options) and ahead.answer and self.q.answered):
            return False
        if own or filled or (answered and self.state == ANSWER):
            return True
        last = between == 0 or (self.state == ANSWER and self.choice_like()) or self.blank
        return last and (options or answer)

    def _title(self, index: int, item: Item) -> bool:
        """Whether a line of few words without any sign stands above a line that asks."""
        return _WORDS.fullmatch(item.plain) is not None and self.context.titles(index)

    def filled(self, item: Item) -> bool:
        """Whether the line ends or begins with a bracket that holds a judgement."""
        plain = item.plain[item.body : item.head.end].strip(" 。.")
        for found in pt.BRACKET.finditer(plain):
            inside = found.group("in")
            if inside and judgement(inside) and (found.start() == 0 or found.end() == len(plain)):
                return len(plain) > 6
        return False
