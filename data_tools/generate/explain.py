"""``python -m data_tools explain``: explanations that a bank lacks, by a teacher model.

The teacher sees the question, not the key. What it explains is kept only where it comes to the
key's answer by itself, in the question's language. Training questions alone are asked.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.files import write_jsonl
from core.rows import Row
from core.text import bare
from data_tools import clean, taught
from data_tools.generate import parse
from data_tools.generate.client import Asker, Patience, Refused, Server
from data_tools.generate.journal import Reply, opened

JOURNAL = "explanations-journal.jsonl"
LEAST = 6  # characters: shorter is no explanation
MOST = 600  # tokens of a reply, thinking apart
SYSTEM = "你是严谨的老师，只输出 JSON。"
TASK = """{question}

请用与题目相同的语言作答。explanation 用一两句话讲清为什么；answer 只写最后的答案{how}。
只输出 JSON：{{"explanation": "…", "answer": "…"}}"""
HOW = {"judge": "（正确或错误）", "options": "（选项字母）"}

_HAN, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]")
_LETTERS = re.compile(r"[A-Z](?:[\s,，、;；和]*[A-Z])*\.?")
_NAMED = re.compile(r"\(?([A-Z])\s*[.．、:：)）]")


class Taught(BaseModel):
    """One reply; its JSON schema goes with the request."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    explanation: str = Field(min_length=1)
    answer: str = Field(min_length=1)


def lacking(out: Path) -> list[Row]:
    """The training rows that have no explanation of their source."""
    rows = taught.trained(out)
    return [row for row in rows if not row.explanation or row.source.made == taught.MADE]


def messages(row: Row) -> list[dict[str, str]]:
    """The request for the explanation of ``row``."""
    task = TASK.format(question=row.prompt(), how=how(row))
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": task}]


def how(row: Row) -> str:
    """What else to say of the answer's form."""
    return HOW["options"] if row.options else HOW.get(row.kind, "")


def letters(said: str, options: dict[str, str]) -> str:
    """The options that a short answer names: by letters, each with its text, or by one's text."""
    if _LETTERS.fullmatch(said.strip()):
        return "".join(sorted(set(re.findall("[A-Z]", said))))
    named = [_NAMED.match(part.strip()) for part in re.split(r"[;；\n]", said) if part.strip()]
    if all(named):
        return "".join(sorted({match[1] for match in named if match}))
    return "".join(letter for letter, text in options.items() if bare(text) == bare(said))


def agrees(row: Row, said: str) -> bool:
    """Whether ``said`` is the key's answer, as the data set tells answers apart."""
    chosen = letters(said, row.options) if row.options else ""
    return clean.keys(replace(row, answer=said, letters=chosen)).answer == clean.keys(row).answer


def why_not(row: Row, reply: Reply) -> str:
    """Why the explanation of a reply is not taken, "" where it is: a code of
    :data:`core.labels.FINDINGS`."""
    found = parse.one(reply.text, Taught)
    if found is None or reply.cut_off:
        return "unread"
    if not agrees(row, found.answer):
        return "teacher-disagrees"
    han = len(_HAN.findall(found.explanation))
    other = _HAN.search(row.question) and han < len(_LATIN.findall(found.explanation))
    if other or len(bare(found.explanation)) < LEAST:
        return "no-explanation"
    return ""


async def ask(rows: Sequence[Row], asker: Asker) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The lines of ``explanations.jsonl`` in the order of ``rows``, and how many were not taken by
    reason. Raises :class:`UserError` where the server gave up; what was answered is kept."""
    dropped: Counter[str] = Counter()
    kept: dict[int, dict[str, Any]] = {}

    async def one(job: tuple[int, Row]) -> None:
        number, row = job
        try:
            reply = await asker.ask(
                messages(row),
                parse.schema(Taught),
                lambda reply: parse.one(reply.text, Taught) is not None,
                temperature=0.0,
                max_tokens=MOST,
            )
        except Refused:
            dropped["refused"] += 1
            return
        if code := why_not(row, reply):
            dropped[code] += 1
        elif found := parse.one(reply.text, Taught):
            name = taught.key_of(row.prompt(), row.answer)
            kept[number] = {
                "key": name,
                "explanation": found.explanation,
                "model": asker.server.model,
            }

    await asker.each(enumerate(rows), one)
    return [kept[number] for number in sorted(kept)], dropped


def write(out: Path, server: Server, patience: Patience) -> dict[str, Any]:
    """Ask for what the data set in ``out`` lacks (nothing twice: the journal keeps each reply) and
    write ``explanations.jsonl``; ``asked``, ``kept`` and ``dropped`` by reason."""
    rows = lacking(out)
    with opened(out / JOURNAL) as journal:
        kept, dropped = asyncio.run(ask(rows, Asker(server, journal, patience)))
    write_jsonl(out / taught.FILE, kept)
    return {"asked": len(rows), "kept": len(kept), "dropped": dict(dropped.most_common())}
