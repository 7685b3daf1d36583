"""Qwen2.5-7B-Instruct, continued pre-training on the knowledge text, QLoRA, one GPU.

Base      Qwen/Qwen2.5-7B-Instruct
Memory    about 19 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-7B-Instruct --local_dir models/Qwen2.5-7B-Instruct
Run       make train CONFIG=qwen2_5_7b_pretrain.py
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
        text="kb",
        lr=1e-4,
        max_epochs=1,
    )
)
del recipe
