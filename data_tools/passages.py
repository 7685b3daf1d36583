"""Long texts as passages of ``kb.jsonl``: short, overlapping, with chapter and characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from core.files import ROOT, sha256
from data_tools import books
from data_tools.generate.chunks import chunks

# Characters a passage and shared with the one before: at this size a chapter- and dialogue-aware
# splitter found the evidence of 27 questions about a novel most often (DESIGN §3).
SIZE, OVERLAP = 300, 50
_TABLE = re.compile(r"^[ \t]*\|[^\n]*\|[ \t]*\r?\n[ \t]*\|[ \t:|-]*-[ \t:|-]*\r?\n", re.M)
_ROW = re.compile(r"[ \t]*\|[^\n]*(?:\n|$)")
_END = re.compile(r"[。！？!?…]+[”’」』）)\"]*|\n")


def of_texts(names: Sequence[str], domain: str) -> Iterator[dict[str, Any]]:
    """The passages of text files (paths as in ``Inputs``). They have no question, and stand on the
    training side: what the text says is no evaluation answer that leaked."""
    number = 0
    for path in (ROOT / name for name in names):
        book = books.read(path)
        sha, text, chapter = sha256(path), book.text, ""
        tables = tables_of(text)
        for chunk in chunks(text, SIZE, SIZE + SIZE // 5, book.heads):
            if not chunk.prose:
                continue
            start = lead(text, chunk.start) if chunk.title == chapter else chunk.start
            header = header_of(tables, chunk.start)
            start = chunk.start if header else start
            chapter = chunk.title
            shown = text[start : chunk.end].strip()
            start += len(text[start : chunk.end]) - len(text[start : chunk.end].lstrip())
            end, number = start + len(shown), number + 1
            locator = book.locator(start, end)
            yield {
                "id": f"{domain}-t{number:06d}",
                "kind": "text",
                "split": "train",
                "text": header + shown,
                "question": "",
                "answer": "",
                "chapter": chunk.title,
                "source": {
                    "file": path.name,
                    "sha256": sha,
                    "locator": locator,
                    "text": shown,
                },
            }


def tables_of(text: str) -> list[tuple[int, int, str]]:
    """(where its rows begin, where they end, its header with the rule below) of each Markdown
    table."""
    found = []
    for head in _TABLE.finditer(text):
        end = head.end()
        while (row := _ROW.match(text, end)) and row.end() > end:
            end = row.end()
        found.append((head.end(), end, head[0]))
    return found


def header_of(tables: Sequence[tuple[int, int, str]], start: int) -> str:
    """The header of the table within whose rows a passage begins; "" elsewhere."""
    return next((head for first, end, head in tables if first < start < end), "")


def lead(text: str, start: int) -> int:
    """Where the passage that begins at ``start`` begins with its overlap: at the first sentence
    that starts within :data:`OVERLAP` characters before; at ``start`` where none does."""
    ends = (found.end() for found in _END.finditer(text, max(0, start - OVERLAP), start))
    return next((at for at in ends if at < start), start)
