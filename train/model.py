"""XTuner's fine-tuning model with what ours adds, each off the recipe's options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model
from torch.nn import functional
from xtuner.model import SupervisedFinetune
from xtuner.model.utils import LoadWoInit

from core.errors import UserError
from core.files import read_json, shown
from core.language import words
from train.attention import RowByRow, scores_written_out
from train.frozen import LowerLayers
from train.packing import allowed


class Finetune(SupervisedFinetune):
    """``SupervisedFinetune`` that

    - computes the output layer at supervised positions only (``answers_only``): of a bank row's
      tokens one in six is an answer's, and a 135M model spends a fifth of its FLOPs there;
    - attends by row where a batch says which token is whose (:mod:`train.packing`);
    - writes 4-bit weights out once instead of at every use (``unpack_4bit``, on a CPU): the same
      numbers for 2 bytes a weight more;
    - computes the layers below the lowest trained one once a row (``keep_frozen``,
      :mod:`train.frozen`);
    - starts from an earlier adapter in Hugging Face form (``start``), and says what does not fit;
    - keeps the model's own attention unless ``dispatch``: XTuner's, which it puts in wherever
      flash-attn is installed, asks for a process group that a run on one GPU has not, and takes no
      mask of ours;
    - puts LoRA on every linear layer but the output layer, whatever that is called (InternLM2:
      ``output``), and leaves 16-bit weights 16-bit: XTuner raises them all to float32, which is
      meant for what a 4-bit model keeps beside its 4-bit weights.
    """

    llm: Any
    lora: Any

    def __init__(
        self,
        *args: Any,
        answers_only: bool = True,
        unpack_4bit: bool = False,
        keep_frozen: bool = False,
        start: str | None = None,
        dispatch: bool = False,
        **kw: Any,
    ) -> None:
        self._start, self._dispatch = start, dispatch
        super().__init__(*args, **kw)
        self.answers_only = answers_only
        if unpack_4bit:
            unpack(self.llm)
        self.frozen = LowerLayers.of(parts(self.llm)[0]) if keep_frozen else None

    def build_llm_from_cfg(self, llm_cfg: Any, use_varlen_attn: bool, longest: Any) -> Any:
        """The language model that the recipe names, with XTuner's attention only where asked."""
        if self._dispatch:
            return super().build_llm_from_cfg(llm_cfg, use_varlen_attn, longest)
        with LoadWoInit():
            if isinstance(llm_cfg, dict):
                llm_cfg = self._dispatch_lm_model_cfg(llm_cfg, longest)
            llm = self._build_from_cfg_or_module(llm_cfg)
        llm.config.use_cache = False
        return llm

    def _prepare_for_lora(self, *args: Any, **kwargs: Any) -> None:
        there, layers = self.llm.config.num_hidden_layers, self.lora.layers_to_transform or [0]
        if max(layers) >= there:
            fix = 'OVERRIDE="lora_layers=None"'
            raise UserError(
                words(
                    f"lora_layers 到 {max(layers)}，基座只有 {there} 层: {fix} 是全部层",
                    f"lora_layers goes up to {max(layers)}, the base has {there} layers: {fix} "
                    "takes all of them",
                )
            )
        if self._start:
            fits(Path(self._start), self.lora)
        if self.lora.target_modules is None:
            self.lora.target_modules = adapted(self.llm)
        if getattr(self.llm, "is_quantized", False):
            super()._prepare_for_lora(*args, **kwargs)
        else:
            self.llm = get_peft_model(self.llm, self.lora)
        if self._start:
            load_adapter(self.llm, Path(self._start))

    def compute_loss(self, data: dict[str, Any], data_samples: Any = None) -> dict[str, Any]:
        """Mean cross-entropy over the supervised tokens, as XTuner's, for fewer FLOPs."""
        data, segments = self.masked(data)
        if not self.answers_only or "cumulative_len" in data:
            return super().compute_loss(data, data_samples)
        labels = data.pop("labels")[:, 1:]
        body, head = parts(self.llm)
        with mixed(data["input_ids"].device, self.llm.dtype):
            with attending(data["input_ids"], segments):
                hidden = self.hidden(body, data, segments)[:, :-1]
            wanted = labels != -100
            logits = head(hidden[wanted])
        return {"loss": functional.cross_entropy(logits.float(), labels[wanted])}

    def masked(self, data: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """A batch with its attention mask in place of what it says of rows, and this."""
        data = dict(data)
        segments = data.pop("segments", None)
        if segments is not None:
            mask = torch.zeros(1, dtype=self.compute_dtype(), device=segments.device)
            data["attention_mask"] = mask.masked_fill(
                ~allowed(segments), torch.finfo(mask.dtype).min
            )
        return data, segments

    def hidden(self, body: Any, data: dict[str, Any], segments: Any) -> torch.Tensor:
        """The body's last hidden states, its frozen lower part from what is kept of it."""
        if self.frozen is None or segments is None:
            return body(**data, use_cache=False)[0]
        ids = data.pop("input_ids")
        below = self.frozen(ids, segments, **data)
        # Checkpointing of layers gives no gradient where nothing that goes in asks for one.
        below.requires_grad_(self.llm.is_gradient_checkpointing)
        with self.frozen.rest():
            return body(inputs_embeds=below, **data, use_cache=False)[0]

    def compute_dtype(self) -> torch.dtype:
        """What queries are computed in: autocast's dtype, else the model's own."""
        device = next(self.parameters()).device.type
        if torch.is_autocast_enabled(device):
            return torch.get_autocast_dtype(device)
        return next(self.parameters()).dtype


def mixed(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[Any]:
    """On a CPU, autocast for a bfloat16 model, as mmengine's ``AmpOptimWrapper`` has it on a GPU
    (it refuses a CPU): else LoRA's float32 weights are multiplied in float32, a tenth of a step."""
    wanted = device.type == "cpu" and dtype == torch.bfloat16
    return torch.autocast("cpu", dtype) if wanted else nullcontext()


@contextmanager
def attending(ids: torch.Tensor, segments: torch.Tensor | None) -> Iterator[None]:
    """The attention that is fastest on this device for a batch of ``ids`` (rows × length)."""
    if ids.device.type != "cpu":
        yield
        return
    by_rows = RowByRow(segments) if segments is not None and segments.any() else nullcontext()
    with scores_written_out(ids.shape[0] * ids.shape[1] ** 2), by_rows:
        yield


def parts(llm: Any) -> tuple[Any, Any]:
    """Body and output layer of a causal language model, with or without PEFT around it."""
    inner = llm.get_base_model() if hasattr(llm, "get_base_model") else llm
    return inner.get_decoder() if hasattr(inner, "get_decoder") else inner.model, (
        inner.get_output_embeddings()
    )


def adapted(llm: Any) -> list[str]:
    """The names of the linear layers that get LoRA: all but the output layer."""
    head = llm.get_output_embeddings()
    names = {
        name.rpartition(".")[2]
        for name, layer in llm.named_modules()
        if isinstance(layer, torch.nn.Linear) and layer is not head
    }
    return sorted(names)


def unpack(llm: Any) -> None:
    """Let every 4-bit layer of ``llm`` compute with its weights written out in its compute dtype,
    and what lies frozen between them (embeddings, norms, output layer) too: XTuner raises it to
    float32, and each step then spends a sixth of its time on going to and fro. The 4-bit weights
    stay what is saved and merged."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit

    packed = [layer for layer in llm.modules() if isinstance(layer, Linear4bit)]
    for layer in packed:
        weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
        layer.forward = partial(written_out, layer, weight.to(layer.compute_dtype))
    for weight in llm.parameters():
        if packed and weight.is_floating_point() and not weight.requires_grad:
            weight.data = weight.data.to(packed[0].compute_dtype)


def written_out(layer: Any, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """``x`` through the linear ``layer`` whose weights are ``weight``; in ``x``'s dtype, as
    ``Linear4bit`` gives it (InternLM3's attention takes no mixture)."""
    bias = layer.bias if layer.bias is None else layer.bias.to(weight.dtype)
    return functional.linear(x.to(weight.dtype), weight, bias).to(x.dtype)


def fits(folder: Path, lora: Any) -> None:
    """Raise :class:`UserError` where the adapter in ``folder`` has another shape than ``lora``."""
    config = read_json(folder / "adapter_config.json")
    for option, name in (("lora_r", "r"), ("lora_alpha", "lora_alpha")):
        if config[name] != getattr(lora, name):
            own = f"{words('配方为', 'the recipe has')} {getattr(lora, name)}"
            raise UserError(
                f"LOAD_FROM={shown(folder)}: {option}={config[name]}, {own}: "
                f'OVERRIDE="{option}={config[name]}"'
            )


def load_adapter(llm: Any, folder: Path) -> None:
    """Put the weights of the adapter in ``folder`` into ``llm``'s own LoRA layers, all of them."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    weights = load_file(folder / "adapter_model.safetensors")
    try:
        loaded = set_peft_model_state_dict(llm, weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        unfit = words("与基座不符", "does not fit the base")
        raise UserError(f"LOAD_FROM={shown(folder)} {unfit}: {reason}") from None
    missing = [name for name in loaded.missing_keys if "lora_" in name]
    if missing or loaded.unexpected_keys:
        other = words("的 LoRA 层与配方不同，例如", "has other LoRA layers than the recipe, e.g.")
        first = [*missing, *loaded.unexpected_keys][0]
        raise UserError(f"LOAD_FROM={shown(folder)} {other} {first}")
