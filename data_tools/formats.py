"""Other tools' files, in and out: Alpaca, ShareGPT, OpenAI messages, LLaMA-Factory, plain pairs.

An export folder holds ``train`` and ``eval`` and the ``dataset_info.json`` of LLaMA-Factory, so it
can be named as its ``dataset_dir`` as it is. What other tools have no field for (source, group)
stays in the row: they ignore it, and an import takes it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from core.files import atomic, read_jsonl, write_json, write_jsonl
from data_tools.interchange import places
from data_tools.interchange.dialogue import Turn, turns
from data_tools.interchange.records import COLUMNS, read

__all__ = ["FORMATS", "Turn", "export", "objects", "read", "turns"]
Json = dict[str, Any]
KEPT = ("id", "kind", "group", "source", "options", "answer", "explanation")


def objects(path: Path) -> Iterator[tuple[int, str, Any]]:
    """(offset in characters, text, value) of every object of a ``.jsonl`` or ``.json`` file."""
    for at, text, value, _ in places.objects(path):
        yield at, text, value


def _alpaca(found: list[Turn], kept: Json) -> Json:
    *before, turn = found
    return {
        "instruction": turn.question,
        "input": "",
        "output": turn.answer,
        "system": turn.system,
        "history": [[one.question, one.answer] for one in before],
        **kept,
    }


def _sharegpt(found: list[Turn], kept: Json) -> Json:
    said = [
        {"from": who, "value": text}
        for turn in found
        for who, text in (("human", turn.question), ("gpt", turn.answer))
    ]
    return {"conversations": said, "system": found[0].system, **kept}


def _openai(found: list[Turn], kept: Json) -> Json:
    said = [
        {"role": who, "content": text}
        for turn in found
        for who, text in (("user", turn.question), ("assistant", turn.answer))
    ]
    system = [{"role": "system", "content": found[0].system}] if found[0].system else []
    return {"messages": [*system, *said], **kept}


FORMATS: dict[str, tuple[str, Callable[[list[Turn], Json], Json], Json]] = {
    "alpaca": (
        "json",
        _alpaca,
        {"columns": COLUMNS},
    ),
    "sharegpt": (
        "json",
        _sharegpt,
        {
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system"},
        },
    ),
    "openai": (
        "jsonl",
        _openai,
        {
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {
                "role_tag": "role",
                "content_tag": "content",
                "user_tag": "user",
                "assistant_tag": "assistant",
                "system_tag": "system",
            },
        },
    ),
}


def _write(path: Path, records: Iterable[Json]) -> None:
    """JSON lines, or one array where the name ends in ``.json``."""
    if path.suffix == ".jsonl":
        write_jsonl(path, records)
        return
    with atomic(path) as out:
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        out.write("[")
        for count, line in enumerate(lines):
            out.write((",\n" if count else "\n") + line)
        out.write("\n]\n")


def export(data: Path, kind: str, domain: str) -> Path:
    """Write ``data``'s train and eval in the format ``kind`` to ``data/export/<kind>``."""
    suffix, make, info = FORMATS[kind]
    folder = data / "export" / kind
    about = {}
    for side in ("train", "eval"):
        path = folder / f"{side}.{suffix}"
        _write(
            path,
            (
                make(turns(row), {key: row[key] for key in KEPT if key in row})
                for row in read_jsonl(data / f"{side}.jsonl")
            ),
        )
        about[f"{domain}_{side}"] = {"file_name": path.name, **info}
    write_json(folder / "dataset_info.json", about)
    return folder
