"""A model's reply to checked data: what was meant is read, what was not said is not made up."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

import json_repair
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from rapidfuzz import fuzz

from core.text import bare
from core.thinking import without_thinking
from data_tools.generate.prompts import TYPES

ALIKE = 75.0  # rapidfuzz ratio from which a question that a reply repeats is the one that was asked
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w-]*[ \t]*$|```(?:json)?", re.MULTILINE)
_OPENS = re.compile(r"[{\[]")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+\s*[.、．)）:：]|[(（]\d+[)）]|问题?\s*\d*\s*[:：])\s*(.+)$")
_NAMES = {"问题": "question", "q": "question", "类型": "type", "答案": "answer", "a": "answer"}
_NAMES |= {
    "解析": "explanation",
    "回答": "answer",
    "依据": "evidence",
    "编号": "n",
    "id": "n",
    "number": "n",
}
_ITEM_KEYS = {"question", "answer", *_NAMES}
_NO = {"false", "no", "否", "不能", "0"}


class Question(BaseModel):
    """One question as the model is to write it."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    type: str = ""
    question: str = Field(min_length=1)

    @field_validator("type")
    @classmethod
    def known(cls, value: str) -> str:
        """The type, or none where the model invented one (情节题 counts as 情节)."""
        return next((name for name in TYPES if name in value), "")


class Answer(BaseModel):
    """One answer; ``n`` is the number of its question in the request, ``question`` its words."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    n: int
    question: str = ""
    answerable: bool = True
    evidence: str = ""
    answer: str = ""

    @field_validator("n", mode="before")
    @classmethod
    def number(cls, value: Any) -> Any:
        """The digits of a number (1, "1.", 问题1)."""
        found = re.search(r"\d+", str(value))
        return found[0] if found else value

    @field_validator("answerable", mode="before")
    @classmethod
    def truth(cls, value: Any) -> Any:
        """Any way of saying no."""
        return str(value).strip().lower() not in _NO


class Questions(BaseModel):
    """The whole reply to a request for questions; its JSON schema goes with the request."""

    questions: list[Question]


class Answers(BaseModel):
    """The whole reply to a request for answers."""

    answers: list[Answer]


Model = TypeVar("Model", bound=BaseModel)


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """``response_format`` of OpenAI's protocol for ``model``."""
    about = {"name": model.__name__.lower(), "schema": model.model_json_schema()}
    return {"type": "json_schema", "json_schema": about}


def body(reply: str) -> str:
    """The reply without a reasoning model's thoughts and without the marks of code fences."""
    return _FENCE.sub("\n", without_thinking(reply)).strip()


def _values(text: str) -> list[Any]:
    """Every JSON value in ``text``, wherever it stands (several lines, several fences); from the
    first that is not whole on, what can be mended."""
    found: list[Any] = []
    at = 0
    while opens := _OPENS.search(text, at):
        try:
            value, at = json.JSONDecoder().raw_decode(text, opens.start())
        except ValueError:
            mended = json_repair.loads(text[opens.start() :])
            return [*found, *(mended if isinstance(mended, list) else [mended])]
        found.append(value)
    return found


def _records(text: str) -> list[Any]:
    """The items of all lists in ``text``, and the items that stand alone."""
    flat: list[Any] = []
    for value in _values(text):
        for item in value if isinstance(value, list) else [value]:
            inner = _list_of(item) if isinstance(item, dict) else None
            flat.extend(inner if inner is not None else [item])
    return flat


def _list_of(item: dict[str, Any]) -> list[Any] | None:
    """The list that an object is wrapped around; None for an item itself."""
    lists = [value for value in item.values() if isinstance(value, list)]
    if not lists or {str(key).strip().lower() for key in item} & _ITEM_KEYS:
        return None
    return lists[0]


def _checked(items: list[Any], model: type[BaseModel], bare: str) -> list[Any]:
    """The items that fit ``model``; a plain string counts as its field ``bare``."""
    found = []
    for number, item in enumerate(items, 1):
        if isinstance(item, str):
            item = {bare: item}
        if not isinstance(item, dict):
            continue
        lower = {str(key).strip().lower(): value for key, value in item.items()}
        known = {_NAMES.get(key, key): value for key, value in lower.items()}
        known.setdefault("n", number)
        try:
            found.append(model.model_validate(known))
        except ValidationError:
            continue
    return found


def one(reply: str, model: type[Model]) -> Model | None:
    """The first object of a reply that fits ``model``, None where there is none."""
    return next(iter(_checked(_values(body(reply)), model, "")), None)


def questions(reply: str, cut_off: bool = False) -> list[Question]:
    """The questions of a reply: JSON, mended where need be, else a numbered list; [] for neither.

    ``cut_off``: the reply ended at the limit of tokens, so its last item is not whole."""
    text = body(reply)
    found = _checked(_records(text), Question, "question")
    if not found and "{" not in text:
        lines = (match[1] for line in text.splitlines() if (match := _ITEM.match(line)))
        found = [Question(question=line) for line in lines if line.strip()]
    return found[:-1] if cut_off else found


def answers(reply: str, asked: Sequence[str], cut_off: bool = False) -> dict[int, Answer]:
    """Question number (from 1) → answer. Where a reply repeats the question, its words decide, not
    its number; numbers from 0 are moved up. Where one question was asked, a reply in plain words is
    its answer."""
    text = body(reply)
    found = _checked(_records(text), Answer, "answer")
    if not found and len(asked) == 1 and text and not set("{[") & set(text):
        found = [Answer(n=1, answer=text)]
    if cut_off:
        found = found[:-1]
    first = 1 - min((each.n for each in found), default=1)  # 1 where they count from 0
    kept: dict[int, Answer] = {}
    for each in found:
        number = _place(each.question, asked) if each.question else each.n + max(first, 0)
        if 1 <= number <= len(asked):
            kept.setdefault(number, each)
    return kept


def _place(question: str, asked: Sequence[str]) -> int:
    """The number of the question that these words are, 0 for none."""
    scores = [fuzz.ratio(bare(question), bare(one)) for one in asked]
    best = max(scores, default=0.0)
    return scores.index(best) + 1 if best >= ALIKE else 0
