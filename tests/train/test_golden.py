"""Golden token ids of one prompt: what the demo's base model is sent, token for token."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from core.files import MODELS

TEXT = (
    "<|im_start|>system\n简答。<|im_end|>\n<|im_start|>user\n中国最长的河流是：<|im_end|>\n"
    "<|im_start|>assistant\n"
)
# fmt: off
IDS = [
    1, 9690, 198, 40236, 218, 47439, 238, 19076, 2, 198, 1, 4093, 198, 28589, 23022, 138, 45096,
    180, 239, 140, 11567, 177, 127, 128, 43222, 219, 27830, 24713, 2, 198, 1, 520, 9531, 198,
]
# fmt: on


def test_smollm2_prompt_ids() -> None:
    file = MODELS / "SmolLM2-135M-Instruct" / "tokenizer.json"
    if not file.is_file():
        pytest.skip("no models/SmolLM2-135M-Instruct (make demo writes it)")
    tokenizer = Tokenizer.from_file(str(file))
    assert tokenizer.encode(TEXT).ids == IDS
    # Digits one by one, as the model was pre-trained.
    assert len(tokenizer.encode("1949").ids) == 4
    assert tokenizer.decode(tokenizer.encode("1949年，你好 ok").ids) == "1949年，你好 ok"
