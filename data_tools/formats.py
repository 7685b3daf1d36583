"""Other tools' files, in and out: Alpaca, ShareGPT, OpenAI messages, LLaMA-Factory, plain pairs.

An export folder holds ``train`` and ``eval`` and the ``dataset_info.json`` of LLaMA-Factory, so it
can be named as its ``dataset_dir`` as it is. What other tools have no field for (source, group)
stays in the row: they ignore it, and an import takes it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import atomic, read_json, read_jsonl, sha256, shown, write_json
from core.rows import KINDS, Row, Source
from data_tools.ledger import Ledger, SourceReport

Json = dict[str, Any]
PAIRS = (
    ("question", "answer"),
    ("问题", "答案"),
    ("题干", "答案"),
    ("query", "response"),
    ("prompt", "response"),
    ("prompt", "completion"),
    ("input", "output"),
    ("input", "target"),
)
ASKS, SAYS = {"human", "user"}, {"gpt", "assistant", "chatgpt", "bot"}
KEPT = ("id", "kind", "group", "source", "options", "answer", "explanation")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with its answer, and the system prompt it stood under."""

    question: str
    answer: str
    system: str = ""


def _messages(found: list[Json], role: str, text: str) -> list[Turn]:
    """Question and answer from a list of messages with the given keys."""
    system = next((str(m[text]) for m in found if m.get(role) == "system"), "")
    return [
        Turn(str(one.get(text, "")), str(other.get(text, "")), system)
        for one, other in pairwise(found)
        if one.get(role) in ASKS and other.get(role) in SAYS
    ]


def turns(record: Json) -> list[Turn]:
    """The turns of one record of any format that is known here; [] for none of them."""
    if isinstance(record.get("conversation"), list):  # XTuner's, ours
        return [
            Turn(str(t.get("input", "")), str(t.get("output", "")), str(t.get("system", "")))
            for t in record["conversation"]
        ]
    if isinstance(record.get("conversations"), list):
        found = _messages(record["conversations"], "from", "value")
        return [
            Turn(t.question, t.answer, t.system or str(record.get("system", ""))) for t in found
        ]
    if isinstance(record.get("messages"), list):
        return _messages(record["messages"], "role", "content")
    if "instruction" in record and "output" in record:
        parts = (record["instruction"], record.get("input"))
        question = "\n".join(str(part) for part in parts if part)
        return [Turn(question, str(record["output"]), str(record.get("system") or ""))]
    for ask, say in PAIRS:
        if isinstance(record.get(ask), str) and isinstance(record.get(say), str):
            return [Turn(record[ask], record[say])]
    return []


def objects(path: Path) -> Iterator[tuple[int, str, Any]]:
    """(offset in characters, text, value) of every object of a ``.jsonl`` or ``.json`` file.

    JSON lines are streamed; an array is read whole. :class:`UserError` names the broken place.
    """
    decoder = json.JSONDecoder()
    number = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            head = file.read(64).lstrip()
            file.seek(0)
            if not head.startswith("["):
                start = 0
                for line in file:
                    number += 1
                    if line.strip():
                        yield start, line.strip(), decoder.decode(line)
                    start += len(line)
                return
            text = file.read()
        at = text.index("[") + 1
        while (at := _skip(text, at)) < len(text) and text[at] != "]":
            value, end = decoder.raw_decode(text, at)
            yield at, text[at:end], value
            at = end
            number += 1
    except json.JSONDecodeError as error:
        raise UserError(f"{shown(path)}: 第{number or 1}条之后不是 JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise UserError(
            f"{shown(path)}: 不是 UTF-8 is not UTF-8: 请转存 save it as UTF-8"
        ) from None


