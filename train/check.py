"""``make check``: are the rows trainable, and does training see the tokens that serving sends?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import digest, read_json, read_jsonl, shown
from core.language import words
from core.rows import spread
from core.text import bare
from train import base_model, patches, preflight, recipes
from train.rows import empty, sides, tokenized

PARITY_ROWS = 200
QUICK_ROWS = 50


def check(
    config: str, domain: str, data: Path, work_dir: Path, overrides: list[str] | None = None
) -> None:
    """Print rows, lengths and the hand-over chain; :class:`UserError` where prompts differ, no row
    fits, or a training question stands among the evaluation questions."""
    path = recipes.find(config)
    cfg = recipes.load(path, {"data": str(data), **recipes.parse_overrides(overrides or [])})
    settings = cfg.settings.to_dict()
    if base_model.missing(settings):
        raise UserError(f"{path.name}: {base_model.missing(settings)}")
    if not preflight.training_file(settings).is_file():
        raise UserError(preflight.no_rows(preflight.training_file(settings)))
    patches.apply()
    base_model.ensure(settings)
    from xtuner.registry import BUILDER

    tokenizer = BUILDER.build(cfg.tokenizer)
    if settings["text"]:
        print(words("纯文本续训，没有提示可比", "plain text: no prompts to compare"))
        chain(work_dir)
        return
    rows = list(training_rows(settings))
    if not rows:
        raise UserError(empty(preflight.training_file(settings)))
    lengths(rows, cfg, tokenizer)
    compared = spread(rows, PARITY_ROWS)
    parity_of(path.name, compared, cfg, tokenizer)
    print(
        words(
            f"提示逐 token 一致: {len(compared)} 行",
            f"prompts are the same token by token: {len(compared)} rows equal",
        )
    )
    twice = repeated(rows)
    again = words("训练集内重复的行", "rows repeated inside the training set")
    print(f"{again}: {twice} ({twice / len(rows):.1%})")
    apart(rows, data)
    print(words("训练与评测没有相同的问题", "no question is on both sides"))
    chain(work_dir)


def quick(name: str, cfg: Any, settings: dict[str, Any]) -> None:
    """What a run is asked before it starts, on some of its rows: do any fit, are prompts equal?"""
    if settings["text"]:
        return
    from xtuner.registry import BUILDER

    known_names(cfg)
    tokenizer = BUILDER.build(dict(cfg.tokenizer))
    everything = list(training_rows(settings))
    if settings["preference"]:  # pairs are made from elsewhere than the rows
        apart(everything, Path(settings["data"]))
    rows = spread(everything, QUICK_ROWS)
    if all(cut_off(cfg, tokenizer, row) for row in rows):
        raise UserError(nothing_fits(settings["max_length"]))
    parity_of(name, spread(rows, 8), cfg, tokenizer)


def training_rows(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows that ``settings`` trains on, those with evidence last; of a pair both sides."""
    for file in preflight.training_files(settings):
        for number, line in enumerate(read_jsonl(file), 1):
            yield from sides(line, file, number) if settings["preference"] else (line,)


def known_names(cfg: Any) -> None:
    """Raise :class:`UserError` for a prompt template or an optimizer that nobody has."""
    from mmengine.registry import OPTIMIZERS
    from xtuner.registry import BUILDER
    from xtuner.utils import PROMPT_TEMPLATE

    from train.templates import TEMPLATES

    wanted = cfg.optim_wrapper.optimizer.type
    if isinstance(wanted, str) and OPTIMIZERS.get(wanted) is None:
        none = words("没有这个优化器，例如 AdamW、SGD", "no such optimizer, e.g. AdamW, SGD")
        raise UserError(f"optim_type={wanted}: {none}")
    try:
        BUILDER.build(dict(row_source(cfg).template_map_fn))
    except ImportError:
        known = ", ".join(sorted({*TEMPLATES, *PROMPT_TEMPLATE}))
        none = words("没有这个提示模板；可用", "no such prompt template; there are")
        raise UserError(
            f"prompt_template={cfg.settings.prompt_template}: {none}: {known}"
        ) from None


def nothing_fits(limit: int) -> str:
    """The line for rows that are all too long."""
    more = 'OVERRIDE="max_length=…"'
    return words(
        f"所有行的答案都在 max_length={limit} 之外: 请用 {more} 加大",
        f"every row's answer lies beyond max_length={limit}: take more by {more}",
    )


