"""Qwen2.5-7B-Instruct, DPO on pairs of better and worse answers, QLoRA (NF4), one GPU.

Base      Qwen/Qwen2.5-7B-Instruct, and the adapter that qwen2_5_7b_qlora.py trained (LOAD_FROM)
Memory    about 19 GB of GPU memory at max_length 1024 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-7B-Instruct --local_dir models/Qwen2.5-7B-Instruct
Run       make train CONFIG=qwen2_5_dpo.py LOAD_FROM=work_dirs/gongkao/qwen2_5_7b_qlora
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen2.5-7B-Instruct",
        hub=dict(modelscope="Qwen/Qwen2.5-7B-Instruct", huggingface="Qwen/Qwen2.5-7B-Instruct"),
        gpu_memory_gb=19,
        prompt_template="qwen_chat",
        preference="dpo",
        max_length=1024,
        **dict(max_epochs=1, lr=5e-6, lora_dropout=0.0),
    )
)
del recipe
