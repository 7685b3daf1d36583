"""``make gpu-check``, the training half: our run beside plain Trainer + PEFT, merge, generate.

Needs no hub and at most some minutes of a GPU that is paid for by them: InternLM2's 1.8B and 7B
shapes (as Llama, which has the same matrices), random weights, random bank-like rows. Ours is the
real way (``make train``'s run of the recipe: NF4, the GPU's own 16-bit dtype, rows packed with one
prefix, answers only), the other Hugging Face's ``Trainer`` on the same rows, padded in batches.
``--rehearse`` goes the same way to its end on a CPU with a tiny shape, so that a rented GPU does
not meet a line that never ran. :mod:`deploy.gpu_check` serves what this leaves and prints the
table.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import random
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import gpu
from core.errors import UserError
from core.files import read_json, shown, write_json, write_jsonl
from core.language import words
from train import preflight, shapes
from train.shapes import Shape

RECIPES = {
    "internlm2-chat-1_8b": "internlm2_1_8b_qlora.py",
    "internlm2-chat-7b": "internlm2_qlora.py",
}
REHEARSED = Shape(356, 128, 256, 2, 2, 1, 64, False)  # as many tokens as :func:`tokenizer` has
STEPS, WARM = 30, 5  # steps of training, of which the first are not counted
PREFIX, QUESTION, ANSWER = 24, 20, 6  # tokens of a row: system prompt, question, answer
BATCH = 8  # rows of a padded batch of plain Trainer's
NEW = 64  # tokens that generate writes
MINUTES = 10.0
TRAINING = 0.55  # of them are this half's
# What a step is planned with: seconds of a process's start, GB of weights a second from and to a
# disk (and a cast of them), FLOP a second (a third of an RTX 4090's). Assumed, not measured here: a
# faster machine has time for what is left out, a slower one is ended by the clock.
START, DISK, FLOPS = 10.0, 1.0, 60e12
PASSES = {  # over all weights: read, written, quantised or cast
    "model": 1,
    "train: make train": 2,
    "train: Trainer + PEFT": 2,
    "generate": 1,
    "merge": 5,
}
LABELS = {  # of the steps, as they are shown while they run; their keys are what train.json has
    "model": ("造随机权重的模型", "making a model of random weights"),
    "train: make train": ("训练: make train", "training: make train"),
    "train: Trainer + PEFT": ("训练: Trainer + PEFT", "training: Trainer + PEFT"),
    "generate": ("生成", "generating"),
    "merge": ("合并", "merging"),
}
SPECIALS = ("<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def gpu_check(out: Path, rehearse: bool = False, minutes: float = MINUTES) -> None:
    """Measure and write ``OUT/train.json``, with models in ``OUT/models`` for the serving half,
    which removes them. :data:`TRAINING` of ``minutes`` is this half's: a step that does not fit
    into what is left by :func:`needs` is left out, one that still runs at the end is ended; both
    are said."""
    if rehearse:
        minutes = max(minutes, 60.0)  # the clock of a GPU that is paid for does not run
    began = time.monotonic()
    work, rows = out / "models", []
    models = {"tiny": REHEARSED} if rehearse else {name: shapes.KNOWN[name] for name in RECIPES}
    with removed_on_failure(work):
        for name, shape in models.items():
            left = 60 * minutes * TRAINING - (time.monotonic() - began)
            rows += one_model(work, name, shape, rehearse, left)
        result = {"gpu": device_name(rehearse), "rehearsed": rehearse, "rows": rows}
        result |= {"began": time.time() - (time.monotonic() - began), "minutes": minutes}
        write_json(out / "train.json", result)
    print(f"{words('写入', 'wrote')} {shown(out / 'train.json')}", flush=True)


def able(rehearse: bool, minutes: float) -> None:
    """:class:`UserError` without a GPU that our torch runs on, unless rehearsed, and for a time in
    which nothing can be measured. Asked before any environment is made."""
    if not minutes >= 1:  # also where it is no number
        raise UserError(f"MINUTES={minutes:g}: {words('至少', 'at least')} 1")
    if rehearse:
        return
    if not preflight.has_gpu():
        why = f" ({gpu.trouble()})" if gpu.trouble() else ""
        raise UserError(
            words(
                f"本机没有 NVIDIA GPU{why}，无从实测；估算: make estimate CONFIG=…；"
                "演练: make gpu-check REHEARSE=1",
                f"no NVIDIA GPU here{why}, nothing to measure; for an estimate: "
                "make estimate CONFIG=…; to rehearse: make gpu-check REHEARSE=1",
            )
        )
    problem = preflight.torch_build(gpu.cuda_line())
    if problem:
        raise UserError(problem)


@contextmanager
def removed_on_failure(work: Path) -> Iterator[None]:
    """Clear ``work`` before, and after a failure, Ctrl-C and SIGTERM: its weights are gigabytes."""

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def device_name(rehearse: bool) -> str:
    """The GPU as ``nvidia-smi`` names it."""
    return "CPU (rehearsal)" if rehearse else gpu.gpus()[0].name


def one_model(work: Path, name: str, s: Shape, rehearse: bool, left: float) -> list[dict[str, Any]]:
    """The rows of one shape; a step that fails is a row with its error, and so is one that does not
    fit into ``left`` seconds, or is not done when they are over. Merging comes last: a model that
    is not merged is served as its base, which has the same shape."""
    began = time.monotonic()
    folder = work / name
    steps: dict[str, Callable[..., dict[str, Any]]] = {
        "model": write_model,
        "train: make train": ours,
        "train: Trainer + PEFT": plain,
        "generate": generated,
        "merge": merged,
    }
    rows = []
    for what, call in steps.items():
        rest, need = left - (time.monotonic() - began), needs(what, s)
        if rest < need:
            rows.append({"model": name, "what": what, "error": no_time(need, rest)})
            if what == "model":
                break
            continue
        print(f"{name}: {words(*LABELS[what])} …", flush=True)
        step = functools.partial(call, folder, name, s, rehearse)
        measured = alone(step, work / "result.json", rest)
        if what != "model" or "error" in measured:
            rows.append({"model": name, "what": what, **measured})
        if what == "model" and "error" in measured:
            break
    if (folder / "run" / "merged").is_dir():
        shutil.rmtree(folder / "base", ignore_errors=True)
    return rows


def needs(what: str, s: Shape) -> float:
    """Seconds that step ``what`` is planned with for shape ``s``."""
    tokens = {  # forward, again where it is checkpointed, backward: 2 FLOP a weight and token each
        "train: make train": STEPS * length(False),
        "train: Trainer + PEFT": (STEPS + WARM) * BATCH * (PREFIX + QUESTION + ANSWER + 30),
    }
    weights = 2 * s.parameters / 1e9
    return START + PASSES[what] * weights / DISK + 6 * s.parameters * tokens.get(what, 0) / FLOPS


def no_time(need: float, rest: float) -> str:
    """Why a step is left out."""
    return words(
        f"没有时间了: 约需 {need:.0f} 秒，剩 {max(rest, 0):.0f}",
        f"out of time: takes about {need:.0f} s, {max(rest, 0):.0f} are left",
    )


def alone(
    call: Callable[[], dict[str, Any]], result: Path, left: float = float("inf")
) -> dict[str, Any]:
    """``call`` in a process of its own, since its GPU memory goes only with it; ended after
    ``left`` seconds."""
    result.unlink(missing_ok=True)
    process = multiprocessing.get_context("spawn").Process(target=noted, args=(call, result))
    process.start()
    over = ended(process, left)
    if result.is_file():
        return dict(read_json(result))
    if over:
        return {"error": words(f"没有时间了: {left:.0f} 秒不够", f"out of time: {left:.0f} s")}
    ended_with = words("进程结束，状态", "the process ended with status")
    return {"error": f"{ended_with} {process.exitcode}"}


def ended(process: Any, left: float) -> bool:
    """Wait for ``process``, at most ``left`` seconds; whether it had to be killed then. At once: a
    run of ours would save a checkpoint at SIGTERM."""
    try:
        process.join(min(left, 86400.0))
        return bool(process.is_alive())
    finally:
        if process.is_alive():
            process.kill()
            process.join()


def noted(call: Callable[[], dict[str, Any]], result: Path) -> None:
    """Run ``call`` and write what it returns, or why not, into ``result``."""
    import os

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from train import patches

    patches.apply()
    began = time.perf_counter()
    try:
        measured = call()
    except (Exception, SystemExit) as error:  # the table shows it and the next step is tried
        traceback.print_exc()
        measured = {"error": (str(error).splitlines() or [type(error).__name__])[0][:200]}
    write_json(result, {"seconds": round(time.perf_counter() - began, 1), **measured, **peak()})


def peak() -> dict[str, float]:
    """Peak GPU memory of this process in GB."""
    import torch

    if not torch.cuda.is_available():
        return {}
    return {"peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2)}


def place(rehearse: bool) -> str:
    """Where to compute."""
    return "cpu" if rehearse else "cuda"


def tokenizer() -> Any:
    """One token a character of ASCII, a byte of others, a special; in SentencePiece's way
    (llama.cpp's converter knows byte-level ones by name alone), with InternLM2's chat template."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    tokens = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [*(chr(code) for code in range(0x21, 0x7F)), "▁"]
    vocab = {text: number for number, text in enumerate(tokens)}
    bpe = models.BPE(vocab=vocab, merges=[], unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    raw = Tokenizer(bpe)
    raw.normalizer = normalizers.Replace(" ", "▁")
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    raw.decoder = decoders.Sequence(steps)
    raw.add_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIALS])
    whole = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        unk_token="<unk>",
        add_bos_token=False,  # the template writes it
        add_prefix_space=False,
        clean_up_tokenization_spaces=False,
    )
    whole.chat_template = TEMPLATE
    return whole


