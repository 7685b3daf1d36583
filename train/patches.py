"""What the libraries need to run here, each with its reason; applied before xtuner is imported.

Every patch looks first whether it is needed, so that a machine with newer libraries, a GPU or a
real torchvision gets none of them.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from importlib.machinery import ModuleSpec
from typing import Any

from core import precision


def apply(training: bool = True) -> None:
    """Apply all patches. Imports torch, transformers and xtuner, in the order that works; without
    ``training`` not xtuner's data sets, which take five seconds to import."""
    # On a CPU oneDNN keeps a megabyte for each of the last 1,024 shapes it multiplied; every batch
    # length brings some 30 new ones, of which only those of the step at hand are used again.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    precision.share_cores()
    import torch
    import transformers  # noqa: F401  (must come before the stand-in: it looks for a real torchvision)

    if not hasattr(torch.cpu, "is_bf16_supported"):
        # xtuner asks the current device module, and torch.cpu has no such question. bfloat16 always
        # computes on a CPU; whether it is fast is the recipe's affair.
        torch.cpu.is_bf16_supported = lambda: True  # type: ignore[attr-defined]
    if not torch.cuda.is_available():
        # mmengine picks a GPU before it starts torch.distributed, for gloo too.
        torch.cuda.set_device = lambda device: None
    _torchvision_stand_in()
    _no_compiler_for_bitsandbytes()
    _old_bnb_check()
    _keep_nf4_trainable()
    if training:
        _one_bos()
        _no_pause_between_epochs()
        _a_config_is_formatted_once()


def _a_config_is_formatted_once() -> None:
    """mmengine has yapf lay out the whole config for its log and again for every checkpoint: 0.4 s
    each, always of the same text."""
    import mmengine.config.config as config

    original = config.FormatCode
    if hasattr(original, "texts"):
        return
    texts: dict[str, Any] = {}

    def formatted(text: str, **style: Any) -> Any:
        if text not in texts:
            texts[text] = original(text, **style)
        return texts[text]

    formatted.texts = texts  # type: ignore[attr-defined]
    config.FormatCode = formatted


def _no_pause_between_epochs() -> None:
    """mmengine sleeps two seconds at the end of every epoch, against a deadlock of the data
    loader's workers: for nothing where there are none, and a fifth of the demo's training.
    github.com/open-mmlab/mmengine (runner/loops.py, ``_InfiniteDataloaderIterator``)."""
    import mmengine.runner.loops as loops

    kind = loops._InfiniteDataloaderIterator
    if hasattr(kind, "paused") or not hasattr(loops, "time"):
        return
    original = kind.__next__

    def following(self: Any) -> Any:
        wait = time.sleep if self._dataloader.num_workers else lambda seconds: None
        loops.time = types.SimpleNamespace(sleep=wait)
        return original(self)

    kind.__next__, kind.paused = following, True


def _torchvision_stand_in() -> None:
    """``xtuner.dataset`` imports torchvision for InternVL's images; PyPI has no CPU build for this
    torch. The stand-in has just the names that are imported, none that computes."""
    if importlib.util.find_spec("torchvision") is not None:
        return
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    for name in names:
        module = types.ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        sys.modules[name] = module
    top, transforms, functional = (sys.modules[name] for name in names)
    top.__version__ = "0"  # type: ignore[attr-defined]
    top.transforms = transforms  # type: ignore[attr-defined]
    transforms.functional = functional  # type: ignore[attr-defined]
    functional.InterpolationMode = types.SimpleNamespace(BICUBIC="bicubic")  # type: ignore[attr-defined]


def _no_compiler_for_bitsandbytes() -> None:
    """bitsandbytes hands its plain-torch operations to ``torch.compile`` when it is imported, which
    loads the compiler (four seconds of each process) for functions that a CPU run does not call.
    Without a GPU they stay as they are written.
    github.com/bitsandbytes-foundation/bitsandbytes (backends/default/ops.py)."""
    import torch

    if torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
        return
    compiled = torch.compile
    torch.compile = lambda function=None, **kw: function or (lambda inner: inner)  # type: ignore[assignment]
    try:
        import bitsandbytes  # noqa: F401
    finally:
        torch.compile = compiled  # type: ignore[assignment]


def _old_bnb_check() -> None:
    """transformers before 4.50 asks bitsandbytes for a mutable set of devices, which it gives no
    more (``'frozenset' object has no attribute 'discard'``), and knows of no AMD CPU.
    github.com/huggingface/transformers (integrations/bitsandbytes.py). bitsandbytes itself says
    what it cannot do."""
    import transformers
    from transformers.utils.versions import require_version

    try:
        require_version("transformers>=4.50")
    except ImportError:
        import transformers.integrations.bitsandbytes as bnb

        bnb.validate_bnb_backend_availability = lambda raise_exception=False: True
        transformers.integrations.validate_bnb_backend_availability = (  # type: ignore[attr-defined]
            bnb.validate_bnb_backend_availability
        )


def _keep_nf4_trainable() -> None:
    """On CPUs with AVX512-BF16, bitsandbytes repacks 4-bit weights at the first inference in eval
    mode and trains on the repacked bytes afterwards: after one ``generate`` the gradient of the
    first layer's LoRA is wrong (tests/train/test_training.py shows it). Layers made while the
    answer is "no" never repack. github.com/bitsandbytes-foundation/bitsandbytes (nn/modules.py,
    ``Linear4bit.forward``)."""
    import bitsandbytes.nn.modules as modules

    if hasattr(modules, "has_avx512bf16"):
        modules.has_avx512bf16 = lambda: False


@contextmanager
def fast_inference(model: Any) -> Iterator[None]:
    """Let 4-bit layers repack for the block (each token dequantises every layer otherwise), and put
    back the bytes that training knows. Not bitsandbytes' own way back: it rounds the scales."""
    import bitsandbytes.functional as functional
    from bitsandbytes.nn import Linear4bit

    layers = [module for module in model.modules() if isinstance(module, Linear4bit)]
    layers = [layer for layer in layers if layer.weight.device.type == "cpu"]
    kept = [(layer.weight.data, copy(layer.weight.quant_state)) for layer in layers]
    able = getattr(functional, "has_avx512bf16", lambda: False)()
    try:
        for layer in layers:
            layer.support_avx512bf16_for_cpu = able
        yield
    finally:
        for layer, (data, state) in zip(layers, kept, strict=True):
            layer.support_avx512bf16_for_cpu = False
            layer.weight.data, layer.weight.quant_state, layer.quant_state = data, state, state


def _one_bos() -> None:
    """xtuner puts ``bos`` before each turn, also for models whose chat template writes it itself
    (SmolLM2: bos is ``<|im_start|>``), which trains on ``<|im_start|><|im_start|>user``. Where the
    template has the bos text literally, xtuner's own is left out, as it does for Qwen by name."""
    import xtuner.dataset.utils as utils

    original = utils.get_bos_eos_token_ids

    def get_bos_eos_token_ids(tokenizer):
        bos, eos = original(tokenizer)
        template = getattr(tokenizer, "chat_template", None) or ""
        if bos is None or (tokenizer.bos_token and tokenizer.bos_token in template):
            bos = []
        return bos, eos

    utils.get_bos_eos_token_ids = get_bos_eos_token_ids
