"""JSON and JSON lines of any shape to rows: what a value is tells more than its key's name.

A record states a question where it holds a text to ask, and options (a list, a map, keys A to D,
one text) and an answer (letter, place, text, list of these, marks on options) that fit each other.
Whether places count from 0 or from 1 is told by all records of the file together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, sha256, shown
from core.findings import Finding
from core.judgement import SAYS_RIGHT
from core.language import words
from core.rows import KINDS, Row, Source
from core.text import nfkc
from core.thinking import without_thinking
from data_tools.interchange import dialogue, places
from data_tools.interchange.made import (
    LETTERS,
    RIGHT,
    WRONG,
    Question,
    Taker,
    judged,
    kind_of,
    text_of,
)
from data_tools.ledger import Ledger
from data_tools.readers import answers, choices
from data_tools.readers.columns import role
from data_tools.readers.doubt import doubt
from data_tools.readers.finish import lettered
from data_tools.readers.how import USUAL, How

Json = dict[str, Any]
UNSURE = Finding(
    "answer-index", "不知序号从 0 还是 1 起，按 0 读", "counted from 0 or from 1? read from 0"
)
_MORE = {  # keys of data sets and platforms beyond the titles of sheets, without _ - and space
    "stem": (
        "question problem query prompt instruction input ask questionstem questiontext stemtext "
        "questioncontent problemtext name human user goal statement ctx inputs 题 试题 题面"
    ),
    "answer": (
        "answer answers solution output response completion target targets key reply bot "
        "gpt "
        "assistant answerkey "
        "groundtruth correctanswers correctoption rightanswer correctchoice finalanswer "
        "shortanswer answertext 答"
    ),
    "options": (
        "options choices option choice candidates alternatives optionlist choicelist endings items "
        "answeroptions selections optionslist 选项 备选"
    ),
    "place": "label gold cop answeridx answerindex correctidx correctindex goldlabel goldindex",
    "wrong": "incorrectanswers wronganswers distractors incorrect distractorlist wrongoptions",
    "explanation": "explanation rationale analysis reasoning exp support hint 解析 说明",
    "case": "passage article context material background story document 材料 背景 案例",
    "kind": "type questiontype qtype kind 题型 类型",
}
# Keys that ask only where no other does: a paper's title, a passage's text.
_WEAK = dict.fromkeys(("title", "content", "text", "sentence", "sentence1"), "stem")
_KEYS = _WEAK | {key: name for name, keys in _MORE.items() for key in keys.split()}
_OP = re.compile(r"(?:op|opt|choice|ans|answer|option|sol|ending|distractor)([a-h1-8])", re.I)
_MARK = (
    "correct", "iscorrect", "right", "isright", "isanswer", "istrue", "answer", "fraction", "score",
    "是否正确", "正确",
)  # fmt: skip
_TEXTS = ("text", "value", "content", "option", "title", "name", "内容", "选项", "answer", "body")
_CODES = ("1", "0")
_BOOLS = ("true", "false", "0", "1", "yes", "no")
_YES = SAYS_RIGHT | {"1", "100"}
_FIRST = re.compile(r"(?<![A-Za-z\d])[(（]?A\s*[.、．:：)）]")
_SENTENCE = re.compile(r"^(?!https?:)(?=.*(?:[^\W\d_] [^\W\d_]|[\u3040-\u9fff]{4}))", re.S)
_LIST = re.compile(r"\s*(?:[;；|\n]|[,，、])\s*")


def _plain(key: str) -> str:
    return re.sub(r"[_\-\s.]", "", str(key)).lower()


@dataclass
class Stated:
    """What a record says, not yet weighed: candidates by role, in the record's order."""

    stem: list[Any] = field(default_factory=list)
    answer: list[Any] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)  # keys that mean nothing without options
    options: Any = None
    lettered: dict[str, Any] = field(default_factory=dict)
    wrong: list[Any] = field(default_factory=list)
    kind: str = ""
    explanation: str = ""
    case: str = ""


