"""One training run: recipe → XTuner's Runner → checkpoints, with its state in ``run.json``."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from core import domain as domains
from core import gpu, licences, trust
from core.errors import UserError
from core.files import digest, held, read_json, read_jsonl, sha256, shown, write_json
from core.language import words
from train import (
    base_model,
    card,
    check,
    checkpoints,
    curves,
    launch,
    merge,
    patches,
    preflight,
    recipes,
)

# Options that change what is shown or kept, not what is learnt: they do not make another run.
COSMETIC = (
    "save_steps",
    "save_total_limit",
    "evaluation_freq",
    "evaluation_samples",
    "evaluation_rows",
    "log_interval",
    "track",
    "hub",
    "environment",
    "gpu_memory_gb",
    "keep_frozen",
)


def run(
    config: str,
    work_dir: Path,
    domain: str,
    data: Path,
    overrides: list[str],
    resume: str = "",
    force: bool = False,
    where: launch.Where | None = None,
) -> None:
    """Train ``config`` on ``data`` into ``work_dir``.

    ``resume`` is ``""`` (an unfinished run in ``work_dir`` is an error), ```"1"`` (go on from its
    last checkpoint) or ``"auto"`` (go on if the settings are the same, else start over); ``where``
    says on how many processes and machines.
    """
    where = where or launch.Where()
    path = recipes.find(config)
    options = {"data": str(data), **recipes.parse_overrides(overrides)}
    asked = recipes.load(path, options)
    settings = asked.settings.to_dict()
    preflight.check(path.name, settings, where)
    if where.node_rank:  # another machine's part: the first one decides and keeps the books
        launch.train(work_dir, where)
        return
    base_model.ensure(settings)
    state = describe(path, asked, domain, data)
    with alone(work_dir), checkpoints.disk(work_dir):
        note = work_dir / "run.json"
        earlier = read_json(note) if note.is_file() else None
        checkpoint = decide(work_dir, state, earlier, resume, force)
        if checkpoint == "done":
            print(
                words(
                    f"已训练过，无变化: {shown(work_dir)}（重训: FORCE=1）",
                    f"up to date: {shown(work_dir)} (to train it again: FORCE=1)",
                )
            )
            return
        # A login node's GPU, if it has one, is not the job's.
        there = where.launcher == "slurm" and asked.settings.device == "cuda"
        cfg = asked if there else recipes.measured(path, asked, options, where.gpus)
        state["settings"] = strings(cfg.settings.to_dict())
        prepare(cfg, work_dir, state, checkpoint)
        if where.launcher == "slurm":
            launch.note(work_dir, checkpoint, recipe=str(path.resolve()), options=options)
        if not launch.train(work_dir, where):
            return
        finish(work_dir)
    print(
        words(
            f"写入 {shown(work_dir)}: 检查点、loss.png、card.md、run.json",
            f"wrote {shown(work_dir)}: checkpoints, loss.png, card.md, run.json",
        )
    )
    if where.alone and settings["device"] == "cpu":
        # At once, in the process that has imported all it takes (20 s of the demo). A GPU may
        # have no room for a second model beside the trained one: make train starts a process there.
        merge.adapter(work_dir)


def alone(work_dir: Path) -> AbstractContextManager[None]:
    """Hold ``work_dir`` against a second training in it."""
    return held(
        work_dir / ".train.lock",
        f"{shown(work_dir)}: "
        + words(
            "另一个训练正在写这个目录: 等它结束，或换 RUN=另一目录",
            "another training is writing here: wait for it, or use another RUN=",
        ),
    )


def prepare(cfg: Any, work_dir: Path, state: dict[str, Any], checkpoint: str) -> None:
    """Write all that the training processes read. Without a ``checkpoint`` what an earlier run left
    is removed first, noted before, so that a kill between the two is not taken for a run."""
    patches.apply()
    check.quick(state["config"], cfg, cfg.settings.to_dict())
    if not checkpoint:
        write_json(work_dir / "run.json", {**state, "status": "starting"})
        checkpoints.clear(work_dir)
        for name in (
            "loss.jsonl",
            "eval_loss.jsonl",
            "samples.jsonl",
            "loss.png",
            "reference.jsonl",
        ):
            (work_dir / name).unlink(missing_ok=True)
    cfg.dump(str(work_dir / "config.py"))
    launch.note(work_dir, checkpoint)
    write_json(work_dir / "run.json", {**state, "status": "running"})


def settle(work_dir: Path) -> None:
    """On the first node that Slurm gave, before training starts there: what only a machine with its
    GPU can tell. Writes ``config.py`` anew with the dtype that this GPU computes fast.

    Raises :class:`UserError` where its driver does not run the environment's torch.
    """
    noted = read_json(work_dir / "launch.json")
    path, options = Path(noted["recipe"]), noted["options"]
    asked = recipes.load(path, options)
    lacks = preflight.machine(asked.settings.to_dict(), launch.Where())
    if lacks:
        raise UserError(f"{path.name}: {lacks}")
    cfg = recipes.measured(path, asked, options, len(gpu.gpus()))
    cfg.dump(str(work_dir / "config.py"))
    state = read_json(work_dir / "run.json")
    settings = {**state["settings"], "dtype": cfg.settings.dtype}
    write_json(work_dir / "run.json", {**state, "settings": settings})


def finish(work_dir: Path) -> None:
    """Close the books of a run whose training processes ended well: ``run.json`` and its card."""
    points = curves.read(work_dir / "loss.jsonl")
    if not points or not checkpoints.last(work_dir):
        raise UserError(
            words(
                f"{shown(work_dir)} 的训练没有留下检查点: RESUME=1 …",
                f"the training in {shown(work_dir)} left no checkpoint: RESUME=1 …",
            )
        )
    trust.seal(work_dir / "config.py")  # as the runner wrote it: make merge runs it
    evaluated = curves.read(work_dir / "eval_loss.jsonl")
    state = read_json(work_dir / "run.json")
    state.update(
        status="trained",
        finished=time.strftime("%Y-%m-%d %H:%M:%S"),
        **card.figures(points, evaluated),
    )
    write_json(work_dir / "run.json", state)
    card.write(work_dir, state)


def strings(settings: dict[str, Any]) -> dict[str, str]:
    """Options as ``run.json`` keeps them."""
    return {key: str(value) for key, value in settings.items()}


def lines(path: Path | None) -> int:
    """How many rows a file holds; 0 for none."""
    return sum(1 for _ in read_jsonl(path)) if path else 0


def describe(path: Path, asked: Any, domain: str, data: Path) -> dict[str, Any]:
    """What this run is made from; ``key`` is the same exactly when it would learn the same. It
    holds the options that were asked for: what a machine chooses by itself (dtype ``auto``)
    changes no run, so that one begun here goes on there."""
    settings = asked.settings.to_dict()
    file = preflight.training_file(settings)
    data_hash = sha256(file)
    learnt = {key: value for key, value in settings.items() if key not in (*COSMETIC, "data")}
    del learnt["evidence"], learnt["wordings"], learnt["sampled"]
    if not settings["preference"]:
        for name in recipes.PREFERENCE:
            del learnt[name]
    more = {path.stem: path for path in preflight.training_files(settings)[1:]}
    learnt |= {name: sha256(path) for name, path in more.items() if path.stat().st_size}
    if not settings["best_by"]:
        learnt.pop("best_by"), learnt.pop("early_stopping_patience")
    else:  # then the step that is kept hangs on how it was evaluated
        learnt |= {key: settings[key] for key in ("evaluation_freq", "evaluation_rows")}
    start = settings["load_from"]
    return {
        "config": path.name,
        "domain": domain,
        "system": domains.load(domain).system,
        "base": settings["pretrained_model_name_or_path"],
        "template": settings["prompt_template"],
        "data": str(data),
        "data_file": str(file),
        "data_sha256": data_hash,
        "rows": sum(1 for _ in read_jsonl(file)) if file.suffix == ".jsonl" else None,
        "evidence_rows": lines(more.get("evidence")),
        "wordings_rows": lines(more.get("wordings")),
        "sampled_rows": lines(more.get("sampled")),
        "settings": strings(settings),
        "made_with": card.environment(),
        "licences": licences.of_run(Path(settings["pretrained_model_name_or_path"]), Path(data)),
        "key": digest(
            strings(learnt),
            data_hash,
            base_model.identity(Path(settings["pretrained_model_name_or_path"])),
            sha256(Path(start) / "adapter_model.safetensors") if start else "",
        ),
    }


def decide(
    work_dir: Path, state: dict[str, Any], earlier: dict[str, Any] | None, resume: str, force: bool
) -> str:
    """``"done"``, the checkpoint to go on from, or ``""`` to start; asks the user where unclear."""
    if earlier is None or force or earlier["status"] == "starting":
        return ""
    same = earlier["key"] == state["key"]
    if same and earlier["status"] == "trained":
        return "done"
    where = shown(work_dir)
    if resume == "auto":
        return checkpoints.last(work_dir) if same else ""
    if resume:
        if not same:
            raise UserError(
                f"{where}: "
                + words(
                    "配方或数据与未完成的训练不同: 恢复原样再 RESUME=1，或 FORCE=1 重新开始",
                    "recipe or data differ from the unfinished run: put them back and RESUME=1, "
                    "or FORCE=1 to start over",
                )
            )
        checkpoint = checkpoints.last(work_dir)
        if not checkpoint:
            print(words("还没有检查点，从头开始", "no checkpoint yet: starting over"))
        return checkpoint
    if same:
        raise UserError(
            f"{where}: "
            + words(
                "有未完成的训练: RESUME=1 继续，FORCE=1 重新开始",
                "an unfinished run is here: RESUME=1 to go on, FORCE=1 to start over",
            )
        )
    raise UserError(
        f"{where}: "
        + words(
            "已有另一配方或数据的训练: 换 RUN=另一目录，或 FORCE=1 覆盖",
            "holds a run of another recipe or other data: use another RUN=, or FORCE=1 to "
            "overwrite it",
        )
    )
