"""Train 3 steps, convert, merge and generate for each family, in one process (importing XTuner
costs 10 s): ``chain.py FOLDER NAME …``, in a train environment. JSON on the last line."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from core.errors import UserError
from core.files import read_json, write_jsonl
from train import patches


def rows(folder: Path) -> Path:
    """Rows of which two fit into one step."""
    made = [
        {
            "id": f"f-{number}",
            "conversation": [
                {"system": "简答。", "input": f"第{number}题？", "output": f"答{number}"}
            ],
        }
        for number in range(6)
    ]
    write_jsonl(folder / "train.jsonl", made)
    write_jsonl(folder / "eval.jsonl", made[:2])
    return folder


def chain(name: str, folder: Path, data: Path) -> dict:
    """What training, converting and merging the tiny model of ``name`` gives."""
    import transformers

    from tests.train import families
    from train import check, merge, recipes
    from train.run import run

    model, work = folder / name / "model", folder / name / "run"
    model.mkdir(parents=True)
    families.write(name, model)
    recipe = families.FAMILIES[name].recipe
    options = [f"pretrained_model_name_or_path={model}", "device=cpu", "dtype=bfloat16"]
    options += ["max_epochs=1", "accumulative_counts=1", "batch_size=2", "lora_r=8", "lr=1e-3"]
    options += ["pack_to_max_length=False", "evaluation_freq=2", "log_interval=1"]
    options += ["lora_layers=None"]  # the tiny model has but two
    run(recipe, work, "gongkao", data, options)
    cfg = recipes.load(
        recipes.find(recipe), {**recipes.parse_overrides(options), "data": str(data)}
    )
    from xtuner.registry import BUILDER

    tokenizer = BUILDER.build(dict(cfg.tokenizer))
    row = {"conversation": [{"system": "S", "input": "Q", "output": "A"}]}
    ids, labels = check.training_ids(cfg, tokenizer, row)
    merge.adapter(work)
    merge.merge(work)
    state = read_json(work / "run.json")
    return {
        "transformers": transformers.__version__,
        "steps": state["steps"],
        "eval": state["eval"]["loss"],
        "ids": ids,
        "supervised": [label for label in labels if label >= 0],
        "parity": check.parity(cfg, tokenizer, row),
        "handover": {
            key: read_json(work / "merged" / "handover.json")[key]
            for key in ("n", "greedy_equal", "prompt_ids_equal", "max_logit_difference")
        },
    }


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_MODULES_CACHE"] = sys.argv[1] + "/modules"
    patches.apply()
    target = Path(sys.argv[1])
    found = {}
    for family in sys.argv[2:]:
        try:
            found[family] = chain(family, target, rows(target / "data"))
        except (Exception, UserError, SystemExit):
            found[family] = {"error": traceback.format_exc()[-1500:]}
    print(json.dumps(found))
