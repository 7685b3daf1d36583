"""``python -m eval sample``: several answers to each training question, each judged by the scorer.

``DATA/samples.jsonl`` holds a line a question: ``id``, ``asked`` and ``answers`` (``text`` without
thought, ``right``). :mod:`data_tools.sampled` makes rows and pairs of them. Each answer is in the
journal of its model before it is used, so that none is asked for twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

from core import chat
from core.errors import UserError
from core.files import shown, write_jsonl
from core.language import words
from core.thinking import without_thinking
from eval import journal, metrics, suites
from eval.targets import Column

FILE, JOURNALS = "samples.jsonl", "samples"
MOST = 64  # answers a question
IN_A_ROW = 8  # requests refused one after the other: the server is not well
Question = suites.Question
Draw = tuple[Question, int]  # a question and which of its answers


def request(draw: Draw, temperature: float) -> str:
    """The journal's name of one answer. Its limit of tokens is its question's own: that of the
    whole set would change with every row."""
    question, number = draw
    limit = suites.token_limit([question])
    return f"{journal.key(question['messages'], limit, temperature)}-{number}"


class Asker:
    """Asks one server for what ``journal`` lacks."""

    def __init__(self, column: Column, journal: journal.Journal, temperature: float) -> None:
        self.target, self.journal, self.temperature = column.endpoint, journal, temperature
        self.client = chat.client(column.endpoint)
        self.stop = Event()
        self.refused = 0  # one after the other

    def draw(self, draw: Draw) -> None:
        """One answer, written down. A question that the server refuses is left; raises
        :class:`UserError` where the server as a whole does not answer, and asks nothing more."""
        import openai

        if self.stop.is_set():
            return
        question, number = draw
        start = time.monotonic()
        try:
            choice = self.client.chat.completions.create(
                model=self.target.model,
                messages=question["messages"],
                max_tokens=suites.token_limit([question]),
                temperature=self.temperature,
                seed=number,
            ).choices[0]
        except Exception as error:
            self.refused += 1
            one = isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError)
            if one and self.refused < IN_A_ROW:
                return
            self.stop.set()
            why, kept = " ".join(str(error).split())[:200], len(self.journal)
            raise UserError(
                words(
                    f"{self.target.root} 没有回答 ({why})：已得到的 {kept} 条已保存，重跑即可继续",
                    f"{self.target.root} did not answer ({why}): {kept} answers are kept, run "
                    "again to go on",
                )
            ) from None
        self.refused = 0
        entry = {"answer": choice.message.content or "", "finish": choice.finish_reason}
        self.journal.add(
            request(draw, self.temperature),
            {**entry, "seconds": round(time.monotonic() - start, 4)},
        )


def right(question: Question, entry: dict[str, Any]) -> bool:
    """Whether the scorer takes an answer; one that was cut off at the limit of tokens is wrong."""
    scores = metrics.judge(question, entry["answer"])
    return entry["finish"] != "length" and scores.get("correct") == 1.0


def judged(
    questions: list[Question], journal: journal.Journal, k: int, temperature: float
) -> Iterator[dict[str, Any]]:
    """The lines of ``samples.jsonl``."""
    for question in questions:
        entries = [journal.get(request((question, n), temperature)) for n in range(k)]
        said = [
            {"text": without_thinking(entry["answer"]).strip(), "right": right(question, entry)}
            for entry in entries
            if entry
        ]
        yield {"id": question["id"], "asked": question["question"], "answers": said}


def write(
    data: Path, column: Column, k: int, temperature: float, most: int, workers: int
) -> dict[str, int]:
    """Ask for ``k`` answers to each training question (``most`` > 0: to so many, evenly chosen) and
    write ``samples.jsonl``; how many ``questions``, ``asked`` now, ``answers`` and ``right``."""
    if not 1 <= k <= MOST or not 0 < temperature <= 2:
        raise UserError(
            words(
                f"K 应为 1 到 {MOST}，TEMPERATURE 应大于 0、不超过 2",
                f"K must be 1 to {MOST}, TEMPERATURE above 0 and at most 2",
            )
        )
    train = data / "train.jsonl"
    if not train.is_file():
        raise UserError(f"{shown(data)}: {words('请先 make data', 'make data first')}")
    questions = suites.read_rows(train, "train", most or 1 << 40, 42)
    if room := suites.longest_explanation(data):
        for question in questions:
            question["explained"] = room
    kept = journal.Journal(data / JOURNALS / f"{column.weights[:16]}.jsonl")
    draws = [(question, number) for question in questions for number in range(k)]
    fresh = [draw for draw in draws if not kept.get(request(draw, temperature))]
    with ThreadPoolExecutor(workers) as pool:
        asker = Asker(column, kept, temperature)
        list(pool.map(asker.draw, fresh))
    lines = list(judged(questions, kept, k, temperature))
    write_jsonl(data / FILE, lines)
    said = [answer for line in lines for answer in line["answers"]]
    return {
        "questions": len(questions),
        "asked": len(fresh),
        "answers": len(said),
        "right": sum(answer["right"] for answer in said),
    }
