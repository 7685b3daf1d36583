"""Which of two answers is preferred: an LLM judge asked in both orders, and people's blind votes.

The page reads ``RUN/eval/side_by_side.jsonl`` (one question a line with every column's answer)
and appends to ``RUN/eval/votes.jsonl`` lines ``{"suite", "id", "winner"}``; ``winner`` is a
column's name or ``tie``. The judge writes the same lines to ``RUN/eval/judged.jsonl``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core import chat
from core.errors import UserError
from core.files import digest, read_jsonl, shown, write_jsonl
from core.language import words
from eval import stats, suites
from eval.journal import Journal
from eval.journal import key as key_of

PROMPT = """你是严格的阅卷人。只看内容是否正确、完整、切题，
不看长短和语气，也不因先后次序偏向任何一方。

题目：{question}
标准答案：{expected}

【甲】{first}

【乙】{second}

哪一份更好？只回答一个字：甲、乙，或者“平”（同样好或同样差）。"""
VOTES, JUDGED, PAIRS = "votes.jsonl", "judged.jsonl", "side_by_side.jsonl"


def write_pairs(
    folder: Path,
    asked: dict[str, list[dict[str, Any]]],
    given: dict[str, dict[str, dict[str, str]]],
) -> None:
    """Every question with the answers of the columns that were asked it (:func:`eval.card.given`),
    for the blind page and the judge."""
    write_jsonl(
        folder / PAIRS,
        (
            {
                "suite": suite,
                "id": row["question"]["id"],
                "question": row["question"]["question"],
                "expected": row["question"]["answer"],
                "answers": given[suite][row["question"]["id"]],
                "source": row["question"].get("source", {}),
            }
            for suite, rows in asked.items()
            for row in rows
        ),
    )


def _choice(text: str) -> str:
    found = re.search(r"[甲乙平]", text)
    return found.group() if found else "平"


def _ask(judge: chat.Endpoint, journal: Journal, prompt: str) -> str:
    key = key_of(suites.messages("", prompt), 8)
    entry = journal.get(key)
    if entry is None:
        said = chat.ask(judge, suites.messages("", prompt), temperature=0.0, max_tokens=8)
        entry = {"answer": said, "finish": None, "seconds": None, "tokens": None}
        journal.add(key, entry)
    return _choice(entry["answer"])


def decide(judge: chat.Endpoint, journal: Journal, pair: dict[str, Any], other: str) -> str:
    """``base``, ``other`` or ``tie``: asked in both orders, and a tie unless the two agree (a judge
    that prefers the first place, or the longer name, decides nothing)."""
    texts = {name: pair["answers"][name] for name in ("base", other)}
    if texts["base"].strip() == texts[other].strip():
        return "tie"
    fields = {"question": pair["question"], "expected": pair["expected"] or "（无）"}
    forth = _ask(judge, journal, PROMPT.format(first=texts["base"], second=texts[other], **fields))
    back = _ask(judge, journal, PROMPT.format(first=texts[other], second=texts["base"], **fields))
    return {("甲", "乙"): "base", ("乙", "甲"): other}.get((forth, back), "tie")


def run_judge(work_dir: Path, judge: chat.Endpoint, most: int, workers: int) -> int:
    """Let ``judge`` compare base with the main column on at most ``most`` questions."""
    folder = work_dir / "eval"
    pairs = list(read_jsonl(folder / PAIRS))
    names = list(pairs[0]["answers"]) if pairs else []
    if "base" not in names or len(names) < 2:
        said = words("需要 base 和另一列", "base and another column are needed")
        raise UserError(f"{shown(folder / PAIRS)}: {said}")
    other = (
        "tuned" if "tuned" in names else next(name for name in reversed(names) if name != "base")
    )
    chosen = suites.sample(pairs, most, 42)
    journal = Journal(folder / "answers" / f"judge-{digest(judge.url, judge.model)[:8]}.jsonl")
    with ThreadPoolExecutor(workers) as pool:
        winners = list(pool.map(lambda pair: decide(judge, journal, pair, other), chosen))
    write_jsonl(
        folder / JUDGED,
        (
            {"suite": p["suite"], "id": p["id"], "winner": w, "judge": judge.model}
            for p, w in zip(chosen, winners, strict=True)
        ),
    )
    return len(chosen)


def tally(lines: Iterable[dict[str, Any]], main: str) -> dict[str, Any]:
    """How often ``main`` won, lost and tied, and its share of the decided ones as a cell."""
    winners = [line["winner"] for line in lines]
    won, tied = winners.count(main), winners.count("tie")
    lost = len(winners) - won - tied
    share = stats.cell([1.0] * won + [0.0] * lost)
    return {"won": won, "lost": lost, "tied": tied, "share_won": share}


def summary(folder: Path, main: str) -> dict[str, Any]:
    """What the card says of judge and people: a :func:`tally` each, and how far they agree on the
    questions that both decided (with n; the last vote on a question counts)."""
    found: dict[str, Any] = {}
    seen: dict[str, dict[tuple[str, str], str]] = {}
    for name, file in (("people", VOTES), ("judge", JUDGED)):
        if (folder / file).is_file():
            lines = list(read_jsonl(folder / file))
            seen[name] = {(line["suite"], line["id"]): line["winner"] for line in lines}
            found[name] = tally(({"winner": winner} for winner in seen[name].values()), main)
    if len(seen) == 2:
        both = [
            (winner, seen["judge"][key])
            for key, winner in seen["people"].items()
            if key in seen["judge"]
        ]
        found["agreement"] = stats.cell([float(a == b) for a, b in both])
    return found
