"""The answering desk: one bank with its index and the served model, asked by programs.

The same search, refusal and check as the page's and ``make ask``'s; what the OpenAI-compatible
address (:mod:`rag.service`) and the MCP server (:mod:`rag.tools`) share. Thread-safe.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from core import chat
from core.domain import Domain
from core.errors import UserError
from core.files import read_jsonl
from core.judgement import SAYS_RIGHT
from core.language import words
from core.rows import Row, row_of
from core.text import bare
from core.thinking import parted, settled
from rag import answer, layout
from rag.grounding import check
from rag.index import Index
from rag.passages import Passage

WORDS = 8000  # characters of a question
MOST = 20  # passages that one search may ask for
LONGEST = 512  # tokens of an answer, as on the page, where the asker names no other number


@dataclass
class Desk:
    """``data`` holds ``train.jsonl``, ``folder`` its index; the server is the one on ``port``."""

    domain: Domain
    data: Path
    folder: Path
    port: int = chat.DEFAULT_PORT
    _opened: Index | None = None
    _stamp: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def index(self) -> Index:
        """The index, opened again where ``make index`` wrote another since."""
        note = self.folder / layout.NOTE
        with self._lock:
            stamp = note.stat().st_mtime if note.is_file() else 0.0
            if self._opened is None or stamp != self._stamp:
                self._opened, self._stamp = Index.open(self.folder), stamp
            return self._opened

    def server(self) -> chat.Endpoint:
        """The served model; :class:`UserError` where none was deployed."""
        return chat.endpoint(self.port)

    def prepare(
        self, question: str, history: Sequence[dict[str, str]] = (), k: int | None = None
    ) -> answer.Prepared:
        """Search, and write the prompt."""
        try:
            rewrite = answer.rewriter(self.domain, self.server())
        except UserError:
            rewrite = None  # to search needs no model
        return answer.prepare(self.index(), self.domain, question, history, k, rewrite=rewrite)

    def pieces(
        self, ready: answer.Prepared, usage: dict[str, int] | None = None, **parameters: Any
    ) -> Iterator[str]:
        """The answer as it grows, without what the model thought; the refusal where the evidence is
        too weak, and nothing is asked then. Raises :class:`UserError` as :func:`core.chat.stream`.
        """
        if not ready.enough:
            yield answer.refusal(self.domain, ready.missing)
            return
        whole, shown = "", ""
        asked = {"temperature": 0, "max_tokens": LONGEST} | parameters
        for piece in chat.stream(self.server(), ready.messages, usage=usage, **asked):
            whole += piece
            said = parted(settled(whole))[1]
            if said.startswith(shown) and said != shown:
                yield said[len(shown) :]
                shown = said
        said = parted(whole)[1]
        if said.startswith(shown):
            yield said[len(shown) :]

    def evidence(self, ready: answer.Prepared, said: str) -> dict[str, Any]:
        """What an answer rests on: ``evidence`` (the passages, numbered from 1 as in the prompt),
        ``checks`` (each sentence, the numbers that support it), ``refused``."""
        found = check(said, ready.passages, ready.question) if ready.enough else []
        return {
            "refused": not ready.enough,
            "query": ready.query,
            "evidence": [cited(one, n) for n, one in enumerate(ready.passages, 1)],
            "checks": [
                {"text": one.text, "evidence": list(one.numbers), "supported": one.supported}
                for one in found
            ],
        }

    def search(self, query: str, k: int = 5) -> dict[str, Any]:
        """The passages for ``query``, and whether they are enough to answer from."""
        ready = self.prepare(query, k=max(1, min(k, MOST)))
        passages = [cited(one, n) for n, one in enumerate(ready.passages, 1)]
        return {"enough": ready.enough, "missing": list(ready.missing), "evidence": passages}

    def ask(self, question: str) -> dict[str, Any]:
        """One answer with its evidence."""
        ready = self.prepare(question)
        said = "".join(self.pieces(ready)).strip()
        return {"answer": said, **self.evidence(ready, said)}

    def source(self, id: str, around: int = 2) -> dict[str, Any] | None:
        """A passage between its neighbours in the document; None where there is none of this id."""
        opened = self.index()
        if opened.passage(id) is None:
            return None
        found = opened.neighbours(id, max(0, min(around, 10)))
        return {"passages": [{**cited(one), "here": one.id == id} for one in found]}

    def questions(self, kind: str = "", count: int = 1, seed: int | None = None) -> list[Row]:
        """Questions drawn from the bank; of ``kind`` (single, multiple, judge, qa) where given."""
        there = [row for row in self._rows() if not kind or row.kind == kind]
        pick = random.Random(seed) if seed is not None else random.SystemRandom()
        return pick.sample(there, min(max(1, count), MOST, len(there)))

    def question(self, id: str) -> Row | None:
        """The question with this id."""
        return next((row for row in self._rows() if row.id == id), None)

    def _rows(self) -> list[Row]:
        files = [self.data / name for name in ("train.jsonl", "eval.jsonl")]
        records = (record for file in files if file.is_file() for record in read_jsonl(file))
        return [row_of(record) for record in records if record["kind"] != "general"]


def cited(passage: Passage, number: int = 0) -> dict[str, Any]:
    """A passage as programs get it: where it stands in which file, and its words there."""
    source = passage.source
    found: dict[str, Any] = {"number": number} if number else {}
    found |= {"id": passage.id, "file": source["file"], "locator": source["locator"]}
    found |= {"text": source.get("text") or passage.text, "sha256": source["sha256"]}
    return found | ({"score": round(passage.score, 4)} if passage.score else {})


def asked(row: Row) -> dict[str, Any]:
    """A question without its answer."""
    return {"id": row.id, "kind": row.kind, "question": row.question, "options": row.options}


def marked(row: Row, given: str) -> dict[str, Any]:
    """``given`` held against the bank: ``right`` is None where only a person can tell (other words
    than the bank's may be right too)."""
    right: bool | None
    if row.options:
        named = sorted({char for char in given.upper() if char in row.options})
        right = named == sorted(row.letters)
    elif row.kind == "judge":
        right = (bare(given) in SAYS_RIGHT) == (bare(row.answer) in SAYS_RIGHT)
    else:
        right = True if bare(given) == bare(row.answer) else None
    source = {"file": row.source.file, "locator": row.source.locator, "text": row.source.text}
    said = {"right": right, "answer": row.answer, "explanation": row.explanation}
    return {**asked(row), **said, "source": source}


def listed(about: dict[str, Any]) -> str:
    """The evidence as lines under an answer, for programs that show nothing but its text: those
    passages that support a sentence (the nearest where it was refused), and what none supports."""
    used = sorted({number for one in about["checks"] for number in one["evidence"]})
    shown = [one for one in about["evidence"] if one["number"] in used or about["refused"]]
    found, nearest = words("依据：", "Evidence:"), words("最接近的资料：", "Nearest passages:")
    head = nearest if about["refused"] else found
    lines = [head] if shown else []
    for one in shown:
        text = " ".join(one["text"].split())
        lines.append(f"[{one['number']}] {one['file']} · {one['locator']}  {text[:300]}")
    for one in about["checks"]:
        if not one["supported"]:
            lines.append(f"⚠ {words('出处里没有', 'not in the evidence')}: {one['text']}")
    return "\n".join(lines)
