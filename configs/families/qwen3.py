"""Qwen3. It answers after a thinking block. A server with enable_thinking=false sends it empty, one
without lets the model write it: with the empty block learnt as the head of the answer both see the
tokens of training."""

_base_ = ["_chatml.py"]
architectures = ["Qwen3ForCausalLM"]
prompt_template = "qwen3"
template = dict(
    STOP_WORDS=["<|im_end|>", "<|endoftext|>"],
    PREFIX="<think>\n\n</think>\n\n",
)
llamafactory = "qwen3_nothink"
shapes = {
    "Qwen3-0.6B": (151936, 1024, 3072, 28, 16, 8, 128, True),
    "Qwen3-4B": (151936, 2560, 9728, 36, 32, 8, 128, True),
    "Qwen3-8B": (151936, 4096, 12288, 36, 32, 8, 128, False),
}
