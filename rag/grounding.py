"""Is what an answer says in the passages it cites? A rule, not a judgement: see :func:`check`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.chinese import simplified
from core.text import bare
from core.thinking import without_thinking
from rag import agree, claims
from rag.passages import Passage
from rag.tokens import tokens

LEAST, LETTERS = 0.2, 0.66  # of its pairs and of its characters, for one in other words
_LETTER = re.compile(r"(?![在有于和与及也又还个大约只能到上下里中人之过算着它地])[\u3400-\u9fff]")
COVER = 0.6  # share of a sentence's character pairs that its passages must hold
_SENTENCE = re.compile(
    r"[^。！？!?；;\n]+[。！？!?；;\n]*(?:\s*[\[［【]\s*\d[\d\s,，、]*[\]］】])*"
)
_CITED = re.compile(r"[\[［【]\s*(\d[\d\s,，、]*)[\]］】]")
_ANSWER = re.compile(r"\n答案[:：]\s*")
_YES, _NO = re.compile(r"(?:正确|对|√|是)"), re.compile(r"(?:错误?|×|否|不)")
_LIGHT = re.compile(r"[的了是为它他她其]|该(?!隐)")
_BAN = re.compile(r"(?:不能|不得|不可|不应|禁止|严禁|不要)(?:使用|服用|用)")
NEAR = 0.25  # of a question's characters: below, a passage is about something else


@dataclass(frozen=True)
class Cited:
    """One sentence of an answer: ``numbers`` of the passages it rests on, as it cites them or,
    where ``given`` is False, as found; ``supported`` says whether they hold it."""

    text: str
    numbers: tuple[int, ...]
    supported: bool
    given: bool = True


def cite(answer: str, number: int) -> str:
    """``answer`` with ``[number]`` behind each of its sentences."""

    def mark(found: re.Match[str]) -> str:
        text = found.group().rstrip()
        return f"{text}[{number}]{found.group()[len(text) :]}" if bare(text) else found.group()

    return _SENTENCE.sub(mark, answer)


def check(answer: str, passages: Sequence[Passage], question: str = "") -> list[Cited]:
    """Every sentence of ``answer`` with its passages (numbered from 1, as in the prompt).

    What the model thought is left out. A sentence is supported when the passages that it cites
    hold every number in it (in any unit and notation), do not deny it, name what it names in the
    same roles (:mod:`rag.agree`), and hold at least :data:`COVER` of its character pairs (of its
    characters, where it has four or fewer). In a sentence with the passage's own answer the words
    of ``question`` count too. A sentence that only repeats the question, or holds characters that
    could not be decoded, is not. Where it cites none, the first passage that supports it alone is
    taken. A number cited that is not there supports nothing. Limits: words are compared, not
    meaning; a true paraphrase in quite other words fails.
    """
    found = []
    for match in _SENTENCE.finditer(without_thinking(answer)):
        text = match.group().strip()
        if not bare(_CITED.sub("", text)):
            continue
        cited = _numbers(text)
        if cited:
            known = all(1 <= number <= len(passages) for number in cited)
            rests = [passages[number - 1].text for number in cited] if known else []
            held = bool(rests) and holds("\n".join(rests), text, question)
            found.append(Cited(text, cited, held))
        else:
            at = (n for n, one in enumerate(passages, 1) if holds(one.text, text, question))
            number = next(at, None)
            found.append(Cited(text, (number,) if number else (), number is not None, False))
    return found


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(one) for group in _CITED.findall(text) for one in re.findall(r"\d+", group)]
    return tuple(dict.fromkeys(numbers))


def holds(passage: str, sentence: str, question: str = "") -> bool:
    """Whether ``passage`` says what ``sentence`` says, by :func:`check`'s rules."""
    sentence = simplified(_CITED.sub("", sentence)).strip()
    passage, question = simplified(passage), simplified(question)
    if "\ufffd" in sentence:
        return False
    if copies(sentence, passage) and not agree.missing_numbers(sentence, passage):
        return True
    if echoes(sentence, passage, question):
        return False
    own, answer = _asked_and_answer(passage)
    if own and _NO.match(answer) and agree.denies(sentence, own):  # 错误: its denial is true
        return covered(sentence, own) >= COVER and not agree.missing_numbers(sentence, own)
    known = question if answers(sentence, passage, question) else ""
    disagree = (
        agree.missing_numbers(sentence, passage)
        or agree.denies(sentence, passage)
        or agree.opposes(sentence, passage)
        or agree.strange_names(sentence, passage, known)
        or agree.mixes(sentence, passage)
        or claims.conflicts(sentence, passage)
    )
    if disagree:
        return False
    share = covered(sentence, passage, known)
    least = 0 if agree.figures(sentence) else LEAST
    return share >= COVER or (share >= least and lettered(sentence, passage, known) >= LETTERS)


