"""From a domain's data to questions: each suite becomes one ``questions/<suite>.jsonl``.

A question is ``{id, suite, messages, question, answer, kind, source, …}``; ``messages`` is exactly
what is sent (the system prompt as baked into the row, so training and scoring cannot drift apart).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from core.choices import chosen, reordered
from core.domain import Domain
from core.errors import UserError
from core.explanations import answer_of
from core.files import ROOT, digest, read_json, read_jsonl, shown
from core.language import words
from core.lines import line_of
from core.text import bare
from eval import read, standards

Question = dict[str, Any]
KEPT = ("options", "explanation", "group")
HERE = Path(__file__).parent / "questions"
# Ours, plain and offline: what a tuned model must not forget, and what it must not answer.
GENERAL = ("general", "dangerous", "unanswerable", "offtopic")
SHUFFLED = 100  # choice questions asked in another order of their options
NAMES = ("domain", "general", "all")


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
        "answer": answer_of(talk[-1]["output"]),
        "messages": messages(talk[0].get("system", ""), *turns, talk[-1]["input"]),
        "source": row.get("source", {}),
    }
    question.update({name: row[name] for name in KEPT if row.get(name)})
    if row.get("answer"):
        question["letters"] = row["answer"]
    return question


def from_probe(item: dict[str, Any], suite: str, number: int, path: Path, system: str) -> Question:
    """A line of a probe file (``{question, answer}`` and any further fields: ``also``, other right
    answers; ``refuse``, to be declined) as a question."""
    for name in ("question", "answer"):
        if not str(item.get(name, "")).strip() and not item.get("refuse"):
            raise UserError(f"{line_of(path, number)}: {words('缺', 'lacks')} '{name}'")
    source = {"file": path.name, "locator": f"line:{number}", "text": item["question"]}
    return {
        "kind": "qa",
        "source": source,
        **item,
        "id": f"{suite}-{number:06d}",
        "suite": suite,
        "messages": messages(system, item["question"]),
    }


def from_file(path: Path, suite: str, system: str) -> list[Question]:
    """All questions of a probe file."""
    return [
        from_probe(item, suite, number, path, system)
        for number, item in enumerate(read_jsonl(path), 1)
    ]


def table_files(settings: dict[str, Any], data: Path) -> list[Path]:
    """The CSV tables of a labelled suite: its ``file``, or those that the data set was made from
    (``DATA/inputs.json``) and that have its columns."""
    if "file" in settings:
        return [ROOT / settings["file"]]
    note = data / "inputs.json"
    made_from = read_json(note).get("table", []) if note.is_file() else []
    found = []
    for name in made_from:
        path = ROOT / name
        if path.suffix.lower() in (".csv", ".tsv") and path.is_file():
            rows = read.table(path)
            if {settings["entity"], settings["labels"]} <= set(rows[0] if rows else ()):
                found.append(path)
    return found


def from_table(settings: dict[str, Any], domain: Domain, data: Path) -> list[Question]:
    """A labelled table as a suite: ``name``, ``entity``, ``labels`` (columns), ``question`` (with
    ``{entity}``); ``file``, ``aliases`` and ``sample`` by choice. Scored by the three standards of
    :mod:`eval.standards`."""
    found: list[Question] = []
    for path in table_files(settings, data):
        rows = read.table(path)
        read.require(path, rows, {settings["entity"], settings["labels"]})
        for number, row in enumerate(rows, 2):
            entity, text = row[settings["entity"]], row[settings["labels"]]
            labels = standards.split_labels(text)
            if not (entity and labels):
                continue
            question = settings["question"].format(entity=entity)
            found.append(
                {
                    "id": f"{settings['name']}-{len(found) + 1:06d}",
                    "suite": settings["name"],
                    "kind": "labels",
                    "question": question,
                    "answer": "、".join(labels),
                    "entity": entity,
                    "labels": list(labels),
                    "aliases": settings.get("aliases", "none"),
                    "messages": messages(domain.system, question),
                    "source": {"file": path.name, "locator": f"line:{number}", "text": text},
                }
            )
    return sample(found, int(settings.get("sample", len(found))), domain.seed)


def sample(items: list[Any], most: int, seed: int) -> list[Any]:
    """At most ``most`` of ``items``, chosen by ``seed``, in their order."""
    if len(items) <= most:
        return items
    return [items[i] for i in sorted(random.Random(seed).sample(range(len(items)), most))]


def read_rows(path: Path, suite: str, most: int, seed: int) -> list[Question]:
    """At most ``most`` rows of a data file, a seeded sample in file order; general rows are left
    out (they are there against forgetting, not to be scored as the domain's)."""
    rows = [row for row in read_jsonl(path) if row.get("kind") != "general"]
    try:
        return [from_row(row, suite) for row in sample(rows, most, seed)]
    except (KeyError, IndexError) as error:
        said = words(f"行缺字段 {error}; 请重新 make data", f"a row lacks {error}; make data again")
        raise UserError(f"{shown(path)}: {said}") from None


def domain_suites(domain: Domain, data: Path) -> dict[str, list[Question]]:
    """``train`` (what was learnt), ``heldout`` (what was kept back), the domain's probes and
    tables."""
    settings = domain.settings.get("eval", {})
    most = int(settings.get("sample", domain.eval_max))
    suites = {"train": read_rows(data / "train.jsonl", "train", most, domain.seed)}
    if (data / "eval.jsonl").is_file():
        suites["heldout"] = read_rows(data / "eval.jsonl", "heldout", most, domain.seed)
    for name, place in domain.probes.items():
        suites[name] = from_file(ROOT / place, name, domain.system)
    for table in settings.get("tables", ()):
        suites[table["name"]] = from_table(table, domain, data)
    return suites


def contaminated(suites: dict[str, list[Question]], data: Path) -> None:
    """Refuse to score: :class:`UserError` when a held-out or probe question stands in the training
    data word for word. (Tables and ``train`` ask on purpose what may have been learnt.)"""
    learnt = {bare(row["conversation"][0]["input"]) for row in read_jsonl(data / "train.jsonl")}
    for name, questions in suites.items():
        if name == "train":
            continue
        leaked = [q for q in questions if not q.get("labels") and bare(q["question"]) in learnt]
        if leaked:
            n, first = len(leaked), leaked[0]["question"][:40]
            raise UserError(
                words(
                    f"评测集 {name} 有 {n} 题在训练数据里 (如 {first}), 不能评分: 请重新 make data",
                    f"refusing to score: {n} questions of {name} stand in train.jsonl "
                    f"(e.g. {first}); make data again",
                )
            )


def longest_explanation(data: Path) -> int:
    """Characters that the answers of ``train.jsonl`` have beside the answer alone, at most."""
    said = (row["conversation"][-1]["output"] for row in read_jsonl(data / "train.jsonl"))
    return max((len(text) - len(answer_of(text)) for text in said), default=0)


def shuffled(suites: dict[str, list[Question]], seed: int) -> list[Question]:
    """Choice questions of ``suites`` once more with their options in another order (``of``: the
    question that each is): who has learnt letters gives himself away. At most :data:`SHUFFLED`."""
    found = []
    for question in (one for questions in suites.values() for one in questions):
        options = question.get("options") or {}
        tail = "".join(f"\n{letter}. {text}" for letter, text in options.items())
        if not question.get("letters") or not question["question"].endswith(tail):
            continue
        stem = question["question"].removesuffix(tail)
        pick = random.Random(f"{seed} {stem}")
        for order, letters in reordered(options, question["letters"], 1, pick):
            asked = stem + "".join(f"\n{letter}. {text}" for letter, text in order.items())
            *before, last = question["messages"]
            found.append(
                {
                    **question,
                    "id": f"{question['id']}-o",
                    "of": question["id"],
                    "suite": "shuffled",
                    "question": asked,
                    "messages": [*before, {**last, "content": asked}],
                    "options": order,
                    "letters": letters,
                    "answer": chosen(letters, order),
                }
            )
    return sample(found, SHUFFLED, seed)


def build(domain: Domain, data: Path, suite: str) -> dict[str, list[Question]]:
    """The question sets of ``SUITE=domain|general|all``; :class:`UserError` for an unknown name."""
    if suite not in NAMES:
        known = ", ".join(NAMES)
        raise UserError(
            words(f"没有评测集 '{suite}'; 可选 {known}", f"no suite '{suite}'; there are {known}")
        )
    if not (data / "train.jsonl").is_file():
        command = f"make data DOMAIN={domain.name}"
        said = words(f"没有 train.jsonl: 请先 {command}", f"no train.jsonl: {command} first")
        raise UserError(f"{shown(data)}: {said}")
    suites = domain_suites(domain, data) if suite != "general" else {}
    if suite != "domain":
        suites |= {name: from_file(HERE / f"{name}.jsonl", name, domain.system) for name in GENERAL}
    suites = {name: questions for name, questions in suites.items() if questions}
    contaminated(suites, data)
    if other := shuffled(suites, domain.seed):
        suites["shuffled"] = other
    if room := longest_explanation(data):
        for question in (one for questions in suites.values() for one in questions):
            question["explained"] = room
    if not suites:
        raise UserError(f"{shown(data)}: {words('没有可评测的题目', 'no question to score')}")
    return suites


def token_limit(questions: list[Question]) -> int:
    """``max_tokens`` of a suite: room for its longest expected answer at three tokens a character
    (the demo's model needs two to three for Chinese), so that a right answer is never cut off, and
    little more, so that a model that rambles costs little; between 48 and 1024. ``explained``:
    characters of the explanations that the model has learnt to give with it."""
    longest = max(len(question["answer"]) + question.get("explained", 0) for question in questions)
    return max(48, min(1024, 16 + 3 * longest))


def fingerprint(questions: list[Question], max_tokens: int) -> str:
    """Eight hex digits that change when anything asked or expected changes."""
    return digest(questions, max_tokens)[:8]
