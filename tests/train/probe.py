"""Measurements inside the train environment, as JSON on the last line: ``probe.py MODEL``."""

from __future__ import annotations

import json
import os
import sys

from train import patches


def build(base: str, **options):
    from xtuner.registry import BUILDER

    from train import recipes

    cfg = recipes.load(
        recipes.find("smollm2_cpu_qlora.py"),
        {
            "pretrained_model_name_or_path": base,
            "data": "none",
            "lora_r": 4,
            "lora_layers": None,
            "dtype": "bfloat16",
            **options,
        },
    )
    return BUILDER.build(cfg.model).train()


def first_gradient(model, dtype: str = "bfloat16") -> float:
    """Norm of the loss's gradient at layer 0's LoRA, on fixed tokens."""
    import torch

    ids = torch.arange(5, 45).reshape(2, 20)
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        model.llm(input_ids=ids, labels=ids).loss.backward()
    found = [p.grad for n, p in model.named_parameters() if "layers.0." in n and "lora_B" in n]
    return float(sum(grad.float().norm() ** 2 for grad in found) ** 0.5)


def infer(model, ids) -> list[float]:
    """The last logits in eval mode, as a sample answer on the way makes them."""
    import torch

    model.eval()
    with torch.no_grad():
        logits = model.llm(input_ids=ids).logits[0, -1].float()
    model.train()
    return logits.tolist()


def guarded(base: str) -> dict:
    """Gradients before and after an inference, by dtype: plainly, as ``EvaluateChatHook`` does it,
    and through the block that lets 4-bit layers repack."""
    import torch

    found = {}
    for dtype in ("bfloat16", "float32"):
        model = build(base, unpack_4bit=False, dtype=dtype)
        ids = torch.arange(5, 25).reshape(1, 20)
        before = first_gradient(model, dtype)
        plain = infer(model, ids)
        after_plain = first_gradient(model, dtype)
        with patches.fast_inference(model):
            fast = infer(model, ids)
        found[dtype] = {
            "before": before,
            "after_plain": after_plain,
            "after_fast": first_gradient(model, dtype),
            "logit_difference": max(abs(a - b) for a, b in zip(plain, fast, strict=True)),
        }
    return found


def unguarded(base: str) -> dict:
    """What happens where nobody guards: the reason for the patch, where this CPU shows it."""
    import bitsandbytes.functional as functional
    import bitsandbytes.nn.modules as modules
    import torch

    modules.has_avx512bf16 = functional.has_avx512bf16
    model = build(base, unpack_4bit=False)
    before = first_gradient(model)
    infer(model, torch.arange(5, 25).reshape(1, 20))
    return {
        "repacks": bool(functional.has_avx512bf16()),
        "before": before,
        "after": first_gradient(model),
    }


def unpacked(base: str) -> dict:
    """Loss and gradients of 4-bit weights, and of the same written out once, in float32."""
    import torch

    found = {}
    for name, option in (("packed", False), ("unpacked", True)):
        torch.manual_seed(2)
        model = build(base, unpack_4bit=option, dtype="float32")
        ids = torch.arange(5, 45).reshape(2, 20)
        loss = model.llm(input_ids=ids, labels=ids).loss
        loss.backward()
        grads = [p.grad for n, p in model.named_parameters() if "lora_B" in n]
        found[name] = {"loss": float(loss), "gradient": [float(grad.norm()) for grad in grads]}
    return found


def token_ids(base: str) -> dict:
    """Training and serving ids of one fixed row."""
    from xtuner.registry import BUILDER

    from train import check, recipes

    cfg = recipes.load(
        recipes.find("internlm2_qlora.py"), {"pretrained_model_name_or_path": base, "data": "none"}
    )
    tokenizer = BUILDER.build(cfg.tokenizer)
    row = {"conversation": [{"system": "简答。", "input": "中国最长的河流是：", "output": "长江"}]}
    ids, labels = check.training_ids(cfg, tokenizer, row)
    return {
        "training": ids,
        "supervised": [x for x in labels if x >= 0],
        "served": check.served_ids(tokenizer, row),
        "parity": check.parity(cfg, tokenizer, row),
    }


