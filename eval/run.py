"""Drive OpenCompass: questions to disk, config, inference, judging, and a check of every cell.

Layout of ``RUN/eval``: ``questions/`` (what is asked), ``answers/`` (journals), ``config.py`` (the
whole OpenCompass config of the run), ``predictions/`` and ``results/`` (OpenCompass's),
``state.json``.
"""

from __future__ import annotations

import copy
import logging
import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from core import domain as domains
from core import precision
from core.errors import UserError
from core.files import digest, held, read_json, sha256, shown, write_json, write_jsonl
from core.language import words
from eval import retrieval, suites
from eval.targets import FOLDER, Column

HERE = Path(__file__).parent


def alone(folder: Path) -> AbstractContextManager[None]:
    """Two evaluations must not write one folder."""
    busy = words("正在被另一次评测使用", "in use by another evaluation")
    return held(folder / ".lock", f"{shown(folder)}: {busy}")


def write_questions(
    folder: Path,
    sets: dict[str, list[suites.Question]],
    limits: dict[str, int] | None = None,
    kind: str = "",
) -> Suites:
    """Write the question files; returns what the run needs to know about each suite."""
    about = {}
    for name, questions in sets.items():
        limit = limits[name] if limits else suites.token_limit(questions)
        abbr = f"{name}{kind}-{suites.fingerprint(questions, limit)}"
        path = folder / "questions" / f"{abbr}.jsonl"
        if not path.is_file():
            write_jsonl(path, questions)
        about[name] = {"abbr": abbr, "n": len(questions), "max_tokens": limit}
    return about


def model(folder: Path, column: Column, workers: int) -> dict[str, Any]:
    """A column as an OpenCompass model."""
    from mmengine.config import Config

    kind = "folder" if column.endpoint.backend == FOLDER else "endpoint"
    settings = Config.fromfile(str(HERE / "configs" / "base" / f"{kind}.py")).model.to_dict()
    settings |= {
        "abbr": column.abbr,
        "label": column.name,
        "journal": str(folder / "answers" / f"{column.abbr}.jsonl"),
    }
    if kind == "folder":
        return settings | {"path": column.endpoint.model_dir}
    place = {"path": column.endpoint.model, "openai_api_base": column.endpoint.url}
    return settings | place | {"max_workers": workers}


Suites = dict[str, dict[str, Any]]  # suite → abbr, n, max_tokens


def ask_with_evidence(
    work_dir: Path, sets: dict[str, list[suites.Question]], plain: Suites, mode: str
) -> Suites:
    """The question files of a +RAG column; what :func:`write_questions` returns."""
    prepared = retrieval.note(work_dir, mode)["suites"]
    asked = {
        name: retrieval.questions(work_dir, mode, name, questions)
        for name, questions in sets.items()
        if name in prepared
    }
    asked = {name: questions for name, questions in asked.items() if questions}
    limits = {name: plain[name]["max_tokens"] for name in asked}
    return write_questions((work_dir / "eval").resolve(), asked, limits, f"-{mode}")


def fewer(
    sets: dict[str, list[suites.Question]], most: int, seed: int
) -> dict[str, list[suites.Question]]:
    """At most ``most`` questions of each suite, by the seed."""
    return {name: suites.sample(questions, most, seed) for name, questions in sets.items()}


def config(folder: Path, columns: list[Column], about: dict[str, Suites], workers: int) -> Any:
    """The run's OpenCompass config: ``eval/configs/domain.py`` filled in, as an mmengine Config. It
    holds no key, so it can be kept beside the results and given to ``opencompass`` itself."""
    from mmengine.config import Config

    cfg = Config.fromfile(str(HERE / "configs" / "domain.py"))
    dataset = cfg.pop("dataset").to_dict()

    def filled(suite: dict[str, Any]) -> dict[str, Any]:
        path = str(folder / "questions" / f"{suite['abbr']}.jsonl")
        one = {**copy.deepcopy(dataset), "abbr": suite["abbr"], "path": path}
        one["infer_cfg"]["inferencer"]["max_out_len"] = suite["max_tokens"]
        one["eval_cfg"]["evaluator"]["path"] = path
        return one

    every = {s["abbr"]: filled(s) for one in about.values() for s in one.values()}
    cfg.models = [model(folder, column, workers) for column in columns]
    cfg.datasets = list(every.values())
    cfg.model_dataset_combinations = [
        {"models": [chosen], "datasets": [every[s["abbr"]] for s in about[column.name].values()]}
        for column, chosen in zip(columns, cfg.models, strict=True)
    ]
    cfg.work_dir = str(folder)
    return cfg


