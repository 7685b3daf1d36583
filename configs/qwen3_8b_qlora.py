"""Qwen3-8B, QLoRA (NF4), one GPU.

Base      Qwen/Qwen3-8B
Memory    about 17 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen3-8B --local_dir models/Qwen3-8B
Run       make train CONFIG=qwen3_8b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen3-8B",
        hub=dict(modelscope="Qwen/Qwen3-8B", huggingface="Qwen/Qwen3-8B"),
        gpu_memory_gb=17,
        prompt_template="qwen3",
    )
)
del recipe
