"""A tiny InternLM2 as the hub has it: SentencePiece model, remote code, no ``tokenizer.json``.

``python tests/train/hub_internlm2.py FOLDER`` (in the train-448 environment). The two tokenizer
modules do what the hub's do (a slow class over SentencePiece, a fast one made by a converter),
written anew; XTuner ships the modelling code (families.py).
"""

from __future__ import annotations

import functools
import json
import random
import sys
from pathlib import Path

SLOW = """
from pathlib import Path
from shutil import copyfile

import sentencepiece
from transformers import PreTrainedTokenizer


class InternLM2Tokenizer(PreTrainedTokenizer):
    vocab_files_names = {"vocab_file": "tokenizer.model"}
    model_input_names = ["input_ids", "attention_mask"]
    _auto_class = "AutoTokenizer"

    def __init__(self, vocab_file, add_bos_token=True, **options):
        self.vocab_file, self.add_bos_token = vocab_file, add_bos_token
        self.sp_model = sentencepiece.SentencePieceProcessor(model_file=vocab_file)
        super().__init__(**options)

    @property
    def vocab_size(self):
        return self.sp_model.get_piece_size()

    def get_vocab(self):
        own = {self.convert_ids_to_tokens(i): i for i in range(self.vocab_size)}
        return {**own, **self.added_tokens_encoder}

    def _tokenize(self, text):
        return self.sp_model.encode(text, out_type=str)

    def _convert_token_to_id(self, token):
        return self.sp_model.piece_to_id(token)

    def _convert_id_to_token(self, index):
        return self.sp_model.IdToPiece(index)

    def convert_tokens_to_string(self, tokens):
        return self.sp_model.decode(tokens)

    def build_inputs_with_special_tokens(self, first, second=None):
        head = [self.bos_token_id] if self.add_bos_token else []
        return head + first + (second or [])

    def save_vocabulary(self, folder, filename_prefix=None):
        out = Path(folder) / "tokenizer.model"
        if out.resolve() != Path(self.vocab_file).resolve():
            copyfile(self.vocab_file, out)
        return (str(out),)
"""

FAST = """
from pathlib import Path
from shutil import copyfile

from tokenizers import Tokenizer, decoders, normalizers, processors
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import (
    SLOW_TO_FAST_CONVERTERS, SentencePieceExtractor, SpmConverter,
)

from .tokenization_internlm2 import InternLM2Tokenizer


class InternLM2Converter(SpmConverter):
    handle_byte_fallback = True

    def tokenizer(self, proto):
        pieces = [(piece.piece, piece.score) for piece in proto.pieces]
        scores = {piece: -number for number, (piece, _) in enumerate(pieces)}
        _, merges = SentencePieceExtractor(self.original_tokenizer.vocab_file).extract(pieces)
        vocabulary = {piece: number for number, (piece, _) in enumerate(pieces)}
        made = BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
        return Tokenizer(made)

    def normalizer(self, proto):
        return normalizers.Replace(" ", "\\u2581")

    def pre_tokenizer(self, replacement, add_prefix_space):
        return None

    def decoder(self, replacement, add_prefix_space):
        steps = [decoders.Replace("\\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
        return decoders.Sequence(steps)

    def converted(self):
        made = self.tokenizer(self.proto)
        made.normalizer = self.normalizer(self.proto)
        made.decoder = self.decoder("\\u2581", False)
        return made


SLOW_TO_FAST_CONVERTERS["InternLM2Tokenizer"] = InternLM2Converter


class InternLM2TokenizerFast(PreTrainedTokenizerFast):
    vocab_files_names = {"vocab_file": "tokenizer.model"}
    slow_tokenizer_class = InternLM2Tokenizer
    model_input_names = ["input_ids", "attention_mask"]
    _auto_class = "AutoTokenizer"

    def __init__(self, vocab_file, add_bos_token=True, **options):
        super().__init__(vocab_file=vocab_file, add_bos_token=add_bos_token, **options)
        self.vocab_file = vocab_file
        if add_bos_token:
            self._tokenizer.post_processor = processors.TemplateProcessing(
                single="<s>:0 $A:0", pair="<s>:0 $A:0 <s>:1 $B:1",
                special_tokens=[("<s>", self.bos_token_id)],
            )

    @property
    def can_save_slow_tokenizer(self):
        return Path(self.vocab_file).is_file() if self.vocab_file else False

    def save_vocabulary(self, folder, filename_prefix=None):
        out = Path(folder) / "tokenizer.model"
        if out.resolve() != Path(self.vocab_file).resolve():
            copyfile(self.vocab_file, out)
        return (str(out),)
"""
ROLES = ("<|im_end|>", "<|im_start|>")


