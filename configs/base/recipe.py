"""The one builder that every recipe calls: options in, an XTuner config (PART 1-5) out.

Because a recipe is a call, overriding an option re-derives everything that depends on it, and a
misspelt option is a TypeError. Overrides reach it as JSON in TIKUFORGE_OVERRIDE (``make train
OVERRIDE="lr=5e-5"`` writes it), since ``--cfg-options lr=…`` would change a name and nothing else.
Option names are XTuner's.
"""

import torch
from mmengine.dataset import DefaultSampler
from mmengine.hooks import DistSamplerSeedHook, IterTimerHook, LoggerHook, ParamSchedulerHook
from mmengine.optim import AmpOptimWrapper, CosineAnnealingLR
from mmengine.visualization import (
    MLflowVisBackend,
    TensorboardVisBackend,
    Visualizer,
    WandbVisBackend,
)
from peft import LoraConfig
from torch.optim import AdamW
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from xtuner.dataset import process_hf_dataset
from xtuner.dataset.collate_fns import default_collate_fn
from xtuner.dataset.map_fns import template_map_fn_factory
from xtuner.dataset.samplers import LengthGroupedSampler
from xtuner.engine.hooks import VarlenAttnArgsToMessageHubHook
from xtuner.engine.runner import TrainLoop
from xtuner.parallel.sequence import SequenceParallelSampler
from xtuner.utils import PROMPT_TEMPLATE

from train.evaluation import EvalHook
from train.hooks import ProgressHook, SampleAnswersHook, StopHook, WholeCheckpointHook
from train.model import Finetune
from train.optim import CpuAmpOptimWrapper, WarmupLR
from train.packing import Packed, collate
from train.preference import Dpo, Orpo, Pairs, ReferenceHook, collate_pairs
from train.rows import load_rows, load_texts
from train.templates import TEMPLATES

DTYPES = dict(float16=torch.float16, bfloat16=torch.bfloat16, float32=torch.float32)
# Found on the machine that computes before anything is built (train.recipes.measured): until then
# it is a name.
DTYPES["auto"] = torch.float32
# Where curves can be sent (option ``track``); SwanLab brings its own mmengine backend.
TRACKERS = dict(
    tensorboard=dict(type=TensorboardVisBackend),
    wandb=dict(type=WandbVisBackend, init_kwargs=dict(project="tikuforge")),
    mlflow=dict(type=MLflowVisBackend, exp_name="tikuforge"),
    swanlab=dict(
        type="swanlab.integration.mmengine.SwanlabVisBackend",
        init_kwargs=dict(project="tikuforge"),
    ),
)


def recipe(**options):
    """The whole XTuner config for ``options`` (see ``_settings`` for their names and defaults)."""
    environ = __import__("os").environ
    overrides = __import__("json").loads(environ.get("TIKUFORGE_OVERRIDE") or "{}")
    base = "pretrained_model_name_or_path"
    if overrides.get(base, options[base]) != options[base]:
        options["hub"] = None  # where the recipe's own base comes from, not another
    o = _settings(**{**options, **overrides})
    tokenizer = dict(
        type=AutoTokenizer.from_pretrained,
        pretrained_model_name_or_path=o["pretrained_model_name_or_path"],
        trust_remote_code=_known(o),
        padding_side="right",
    )
    return dict(
        settings=o,
        use_varlen_attn=o["use_varlen_attn"],  # XTuner's checks read these two here
        sequence_parallel_size=o["sequence_parallel_size"],
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
    environment="train",  # requirements/<environment>.txt: the transformers that this family needs
    device="cuda",
    gpu_memory_gb=None,
    data="work_dirs/gongkao/data",
    text=None,  # continued pre-training: a file of plain text ("kb": the data folder's kb.jsonl)
    wordings=True,  # also data/wordings.jsonl: questions in other words, where make data made some
    sampled=True,  # also data/sampled.jsonl: right answers in other words, where make sample made some
    evidence=False,  # also data/evidence.jsonl: questions with what retrieval finds for them
    preference=None,  # "dpo" or "orpo": data/pairs.jsonl, which answer is the better one
    beta=0.1,  # of DPO: how dear leaving the reference is; of ORPO: the weight of its odds
    loss_type="sigmoid",  # which of XTuner's DPO losses
    label_smoothing=0.0,
    load_from=None,  # an earlier run's folder, or an adapter: a second round of training
    max_length=2048,
    pack_to_max_length=True,
    share_prefix=True,  # packed rows do not see each other, and their common head is paid once
    use_varlen_attn=False,  # XTuner's packing for flash-attn, rows apart
    sequence_parallel_size=1,
    group_by_length=False,
    batch_size=1,
    accumulative_counts=4,
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
    unpack_4bit=None,  # 4-bit weights written out once, not at every use (a CPU's default)
    keep_frozen=None,  # layers below the first trained one computed once a row (a CPU's default)
    lora_r=64,  # 0: no LoRA, all weights are trained
    lora_alpha=16,
    lora_dropout=0.1,
    lora_layers=None,
    answers_only=True,  # the output layer at supervised positions only
    use_activation_checkpointing=None,
    save_steps=500,
    save_total_limit=2,
    evaluation_freq=500,
    evaluation_samples=2,
    evaluation_rows=200,
    best_by=None,  # "loss" or "exact": the adapter is made of the best evaluation's step
    early_stopping_patience=0,
    log_interval=10,
    track=None,
    seed=42,
):
    return _derived(dict(locals()))


