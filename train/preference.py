"""Learning which of two answers to a question is the better one (``pairs.jsonl``).

The loss is XTuner's own DPO or ORPO. What differs is what they are fed: the two answers stand in
one sequence behind what they share (:mod:`train.packing`), and the reference model's
log-probabilities are computed once, before the first step, and kept beside the run
(``reference.jsonl``): no second model is in memory, and with ``LOAD_FROM`` the reference is the
model that the run starts from (XTuner's way with LoRA, the adapter switched off, would be the bare
base).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch import nn
from torch.nn import functional
from xtuner.model.dpo import DPO
from xtuner.model.orpo import ORPO

from core.errors import UserError
from core.files import read_jsonl, shown, write_jsonl
from core.language import words
from train.evaluation import computing
from train.hooks import bare_model
from train.model import Finetune, attending
from train.packing import IGNORE, collate
from train.rows import sides, tokenized

FILE = "reference.jsonl"
UNKNOWN = (float("nan"), float("nan"))  # a run without its reference stops at its first loss
CERTAIN = -1e-6  # the highest mean log-probability that ORPO's odds (p / (1 - p)) take in float32


class Pairs:
    """A data set whose items are ``{"rows": [chosen, rejected], "reference": (…, …)}``.

    ``dataset`` is the config of tokenized rows (``_rows`` of the recipes' builder); ``reference``
    are the log-probabilities of both answers, filled in by :class:`ReferenceHook`. Only the last
    answer of a dialogue is supervised. Pairs with a side longer than ``max_length`` are left out
    and counted; raises :class:`UserError` where none is left.
    """

    def __init__(self, dataset: Any) -> None:
        from xtuner.registry import BUILDER

        tokenizer = BUILDER.build(dict(dataset["tokenizer"]))
        path, limit = dataset["dataset"]["path"], dataset["max_length"]
        self.ids: list[str] = []
        self.rows: list[list[dict[str, list[int]]]] = []
        self.reference: dict[str, tuple[float, float]] = {}
        long = 0
        for number, pair in enumerate(read_jsonl(path), 1):
            made = [tokenized(dataset, tokenizer, row) for row in sides(pair, path, number)]
            if max(len(ids) for ids, _ in made) > limit:
                long += 1
                continue
            self.ids.append(str(pair["id"]))
            self.rows.append(
                [{"input_ids": ids, "labels": last_answer(labels)} for ids, labels in made]
            )
        if not self.rows:
            none = words(
                f"没有不超过 max_length={limit} 的偏好对", f"no pair within max_length={limit}"
            )
            raise UserError(f"{shown(path)}: {none}")
        if long:
            print(
                words(
                    f"  {long} 个偏好对超过 max_length={limit}，未用",
                    f"  {long} pairs are longer than max_length={limit} and left out",
                ),
                flush=True,
            )

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        kept = self.reference.get(self.ids[index], UNKNOWN)
        return {"rows": self.rows[index], "reference": kept}


def last_answer(labels: Sequence[int]) -> list[int]:
    """``labels`` with those of the last run of supervised tokens alone."""
    end = max((i for i, label in enumerate(labels) if label >= 0), default=-1)
    start = max((i for i in range(end) if labels[i] < 0), default=-1)
    return [label if i > start else IGNORE for i, label in enumerate(labels)]


def collate_pairs(instances: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch of :class:`Pairs` in one sequence: rows 1, 3, 5 … are chosen, 2, 4, 6 … rejected;
    ``reference`` (1 × rows) are their kept log-probabilities."""
    made = collate(instances)
    made["data"]["reference"] = torch.tensor([[p for one in instances for p in one["reference"]]])
    return made


class Preferring(Finetune):
    """What DPO and ORPO share here: log-probabilities by row, and what is shown of a step.

    Rows without a ``reference`` (those of the evaluation) give the loss of their answers, as in
    fine-tuning: what pairs do to what was learnt before.
    """

    beta: float

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        # XTuner hands the labels to the model, which would compute a loss of its own with them.
        self.llm.register_forward_pre_hook(without_labels, with_kwargs=True)

    def compute_loss(self, data: dict[str, Any], data_samples: Any = None) -> dict[str, Any]:
        """The preference loss of a batch and, of its pairs, the means of

        - ``margin``: by how much the chosen answer's reward exceeds the rejected one's (DPO: beta
          times the log-ratio to the reference; ORPO: beta times the mean log-probability),
        - ``accuracy``: the share in which it does,
        - ``chosen``: how much likelier the chosen answer became than it was to the reference, in
          nats a token (DPO is known to push it below 0),
        - ``drift``: the distance of either answer from there, in nats a token.
        """
        if "reference" not in data:
            return super().compute_loss(data, data_samples)
        data, self.segments = self.masked(data)
        self.reference = data.pop("reference")[0]
        with attending(data["input_ids"], self.segments):
            found = super(Finetune, self).compute_loss(data, data_samples)  # XTuner's
        return {
            "loss": found["loss"].mean(),
            "margin": found["reward_margin"],
            "accuracy": found["reward_acc"],
            "chosen": self.moved[::2].mean(),
            "drift": self.moved.abs().mean(),
        }

    @torch.no_grad()
    def log_probabilities(self, data: dict[str, Any]) -> torch.Tensor:
        """Of each row of a batch, the log-probability of its answer."""
        data, self.segments = self.masked(data)
        data.pop("reference", None)
        labels = functional.pad(data.pop("labels")[:, 1:], (0, 1), value=IGNORE)
        with attending(data["input_ids"], self.segments):
            logits = self.llm(**data).logits
        # XTuner takes token 0 ("!" in Qwen) for no label: so must the reference.
        return self.by_row(self._gather_masked_logits(logits, labels, labels > 0))

    def _gather_masked_logits(self, logits: Any, labels: Any, mask: Any) -> Any:
        """Log-probabilities of ``labels`` where ``mask`` says so, 0 elsewhere, in float32: XTuner
        takes a softmax over every position, and in 16 bits."""
        if logits is None:
            return None  # the reference's, which are kept
        known = logits[mask].float().log_softmax(-1).gather(1, labels[mask][:, None])[:, 0]
        return torch.zeros(mask.shape, device=mask.device).masked_scatter(mask, known)

    def by_row(self, values: torch.Tensor) -> torch.Tensor:
        """Sums over the rows' tokens of ``values`` (1 × length, each at the place before its
        token's)."""
        rows = torch.zeros(int(self.segments.max()), device=values.device)
        return rows.index_add(0, (self.segments[0, 1:] - 1).clamp(min=0), values[0, :-1].float())

    def moved_from_reference(self, sums: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The rows' tokens, having noted how far the rows are from the reference."""
        tokens = self.by_row(mask.float()).clamp(min=1)
        self.moved = ((sums - self.reference) / tokens).detach()
        return tokens


class Dpo(Preferring, DPO):
    """XTuner's DPO (``loss_type``: any of its losses) over kept reference log-probabilities."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, ref_llm=Kept(), **kw)

    def get_logps(self, policy_logps: Any, ref_logps: Any, loss_mask: Any) -> tuple[Any, ...]:
        """Log-probabilities of chosen and rejected answers, then the reference's; a token's for
        IPO."""
        policy, reference = self.by_row(policy_logps), self.reference
        tokens = self.moved_from_reference(policy, loss_mask)
        if self.loss_type == "ipo":
            policy, reference = policy / tokens, reference / tokens
        return policy[::2], policy[1::2], reference[::2], reference[1::2]


class Orpo(Preferring, ORPO):
    """XTuner's ORPO; its loss asks no reference, which is kept for what the curves show."""

    def get_logps(self, all_logps: Any, average_log_prob: bool, loss_mask: Any) -> tuple[Any, Any]:
        """Mean log-probabilities of chosen and rejected answers; never quite 0, where the odds
        have no gradient."""
        sums = self.by_row(all_logps)
        means = (sums / self.moved_from_reference(sums, loss_mask)).clamp(max=CERTAIN)
        return means[::2], means[1::2]

    def cross_entropy_loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Of the chosen answers; ``labels`` stand at the place before their token's."""
        row = functional.pad(self.segments[:, 1:], (0, 1))
        wanted = (row % 2 == 1) & (labels != IGNORE)
        return functional.cross_entropy(logits[wanted].float(), labels[wanted])


class Kept(nn.Module):
    """Stands where XTuner's DPO looks for a second model."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace()

    def forward(self, **data: Any) -> Any:
        """No logits: :meth:`Dpo.get_logps` takes what is kept."""
        return SimpleNamespace(logits=None)


def without_labels(module: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What a language model is called with, less the labels."""
    return args, {name: value for name, value in kwargs.items() if name != "labels"}


@HOOKS.register_module()
class ReferenceHook(Hook):
    """Before the first step: the log-probabilities of all pairs by the model as it is then, in
    ``reference.jsonl``; in a run that goes on, those that are there."""

    def before_run(self, runner: Any) -> None:
        """Compute or read them. Raises :class:`UserError` where a run goes on that has none:
        what its trained model says would be no reference."""
        pairs, path = runner.train_loop.dataloader.dataset, Path(runner.work_dir) / FILE
        if path.is_file():
            kept = read_jsonl(path)
            pairs.reference = {one["id"]: (one["chosen"], one["rejected"]) for one in kept}
            return
        if runner.iter:
            gone = words("没有了，无法继续: FORCE=1 重来", "is gone: FORCE=1 to start over")
            raise UserError(f"{shown(path)} {gone}")
        pairs.reference = dict(zip(pairs.ids, self.compute(runner, pairs), strict=True))
        if is_main_process():
            names = ("id", "chosen", "rejected")
            lines = ((name, *both) for name, both in pairs.reference.items())
            write_jsonl(path, (dict(zip(names, line, strict=True)) for line in lines))
            said = words("参照的对数概率已算好", "log-probabilities of the reference are kept")
            print(f"  {said}: {len(pairs)}", flush=True)

    def compute(self, runner: Any, pairs: Pairs) -> list[tuple[float, float]]:
        """Of each pair, both answers' log-probabilities, without dropout."""
        model, size = bare_model(runner), runner.train_loop.dataloader.batch_size
        device, training = next(model.parameters()).device, model.training
        model.eval()
        found: list[float] = []
        for start in range(0, len(pairs), size):
            batch = collate_pairs([pairs[i] for i in range(start, min(start + size, len(pairs)))])
            data = {name: value.to(device) for name, value in batch["data"].items()}
            with computing(runner):
                found += model.log_probabilities(data).tolist()
        model.train(training)
        return list(zip(found[::2], found[1::2], strict=True))