def stated(record: Json) -> Stated:
    """The parts of a record, by its keys where they are known and by their values elsewhere."""
    made, weak = Stated(), list[Any]()
    for key, value in record.items():
        name, letter = _role(key)
        if isinstance(value, dict) and name == "stem":  # ARC: question: {stem, choices}
            inner = stated(value)
            made.stem += inner.stem
            made.options = made.options or inner.options
            made.answer += inner.answer
        elif name == "letter" and isinstance(value, str | int | float):
            made.lettered[letter] = value
        elif name == "wrong":
            made.wrong += value if isinstance(value, list) else [value]
        elif (
            (name == "options" and _several(value))
            or (name in ("answer", "") and _marked(value))
            or (name == "answer" and _lettered_map(value))
        ):
            made.options = value if made.options is None else made.options
        elif name == "stem" and value not in (None, ""):
            (weak if _plain(key) in _WEAK else made.stem).append(value)
        elif name in ("answer", "place") and value not in (None, ""):
            (made.answer if name == "answer" else made.places).append(value)
        elif name in ("kind", "explanation", "case") and isinstance(value, str):
            setattr(made, name, getattr(made, name) or value)
    made.stem += weak
    if not made.stem and (made.answer or made.options is not None or len(made.lettered) > 1):
        made.stem += _unnamed(record)
    if list(made.lettered) == ["A"] and not made.answer and made.stem:  # {"Q": …, "A": …}
        made.answer.append(made.lettered.pop("A"))
    return made


def _unnamed(record: Json) -> list[str]:
    """The text that a record asks under a key that nobody listed (``topic``, ``body``): its longest
    of those that are neither a link, a date nor one word."""
    texts = [
        value
        for key, value in record.items()
        if isinstance(value, str) and not _role(key)[0] and _SENTENCE.search(value)
    ]
    return [max(texts, key=len)] if texts else []


def _role(key: str) -> tuple[str, str]:
    """What a key may hold, and the letter of an option's."""
    bare = _plain(key)
    if len(bare) == 1 and bare in "abcdefgh":
        return "letter", bare.upper()
    found = _OP.fullmatch(bare)
    if found:
        sign = found[1].upper()
        name = "wrong" if bare.startswith("distractor") else "letter"
        return name, LETTERS[int(sign) - 1] if sign.isdigit() else sign
    if bare in _KEYS:
        return _KEYS[bare], ""
    name, letter = role(key.replace("_", " "))
    return ("letter", letter) if name == "option" else (name, letter)


def _several(value: Any) -> bool:
    """Whether a value may be options."""
    if isinstance(value, str):
        return len(choices.listed(value)) > 1
    return isinstance(value, list | dict) and len(value) > 1