def forget_broken(folder: Path, columns: list[Column], about: dict[str, Suites]) -> None:
    """OpenCompass skips what has a file, even half a file: drop predictions that do not hold one
    answer per question, and all results (judging again costs nothing and the scorer may have
    changed)."""
    for column in columns:
        for suite in about[column.name].values():
            place = Path(column.abbr) / f"{suite['abbr']}.json"
            (folder / "results" / place).unlink(missing_ok=True)
            predictions = folder / "predictions" / place
            if predictions.is_file():
                try:
                    whole = len(read_json(predictions)) == suite["n"]
                except UserError:
                    whole = False
                if not whole:
                    predictions.unlink()


def imports() -> None:
    """Import OpenCompass and our classes of it (15 s on two cores), once a process."""
    # Before the first import: everything is on disk, and nobody must try a hub.
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
    precision.share_cores()
    from eval import opencompass_classes  # noqa: F401


def opencompass(cfg: Any, phases: tuple[str, ...] = ("infer", "eval")) -> None:
    """Infer, then judge, with the partitioners and runners that the config names."""
    imports()
    from opencompass.openicl.icl_inferencer import icl_gen_inferencer
    from opencompass.registry import PARTITIONERS, RUNNERS

    if not os.environ.get("TIKUFORGE_VERBOSE"):
        logging.disable(logging.WARNING)
        # Its bar counts batches, of which there is one; that of our classes counts questions.
        icl_gen_inferencer.tqdm = lambda batches, **_: batches
    for name in phases:
        phase, folder = cfg[name], {"infer": "predictions", "eval": "results"}[name]
        where = Path(cfg.work_dir) / folder
        chosen = {**phase.partitioner, "out_dir": str(where)}
        if "NumWorker" in str(chosen["type"]):  # its own place is the current folder
            chosen["dataset_size_path"] = str(where.parent / "sizes.json")
        partitioner = PARTITIONERS.build(chosen)
        RUNNERS.build(phase.runner)(partitioner(cfg))


def results(folder: Path, column: str, suite: dict[str, Any]) -> list[dict[str, Any]]:
    """The judged answers of one cell of the card, one per question and in order.

    OpenCompass exits 0 when a task fails and shows ``-``; here a missing file or row is an error.
    """
    path = folder / "results" / column / f"{suite['abbr']}.json"
    if not path.is_file():
        raise incomplete(path, "make eval")
    found = read_json(path).get("details", [])
    # OpenCompass wraps every field of a detail in a list (one entry per repetition; we have one).
    rows = [{k: v[0] for k, v in detail.items() if isinstance(v, list)} for detail in found]
    if len(rows) != suite["n"]:
        n, wanted = len(rows), suite["n"]
        said = words(f"{n} 条结果, 应有 {wanted} 条", f"{n} results, there should be {wanted}")
        raise UserError(f"{shown(path)}: {said}")
    return rows


def incomplete(path: Path, command: str) -> UserError:
    """``path``, which OpenCompass should have written, is not there."""
    where = shown(path)
    return UserError(
        words(
            f"评测没有完成: 缺 {where}; 请重新运行 {command}",
            f"the evaluation is incomplete: {where} is missing; run {command} again",
        )
    )


def scorer() -> str:
    """A hash of this room's code: another scorer makes another card."""
    return digest([sha256(path) for path in sorted(HERE.rglob("*.py"))])


def runner(name: str) -> Any:
    """``infer`` and ``eval`` of ``eval/configs/runners/NAME.py`` or of a site's own file."""
    from mmengine.config import Config

    path = Path(name) if name.endswith(".py") else HERE / "configs" / "runners" / f"{name}.py"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in (HERE / "configs" / "runners").glob("*.py")))
        said = words(
            f"没有这个文件; 有 {known}, 或自己的文件",
            f"no such file; there are {known}, or a file of your own",
        )
        raise UserError(f"--runner {name}: {said}")
    found = Config.fromfile(str(path))
    if not {"infer", "eval"} <= set(found):
        said = words("须写出 infer 与 eval", "must set infer and eval")
        raise UserError(f"--runner {name}: {said}")
    return found


