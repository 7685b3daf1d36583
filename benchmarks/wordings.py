"""What other wordings bring: exact greedy answers of merged runs, by suite.

    make data WORDINGS=3 OUT=… && make train merge …          # once a variant
    PYTHONPATH=. .venvs/train/bin/python benchmarks/wordings.py RUN [RUN …]

``RUN`` is a training run of the sample bank with ``merged/`` in it and, where the demo made it,
``eval/retrieved/`` (questions with evidence). Asked are its training questions, the 30 paraphrases
that the demo's card asks, and the 117 of ``wordings_probe.jsonl``: other people's words for the
training questions, written before the rules were tried, on which no rule was tuned. One table and
one JSON line.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import domain as domains
from core.files import ROOT, read_json, read_jsonl

PROBE = Path(__file__).with_name("wordings_probe.jsonl")
BATCH, TOKENS = 32, 24
Question = tuple[list[dict[str, str]], str]


def suites(run: Path) -> Iterator[tuple[str, list[Question]]]:
    """The suites of one run: (messages, the exact answer) each."""
    about = read_json(run / "run.json")
    domain = domains.load(about["domain"])

    def asked(question: str) -> list[dict[str, str]]:
        system = {"role": "system", "content": domain.system}
        return [system, {"role": "user", "content": question}]

    trained = list(read_jsonl(about["data_file"]))
    turns = [row["conversation"][-1] for row in trained]
    yield "train", [(asked(turn["input"]), turn["output"]) for turn in turns]
    files = {"paraphrase": ROOT / domain.probes["paraphrase"], "probe": PROBE}
    rows = {name: list(read_jsonl(file)) for name, file in files.items()}
    for name, written in rows.items():
        yield name, [(asked(row["question"]), row["answer"]) for row in written]
    held_out = list(read_jsonl(Path(about["data"]) / "eval.jsonl"))
    gold = {row["id"]: row["conversation"][-1]["output"] for row in [*trained, *held_out]}
    numbered = enumerate(rows["paraphrase"], 1)
    gold |= {f"paraphrase-{number:06d}": row["answer"] for number, row in numbered}
    for name in ("train", "paraphrase", "heldout"):
        file = run / "eval" / "retrieved" / f"open-{name}.jsonl"
        ready = [row for row in read_jsonl(file) if row["messages"]] if file.is_file() else []
        if ready:
            yield f"{name}+evidence", [(row["messages"], gold[row["id"]]) for row in ready]


def exact(model: Any, tokenizer: Any, questions: list[Question]) -> int:
    """How many greedy answers equal the right one letter by letter."""
    import torch

    right = 0
    for first in range(0, len(questions), BATCH):
        part = questions[first : first + BATCH]
        texts = [
            tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
            for chat, _ in part
        ]
        ids = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.no_grad():
            made = model.generate(**ids, max_new_tokens=TOKENS, do_sample=False)
        for (_, answer), row in zip(part, made, strict=True):
            text = tokenizer.decode(row[ids.input_ids.shape[1] :], skip_special_tokens=True)
            right += text.strip() == answer
    return right


def main() -> None:
    """Print the table and the JSON line."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    warnings.filterwarnings("ignore")
    table = {}
    for run in map(Path, sys.argv[1:]):
        tokenizer = AutoTokenizer.from_pretrained(run / "merged", padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(run / "merged", dtype=torch.float32).eval()
        about = read_json(run / "run.json")
        cells = {"wordings": about.get("wordings_rows", 0), "evidence": about["evidence_rows"]}
        cells |= {"steps": about["steps"], "seconds": about["seconds"]}
        for name, questions in suites(run):
            cells[name] = f"{exact(model, tokenizer, questions)}/{len(questions)}"
        table[str(run)] = cells
        print(run, *(f"{name} {value}" for name, value in cells.items()), sep=" | ", flush=True)
    print(json.dumps(table, ensure_ascii=False))


if __name__ == "__main__":
    main()
