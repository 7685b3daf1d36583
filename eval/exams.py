"""C-Eval, CMMLU and CMB by OpenCompass's own configs, for machines that have or reach their data.

``make eval`` needs none of it. ``python -m eval exams --work-dir RUN --column tuned=23342`` writes
``RUN/eval/exams/<column>.json``, and the card shows what it finds there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import read_json, write_json
from core.language import words
from eval import run, stats
from eval.targets import Column

# Exam → where its data lies below COMPASS_DATA_CACHE, and whether OpenCompass can fetch it.
EXAMS = {
    "ceval": ("data/ceval/formal_ceval", True),
    "cmmlu": ("data/cmmlu", True),
    "cmb": ("data/CMB", False),
}

LIMIT = 64  # tokens: a letter and the words around it


def exam(abbr: str) -> str:
    """The exam that a data set belongs to: ``ceval-computer_network`` → ``ceval``."""
    return abbr.partition("-")[0]


def chosen(only: list[str]) -> Any:
    """The config with the data sets of ``only`` (exams, or single ones by their abbr)."""
    from mmengine.config import Config

    cfg = Config.fromfile(str(run.HERE / "configs" / "exams.py"))
    known = {exam(one["abbr"]) for one in cfg.datasets} | {one["abbr"] for one in cfg.datasets}
    if unknown := set(only) - known:
        asked, there = ", ".join(sorted(unknown)), ", ".join(EXAMS)
        raise UserError(
            words(f"没有考试 {asked}; 有 {there}", f"no exam {asked}; there are {there}")
        )
    cfg.datasets = [
        one for one in cfg.datasets if not only or {exam(one["abbr"]), one["abbr"]} & set(only)
    ]
    return cfg


def require(datasets: list[Any]) -> None:
    """The data of every exam is here, or can be fetched; :class:`UserError` in one line if not."""
    from opencompass.utils import build_dataset_from_cfg

    seen: set[str] = set()
    for one in datasets:
        name = exam(one["abbr"])
        if name in seen:
            continue
        seen.add(name)
        place, remote = EXAMS[name]
        try:
            build_dataset_from_cfg(one)
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:160]
            where = Path(os.environ.get("COMPASS_DATA_CACHE") or "~/.cache/opencompass") / place
            zh, en = ("联网后重试, 或", "retry with a network, or ") if remote else ("", "")
            said = words(
                f"没有题目, 也取不到 ({reason}); {zh}把数据放到 {where}",
                "its questions are not here and cannot be fetched "
                f"({reason}); {en}put them at {where}",
            )
            raise UserError(f"{name}: {said}") from None


def evaluate(work_dir: Path, column: Column, only: list[str], workers: int) -> dict[str, Any]:
    """Ask one column the exams; returns exam → accuracy as a cell (weighted by questions)."""
    cfg = chosen(only)
    require(cfg.datasets)
    for one in cfg.datasets:  # some of OpenCompass's leave it to the model
        inferencer = one["infer_cfg"]["inferencer"]
        inferencer["max_out_len"] = inferencer.get("max_out_len") or LIMIT
    folder = (work_dir / "eval" / "exams").resolve()
    with run.alone(folder):
        cfg.models = [run.model(folder, column, workers)]
        cfg.work_dir = str(folder)
        parts = here()
        cfg.infer, cfg.eval = parts.infer, parts.eval
        run.opencompass(cfg)
        marks: dict[str, list[float]] = {}
        for one in cfg.datasets:
            path = folder / "results" / column.abbr / f"{one['abbr']}.json"
            if not path.is_file():
                raise run.incomplete(path, "python -m eval exams")
            found = read_json(path)
            n = _asked(folder, column.abbr, one["abbr"])
            right = round(found["accuracy"] * n / 100)
            marks.setdefault(exam(one["abbr"]), []).extend([1.0] * right + [0.0] * (n - right))
        cells = {name: stats.cell(values) for name, values in marks.items()}
        write_json(folder / f"{column.name}.json", {"model": column.json(), "exams": cells})
    return cells


def here() -> Any:
    """Both phases in this process."""
    from mmengine.config import Config

    return Config.fromfile(str(run.HERE / "configs" / "base" / "here.py"))


def _asked(folder: Path, column: str, abbr: str) -> int:
    return len(read_json(folder / "predictions" / column / f"{abbr}.json"))


def found(work_dir: Path) -> dict[str, dict[str, Any]]:
    """What the card shows: column → exam → cell."""
    folder = work_dir / "eval" / "exams"
    return {path.stem: read_json(path)["exams"] for path in sorted(folder.glob("*.json"))}