def questions_of(
    work_dir: Path,
    domain: domains.Domain,
    sets: dict[str, list[suites.Question]],
    columns: list[Column],
    most: dict[str, int],
) -> tuple[Suites, dict[str, Suites]]:
    """The question files: those asked plainly, and each column's own (:func:`evaluate`)."""
    folder = (work_dir / "eval").resolve()
    plain = write_questions(folder, sets)
    limits = {name: suite["max_tokens"] for name, suite in plain.items()}
    about = {}
    for column in columns:
        size = most.get(column.name)
        asked = fewer(sets, size, domain.seed) if size else sets
        about[column.name] = (
            ask_with_evidence(work_dir, asked, plain, column.mode)
            if column.mode
            else write_questions(folder, asked, limits)
        )
    return plain, about


def counts(about: dict[str, Suites]) -> str:
    """How many questions each column is asked."""
    return ", ".join(f"{name} {sum(s['n'] for s in own.values())}" for name, own in about.items())


def ask(
    work_dir: Path,
    name: str,
    data: Path,
    suite: str,
    columns: list[Column],
    workers: int,
    most: dict[str, int] | None = None,
) -> None:
    """Write the answers of ``columns`` while their servers run, for a later :func:`evaluate` of
    these and other columns, which asks nothing that is answered."""
    domain, folder = domains.load(name), (work_dir / "eval").resolve()
    with alone(folder):
        sets = suites.build(domain, data, suite)
        _, about = questions_of(work_dir, domain, sets, columns, most or {})
        print(f"{words('提问, 题数', 'asking, questions')}: {counts(about)}", flush=True)
        cfg = config(folder, columns, about, workers)
        forget_broken(folder, columns, about)
        opencompass(cfg, ("infer",))


def evaluate(
    work_dir: Path,
    name: str,
    data: Path,
    suite: str,
    columns: list[Column],
    workers: int,
    cluster: str = "",
    most: dict[str, int] | None = None,
) -> bool:
    """Everything up to the judged answers, for :mod:`eval.report` to read; returns False when
    nothing had changed since the last complete run, so that nothing was asked or judged. ``most``:
    for a column of that name at most so many questions a suite (a base never stops: on a CPU its
    columns take most of the time)."""
    domain = domains.load(name)
    folder = (work_dir / "eval").resolve()
    sets = suites.build(domain, data, suite)
    with alone(folder):
        plain, about = questions_of(work_dir, domain, sets, columns, most or {})
        made_of = digest([c.json() for c in columns], about, scorer())
        state = folder / "state.json"
        if state.is_file() and read_json(state).get("made_of") == made_of:
            try:
                check_results(folder, columns, about)
                return False
            except UserError:
                pass  # something was deleted since: make it again
        state.unlink(missing_ok=True)
        print(f"{words('评测, 题数', 'evaluating, questions')}: {counts(about)}")
        start = time.monotonic()
        cfg = config(folder, columns, about, workers)
        if cluster:
            parts = runner(cluster)
            cfg.infer, cfg.eval = parts.infer, parts.eval
        cfg.dump(str(folder / "config.py"))
        forget_broken(folder, columns, about)
        opencompass(cfg)
        check_results(folder, columns, about)
        write_json(
            state,
            {
                "made_of": made_of,
                "domain": domain.name,
                "title": domain.title,
                "suite": suite,
                "columns": {c.name: {**c.json(), "suites": about[c.name]} for c in columns},
                "suites": plain,
                "seconds": round(time.monotonic() - start, 1),
                "finished": time.strftime("%Y-%m-%d %H:%M:%S"),
            },
        )
    return True


def check_results(folder: Path, columns: list[Column], about: dict[str, Suites]) -> None:
    """Every cell is there and whole (:func:`results`)."""
    for column in columns:
        for one in about[column.name].values():
            results(folder, column.abbr, one)
