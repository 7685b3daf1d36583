"""What a training run shows and keeps: loss on one line and as a curve, whole checkpoints, a way to
stop, and sample answers on the way."""

from __future__ import annotations

import math
import os
import signal
import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size, is_main_process, master_only
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS

from core import journal, progress
from core.errors import UserError
from core.files import read_jsonl, write_jsonl
from core.language import words
from core.thinking import without_thinking
from train import checkpoints, curves, pace
from train.cores import Cores
from train.patches import fast_inference


@HOOKS.register_module()
class ProgressHook(Hook):
    """Loss, learning rate, tokens and seconds of every iteration in ``loss.jsonl``, one line every
    ``interval`` iterations with the time left (or every 15 s, where steps are slow), and
    ``loss.png``. The first line tells the whole time, by the first steps.

    Stops the run at the first loss that is not a number, the last checkpoint intact.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, interval: int = 10, dtype: str = "") -> None:
        self.interval, self.dtype = interval, dtype
        self.points: list[dict[str, Any]] = []
        self.cores = Cores()

    @master_only
    def before_train(self, runner: Any) -> None:
        """Take up the curve where a resumed run stands; drop what came after its checkpoint."""
        self.folder = Path(runner.work_dir)
        self.path = self.folder / "loss.jsonl"
        self.points = curves.read(self.path, until=runner.iter) if runner.iter else []
        write_jsonl(self.path, self.points)
        self.first, self.started = runner.iter, time.monotonic()
        self.max_iters = runner.max_iters
        self.pulse = pace.Pulse(self.at_work).__enter__()
        model = bare_model(runner)
        if self.dtype and next(model.parameters()).device.type == "cpu":
            self.warn(model, runner)

    def warn(self, model: Any, runner: Any) -> None:
        """Say so where this CPU computes the run's dtype many times slower than another."""
        data = runner.train_dataloader.dataset
        share = 1 - runner.iter / max(1, runner.max_iters)
        tokens = pace.mean_tokens(data) * len(data) * runner.max_epochs * share
        layers = (m for m in model.modules() if hasattr(m, "in_features"))
        weights = sum(
            m.in_features * m.out_features for m in layers if not hasattr(m, "base_layer")
        )
        line = pace.warning(self.dtype, weights, tokens)
        if line:
            self.pulse.line(line)

    def at_work(self) -> str:
        """The line for a step that takes long."""
        done = self.points[-1]["iter"] if self.points else self.first
        seconds = time.monotonic() - self.started
        at_work = words("进行中", "at work")
        return f"  {done}/{self.max_iters}  {at_work}, {pace.minutes(seconds)}"

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """A step's seconds are its own: evaluations and checkpoints are not among them."""
        self.cores.adjust()
        self.before = time.monotonic()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Record the step (the mean over all processes); print where a step is due."""
        values = {name: value.detach().float().clone() for name, value in outputs.items()}
        for value in values.values():
            all_reduce(value, "mean")
        self.record(runner, {name: float(value) for name, value in values.items()}, data_batch)

    def record(self, runner: Any, values: dict[str, float], data_batch: Any) -> None:
        """Stop at a loss that is none; else add a point of the loss and what came with it."""
        done, loss = runner.iter + 1, values["loss"]
        if not math.isfinite(loss):
            raise UserError(
                words(
                    f'第{done}步的损失为 {loss}: 请降低 lr (OVERRIDE="lr=…") '
                    "或改用 dtype=bfloat16；已存的检查点完好",
                    f'the loss of step {done} is {loss}: take a lower lr (OVERRIDE="lr=…") or '
                    "dtype=bfloat16; saved checkpoints are intact",
                )
            )
        if not is_main_process():
            return
        now = time.monotonic()
        point = {"iter": done, **values, "lr": runner.optim_wrapper.get_lr()["lr"][0]}
        point["s"] = round(now - self.before, 3)
        data = (data_batch or {}).get("data") or {}
        if "labels" in data:
            point["tokens"] = int(data["input_ids"].numel())
            point["answer_tokens"] = int((data["labels"] >= 0).sum())
        self.points.append(point)
        journal.append(self.path, point)
        if done - self.first == min(pace.FIRST, runner.max_iters - self.first):
            self.announce(runner)
        left = (now - self.started) / max(1, done - self.first) * (runner.max_iters - done)
        progress.tell("train", done, runner.max_iters, left)
        if done % self.interval == 0 or done == runner.max_iters:
            recent = curves.means(self.points[-self.interval :])
            mean = f"{words('损失', 'loss')} {recent['loss']:.4f}"
            if "margin" in recent:
                mean += f"  {words('差距', 'margin')} {recent['margin']:.3f}"
                mean += f"  {words('选对', 'preferred')} {recent['accuracy']:.0%}"
            self.pulse.line(
                f"  {done}/{runner.max_iters}  {mean}  lr {point['lr']:.1e}"
                f"  {words('剩余', 'left')} {left:.0f} s"
            )

    def announce(self, runner: Any) -> None:
        """The run's first line, once its first steps say how long it takes."""
        size, steps = len(runner.train_dataloader.dataset), runner.max_iters - self.first
        timed = [point["s"] for point in self.points[-pace.FIRST :]]
        timed = timed[1:] or timed  # the first step also warms up
        whole = sum(timed) / len(timed) * steps
        self.pulse.line(
            words(
                f"训练: {size} 条样本, {steps} 步, 约需 {pace.minutes(whole)}（按头几步）",
                f"training: {size} samples, {steps} steps, about {pace.minutes(whole)} "
                "(by the first steps)",
            )
        )

    @master_only
    def after_train(self, runner: Any) -> None:
        """Draw the curve."""
        self.pulse.__exit__()
        evaluated = curves.read(self.folder / "eval_loss.jsonl")
        curves.draw(self.points, evaluated, self.folder / "loss.png")


