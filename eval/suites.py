"""From a domain's data to questions: each suite becomes one ``questions/<suite>.jsonl``.

A question is ``{id, suite, messages, question, answer, kind, source, …}``; ``messages`` is exactly
what is sent (the system prompt as baked into the row, so training and scoring cannot drift apart).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from core.domain import Domain
from core.errors import UserError
from core.files import ROOT, digest, read_jsonl, shown

Question = dict[str, Any]
KEPT = ("options", "explanation", "group")


def messages(system: str, *turns: str) -> list[dict[str, str]]:
    """A chat request: the system prompt (where there is one), then user and assistant in turn."""
    roles = ("user", "assistant")
    head = [{"role": "system", "content": system}] if system else []
    return head + [{"role": roles[index % 2], "content": turn} for index, turn in enumerate(turns)]


def from_row(row: dict[str, Any], suite: str) -> Question:
    """A row of ``train.jsonl``/``eval.jsonl`` as a question; its last turn is the one that is
    asked."""
    talk = row["conversation"]
    turns = [text for turn in talk[:-1] for text in (turn["input"], turn["output"])]
    question: Question = {
        "id": row["id"],
        "suite": suite,
        "kind": row.get("kind", "qa"),
        "question": talk[-1]["input"],
        "answer": talk[-1]["output"],
        "messages": messages(talk[0].get("system", ""), *turns, talk[-1]["input"]),
        "source": row.get("source", {}),
    }
    question.update({name: row[name] for name in KEPT if row.get(name)})
    if row.get("answer"):
        question["letters"] = row["answer"]
    return question


def from_probe(item: dict[str, Any], suite: str, number: int, path: Path, system: str) -> Question:
    """A line of a probe file (``{question, answer}`` and any further fields) as a question."""
    for name in ("question", "answer"):
        if not str(item.get(name, "")).strip():
            raise UserError(f"{shown(path)} 第{number}行没有 line lacks '{name}'")
    source = {"file": path.name, "locator": f"line:{number}", "text": item["question"]}
    return {
        "kind": "qa",
        "source": source,
        **item,
        "id": f"{suite}-{number:06d}",
        "suite": suite,
        "messages": messages(system, item["question"]),
    }


def read_rows(path: Path, suite: str, most: int, seed: int) -> list[Question]:
    """At most ``most`` rows of a data file, a seeded sample in file order; general rows are left
    out (they are there against forgetting, not to be scored as the domain's)."""
    rows = [row for row in read_jsonl(path) if row.get("kind") != "general"]
    if len(rows) > most:
        chosen = sorted(random.Random(seed).sample(range(len(rows)), most))
        rows = [rows[index] for index in chosen]
    try:
        return [from_row(row, suite) for row in rows]
    except (KeyError, IndexError) as error:
        raise UserError(
            f"{shown(path)}: 行缺少字段 a row lacks {error}; 请重新 make data"
        ) from None


def domain_suites(domain: Domain, data: Path) -> dict[str, list[Question]]:
    """``train`` (what was learnt), ``heldout`` (what was kept back) and the domain's probes."""
    most = int(domain.settings.get("eval", {}).get("sample", domain.eval_max))
    if not (data / "train.jsonl").is_file():
        raise UserError(
            f"{shown(data)} 里没有 train.jsonl: 请先运行 make data DOMAIN={domain.name}"
        )
    suites = {"train": read_rows(data / "train.jsonl", "train", most, domain.seed)}
    if (data / "eval.jsonl").is_file():
        suites["heldout"] = read_rows(data / "eval.jsonl", "heldout", most, domain.seed)
    for name, place in domain.probes.items():
        path = ROOT / place
        suites[name] = [
            from_probe(item, name, number, path, domain.system)
            for number, item in enumerate(read_jsonl(path), 1)
        ]
    return {name: questions for name, questions in suites.items() if questions}


def build(domain: Domain, data: Path, suite: str) -> dict[str, list[Question]]:
    """The question sets of ``SUITE=domain``; :class:`UserError` for an unknown name."""
    if suite != "domain":
        raise UserError(f"没有评测集 no suite '{suite}'; 可选 choose from: domain")
    suites = domain_suites(domain, data)
    if not suites:
        raise UserError(f"{shown(data)} 里没有可评测的题目 holds no question to score")
    return suites


def token_limit(questions: list[Question]) -> int:
    """``max_tokens`` of a suite: room for its longest expected answer at three tokens a character
    (the demo's model needs two to three for Chinese), so that a right answer is never cut off, and
    little more, so that a model that rambles costs little; between 48 and 1024."""
    longest = max(len(question["answer"]) for question in questions)
    return max(48, min(1024, 16 + 3 * longest))


def fingerprint(questions: list[Question], max_tokens: int) -> str:
    """Eight hex digits that change when anything asked or expected changes."""
    return digest(questions, max_tokens)[:8]
