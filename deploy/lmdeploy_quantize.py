"""LMDeploy's quantisers on the domain's own rows: ``python -m deploy.lmdeploy_quantize FILE.json``.

Runs in the environment that holds LMDeploy. Its calibration sets all come from a hub; here the
rows that the model was trained on are laid end to end instead, in the model's own chat template.
Where FILE names a ``plain`` folder, the same weights are written there multiplied out, by which
the loss is measured on machines that cannot run the quantised ones.
"""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path
from typing import Any

from core import gpu, trust
from core.files import read_json, read_jsonl, write_json

SAMPLES, LENGTH, SEED = 32, 128, 42  # 4,096 tokens: some 80 bank rows; a CPU is slow
ORDER = (0, 4, 1, 5, 2, 6, 3, 7)  # AWQ's packing: where column n of eight lies in the 32 bits


def sequences(rows: Path, tokenizer: Any, samples: int, length: int) -> list[Any]:
    """``samples`` tensors of 1 × ``length`` token ids, the rows shuffled and repeated as needed."""
    import torch

    turns = [row["conversation"][0] for row in read_jsonl(rows)]
    texts = []
    for one in turns:
        messages = [
            {"role": "system", "content": one["system"]},
            {"role": "user", "content": one["input"]},
            {"role": "assistant", "content": one["output"]},
        ]
        texts.append(tokenizer.apply_chat_template(messages, tokenize=False))
    chosen = random.Random(SEED)
    ids: list[int] = []
    while len(ids) < samples * length:
        chosen.shuffle(texts)
        for text in texts:
            ids += tokenizer(text, add_special_tokens=False)["input_ids"]
            if len(ids) >= samples * length:
                break
    return [torch.tensor([ids[n * length : (n + 1) * length]]) for n in range(samples)]


def unpack(packed: Any) -> Any:
    """int32 [n, m] of eight 4-bit numbers each → int [n, 8 m]."""
    import torch

    shifts = torch.tensor([4 * place for place in ORDER])
    return ((packed[:, :, None] >> shifts) & 15).reshape(packed.shape[0], -1)


def plain(folder: Path, out: Path, group: int) -> None:
    """``folder`` (AWQ or w8a8) as an ordinary 16-bit model in ``out``."""
    from safetensors.torch import load_file, save_file

    out.mkdir(parents=True)
    tensors: dict[str, Any] = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(file)
    whole: dict[str, Any] = {}
    for name, value in tensors.items():
        stem = name.rpartition(".")[0]
        if name.endswith(".qweight"):
            zeros, scales = unpack(tensors[stem + ".qzeros"]), tensors[stem + ".scales"].float()
            zeros, scales = (part.repeat_interleave(group, 0) for part in (zeros, scales))
            whole[stem + ".weight"] = ((unpack(value) - zeros) * scales).T.contiguous().half()
        elif name.endswith(".weight") and stem + ".scale" in tensors:
            whole[name] = (value.float() * tensors[stem + ".scale"].float()).half()
        elif not name.endswith((".qzeros", ".scales", ".scale")):
            whole[name] = value
    save_file(whole, out / "model.safetensors", metadata={"format": "pt"})
    for file in folder.iterdir():
        if file.suffix in (".json", ".jinja", ".model", ".py") and "index" not in file.name:
            shutil.copy(file, out)
    config = read_json(out / "config.json")
    config.pop("quantization_config", None)
    write_json(out / "config.json", config)


def settle(source: Path, folder: Path) -> None:
    """Give the quantised folder the source's own tokenizer and settings.

    transformers 5 writes both in a form that 4.x misreads (``rope_theta`` moves into
    ``rope_parameters`` and is then 10000, silently); the weights alone are new.
    """
    method = read_json(folder / "config.json")["quantization_config"]
    for name in ("inputs_stats.pth", "outputs_stats.pth", "key_stats.pth", "value_stats.pth"):
        (folder / name).unlink(missing_ok=True)
    for file in source.iterdir():
        if file.suffix in (".json", ".jinja", ".model", ".py") and file.name not in (
            "handover.json",
            "model.safetensors.index.json",
        ):
            shutil.copy(file, folder)
    config = read_json(source / "config.json")
    write_json(folder / "config.json", {**config, "quantization_config": method})


def in_float32(quantiser: Any, calibrate: Any) -> None:
    """Let the module ``quantiser`` calibrate in float32 and go on in float16: the calibration's
    matmuls are its work, and no CPU multiplies float16 faster (one without the instructions, a
    hundred times slower); LMDeploy takes no float32 by itself."""
    original, load = calibrate.calibrate, calibrate.load_hf_from_pretrained

    def calibrated(*args: Any, **kwargs: Any) -> Any:
        arch, vision, model, *rest = original(*args, **kwargs)
        return arch, vision, model.half(), *rest

    calibrate.load_hf_from_pretrained = lambda *args, **kwargs: load(*args, **kwargs).float()
    quantiser.calibrate = calibrated


def dtype(device: str) -> str:
    """What LMDeploy calibrates in on ``device``, by its name for it.

    The model's own dtype where the GPU computes in bfloat16: Qwen2-class activations overflow in
    float16 (:func:`core.gpu.half`), and an infinite one spoils its layer's scales. float16 on older
    GPUs, and on a CPU, where :func:`in_float32` does the calibrating.
    """
    return "auto" if device == "cuda" and gpu.half() == "bfloat16" else "float16"


def main() -> None:
    """Quantise as the settings say."""
    from lmdeploy.lite.apis import auto_awq, calibrate, smooth_quant

    given = read_json(Path(sys.argv[1]))
    quantiser = auto_awq if given["format"] == "awq" else smooth_quant
    if given["device"] == "cpu":
        in_float32(quantiser, calibrate)
    out = Path(given["out"])
    rows = Path(given["rows"])
    calibrate.get_calib_loaders = lambda name, tokenizer, nsamples, seqlen: sequences(
        rows, tokenizer, nsamples, seqlen
    )
    shared: dict[str, Any] = {
        "work_dir": str(out),
        "calib_dataset": "wikitext2",  # a name that it knows; the loader above takes no notice
        "calib_samples": SAMPLES,
        "calib_seqlen": LENGTH,
        "device": given["device"],
        "dtype": dtype(given["device"]),
        "trust_remote_code": trust.remote_code(given["model"]),
    }
    if given["format"] == "awq":
        auto_awq.auto_awq(given["model"], w_group_size=given["group"], **shared)
    else:
        smooth_quant.smooth_quant(given["model"], **shared)
    settle(Path(given["model"]), out)
    if given["plain"]:
        plain(out, Path(given["plain"]), given["group"])


if __name__ == "__main__":
    main()
