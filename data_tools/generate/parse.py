"""A model's reply to checked data: what was meant is read, what was not said is not made up."""

from __future__ import annotations

import re
from typing import Any

import json_repair
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from data_tools.generate.prompts import TYPES

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?\s*(.*?)(?:```|\Z)", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+\s*[.、．)）:：]|[(（]\d+[)）]|问题?\s*\d*\s*[:：])\s*(.+)$")
_NAMES = {"问题": "question", "q": "question", "类型": "type", "答案": "answer", "a": "answer"}
_NAMES |= {"回答": "answer", "依据": "evidence", "编号": "n", "id": "n", "number": "n"}
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
    """One answer; ``n`` is the number of its question in the request."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    n: int
    answerable: bool = True
    evidence: str = ""
    answer: str = ""

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


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """``response_format`` of OpenAI's protocol for ``model``."""
    about = {"name": model.__name__.lower(), "schema": model.model_json_schema()}
    return {"type": "json_schema", "json_schema": about}


def body(reply: str) -> str:
    """The reply without a reasoning model's thoughts and without a code fence."""
    reply = _THOUGHT.sub("", reply)
    found = _FENCE.search(reply)
    return (found[1] if found else reply).strip()


def _records(text: str) -> list[Any]:
    """The items of the first list in ``text``, wherever it stands; [] where there is none."""
    at = min((i for i in (text.find("{"), text.find("[")) if i >= 0), default=-1)
    if at < 0:
        return []
    value = json_repair.loads(text[at:])
    if isinstance(value, dict):
        lists = [each for each in value.values() if isinstance(each, list)]
        value = lists[0] if lists else [value]
    if not isinstance(value, list):
        return []
    flat: list[Any] = []
    for item in value:
        inner = (
            next((v for v in item.values() if isinstance(v, list)), None)
            if (isinstance(item, dict) and len(item) == 1)
            else None
        )
        flat.extend(inner if inner is not None else [item])
    return flat


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


def questions(reply: str, cut_off: bool = False) -> list[Question]:
    """The questions of a reply: JSON, mended where need be, else a numbered list; [] for neither.

    ``cut_off``: the reply ended at the limit of tokens, so its last item is not whole."""
    text = body(reply)
    found = _checked(_records(text), Question, "question")
    if not found and "{" not in text:
        lines = (match[1] for line in text.splitlines() if (match := _ITEM.match(line)))
        found = [Question(question=line) for line in lines if line.strip()]
    return found[:-1] if cut_off else found


def answers(reply: str, count: int, cut_off: bool = False) -> dict[int, Answer]:
    """Question number (1 to ``count``) → answer. Where one question was asked, a reply in plain
    words is its answer."""
    text = body(reply)
    found = _checked(_records(text), Answer, "answer")
    if not found and count == 1 and text and not set("{[") & set(text):
        found = [Answer(n=1, answer=text)]
    if cut_off:
        found = found[:-1]
    kept: dict[int, Answer] = {}
    for each in found:
        if 1 <= each.n <= count:
            kept.setdefault(each.n, each)
    return kept
