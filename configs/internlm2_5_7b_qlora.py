"""InternLM2.5-chat-7B, QLoRA (NF4), one GPU.

Base      internlm/internlm2_5-7b-chat
Memory    about 14 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Shanghai_AI_Laboratory/internlm2_5-7b-chat --local_dir models/internlm2_5-7b-chat
Run       make train CONFIG=internlm2_5_7b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/internlm2_5-7b-chat",
        hub=dict(
            modelscope="Shanghai_AI_Laboratory/internlm2_5-7b-chat",
            huggingface="internlm/internlm2_5-7b-chat",
        ),
        gpu_memory_gb=14,
        prompt_template="internlm2_chat",
        environment="train-448",
    )
)
del recipe
