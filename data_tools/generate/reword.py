"""``python -m data_tools reword``: training questions in other words, by a model.

What the model writes is held to what the rules are held to and to more (:func:`wordings.same`), and
then put to the proof: asked its own wording with nothing but the question and its answer as known,
the model has to come to that answer. Training questions alone are asked about.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.files import write_jsonl
from core.rows import Row
from core.text import bare
from data_tools import taught, wordings
from data_tools.generate import parse
from data_tools.generate.client import Asker, Patience, Refused, Server
from data_tools.generate.explain import SYSTEM, agrees, how
from data_tools.generate.journal import opened

JOURNAL = "rewordings-journal.jsonl"
MOST = 80  # tokens of one wording or one answer, thinking apart
TASK = """{question}

请把这道题换 {count} 种问法，问的是同一件事，答案不变：句式可以变，数字、单位、名称、否定
和“最”一个不少，不加限定，不写出答案，用与题目相同的语言。
只输出 JSON：{{"questions": ["…"]}}"""
PROOF = """已知这道题和它的答案：
{question}
答案：{answer}

只凭上面这一条回答下面这道题，凭它答不出的，answer 写“不知道”；answer 只写最后的答案{how}。
{other}

只输出 JSON：{{"answer": "…"}}"""


class Reworded(BaseModel):
    """One reply with wordings; its JSON schema goes with the request."""

    model_config = ConfigDict(extra="ignore")
    questions: list[str] = Field(min_length=1)


class Proof(BaseModel):
    """One reply to a wording."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)
    answer: str = Field(min_length=1)


async def said(asker: Asker, task: str, shape: type[parse.Model], room: int) -> parse.Model | None:
    """What the model says to ``task``, None where that cannot be read. Raises :class:`Refused`."""
    reply = await asker.ask(
        [{"role": "system", "content": SYSTEM}, {"role": "user", "content": task}],
        parse.schema(shape),
        lambda reply: parse.one(reply.text, shape) is not None,
        temperature=0.0,
        max_tokens=room,
    )
    return None if reply.cut_off else parse.one(reply.text, shape)


async def why_not(asker: Asker, row: Row, text: str) -> str:
    """Why ``text`` does not stand for ``row``, "" where it does: a code of
    :data:`core.labels.FINDINGS`."""
    other = next(wordings.of_model(row, [text]), None)
    if other is None:
        return "asks-otherwise"
    known = {"question": row.prompt(), "answer": row.answer, "how": how(row)}
    proof = await said(asker, PROOF.format(**known, other=other.prompt()), Proof, MOST)
    if proof is None:
        return "unread"
    return "" if agrees(row, proof.answer) else "teacher-disagrees"


async def ask(
    rows: Sequence[Row], count: int, asker: Asker
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The lines of ``rewordings.jsonl`` in the order of ``rows``, and how many wordings (requests,
    where refused or unread) were not taken by reason. Raises :class:`UserError` where the server
    gave up; what was answered is kept."""
    dropped: Counter[str] = Counter()
    kept: dict[int, dict[str, Any]] = {}

    async def one(job: tuple[int, Row]) -> None:
        number, row = job
        task = TASK.format(question=row.question, count=count)
        texts = []
        try:
            found = await said(asker, task, Reworded, MOST * count)
            made = {bare(text): text.strip() for text in found.questions} if found else {}
            dropped["unread"] += found is None
            for text in list(made.values())[:count]:
                code = await why_not(asker, row, text)
                dropped[code] += 1
                texts += [] if code else [text]
        except Refused:
            dropped["refused"] += 1
        if texts:
            name = taught.key_of(row.prompt(), row.answer)
            kept[number] = {"key": name, "texts": texts, "model": asker.server.model}

    await asker.each(enumerate(rows), one)
    return [kept[number] for number in sorted(kept)], +dropped - Counter({"": dropped[""]})


def write(out: Path, server: Server, patience: Patience, count: int) -> dict[str, Any]:
    """Ask for ``count`` wordings, and a few to spare, of each training question of the data set in
    ``out`` (nothing twice: the journal keeps each reply) and write ``rewordings.jsonl``; ``asked``
    questions, ``kept`` wordings and ``dropped`` by reason."""
    rows = [row for row in taught.trained(out) if wordings.may_reword(row)]
    with opened(out / JOURNAL) as journal:
        asker = Asker(server, journal, patience)
        kept, dropped = asyncio.run(ask(rows, count + wordings.SPARE, asker))
    write_jsonl(out / taught.REWORDED, kept)
    found = sum(len(line["texts"]) for line in kept)
    return {"asked": len(rows), "kept": found, "dropped": dict(dropped.most_common())}
