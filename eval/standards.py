"""The three-standard hit rate of QiZhenGPT for any table of labelled lists, scored automatically.

Standard 1: at least one label of the entity is affirmed in the answer; standard 2: at least half of
them; standard 3: at least two thirds. Beside each rate stands what it cost: ``precision`` (own
labels among all labels of the table that the answer affirms) and the rate weighted by it, so that
an answer that lists everything gains nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import shown
from core.language import words
from core.lines import line_of
from core.text import bare
from core.thinking import without_thinking
from eval import read
from eval.stats import cell
from eval.terms import Matcher, no_tags

ALIASES = Path(__file__).parent / "aliases"
ENTITY, LABELS, INSTRUCTION = "药品", "医学专家标注的适应病症", "instruction"
STANDARDS = {"standard1": (0, 1), "standard2": (1, 2), "standard3": (2, 3)}
# Published by QiZhenGPT, graded by hand: per cent on the three standards. Its 94 drugs are the
# table that this scorer was checked on; its 100 diseases were not published.
PUBLISHED = {
    "qizhengpt-drugs": {
        "QiZhen-CaMA-13B-Checkpoint-12400": (91.49, 82.98, 72.34),
        "ChatGPT": (47.87, 30.85, 15.96),
        "ChatGLM": (39.36, 23.16, 14.74),
    },
    "qizhengpt-symptoms": {"QiZhenGPT, best": (95, 15, 7)},
    "qizhengpt-examinations": {"QiZhenGPT, best": (97, 20, 7)},
    "qizhengpt-disease-drugs": {"QiZhenGPT, best": (75, 36, 23)},
}


@dataclass(frozen=True)
class Entry:
    """One entity of a labelled table: what it is called, how it is asked, what is right."""

    entity: str
    instruction: str
    labels: tuple[str, ...]


def split_labels(text: str) -> tuple[str, ...]:
    """``a|b|c`` as labels, in order, without repeats and empty ones."""
    parts = re.split(r"[|｜\n]", text)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def read_labels(path: Path, labels: str = LABELS, entity: str = ENTITY) -> list[Entry]:
    """A labelled table. Rows without labels are left out (nothing can be right or wrong there);
    rows that ask the same are one entry with the labels of all. Without a column ``instruction``
    the question is ``{entity}的适应病症``."""
    rows = read.table(path)
    names = set(rows[0] if rows else ())
    read.require(path, rows, {labels} if INSTRUCTION in names else {labels, entity})
    entries: dict[str, Entry] = {}
    for row in rows:
        name, found = row.get(entity, ""), split_labels(row[labels])
        asked = row.get(INSTRUCTION) or f"{name}的适应病症"
        if found:
            known = entries.get(bare(asked))
            both = dict.fromkeys((*known.labels, *found)) if known else found
            entries[bare(asked)] = Entry(name, asked, tuple(both))
    if not entries:
        raise UserError(f"{shown(path)}: {words('没有一行有标签', 'no row has a label')}")
    return list(entries.values())


def _meant(asked: str, entries: dict[str, Entry]) -> str:
    """The key of the entry that a question in other words is about: the longest entity in it, where
    no other entity of that length is in it too."""
    inside = {bare(e.entity): key for key, e in entries.items() if bare(e.entity)}
    named = sorted((name for name in inside if name in asked), key=len, reverse=True)
    sure = named and (len(named) == 1 or len(named[0]) > len(named[1]))
    return inside[named[0]] if sure else ""


def pair(path: Path, entries: list[Entry]) -> tuple[list[tuple[Entry, str]], list[str], int]:
    """Predictions (``{"instruction", "prediction"}`` a line) with their entries, the instructions
    that no entry has, and how many were found by the entity's name because they ask in other words.
    The same answer twice is one; :class:`UserError` when two differ or no instruction fits."""
    known = {bare(entry.instruction): entry for entry in entries}
    pairs: dict[str, tuple[Entry, str]] = {}
    strangers, named = [], 0
    for number, row in read.objects(path):
        if "instruction" not in row or "prediction" not in row:
            said = words("缺 instruction 或 prediction", "instruction or prediction is missing")
            raise UserError(f"{line_of(path, number)}: {said}")
        said = row["prediction"]
        if isinstance(said, list):
            said = "、".join(map(str, said))
        answer = "" if said is None else str(said)
        asked = bare(str(row["instruction"]))
        key = asked if asked in known else _meant(asked, known)
        if not key:
            strangers.append(str(row["instruction"]))
            continue
        if key in pairs and pairs[key][1] != answer:
            twice = words("同一题有两个不同的回答", "answered twice, differently")
            raise UserError(f"{line_of(path, number)}: {twice}: {row['instruction']}")
        named += key != asked and key not in pairs
        pairs[key] = (known[key], answer)
    if not pairs:
        strange = words("没有一题在标注表里", "no instruction stands in the table of labels")
        raise UserError(f"{shown(path)}: {strange}")
    return list(pairs.values()), strangers, named


def judge(entry: Entry, answer: str, matcher: Matcher, vocabulary: list[str]) -> dict[str, Any]:
    """One answer: ``hits`` (label → rule that found it), ``missed``, ``others`` (labels of the
    table that are not this entity's, by the strict rules only), and each standard as 0 or 1."""
    text = matcher.read(without_thinking(answer), [entry.entity, entry.instruction])
    rules = {label: matcher.rule(label, text) for label in entry.labels}
    hits = {label: rule for label, rule in rules.items() if rule}
    own = [matcher.key(label) for label in entry.labels]
    keys = {matcher.key(label): label for label in vocabulary}
    strange = [
        key
        for key, label in keys.items()
        if not any(key in mine or mine in key for mine in own)
        and matcher.rule(label, text, strict=True)
    ]
    # 高血压 within 原发性高血压 is one term too many only once.
    others = [keys[key] for key in strange if not any(key in x and key != x for x in strange)]
    share = len(hits) / (len(hits) + len(others)) if hits else 0.0
    result: dict[str, Any] = {
        "instruction": entry.instruction,
        "hits": hits,
        "missed": [label for label in entry.labels if label not in hits],
        "others": others,
        "precision": share if hits or others else None,
    }
    for name, (part, whole) in STANDARDS.items():
        passed = bool(hits) and whole * len(hits) >= part * len(entry.labels)
        result[name] = float(passed)
        result[f"{name}_weighted"] = passed * share
    return result


def score(
    pairs: list[tuple[Entry, str]], vocabulary: list[str], aliases: Path | None
) -> dict[str, Any]:
    """The figures of a set of answers, each with n and interval, and the judged rows."""
    matcher = Matcher(aliases)
    rows = [judge(entry, answer, matcher, vocabulary) for entry, answer in pairs]
    names = [name for key in STANDARDS for name in (key, f"{key}_weighted")]
    report: dict[str, Any] = {name: cell([row[name] for row in rows]) for name in names}
    report["precision"] = cell([row["precision"] for row in rows if row["precision"] is not None])
    report["labels_per_answer"] = round(
        sum(len(row["hits"]) + len(row["others"]) for row in rows) / len(rows), 2
    )
    report["rules"] = dict(Counter(rule for row in rows for rule in row["hits"].values()))
    report["rows"] = rows
    return report


def terms(entries: list[Entry]) -> list[str]:
    """All labels of a table, once each."""
    return sorted({label for entry in entries for label in entry.labels})


def score_files(predictions: Path, labels: Path, aliases: str, strict: bool) -> dict[str, Any]:
    """``python -m eval score``: n counts the answered questions; with ``strict`` a labelled
    question without an answer is a miss."""
    entries = read_labels(labels)
    pairs, strangers, named = pair(predictions, entries)
    answered = {entry.instruction for entry, _ in pairs}
    missing = [entry for entry in entries if entry.instruction not in answered]
    if strict:
        pairs += [(entry, "") for entry in missing]
    path = ALIASES / f"{aliases}.txt" if aliases != "none" else None
    report = score(pairs, terms(entries), path)
    counts = {"labelled": len(entries), "missing": len(missing), "matched_by_name": named}
    return {**report, **counts, "unknown": strangers}


def self_check(
    labels: Path, leaflet: str = "药品适应症", aliases: str = "medical"
) -> dict[str, Any]:
    """The scorer on texts whose score is known: each drug's own leaflet, all and by halves (its
    rules were made on the even rows), and another drug's leaflet, beside a plain substring's
    figures."""
    rows, entries = read.table(labels), read_labels(labels)
    texts = {row[INSTRUCTION]: row[leaflet] for row in rows}
    leaflets = [texts[entry.instruction] for entry in entries]
    path = ALIASES / f"{aliases}.txt"
    n = len(entries)

    def rates(chosen: list[tuple[Entry, str]]) -> dict[str, list[float]]:
        ours = score(chosen, [], path)
        shares = [
            sum(label in no_tags(text) for label in entry.labels) / len(entry.labels)
            for entry, text in chosen
        ]
        plain = [sum(s > 0 for s in shares), sum(s >= 0.5 for s in shares)]
        plain.append(sum(3 * s >= 2 - 1e-9 for s in shares))
        return {
            "ours": [round(100 * ours[name]["value"], 2) for name in STANDARDS],
            "plain": [round(100 * count / len(chosen), 2) for count in plain],
        }

    own = list(zip(entries, leaflets, strict=True))
    found = {"own leaflet": rates(own), "even rows": rates(own[::2]), "odd rows": rates(own[1::2])}
    for shift in (1, 7, 37, 53):
        moved = leaflets[shift % n :] + leaflets[: shift % n]
        found[f"shift {shift}"] = rates(list(zip(entries, moved, strict=True)))
    return found
