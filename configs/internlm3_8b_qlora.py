"""InternLM3-8B-instruct, QLoRA (NF4), one GPU.

Base      internlm/internlm3-8b-instruct
Memory    about 18 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Shanghai_AI_Laboratory/internlm3-8b-instruct --local_dir models/internlm3-8b-instruct
Run       make train CONFIG=internlm3_8b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/internlm3-8b-instruct",
        hub=dict(
            modelscope="Shanghai_AI_Laboratory/internlm3-8b-instruct",
            huggingface="internlm/internlm3-8b-instruct",
        ),
        gpu_memory_gb=18,
        prompt_template="internlm2_chat",
        environment="train-448",
    )
)
del recipe
