"""``make index``: ``kb.jsonl`` to an index folder, only what changed being embedded again."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core import progress
from core.errors import UserError
from core.files import digest, held, read_jsonl, sha256, shown
from core.language import words
from core.lines import line_of
from rag import bm25, calibrate, embed, excerpts, layout, passages
from rag.journal import KEY, Journal
from rag.local import Local
from rag.store import Store

LONGEST = 400  # characters of a passage that are embedded: 512 tokens, the usual models' window
KEYS = "keys.json"
SAY = 5  # seconds between two lines of progress
RULE = 2  # raise when passages are cut into pieces, or words into tokens, in another way
BATCH = 64  # texts between two writes to the journal: about a second of work

Row = dict[str, Any]  # a line of kb.jsonl
Place = str | dict[str, str]  # settings.rag.store


@dataclass(frozen=True)
class Result:
    """What a run did; counts are passages, ``seconds`` the whole run."""

    size: int
    added: int
    removed: int
    embedded: int
    seconds: float
    changed: bool


def meaning(row: dict[str, Any]) -> str:
    """The text that a passage's vector stands for: question and answer without what stands between
    them, or a piece of text. Question alone found paraphrases as well, but not by their answer."""
    text = f"{row['question']} {row['answer']}" if row.get("question") else row["text"]
    return text[:LONGEST]


def pieces(row: Row) -> list[str]:
    """The texts that a passage is found by: :func:`meaning`, and for a longer one each further part
    of about :data:`LONGEST` characters, with its question in front."""
    whole, head = row["text"], row.get("question", "")[: LONGEST // 2]
    body = row["answer"] if row.get("question") else whole
    if len(head) + len(body) < LONGEST:
        return [meaning(row)]
    found, start = [], 0
    for begin, end in excerpts.sentences(body):
        if begin > start and end - start > LONGEST - len(head) - 1:
            found.append(body[start:begin])
            start = begin
    parts = [*found, body[start:]]
    size = LONGEST - len(head) - 1
    parts = [part[at : at + size] for part in parts for at in range(0, len(part), size)]
    return [f"{head} {part}".strip() for part in parts]


def key_of(text: str) -> bytes:
    """The key of a text's vector."""
    return bytes.fromhex(digest(text))[:KEY]


def read(kb: Path) -> list[dict[str, Any]]:
    """The passages of ``kb``; a line without what an index needs is named by its number."""
    rows, seen = [], set()
    for number, row in enumerate(read_jsonl(kb), 1):
        source = row.get("source") if isinstance(row, dict) else None
        missing = (
            [key for key in ("id", "kind", "text") if not row.get(key)] if source else ["source"]
        )
        missing += [key for key in ("file", "locator") if source and key not in source]
        if missing:
            raise UserError(f"{line_of(kb, number)} {words('缺少', 'lacks')} {', '.join(missing)}")
        if row["id"] in seen:
            raise UserError(f"{line_of(kb, number)}: {words('id 重复', 'repeated id')} {row['id']}")
        seen.add(row["id"])
        rows.append(row)
    if not rows:
        said = words("是空的: 请先运行 make data", "is empty: run make data first")
        raise UserError(f"{shown(kb)} {said}")
    return rows


def build(
    kb: Path, folder: Path, setting: embed.Setting = embed.DEFAULT, store: Place = layout.LOCAL
) -> Result:
    """Bring ``folder`` up to ``kb``; readers have the old index until the new one is whole.

    ``setting`` names the embedding model, ``store`` where the index lies: ``local``, or the uri and
    collection of a Milvus, in which rows are changed in place.
    """
    start = time.perf_counter()
    busy = words("另一个 make index 正在运行", "another make index is running")
    with held(folder / layout.LOCK, f"{shown(folder)}: {busy}"):
        rows, model = read(kb), embed.load(setting)
        old = _old(folder, model.name if model else "none", store)
        value = {
            "format": layout.FORMAT,
            "size": len(rows),
            "model": model.name if model else "none",
        }
        value |= {"embedding": setting, "store": store}
        value |= {"kb": {"path": str(kb), "sha256": sha256(kb)}}
        if store == layout.LOCAL:
            added, removed, embedded, value = _local(folder, rows, model, old, value)
        else:
            added, removed, embedded, value = _remote(folder, rows, model, old, value)
        changed = bool(added or removed or embedded or not old)
        layout.switch(folder, value)
        (folder / layout.JOURNAL).unlink(missing_ok=True)
        return Result(len(rows), added, removed, embedded, time.perf_counter() - start, changed)