def packed(base: str) -> dict:
    """Loss and gradients of rows padded beside each other, and of the same rows in one sequence."""
    import torch
    from torch.nn.utils.rnn import pad_sequence
    from xtuner.registry import BUILDER

    from train import recipes
    from train.packing import collate

    options = {"pretrained_model_name_or_path": base, "quantization": None, "dtype": "float32"}
    options["lora_layers"] = None
    cfg = recipes.load(recipes.find("smollm2_cpu_qlora.py"), {**options, "lora_r": 4})
    model = BUILDER.build(cfg.model).train()
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():  # LoRA's B starts at zero: nothing would show
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    head, rows = torch.randint(5, 900, (9,)).tolist(), []
    for length, answer in ((7, 3), (4, 1), (12, 5), (4, 1)):
        ids = head + torch.randint(5, 900, (length,)).tolist()
        size = len(ids) - answer
        rows.append({"input_ids": ids, "labels": [-100] * size + ids[size:]})
    ids = pad_sequence([torch.tensor(row["input_ids"]) for row in rows], batch_first=True)
    labels = [torch.tensor(row["labels"]) for row in rows]
    labels = pad_sequence(labels, batch_first=True, padding_value=-100)
    real = [torch.ones(len(row["input_ids"])) for row in rows]
    mask = pad_sequence(real, batch_first=True).bool()
    padded = {"input_ids": ids, "labels": labels, "attention_mask": mask}

    def measure(data: dict) -> tuple[float, torch.Tensor]:
        model.zero_grad()
        loss = model.compute_loss(data)["loss"]
        loss.backward()
        grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        return float(loss), torch.cat(grads)

    model.answers_only = False
    plain, plain_grads = measure(padded)
    model.answers_only = True
    found = {"plain": plain, "norm": float(plain_grads.norm()), "tokens": ids.numel()}
    for name, data in (("answers_only", padded), ("shared", collate(rows)["data"])):
        loss, grads = measure(data)
        found[name] = loss
        found[f"{name}_difference"] = float((grads - plain_grads).norm())
    found["shared_tokens"] = data["input_ids"].numel()
    return found


def frozen(base: str) -> dict:
    """Loss and gradients of a batch whose frozen layers are computed with the rest, beside those
    from kept states: made by the first batch, then read back in another batch of the same rows."""
    import torch

    from train.packing import collate

    options = {"quantization": None, "dtype": "float32", "lora_layers": [1]}
    torch.manual_seed(3)
    head, rows = torch.randint(5, 900, (9,)).tolist(), []
    for length, answer in ((7, 3), (4, 1), (12, 5)):
        ids = head + torch.randint(5, 900, (length,)).tolist()
        size = len(ids) - answer
        rows.append({"input_ids": ids, "labels": [-100] * size + ids[size:]})
    first, shuffled = collate(rows)["data"], collate([rows[2], rows[0]])["data"]
    found = {}
    for name, keep in (("whole", False), ("kept", True)):
        torch.manual_seed(3)
        model = build(base, keep_frozen=keep, **options)
        found[name] = []
        for batch in (first, first, shuffled):
            model.zero_grad()
            loss = model.compute_loss(batch)["loss"]
            loss.backward()
            grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
            found[name] += [float(loss), float(torch.cat(grads).norm())]
        found[f"{name}_layers"] = len(model.llm.get_base_model().model.layers)
    found["rows_kept"] = len(model.frozen.kept)
    found["dropout"] = build(base, keep_frozen=True, lora_dropout=0.1, **options).frozen is not None
    every = {**options, "lora_layers": None}
    found["all_trained"] = build(base, keep_frozen=True, **every).frozen is None
    return found