def lengths(rows: list[dict[str, Any]], cfg: Any, tokenizer: Any) -> None:
    """Print how long rows are and how many are cut; :class:`UserError` where no answer is left."""
    limit = cfg.settings.max_length
    encoded = [training_ids(cfg, tokenizer, row) for row in rows]
    sizes = sorted(len(ids) for ids, _ in encoded)
    cut = sum(size > limit for size in sizes)
    lost = sum(not any(label >= 0 for label in labels[:limit]) for _, labels in encoded)
    answers = sum(label >= 0 for _, labels in encoded for label in labels)
    middle, late = sizes[len(sizes) // 2], sizes[int(len(sizes) * 0.95)]
    total, of_size = sum(sizes), f"p50 {middle} p95 {late} max {sizes[-1]}"
    print(words(f"{len(rows)} 行；词元数 {of_size}", f"{len(rows)} rows; tokens {of_size}"))
    print(
        words(
            f"共 {total} 词元，其中答案 {answers} ({answers / total:.1%})",
            f"{total} tokens, {answers} of them supervised ({answers / total:.1%})",
        )
    )
    share = f"{cut} ({cut / len(rows):.1%})"
    print(
        words(
            f"超过 max_length={limit} 的行: {share}；答案全被截掉的: {lost}",
            f"rows cut at max_length={limit}: {share}; whole answer lost: {lost}",
        )
    )
    if lost == len(rows):
        raise UserError(nothing_fits(limit))


def parity_of(name: str, rows: list[dict[str, Any]], cfg: Any, tokenizer: Any) -> None:
    """Raise :class:`UserError` naming the first row whose prompt a server would send otherwise."""
    template = cfg.settings.prompt_template
    if not getattr(tokenizer, "chat_template", None):
        folder = shown(cfg.settings.pretrained_model_name_or_path)
        raise UserError(
            f"{name}: "
            + words(
                f"{folder} 没有对话模板（是基础模型？）: 请用 -chat/-Instruct 权重，或 text=kb",
                f"{folder} has no chat template (a base model?): use the -chat/-Instruct weights, "
                "or text=kb",
            )
        )
    different = [row for row in rows if not parity(cfg, tokenizer, row)]
    if different:
        row = different[0].get("id", "?")
        raise UserError(
            f"{name}: prompt_template={template} "
            + words(
                f"与模型目录的对话模板不一致，例如第 {row} 行: 改用基座对应的配方 (make recipes)",
                f"differs from the model folder's chat template, e.g. in row {row}: use the base's "
                "own recipe (make recipes)",
            )
        )


def row_source(cfg: Any) -> Any:
    """The config of the tokenized rows, below whatever packs them."""
    source = cfg.train_dataloader.dataset
    while "template_map_fn" not in source:
        source = source.dataset
    return source


def training_ids(cfg: Any, tokenizer: Any, row: dict[str, Any]) -> tuple[list[int], list[int]]:
    """``(input_ids, labels)`` of one row exactly as XTuner's data set makes them, uncut."""
    return tokenized(row_source(cfg), tokenizer, row)


def cut_off(cfg: Any, tokenizer: Any, row: dict[str, Any]) -> bool:
    """Whether ``max_length`` leaves nothing of the row's answer."""
    labels = training_ids(cfg, tokenizer, row)[1][: cfg.settings.max_length]
    return not any(label >= 0 for label in labels)


def served_ids(tokenizer: Any, row: dict[str, Any], **options: Any) -> list[int]:
    """The prompt's token ids as a server renders the model folder's own chat template."""
    turn = row["conversation"][0]
    messages = [{"role": "user", "content": turn["input"]}]
    if turn.get("system"):
        messages.insert(0, {"role": "system", "content": turn["system"]})
    return tokenizer.apply_chat_template(messages, add_generation_prompt=True, **options)


def parity(cfg: Any, tokenizer: Any, row: dict[str, Any]) -> bool:
    """Whether the unsupervised head of the training ids is what the server will be sent, and the
    supervised part starts right after it; for a template with a thinking switch, whether the
    prompt with thinking off goes on with the same tokens."""
    ids, labels = training_ids(cfg, tokenizer, row)
    prompt = served_ids(tokenizer, row)
    size = len(prompt)
    same = ids[:size] == prompt and all(x < 0 for x in labels[:size]) and labels[size] >= 0
    if "enable_thinking" in tokenizer.chat_template:
        quiet = served_ids(tokenizer, row, enable_thinking=False)
        same = same and ids[: len(quiet)] == quiet
    return same


def apart(rows: list[dict[str, Any]], data: Path) -> None:
    """Raise :class:`UserError` where a question of ``rows`` is one of the evaluation's."""
    both = leaked(rows, data / "eval.jsonl")
    if both:
        raise UserError(
            words(
                f"{len(both)} 个评测问题出现在训练集中，例如 {both[0]}",
                f"{len(both)} evaluation questions are in the training set, e.g. {both[0]}",
            )
        )


def leaked(rows: list[dict[str, Any]], path: Path) -> list[str]:
    """Evaluation questions that stand in training too, whatever their punctuation."""
    if not path.is_file():
        return []
    known = {bare(row["conversation"][0]["input"]) for row in rows}
    asked = [row["conversation"][0]["input"] for row in read_jsonl(path)]
    return [question for question in asked if bare(question) in known]


def repeated(rows: list[dict[str, Any]]) -> int:
    """How many rows have the very conversation of an earlier one."""
    return len(rows) - len({digest(row["conversation"]) for row in rows})


def chain(work_dir: Path) -> None:
    """Print each hand-over that was proved in ``work_dir``."""
    for path in sorted([*work_dir.glob("*/handover.json"), *work_dir.glob("*.served.json")]):
        report = read_json(path)
        equal, n = report.get("greedy_equal", "?"), report.get("n", "?")
        step = report.get("step", path.parent.name)
        alike = words("逐字相同", "answered alike")
        print(f"{words('交接', 'hand-over')} {step}: {equal}/{n} {alike} ({shown(path)})")
