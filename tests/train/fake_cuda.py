"""Every call that feeds a model, with the model on a fake ``cuda:0`` and ids made on the CPU.

torch's FakeTensor knows devices without having them: a call that forgets to move its ids fails as
it would on a GPU. JSON of ``{call: "ok" or the error}`` on the last line.
"""

from __future__ import annotations

import json
import types

from train import patches

patches.apply()

import torch  # noqa: E402
from torch._subclasses.fake_tensor import (  # noqa: E402
    FakeTensor,
    FakeTensorMode,
    unset_fake_temporarily,
)
from torch.overrides import TorchFunctionMode  # noqa: E402

from train import evaluation, hooks, merge  # noqa: E402

MODE = FakeTensorMode(allow_non_fake_inputs=True)


def zeros(shape: torch.Size) -> object:
    """What ``tolist`` gives of a tensor that has no values to read."""
    return [zeros(shape[1:]) for _ in range(shape[0])] if shape else 0


FakeTensor.tolist = lambda self: zeros(self.shape)


class Small(torch.nn.Module):
    """Embedding and output layer: enough to tell on which device ids are (a llama's rotary part
    indexes by a kernel that needs a torch with CUDA)."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = torch.nn.Embedding(100, 8), torch.nn.Linear(8, 100)

    @property
    def device(self) -> torch.device:
        return self.table.weight.device

    def forward(self, input_ids: torch.Tensor) -> types.SimpleNamespace:
        return types.SimpleNamespace(logits=self.head(self.table(input_ids)))


def model() -> Small:
    """The small model with its weights on ``cuda:0``; its ``generate`` is one forward pass."""
    with torch.device("meta"):
        made = Small()
    for module in made.modules():
        for kept in (module._parameters, module._buffers):
            for name, value in list(kept.items()):
                if value is not None:
                    fake = FakeTensor(MODE, value.detach(), torch.device("cuda:0"))
                    weight = kept is module._parameters
                    kept[name] = torch.nn.Parameter(fake, requires_grad=False) if weight else fake

    def generate(input_ids: torch.Tensor, attention_mask: torch.Tensor, **options: object):
        assert attention_mask.device == input_ids.device
        made(input_ids=input_ids)
        whole = torch.zeros(1, input_ids.shape[1] + 2, dtype=torch.long)
        logits = (torch.zeros(1, 100), torch.zeros(1, 100))
        kept = types.SimpleNamespace(sequences=whole, logits=logits)
        return kept if options.get("return_dict_in_generate") else whole

    made.generate = generate
    return made


class Moves(TorchFunctionMode):
    """``tensor.to(device)`` and ``tensor[…]`` of fake tensors, which a torch without CUDA refuses
    for a tensor on it."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        target = args[1] if len(args) > 1 else None
        if func is torch.Tensor.cpu:
            func, target = torch.Tensor.to, torch.device("cpu")
        moved = func is torch.Tensor.to and isinstance(target, str | torch.device)
        if moved or (func is torch.Tensor.__getitem__ and args[0].device.type == "cuda"):
            with unset_fake_temporarily():
                shape = torch.empty(args[0].shape, dtype=args[0].dtype, device="meta")
                shape = shape if moved else shape[target]
            return FakeTensor(MODE, shape, torch.device(target) if moved else args[0].device)
        return func(*args, **(kwargs or {}))


class Tokenizer:
    eos_token_id = 2

    def apply_chat_template(self, messages: object, **_: object) -> torch.Tensor:
        return torch.zeros(1, 5, dtype=torch.long)

    def decode(self, ids: object, **_: object) -> str:
        return "x"


def merging() -> None:
    merge.greedy(model(), torch.zeros(1, 5, dtype=torch.long))


def answering() -> None:
    hooks.generate(model(), Tokenizer(), {"input": "x"})


def evaluating() -> None:
    llm = model()
    seen = []

    class Tuned(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.llm = llm

        def compute_loss(self, data: dict) -> dict:
            seen.append(self.llm(input_ids=data["input_ids"]).logits)
            return {"loss": torch.zeros(())}

    hook = evaluation.EvalHook.__new__(evaluation.EvalHook)
    ids = torch.zeros(1, 5, dtype=torch.long)
    hook.batches = [{"input_ids": ids, "labels": ids}]
    try:
        hook.loss(types.SimpleNamespace(model=Tuned(), optim_wrapper=None))
    except Exception:
        if not seen:  # counting reads values; the forward pass is what is asked about
            raise


found = {}
for call in (merging, answering, evaluating):
    try:
        with MODE, Moves():
            call()
        found[call.__name__] = "ok"
    except Exception as error:
        lines = str(error).splitlines() or ["?"]
        found[call.__name__] = next((line for line in lines if "device" in line.lower()), lines[0])
print(json.dumps(found))
