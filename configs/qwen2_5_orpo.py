"""Qwen2.5-7B-Instruct, ORPO: answers and which is the better one in one training, QLoRA (NF4), one GPU.

Base      Qwen/Qwen2.5-7B-Instruct (no LOAD_FROM: the chosen answers are learnt too)
Memory    about 19 GB of GPU memory at max_length 1024 (estimated, not measured)
Download  modelscope download --model Qwen/Qwen2.5-7B-Instruct --local_dir models/Qwen2.5-7B-Instruct
Run       make train CONFIG=qwen2_5_orpo.py
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
        preference="orpo",
        max_length=1024,
        **dict(max_epochs=3, lr=2e-5, lora_dropout=0.0),
    )
)
del recipe
