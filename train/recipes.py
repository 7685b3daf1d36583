"""Recipes: finding one, loading it with overrides, and saying what is wrong with either."""

from __future__ import annotations

import ast
import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from core import gpu, precision
from core.errors import UserError
from core.files import ROOT, shown
from core.hints import nearest
from core.language import words

FOLDER = ROOT / "configs"
DTYPES = ("auto", "float16", "bfloat16", "float32")
TRACKERS = ("tensorboard", "wandb", "mlflow", "swanlab")
# Options that are whole numbers, with the least that makes sense, and those that are any number.
WHOLE = {
    **dict.fromkeys(("max_length", "batch_size", "accumulative_counts", "max_epochs"), 1),
    **dict.fromkeys(("save_steps", "evaluation_freq", "log_interval"), 1),
    **dict.fromkeys(("sequence_parallel_size",), 1),
    **dict.fromkeys(("lora_r", "save_total_limit", "evaluation_samples", "evaluation_rows"), 0),
    **dict.fromkeys(("early_stopping_patience", "dataloader_num_workers", "seed"), 0),
}
# Truth as people write it; any other text would count as true.
WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
SWITCHES = (
    *("share_prefix", "answers_only", "use_varlen_attn", "pack_to_max_length"),
    *("group_by_length", "unpack_4bit", "keep_frozen", "use_activation_checkpointing"),
)
NUMBERS = (
    *("lr", "lora_alpha", "lora_dropout", "weight_decay", "max_norm", "warmup_ratio"),
    *("beta", "label_smoothing"),
)
PREFERENCE = ("preference", "beta", "loss_type", "label_smoothing")  # options of pairs alone
LOSSES = ("sigmoid", "hinge", "ipo", "kto_pair", "sppo_hard", "nca_pair", "robust")  # XTuner's DPO


def names() -> list[str]:
    """The recipes there are, by file name."""
    return sorted(path.name for path in FOLDER.glob("[!_]*.py"))


def find(name: str) -> Path:
    """``name`` as a path of its own, or as a file in ``configs/`` (``.py`` may be left out)."""
    for path in (Path(name), FOLDER / name, FOLDER / f"{name}.py"):
        if path.is_file():
            return path
    known = ", ".join(names())
    raise UserError(
        words(
            f"没有配方 '{name}'；configs/ 里有: {known}",
            f"there is no recipe '{name}'; in configs/: {known}",
        )
    )


def method(settings: Any) -> str:
    """What of the base is trained, and how."""
    if not settings["lora_r"]:
        return words("全参数", "all weights")
    lora = "LoRA NF4" if settings["quantization"] == "nf4" else "LoRA"
    if settings["preference"]:
        return f"{lora}, {settings['preference'].upper()}"
    continued = words("纯文本续训", "continued pre-training")
    return f"{lora}, {continued}" if settings["text"] else lora


def table() -> str:
    """The recipes as a table for the terminal: file, GPU memory, base and method."""
    rows = []
    for name in names():
        settings = load(FOLDER / name).settings
        need = f"{settings.gpu_memory_gb} GB" if settings.device == "cuda" else "CPU"
        base = Path(settings.pretrained_model_name_or_path).name
        rows.append((name, need, f"{base}, {method(settings)}"))
    wide = max(len(row[0]) for row in rows)
    lines = [f"{name:{wide}}  {need:>6}  {what}" for name, need, what in rows]
    head = words("显存（估算，未实测）", "GPU memory (estimated, not measured)")
    return "\n".join([f"{'CONFIG=':{wide}}  {head}", *lines])


def parse_overrides(pairs: list[str]) -> dict[str, Any]:
    """``["lr=5e-5", "dtype=x"]`` → ``{"lr": 5e-05, "dtype": "x"}``: Python literals, else text."""
    overrides: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key.isidentifier():
            raise UserError(
                words(
                    f"OVERRIDE 应写作 key=value，不是 '{pair}'",
                    f"OVERRIDE should be key=value, not '{pair}'",
                )
            )
        try:
            overrides[key] = (
                WORDS[text.lower()] if text.lower() in WORDS else ast.literal_eval(text)
            )
        except (ValueError, SyntaxError):
            overrides[key] = text
    return overrides


@contextlib.contextmanager
def _override(values: dict[str, Any]) -> Iterator[None]:
    before = os.environ.get("TIKUFORGE_OVERRIDE")
    os.environ["TIKUFORGE_OVERRIDE"] = json.dumps(values)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIKUFORGE_OVERRIDE"]
        else:
            os.environ["TIKUFORGE_OVERRIDE"] = before


def measured(path: Path, asked: Config, overrides: dict[str, Any], gpus: int = 1) -> Config:
    """``asked`` (what :func:`load` gave for the same arguments) with the dtype that this machine
    computes fastest, where neither recipe nor user names one: on a GPU bfloat16 where the first
    ``gpus``, which compute, have it."""
    if asked.settings.dtype != "auto":
        return asked
    dtype = gpu.half(gpus) if asked.settings.device == "cuda" else precision.fastest()
    return load(path, {**overrides, "dtype": dtype})


