"""InternLM2-chat-7B, DPO on pairs of better and worse answers, QLoRA (NF4), one GPU.

Base      internlm/internlm2-chat-7b, and the adapter that internlm2_qlora.py trained (LOAD_FROM)
Memory    about 16 GB of GPU memory at max_length 1024 (estimated, not measured)
Download  modelscope download --model Shanghai_AI_Laboratory/internlm2-chat-7b --local_dir models/internlm2-chat-7b
Run       make train CONFIG=internlm2_dpo.py LOAD_FROM=work_dirs/gongkao/internlm2_qlora
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/internlm2-chat-7b",
        hub=dict(
            modelscope="Shanghai_AI_Laboratory/internlm2-chat-7b",
            huggingface="internlm/internlm2-chat-7b",
        ),
        gpu_memory_gb=16,
        prompt_template="internlm2_chat",
        environment="train-448",
        preference="dpo",
        max_length=1024,
        **dict(max_epochs=1, lr=5e-6, lora_dropout=0.0),
    )
)
del recipe
