"""Retrieval passages: what ``kb.jsonl`` holds."""

from __future__ import annotations

from typing import Any

from core.rows import Row


def passage(row: Row, side: str) -> dict[str, Any]:
    """One passage of a row: ``text`` is what is indexed and shown, ``split`` the side of the row
    (train or eval), so that an evaluation can leave the held-out rows out of the index."""
    text = f"{row.prompt()}\n答案：{row.answer}"
    if row.explanation:
        text += f"\n解析：{row.explanation}"
    return {
        "id": row.id,
        "kind": row.kind,
        "split": side,
        "text": text,
        "question": row.question,
        "answer": row.answer,
        "source": row.source.json(),
    }