def sentencepiece_model(folder: Path) -> int:
    """``tokenizer.model`` in InternLM2's way (BPE, byte fallback, no dummy prefix); its size."""
    import sentencepiece

    words = "你好 世界 故宫 宪法 the model answer question 中国 人民 是 什么 system user assistant"
    draw, text = random.Random(0), folder / "corpus.txt"
    lines = [" ".join(draw.choices(words.split(), k=8)) for _ in range(400)]
    text.write_text("\n".join(lines), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "tokenizer"), vocab_size=360, model_type="bpe",
        byte_fallback=True, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, add_dummy_prefix=False,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
        num_threads=1, minloglevel=2, user_defined_symbols=list(ROLES),
    )  # fmt: skip
    text.unlink()
    (folder / "tokenizer.vocab").unlink()
    return 360


def write(folder: Path) -> None:
    """The folder, with random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from tests.train.families import INTERNLM, remote_code

    folder.mkdir(parents=True, exist_ok=True)
    size = sentencepiece_model(folder)
    (folder / "tokenization_internlm2.py").write_text(SLOW)
    (folder / "tokenization_internlm2_fast.py").write_text(FAST)
    shape = {
        **{"vocab_size": size, "hidden_size": 128, "intermediate_size": 256},
        **{"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1},
        **{"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "tie_word_embeddings": False},
    }
    remote_code("internlm2", folder, shape)
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, trust_remote_code=True)
    model.bfloat16().save_pretrained(folder)
    names = ("tokenization_internlm2.InternLM2Tokenizer",
             "tokenization_internlm2_fast.InternLM2TokenizerFast")  # fmt: skip
    ids = {0: "<unk>", 1: "<s>", 2: "</s>", 3: ROLES[0], 4: ROLES[1]}
    flags = {"lstrip": False, "rstrip": False, "normalized": False, "single_word": False}
    settings = {
        "auto_map": {"AutoTokenizer": list(names)},
        "tokenizer_class": "InternLM2Tokenizer",
        "added_tokens_decoder": {
            str(number): {"content": text, "special": True, **flags} for number, text in ids.items()
        },
        "additional_special_tokens": list(ROLES),
        **{"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"},
        "clean_up_tokenization_spaces": False,
        "chat_template": INTERNLM,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, ensure_ascii=False))


def as_on_a_gpu() -> None:
    """Let the recipe be what a GPU gets (its dtype, checkpointing, eight tokenising processes, a
    loss scaler) and be computed on the CPU: what only the hardware could answer is answered here.
    """
    import mmengine.optim.optimizer.amp_optimizer_wrapper as amp
    import torch

    from core import gpu
    from train import preflight

    one = gpu.parse("NVIDIA H200, 570.124.06, 143771, 143000, 9.0")
    gpu.once = lambda: ((one,), "")
    preflight.torch_build = lambda line: None
    amp.is_cuda_available = lambda: True
    amp.GradScaler = functools.partial(torch.amp.GradScaler, "cpu")


def chain(model: Path, run: Path, data: Path) -> None:
    """``make check``, ``train`` and ``merge`` of the folder, in one process: importing XTuner costs
    10 s."""
    from train import check, merge
    from train.run import run as train

    as_on_a_gpu()
    options = [f"pretrained_model_name_or_path={model}", "max_epochs=1"]
    options += ["accumulative_counts=1", "lora_r=4", "max_length=256"]
    check.check("internlm2_qlora.py", "gongkao", data, run, options)
    train("internlm2_qlora.py", run, "gongkao", data, options)
    merge.adapter(run)
    merge.merge(run)


if __name__ == "__main__":
    from train import patches

    patches.apply()
    write(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        chain(*map(Path, sys.argv[1:4]))
