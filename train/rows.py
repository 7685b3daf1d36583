"""Rows of a data set as what XTuner's ``process_hf_dataset`` takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.explanations import REASON, parted
from core.files import read_jsonl, shown
from core.language import words
from core.rows import spread

TURN = ("system", "input", "output")


def load_rows(
    path: str, default_system: str = "", prefix: str = "", rows: int = 0, more: Sequence[str] = ()
) -> Any:
    """A ``datasets.Dataset`` with the one column ``conversation``.

    ``default_system`` is what the family's chat template puts in where a row has no system prompt;
    ``prefix`` what stands before every answer (see :mod:`train.templates`); ``rows`` > 0 takes so
    many, evenly spread; ``more`` are files whose rows follow; a data set without
    other wordings has no such file. The other fields of a row are
    left behind: their shape differs from row to row, and Arrow wants one schema. Raises
    :class:`UserError` for a missing or empty file, or a row that is none.
    """
    from datasets import Dataset

    conversations = []
    files = [path, *(file for file in more if Path(file).is_file())]
    for file, number, row in ((f, n, r) for f in files for n, r in enumerate(read_jsonl(f), 1)):
        try:
            turns = [{key: turn.get(key) or "" for key in TURN} for turn in row["conversation"]]
        except (KeyError, TypeError, AttributeError):
            raise UserError(
                words(
                    f"{shown(file)} 第{number}行没有 conversation",
                    f"{shown(file)} line {number} has no conversation",
                )
            ) from None
        if not turns:
            raise UserError(
                words(
                    f"{shown(file)} 第{number}行的 conversation 是空的",
                    f"the conversation in {shown(file)} line {number} is empty",
                )
            )
        turns[0]["system"] = turns[0]["system"] or default_system
        for turn in turns:
            turn["output"] = said(prefix, turn["output"])
        conversations.append({"conversation": turns})
    if not conversations:
        raise UserError(empty(path))
    return Dataset.from_list(spread(conversations, rows) if rows else conversations)


def empty(path: str | Path) -> str:
    """The line for a file that holds nothing to train on."""
    made = maker(path)
    return words(
        f"{shown(path)} 没有可训练的行: 请检查 {made} 的输出",
        f"{shown(path)} holds no rows to train on: look at what {made} printed",
    )


def maker(path: str | Path) -> str:
    """The command that writes a file that is trained on."""
    return "make sample" if Path(path).name == "pairs.jsonl" else "make data"


def said(prefix: str, output: str) -> str:
    """``output`` after what the family's template puts before it. A thinking block there takes in
    the explanation that stands before an answer."""
    if "</think>" in prefix and output.startswith(REASON):
        reason, output = parted(output)
        prefix = prefix.replace("\n</think>", f"{reason}\n</think>")
    return prefix + output


def tokenized(source: Any, tokenizer: Any, row: dict[str, Any]) -> tuple[list[int], list[int]]:
    """``(input_ids, labels)`` of one row exactly as XTuner's data set makes them, uncut; ``source``
    is the config of that data set."""
    from xtuner.dataset.utils import encode_fn
    from xtuner.registry import BUILDER

    to_template = BUILDER.build(dict(source["template_map_fn"]))
    turns = [dict(turn) for turn in row["conversation"]]
    turns[0]["system"] = turns[0].get("system") or source["dataset"]["default_system"]
    for turn in turns:
        turn["output"] = said(source["dataset"]["prefix"], turn["output"])
    encoded = encode_fn(to_template({"conversation": turns}), tokenizer, max_length=1 << 30)
    return encoded["input_ids"], encoded["labels"]


def sides(pair: dict[str, Any], path: str | Path, number: int) -> list[dict[str, Any]]:
    """The two rows, chosen and rejected, of line ``number`` of a file of pairs (``prompt``,
    ``chosen`` and ``rejected`` as messages). Raises :class:`UserError` for a line that is none."""
    try:
        said = [(message["role"], message["content"]) for message in pair["prompt"]]
        system = said.pop(0)[1] if said[0][0] == "system" else ""
        asked, answered = [text for _, text in said[::2]], [text for _, text in said[1::2]]
        if [role for role, _ in said] != (["user", "assistant"] * len(asked))[: len(said)]:
            raise ValueError("roles")
        both = [pair[side][0]["content"] for side in ("chosen", "rejected")]
        talks = [zip(asked, [*answered, last], strict=True) for last in both]
        rows = [[{"input": q, "output": a} for q, a in talk] for talk in talks]
        rows[0][0]["system"] = rows[1][0]["system"] = system
        return [{"id": str(pair["id"]), "conversation": row} for row in rows]
    except (KeyError, TypeError, IndexError, ValueError):
        raise UserError(
            words(
                f"{shown(path)} 第{number}行不是偏好对 (prompt, chosen, rejected)",
                f"{shown(path)} line {number} is no pair (prompt, chosen, rejected)",
            )
        ) from None


def load_texts(path: str, split: str = "train") -> Any:
    """A ``datasets.Dataset`` of plain text for continued pre-training: the passages of a
    ``kb.jsonl`` (those of the evaluation split left out), a ``.jsonl`` with ``text``, or a ``.txt``
    or ``.md`` file cut at blank lines.

    A passage is an "answer" without a question, as XTuner wants it. Raises :class:`UserError`.
    """
    from datasets import Dataset

    if Path(path).suffix == ".jsonl":
        rows = [row for row in read_jsonl(path) if row.get("split", split) == split]
        texts = [row.get("text", "") for row in rows]
    else:
        try:
            texts = Path(path).read_text(encoding="utf-8").split("\n\n")
        except (OSError, UnicodeDecodeError) as error:
            unread = words(f"{shown(path)} 读不了", f"{shown(path)} cannot be read")
            raise UserError(f"{unread}: {error}") from None
    texts = [text.strip() for text in texts if text.strip()]
    if not texts:
        raise UserError(empty(path))
    return Dataset.from_list(
        [{"conversation": [{"system": "", "input": "", "output": text}]} for text in texts]
    )