def _skip(text: str, at: int) -> int:
    """The next place that is neither space nor comma."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _row(turn: Turn, record: Json, source: Source) -> Row:
    """A row of one turn; what an export of ours kept comes back."""
    kind = record.get("kind")
    row = Row(turn.question, turn.answer, source, kind if kind in KINDS else "qa")
    options = record.get("options")
    if isinstance(options, dict) and isinstance(record.get("answer"), str):
        row.options, row.letters = {str(k): str(v) for k, v in options.items()}, record["answer"]
        first = next(iter(row.options.items()), ("", ""))
        row.question = row.question.partition(f"\n{first[0]}. {first[1]}")[0]
    row.explanation = str(record.get("explanation") or "")
    return row


def read(path: Path, ledger: Ledger, name: str) -> Iterator[Row]:
    """The rows of another tool's file. A dialogue of several turns gives its first (the later ones
    lean on it); what has no turn is ledgered."""
    if path.name == "dataset_info.json":
        for spec in read_json(path).values():
            file = spec.get("file_name") if isinstance(spec, dict) else None
            if file:
                yield from _renamed(path.parent / file, spec.get("columns", {}), ledger)
        return
    yield from _renamed(path, {}, ledger, name)


# LLaMA-Factory's column names → the keys that turns() knows.
COLUMNS = {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}


def _renamed(
    path: Path, columns: Mapping[str, str], ledger: Ledger, name: str = ""
) -> Iterator[Row]:
    """Rows of one file whose keys are called otherwise (``columns``: LLaMA-Factory's → theirs)."""
    if not path.is_file():
        raise UserError(f"没有这个文件 no such file: {shown(path)}")
    name = name or path.name
    sha = sha256(path)
    report = SourceReport(name, sha)
    for at, text, record in objects(path):
        locator = f"c:{at}-{at + len(text)}"
        if not isinstance(record, dict):
            ledger.add(name, locator, "no-question", text)
            continue
        renamed = {
            COLUMNS[ours]: record.get(key) for ours, key in columns.items() if ours in COLUMNS
        }
        if "messages" in columns:
            said = record.get(columns["messages"])
            openai = isinstance(said, list) and said and "role" in said[0]
            renamed = {"messages" if openai else "conversations": said}
        found = turns({**record, **renamed})
        if not found or not found[0].question.strip() or not found[0].answer.strip():
            report.lost += 1
            ledger.add(name, locator, "no-answer" if found else "no-question", text)
            continue
        for _ in found[1:]:
            ledger.add(name, locator, "later-turn: 多轮对话只取首轮 first turn kept", text)
        report.questions += 1
        yield _row(found[0], record, Source(name, sha, locator, text))
    ledger.sources.append(report)


def _alpaca(turn: Turn, kept: Json) -> Json:
    return {
        "instruction": turn.question,
        "input": "",
        "output": turn.answer,
        "system": turn.system,
        **kept,
    }


def _sharegpt(turn: Turn, kept: Json) -> Json:
    said = [{"from": "human", "value": turn.question}, {"from": "gpt", "value": turn.answer}]
    return {"conversations": said, "system": turn.system, **kept}


def _openai(turn: Turn, kept: Json) -> Json:
    said = [
        {"role": "user", "content": turn.question},
        {"role": "assistant", "content": turn.answer},
    ]
    system = [{"role": "system", "content": turn.system}] if turn.system else []
    return {"messages": [*system, *said], **kept}


FORMATS: dict[str, tuple[str, Callable[[Turn, Json], Json], Json]] = {
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


def _write(path: Path, records: Iterable[Json]) -> int:
    """JSON lines, or one array where the name ends in ``.json``."""
    count = 0
    lines = path.suffix == ".jsonl"
    with atomic(path) as out:
        out.write("" if lines else "[")
        for record in records:
            out.write("" if lines else ",\n" if count else "\n")
            out.write(json.dumps(record, ensure_ascii=False) + ("\n" if lines else ""))
            count += 1
        out.write("" if lines else "\n]\n")
    return count


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
                make(turn, {key: row[key] for key in KEPT if key in row})
                for row in read_jsonl(data / f"{side}.jsonl")
                for turn in turns(row)
            ),
        )
        about[f"{domain}_{side}"] = {"file_name": path.name, **info}
    write_json(folder / "dataset_info.json", about)
    return folder