def threads(base: str) -> dict:
    """Threads that a run takes by what others leave: (busy, own) seconds in stretches of 1 s."""
    import torch

    from core.cores import allowed
    from train import cores

    here = len(allowed())
    cores.cores.quota = lambda: float(here)  # the machine that tests may have one
    readings = [(0.0, 0.0, 0.0), (here, here, 1.0), (2 * here, 2 * here - 1, 2.0)]
    readings += [(2 * here + 0.1, 2 * here - 1, 2.1), (3 * here, 3 * here - 1, 3.1)]
    cores.busy = lambda: readings.pop(0)
    before, given = torch.get_num_threads(), os.environ.pop("OMP_NUM_THREADS", None)
    torch.set_num_threads(here)
    watch = cores.Cores()
    found = {"cores": here, "alone": watch.adjust(), "beside": watch.adjust()}
    found |= {"too_soon": watch.adjust(), "alone_again": watch.adjust()}
    torch.set_num_threads(before)
    if given:
        os.environ["OMP_NUM_THREADS"] = given
    return found


def failed_write(base: str) -> dict:
    """What a checkpoint that the disk has no room for leaves behind, one being kept."""
    import tempfile
    import zipfile
    from pathlib import Path

    from core.errors import UserError
    from train import checkpoints

    folder = Path(tempfile.mkdtemp())

    class Runner:
        def save_checkpoint(self, into: str, name: str, **kwargs: object) -> None:
            assert (folder / "iter_5.pth").exists()
            Path(into, name).write_bytes(b"half of it")
            raise OSError(28, "No space left on device")

    with zipfile.ZipFile(folder / "iter_5.pth", "w") as out:
        out.writestr("data.pkl", "x" * 100)
    said = ""
    try:
        with checkpoints.disk(folder):
            checkpoints.save(Runner(), folder, "iter_10.pth", {})
    except UserError as error:
        said = str(error)
    return {"said": said, "left": sorted(path.name for path in folder.iterdir())}


def flash_installed(base: str) -> dict:
    """Which attention runs where flash-attn is installed, and whether one process can train."""
    import torch
    import xtuner.model.modules.dispatch as dispatch
    from xtuner.registry import BUILDER

    from train import recipes

    before, dispatch.SUPPORT_FLASH2 = dispatch.SUPPORT_FLASH2, True
    try:
        options = {"pretrained_model_name_or_path": base, "device": "cpu", "quantization": None}
        cfg = recipes.load(recipes.find("llama3_1_8b_qlora.py"), {**options, "data": "none"})
        model = BUILDER.build(cfg.model).train()
        ids = torch.arange(5, 25).reshape(1, 20)
        data = {"input_ids": ids, "labels": ids, "attention_mask": torch.ones_like(ids)}
        loss = float(model.compute_loss(data)["loss"])
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    finally:
        dispatch.SUPPORT_FLASH2 = before
    return {"loss": loss}


def weights(base: str) -> dict:
    """Bytes of the parameters that recipes build on the tiny model, beside the estimate's."""
    from xtuner.registry import BUILDER

    from train import estimate, recipes
    from train.shapes import shape

    found = {}
    for name in ("qwen2_5_7b_lora.py", "qwen2_5_7b_qlora.py", "qwen2_5_0_5b_full.py"):
        options = {"pretrained_model_name_or_path": base, "device": "cpu", "unpack_4bit": False}
        cfg = recipes.load(recipes.find(name), {**options, "dtype": "bfloat16", "data": "none"})
        model = BUILDER.build(cfg.model)
        sizes = {"trained": 0, "kept": 0}
        for parameter in model.parameters():
            key = "trained" if parameter.requires_grad else "kept"
            sizes[key] += parameter.numel() * parameter.element_size()
        told = estimate.parts(shape(base), cfg.settings.to_dict())
        found[name] = {**sizes, "told": [told["trainable"], told["weights"]]}
    return found


