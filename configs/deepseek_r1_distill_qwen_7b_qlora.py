"""DeepSeek-R1-Distill-Qwen-7B, QLoRA (NF4), one GPU.

Base      deepseek-ai/DeepSeek-R1-Distill-Qwen-7B
Memory    about 16 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model deepseek-ai/DeepSeek-R1-Distill-Qwen-7B --local_dir models/DeepSeek-R1-Distill-Qwen-7B
Run       make train CONFIG=deepseek_r1_distill_qwen_7b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/DeepSeek-R1-Distill-Qwen-7B",
        hub=dict(
            modelscope="deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
            huggingface="deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
        ),
        gpu_memory_gb=16,
        prompt_template="deepseek_r1",
    )
)
del recipe
