"""What the +RAG columns are asked: the same questions with evidence from the domain's index.

``python -m eval retrieve`` (the light environment) writes the prompts, ``eval run`` (OpenCompass's)
sends them. ``RUN/eval/retrieved/``: one ``<mode>-<suite>.jsonl`` a suite, one line a question, and
``<mode>.json``, what the card says of it. Mode ``open``: the whole index, as people will use it,
with the passages of the held-out questions themselves; ``closed``: without them.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from core import domain as domains
from core.domain import Domain
from core.errors import UserError
from core.files import digest, read_json, read_jsonl, shown, write_json, write_jsonl
from core.language import words
from core.text import bare
from eval import stats, suites

Question = dict[str, Any]
Row = dict[str, Any]
OPEN, CLOSED = "open", "closed"
WHERE: dict[str, dict[str, Any] | None] = {OPEN: None, CLOSED: {"split": ["train", "held", ""]}}
SAMPLE = 50  # questions a suite; a prompt with evidence costs a small machine several times more
_CITED = re.compile(r"\s*[\[［【]\s*\d{1,2}(?:\s*[,，、]\s*\d{1,2})*\s*[\]］】]")


def folder(run: Path) -> Path:
    """Where the prompts lie."""
    return run / "eval" / "retrieved"


def without_citations(text: str) -> str:
    """An answer without its [1] [2]: the metrics compare what it says."""
    return _CITED.sub("", text).strip()


def question_row(index: Any, domain: Domain, question: Question, mode: str) -> Row:
    """One question's prompt: ``messages``, ``answer`` (what is said instead of asking, where the
    evidence is too weak; else None), ``evidence`` (texts) with the best one's ``score``, whether
    the question's ``own`` passage and the expected answer (``found``) stand in it, and the
    ``seconds`` it took."""
    from rag.answer import prepare, settings

    start = time.monotonic()
    turns = [m for m in question["messages"][:-1] if m["role"] != "system"]
    ready = prepare(index, domain, question["question"], turns, where=WHERE[mode])
    seconds = time.monotonic() - start
    evidence = [bare(passage.text) for passage in ready.passages]
    wanted = [bare(text) for text in question.get("labels") or [question.get("answer", "")]]
    return {
        "id": question["id"],
        "messages": ready.messages,
        "answer": None if ready.enough else settings(domain)["refusal"],
        "evidence": [passage.text for passage in ready.passages],
        "score": round(ready.passages[0].score, 4) if ready.passages else 0.0,
        "own": any(_own(passage, question) for passage in ready.passages),
        "found": any(want and want in text for want in wanted for text in evidence),
        "seconds": round(seconds, 4),
    }


def _own(passage: Any, question: Question) -> bool:
    here, there = passage.source, question.get("source", {})
    place = ("file", "locator")
    return passage.id == question["id"] or (
        bool(there) and all(here.get(k) == there.get(k) for k in place)
    )


def summary(rows: list[Row], questions: list[Question], index: Any) -> dict[str, Any]:
    """What the card says of one suite: ``n``, in how many the index holds the question's own
    passage (open-book), finds it, finds the expected answer, and finds enough to ask at all."""
    held = sum(index.passage(question["id"]) is not None for question in questions)
    return {
        "n": len(rows),
        "in_index": held,
        "own": sum(row["own"] for row in rows),
        "found": sum(row["found"] for row in rows),
        "asked": sum(row["answer"] is None for row in rows),
        "seconds": stats.middle([row["seconds"] for row in rows])["value"],
    }


def write(run: Path, name: str, sets: dict[str, list[Question]], place: Path, mode: str) -> bool:
    """Write the prompts of one mode; returns False when they were there already."""
    from rag.query import Index

    domain = domains.load(name)
    settings = domain.settings.get("eval", {})
    most = int(settings.get("rag_sample", SAMPLE))
    chosen = {
        suite: suites.sample(questions, most, domain.seed)
        for suite, questions in sets.items()
        if suite != "general"  # what the model forgot is no matter of the domain's index
    }
    index = Index.open(place)
    stamp = digest(sorted((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in _files(place)))
    made_of = digest(stamp, chosen, domain.system, domain.settings.get("rag", {}), mode, VERSION)
    note = folder(run) / f"{mode}.json"
    if note.is_file() and read_json(note).get("made_of") == made_of:
        return False
    note.unlink(missing_ok=True)
    about: dict[str, Any] = {}
    everything = []
    for suite, questions in chosen.items():
        rows = [question_row(index, domain, question, mode) for question in questions]
        write_jsonl(folder(run) / f"{mode}-{suite}.jsonl", rows)
        about[suite] = summary(rows, questions, index)
        everything.append([[row["messages"], row["answer"]] for row in rows])
    write_json(
        note,
        {
            "made_of": made_of,
            "prompts": digest(everything),
            "index": shown(place),
            "size": index.size,
            "suites": about,
        },
    )
    return True


VERSION = 1  # raise when question_row changes what it writes


def _files(place: Path) -> list[Path]:
    return [file for file in place.rglob("*") if file.is_file()]


def note(run: Path, mode: str) -> dict[str, Any]:
    """What :func:`write` noted of one mode; :class:`UserError` when it was not run."""
    path = folder(run) / f"{mode}.json"
    if not path.is_file():
        said = words(
            "不存在: 请先 make index 再 make eval (python -m eval retrieve)",
            "does not exist: make index, then make eval (python -m eval retrieve)",
        )
        raise UserError(f"{shown(path)}: {said}")
    return dict(read_json(path))


def questions(run: Path, mode: str, suite: str, sets: list[Question]) -> list[Question]:
    """The questions of one suite that were prepared, as they go to the model. Where the evidence is
    too weak the messages end with what is said instead, and :mod:`eval.opencompass_classes` asks
    nothing then."""
    found = {row["id"]: row for row in read_jsonl(folder(run) / f"{mode}-{suite}.jsonl")}
    asked = []
    for question in sets:
        if row := found.get(question["id"]):
            said = [{"role": "assistant", "content": row["answer"]}] if row["answer"] else []
            asked.append(
                {**question, "messages": row["messages"] + said, "evidence": row["evidence"]}
            )
    return asked


def supported(answer: str, evidence: list[str], question: str = "") -> float:
    """1 when every sentence of an answer rests on its evidence (:func:`rag.query.check`)."""
    from rag.passages import Passage
    from rag.query import check

    passages = [Passage("", "", text, "", "", {}, "", 0.0) for text in evidence]
    said = check(answer, passages, question)
    return float(bool(said) and all(one.supported for one in said))
