"""Thumbs, votes and corrections: kept as they came; corrections are judged by a person, then a
source of ``make data``.

``work_dirs/<domain>/feedback.jsonl`` takes what readers say, ``feedback-judged.jsonl`` what became
of each correction, ``live-votes.jsonl`` which of two live answers was better (all only grow), and
``corrections.jsonl`` holds the accepted ones as pairs of question and answer: ``make data BANK="…
work_dirs/<domain>/corrections.jsonl"``. ``make sample`` makes training pairs of all of them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.files import WORK_DIRS, held, read_jsonl, versioned, write_jsonl

CAST = "live-votes.jsonl"  # which of two live answers was better, both written out
SAID, JUDGED, ACCEPTED = "feedback.jsonl", "feedback-judged.jsonl", "corrections.jsonl"
LONGEST = 4000  # characters of a question, answer or correction


def folder(domain: str) -> Path:
    """Where the feedback of a domain lies."""
    return WORK_DIRS / domain


@contextmanager
def appending(path: Path, line: dict[str, Any]) -> Iterator[None]:
    """Add one line to a file of JSON lines, whole, whoever else is adding to it; what follows from
    it is written in the block, while nobody else writes (a backup takes both or neither)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with held(path.with_suffix(".lock")):
        with open(path, "ab") as file:
            file.write((json.dumps(versioned(path, line), ensure_ascii=False) + "\n").encode())
        yield


def add(
    domain: str,
    owner: str,
    question: str,
    message: dict[str, Any],
    verdict: str,
    correction: str = "",
) -> None:
    """Keep what a reader says of an answer: ``verdict`` is up, down or correction."""
    extra = message["extra"]
    line = {
        "id": secrets.token_hex(8),
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
        "owner": owner[:8],  # enough to see that two came from one person
        "verdict": verdict,
        "message": message.get("id", 0),
        "question": question[:LONGEST],
        "answer": message["content"][:LONGEST],
        "correction": correction[:LONGEST],
        "model": extra.get("model", ""),
        "evidence": [one["source"] for one in extra.get("passages", [])],
    }
    with appending(folder(domain) / SAID, line):
        pass


def vote(domain: str, owner: str, question: str, answers: dict[str, str], winner: str) -> None:
    """Keep a vote on two live answers, by who gave them; ``winner`` is one of these or ``tie``."""
    line = {
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
        "owner": owner[:8],
        "question": question[:LONGEST],
        "answers": {name: text[:LONGEST] for name, text in answers.items()},
        "winner": winner,
    }
    with appending(folder(domain) / CAST, line):
        pass


def said(domain: str) -> list[dict[str, Any]]:
    """All that was said, the last first."""
    path = folder(domain) / SAID
    return list(read_jsonl(path))[::-1] if path.is_file() else []


def counted(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of ``lines`` (the last first) those that count: a reader has one thumb an answer, the last
    one; every correction counts."""
    met, found = set(), []
    for line in lines:
        of = (line["owner"], line.get("message", 0), line["question"], line["answer"])
        if line["verdict"] == "correction" or of not in met:
            found.append(line)
        if line["verdict"] != "correction":
            met.add(of)
    return found


def judged(domain: str) -> dict[str, dict[str, Any]]:
    """What became of the corrections, by id; the last judgement counts."""
    path = folder(domain) / JUDGED
    lines = read_jsonl(path) if path.is_file() else ()
    return {line["id"]: line for line in lines}


def pending(domain: str) -> list[dict[str, Any]]:
    """The corrections that nobody has judged, the oldest first."""
    known = judged(domain)
    return [
        one
        for one in reversed(said(domain))
        if one["verdict"] == "correction" and one["id"] not in known
    ]


def judge(domain: str, one: str, accept: bool, question: str = "", answer: str = "") -> None:
    """Accept a correction (as ``question`` and ``answer``) or reject it, and write the file that
    ``make data`` reads."""
    line: dict[str, Any] = {
        "id": one,
        "accepted": accept,
        "question": question.strip(),
        "answer": answer.strip(),
    }
    line["at"] = time.strftime("%Y-%m-%d %H:%M:%S")
    with appending(folder(domain) / JUDGED, line):
        write_jsonl(
            folder(domain) / ACCEPTED,
            (
                {"question": each["question"], "answer": each["answer"]}
                for each in judged(domain).values()
                if each["accepted"]
            ),
        )


def accepted(domain: str) -> Path | None:
    """The file of accepted corrections, None while there are none."""
    path = folder(domain) / ACCEPTED
    return path if path.is_file() and path.stat().st_size else None