def _derived(o):
    """Options that hang on others, where none was given."""
    gpu = o["device"] == "cuda"  # a CPU has memory to spare
    o["dtype"] = o["dtype"] or "auto"  # what the machine that computes is fast in
    o["use_activation_checkpointing"] = (
        gpu if o["use_activation_checkpointing"] is None else o["use_activation_checkpointing"]
    )
    o["quantization"] = o["quantization"] if o["lora_r"] else None
    # What was given stands last: a word that is neither true nor false is found out afterwards.
    for name, able in (("unpack_4bit", o["quantization"]), ("keep_frozen", o["lora_layers"])):
        o[name] = bool(able) and (not gpu if o[name] is None else o[name])
    o["share_prefix"] = not (o["use_varlen_attn"] or o["text"]) and o["share_prefix"]
    if o["early_stopping_patience"]:
        o["best_by"] = o["best_by"] or "loss"
    return o


def _known(o):
    """Whether the base brings code of its own, which the user has allowed."""
    known = __import__("core.trust", fromlist=["known"]).remote_code_known
    return known(o["pretrained_model_name_or_path"])


# PART 2  Model
def _model(o):
    full = not o["lora_r"]
    llm = dict(
        type=AutoModelForCausalLM.from_pretrained,
        pretrained_model_name_or_path=o["pretrained_model_name_or_path"],
        trust_remote_code=_known(o),
        # All weights trained: AdamW needs float32 ones, autocast computes in dtype.
        torch_dtype=DTYPES["float32" if full else o["dtype"]],
    )
    if o["share_prefix"]:
        llm["attn_implementation"] = "sdpa"  # flash-attn takes no mask of ours
    if o["quantization"] == "nf4":
        llm["quantization_config"] = dict(
            type=BitsAndBytesConfig,
            load_in_4bit=True,
            bnb_4bit_compute_dtype=DTYPES[o["dtype"]],
            bnb_4bit_use_double_quant=True,
            bnb_4bit_quant_type="nf4",
        )
    model = dict(
        type=Dpo if o["preference"] == "dpo" else Orpo if o["preference"] else Finetune,
        use_varlen_attn=o["use_varlen_attn"],
        use_activation_checkpointing=o["use_activation_checkpointing"],
        answers_only=o["answers_only"],
        dispatch=o["use_varlen_attn"] or o["sequence_parallel_size"] > 1,
        unpack_4bit=o["unpack_4bit"],
        keep_frozen=o["keep_frozen"],
        llm=llm,
    )
    if o["preference"]:
        model["beta"] = o["beta"]
    if o["preference"] == "dpo":
        model.update(loss_type=o["loss_type"], label_smoothing=o["label_smoothing"])
    if not full:
        model["start"] = o["load_from"]
        model["lora"] = dict(
            type=LoraConfig,
            r=o["lora_r"],
            lora_alpha=o["lora_alpha"],
            lora_dropout=o["lora_dropout"],
            layers_to_transform=o["lora_layers"],
            bias="none",
            task_type="CAUSAL_LM",
        )
    return model


# PART 3  Dataset and dataloader
def _rows(o, tokenizer, file, rows=0):
    """Tokenized rows of ``file``: the same for training and evaluation."""
    ours = __import__("train.templates", fromlist=["TEMPLATES"]).TEMPLATES
    name = o["prompt_template"]
    template = ours.get(name) or {}
    if o["text"]:
        path = o["data"] + "/kb.jsonl" if o["text"] == "kb" else o["text"]
        source = dict(type=load_texts, path=path)
    else:
        source = dict(
            type=load_rows,
            path=o["data"] + "/" + file,
            default_system=template.get("DEFAULT_SYSTEM", ""),
            prefix=template.get("PREFIX", ""),
            rows=rows,
        )
    apply = dict(
        type=template_map_fn_factory,
        template=getattr(TEMPLATES if name in ours else PROMPT_TEMPLATE, name),
    )
    return dict(
        type=process_hf_dataset,
        dataset=source,
        tokenizer=tokenizer,
        max_length=o["max_length"],
        template_map_fn=None if o["text"] else apply,
        remove_unused_columns=True,
        shuffle_before_pack=True,
        pack_to_max_length=False,
        map_num_proc=1 if o["device"] == "cpu" else 8,
    )


