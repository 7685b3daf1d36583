"""Llama 3.1, which writes two dates into the system turn; XTuner's llama3_chat (3.0) does not."""

architectures = ["LlamaForCausalLM"]
prompt_template = "llama3_1"
template = dict(
    SYSTEM=(
        "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\n{system}<|eot_id|>"
    ),
    INSTRUCTION=(
        "<|start_header_id|>user<|end_header_id|>\n\n{input}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    SUFFIX="<|eot_id|>",
    SUFFIX_AS_EOS=True,
    SEP="",
    STOP_WORDS=["<|eot_id|>"],
)
llamafactory = "llama3"
shapes = {"Meta-Llama-3.1-8B-Instruct": (128256, 4096, 14336, 32, 32, 8, 128, False)}
