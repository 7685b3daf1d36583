"""Rows and pairs of what models answered and people preferred.

``make sample`` lets the deployed model answer training questions several times and the scorer judge
(:mod:`eval.sample`, ``samples.jsonl``). Right answers that differ from the key's become rows
(``sampled.jsonl``), right and wrong ones pairs (``pairs.jsonl``: ``prompt``, ``chosen``,
``rejected`` as messages). Blind votes, thumbs and accepted corrections of the page become pairs
too. Nothing about a question that comes near a held-out or probe question is kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.domain import Domain
from core.errors import UserError
from core.explanations import answer_of
from core.files import WORK_DIRS, digest, read_json, read_jsonl, shown, write_jsonl
from core.language import words
from core.rows import Row, Source
from core.text import bare
from data_tools import contamination

SAMPLES, ROWS, PAIRS = "samples.jsonl", "sampled.jsonl", "pairs.jsonl"
SAMPLED, VOTED = "sampled", "voted"  # in ``source.made``
# What the page writes for a domain (web/feedback.py) and beside an evaluation (eval/preference.py).
SAID, JUDGED, CAST = "feedback.jsonl", "feedback-judged.jsonl", "live-votes.jsonl"
VOTES, SIDES = "eval/votes.jsonl", "eval/side_by_side.jsonl"

Record = dict[str, Any]
_CITED = re.compile(r"\s*\[\d{1,2}\]")


def lines(path: Path) -> list[Record]:
    """The lines of a file that need not be there."""
    return list(read_jsonl(path)) if path.is_file() else []


def distinct(texts: Iterable[str], known: Iterable[str] = ()) -> list[str]:
    """``texts`` that say something, each once, without those of ``known``."""
    seen = {"", *map(bare, known)}
    found = []
    for text in texts:
        if bare(text) not in seen:
            seen.add(bare(text))
            found.append(text)
    return found


def pair(prompt: list[Record], chosen: str, rejected: str, source: Record) -> Record:
    """One line of ``pairs.jsonl``."""
    sides = {"chosen": chosen, "rejected": rejected}
    return {
        "id": f"p-{digest(prompt, chosen, rejected)[:12]}",
        "prompt": prompt,
        **{name: [{"role": "assistant", "content": text}] for name, text in sides.items()},
        "source": source,
    }


def prompt_of(record: Record) -> list[Record]:
    """The messages that a training row asks with."""
    talk = record["conversation"]
    system = talk[0].get("system")
    found = [{"role": "system", "content": system}] if system else []
    for turn in talk:
        found.append({"role": "user", "content": turn["input"]})
        found.append({"role": "assistant", "content": turn["output"]})
    return found[:-1]


def of_samples(record: Record, answers: list[Record]) -> tuple[list[Record], list[Record]]:
    """The rows and the pairs that the judged answers to a training row give."""
    key = record["conversation"][-1]["output"]
    source = {**record["source"], "made": SAMPLED, "of": record["id"]}
    right = distinct(one["text"] for one in answers if one["right"])
    wrong = distinct((one["text"] for one in answers if not one["right"]), right)
    rows = []
    for number, text in enumerate(distinct(right, [key]), 1):
        *before, last = record["conversation"]
        talk = [*before, {**last, "output": text}]
        name = f"{record['id']}-s{number}"
        rows.append({**record, "id": name, "conversation": talk, "source": source})
    pairs = [
        pair(prompt_of(record), right[number % len(right)], text, source)
        for number, text in enumerate(wrong if right else ())
    ]
    return rows, pairs


Preferred = tuple[str, str, str, str]  # question, better answer, worse answer, where it was said


def corrections(folder: Path) -> Iterator[Preferred]:
    """The corrections that a person accepted (the last judgement counts), over what was said."""
    judged = {line["id"]: line for line in lines(folder / JUDGED)}
    for line in lines(folder / SAID):
        verdict = judged.get(line["id"], {})
        if line["verdict"] == "correction" and verdict.get("accepted"):
            yield verdict["question"], verdict["answer"], line["answer"], "correction"


def thumbs(folder: Path) -> Iterator[Preferred]:
    """An answer that was praised over another one to the same question that was not; a reader's
    last thumb on an answer counts."""
    last: dict[tuple[str, str, str], Record] = {}
    for line in lines(folder / SAID):
        if line["verdict"] in ("up", "down"):
            last[line["owner"], line["question"], line["answer"]] = line
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"up": [], "down": []})
    asked = {bare(line["question"]): line["question"] for line in last.values()}
    for line in last.values():
        found[bare(line["question"])][line["verdict"]].append(line["answer"])
    for name, sides in found.items():
        up, down = distinct(sides["up"], sides["down"]), distinct(sides["down"], sides["up"])
        for better in up:
            for worse in down:
                yield asked[name], better, worse, "thumb"


def votes(run: Path) -> Iterator[Preferred]:
    """The blind votes on the answers of an evaluation (the last on a question counts)."""
    asked = {(line["suite"], line["id"]): line for line in lines(run / SIDES)}
    main = read_json(run / "report.json").get("main", "") if asked else ""
    winners = {(line["suite"], line["id"]): line["winner"] for line in lines(run / VOTES)}
    for at, winner in winners.items():
        said = asked.get(at, {}).get("answers", {})
        loser = main if winner == "base" else "base"
        if winner in said and loser in said:
            yield asked[at]["question"], said[winner], said[loser], "vote"


def live(folder: Path) -> Iterator[Preferred]:
    """The blind votes on two servers' answers; a reader's last on the same two counts."""
    cast = {}
    for line in lines(folder / CAST):
        cast[line["owner"], line["question"], *sorted(line["answers"].values())] = line
    for line in cast.values():
        better = line["answers"].get(line["winner"])
        for worse in line["answers"].values() if better else ():
            if worse != better:
                yield line["question"], better, worse, "live vote"


def of_people(
    preferred: Iterable[Preferred], train: Iterable[Record], system: str
) -> Iterator[Record]:
    """Pairs of what people preferred, citations taken out (no evidence stands in the prompt). A
    preference against the key of a training question is none."""
    known = {bare(row["conversation"][-1]["input"]): row for row in train}
    head = [{"role": "system", "content": system}] if system else []
    for question, better, worse, where in preferred:
        better, worse = (_CITED.sub("", text).strip() for text in (better, worse))
        row = known.get(bare(question))
        key = bare(answer_of(row["conversation"][-1]["output"])) if row else ""
        against = key and bare(answer_of(worse)) == key != bare(answer_of(better))
        if against or not distinct([better], [worse]) or not bare(worse):
            continue
        source = {"made": VOTED, "by": where} | ({"of": row["id"]} if row else {})
        yield pair([*head, {"role": "user", "content": question}], better, worse, source)


def write(out: Path, run: Path, domain: Domain) -> dict[str, int]:
    """Write ``sampled.jsonl`` and ``pairs.jsonl`` of the data set in ``out``; how many of each, how
    many pairs are people's (``voted``), and how many ``near`` a held-out or probe question were
    left out. Raises :class:`UserError` where there is no data set."""
    if not (out / "train.jsonl").is_file():
        raise UserError(f"{shown(out)}: {words('请先 make data', 'make data first')}")
    train = [row for row in read_jsonl(out / "train.jsonl") if row["kind"] != "general"]
    probe = contamination.guard(held_out(out), domain)
    by_id = {row["id"]: row for row in train}
    near = 0
    rows: list[Record] = []
    pairs: list[Record] = []
    for line in lines(out / SAMPLES):
        record = by_id.get(line["id"])
        if record is None or record["conversation"][-1]["input"] != line["asked"]:
            continue  # the data set was made anew since
        made, judged = of_samples(record, line["answers"])
        if any(probe.hits(line["asked"])):
            near += len(made) + len(judged)
            continue
        rows += made
        pairs += judged
    folder = WORK_DIRS / domain.name
    preferred = [*corrections(folder), *thumbs(folder), *votes(run), *live(folder)]
    people = list(of_people(preferred, train, domain.system))
    voted = [one for one in people if not any(probe.hits(one["prompt"][-1]["content"]))]
    write_jsonl(out / ROWS, rows)
    write_jsonl(out / PAIRS, {one["id"]: one for one in (*pairs, *voted)}.values())
    near += len(people) - len(voted)
    return {"rows": len(rows), "pairs": len(pairs), "voted": len(voted), "near": near}


def held_out(out: Path) -> Iterator[Row]:
    """The held-out questions of the data set in ``out``."""
    for row in lines(out / "eval.jsonl"):
        asked = row["conversation"][-1]["input"]
        yield Row(asked, "", Source("", "", "", asked), id=row["id"])