def _collate(o):
    if o["preference"]:
        return dict(type=collate_pairs)
    if o["share_prefix"]:
        return dict(type=collate)
    return dict(type=default_collate_fn, use_varlen_attn=o["use_varlen_attn"])


def _dataloader(o, tokenizer):
    dataset = _rows(o, tokenizer, "pairs.jsonl" if o["preference"] else "train.jsonl")
    if o["preference"]:
        dataset = dict(type=Pairs, dataset=dataset)
    elif not o["text"]:
        asked = [name for name in ("wordings", "sampled", "evidence") if o[name]]
        dataset["dataset"]["more"] = [f"{o['data']}/{name}.jsonl" for name in asked]
    if o["preference"]:
        pass  # a batch of pairs is one sequence
    elif o["pack_to_max_length"] and o["share_prefix"]:
        dataset = dict(type=Packed, dataset=dataset, max_length=o["max_length"], seed=o["seed"])
    elif o["pack_to_max_length"]:
        dataset.update(pack_to_max_length=True, use_varlen_attn=o["use_varlen_attn"])
    sampler = dict(type=DefaultSampler, shuffle=True)
    if o["sequence_parallel_size"] > 1:
        sampler.update(type=SequenceParallelSampler)
    elif (
        o["group_by_length"] and not o["preference"]
    ):  # unpacked rows of a batch are padded to its longest
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
        collate_fn=_collate(o),
    )


# PART 4  Scheduler and optimizer
def _schedule(o):
    optimizer = dict(
        type=o["optim_type"], lr=o["lr"], betas=o["betas"], weight_decay=o["weight_decay"]
    )
    wrapper = dict(
        optimizer=optimizer,
        clip_grad=dict(max_norm=o["max_norm"], error_if_nonfinite=False),
        accumulative_counts=o["accumulative_counts"] * o["sequence_parallel_size"],
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
def _hooks(o, tokenizer):
    counts = o["accumulative_counts"] * o["sequence_parallel_size"]
    hooks = [
        dict(
            type=SampleAnswersHook,
            tokenizer=tokenizer,
            data=o["data"] + "/train.jsonl",
            count=0 if o["text"] else o["evaluation_samples"],
            every_n_iters=o["evaluation_freq"],
        ),
        dict(type=ProgressHook, interval=o["log_interval"], dtype=o["dtype"]),
        dict(
            type=EvalHook,
            dataset=_rows(o, tokenizer, "eval.jsonl", rows=o["evaluation_rows"]),
            tokenizer=tokenizer,
            path=o["data"] + "/eval.jsonl",
            collate=dict(type=collate) if o["share_prefix"] else dict(type=default_collate_fn),
            rows=0 if o["text"] else o["evaluation_rows"],
            every_n_iters=o["evaluation_freq"],
            accumulative_counts=counts,
            best_by=o["best_by"],
            patience=o["early_stopping_patience"],
        ),
        dict(type=StopHook, accumulative_counts=counts),
    ]
    if o["preference"]:
        hooks.append(dict(type=ReferenceHook))
    if o["use_varlen_attn"]:
        hooks.append(dict(type=VarlenAttnArgsToMessageHubHook))
    return hooks


def _trackers(o):
    if not o["track"]:
        return []
    found = dict(TRACKERS[o["track"]])
    if o["track"] == "mlflow":  # mmengine's own default is a folder, which MLflow 3 refuses
        environ = __import__("os").environ
        home = environ.get("TIKUFORGE_WORK_DIRS", "work_dirs")
        found["tracking_uri"] = environ.get("MLFLOW_TRACKING_URI")
        if not found["tracking_uri"]:
            found.update(
                tracking_uri="sqlite:///" + home + "/mlflow.db",
                artifact_location=home + "/mlflow",
            )
    return [found]


def _runtime(o, tokenizer):
    checkpoint = dict(
        type=WholeCheckpointHook,
        interval=o["save_steps"],
        keep=o["save_total_limit"],
        accumulative_counts=o["accumulative_counts"] * o["sequence_parallel_size"],
    )
    runtime = dict(
        custom_hooks=_hooks(o, tokenizer),
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
        visualizer=dict(type=Visualizer, vis_backends=_trackers(o)),
        log_level="INFO",
        load_from=None,
        resume=False,
        randomness=dict(seed=o["seed"], deterministic=False),
        log_processor=dict(by_epoch=False),
    )
    if o["device"] == "cpu":  # mmengine's own choice names a GPU
        runtime["model_wrapper_cfg"] = dict(
            type="MMDistributedDataParallel", broadcast_buffers=False, device_ids=None
        )
    return runtime
