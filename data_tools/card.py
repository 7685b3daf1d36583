"""The data set's card: ``card.json`` for programs, ``card.md`` (a Hugging Face card) for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.domain import Domain
from core.rows import Row
from data_tools.ledger import Ledger, SourceReport, labelled


def by_kind(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows of each kind."""
    return dict(Counter(row.kind for row in rows).most_common())


def sources(reports: Sequence[SourceReport]) -> list[dict[str, Any]]:
    """The sources as read."""
    return [report.json() for report in reports]


def _table(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", "<br>")


PAGE = """---
language: [zh]
task_categories: [question-answering]
size_categories: [{size}]
license: other  # 请填写 fill in: the licence under which the sources may be used
---

# {title}

系统提示 system prompt：`{system}`

## 数量 Counts

{counts}

## 来源 Sources

{files}

## 题型与长度 Kinds and lengths

{kinds}

{lengths}

{pictures}

## 样例 Examples

{shown}

## 评测集是否泄漏 Contamination

{overlap}

## 已知疑点 Known doubts

每一条见 every line is in `ledger.csv`.

{doubts}
"""


def markdown(
    card: dict[str, Any],
    domain: Domain,
    examples: Sequence[Row],
    ledger: Ledger,
    charts: Sequence[str] = (),
) -> str:
    """``card.md``: counts, sources with hashes, kinds, examples, doubts, a licence line."""
    found = [
        (s["file"], s["questions"], s["declared"], s["lost"], f"`{s['sha256'][:16]}…`")
        for s in card["sources"]
    ]
    overlap = [(name, hits["exact"], hits["near"]) for name, hits in card["contamination"].items()]
    shown = [(r.prompt(), r.answer, f"{r.source.file} {r.source.locator}") for r in examples]
    doubts = [(labelled(code), n) for code, n in ledger.counts().most_common(20)]
    return PAGE.format(
        size=size(card["rows"]),
        title=domain.title,
        system=domain.system,
        counts=_table(["项 item", "数 count"], [(name, card[key]) for name, key in COUNTS]),
        files=_table(SOURCE_HEAD, found),
        kinds=_table(["题型 kind", "数 rows"], list(card["by_kind"].items())),
        lengths=_lengths(card),
        pictures="\n".join(f"![{Path(name).stem}]({name})" for name in charts),
        shown=_table(["题 question", "答 answer", "出处 source"], shown),
        overlap=_table(OVERLAP_HEAD, overlap),
        doubts=_table(["原因 reason", "数 count"], doubts),
    )


def _lengths(card: dict[str, Any]) -> str:
    """The table of lengths in characters and, where a tokenizer was there, in tokens."""
    measures = (("字符 characters", "characters"), ("词元 tokens", "tokens"))
    steps = list(card["characters"])
    found = [(name, *map(card[key].get, steps)) for name, key in measures if card[key]]
    return _table(["长度 length", *steps], found)


def with_lengths(page: str, card: dict[str, Any]) -> str:
    """``page`` (a ``card.md``) with its table of lengths written anew."""
    before, found, after = page.partition("| 长度 length")
    if not found:
        return page
    return before + _lengths(card) + "\n\n" + after.partition("\n\n")[2]


SOURCE_HEAD = ("来源 source", "题数 questions", "自述 declared", "未读 lost", "sha256")
OVERLAP_HEAD = ("评测题出现于 eval questions found in", "原样 exact", "近似 near (≥ 90%)")
COUNTS = (
    ("读到的题 rows read", "parsed"),
    ("题目 rows (train + eval + held)", "rows"),
    ("训练 train", "train"),
    ("换一种问法 other wordings, for training only", "wordings"),
    ("评测 eval", "eval"),
    ("同义题组 paraphrase groups", "groups"),
    ("重复 exact duplicates", "duplicates"),
    ("答案矛盾的题 questions with contradicting answers", "conflicts"),
    ("暂不入训 rows held back", "held"),
    ("人工删除 deleted by hand", "deleted"),
    ("人工修改 edited by hand", "edited"),
    ("人工添加 added by hand", "added"),
    ("存疑 rows with a doubt", "flagged"),
    ("未成题的文本 units that became no row", "dropped"),
)


def size(rows: int) -> str:
    """Hugging Face's size category."""
    steps = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
    return next((name for most, name in (*steps, (1_000_000, "100K<n<1M")) if rows < most), "n>1M")
