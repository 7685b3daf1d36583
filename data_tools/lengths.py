"""How long the rows are, in the tokens of the recipe's own tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.files import ROOT, shown
from core.rows import Row

BATCH = 2000
PERCENTILES = (50, 90, 99, 100)


def percentiles(lengths: Sequence[int]) -> dict[str, int]:
    """p50, p90, p99 and p100 (the longest) of ``lengths``."""
    if not lengths:
        return {}
    ordered = sorted(lengths)
    return {f"p{p}": ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in PERCENTILES}


def tokenizer_of(recipe: str) -> Path | None:
    """The ``tokenizer.json`` of the model that ``configs/<recipe>`` names, where it is there."""
    path = ROOT / "configs" / recipe
    if not recipe or not path.is_file():
        return None
    from mmengine.config import Config

    model = Config.fromfile(str(path)).get("pretrained_model_name_or_path", "")
    found = ROOT / model / "tokenizer.json"
    return found if model and found.is_file() else None


def tokens(rows: Sequence[Row], system: str, tokenizer: Path) -> dict[str, Any]:
    """Percentiles of system prompt + question + answer in tokens, without the chat template's own
    (a few a turn), the total, and which tokenizer counted."""
    from tokenizers import Tokenizer

    counter = Tokenizer.from_file(str(tokenizer))
    lengths: list[int] = []
    for start in range(0, len(rows), BATCH):
        texts = [f"{system}\n{r.prompt()}\n{r.answer}" for r in rows[start : start + BATCH]]
        encoded = counter.encode_batch_fast(texts, add_special_tokens=False)
        lengths.extend(len(each.ids) for each in encoded)
    return {"tokenizer": shown(tokenizer.parent), "total": sum(lengths), **percentiles(lengths)}
