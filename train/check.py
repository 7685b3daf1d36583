"""``make check``: are the rows trainable, and does training see the tokens that serving sends?"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, read_jsonl, shown
from core.text import bare
from train import base_model, mends, recipes

PARITY_ROWS = 200


def check(
    config: str, domain: str, data: Path, work_dir: Path, overrides: list[str] | None = None
) -> None:
    """Print rows, lengths and the hand-over chain; :class:`UserError` where prompts differ, rows
    are cut, or a training question stands among the evaluation questions."""
    path = recipes.find(config)
    cfg = recipes.load(path, {"data": str(data), **recipes.parse_overrides(overrides or [])})
    settings = cfg.settings.to_dict()
    if base_model.missing(settings):
        raise UserError(f"{path.name}: {base_model.missing(settings)}")
    mends.apply()
    base_model.ensure(settings)
    from xtuner.registry import BUILDER

    tokenizer = BUILDER.build(cfg.tokenizer)
    rows = list(read_jsonl(data / "train.jsonl"))
    lengths = sorted(len(training_ids(cfg, tokenizer, row)[0]) for row in rows)
    limit = settings["max_length"]
    cut = sum(length > limit for length in lengths)
    middle, late = lengths[len(lengths) // 2], lengths[int(len(lengths) * 0.95)]
    print(f"行 rows {len(rows)}; 长度 tokens p50 {middle} p95 {late} max {lengths[-1]}")
    print(f"超过 max_length={limit} 的行 rows cut: {cut} ({cut / len(rows):.1%})")
    different = [row["id"] for row in islice(rows, PARITY_ROWS) if not parity(cfg, tokenizer, row)]
    if different:
        raise UserError(
            f"{path.name}: prompt_template={settings['prompt_template']} "
            "与模型目录的对话模板不一致 "
            f"differs from the model folder's chat template, e.g. row {different[0]}"
        )
    print(f"提示逐 token 一致 prompt parity: {min(len(rows), PARITY_ROWS)} rows equal")
    if cut == len(rows):
        raise UserError(f'所有行都超过 max_length={limit}: OVERRIDE="max_length=…" 加大')
    both = leaked(rows, data / "eval.jsonl")
    if both:
        raise UserError(
            f"{len(both)} 个评测问题出现在训练集中 eval questions in train, e.g. {both[0]}"
        )
    print("训练与评测无重复问题 no question is on both sides")
    chain(work_dir)


def training_ids(cfg: Any, tokenizer: Any, row: dict[str, Any]) -> tuple[list[int], list[int]]:
    """``(input_ids, labels)`` of one row exactly as XTuner's data set makes them, uncut."""
    from xtuner.dataset.utils import encode_fn
    from xtuner.registry import BUILDER

    to_template = BUILDER.build(dict(cfg.train_dataloader.dataset.template_map_fn))
    turns = [dict(turn) for turn in row["conversation"]]
    made = encode_fn(to_template({"conversation": turns}), tokenizer, max_length=1 << 30)
    return made["input_ids"], made["labels"]


def served_ids(tokenizer: Any, row: dict[str, Any]) -> list[int]:
    """The prompt's token ids as a server renders the model folder's own chat template."""
    turn = row["conversation"][0]
    messages = [{"role": "user", "content": turn["input"]}]
    if turn.get("system"):
        messages.insert(0, {"role": "system", "content": turn["system"]})
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True)


def parity(cfg: Any, tokenizer: Any, row: dict[str, Any]) -> bool:
    """Whether the unsupervised head of the training ids is what the server will be sent, and the
    supervised part starts right after it."""
    ids, labels = training_ids(cfg, tokenizer, row)
    prompt = served_ids(tokenizer, row)
    size = len(prompt)
    return ids[:size] == prompt and all(x < 0 for x in labels[:size]) and labels[size] >= 0


def leaked(rows: list[dict[str, Any]], path: Path) -> list[str]:
    """Evaluation questions that stand in training too, whatever their punctuation."""
    if not path.is_file():
        return []
    known = {bare(row["conversation"][0]["input"]) for row in rows}
    asked = [row["conversation"][0]["input"] for row in read_jsonl(path)]
    return [question for question in asked if bare(question) in known]


def chain(work_dir: Path) -> None:
    """Print each hand-over that was proved in ``work_dir``."""
    for path in sorted(work_dir.glob("*/handover.json")):
        report = read_json(path)
        equal, n = report.get("greedy_equal", "?"), report.get("n", "?")
        step = report.get("step", path.parent.name)
        print(f"交接 hand-over {step}: {equal}/{n} 逐字相同 answered alike ({shown(path)})")
