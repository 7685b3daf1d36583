"""The one builder that every recipe calls: options in, an XTuner config (PART 1-5) out.

Because a recipe is a call, overriding an option re-derives everything that depends on it, and a
misspelt option is a TypeError. Overrides reach it as JSON in TIKUFORGE_OVERRIDE (``make train
OVERRIDE="lr=5e-5"`` writes it), since ``--cfg-options lr=…`` would change a name and nothing else.
Option names are XTuner's.
"""

import torch
from mmengine.dataset import DefaultSampler
from mmengine.hooks import (
    CheckpointHook,
    DistSamplerSeedHook,
    IterTimerHook,
    LoggerHook,
    ParamSchedulerHook,
)
from mmengine.optim import AmpOptimWrapper, CosineAnnealingLR
from mmengine.visualization import Visualizer
from peft import LoraConfig
from torch.optim import AdamW
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from xtuner.dataset import process_hf_dataset
from xtuner.dataset.collate_fns import default_collate_fn
from xtuner.dataset.map_fns import template_map_fn_factory
from xtuner.dataset.samplers import LengthGroupedSampler
from xtuner.engine.runner import TrainLoop
from xtuner.model import SupervisedFinetune
from xtuner.utils import PROMPT_TEMPLATE

from train.hooks import ProgressHook, SampleAnswersHook, StopHook
from train.optim import CpuAmpOptimWrapper, WarmupLR
from train.rows import load_rows

DTYPES = dict(float16=torch.float16, bfloat16=torch.bfloat16, float32=torch.float32)


def recipe(**options):
    """The whole XTuner config for ``options`` (see ``_settings`` for their names and defaults)."""
    environ = __import__("os").environ
    overrides = __import__("json").loads(environ.get("TIKUFORGE_OVERRIDE") or "{}")
    o = _settings(**{**options, **overrides})
    tokenizer = dict(
        type=AutoTokenizer.from_pretrained,
        pretrained_model_name_or_path=o["pretrained_model_name_or_path"],
        trust_remote_code=True,
        padding_side="right",
    )
    return dict(
        settings=o,
        tokenizer=tokenizer,
        model=_model(o),
        train_dataloader=_dataloader(o, tokenizer),
        **_schedule(o),
        **_runtime(o, tokenizer),
    )


# PART 1  Settings
def _settings(
    pretrained_model_name_or_path,
    prompt_template,
    hub=None,
    device="cuda",
    gpu_memory_gb=None,
    data="work_dirs/gongkao/data",
    max_length=2048,
    pack_to_max_length=True,
    use_varlen_attn=False,
    group_by_length=False,
    batch_size=1,
    accumulative_counts=16,
    dataloader_num_workers=0,
    max_epochs=3,
    lr=2e-4,
    betas=(0.9, 0.999),
    weight_decay=0,
    max_norm=1,
    warmup_ratio=0.03,
    optim_type=AdamW,
    quantization="nf4",
    dtype=None,
    lora_r=64,
    lora_alpha=16,
    lora_dropout=0.1,
    lora_layers=None,
    use_activation_checkpointing=None,
    save_steps=500,
    save_total_limit=2,
    evaluation_freq=500,
    evaluation_samples=2,
    log_interval=10,
    seed=42,
):
    o = dict(locals())
    gpu = device == "cuda"  # a CPU computes in bfloat16 and has memory to spare
    o["dtype"] = dtype or ("float16" if gpu else "bfloat16")
    o["use_activation_checkpointing"] = (
        gpu if use_activation_checkpointing is None else use_activation_checkpointing
    )
    return o


# PART 2  Model
def _model(o):
    llm = dict(
        type=AutoModelForCausalLM.from_pretrained,
        pretrained_model_name_or_path=o["pretrained_model_name_or_path"],
        trust_remote_code=True,
        torch_dtype=DTYPES[o["dtype"]],
    )
    if o["quantization"] == "nf4":
        llm["quantization_config"] = dict(
            type=BitsAndBytesConfig,
            load_in_4bit=True,
            bnb_4bit_compute_dtype=DTYPES[o["dtype"]],
            bnb_4bit_use_double_quant=True,
            bnb_4bit_quant_type="nf4",
        )
    lora = dict(
        type=LoraConfig,
        r=o["lora_r"],
        lora_alpha=o["lora_alpha"],
        lora_dropout=o["lora_dropout"],
        layers_to_transform=o["lora_layers"],
        bias="none",
        task_type="CAUSAL_LM",
    )
    return dict(
        type=SupervisedFinetune,
        use_varlen_attn=o["use_varlen_attn"],
        use_activation_checkpointing=o["use_activation_checkpointing"],
        llm=llm,
        lora=lora,
    )