def written_out(base: str) -> dict:
    """Bytes of 4-bit weights written out that lie on the device beside each other while a model is
    dequantised for merging: at most, of the largest layer, of all layers."""
    import bitsandbytes.functional as functional
    import torch
    from torch.multiprocessing.reductions import StorageWeakRef
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    from train import merge

    class Device(torch.Tensor):
        """What a GPU's memory would hold: moving it to the CPU makes another tensor."""

        def cpu(self, *args: object, **kwargs: object) -> torch.Tensor:
            with torch._C.DisableTorchFunctionSubclass():
                return self.clone().as_subclass(torch.Tensor)

    bits = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_compute_dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(base, quantization_config=bits)
    there: list[tuple[StorageWeakRef, int]] = []
    peak, before = 0, functional.dequantize_4bit

    def noted(*args: object, **kwargs: object) -> torch.Tensor:
        nonlocal peak
        out = before(*args, **kwargs)
        there.append((StorageWeakRef(out.untyped_storage()), out.nbytes))
        peak = max(peak, sum(size for ref, size in there if not ref.expired()))
        return out.as_subclass(Device)

    functional.dequantize_4bit = noted
    try:
        plain = merge.dequantized(model)
    finally:
        functional.dequantize_4bit = before
    sizes = [size for _, size in there]
    devices = sorted({parameter.device.type for parameter in plain.parameters()})
    return {"peak": peak, "layer": max(sizes), "all": sum(sizes), "devices": devices}


def saved_for_backward(base: str) -> dict:
    """Bytes that one forward pass of the body keeps for the backward pass, weights not counted,
    beside the estimate's."""
    from dataclasses import replace

    import torch

    from train import estimate
    from train.model import parts
    from train.shapes import shape

    # A GPU's dropout keeps a mask of bytes; a CPU's own would keep the noise in float32.
    plain, torch.nn.Dropout.forward = (
        torch.nn.Dropout.forward,
        lambda self, x: torch.native_dropout(x, self.p, True)[0] if self.p else x,
    )
    found, length = {}, 512
    ids = torch.arange(length).reshape(1, length)
    usual = {"unpack_4bit": False, "keep_frozen": False, "max_length": length, "batch_size": 1}
    for name, options in {
        "nf4": {"lora_dropout": 0.1, "use_activation_checkpointing": False},
        "nf4, no dropout": {"lora_dropout": 0.0, "use_activation_checkpointing": False},
        "nf4, checkpointing": {"lora_dropout": 0.1, "use_activation_checkpointing": True},
        "16 bits": {"lora_dropout": 0.1, "quantization": None},
        "all weights": {"lora_r": 0},
    }.items():
        model = build(base, **usual, **options)
        own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
        sizes: dict[int, int] = {}

        def keep(tensor: torch.Tensor, own=own, sizes=sizes) -> torch.Tensor:
            place = tensor.untyped_storage()
            mask = tensor.shape[-2:] == (length, length)  # one for all layers in a packed run
            weight = tensor.dim() == 2 and length not in tensor.shape  # its copy in 16 bits
            if place.data_ptr() not in own and not mask and not weight:
                sizes[place.data_ptr()] = place.nbytes()
            return tensor

        hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
        with hooks, torch.autocast("cpu", dtype=torch.bfloat16):
            out = parts(model.llm)[0](input_ids=ids)
        assert out.last_hidden_state.requires_grad
        told = {"lora_r": 4, "quantization": "nf4", "lora_dropout": 0.0} | options
        told = {"dtype": "bfloat16", "use_activation_checkpointing": False} | told
        kept = estimate.activations(shape(base), told, length)
        if told["use_activation_checkpointing"]:  # one layer more, while it is computed again
            plain = {**told, "use_activation_checkpointing": False}
            one, none = (
                estimate.activations(replace(shape(base), layers=count), plain, length)
                for count in (1, 0)
            )
            kept -= one - none
        found[name] = [sum(sizes.values()), kept]
    torch.nn.Dropout.forward = plain
    return found


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    patches.apply()
    parts = (token_ids, guarded, unguarded, unpacked, packed, frozen, threads, failed_write)
    parts += (flash_installed, weights, written_out, saved_for_backward)
    print(json.dumps({part.__name__: part(sys.argv[1]) for part in parts}))