def _marked(value: Any) -> bool:
    """Whether a list holds options with a mark on the right ones. What has a type or options of its
    own is no option but a question (``{"type": "判断题", "content": …, "answer": "×"}``)."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            isinstance(x, dict) and _text_in(x) and any(_plain(k) in _MARK for k in x)
            for x in value
        )
        and not any(_role(str(k))[0] in ("kind", "options") for x in value for k in x)
    )


def _lettered_map(value: Any) -> bool:
    """Whether a map holds options by their letters (``answer_a``: text), and no marks on them."""
    if not isinstance(value, dict) or len(value) < 2:
        return False
    texts = [x for x in value.values() if isinstance(x, str) and x.strip().lower() not in _BOOLS]
    return bool(texts) and all(_role(str(key))[0] == "letter" for key in value)


def _text_in(value: Any) -> str:
    """The text of an option."""
    if isinstance(value, dict):
        for key in _TEXTS:
            if isinstance(value.get(key), str | int | float) and not isinstance(value[key], bool):
                return str(value[key])
        named = (x for k, x in value.items() if _plain(k).endswith((*_TEXTS[:3], "val")))
        return next((x for x in named if isinstance(x, str)), "")
    if isinstance(value, bool) or value is None:
        return ""
    return dialogue.said(value) if isinstance(value, list) else str(value)


@dataclass
class Options:
    """Options in their order: what each is called (A, 1, c…), its text, whether it is marked."""

    names: list[str]
    texts: list[str]
    marked: list[int] = field(default_factory=list)


def options_of(said: Stated) -> Options:
    """The options of a record, however it states them."""
    value = said.options
    if isinstance(value, dict):
        lists = {_plain(k): v for k, v in value.items() if isinstance(v, list)}
        if "text" in lists:  # {"text": […], "label": […]}
            texts = [_text_in(x) for x in lists["text"]]
            names = [str(x) for x in lists.get("label", [])] or list(LETTERS)
            return Options(names[: len(texts)], texts)
        kept = {str(k): text for k, x in value.items() if (text := _text_in(x)).strip()}
        return Options(list(kept), list(kept.values()))
    if isinstance(value, str):
        found = choices.listed(value)
        return Options(list(found), list(found.values()))
    if isinstance(value, list):
        return _listed(value)
    if len(said.lettered) > 1:
        kept = {k: str(v) for k, v in sorted(said.lettered.items()) if str(v).strip()}
        return Options(list(kept), list(kept.values()))
    return Options([], [])


def _listed(value: Sequence[Any]) -> Options:
    """Options in a list: texts, perhaps each with its letter, or objects."""
    if all(isinstance(x, list) and len(x) == 2 for x in value):  # ["A", text] or [text, true]
        ticked = all(isinstance(x[1], bool) for x in value)
        first, second = ("text", "correct") if ticked else ("key", "text")
        value = [{first: x[0], second: x[1]} for x in value]
    texts = [_text_in(x) for x in value]
    names, marked = list(LETTERS[: len(texts)]), []
    for k, one in enumerate(value):
        if not isinstance(one, dict):
            continue
        for key, told in one.items():
            if _plain(key) in ("key", "label", "letter", "id", "identifier", "name", "optionkey"):
                text = str(told).strip()
                if text and text != texts[k] and len(text) <= 3:
                    names[k] = text
            elif _plain(key) in _MARK and _true(told):
                marked.append(k)
    bare = [choices.unlettered(text, LETTERS[k]) for k, text in enumerate(texts[:26])]
    if len(texts) > 1 and all(b != t.strip() for b, t in zip(bare, texts, strict=False)):
        texts = bare
    return Options(names, texts, marked)


def _true(value: Any) -> bool:
    """Whether a mark on an option says right."""
    if isinstance(value, str):
        return value.strip().lower() in _YES
    return value is True or (
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    )


def right_of(value: Any, found: Options, base: int | None) -> tuple[list[int], bool]:
    """The positions (from 0) of the options that an answer names, and whether that hangs on
    ``base``, where its file counts from (None: nobody can tell)."""
    if isinstance(value, dict):
        marks = list(value.values())
        if len(marks) >= len(found.texts) > 1 and all(str(x).lower() in _BOOLS for x in marks):
            return [k for k, x in enumerate(marks[: len(found.texts)]) if _true(x)], False
        keys = ("key", "label", "index", "text", "value")
        value = next((value[k] for k in keys if k in value), "")
    if isinstance(value, list):
        if (
            len(value) == len(found.texts) > 1
            and all(x in (0, 1, True, False) for x in value)
            and (sum(map(bool, value)) and not all(value))
        ):
            return [k for k, x in enumerate(value) if x], False
        parts = [right_of(x, found, base) for x in value]
        return sorted({k for some, _ in parts for k in some}), any(unsure for _, unsure in parts)
    if isinstance(value, bool):
        return [], False
    text = text_of(str(value)) if value is not None else ""
    counted = isinstance(value, int) and base is not None  # 1 is a place, though an option says 1
    for names in (found.names,) if counted else (found.texts, found.names):
        same = [k for k, name in enumerate(names) if nfkc(text_of(name)) == nfkc(text)]
        if same and not (isinstance(value, int) and names is found.names and text in "0123456789"):
            return same[:1], False
    number = re.fullmatch(
        r"(?:option|opt|choice|ans|answer|选项)?[_\s]?(\d{1,2})(?:\.0)?", text, re.I
    )
    if number:
        named = not text[0].isdigit()
        start = 1 if named else (base or 0)
        at = int(number[1]) - start
        return ([at] if 0 <= at < len(found.texts) else []), base is None and not named
    lettered = dict(zip(LETTERS, map(text_of, found.texts), strict=False))
    named_, _ = answers.letters(text, lettered)
    if named_:
        return [LETTERS.index(letter) for letter in named_], False
    pieces = [piece for piece in _LIST.split(text) if piece]
    if len(pieces) > 1:
        some = [right_of(piece, found, base) for piece in pieces]
        if all(one for one, _ in some):
            return sorted({k for one, _ in some for k in one}), any(unsure for _, unsure in some)
    return [], False


def base_of(records: Sequence[tuple[Options, list[Any]]]) -> int | None:
    """Whether the places in a file's answers count from 0 or from 1: a 0, or one as large as the
    number of options, tells; None where neither is there."""
    lowest, past = 99, False
    for found, said in records:
        for value in (x for one in said for x in (one if isinstance(one, list) else [one])):
            if isinstance(value, bool) or not re.fullmatch(r"\d{1,2}", str(value)):
                continue
            if str(value) in [text.strip() for text in found.texts]:
                continue
            lowest = min(lowest, int(value))
            past = past or int(value) == len(found.texts)
    return 0 if lowest == 0 else 1 if past else None


def _said(value: Any) -> str:
    """An answer without options as text."""
    if isinstance(value, bool):
        return RIGHT if value else WRONG
    if isinstance(value, dict):
        value = next((value[k] for k in ("text", "value", "answer", "content") if k in value), "")
    if isinstance(value, list):
        parts = [_said(x) if not isinstance(x, dict) else _text_in(x) for x in value]
        return "；".join(dict.fromkeys(part for part in parts if part.strip()))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)


def question_of(record: Json, base: int | None, coded: bool = False) -> Question | None:
    """The question that a record states; None where it states none. ``coded``: 1 and 0 are the
    answers of its file."""
    said = stated(_flat(record))
    stem = next((s for s in map(_said, said.stem) if s.strip()), "")
    found = options_of(said)
    if found.texts:
        said.answer = [*said.answer, *said.places]
    if not stem or not (said.answer or found.texts):
        return None
    made = Question(stem, kind=_kind(said.kind), explanation=said.explanation)
    if said.wrong and said.answer and not found.texts:
        first = said.answer[0]
        right = {
            text for x in (first if isinstance(first, list) else [first]) if (text := _said(x))
        }
        made.options = sorted(right | {*map(_text_in, said.wrong)})  # the right not always first
        made.right = [k for k, text in enumerate(made.options) if text in right]
    elif not found.texts and (within := _within(stem, said.answer)):
        made.stem, found = within
    if found.texts:
        _choose(made, said, found, base)
    elif not made.options:
        _open(made, said, coded)
    if said.case and said.case.strip() != stem.strip():
        made.stem = f"{said.case.strip()}\n{made.stem}"
        made.kind = made.kind or ("case" if made.options else "")
    return made


def _open(made: Question, said: Stated, coded: bool) -> None:
    """The answer of a question without options."""
    made.said = next((s for s in map(_said, said.answer) if s.strip()), "")
    if isinstance(said.answer[0], bool) or (coded and made.said in _CODES):
        made.said = judged(made.said in (RIGHT, "1"), made.stem)
    if made.kind in ("single", "multiple") and not answers.judgement(made.said):
        made.kind = ""


def _flat(record: Json) -> Json:
    """A record whose stem stands in one of its objects and the rest beside it, in one object
    (``{"item": {"stem": …}, "solution": {"answer": …}}``)."""
    inner = [x for x in record.values() if isinstance(x, dict)]
    if sum(bool(stated(x).stem) for x in inner) != 1 or stated(record).stem:
        return record
    return {key: value for x in inner for key, value in x.items()} | {
        key: value for key, value in record.items() if not isinstance(value, dict)
    }


def _choose(made: Question, said: Stated, found: Options, base: int | None) -> None:
    """The options of a question and those that its answer names."""
    made.options, made.right = found.texts, found.marked
    signs = [name.upper() for name in found.names if len(name) == 1 and name.isalpha()]
    if signs != list(LETTERS[: len(signs)]):  # B, C, D; or A, B, C, A, B, C, D
        made.flags.append(doubt("option-gap", letters="".join(signs)))
    for value in said.answer if not made.right else ():
        made.right, unsure = right_of(value, found, base)
        if made.right:
            made.flags += [UNSURE] if unsure else []
            break
    made.said = "" if made.right else next((s for s in map(_said, said.answer) if s), "")
    if made.kind not in ("case", "judge"):
        made.kind = "multiple" if len(made.right) > 1 or made.kind == "multiple" else ""


def _within(stem: str, said: Sequence[Any]) -> tuple[str, Options] | None:
    """A stem that holds its options, where the answer is letters: the stem without them."""
    letters = "".join(_said(value) for value in said[:1]).replace("；", "")
    start = _FIRST.search(stem) if lettered(letters) else None
    if start is None or not stem[: start.start()].strip():
        return None
    found = choices.listed(stem[start.start() :])
    if len(found) < 2 or not set(letters.strip().upper()) <= set(found):
        return None
    return stem[: start.start()].strip(), Options(list(found), list(found.values()))


def _kind(told: str) -> str:
    return told if told in KINDS else kind_of(told)


def _is_dialogue(record: Json) -> bool:
    chat = ("conversation", "messages", "conversations", "dialogue", "dialog", "chat", "history")
    return any(isinstance(record.get(key), list) for key in chat) or (
        "instruction" in record and ("output" in record or "response" in record)
    )


def _chat(record: Json, source: Source) -> Row | str:
    """The row of a dialogue: its last turn, with those before it as ``history``."""
    found = dialogue.turns(record)
    flags = []
    kept = []
    for turn in found:
        answer = without_thinking(turn.answer)
        flags += [dialogue.THINKING] if answer != turn.answer else []
        if not turn.question.strip() or not answer.strip():
            break
        kept.append((turn.question, answer))
    if not kept:
        return "no-answer" if found and found[0].question.strip() else "no-question"
    if len(kept) < len(found):
        flags.append(
            Finding(
                "turns-left-out", "后面的轮次没有文字答案", "later turns have no answer in words"
            )
        )
    row = Row(*kept[-1], source, history=kept[:-1], flags=list(dict.fromkeys(flags)))
    if any("[图片" in text for turn in kept for text in turn):
        row.flags.append("image")
    return row


def _ours(row: Row, record: Json) -> Row:
    """What an export of ours kept comes back."""
    kind, options = record.get("kind"), record.get("options")
    row.kind = kind if kind in KINDS else "qa"
    letters = record.get("answer")
    if isinstance(options, dict) and isinstance(letters, str) and set(letters) <= set(options):
        row.options, row.letters = {str(k): str(v) for k, v in options.items()}, letters
        first = next(iter(row.options.items()), ("", ""))
        row.question = row.question.partition(f"\n{first[0]}. {first[1]}")[0]
    row.explanation = str(record.get("explanation") or "")
    return row


@dataclass
class _File:
    """One file being read."""

    taker: Taker
    base: int | None
    coded: bool

    def rows(self, at: int, text: str, value: Any, path: str, case: str = "") -> Iterator[Row]:
        """The rows of a value and of what stands in it."""
        locator = f"c:{at}-{at + len(text)}"
        if isinstance(value, dict):
            if _is_dialogue(value):
                yield from self._dialogue(value, locator, text)
                return
            if not _nested(value):
                record = {**value, "passage": case} if case and "passage" not in value else value
                question = question_of(record, self.base, self.coded)
                if question is not None:
                    yield from self.taker.row(_thoughtless(question), locator, text)
                    return
        if told := _pairs(value):
            for stem, answer in told:
                yield from self.taker.row(Question(stem, said=answer), locator, text)
            return
        if isinstance(value, dict | list) and _nested(value) and path.count(".") < places.DEEP:
            case = (_case_in(value) or case) if isinstance(value, dict) else case
            for start, inner, one, where in places.members(text, 0, value, path or "$"):
                if isinstance(one, dict | list):
                    yield from self.rows(at + start, inner, one, where, case)
            return
        if isinstance(value, dict) or not isinstance(value, list):
            self.taker.lost(locator, Finding("no-question", path), text)

    def _dialogue(self, record: Json, locator: str, text: str) -> Iterator[Row]:
        made = _chat(record, Source(self.taker.name, self.taker.sha, locator, text))
        if isinstance(made, str):
            self.taker.lost(locator, made, text)
            return
        self.taker.report.questions += 1
        yield _ours(made, record)


def _pairs(value: Any) -> list[tuple[str, str]]:
    """The questions and answers of a map from one to the other, or of a list of both."""
    if isinstance(value, list):
        told = [tuple(value)] if len(value) == 2 else []
    else:
        told = list(value.items()) if isinstance(value, dict) and len(value) > 2 else []
    texts = [text for pair in told for text in pair]
    asked = sum(bool(_SENTENCE.search(pair[0])) for pair in told if isinstance(pair[0], str))
    fits = asked > 0.8 * len(told) and all(isinstance(text, str) and text.strip() for text in texts)
    return told if told and fits and not any(_role(pair[0])[0] for pair in told) else []


def _nested(value: Any) -> bool:
    """Whether a value holds lists of objects that are no options: records stand deeper in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inner:
        if isinstance(value, list) and isinstance(one, dict | list):
            return True
        name = _role(str(key))[0]
        deep = isinstance(one, list) and one and isinstance(one[0], dict)
        told = [x for each in one if isinstance(each, dict) for x in each.values()] if deep else []
        flat = name in ("options", "answer") and not any(isinstance(x, dict) for x in told)
        if deep and not flat and not _marked(one):
            return True
        if isinstance(one, dict) and name == "" and (_nested(one) or stated(one).stem):
            return not (isinstance(value, dict) and _whole(value))
    return False


