"""Qwen3-4B, QLoRA (NF4), one GPU.

Base      Qwen/Qwen3-4B
Memory    about 10 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen3-4B --local_dir models/Qwen3-4B
Run       make train CONFIG=qwen3_4b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen3-4B",
        hub=dict(modelscope="Qwen/Qwen3-4B", huggingface="Qwen/Qwen3-4B"),
        gpu_memory_gb=10,
        prompt_template="qwen3",
    )
)
del recipe
