"""Dialogues of other tools as turns: XTuner, ShareGPT, OpenAI messages, Alpaca with its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.findings import Finding

Json = dict[str, Any]
ASKS, SAYS = {"human", "user"}, {"gpt", "assistant", "chatgpt", "bot", "model"}
THINKING = Finding(
    "thinking", "答案里的思考过程已去掉", "the thinking within the answer is left out"
)
PAIRS = (
    ("question", "answer"),
    ("问题", "答案"),
    ("题干", "答案"),
    ("query", "response"),
    ("prompt", "response"),
    ("prompt", "completion"),
    ("input", "output"),
    ("input", "target"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer, and the system prompt it stood under."""

    question: str
    answer: str
    system: str = ""


def said(content: Any) -> str:
    """What a message says: a text, or the parts of one, pictures named; "" for calls of tools."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(_part(part) for part in content)


def _part(part: Any) -> str:
    """One part of a message's content."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    kind = str(part.get("type", ""))
    if isinstance(part.get("text"), str):
        return part["text"]
    if "image" in kind or "image" in part:
        address = part.get("image_url") or part.get("image") or part.get("source") or ""
        address = address.get("url", "") if isinstance(address, dict) else str(address)
        short = "" if address.startswith("data:") else address.split("?")[0].rpartition("/")[2]
        return f"[图片:{short[:80]}]" if short else "[图片]"
    return f"[{kind}]" if kind else ""


def _messages(found: Iterable[Any], role: str, text: str) -> list[Turn]:
    """Turns from a list of messages with the given keys, up to the first that has no answer in
    words: those after it lean on what is not there."""
    system, asked, turns = "", "", []
    for message in found:
        if not isinstance(message, dict):
            continue
        who, words = str(message.get(role, "")).lower(), said(message.get(text))
        if who == "system":
            system = system or words
        elif who in ASKS:
            asked = f"{asked}\n{words}" if asked else words
        elif who in SAYS:
            if not words.strip() or not asked:
                turns.append(Turn(asked, "", system))
                break
            turns.append(Turn(asked, words, system))
            asked = ""
        else:
            break  # a tool's result: what follows stands on it
    return turns or ([Turn(asked, "", system)] if asked else [])


def _history(record: Json) -> list[Turn]:
    """Earlier turns of an Alpaca record (LLaMA-Factory's ``history``: pairs of texts)."""
    found = record.get("history")
    if not isinstance(found, list):
        return []
    if found and isinstance(found[0], dict):
        return _messages(found, "role" if "role" in found[0] else "from",
                         "content" if "content" in found[0] else "value")  # fmt: skip
    return [
        Turn(str(a), str(b)) for a, b in (p for p in found if isinstance(p, list) and len(p) == 2)
    ]


def turns(record: Json) -> list[Turn]:
    """The turns of one record of any dialogue format that is known here; [] for none of them."""
    if isinstance(record.get("conversation"), list):  # XTuner's, ours
        return [
            Turn(said(t.get("input", "")), said(t.get("output", "")), str(t.get("system", "")))
            for t in record["conversation"]
            if isinstance(t, dict)
        ]
    for key in ("messages", "conversations", "dialogue", "dialog", "chat"):
        found = record.get(key)
        if isinstance(found, list) and found and isinstance(found[0], dict):
            role = next((k for k in ("role", "from", "speaker") if k in found[0]), "")
            text = next((k for k in ("content", "value", "text") if k in found[0]), "")
            if role:
                made = _messages(found, role, text or "content")
                system = str(record.get("system") or "")
                return [Turn(t.question, t.answer, t.system or system) for t in made]
    if "instruction" in record and ("output" in record or "response" in record):
        asked = (record["instruction"], record.get("input") or record.get("context"))
        question = "\n".join(str(part) for part in asked if part)
        answer = record["output"] if "output" in record else record["response"]
        last = Turn(question, said(answer), str(record.get("system") or ""))
        return [*_history(record), last]
    for ask, say in PAIRS:
        if isinstance(record.get(ask), str) and isinstance(record.get(say), str):
            return [*_history(record), Turn(record[ask], record[say])]
    return []