def _local(
    folder: Path,
    rows: Sequence[Row],
    model: embed.Embedder | None,
    old: dict[str, Any] | None,
    value: dict[str, Any],
) -> tuple[int, int, int, dict[str, Any]]:
    """A new generation's folder, where anything changed: added, removed, embedded, the note."""
    keys = [digest(row) for row in rows]
    name = "gen-" + digest(layout.FORMAT, RULE, value["model"], keys)[:16]
    value["generation"] = name
    before = _bodies(folder, old)
    added, removed = len(set(keys) - before), len(before - set(keys))
    if old and old["generation"] == name:
        value = old | value
        if model and old.get("rule") != calibrate.RULE:
            value |= _scales(rows, Local(folder / name, dense=True), model)
        return 0, 0, 0, value
    parts = [pieces(row) for row in rows]
    vectors, embedded = _vectors(folder, old, [text for one in parts for text in one], model)
    _write(folder / name, rows, parts, vectors, keys)
    if model:
        value |= _scales(rows, Local(folder / name, dense=True), model)
    return added, removed, embedded, value


def _scales(rows: Sequence[Row], store: Store, model: embed.Embedder) -> dict[str, Any]:
    return {**calibrate.scales(rows, store, model), "rule": calibrate.RULE}


def _remote(
    folder: Path,
    rows: Sequence[Row],
    model: embed.Embedder | None,
    old: dict[str, Any] | None,
    value: dict[str, Any],
) -> tuple[int, int, int, dict[str, Any]]:
    """Rows of a Milvus collection added, replaced and deleted: as :func:`_local`."""
    from rag import milvus

    if model is None:
        said = words("Milvus 需要嵌入模型", "Milvus needs an embedding model")
        raise UserError(f"{said} (settings.rag.embedding)")
    store = value["store"]
    size = model.encode(["尺寸"], False).shape[1]
    name = f"{store['collection']}_{digest(layout.FORMAT, model.name)[:8]}"
    value["generation"] = name
    client, there = milvus.ready(store, name, size)
    keys = {row["id"]: digest(row)[:32] for row in rows}
    gone = [identifier for identifier in there if identifier not in keys]
    new = [at for at, row in enumerate(rows) if there.get(row["id"]) != keys[row["id"]]]
    if new or gone or not old:
        vectors, embedded = _vectors(folder, None, [meaning(rows[at]) for at in new], model)
        chosen = zip(new, vectors if vectors is not None else (), strict=True)
        records = (milvus.record(rows[at], keys[rows[at]["id"]], v) for at, v in chosen)
        milvus.put(client, name, records)
        milvus.remove(client, name, gone)
        value |= _scales(rows, milvus.Milvus(store, name), model)
        if old and old["generation"] != name and old.get("store") == store:
            milvus.drop(client, old["generation"])
        return len(new), len(gone), embedded, value
    return 0, 0, 0, old | value


def _old(folder: Path, name: str, store: Place) -> dict[str, Any] | None:
    """The note of the index that is there; says so when nothing of it can be kept."""
    if not (folder / layout.NOTE).is_file():
        return None
    try:
        old = layout.note(folder)
    except layout.Unusable as error:
        _rebuilding(error.why)
        return None
    if old["model"] != name:
        _rebuilding(f"{words('嵌入模型', 'model')} {old['model']} → {name}")
    elif old.get("store", layout.LOCAL) != store:
        _rebuilding(f"{words('存储', 'store')} {old.get('store')} → {store}")
        return None
    return old


