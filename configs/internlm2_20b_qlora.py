"""InternLM2-chat-20B, QLoRA (NF4), one GPU.

Base      internlm/internlm2-chat-20b
Memory    about 27 GB of GPU memory at max_length 2048 (estimated, not measured)
Download  modelscope download --model Shanghai_AI_Laboratory/internlm2-chat-20b --local_dir models/internlm2-chat-20b
Run       make train CONFIG=internlm2_20b_qlora.py
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/internlm2-chat-20b",
        hub=dict(
            modelscope="Shanghai_AI_Laboratory/internlm2-chat-20b",
            huggingface="internlm/internlm2-chat-20b",
        ),
        gpu_memory_gb=27,
        prompt_template="internlm2_chat",
        environment="train-448",
    )
)
del recipe
