"""SmolLM2, the demo's."""

architectures = ["LlamaForCausalLM"]
prompt_template = "smollm2"
template = dict(
    SYSTEM="<|im_start|>system\n{system}<|im_end|>\n",
    INSTRUCTION="<|im_start|>user\n{input}<|im_end|>\n<|im_start|>assistant\n",
    SUFFIX="<|im_end|>",
    SUFFIX_AS_EOS=True,
    SEP="\n",
    STOP_WORDS=["<|im_end|>"],
    DEFAULT_SYSTEM="You are a helpful AI assistant named SmolLM, trained by Hugging Face",
)
llamafactory = "smollm2"
shapes = {"SmolLM2-135M-Instruct": (49152, 576, 1536, 30, 9, 3, 64, True)}