@HOOKS.register_module()
class WholeCheckpointHook(CheckpointHook):
    """``CheckpointHook`` through :mod:`train.checkpoints`: written whole, old ones deleted after.

    A checkpoint holds no gradients, so ``interval`` is rounded up to whole accumulations of
    ``accumulative_counts`` iterations. ``keep`` checkpoints stay (0: all).
    """

    def __init__(self, interval: int, keep: int = 2, accumulative_counts: int = 1) -> None:
        counts = accumulative_counts
        super().__init__(interval=-(-interval // counts) * counts, by_epoch=False)
        self.keep, self.saved = keep, 0

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict[str, Any]) -> None:
        folder = Path(runner.work_dir)
        if self.saved == step:
            return
        checkpoints.save(runner, folder, f"iter_{step}.pth", meta)
        self.saved = step
        if is_main_process():
            checkpoints.prune(folder, self.keep)


def save_now(runner: Any) -> None:
    """Save a checkpoint of this step, unless it has one."""
    next(h for h in runner.hooks if isinstance(h, WholeCheckpointHook))._save_checkpoint(runner)


@HOOKS.register_module()
class StopHook(Hook):
    """Ctrl-C and SIGTERM (Slurm, Kubernetes, a person) end a run with nothing lost.

    The step under way is finished (its whole accumulation of ``accumulative_counts`` iterations:
    a checkpoint holds no gradients), a checkpoint saved, and the process exits with 128 + signal.
    A second signal does not wait.
    """

    priority = "LOWEST"

    def __init__(self, accumulative_counts: int = 1) -> None:
        self.counts = accumulative_counts
        self.signal = 0

    def before_train(self, runner: Any) -> None:
        """Listen."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note)

    def note(self, number: int, frame: Any) -> None:
        """Remember the first signal; give way to the second."""
        if self.signal and "TORCHELASTIC_RUN_ID" not in os.environ:  # torchrun repeats it
            raise KeyboardInterrupt
        self.signal = number
        if is_main_process():
            saving = words("正在存检查点，随后停止", "saving a checkpoint, then stopping")
            print(f"  {saving}…", flush=True)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Save and leave where a signal came, all ranks at the same step."""
        if (runner.iter + 1) % self.counts or self.is_last_train_iter(runner):
            return
        number = self.signal
        if get_world_size() > 1:
            seen = torch.tensor(number, device=next(runner.model.parameters()).device)
            all_reduce(seen, "max")
            number = int(seen)
        if number:
            save_now(runner)
            if is_main_process():
                step = runner.iter + 1
                print(
                    words(
                        f"已停在第{step}步；继续: RESUME=1",
                        f"stopped at step {step}; to go on: RESUME=1",
                    ),
                    flush=True,
                )
            raise SystemExit(128 + number)


def bare_model(runner: Any) -> Any:
    """The model without its distributed wrapper."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


@HOOKS.register_module()
class SampleAnswersHook(Hook):
    """Greedy answers to the first ``count`` training questions, every ``every_n_iters`` iterations
    and at the end.

    In place of XTuner's ``EvaluateChatHook``, whose ``generate`` before training meets the trap of
    :func:`train.patches._keep_nf4_trainable`, and which renders its own template instead of the
    model folder's chat template.
    """

    priority = "LOW"

    def __init__(
        self,
        tokenizer: dict[str, Any],
        data: str,
        count: int = 2,
        every_n_iters: int = 500,
        max_new_tokens: int = 64,
    ) -> None:
        from xtuner.registry import BUILDER

        self.tokenizer = BUILDER.build(tokenizer)
        self.every_n_iters = every_n_iters
        self.max_new_tokens = max_new_tokens
        rows = islice(read_jsonl(data), count) if count else ()
        self.turns = [row["conversation"][0] for row in rows]

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Answer where a step is due (the last step is left to :meth:`after_train`)."""
        if self.every_n_train_iters(runner, self.every_n_iters) and not self.is_last_train_iter(
            runner
        ):
            self.answer(runner)

    def after_train(self, runner: Any) -> None:
        """Answer once more, trained."""
        self.answer(runner)

    def answer(self, runner: Any) -> None:
        """Print question, expected and given answer, and add them to ``samples.jsonl``; the model
        is left as it was found.

        All ranks answer and the first one prints: under ZeRO-3 every forward pass gathers weights
        from all of them, and a rank that stays away is waited for until the run is killed.
        """
        given_answers = answers(bare_model(runner), self.tokenizer, self.turns)
        if not is_main_process():
            return
        for turn, given in given_answers:
            print(
                f"  {words('问', 'asked')} {turn['input']} {words('应答', 'expected')} "
                f"{turn['output']} {words('实答', 'given')} {given}",
                flush=True,
            )
            sample = {"iter": runner.iter, "question": turn["input"], "expected": turn["output"]}
            journal.append(Path(runner.work_dir) / "samples.jsonl", sample | {"given": given})


def answers(model: Any, tokenizer: Any, turns: list[dict[str, str]]) -> list[tuple[dict, str]]:
    """Greedy answers of a model in training, which is left as it was found."""
    training, cached = model.training, model.llm.config.use_cache
    checkpointing = model.llm.is_gradient_checkpointing
    if checkpointing:
        model.activation_checkpointing_disable()
    model.eval()
    model.llm.config.use_cache = True
    with fast_inference(model):
        given = [(turn, generate(model.llm, tokenizer, turn)) for turn in turns]
    model.llm.config.use_cache = cached
    model.train(training)
    if checkpointing:
        model.activation_checkpointing_enable()
    return given


@torch.no_grad()
def generate(llm: Any, tokenizer: Any, turn: dict[str, str], tokens: int = 64) -> str:
    """The greedy answer of ``llm`` to one turn, through the model folder's chat template."""
    messages = [{"role": "user", "content": turn["input"]}]
    if turn.get("system"):
        messages.insert(0, {"role": "system", "content": turn["system"]})
    ids = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", enable_thinking=False
    ).to(llm.device)
    out = llm.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        do_sample=False,
        synced_gpus=get_world_size() > 1,  # ranks go on together until the last one has ended
        pad_token_id=tokenizer.eos_token_id,
    )
    text = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    return without_thinking(text).strip()
