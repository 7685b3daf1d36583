"""``make export FORMAT=llamafactory|swift``: the recipe and its rows, ready to run elsewhere.

XTuner 0.2.0 is the last release with QLoRA (its V1 has no LoRA: github.com/InternLM/xtuner issue
1667), and loads no family that needs a transformers newer than 4.57 (Qwen3.5 and later). The rows
are the same, so such a family is trained by LLaMA-Factory or ms-swift, and what comes out is an
adapter or a folder that the other targets take. This is the one place that knows those two; option
names were checked against LLaMA-Factory 0.9.5 and ms-swift 4.6.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import families
from core.errors import UserError
from core.files import MODELS, read_jsonl, shown, write_json, write_jsonl, write_text
from core.language import words
from train import preflight, recipes

# LLaMA-Factory's names of the chat templates; thinking families without their thinking, as here.
TEMPLATES = {family.prompt_template: family.llamafactory for family in families.all_()}
AFTERWARDS = (
    "得到的适配器合并后（PEFT 的 merge_and_unload，或该工具自带的导出），"
    "`make deploy MODEL=目录` 部署，`make eval` 可评测。",
    "Merge the adapter that comes out (PEFT's merge_and_unload, or the tool's own export), then "
    "`make deploy MODEL=FOLDER` serves it and `make eval` evaluates it.",
)
MARK = ".tikuforge"  # in a folder that we may write again


def carry(
    config: str, form: str, data: Path, to: Path, overrides: list[str], template: str = ""
) -> None:
    """Write ``to``: rows as messages, the recipe in ``form``'s words, how to run it.

    Raises :class:`UserError` for recipes on plain text or pairs, missing rows, an unknown
    chat template (LLaMA-Factory wants its name), and a folder with other contents.
    """
    path = recipes.find(config)
    options = {"data": str(data), **recipes.parse_overrides(overrides)}
    settings = recipes.load(path, options).settings.to_dict()
    if settings["text"] or settings["preference"]:
        rows_only = words(
            "只能导出问答训练的配方", "only recipes that train on question rows are exported"
        )
        raise UserError(f"{path.name}: {rows_only}")
    for file in preflight.training_files(settings):
        if not file.is_file():
            raise UserError(preflight.no_rows(file))
    if to.exists() and any(to.iterdir()) and not (to / MARK).is_file():
        raise UserError(
            words(
                f"{shown(to)} 不是空目录，也不是本命令写的: 换 TO=另一目录",
                f"{shown(to)} is not empty and was not written by this: use another TO=",
            )
        )
    text = {"llamafactory": llamafactory, "swift": swift}[form](settings, template)
    to.mkdir(parents=True, exist_ok=True)  # what was trained there since (saves/) stays
    (to / MARK).touch()
    count = write_jsonl(to / "train.jsonl", conversations(settings))
    if form == "llamafactory":
        write_json(to / "dataset_info.json", DATASET)
    write_text(to / "train.yaml", text)
    command = {"llamafactory": "llamafactory-cli train", "swift": "swift sft"}[form]
    mind = minded(form, settings)
    write_text(to / "README.md", readme(path.name, form, command, mind))
    run = f"cd {shown(to)} && {command} train.yaml"
    for difference in mind:
        print(f"{words('注意', 'note')}: {words(*difference)}")
    print(
        words(
            f"写入 {shown(to)}: {count} 行；运行: {run}",
            f"wrote {shown(to)}: {count} rows; to run: {run}",
        )
    )


def minded(form: str, s: dict[str, Any]) -> list[tuple[str, str]]:
    """What is otherwise there than here, for whoever runs the folder, in Chinese and English."""
    differences = []
    if form == "llamafactory" and s["lora_layers"]:
        own = f"lora_layers={list(s['lora_layers'])}"
        differences.append(
            (
                f"{own}: LLaMA-Factory 没有对应选项，会给所有层加 LoRA",
                f"{own}: LLaMA-Factory has no such option, every layer gets LoRA",
            )
        )
    if form == "swift" and s["pack_to_max_length"]:
        how = "pip install flash-attn --no-build-isolation"
        differences.append(
            (
                f"packing 要装 flash-attn（{how}）；不装就改 packing 为 false，并删去 attn_impl",
                f"packing needs flash-attn ({how}); without it set packing: false, drop attn_impl",
            )
        )
    return differences


def conversations(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows that the recipe trains on, as OpenAI's messages."""
    for file in preflight.training_files(settings):
        for row in read_jsonl(file):
            messages = []
            for number, turn in enumerate(row["conversation"]):
                if number == 0 and turn.get("system"):
                    messages.append({"role": "system", "content": turn["system"]})
                messages.append({"role": "user", "content": turn["input"]})
                messages.append({"role": "assistant", "content": turn["output"]})
            yield {"messages": messages}


DATASET = {
    "tikuforge": {
        "file_name": "train.jsonl",
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }
}


