"""One of two gloo ranks that answer sample questions with a model whose forward pass gathers, as
ZeRO-3's does: ``torchrun --nproc-per-node 2 ranks.py``."""

from __future__ import annotations

import datetime
import tempfile
import types

from train import patches

patches.apply()

import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

from train import hooks  # noqa: E402

# Long enough for a slow machine, short enough that a rank that waits in vain is seen to.
dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=20))


class Gathering(LlamaForCausalLM):
    def forward(self, *args: object, **kwargs: object):
        dist.all_reduce(torch.zeros(1))
        return super().forward(*args, **kwargs)


class Tuned(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.llm = Gathering(LlamaConfig(
            vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=2,
        ))  # fmt: skip


class Tokenizer:
    eos_token_id = 2

    def apply_chat_template(self, messages: object, **_: object) -> torch.Tensor:
        return torch.arange(5).reshape(1, 5)

    def decode(self, ids: torch.Tensor, **_: object) -> str:
        return str(ids.tolist())


hook = hooks.SampleAnswersHook.__new__(hooks.SampleAnswersHook)
hook.tokenizer, hook.turns = Tokenizer(), [{"input": "问", "output": "答"}]
with tempfile.TemporaryDirectory() as folder:
    hook.answer(types.SimpleNamespace(model=Tuned(), iter=1, work_dir=folder))
    dist.barrier()
print(f"rank {dist.get_rank()} done", flush=True)
dist.destroy_process_group()