def write_model(folder: Path, name: str, s: Shape, rehearse: bool) -> dict[str, Any]:
    """``FOLDER/base``: random weights of shape ``s``; ``FOLDER/data``: rows for ``STEPS`` steps."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    config = LlamaConfig(
        vocab_size=s.vocab,
        hidden_size=s.hidden,
        intermediate_size=s.mlp,
        num_hidden_layers=s.layers,
        num_attention_heads=s.heads,
        num_key_value_heads=s.kv_heads,
        head_dim=s.head_dim,
        max_position_embeddings=4096,
        tie_word_embeddings=s.tied,
        bos_token_id=1,
        eos_token_id=4,
        pad_token_id=2,
    )
    with torch.device(place(rehearse)):
        model = AutoModelForCausalLM.from_config(config, torch_dtype=torch.bfloat16)
    model.save_pretrained(folder / "base", max_shard_size="2GB")
    tokenizer().save_pretrained(folder / "base")
    rest = QUESTION + ANSWER + 20  # and the template's own tokens
    packed = (length(rehearse) - PREFIX) // rest
    write_jsonl(folder / "data" / "train.jsonl", rows(STEPS * max(packed, BATCH)))
    return {}


def length(rehearse: bool) -> int:
    """``max_length`` of the measured run."""
    return 256 if rehearse else 2048


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Random rows of the lengths that bank rows have, with one system prompt."""
    draw = random.Random(0)

    def text(size: int) -> str:
        return "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=size))

    system = text(PREFIX)
    for number in range(count):
        turn = {"system": system, "input": text(QUESTION), "output": text(ANSWER)}
        yield {"id": f"g-{number}", "conversation": [turn]}