def _whole(value: Json) -> bool:
    """Whether the objects of a record, of which one asks, make one question together."""
    flat = _flat(value)
    return flat is not value and bool(stated(flat).answer) and not _nested(flat)


def _case_in(value: Json) -> str:
    """A text that the questions in ``value`` share."""
    return next(
        (v for k, v in value.items() if isinstance(v, str) and _role(str(k))[0] == "case"), ""
    )


def _thoughtless(question: Question) -> Question:
    shorter = without_thinking(question.said)
    if shorter != question.said:
        question.said = shorter
        question.flags.append(dialogue.THINKING)
    return question


def read(path: Path, ledger: Ledger, name: str, how: How = USUAL) -> Iterator[Row]:
    """The rows of a JSON file: questions of any shape, dialogues with their turns, LLaMA-Factory's
    ``dataset_info.json``. What is not understood is ledgered with its path in the JSON."""
    if path.name == "dataset_info.json":
        for spec in read_json(path).values():
            file = spec.get("file_name") if isinstance(spec, dict) else None
            if file:
                columns = spec.get("columns", {})
                yield from _read(path.parent / file, ledger, Path(file).name, how, columns)
        return
    yield from _read(path, ledger, name, how, {})


def _read(
    path: Path, ledger: Ledger, name: str, how: How, columns: Mapping[str, str]
) -> Iterator[Row]:
    """The rows of one file whose keys are called otherwise (``columns``: LLaMA-Factory's → its)."""
    if not path.is_file():
        raise UserError(f"{shown(path)}: {words('没有这个文件', 'no such file')}")
    taker = Taker(name, sha256(path), ledger)
    told = list(_indices(path, how))
    open_ = Counter(_said(said[0]) for found, said in told if not found.texts)
    coded = set(open_) == set(_CODES) and min(open_.values()) > 1
    file = _File(taker, base_of([one for one in told if one[0].texts]), coded)
    for at, text, value, where in places.objects(path, how.encoding):
        value = renamed(value, columns) if columns and isinstance(value, dict) else value
        yield from file.rows(at, text, value, where)
    taker.done()


def _indices(path: Path, how: How) -> Iterator[tuple[Options, list[Any]]]:
    """Options and answers of the records of a file that state an answer."""
    stack = [value for _, _, value, _ in places.objects(path, how.encoding)]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += [x for x in value if isinstance(x, dict | list)]
        elif isinstance(value, dict) and not _is_dialogue(value):
            if _nested(value):
                stack += [x for x in value.values() if isinstance(x, dict | list)]
                continue
            said = stated(_flat(value))
            answer = [*said.answer, *said.places]
            if answer and not said.wrong:
                yield options_of(said), answer


# LLaMA-Factory's column names → the keys that dialogue.turns() knows.
COLUMNS = {"prompt": "instruction", "query": "input", "response": "output", "system": "system",
           "history": "history"}  # fmt: skip


def renamed(record: Json, columns: Mapping[str, str]) -> Json:
    """``record`` with the keys that :func:`dialogue.turns` knows."""
    made = {COLUMNS[ours]: record.get(key) for ours, key in columns.items() if ours in COLUMNS}
    if "messages" in columns:
        said = record.get(columns["messages"])
        openai = isinstance(said, list) and said and "role" in said[0]
        made = {"messages" if openai else "conversations": said}
    return {**record, **made}