def lettered(sentence: str, passage: str, known: str = "") -> float:
    """The share of a sentence's Chinese characters, light ones aside, that passage and ``known``
    hold: a paraphrase keeps these where it breaks the pairs (受了箭伤, 中箭受伤)."""
    said = _LETTER.findall(_essence(sentence))
    held = set(_essence(passage + known))
    return sum(char in held for char in said) / len(said) if said else 0.0


def covered(sentence: str, passage: str, known: str = "") -> float:
    """The share of a sentence's words, its numbers aside, that passage and ``known`` hold."""
    if bare(sentence) in bare(passage):
        return 1.0
    said = tokens(_essence(sentence))
    held = set(tokens(_essence(passage))) | set(tokens(_essence(known)))
    pairs = [token for token in said if len(token) > 1] or said
    if not pairs:
        return float(bool(agree.figures(sentence)))
    return sum(token in held for token in pairs) / len(pairs)


def _essence(text: str) -> str:
    """A text without numbers and light words, a ban in one wording."""
    return _LIGHT.sub("", _BAN.sub("禁用", agree.without_numbers(text)))


def _asked_and_answer(passage: str) -> tuple[str, str]:
    """Question and answer of a bank's passage; ``("", passage)`` for running text."""
    asked, *answer = _ANSWER.split(passage)
    return (asked, answer[0].split("\n")[0]) if len(answer) == 1 else ("", passage)


def copies(sentence: str, passage: str) -> bool:
    """The sentence is one of the passage's; or the answer of a bank's passage, alone or put behind
    its question."""
    said = bare(sentence)
    own, answer = _asked_and_answer(passage)
    if not own:
        return any(bare(part) == said for part in re.split(r"[。！？!?；;\n]", passage))
    rest = said.removeprefix(bare(own)).removeprefix("是").removeprefix("为")
    return bool(bare(answer)) and bare(answer) == rest and rest != bare(own)


def echoes(sentence: str, passage: str, question: str) -> bool:
    """The sentence is a question, or says again what was asked and no more."""
    if re.search(r"[?？]\s*$", sentence):
        return True
    said, asked = bare(sentence), bare(question)
    if said in asked and not re.search(r"吗|是不是|是否|对不对|能否|可否", question):
        return True
    own, answer = _asked_and_answer(passage)
    if not own or bare(answer) in said or said in bare(answer):
        return False
    if agree.figures(answer) and not agree.missing_numbers(answer, sentence):
        return False
    corrects = agree.denies(sentence, own)
    if _YES.match(answer) or _NO.match(answer):  # a judgement: the statement itself is true or not
        return bool(_NO.match(answer)) and covered(sentence, own) >= COVER and not corrects
    if covered(sentence, own) >= 0.9:
        return True
    # Another answer in the place of the passage's: 党徽为麦穗和齿轮组成的图案.
    told = len(answer) > 1 and covered(answer, sentence) < 0.5 and not agree.figures(answer)
    return told and covered(own, sentence) >= COVER


def answers(sentence: str, passage: str, question: str) -> bool:
    """The sentence holds the answer of a bank's passage whose question is near ``question``."""
    own, answer = _asked_and_answer(passage)
    if not (own and question):
        return False
    as_number = agree.figures(answer) and not agree.missing_numbers(answer, sentence)
    if bare(answer) not in bare(sentence) and not as_number:
        return False
    asked = set(bare(question)) - set("的是什么哪个多少谁了吗呢")
    return bool(asked) and len(asked & set(bare(own))) / len(asked) >= NEAR
