"""Inside an answer key: which lines belong to it, and what they say."""

from __future__ import annotations

import re

from data_tools.ledger import Ledger
from data_tools.readers import items as it
from data_tools.readers import keys
from data_tools.readers import patterns as pt
from data_tools.readers.draft import Section
from data_tools.readers.items import Item
from data_tools.readers.questions import Questions

_NUMBER_ROW = re.compile(r"\s*(?:题\s*[号目]|序号)?\s*[:|]?\s*(\d{1,4}(?:[\s|]+\d{1,4})*)\s*\|?\s*")
_CHAPTER = re.compile(
    r"\s*(第\s?[一二三四五六七八九十\d]{1,3}\s?[章节单元课讲篇]{1,2}"
    r"|(?:Part|Section|Chapter|Unit)\s(?:\d{1,3}|[IVX]{1,5}|[A-Z])\b)\s?[:.]?\s*(?=\d)",
    re.I,
)


class KeyMode(Questions):
    """Reads keys into ``groups``; ``key`` is the group that is open, None outside a key."""

    def __init__(self, name: str, sha: str, ledger: Ledger) -> None:
        super().__init__(name, sha, ledger)
        self.groups: list[keys.Group] = []
        self.key: keys.Group | None = None

    def keyed(self, index: int, item: Item) -> bool:
        """Read a line of an answer key; False where it is something else."""
        if item.kind == it.OPTION and not item.family:
            return False
        named = _CHAPTER.match(item.plain)  # 第一单元：1～5 BADCA
        start = named.end() if named else _after_heading(item.plain)
        pairs = keys.entries(item.text[start:])
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
        group = self._headed(item.plain, named)
        if group is not None:
            self.key = group
            self.groups.append(group)
        for number, answer in pairs:
            if self.key.entries and number < self.key.entries[-1].number and number == 1:
                self.key = keys.Group(Section(chapter=self.chapter), len(self.drafts))
                self.groups.append(self.key)
            self.key.entries.append(keys.Entry(number, [answer]))
        return True

    def _headed(self, plain: str, named: re.Match[str] | None) -> keys.Group | None:
        """The group that a key line opens by what stands before its first number: a chapter, an
        ordinal, a kind."""
        if named:
            return keys.Group(Section(chapter=named[1]), len(self.drafts))
        han = pt.HAN_NUMBER.match(plain)
        word = pt.KIND_WORD.match(plain, han.end() if han else 0)
        if not (han or word):
            return None
        kind = pt.section_kind(word.group()) if word else ""
        counted = re.sub(r"[^一二三四五六七八九十]", "", han.group()) if han else ""
        ordinal = pt.number_value(counted) if han else 0
        section = Section("", kind, chapter=self.chapter, ordinal=ordinal)
        return keys.Group(section, len(self.drafts))

    def opens_key(self, index: int, item: Item) -> bool:
        """Whether a line ``答案：`` heads a key, rather than the answer of one question."""
        if any(item.piece(part) for part in item.parts) or "<" in item.plain:
            return False
        if not self.context.key_follows(index):
            return False
        following = self.context.items[index + 1 : index + 4]
        first = next((x for x in following if x.kind != it.BLANK), None)
        if first is not None and first.kind == it.NUMBER and len(first.parts) > 1:
            said = first.plain[first.body : first.head.end].strip(" .。")
            return not said or it.CHOSEN.fullmatch(said) is not None
        if self.q is None:
            return True
        return self.q.open and any(draft.open for draft in self.drafts[-4:-1])

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
        elif item.kind == it.TEXT and (pairs := keys.counted(item.text, _last(entries))):
            entries += [keys.Entry(number, [said] if said else []) for number, said in pairs]
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


def _last(entries: list[keys.Entry]) -> int:
    return entries[-1].number if entries else 0


def _after_heading(plain: str) -> int:
    """Where the entries of a key line begin, after ``一、`` or ``单选题：``."""
    han = pt.HAN_NUMBER.match(plain.lstrip())
    position = len(plain) - len(plain.lstrip()) + (han.end() if han else 0)
    word = re.compile(rf"\s*(?:{pt.KIND_WORD.pattern})\s*(?:答案)?\s*[:]?").match(plain, position)
    return word.end() if word else position
