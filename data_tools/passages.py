"""Long texts as passages of ``kb.jsonl``: short, overlapping, with chapter and characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.files import ROOT, sha256
from data_tools.generate.chunks import chunks
from data_tools.readers.text import decoded

# Characters a passage and shared with the one before: at this size a chapter- and dialogue-aware
# splitter found the evidence of 27 questions about a novel most often (DESIGN §3).
SIZE, OVERLAP = 300, 50
_END = re.compile(r"[。！？!?…]+[”’」』）)\"]*|\n")


def of_texts(names: Sequence[str], domain: str) -> Iterator[dict[str, Any]]:
    """The passages of text files (paths as in ``Inputs``). They have no question, and stand on the
    training side: what the text says is no evaluation answer that leaked."""
    number = 0
    for path in (ROOT / name for name in names):
        sha, text, chapter = sha256(path), decoded(path, path.name), ""
        for chunk in chunks(text, SIZE, SIZE + SIZE // 5):
            if not chunk.prose:
                continue
            start = lead(text, chunk.start) if chunk.title == chapter else chunk.start
            chapter = chunk.title
            shown = text[start : chunk.end].strip()
            start += len(text[start : chunk.end]) - len(text[start : chunk.end].lstrip())
            end, number = start + len(shown), number + 1
            yield {
                "id": f"{domain}-t{number:06d}",
                "kind": "text",
                "split": "train",
                "text": shown,
                "question": "",
                "answer": "",
                "chapter": chunk.title,
                "source": {
                    "file": path.name,
                    "sha256": sha,
                    "locator": f"c:{start}-{end}",
                    "text": shown,
                },
            }


def lead(text: str, start: int) -> int:
    """Where the passage that begins at ``start`` begins with its overlap: at the first sentence
    that starts within :data:`OVERLAP` characters before; at ``start`` where none does."""
    ends = (found.end() for found in _END.finditer(text, max(0, start - OVERLAP), start))
    return next((at for at in ends if at < start), start)
