"""The question row: the contract between data, training, retrieval and evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.explanations import NONE, answer_of, explained

KINDS = ("qa", "single", "multiple", "judge", "case", "template", "generated", "general")


def spread(rows: list[Any], most: int) -> list[Any]:
    """At most ``most`` of ``rows``, evenly spread over them."""
    return rows[:: max(1, -(-len(rows) // most))]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row came from, exactly enough to open the place again.

    ``locator``: ``p:N`` paragraph N (1-based, body order), ``t:T:r:R:c:C`` a table cell,
    ``Sheet1!B7`` a workbook cell, ``c:A-B`` characters of a text file. ``answer`` is the file and
    locator of the answer where it stands in another file than the question. ``made``: how a row
    came about that no source holds as it is (``taught``: a teacher model explained it).
    """

    file: str
    sha256: str
    locator: str
    text: str
    answer: str = ""
    made: str = ""

    def json(self) -> dict[str, str]:
        """As written in ``train.jsonl`` and ``kb.jsonl``."""
        made = {
            "file": self.file,
            "sha256": self.sha256,
            "locator": self.locator,
            "text": self.text,
        }
        more = {"answer": self.answer, "made": self.made}
        return made | {key: value for key, value in more.items() if value}


@dataclass(slots=True)
class Row:
    """One question with its answer, before and after cleaning.

    ``options`` maps letters to texts and ``letters`` holds the correct ones (choice rows only);
    ``flags`` are doubts for a person, ``group`` the cluster of paraphrases it belongs to;
    ``history`` are the earlier turns (question, answer) of a dialogue whose last turn this is;
    ``explain``: whether it answers with its explanation (:mod:`core.explanations`).
    """

    question: str
    answer: str
    source: Source
    kind: str = "qa"
    id: str = ""
    group: str = ""
    options: dict[str, str] = field(default_factory=dict)
    letters: str = ""
    explanation: str = ""
    flags: list[str] = field(default_factory=list)
    history: list[tuple[str, str]] = field(default_factory=list)
    explain: str = NONE

    def json(self, system: str) -> dict[str, Any]:
        """The row in XTuner's conversation format, plus fields that XTuner ignores."""
        record: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "group": self.group,
            "conversation": [
                {"system": system, "input": asked, "output": said}
                for asked, said in (*self.history, (self.prompt(), self.output()))
            ],
            "source": self.source.json(),
        }
        if self.options:
            record["options"] = self.options
            record["answer"] = self.letters
        if self.explanation:
            record["explanation"] = self.explanation
        return record

    def output(self) -> str:
        """What the model is to say."""
        return explained(self.answer, self.explanation, self.explain)

    def prompt(self) -> str:
        """What the model is asked: the stem, with the options one a line where there are any."""
        lines = [self.question, *(f"{letter}. {text}" for letter, text in self.options.items())]
        return "\n".join(lines)


def row_of(record: dict[str, Any]) -> Row:
    """The row that a record of ``train.jsonl`` or ``eval.jsonl`` states (:meth:`Row.json`), its
    answer without the explanation and without doubts or earlier turns' system prompt."""
    *before, turn = record["conversation"]
    options = dict(record.get("options") or {})
    question = turn["input"]
    if options:
        letter, text = next(iter(options.items()))
        question = question.partition(f"\n{letter}. {text}")[0]
    return Row(
        question,
        answer_of(turn["output"]),
        Source(**record["source"]),
        record["kind"],
        record["id"],
        record["group"],
        options,
        record.get("answer", "") if options else "",
        record.get("explanation", ""),
        history=[(one["input"], one["output"]) for one in before],
    )
