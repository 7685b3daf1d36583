"""One training run: recipe → XTuner's Runner → checkpoints, with its state in ``run.json``."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import domain as domains
from core.errors import UserError
from core.files import digest, read_json, read_jsonl, sha256, shown, write_json
from train import base_model, mends, preflight, recipes

# Options that change what is shown or kept, not what is learnt: they do not make another run.
COSMETIC = (
    "save_steps",
    "save_total_limit",
    "evaluation_freq",
    "evaluation_samples",
    "log_interval",
)


def run(
    config: str,
    work_dir: Path,
    domain: str,
    data: Path,
    overrides: list[str],
    resume: str = "",
    force: bool = False,
) -> None:
    """Train ``config`` on ``data`` into ``work_dir``.

    ``resume`` is ``""`` (an unfinished run in ``work_dir`` is an error), ```"1"`` (go on from its
    last checkpoint) or ``"auto"`` (go on if the settings are the same, else start over).
    """
    path = recipes.find(config)
    cfg = recipes.load(path, {"data": str(data), **recipes.parse_overrides(overrides)})
    settings = cfg.settings.to_dict()
    preflight.check(path.name, settings)
    base_model.ensure(settings)
    state = describe(path, cfg, domain, data)
    with alone(work_dir):
        note = work_dir / "run.json"
        earlier = read_json(note) if note.is_file() else None
        checkpoint = decide(work_dir, state, earlier, resume, force)
        if checkpoint == "done":
            print(f"已训练过，无变化 up to date: {shown(work_dir)}（重训 to retrain: FORCE=1）")
            return
        carry_out(cfg, work_dir, state, checkpoint)
    print(f"写入 wrote {shown(work_dir)}: 检查点 checkpoints, loss.png, run.json")


@contextmanager
def alone(work_dir: Path) -> Iterator[None]:
    """Hold ``work_dir`` against a second training in it; the kernel lets go when we die.

    Only the first process of a distributed run holds it.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work_dir / ".train.lock")
    if os.environ.get("RANK", "0") != "0":
        yield
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"{shown(work_dir)}: 另一个训练正在写这个目录 another training is writing here: "
            "等它结束，或换 RUN=另一目录 wait for it, or use another RUN="
        ) from None
    try:
        yield
    finally:
        lock.release()


def carry_out(cfg: Any, work_dir: Path, state: dict[str, Any], checkpoint: str) -> None:
    """Train from ``checkpoint`` (``""``: from nothing, what an earlier run left is removed)."""
    mends.apply()
    if not checkpoint:
        for old in (work_dir / "last_checkpoint", work_dir / "loss.jsonl"):
            old.unlink(missing_ok=True)
        for old in work_dir.glob("iter_*.pth"):
            old.unlink()
    cfg.dump(str(work_dir / "config.py"))
    write_json(work_dir / "run.json", {**state, "status": "running"})
    started = time.time()
    xtuner_train(work_dir / "config.py", work_dir, checkpoint)
    points = list(read_jsonl(work_dir / "loss.jsonl"))
    state.update(
        status="trained",
        steps=int(points[-1]["iter"]),
        loss=points[-1]["loss"],
        seconds=round(time.time() - started, 1),
        resumed=bool(checkpoint),
    )
    write_json(work_dir / "run.json", state)


def describe(path: Path, cfg: Any, domain: str, data: Path) -> dict[str, Any]:
    """What this run is made from; ``key`` is the same exactly when it would learn the same."""
    settings = cfg.settings.to_dict()
    data_hash = sha256(data / "train.jsonl")
    learnt = {key: value for key, value in settings.items() if key not in COSMETIC}
    return {
        "config": path.name,
        "domain": domain,
        "system": domains.load(domain).system,
        "base": settings["pretrained_model_name_or_path"],
        "template": settings["prompt_template"],
        "data": str(data),
        "data_sha256": data_hash,
        "rows": sum(1 for _ in read_jsonl(data / "train.jsonl")),
        "settings": {key: str(value) for key, value in settings.items()},
        "key": digest(
            {k: str(v) for k, v in learnt.items() if k != "data"},
            data_hash,
            base_model.identity(Path(settings["pretrained_model_name_or_path"])),
        ),
    }


def last_checkpoint(work_dir: Path) -> str:
    """The newest checkpoint that is whole (mmengine notes it after writing), or ``""``."""
    note = work_dir / "last_checkpoint"
    if note.is_file():
        path = work_dir / Path(note.read_text().strip()).name
        if path.is_file():
            return str(path)
    return ""


def decide(
    work_dir: Path, state: dict[str, Any], earlier: dict[str, Any] | None, resume: str, force: bool
) -> str:
    """``"done"``, the checkpoint to go on from, or ``""`` to start; asks the user where unclear."""
    if earlier is None or force:
        return ""
    same = earlier["key"] == state["key"]
    if same and earlier["status"] != "running":
        return "done"
    checkpoint = last_checkpoint(work_dir)
    where = shown(work_dir)
    if resume == "auto":
        return checkpoint if same else ""
    if resume:
        if not same:
            raise UserError(
                f"{where}: 配方或数据与未完成的训练不同 "
                "recipe or data differ from the unfinished run; "
                "恢复原样再 RESUME=1，或 FORCE=1 重新开始"
            )
        if not checkpoint:
            print("还没有检查点，从头开始 no checkpoint yet: starting from the beginning")
        return checkpoint
    if same:
        raise UserError(
            f"{where}: 有未完成的训练 an unfinished run is here: RESUME=1 继续, FORCE=1 重新开始"
        )
    raise UserError(
        f"{where}: 已有另一配方或数据的训练 holds a run of another recipe or other data: "
        "换 RUN=另一目录，或 FORCE=1 覆盖"
    )


def xtuner_train(config: Path, work_dir: Path, checkpoint: str) -> None:
    """Run XTuner's training entry point in this process (``xtuner train`` would start whatever
    ``python`` is first on PATH). Its log goes to the work dir, our hooks' lines to the console."""
    from mmengine.logging import MMLogger
    from xtuner.tools import train as entry

    original = MMLogger.__init__

    def quiet(self: MMLogger, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        for handler in self.handlers:
            if type(handler) is logging.StreamHandler:
                handler.setLevel(logging.ERROR)

    MMLogger.__init__ = quiet
    argv = ["train", str(config), "--work-dir", str(work_dir)]
    sys.argv = [*argv, "--resume", checkpoint] if checkpoint else argv
    entry.main()