def _rebuilding(why: str) -> None:
    print(f"{words('重建', 'rebuilding')}: {why}", file=sys.stderr)


def _bodies(folder: Path, old: dict[str, Any] | None) -> set[str]:
    """The keys of the passages in the index that is there."""
    file = folder / old["generation"] / KEYS if old else None
    return set(json.loads(file.read_text())) if file and file.is_file() else set()


def _vectors(
    folder: Path,
    old: dict[str, Any] | None,
    texts: Sequence[str],
    model: embed.Embedder | None,
) -> tuple[np.ndarray | None, int]:
    """The vector of every text and how many were embedded for it in this run."""
    if model is None:
        return None, 0
    if not texts:
        return np.zeros((0, 0), np.float32), 0
    keys = [key_of(text) for text in texts]
    size = model.encode(["尺寸"], False).shape[1]
    journal = Journal(folder / layout.JOURNAL, size)
    marker = key_of("model " + model.name)  # a journal of another model is of no use
    kept = dict(journal.read())
    if marker not in kept:
        journal.drop()
        journal.append([marker], np.zeros((1, size)))
        kept = {}
    if old and old["model"] == model.name:
        kept |= _finished(folder / old["generation"])
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
    kept |= dict(_embed(missing, model, journal))
    return np.stack([kept[key] for key in keys]).astype(np.float32), len(missing)


def _finished(generation: Path) -> dict[bytes, np.ndarray]:
    """The vectors of a finished index, by key."""
    try:
        vectors = np.load(generation / layout.VECTORS, mmap_mode="r")
        keys = (generation / "vectors.keys").read_bytes()
    except (OSError, ValueError):
        return {}
    return {keys[at * KEY : at * KEY + KEY]: vectors[at] for at in range(len(vectors))}


def _embed(
    missing: dict[bytes, str], model: embed.Embedder, journal: Journal
) -> Iterator[tuple[bytes, np.ndarray]]:
    """Embed texts of like length together, journal them, and say how far it is."""
    order = sorted(missing, key=lambda key: len(missing[key]))
    total, done = sum(map(len, missing.values())), 0
    start = said = time.perf_counter()
    for at in range(0, len(order), BATCH):
        part = order[at : at + BATCH]
        vectors = model.encode([missing[key] for key in part], False)
        journal.append(part, vectors)
        yield from zip(part, vectors, strict=True)
        done += sum(len(missing[key]) for key in part)
        now = time.perf_counter()
        if now - said > SAY:
            said, left = now, (now - start) / max(done, 1) * (total - done)
            count = f"{at + len(part)}/{len(order)}"
            rest = words(f"约剩 {left:.0f} s", f"about {left:.0f} s left")
            print(f"  {words('嵌入', 'embedding')} {count}, {rest}", flush=True)
            progress.tell("embed", at + len(part), len(order), left)


def _write(
    path: Path,
    rows: Sequence[Row],
    parts: Sequence[list[str]],
    vectors: np.ndarray | None,
    keys: Sequence[str],
) -> None:
    """Write a generation; a folder of that name that a killed run left is written anew."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    passages.write(path / layout.PASSAGES, rows)
    texts = [
        text
        for row, one in zip(rows, parts, strict=True)
        for text in (one if len(one) > 1 else [row["text"]])
    ]
    bm25.write(path / layout.LEXICAL, texts)
    starts = np.cumsum([0, *map(len, parts[:-1])], dtype=np.int64)
    np.save(path / layout.STARTS, starts)
    if vectors is not None:
        np.save(path / layout.VECTORS, vectors)
        found = b"".join(key_of(text) for one in parts for text in one)
        (path / "vectors.keys").write_bytes(found)
    (path / KEYS).write_text(json.dumps(list(keys)))
