"""Qwen2.5-7B-Instruct, QLoRA (NF4), one GPU.

Base      Qwen/Qwen2.5-7B-Instruct
Memory    about 16 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-7B-Instruct --local_dir models/Qwen2.5-7B-Instruct
Run       make train CONFIG=qwen2_5_7b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen2.5-7B-Instruct",
        hub=dict(modelscope="Qwen/Qwen2.5-7B-Instruct", huggingface="Qwen/Qwen2.5-7B-Instruct"),
        gpu_memory_gb=16,
        prompt_template="qwen_chat",
    )
)
del recipe
