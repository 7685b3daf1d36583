"""Qwen3-0.6B, QLoRA (NF4), one GPU.

Base      Qwen/Qwen3-0.6B
Memory    about 5 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen3-0.6B --local_dir models/Qwen3-0.6B
Run       make train CONFIG=qwen3_0_6b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Qwen3-0.6B",
        hub=dict(modelscope="Qwen/Qwen3-0.6B", huggingface="Qwen/Qwen3-0.6B"),
        gpu_memory_gb=5,
        prompt_template="qwen3",
    )
)
del recipe
