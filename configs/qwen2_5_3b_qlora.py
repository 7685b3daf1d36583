"""Qwen2.5-3B-Instruct, QLoRA (NF4), one GPU.

Base      Qwen/Qwen2.5-3B-Instruct
Memory    about 9 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-3B-Instruct --local_dir models/Qwen2.5-3B-Instruct
Run       make train CONFIG=qwen2_5_3b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen2.5-3B-Instruct",
        hub=dict(modelscope="Qwen/Qwen2.5-3B-Instruct", huggingface="Qwen/Qwen2.5-3B-Instruct"),
        gpu_memory_gb=9,
        prompt_template="qwen_chat",
    )
)
del recipe
