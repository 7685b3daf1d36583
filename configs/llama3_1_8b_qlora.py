"""Llama-3.1-8B-Instruct, QLoRA (NF4), one GPU.

Base      meta-llama/Meta-Llama-3.1-8B-Instruct
Memory    about 16 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model LLM-Research/Meta-Llama-3.1-8B-Instruct --local_dir models/Meta-Llama-3.1-8B-Instruct
Run       make train CONFIG=llama3_1_8b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/Meta-Llama-3.1-8B-Instruct",
        hub=dict(
            modelscope="LLM-Research/Meta-Llama-3.1-8B-Instruct",
            huggingface="meta-llama/Meta-Llama-3.1-8B-Instruct",
        ),
        gpu_memory_gb=16,
        prompt_template="llama3_1",
    )
)
del recipe
