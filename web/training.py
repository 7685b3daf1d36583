"""Training from the page: which recipes run here, and a run's jobs, one heavy one at a time.

Every job is a line of ``./tiku`` with options that are fixed here, in the background
(:mod:`web.jobs`), with its state and log in ``RUN/.page/VERB/.job``. Which one runs, or ran last,
is noted in ``work_dirs/web/heavy.json``, so that every tab, and a page that was started anew, finds
it. A run lies beside its data set, where ``make train`` puts it: what is done here can be gone on
with in a terminal, and the other way round.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.chat import SERVERS
from core.errors import UserError
from core.files import ROOT, WORK_DIRS, held, read_json, write_json
from core.language import words
from web import catalog, jobs, server

STAGES = ("estimate", "train", "merge", "quantize", "deploy", "eval")
VENVS = Path(os.environ.get("TIKUFORGE_VENVS") or ROOT / ".venvs")  # commands/run.py
NEEDS = {"quantize": ("serve",), "deploy": ("serve",), "eval": ("serve", "eval")}  # environments
NOTE = WORK_DIRS / "web" / "heavy.json"


@dataclass(frozen=True)
class Choice:
    """What is to be trained: ``recipe`` as :func:`recipes` lists it, on the data set ``bank``, for
    ``epochs``, with ``evidence`` or without."""

    bank: catalog.Bank
    recipe: dict[str, Any]
    epochs: int
    evidence: bool

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.bank.folder.parent / Path(self.recipe["name"]).stem

    def line(self, verb: str, *more: str) -> list[str]:
        """The line of ./tiku."""
        said = {
            "config": self.recipe["name"],
            "domain": self.bank.domain,
            "data": self.bank.folder,
            "run": self.run,
            "work-dirs": WORK_DIRS,
            "port": server.PORT,
        }
        line = [jobs.TIKU, verb, *(f"--{name}={value}" for name, value in said.items()), *more]
        if verb in ("estimate", "train"):
            line += [f"--override=max_epochs={self.epochs}", *["--evidence=1"] * self.evidence]
        return line

    def missing(self, verb: str) -> list[str]:
        """The environments that the job makes first."""
        needed = NEEDS.get(verb, (self.recipe["environment"],))
        return [name for name in needed if not (VENVS / name / ".installed").is_file()]


def recipes(data: Path, language: str) -> tuple[list[dict[str, Any]], str]:
    """The recipes as ``train recipes`` lists them for a data set, or the one line that says
    why it could not."""
    found, error = jobs.asked(["train", "recipes", f"--data={data}"], language)
    return found or [], error


def place(run: Path, verb: str) -> Path:
    """Where the job ``verb`` of a run is noted."""
    return run / ".page" / verb


def last() -> dict[str, Any]:
    """The heavy job that runs, or ran last: ``run``, ``verb``, ``about`` (a line for people) and
    ``job``, what :func:`jobs.state` has; empty before the first."""
    if not NOTE.is_file():
        return {}
    noted = dict(read_json(NOTE))
    run = WORK_DIRS / noted["run"]
    return {**noted, "run": run, "job": jobs.state(place(run, noted["verb"]))}


def running() -> dict[str, Any]:
    """The heavy job that runs; empty where none does."""
    found = last()
    return found if found and found["job"]["state"] == "running" else {}


def mark() -> tuple[Any, ...]:
    """What changes with every heavy job, one that began and ended between two looks too."""
    found = last()
    if not found:
        return ()
    return NOTE.stat().st_mtime_ns, *jobs.mark(place(found["run"], found["verb"]))


def start(choice: Choice, verb: str, *more: str) -> None:
    """Begin a job in the background; :class:`UserError` while another one runs, whoever's."""
    with held(NOTE.with_suffix(".lock")):
        if now := running():
            raise UserError(
                words(
                    f"同一时间只做一件: {now['about']} 还在进行",
                    f"one at a time: {now['about']} is still at work",
                )
            )
        about = f"{choice.bank.title} · {choice.recipe['name']}"
        noted = {"run": catalog.name_of(choice.run), "verb": verb, "about": about}
        write_json(NOTE, noted)
        jobs.start(place(choice.run, verb), [choice.line(verb, *more)])


def stop() -> None:
    """Stop the job that runs: a training saves a checkpoint first; told again, it does not."""
    if now := running():
        jobs.cancel(place(now["run"], now["verb"]))


def within(folder: Path) -> bool:
    """Whether the job that runs works in ``folder``."""
    now = running()
    return bool(now) and folder in now["run"].parents


def estimated(choice: Choice) -> dict[str, Any]:
    """The estimate of this very choice; empty where there is none, or the data has changed."""
    job, file = jobs.folder(place(choice.run, "estimate")), choice.run / "estimate.json"
    if jobs.state(place(choice.run, "estimate"))["state"] != "done" or not file.is_file():
        return {}
    same = read_json(job / "job.json")["steps"] == jobs.commands([choice.line("estimate")])
    rows = choice.bank.folder / "train.jsonl"
    fresh = rows.is_file() and rows.stat().st_mtime < file.stat().st_mtime
    return dict(read_json(file)) if same and fresh else {}


def trained(run: Path) -> dict[str, Any]:
    """``run.json`` of a run, ``status`` trained or (cut off, or stopped) running; empty where
    nothing was begun."""
    note = run / "run.json"
    return dict(read_json(note)) if note.is_file() else {}


def served(run: Path) -> bool:
    """Whether the model of this run is noted as the one on the page's port."""
    note = SERVERS / f"{server.PORT}.json"
    model = Path(read_json(note).get("model_dir") or "-") if note.is_file() else Path()
    return run.resolve() in model.resolve().parents


def standing(run: Path, verb: str) -> dict[str, Any]:
    """The state of a run's job, with ``old`` where the run was trained again since it ended."""
    now = jobs.state(place(run, verb))
    if now["state"] == "none":
        return now
    ended, weights = (jobs.folder(place(run, one)) / "state.json" for one in (verb, "train"))
    after = verb not in ("estimate", "train") and weights.is_file()
    return {**now, "old": after and ended.stat().st_mtime < weights.stat().st_mtime}