# PART 3  Dataset and dataloader
def _dataloader(o, tokenizer):
    dataset = dict(
        type=process_hf_dataset,
        dataset=dict(type=load_rows, path=o["data"] + "/train.jsonl"),
        tokenizer=tokenizer,
        max_length=o["max_length"],
        template_map_fn=dict(
            type=template_map_fn_factory, template=getattr(PROMPT_TEMPLATE, o["prompt_template"])
        ),
        remove_unused_columns=True,
        shuffle_before_pack=True,
        pack_to_max_length=o["pack_to_max_length"],
        use_varlen_attn=o["use_varlen_attn"],
        map_num_proc=1 if o["device"] == "cpu" else 8,
    )
    sampler = dict(type=DefaultSampler, shuffle=True)
    if o["group_by_length"]:  # unpacked rows of a batch are padded to its longest
        sampler = dict(
            type=LengthGroupedSampler,
            per_device_batch_size=o["batch_size"],
            mega_batch_mult=4,
            seed=o["seed"],
        )
    return dict(
        batch_size=o["batch_size"],
        num_workers=o["dataloader_num_workers"],
        dataset=dataset,
        sampler=sampler,
        collate_fn=dict(type=default_collate_fn, use_varlen_attn=o["use_varlen_attn"]),
    )


# PART 4  Scheduler and optimizer
def _schedule(o):
    optimizer = dict(
        type=o["optim_type"], lr=o["lr"], betas=o["betas"], weight_decay=o["weight_decay"]
    )
    wrapper = dict(
        optimizer=optimizer,
        clip_grad=dict(max_norm=o["max_norm"], error_if_nonfinite=False),
        accumulative_counts=o["accumulative_counts"],
    )
    if o["device"] == "cpu":  # mmengine's AmpOptimWrapper refuses a CPU
        wrapper.update(type=CpuAmpOptimWrapper, dtype=o["dtype"])
    else:
        scale = "dynamic" if o["dtype"] == "float16" else 1.0
        wrapper.update(type=AmpOptimWrapper, loss_scale=scale, dtype=o["dtype"])
    warm = o["warmup_ratio"] * o["max_epochs"]
    epochs = dict(by_epoch=True, convert_to_iter_based=True)
    return dict(
        optim_wrapper=wrapper,
        param_scheduler=[
            dict(type=WarmupLR, start_factor=1e-5, begin=0, end=warm, **epochs),
            dict(type=CosineAnnealingLR, eta_min=0.0, begin=warm, end=o["max_epochs"], **epochs),
        ],
        train_cfg=dict(type=TrainLoop, max_epochs=o["max_epochs"]),
    )


# PART 5  Runtime
def _runtime(o, tokenizer):
    checkpoint = dict(
        type=CheckpointHook,
        by_epoch=False,
        interval=o["save_steps"],
        max_keep_ckpts=o["save_total_limit"],
    )
    samples = dict(
        type=SampleAnswersHook,
        tokenizer=tokenizer,
        data=o["data"] + "/train.jsonl",
        count=o["evaluation_samples"],
        every_n_iters=o["evaluation_freq"],
    )
    return dict(
        custom_hooks=[
            samples,
            dict(type=ProgressHook, interval=o["log_interval"]),
            dict(type=StopHook, accumulative_counts=o["accumulative_counts"]),
        ],
        default_hooks=dict(
            timer=dict(type=IterTimerHook),
            logger=dict(type=LoggerHook, log_metric_by_epoch=False, interval=o["log_interval"]),
            param_scheduler=dict(type=ParamSchedulerHook),
            checkpoint=checkpoint,
            sampler_seed=dict(type=DistSamplerSeedHook),
        ),
        env_cfg=dict(
            cudnn_benchmark=False,
            mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
            dist_cfg=dict(backend="nccl" if o["device"] == "cuda" else "gloo"),
        ),
        visualizer=dict(type=Visualizer, vis_backends=[]),
        log_level="INFO",
        load_from=None,
        resume=False,
        randomness=dict(seed=o["seed"], deterministic=False),
        log_processor=dict(by_epoch=False),
    )
