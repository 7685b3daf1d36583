"""How long the rows are, in the tokens of the recipe's own tokenizer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from core.files import ROOT, read_jsonl, shown
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

    named = Config.fromfile(str(path)).get("tokenizer", {}).get("pretrained_model_name_or_path", "")
    found = ROOT / named / "tokenizer.json"
    return found if named and found.is_file() else None


def texts(rows: Iterable[Row], system: str) -> Iterator[str]:
    """What is counted of ``rows``: system prompt, question, answer."""
    for row in rows:
        yield _text(row.json("" if row.kind == "general" else system))


def written(files: Iterable[Path]) -> Iterator[str]:
    """The same, of data sets that are written already."""
    return map(_text, chain.from_iterable(map(read_jsonl, files)))


def _text(record: dict[str, Any]) -> str:
    turn = record["conversation"][0]
    return f"{turn['system']}\n{turn['input']}\n{turn['output']}"


def tokens(texts: Iterable[str], tokenizer: Path) -> dict[str, Any]:
    """Percentiles of ``texts`` in tokens, without the chat template's own (a few a turn), the
    total, and which tokenizer counted."""
    from tokenizers import Tokenizer

    counter = Tokenizer.from_file(str(tokenizer))
    lengths: list[int] = []
    waiting = iter(texts)
    while batch := list(islice(waiting, BATCH)):
        encoded = counter.encode_batch_fast(batch, add_special_tokens=False)
        lengths.extend(len(each.ids) for each in encoded)
    return {"tokenizer": shown(tokenizer.parent), "total": sum(lengths), **percentiles(lengths)}
