"""The contenders of benchmarks/train.py that are not ours, each in its own environment.

``train_peers.py trainer|llamafactory DATA MODEL EPOCHS RESULT`` writes RESULT: training seconds,
tokens, supervised tokens, steps and the eval curve (seconds of training, answer-token loss).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from core import precision


def read(path: Path) -> list[dict[str, Any]]:
    """The turns of a data set."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line)["conversation"][0] for line in file]


def tokenized(tokenizer: Any, turn: dict[str, str]) -> dict[str, list[int]]:
    """One row by the model's chat template, the answer supervised."""
    messages = [
        {"role": "system", "content": turn["system"]},
        {"role": "user", "content": turn["input"]},
    ]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True)
    answer = tokenizer(turn["output"] + "<|im_end|>", add_special_tokens=False).input_ids
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}


def clock(held: list[dict[str, Any]]) -> Any:
    """A Trainer callback that counts training seconds and tokens, and evaluates each epoch with the
    clock stopped, the same way for every contender: row by row, answer tokens only."""
    import torch
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.seconds, self.started, self.curve = 0.0, 0.0, []

        def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
            self.started = time.perf_counter()

        def on_step_end(self, *args: Any, **kwargs: Any) -> None:
            self.seconds += time.perf_counter() - self.started

        def on_epoch_end(self, *args: Any, model: Any = None, **kwargs: Any) -> None:
            model.eval()
            total = count = 0
            native = precision.fastest() == "bfloat16"
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=native):
                for row in held:
                    ids, labels = (torch.tensor([row[key]]) for key in ("input_ids", "labels"))
                    number = int((labels >= 0).sum())
                    total += float(model(input_ids=ids, labels=labels).loss) * number
                    count += number
            model.train()
            self.curve.append({"s": round(self.seconds, 2), "loss": round(total / count, 5)})
            print(self.curve[-1], flush=True)

    return Clock()


def trainer(data: Path, model_path: str, epochs: int) -> dict[str, Any]:
    """Hugging Face Trainer and PEFT as their documentation shows them: LoRA r64 on all linear
    layers, rows padded in batches of 8, no packing; in the format that this CPU computes fastest,
    as ours is."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        DataCollatorForSeq2Seq,
        Trainer,
        TrainingArguments,
    )

    tokenizer = AutoTokenizer.from_pretrained(model_path)
    rows = [tokenized(tokenizer, turn) for turn in read(data / "train.jsonl")]
    held = [tokenized(tokenizer, turn) for turn in read(data / "eval.jsonl")]
    fastest = precision.fastest()
    model = AutoModelForCausalLM.from_pretrained(model_path, dtype=getattr(torch, fastest))
    lora = LoraConfig(r=64, lora_alpha=128, target_modules="all-linear", task_type="CAUSAL_LM")
    arguments = TrainingArguments(
        "/tmp/trainer-out" if not sys.argv[5:] else sys.argv[5] + ".d",
        per_device_train_batch_size=8,
        num_train_epochs=epochs,
        learning_rate=1e-3,
        lr_scheduler_type="cosine",
        warmup_ratio=0.03,
        bf16=fastest == "bfloat16",
        use_cpu=True,
        logging_steps=5,
        save_strategy="no",
        report_to=[],
        seed=42,
    )
    watch = clock(held)
    run = Trainer(
        model=get_peft_model(model, lora),
        args=arguments,
        train_dataset=rows,
        data_collator=DataCollatorForSeq2Seq(tokenizer),
        callbacks=[watch],
    )
    run.train()
    return figures(watch, rows, epochs, run.state.global_step)


def llamafactory(data: Path, model_path: str, epochs: int) -> dict[str, Any]:
    """LLaMA-Factory with its packing, its own template for the model, LoRA r64 on all layers."""
    from transformers import AutoTokenizer

    stand_in("torchaudio")
    from llamafactory.train.tuner import run_exp

    folder = Path(sys.argv[5] + ".d")
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "instruction": turn["input"],
            "input": "",
            "output": turn["output"],
            "system": turn["system"],
        }
        for turn in read(data / "train.jsonl")
    ]
    (folder / "bank.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    columns = {"prompt": "instruction", "query": "input", "response": "output", "system": "system"}
    info = {"bank": {"file_name": "bank.json", "columns": columns}}
    (folder / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    held = [tokenized(tokenizer, turn) for turn in read(data / "eval.jsonl")]
    watch = clock(held)
    run_exp(
        {
            "model_name_or_path": model_path,
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "lora",
            "lora_rank": 64,
            "lora_alpha": 128,
            "lora_target": "all",
            "dataset_dir": str(folder),
            "dataset": "bank",
            "template": "smollm2",
            "cutoff_len": 512,
            "packing": True,
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 1,
            "learning_rate": 1e-3,
            "lr_scheduler_type": "cosine",
            "warmup_ratio": 0.03,
            "num_train_epochs": epochs,
            "bf16": precision.fastest() == "bfloat16",
            "use_cpu": True,
            "output_dir": str(folder / "out"),
            "overwrite_output_dir": True,
            "save_strategy": "no",
            "logging_steps": 1,
            "report_to": "none",
            "preprocessing_num_workers": 1,
        },
        callbacks=[watch],
    )
    made = [tokenized(tokenizer, turn) for turn in read(data / "train.jsonl")]
    log = (folder / "out" / "trainer_log.jsonl").read_text(encoding="utf-8").splitlines()
    return figures(watch, made, epochs, int(json.loads(log[-1])["total_steps"]))


def stand_in(name: str) -> None:
    """An empty module in place of one that is imported and, for text, never used (and has no CPU
    build for this torch)."""
    import importlib.util
    import types
    from importlib.machinery import ModuleSpec

    if importlib.util.find_spec(name) is None:
        module = types.ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        sys.modules[name] = module


def figures(watch: Any, rows: list[dict[str, Any]], epochs: int, steps: int) -> dict[str, Any]:
    """The result, tokens as they stand in the rows (padding is not counted as work done)."""
    return {
        "seconds": round(watch.seconds, 1),
        "tokens": epochs * sum(len(row["input_ids"]) for row in rows),
        "answer_tokens": epochs * sum(label >= 0 for row in rows for label in row["labels"]),
        "steps": steps,
        "eval": watch.curve,
    }


if __name__ == "__main__":
    name, data_folder, model_folder, count, result = sys.argv[1:6]
    made = {"trainer": trainer, "llamafactory": llamafactory}[name](
        Path(data_folder), model_folder, int(count)
    )
    Path(result).write_text(json.dumps(made), encoding="utf-8")