def recipe(name: str) -> str:
    """The recipe that trains a model of this name."""
    return RECIPES.get(name, "internlm2_1_8b_qlora.py")


def ours(folder: Path, name: str, s: Shape, rehearse: bool) -> dict[str, Any]:
    """``make train`` with the recipe, its steps read off ``loss.jsonl``."""
    from train.run import run

    options = [f"pretrained_model_name_or_path={folder / 'base'}", f"max_length={length(rehearse)}"]
    options += ["max_epochs=1", "accumulative_counts=1", "evaluation_rows=0"]
    options += ["evaluation_samples=0", "save_steps=1000000", f"device={place(rehearse)}"]
    run(recipe(name), folder / "run", "gongkao", folder / "data", options)
    points = [json.loads(line) for line in (folder / "run" / "loss.jsonl").open()][WARM:]
    seconds = sum(point["s"] for point in points)
    count = sum(point["answer_tokens"] for point in points) / (ANSWER + 1)  # and the turn's end
    return {
        "steps": len(points),
        "rows_per_s": round(count / seconds, 2),
        "tokens_per_s": round(sum(point["tokens"] for point in points) / seconds, 1),
        "s_per_step": round(seconds / len(points), 4),
    }


def plain(folder: Path, name: str, s: Shape, rehearse: bool) -> dict[str, Any]:
    """Hugging Face's ``Trainer`` with PEFT on the same rows: NF4, LoRA and dtype as the recipe's,
    batches of ``BATCH`` padded rows, the loss on all tokens but padding."""
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        BitsAndBytesConfig,
        DataCollatorForLanguageModeling,
        Trainer,
        TrainingArguments,
    )

    from core.files import read_jsonl

    half = "bfloat16" if rehearse else gpu.half()
    dtype = getattr(torch, half)
    bits = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_quant_type="nf4",
    )
    base = str(folder / "base")
    text_to_ids = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, torch_dtype=dtype, quantization_config=bits)
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=not rehearse)
    lora = LoraConfig(
        r=64, lora_alpha=16, lora_dropout=0.1, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    model = get_peft_model(model, lora)
    data = []
    for row in read_jsonl(folder / "data" / "train.jsonl"):
        turn = row["conversation"][0]
        talk = [{"role": "system", "content": turn["system"]}]
        talk += [{"role": "user", "content": turn["input"]}]
        talk += [{"role": "assistant", "content": turn["output"]}]
        data.append({"input_ids": text_to_ids.apply_chat_template(talk)})
        if len(data) == (STEPS + WARM) * BATCH:
            break
    settings = TrainingArguments(
        output_dir=str(folder / "plain"),
        per_device_train_batch_size=BATCH,
        max_steps=min(STEPS, len(data) // BATCH),
        learning_rate=2e-4,
        bf16=half == "bfloat16" and not rehearse,
        fp16=half == "float16",
        use_cpu=rehearse,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )
    collator = DataCollatorForLanguageModeling(text_to_ids, mlm=False)
    trainer = Trainer(model=model, args=settings, train_dataset=data, data_collator=collator)
    steps, settings.max_steps = settings.max_steps, WARM
    trainer.train()  # for the kernels
    settings.max_steps, began = steps, time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - began
    size = len(data[0]["input_ids"])
    return {
        "steps": steps,
        "rows_per_s": round(steps * BATCH / seconds, 2),
        "tokens_per_s": round(steps * BATCH * size / seconds, 1),
        "s_per_step": round(seconds / steps, 4),
    }


def merged(folder: Path, name: str, s: Shape, rehearse: bool) -> dict[str, Any]:
    """``make merge`` with its proof."""
    from train import merge

    merge.adapter(folder / "run")
    merge.merge(folder / "run")
    proof = read_json(folder / "run" / "merged" / "handover.json")
    return {"greedy_equal": f"{proof['greedy_equal']}/{proof['n']}"}


def generated(folder: Path, name: str, s: Shape, rehearse: bool) -> dict[str, Any]:
    """transformers' ``generate`` on the base, at as many rows as serving has clients."""
    import torch
    from transformers import AutoModelForCausalLM

    where = place(rehearse)
    model = AutoModelForCausalLM.from_pretrained(folder / "base", torch_dtype="auto").to(where)
    rates = {}
    for count in (1, 8, 64):
        ids = torch.randint(10, 200, (count, PREFIX + QUESTION), device=model.device)
        mask = torch.ones_like(ids)
        options = {"min_new_tokens": NEW, "max_new_tokens": NEW, "do_sample": False}
        began = time.perf_counter()
        model.generate(input_ids=ids, attention_mask=mask, **options)
        seconds = time.perf_counter() - began  # its tokens come back to Python: all is done
        rates[f"tokens_per_s_{count}"] = round(count * NEW / seconds, 1)
    return rates
