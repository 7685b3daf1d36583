"""The heavy steps on Ray Data (``make data ENGINE=ray``): the same rows, byte for byte.

Workers read banks and slices of tables, expand templates, normalise, key, judge repeats and compare
paraphrases; the driver puts rows in order, joins groups and writes. On a cluster, set RAY_ADDRESS
and keep repository and sources where every node sees them. Ray's usage statistics are off.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import pandas
import ray

from core.domain import Domain
from core.files import ROOT, sha256
from core.kept import Entry
from core.rows import Row
from data_tools import clean, groups, sources, tables, templates
from data_tools.build import Engine
from data_tools.ledger import Ledger, SourceReport
from data_tools.sources import Inputs, Shared

Json = dict[str, Any]


def start() -> int:
    """Join the cluster at RAY_ADDRESS, or start one here; returns its number of CPUs."""
    if not ray.is_initialized():
        ray.init(
            address=os.environ.get("RAY_ADDRESS") or None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
        )
    cpus = int(ray.cluster_resources().get("CPU", 1))
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.default_hash_shuffle_parallelism = cpus * 4
    return cpus


def bucket(text: str, buckets: int) -> int:
    """The same bucket for the same text in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") % buckets


def everywhere(function: Any, tasks: Sequence[Json]) -> list[Any]:
    """``function`` of every task, on the workers, in the order of the tasks."""
    if not tasks:
        return []
    items = [{"number": number, "task": pickle.dumps(task)} for number, task in enumerate(tasks)]

    def run(item: Json) -> Json:
        return {
            "number": item["number"],
            "made": pickle.dumps(function(pickle.loads(item["task"]))),
        }

    found = ray.data.from_items(items, override_num_blocks=len(items)).map(run).take_all()
    return [pickle.loads(f["made"]) for f in sorted(found, key=lambda f: f["number"])]


def _finish(rows: list[Row], convert: str) -> tuple[list[Row], list[clean.Keys]]:
    done = clean.normalise(rows, clean.converter(convert))
    return done, [clean.keys(row) for row in done]


def read_bank(task: Json) -> tuple[list[Row], list[clean.Keys], Ledger]:
    """One whole bank."""
    ledger = Ledger()
    rows = list(sources.read_bank(Path(task["path"]), ledger, task["name"], task["how"]))
    return *_finish(rows, task["convert"]), ledger


# Of one record: number, rows with their keys, share in the questions about values, ledger entries.
Slice = list[tuple[int, list[Row], list[clean.Keys], list[Shared], list[Entry]]]


def read_slice(task: Json) -> tuple[Slice, set[str]]:
    """Every ``of``-th record of a table; with the columns that were seen."""
    path, name = Path(task["path"]), task["name"]
    packs = [templates.load(Path(each)) for each in task["packs"]]
    fitting: list[templates.Pack] = []
    found: Slice = []
    columns: set[str] = set()
    for number, record in enumerate(tables.records(path, task["how"])):
        if record.reason:
            if number % task["of"] == task["part"]:
                ledger = Ledger()
                sources.refused(record, ledger, name)
                found.append((number, [], [], [], ledger.entries))
            continue
        fitting = fitting or sources.fit(path, packs, list(record.values))
        if number % task["of"] == task["part"]:
            ledger = Ledger()
            columns.update(record.values)
            rows, shared = sources.read_record(fitting, record, ledger, name, task["sha"])
            found.append((number, *_finish(rows, task["convert"]), shared, ledger.entries))
    return found, columns


def _table(
    parts: Iterable[tuple[Slice, set[str]]], task: Json, ledger: Ledger
) -> tuple[list[Row], list[clean.Keys]]:
    """Put the slices of one table together as one reader would have read it."""
    records = sorted((each for found, _ in parts for each in found), key=lambda each: each[0])
    columns = {column for _, seen in parts for column in seen}
    packs = [templates.load(Path(each)) for each in task["packs"]]
    fitting = sources.fit(Path(task["path"]), packs, sorted(columns))
    rows: list[Row] = []
    keys: list[clean.Keys] = []
    for _, made, known, _, entries in records:
        rows.extend(made)
        keys.extend(known)
        ledger.entries.extend(entries)
    shared = [share for record in records for share in record[3]]
    made, known = _finish(list(sources.about_values(fitting, shared)), task["convert"])
    rows.extend(made)
    keys.extend(known)
    sources.absent(fitting, columns, ledger, task["name"])
    ledger.sources.append(SourceReport(task["name"], task["sha"], len(rows)))
    return rows, keys


