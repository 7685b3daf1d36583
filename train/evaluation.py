"""Evaluation on the way: loss (and exact answers) on the eval split, the best checkpoint, and an
early end where it does not get better.

mmengine's own would not do the same. ``ValLoop`` calls ``forward`` in mode ``predict``, where
XTuner's model gives no loss, and its sampler repeats rows to share them out evenly;
``CheckpointHook(save_best=…)`` deletes the last best before it writes the next, in place;
``EarlyStoppingHook`` begins to count anew in a run that goes on (here the curve is counted).
"""

from __future__ import annotations

import math
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from core import journal, trust
from core.explanations import answer_of
from core.files import read_jsonl, write_jsonl
from core.language import words
from core.text import bare
from core.thinking import without_thinking
from train import checkpoints, curves
from train.hooks import answers, bare_model, save_now


@HOOKS.register_module()
class EvalHook(Hook):
    """Mean loss over the answer tokens of ``rows`` evaluation rows every ``every_n_iters``
    iterations and at the end, in ``eval_loss.jsonl``.

    ``best_by`` (``"loss"`` or ``"exact"``: the share of rows answered exactly, greedily) keeps the
    best step as ``best_iter_N.pth``, of which the adapter is then made; ``patience`` > 0 ends the
    run after that many evaluations without a better one.
    """

    priority = "LOWEST"

    def __init__(
        self,
        dataset: dict[str, Any],
        tokenizer: dict[str, Any],
        path: str,
        collate: dict[str, Any],
        rows: int = 200,
        every_n_iters: int = 500,
        accumulative_counts: int = 1,
        batch_size: int = 4,
        best_by: str | None = None,
        patience: int = 0,
    ) -> None:
        # A checkpoint of the best step must not lose gradients.
        self.every = -(-every_n_iters // accumulative_counts) * accumulative_counts
        self.cfg, self.collate_cfg, self.source = dataset, collate, Path(path)
        self.tokenizer_cfg, self.rows, self.batch_size = tokenizer, rows, batch_size
        self.best_by, self.patience = best_by, patience
        self.points: list[dict[str, Any]] = []
        self.batches: list[Any] = []

    def before_train(self, runner: Any) -> None:
        """Tokenize the rows; take up the curve of a resumed run."""
        from functools import partial

        from mmengine.utils.misc import get_object_from_string
        from xtuner.registry import BUILDER

        self.folder = Path(runner.work_dir)
        self.curve = self.folder / "eval_loss.jsonl"
        self.points = curves.read(self.curve, until=runner.iter) if runner.iter else []
        if is_main_process():
            write_jsonl(self.curve, self.points)
        if not self.source.is_file() or next(read_jsonl(self.source), None) is None:
            self.rows = 0
        if not self.rows:
            return
        dataset = BUILDER.build(dict(self.cfg))
        picked = sorted(range(len(dataset)), key=lambda i: len(dataset[i]["input_ids"]))
        picked = picked[:: max(1, math.ceil(len(picked) / self.rows))]
        settings = dict(self.collate_cfg)
        kind = settings.pop("type")
        if isinstance(kind, str):  # as a dumped config has it
            kind = get_object_from_string(kind)
        gather = partial(kind, **settings)
        for start in range(0, len(picked), self.batch_size):
            batch = [dataset[i] for i in picked[start : start + self.batch_size]]
            self.batches.append(gather(batch)["data"])

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Evaluate where it is due; keep the best; end where nothing gets better."""
        due = self.every_n_train_iters(runner, self.every) or self.is_last_train_iter(runner)
        if not (self.rows and due):
            return
        point: dict[str, Any] = {"iter": runner.iter + 1, **self.loss(runner)}
        if self.best_by == "exact":
            point["exact"] = self.exact(runner)
        self.points.append(point)
        if self.best_by:
            save_now(runner)  # a run that goes on from here knows this evaluation
        if is_main_process():
            journal.append(self.curve, point)
            rest = f"  {words('全对', 'exact')} {point['exact']:.1%}" if "exact" in point else ""
            head = f"  {words('评测', 'eval')} {point['iter']}"
            print(f"{head}: {words('损失', 'loss')} {point['loss']:.4f}{rest}", flush=True)
        scalars = {f"eval/{key}": point[key] for key in ("loss", "exact") if key in point}
        runner.visualizer.add_scalars(scalars, step=point["iter"])
        if self.best_by:
            self.keep_best(runner)

    def keep_best(self, runner: Any) -> None:
        """Name this step's checkpoint the best where it is; stop after too many that are not."""
        since = len(self.points) - 1 - curves.best_of(self.points, self.best_by or "loss")
        if since == 0 and is_main_process():
            step = self.points[-1]["iter"]
            target = self.folder / f"best_iter_{step}.pth"
            checkpoints.remove(target)
            source = self.folder / f"iter_{step}.pth"
            shutil.copytree(source, target) if source.is_dir() else target.hardlink_to(source)
            trust.seal(target)
            for old in checkpoints.listed(self.folder, "best_iter_"):
                if old != target:
                    checkpoints.remove(old)
        if self.patience and since >= self.patience:
            if is_main_process():
                line = words(
                    f"连续 {since} 次评测没有更好，提前结束",
                    f"no better for {since} evaluations: stopping early",
                )
                print(f"  {line}", flush=True)
            runner.train_loop.stop_training = True

    @torch.no_grad()
    def loss(self, runner: Any) -> dict[str, float]:
        """Mean answer-token loss; the batches are shared out over the ranks, which all run the same
        number of forward passes (ZeRO-3 gathers weights in each)."""
        model = bare_model(runner)
        training = model.training
        model.eval()
        device = next(model.parameters()).device
        total = torch.zeros(2, dtype=torch.float64, device=device)
        rank, world = get_rank(), get_world_size()
        for start in range(0, len(self.batches), world):
            mine = start + rank
            batch = self.batches[mine if mine < len(self.batches) else start]
            data = {key: value.to(device) for key, value in batch.items() if value is not None}
            with computing(runner):
                loss = model.compute_loss(data)["loss"]
            count = int((data["labels"][:, 1:] >= 0).sum()) if mine < len(self.batches) else 0
            total += torch.tensor([float(loss) * count, count], device=device, dtype=total.dtype)
        all_reduce(total)
        model.train(training)
        return {"loss": round(float(total[0] / total[1].clamp(min=1)), 6)}

    def exact(self, runner: Any) -> float:
        """Share of the rows whose greedy answer is the expected one, whatever its punctuation."""
        from xtuner.registry import BUILDER

        tokenizer = BUILDER.build(dict(self.tokenizer_cfg))
        turns = [row["conversation"][0] for row in read_jsonl(self.source)]
        turns = turns[:: max(1, math.ceil(len(turns) / self.rows))]
        given = answers(bare_model(runner), tokenizer, turns)
        right = sum(said(turn["output"]) == said(answer) for turn, answer in given)
        return round(right / len(given), 4)


def said(text: str) -> str:
    """What a row or a model answers, without thought and explanation, as a key."""
    return bare(answer_of(without_thinking(text)))


def computing(runner: Any) -> AbstractContextManager[Any]:
    """The context of a forward pass as training runs it; DeepSpeed's model is in its dtype."""
    wrapper = runner.optim_wrapper
    if hasattr(wrapper, "optim_context"):
        return wrapper.optim_context(runner.model)
    return nullcontext()
