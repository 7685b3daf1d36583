"""SmolLM2, the demo's."""

_base_ = ["_chatml.py"]
architectures = ["LlamaForCausalLM"]
prompt_template = "smollm2"
template = dict(
    DEFAULT_SYSTEM="You are a helpful AI assistant named SmolLM, trained by Hugging Face",
)
llamafactory = "smollm2"
shapes = {"SmolLM2-135M-Instruct": (49152, 576, 1536, 30, 9, 3, 64, True)}
