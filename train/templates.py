"""Prompt templates by model family, in XTuner's form (SYSTEM, INSTRUCTION, SUFFIX …).

Each renders to what the family's own chat template renders, bos apart (the tokenizer adds it):
tests/train/test_templates.py compares them, ``make check`` on the user's own model folder. XTuner's
built-in templates are right for InternLM2 and Qwen with a system prompt; what differs from them
here is said at each. ``PREFIX`` is ours: it stands before every answer and is learnt with it.
"""

from __future__ import annotations

from mmengine.config import ConfigDict

_IM = {
    "SYSTEM": "<|im_start|>system\n{system}<|im_end|>\n",
    "INSTRUCTION": "<|im_start|>user\n{input}<|im_end|>\n<|im_start|>assistant\n",
    "SUFFIX": "<|im_end|>",
    "SUFFIX_AS_EOS": True,
    "SEP": "\n",
    "STOP_WORDS": ["<|im_end|>"],
}

TEMPLATES = ConfigDict(
    # InternLM2, 2.5 and 3 share one chat template.
    internlm2_chat=_IM,
    # Qwen2.5 puts in this sentence where a row has no system prompt.
    qwen_chat={
        **_IM,
        "DEFAULT_SYSTEM": "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
        "STOP_WORDS": ["<|im_end|>", "<|endoftext|>"],
    },
    smollm2={
        **_IM,
        "DEFAULT_SYSTEM": "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
    },
    # Qwen3 answers after a thinking block. A server with enable_thinking=false sends it empty, one
    # without lets the model write it: with the empty block learnt as the head of the answer both
    # see the tokens of training.
    qwen3={
        **_IM,
        "PREFIX": "<think>\n\n</think>\n\n",
        "STOP_WORDS": ["<|im_end|>", "<|endoftext|>"],
    },
    # Its chat template opens the thinking block; our answers close it at once. XTuner has none.
    deepseek_r1={
        "SYSTEM": "{system}",
        "INSTRUCTION": "<｜User｜>{input}<｜Assistant｜><think>\n",
        "PREFIX": "\n</think>\n\n",
        "SUFFIX": "<｜end▁of▁sentence｜>",
        "SUFFIX_AS_EOS": True,
        "SEP": "",
        "STOP_WORDS": ["<｜end▁of▁sentence｜>"],
    },
    # Llama 3.1 writes two dates into the system turn; XTuner's llama3_chat (3.0) does not.
    llama3_1={
        "SYSTEM": (
            "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
            "Today Date: 26 Jul 2024\n\n{system}<|eot_id|>"
        ),
        "INSTRUCTION": (
            "<|start_header_id|>user<|end_header_id|>\n\n{input}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n"
        ),
        "SUFFIX": "<|eot_id|>",
        "SUFFIX_AS_EOS": True,
        "SEP": "",
        "STOP_WORDS": ["<|eot_id|>"],
    },
)
