"""What a training run shows: loss on one line and as a curve, and sample answers on the way."""

from __future__ import annotations

import json
import math
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

from core.errors import UserError
from core.files import atomic, read_jsonl, write_text
from train.mends import fast_inference


@HOOKS.register_module()
class ProgressHook(Hook):
    """Loss and learning rate of every iteration in ``loss.jsonl``, one line every ``interval``
    iterations with the time left, and ``loss.png``.

    Stops the run at the first loss that is not a number, the last checkpoint intact.
    """

    priority = "BELOW_NORMAL"

    def __init__(self, interval: int = 10) -> None:
        self.interval = interval
        self.points: list[dict[str, float]] = []

    @master_only
    def before_train(self, runner: Any) -> None:
        """Take up the curve where a resumed run stands; drop what came after its checkpoint."""
        self.path = Path(runner.work_dir) / "loss.jsonl"
        if runner.iter and self.path.is_file():
            self.points = [p for p in read_jsonl(self.path) if p["iter"] <= runner.iter]
        write_text(self.path, "".join(json.dumps(point) + "\n" for point in self.points))
        self.first, self.started = runner.iter, time.monotonic()
        size = len(runner.train_dataloader.dataset)
        print(f"训练 training: {size} 条样本 samples, {runner.max_iters} 步 steps", flush=True)

    @master_only
    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Record the step; print where a step is due."""
        done = runner.iter + 1
        loss = float(outputs["loss"])
        if not math.isfinite(loss):
            raise UserError(
                f'第{done}步的损失为 {loss}: 请降低 lr (OVERRIDE="lr=…") 或改用 dtype=bfloat16; '
                "已存的检查点完好 saved checkpoints are intact"
            )
        rate = runner.optim_wrapper.get_lr()["lr"][0]
        self.points.append({"iter": done, "loss": loss, "lr": rate})
        with self.path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(self.points[-1]) + "\n")
        if done % self.interval == 0 or done == runner.max_iters:
            seconds = time.monotonic() - self.started
            left = seconds / max(1, done - self.first) * (runner.max_iters - done)
            recent = [point["loss"] for point in self.points[-self.interval :]]
            print(
                f"  {done}/{runner.max_iters}  loss {sum(recent) / len(recent):.4f}"
                f"  lr {rate:.1e}  剩余 left {left:.0f} s",
                flush=True,
            )

    @master_only
    def after_train(self, runner: Any) -> None:
        """Draw the curve."""
        draw_loss(self.points, Path(runner.work_dir) / "loss.png")


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
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        if is_main_process():
            print("  正在存检查点后停止 saving a checkpoint, then stopping…", flush=True)

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
            saver = next(hook for hook in runner.hooks if isinstance(hook, CheckpointHook))
            saver._save_checkpoint(runner)
            if is_main_process():
                print(f"已停在第{runner.iter + 1}步 stopped; 继续 to go on: RESUME=1", flush=True)
            raise SystemExit(128 + number)


def draw_loss(points: list[dict[str, float]], path: Path) -> None:
    """Write loss (left axis) and learning rate (right axis) over iterations as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    if not points:
        return
    steps = [point["iter"] for point in points]
    figure, left = pyplot.subplots(figsize=(7, 4), layout="constrained")
    left.plot(steps, [point["loss"] for point in points], color="tab:blue")
    left.set(xlabel="iteration", ylabel="loss", yscale="log")
    right = left.twinx()
    right.plot(steps, [point["lr"] for point in points], color="tab:gray", linestyle=":")
    right.set_ylabel("learning rate")
    with atomic(path, "wb") as out:
        figure.savefig(out, format="png", dpi=120)
    pyplot.close(figure)


@HOOKS.register_module()
class SampleAnswersHook(Hook):
    """Greedy answers to the first ``count`` training questions, every ``every_n_iters`` iterations
    and at the end.

    In place of XTuner's ``EvaluateChatHook``, whose ``generate`` before training meets the trap of
    :func:`train.mends._keep_nf4_trainable`, and which renders its own template instead of the model
    folder's chat template.
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
        self.turns = [row["conversation"][0] for row in islice(read_jsonl(data), count)]

    @master_only
    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Answer where a step is due (the last step is left to :meth:`after_train`)."""
        if self.every_n_train_iters(runner, self.every_n_iters) and not self.is_last_train_iter(
            runner
        ):
            self.answer(runner)

    @master_only
    def after_train(self, runner: Any) -> None:
        """Answer once more, trained."""
        self.answer(runner)

    def answer(self, runner: Any) -> None:
        """Print question, expected and given answer; the model is left as it was found."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        training, cached = model.training, model.llm.config.use_cache
        checkpointing = model.llm.is_gradient_checkpointing
        if checkpointing:
            model.activation_checkpointing_disable()
        model.eval()
        model.llm.config.use_cache = True
        with fast_inference(model):
            for turn in self.turns:
                given = self.generate(model.llm, turn)
                print(f"  问 {turn['input']} 应答 {turn['output']} 实答 {given}", flush=True)
        model.llm.config.use_cache = cached
        model.train(training)
        if checkpointing:
            model.activation_checkpointing_enable()

    @torch.no_grad()
    def generate(self, llm: Any, turn: dict[str, str]) -> str:
        """The greedy answer of ``llm`` to one turn, through the model folder's chat template."""
        messages = [{"role": "user", "content": turn["input"]}]
        if turn.get("system"):
            messages.insert(0, {"role": "system", "content": turn["system"]})
        ids = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt"
        ).to(llm.device)
        out = llm.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            pad_token_id=self.tokenizer.eos_token_id,
        )
        return self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