def llamafactory(s: dict[str, Any], template: str) -> str:
    """LLaMA-Factory's ``train.yaml``."""
    named = template or TEMPLATES.get(s["prompt_template"], "")
    if not named:
        raise UserError(
            f"prompt_template={s['prompt_template']}: "
            + words(
                "不知道 LLaMA-Factory 的模板名: TEMPLATE=…",
                "which template of LLaMA-Factory's is it? TEMPLATE=…",
            )
        )
    full = not s["lora_r"]
    lora = {
        "lora_rank": s["lora_r"],
        "lora_alpha": s["lora_alpha"],
        "lora_dropout": s["lora_dropout"],
        "lora_target": "all",
    }
    bits = {"quantization_bit": 4, "quantization_method": "bnb", "double_quantization": True}
    return yaml(
        {
            "model_name_or_path": base(s),
            "trust_remote_code": s["prompt_template"] == "internlm2_chat",  # its folders need it
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "full" if full else "lora",
            **({} if full else lora),
            **(bits if s["quantization"] == "nf4" else {}),
            "dataset_dir": ".",
            "dataset": "tikuforge",
            "template": named,
            "cutoff_len": s["max_length"],
            "packing": s["pack_to_max_length"],
            "neat_packing": s["pack_to_max_length"],  # rows do not see each other
            "output_dir": "saves",
            **schedule(s),
        }
    )


def swift(s: dict[str, Any], template: str) -> str:
    """ms-swift's ``train.yaml``; it knows the template from the model's own configuration."""
    full = not s["lora_r"]
    lora = {
        "lora_rank": s["lora_r"],
        "lora_alpha": s["lora_alpha"],
        "lora_dropout": s["lora_dropout"],
        **({"target_regex": layers(s)} if s["lora_layers"] else {"target_modules": ["all-linear"]}),
    }
    bits = {"quant_method": "bnb", "quant_bits": 4, "bnb_4bit_compute_dtype": half(s)}
    return yaml(
        {
            "model": base(s, "modelscope"),  # where ms-swift looks unless it is told use_hf
            "tuner_type": "full" if full else "lora",
            **({} if full else lora),
            **(bits if s["quantization"] == "nf4" else {}),
            "torch_dtype": half(s),
            "dataset": ["train.jsonl"],
            **({"template": template} if template else {}),
            "max_length": s["max_length"],
            "packing": s["pack_to_max_length"],
            # Rows of a pack do not see each other by flash-attn's kernels alone there.
            **({"attn_impl": "flash_attn"} if s["pack_to_max_length"] else {}),
            "output_dir": "saves",
            **schedule(s),
        }
    )


# The linear layers of the families that recipes name: Llama's and Qwen's words, then InternLM2's.
LINEAR = "q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj|wqkv|wo|w1|w2|w3"


def layers(s: dict[str, Any]) -> str:
    """The linear layers of ``lora_layers``, as ms-swift's ``target_regex`` (a whole name)."""
    return rf".*\.layers\.({'|'.join(map(str, s['lora_layers']))})\..*\.({LINEAR})"


def base(s: dict[str, Any], hub: str = "huggingface") -> str:
    """The base model: its folder where it is here, else its name on ``hub``, else a name that looks
    like a hub's (``owner/model``) as it is, and any other as a path that holds elsewhere too."""
    given = str(s["pretrained_model_name_or_path"])
    path, named = Path(given), (s["hub"] or {}).get(hub)
    if not (path / "config.json").is_file() and named:
        return str(named)
    owner, _, rest = given.partition("/")
    here = path.exists() or owner in (".", "..", "", MODELS.name) or Path(owner).is_dir()
    return str(path.resolve()) if here or not rest or "/" in rest else given


def half(s: dict[str, Any]) -> str:
    """The recipe's dtype; bfloat16 for one that takes what its CPU is fast in."""
    return "bfloat16" if s["dtype"] == "auto" else str(s["dtype"])


def schedule(s: dict[str, Any]) -> dict[str, Any]:
    """Batches, rate and epochs, by the names of transformers' ``TrainingArguments``."""
    return {
        "per_device_train_batch_size": s["batch_size"],
        "gradient_accumulation_steps": s["accumulative_counts"],
        "num_train_epochs": s["max_epochs"],
        "learning_rate": s["lr"],
        "lr_scheduler_type": "cosine",
        "warmup_ratio": s["warmup_ratio"],
        "weight_decay": s["weight_decay"],
        "max_grad_norm": s["max_norm"],
        "gradient_checkpointing": s["use_activation_checkpointing"],
        "bf16": half(s) == "bfloat16",
        "fp16": half(s) == "float16",
        "logging_steps": s["log_interval"],
        "save_steps": s["save_steps"],
        "save_total_limit": s["save_total_limit"] or None,
        "seed": s["seed"],
    }


def yaml(values: dict[str, Any]) -> str:
    """``values`` as YAML: one key a line; JSON's scalars and lists are YAML's."""
    lines = [
        f"{key}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in values.items()
        if value is not None
    ]
    return "\n".join(lines) + "\n"


def readme(recipe: str, form: str, command: str, mind: list[tuple[str, str]]) -> str:
    """How to run the folder and what to do with the result, in both languages (it is kept)."""
    return (
        f"# {recipe} → {form}\n\n```\n{command} train.yaml\n```\n\n"
        + "".join(f"- {' '.join(difference)}\n" for difference in mind)
        + "\n" * bool(mind)
        + "".join(f"{line}\n" for line in AFTERWARDS)
    )
