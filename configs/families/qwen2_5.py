"""Qwen2.5."""

_base_ = ["_chatml.py"]
architectures = ["Qwen2ForCausalLM"]
prompt_template = "qwen_chat"
template = dict(
    STOP_WORDS=["<|im_end|>", "<|endoftext|>"],
    # Qwen2.5 puts in this sentence where a row has no system prompt.
    DEFAULT_SYSTEM="You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
)
llamafactory = "qwen"
shapes = {
    "Qwen2.5-0.5B-Instruct": (151936, 896, 4864, 24, 14, 2, 64, True),
    "Qwen2.5-1.5B-Instruct": (151936, 1536, 8960, 28, 12, 2, 128, True),
    "Qwen2.5-3B-Instruct": (151936, 2048, 11008, 36, 16, 2, 128, True),
    "Qwen2.5-7B-Instruct": (152064, 3584, 18944, 28, 28, 4, 128, False),
}