def prepare(inputs: Inputs, domain: Domain, ledger: Ledger) -> tuple[list[Row], list[clean.Keys]]:
    """All rows, normalised, with their keys, in reading order."""
    parts = start() * 2
    convert = domain.settings.get("convert", "")
    files = [ROOT / name for name in (*inputs.bank, *inputs.table)]
    packs = [str(path) for path in templates.find(inputs.templates)]
    tasks = [
        {
            "path": str(path),
            "name": name,
            "convert": convert,
            "packs": packs,
            "of": parts,
            "how": inputs.how,
        }
        for path, name in zip(files, sources.names(files), strict=True)
    ]
    banks, lists = tasks[: len(inputs.bank)], tasks[len(inputs.bank) :]
    rows: list[Row] = []
    keys: list[clean.Keys] = []
    read = everywhere(read_bank, banks)
    for _, _, noted in read:
        ledger.entries.extend(noted.entries)
        ledger.sources.extend(noted.sources)
        ledger.loose.extend(noted.loose)
    late, used = sources.joined_rows(ledger)
    for task, (made, known, _) in zip(banks, read, strict=True):
        more, extra = _finish(late.get(task["name"], []), convert)
        if task["name"] not in used:
            sources.some([*made, *more], Path(task["path"]))
        rows += [*made, *more]
        keys += [*known, *extra]
    for task in lists:
        task["sha"] = sha256(task["path"])
        slices = everywhere(read_slice, [{**task, "part": part} for part in range(parts)])
        made, known = _table(slices, task, ledger)
        sources.some(made, Path(task["path"]))
        rows.extend(made)
        keys.extend(known)
    sources.number(rows, inputs.domain)
    return rows, keys


def judge(known: Sequence[clean.Keys], right: Container[int] = ()) -> dict[int, clean.Verdict]:
    """:func:`clean.decide`, one bucket of questions a group."""
    buckets = start() * 4
    frame = pandas.DataFrame(
        {
            "index": range(len(known)),
            "bucket": [bucket(key.question, buckets) for key in known],
            "question": [key.question for key in known],
            "answer": [key.answer for key in known],
            "right": [index in right for index in range(len(known))],
        }
    )

    def decide(group: pandas.DataFrame) -> pandas.DataFrame:
        group = group.sort_values("index")
        index = group["index"].tolist()
        keys = [clean.Keys(*pair) for pair in zip(group["question"], group["answer"], strict=True)]
        chosen = {place for place, kept in enumerate(group["right"]) if kept}
        found = clean.decide(keys, chosen)
        return pandas.DataFrame(
            {
                "index": [index[place] for place in found],
                "verdict": [verdict for verdict, _ in found.values()],
                "others": [[index[other] for other in others] for _, others in found.values()],
            }
        )

    if not len(known):
        return {}
    data = ray.data.from_pandas(frame).repartition(buckets)
    found = data.groupby("bucket").map_groups(decide, batch_format="pandas").take_all()
    return {f["index"]: (f["verdict"], [int(other) for other in f["others"]]) for f in found}


def pairs(texts: Sequence[str], keys: Sequence[clean.Keys]) -> Iterator[tuple[int, int]]:
    """:func:`groups.pairs`, one bucket of answers a group."""
    if not texts:
        return
    buckets = start() * 4
    counts: Counter[str] = Counter()
    step = -(-len(texts) // buckets)
    chunks = [{"texts": list(texts[at : at + step])} for at in range(0, len(texts), step)]
    for part in everywhere(lambda task: groups.count(task["texts"]), chunks):
        counts.update(part)
    weight = ray.put(groups.weights(counts, len(texts)))
    frame = pandas.DataFrame(
        {
            "index": range(len(texts)),
            "bucket": [bucket(key.answer, buckets) for key in keys],
            "answer": [key.answer for key in keys],
            "text": list(texts),
        }
    )
    shared = frame[frame.duplicated("answer", keep=False)]

    def alike(group: pandas.DataFrame) -> pandas.DataFrame:
        weights = ray.get(weight)
        found: list[tuple[int, int]] = []
        for _, block in group.sort_values("index").groupby("answer", sort=False):
            index = block["index"].tolist()
            for one, other in groups.alike(block["text"].tolist(), weights):
                found.append((index[one], index[other]))
        return pandas.DataFrame(found, columns=["one", "other"], dtype="int64")

    slips = ray.remote(lambda *args: list(groups.slips(*args)))
    waiting = slips.remote([key.question for key in keys], [key.answer for key in keys])
    if len(shared):
        data = ray.data.from_pandas(shared).repartition(buckets)
        for found in data.groupby("bucket").map_groups(alike, batch_format="pandas").take_all():
            yield found["one"], found["other"]
    yield from ray.get(waiting)


ENGINE = Engine(prepare, judge, pairs)
