"""What :mod:`train.preference` makes of pairs on the tiny model, in one process (importing XTuner
costs 10 s): ``pairs.py MODEL DATA``, JSON on the last line."""

from __future__ import annotations

import json
import sys
from typing import Any

from train import patches


def config(model: str, data: str, *given: str) -> Any:
    from train import estimate, recipes

    options = [f"pretrained_model_name_or_path={model}", "lora_layers=None", f"data={data}"]
    options += ["dtype=float32", "quantization=None", *given]
    path = recipes.find("smollm2_cpu_dpo.py")
    return estimate.as_a_run_reads_it(recipes.load(path, recipes.parse_overrides(options)))


def alone(llm: Any, row: dict[str, list[int]]) -> float:
    """The log-probability of a row's answer by itself, as anybody would compute it."""
    import torch

    ids, labels = torch.tensor([row["input_ids"]]), torch.tensor(row["labels"])[1:]
    logs = llm(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
    wanted = labels >= 0
    return float(logs[wanted].gather(1, labels[wanted][:, None]).sum())


def losses(model: str, data: str) -> dict[str, Any]:
    """Every loss with kept log-probabilities beside XTuner's own on a padded batch, after the
    adapter has moved."""
    import torch
    from xtuner.dataset.collate_fns.preference_collate_fn import preference_collate_fn
    from xtuner.model.dpo import DPO
    from xtuner.model.orpo import ORPO
    from xtuner.registry import BUILDER

    from train.preference import collate_pairs

    found: dict[str, Any] = {"ours": {}, "xtuners": {}}
    for name in ("sigmoid", "ipo", "hinge", "orpo"):
        kind = ["preference=orpo"] if name == "orpo" else [f"loss_type={name}"]
        cfg = config(model, data, *kind)
        torch.manual_seed(1)
        ours = BUILDER.build(cfg.model).eval()
        pairs = BUILDER.build(cfg.train_dataloader.dataset)
        batch = collate_pairs([pairs[i] for i in range(4)])["data"]
        reference = ours.log_probabilities(batch)
        if name == "sigmoid":
            rows = [row for i in range(4) for row in pairs.rows[i]]
            with torch.no_grad(), ours.llm.disable_adapter():
                found["untouched"] = [alone(ours.llm, row) for row in rows]
            found["reference"] = reference.tolist()
            found["batch"] = list(batch["input_ids"].shape)
        for weight in (p for p in ours.parameters() if p.requires_grad):
            torch.nn.init.normal_(weight, std=0.05)
        batch["reference"] = reference[None]
        loss = ours.compute_loss(batch)
        loss["loss"].backward()
        own = (p.grad for p in ours.parameters() if p.grad is not None)
        found["ours"][name] = [float(loss["loss"]), float(sum(g.norm() for g in own))]
        found.setdefault("shown", {})[name] = {k: float(v) for k, v in loss.items()}
        ours.zero_grad()
        sides = ("chosen", "rejected")
        padded = [
            {f"{side}_{k}": row[n] for side, row in zip(sides, pairs.rows[i], strict=True)
             for k, n in (("ids", "input_ids"), ("labels", "labels"))}
            for i in range(4)
        ]  # fmt: skip
        theirs = (ORPO if name == "orpo" else DPO).__new__(ORPO if name == "orpo" else DPO)
        theirs.__dict__ = {**ours.__dict__, "_forward_pre_hooks": {}, "ref_llm": None}
        theirs._modules = {"llm": ours.llm}
        whole = theirs.compute_loss(preference_collate_fn(padded)["data"])["loss"].mean()
        whole.backward()
        own = (p.grad for p in ours.parameters() if p.grad is not None)
        found["xtuners"][name] = [float(whole), float(sum(g.norm() for g in own))]
    return found


if __name__ == "__main__":
    patches.apply()
    print(json.dumps(losses(sys.argv[1], sys.argv[2])))
