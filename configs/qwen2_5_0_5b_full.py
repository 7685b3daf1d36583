"""Qwen2.5-0.5B-Instruct, all weights trained, one GPU.

Base      Qwen/Qwen2.5-0.5B-Instruct
Memory    about 12 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-0.5B-Instruct --local_dir models/Qwen2.5-0.5B-Instruct
Run       make train CONFIG=qwen2_5_0_5b_full.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen2.5-0.5B-Instruct",
        hub=dict(modelscope="Qwen/Qwen2.5-0.5B-Instruct", huggingface="Qwen/Qwen2.5-0.5B-Instruct"),
        gpu_memory_gb=12,
        prompt_template="qwen_chat",
        lora_r=0,
        lr=1e-5,
        dtype="bfloat16",
    )
)
del recipe