def load(path: Path, overrides: dict[str, Any] | None = None) -> Config:
    """The XTuner config of a recipe with ``overrides`` re-derived through the builder.

    ``config.settings`` holds the options as they ended up. Raises :class:`UserError` for a misspelt
    option (naming the ones there are) and for a file that is no recipe.
    """
    values = dict(overrides or {})
    if not isinstance(values.get("dtype") or "", str):
        raise UserError(f"dtype={values['dtype']!r}: {choose(DTYPES)}")
    start = values.get("load_from")
    if start and (Path(start) / "adapter").is_dir():  # a run's folder
        values["load_from"] = str(Path(start) / "adapter")
    with _override(values):
        try:
            config = Config.fromfile(str(path))
        except KeyError as error:
            raise UserError(
                f"{shown(path)}: {words('不认识的值', 'unknown value')} {error}: "
                f"dtype: {choose(DTYPES)}; track: {choose(TRACKERS)}"
            ) from None
        except TypeError as error:
            if "unexpected keyword argument" not in str(error):
                raise
            wrong = str(error).rsplit(" ", 1)[-1]
            known = load(FOLDER / "smollm2_cpu_qlora.py").settings
            near = nearest(wrong.strip("'"), known)
            raise UserError(
                f"{shown(path)}: "
                + words(
                    f"没有选项 {wrong}{near}；可用: {', '.join(known)}",
                    f"no option {wrong}{near}; there are: {', '.join(known)}",
                )
            ) from None
    if "settings" not in config:
        raise UserError(
            words(
                f"{shown(path)} 不是本项目的配方: 应调用 base/recipe.py 的 recipe(...)，"
                "见 configs/internlm2_qlora.py",
                f"{shown(path)} is no recipe of this project: it should call recipe(...) of "
                "base/recipe.py, see configs/internlm2_qlora.py",
            )
        )
    _consistent(path, config.settings)
    return config


def choose(values: Iterable[object]) -> str:
    """The values that an option may have, for the end of an error."""
    return f"{words('可选', 'choose from')} {', '.join(map(str, values))}"


def _layers(path: Path, layers: Any) -> None:
    """Raise :class:`UserError` for ``lora_layers`` that name no layers."""
    if layers is not None and (not layers or min(layers) < 0 or len(set(layers)) < len(layers)):
        raise UserError(
            f"{shown(path)}: lora_layers={layers!r} "
            + words(
                "应为层号，从 0 起，不重复，例如 [14,15]；None 是全部层",
                "should be numbers of layers from 0 on, each once, e.g. [14,15]; None: all layers",
            )
        )


def _pairs(path: Path, settings: Any) -> None:
    """Raise :class:`UserError` for options that exclude learning from pairs."""
    if not settings["preference"]:
        return
    wrong = [name for name in ("text", "evidence", "use_varlen_attn") if settings[name]]
    wrong += [name for name in ("share_prefix", "answers_only") if not settings[name]]
    wrong += ["sequence_parallel_size"] * (settings["sequence_parallel_size"] > 1)
    if wrong:
        name = wrong[0]
        not_with = words("不能与 preference 同时用", "does not go with preference")
        raise UserError(f"{shown(path)}: {name}={settings[name]!r} {not_with}")


def _consistent(path: Path, settings: Any) -> None:
    """Raise :class:`UserError` for values that no run could use."""
    choices = {
        "quantization": ("nf4", None),
        "best_by": ("loss", "exact", None),
        "device": ("cuda", "cpu"),
        "evidence": (False, True),
        "wordings": (False, True),
        "sampled": (False, True),
        "preference": (None, "dpo", "orpo"),
        "loss_type": LOSSES,
        **dict.fromkeys(SWITCHES, (False, True)),
    }
    for name, known in choices.items():
        if settings[name] not in known:
            raise UserError(f"{shown(path)}: {name}={settings[name]!r}: {choose(known)}")
    for name, least in WHOLE.items():
        if type(settings[name]) is not int or settings[name] < least:
            raise UserError(
                f"{shown(path)}: {name}={settings[name]!r} "
                + words(f"应为不小于 {least} 的整数", f"must be a whole number, {least} or more")
            )
    for name in NUMBERS:
        value = settings[name]
        positive = name in ("lr", "beta")
        if type(value) not in (int, float) or value < 0 or (positive and not value):
            wrong = words("应为正数", "must be positive")
            raise UserError(f"{shown(path)}: {name}={value!r} {wrong}")
    for name, kind in (("betas", float), ("lora_layers", int)):
        value = () if settings[name] is None else settings[name]
        if type(value) not in (list, tuple) or not all(type(v) is kind for v in value):
            example = words("应为数的列表，例如", "must be a list of numbers, e.g.")
            raise UserError(
                f"{shown(path)}: {name}={value!r} {example} betas=(0.9,0.999), lora_layers=[14,15]"
            )
    _layers(path, settings["lora_layers"])
    if settings["evidence"] and settings["text"]:
        both = words("evidence 与 text 不能同时用", "either evidence or text, not both")
        raise UserError(f"{shown(path)}: {both}")
    _pairs(path, settings)
    if settings["use_varlen_attn"] and settings["batch_size"] > 1:
        raise UserError(f"{shown(path)}: use_varlen_attn {words('需要', 'needs')} batch_size=1")
