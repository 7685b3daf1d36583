"""The question that is being read: when it begins, what belongs to it, when the next one begins."""

from __future__ import annotations

import re

from data_tools.ledger import Ledger, SourceReport
from data_tools.readers import items as it
from data_tools.readers import keys
from data_tools.readers import patterns as pt
from data_tools.readers.context import Context
from data_tools.readers.draft import Case, Draft, Section
from data_tools.readers.items import Item, Option
from data_tools.readers.patterns import judgement

STEM, OPTIONS, ANSWER, EXPLAIN = "stem", "options", "answer", "explain"
WEAK = ("~", "~.")
_LISTED = re.compile(r"\s*[(\[]?(\d{1,2})\s*[.、)]")


class Questions:
    """State of the reading: ``q`` is the open question, ``state`` the part of it that is read,
    ``family`` and ``last`` how the section numbers its questions and the last number seen,
    ``outer`` the same for the level above while sub-questions are read, ``listed`` the last number
    of a list inside an answer or explanation."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        self.name, self.sha, self.ledger = name, sha, ledger
        self.report = SourceReport(name, sha)
        self.section, self.chapter = Section(), ""
        self.sections: list[Section] = [self.section]
        self.drafts: list[Draft] = []
        self.q: Draft | None = None
        self.state, self.family, self.last, self.listed = "", "", 0, 0
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

    def close(self) -> None:
        """The open question ends, and the sequence of numbers with it."""
        self.materialise()
        self.q, self.state, self.family, self.last, self.listed = None, "", "", 0, 0
        self.case, self.outer = None, None

    # -- where a question begins ------------------------------------------------------------

    def starts(self, index: int, item: Item) -> bool:
        """Whether a numbered line begins a question, rather than being an entry of a list."""
        family, value, context = item.family, item.value, self.context
        if family in ("Q:", "一"):
            return True
        if family in WEAK:
            first = value == 1 and (self.q is None or not self.family) and context.sequel(index, 2)
            follows = 0 < self.last == value - 1 and (self.family in ("", *WEAK) or family == "~.")
            usual = family == "~." and self.family == "d" and value == self.last + 1
            if not (first or follows) or not (usual or context.strong(index, family)):
                return False
            item.family = self.family or family
            return True
        if self.outer and family == self.outer[0] and value == self.outer[1] + 1:
            self.family, self.last = self.outer
            self.case = self.outer = None
            return True
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
        """A number written otherwise than the section's: a sub-question, a change of style, a list."""
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
        if self.q is None:
            near = between <= 3
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

    def filled(self, item: Item) -> bool:
        """Whether the line ends or begins with a bracket that holds a judgement."""
        plain = item.plain[item.body : item.head.end].strip(" 。.")
        for found in pt.BRACKET.finditer(plain):
            inside = found.group("in")
            if inside and judgement(inside) and (found.start() == 0 or found.end() == len(plain)):
                return len(plain) > 6
        return False

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
            self.section, number=item.value, family=item.family, tag=item.tag, lead=item.lead,
            case=self.case, loc=item.line.loc,
        )  # fmt: skip
        draft.take(item.line)
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
        if text:
            self.q.stem.append(text)
            shift = len(item.line.label)
            for start, stop, how in item.line.marks:
                if item.body <= start + shift < end:
                    self.q.stem_marks.append((how, item.text[start + shift : stop + shift]))
        if item.options:
            self.add_options(item, item.options)

    def add_options(self, item: Item, options: list[Option]) -> None:
        """Take options, with how each of them is emphasised."""
        assert self.q is not None
        self.state = OPTIONS
        for position, option in enumerate(options):
            text = item.text[option.start : option.end].strip()
            if position < len(options) - 1:
                text = text.rstrip(";；,，、 ")
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
                q.flags.append(f"option-relettered: 第二个 {letter} 读作 {expected}")
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
            q.flags.append(f"answer-conflict: 另有答案 {text[:40]}")

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
        if (self.q is not None and not self.complete()) or (self.state == EXPLAIN and item.family):
            return False
        plain = item.plain
        start = len(plain) - len(plain.lstrip())
        found = pt.SHARED.match(plain, start)
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
            and not self.blank
        ):
            return False
        self.close()
        shared = any(word in found.group() for word in ("选项", "备选", "答案", "option"))
        rest = item.text[found.end() :].strip(" )）")
        stem = [rest] if rest else []
        if found.re is pt.ABOUT:
            stem = [item.text.strip()]
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
