"""What can be known before minutes are spent: everything that is missing, in one line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import Any

from core import gpu, scan
from core.errors import UserError
from core.files import read_jsonl, shown
from core.language import words
from train import base_model, recipes, rows
from train.launch import Where, pip
from train.shapes import shape


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is there (no torch needed, so that the answer takes no seconds)."""
    return bool(gpu.gpus())


def training_file(settings: dict[str, Any]) -> Path:
    """The file that ``settings`` trains on."""
    if settings["text"] and settings["text"] != "kb":
        return Path(settings["text"])
    rows = "pairs.jsonl" if settings["preference"] else "train.jsonl"
    return Path(settings["data"]) / ("kb.jsonl" if settings["text"] else rows)


def training_files(settings: dict[str, Any]) -> list[Path]:
    """All that is trained on: the rows, their other wordings and answers in other words (options
    ``wordings``, ``sampled``; none where the data set has none) and those with evidence
    (:func:`evidence_file`)."""
    files = [training_file(settings)]
    if settings["preference"]:
        return files
    for name in ("wordings", "sampled"):
        more = Path(settings["data"]) / f"{name}.jsonl"
        if settings[name] and not settings["text"] and more.is_file():
            files.append(more)
    evidence = evidence_file(settings)
    return [*files, evidence] if evidence else files


def evidence_file(settings: dict[str, Any]) -> Path | None:
    """The rows with evidence that are trained on beside them (option ``evidence``), if any."""
    return Path(settings["data"]) / "evidence.jsonl" if settings["evidence"] else None


def need_gb(settings: dict[str, Any]) -> int:
    """GB of GPU memory that a run of ``settings`` takes: by the formula of ``make estimate`` where
    the base's shape is known, else the recipe's own figure (0: it has none)."""
    from train import estimate  # which asks here what is missing

    model = shape(settings["pretrained_model_name_or_path"])
    return estimate.card_gb(model, settings) if model else settings["gpu_memory_gb"] or 0


def machine(settings: dict[str, Any], where: Where) -> str | None:
    """What this machine's GPUs and driver lack for the run; None where nothing, or where another
    machine computes (a Slurm job asks on its own node, :func:`train.run.settle`)."""
    if settings["device"] != "cuda" or where.launcher == "slurm":
        return None
    if not has_gpu():
        why = f" ({gpu.trouble()})" if gpu.trouble() else ""
        need, other = need_gb(settings), "CONFIG=smollm2_cpu_qlora.py"
        return words(
            f"需要 NVIDIA GPU（约 {need} GB 显存），本机没有{why}（没有 GPU 可用 {other}）",
            f"needs an NVIDIA GPU (of about {need} GB), none here{why} (without one: {other})",
        )
    if where.gpus > len(gpu.gpus()):
        return f"GPUS={where.gpus}: {words('本机只有', 'this machine has')} {len(gpu.gpus())} GPU"
    try:
        return torch_build(gpu.cuda_line())
    except UserError as error:  # a driver that runs no build of torch that we install
        return str(error)


def torch_build(line: str) -> str | None:
    """Why this environment's torch does not run with the driver of CUDA line ``line``; None where
    it does, or where there is none (yet)."""
    try:
        there = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    wanted = gpu.TORCH[line]
    if "+cpu" not in there and (line == "cuda13" or there.startswith(wanted)):
        return None
    again = f"TIKUFORGE_CUDA={line[-2:]} make env-{Path(sys.prefix).name}"
    again = f"rm -r {shown(sys.prefix)}; {again}"
    return words(
        f"环境里是 torch {there}，这台机器的驱动要 {wanted} ({line.upper()}): {again}"
        "（PIP_FIND_LINKS 里可能只有 CPU 版）",
        f"the environment has torch {there}, this machine's driver needs {wanted} "
        f"({line.upper()}): {again} (PIP_FIND_LINKS may hold CPU builds alone)",
    )


def plan(name: str, settings: dict[str, Any], where: Where) -> str:
    """One line: on what, in which format, with how much memory and by which environment recipe
    ``name`` will be trained."""
    if settings["device"] != "cuda":
        on, dtype = "CPU", settings["dtype"]
    elif where.launcher == "slurm":
        on = f"Slurm: {where.nodes} × {where.gpus} GPU"
        auto = settings["dtype"] == "auto"
        dtype = words("格式由节点决定", "dtype by its node") if auto else settings["dtype"]
    else:
        on = used(where.gpus)
        auto = settings["dtype"] == "auto"
        dtype = gpu.half(where.gpus) if auto else settings["dtype"]
    need = need_gb(settings)
    memory = ""
    if need and settings["device"] == "cuda":
        memory = f"; {words('约需显存', 'GPU memory about')} {need} GB"
    line = gpu.cuda_line() if settings["device"] == "cuda" else ""
    torch = f" (torch {gpu.TORCH[line]}, {line.upper()})" if line else ""
    environment = f"{words('环境', 'environment')} {settings['environment']}{torch}"
    what = f"{name}: {recipes.method(settings)}, {dtype}"
    return f"{words('计划', 'plan')}: {what}; {on}{memory}; {environment}"


def used(count: int) -> str:
    """The first ``count`` GPUs of how many: names, sizes, numbers, driver."""
    there = gpu.gpus()
    names = dict.fromkeys(size(one) for one in there[:count])
    on = f"{count} / {len(there)} × {' + '.join(names)}"
    if len(there) > 1:
        on += f" (GPU {','.join(one.handle for one in there[:count])})"
    return f"{on}, {words('驱动', 'driver')} {gpu.version(there[0].driver)}"


def size(one: gpu.GPU) -> str:
    """A GPU's name and memory."""
    return f"{one.name} {one.memory_gb:.0f} GB" if one.memory_gb else one.name


def tight(settings: dict[str, Any], count: int = 1) -> str | None:
    """What to mind where the recipe's memory figure exceeds one of the first ``count`` GPUs, or
    what is free of it (a figure that is estimated, for the recipe's own ``max_length``: said, and
    no reason to stop)."""
    need, cards = need_gb(settings), gpu.gpus()[:count]
    small = min(cards, key=lambda card: card.memory_gb)
    busy = min(cards, key=lambda card: card.free_gb)
    less = 'make estimate, OVERRIDE="max_length=1024"'
    if need and 0 < small.memory_gb < need:
        return words(
            f"注意: 配方约需 {need} GB 显存，{small.name} 有 {small.memory_gb:.0f} GB；"
            f"不够时: {less}",
            f"note: the recipe takes about {need} GB, {small.name} has {small.memory_gb:.0f} GB; "
            f"if it runs out: {less}",
        )
    if need and busy.memory_gb and busy.free_gb < need:
        number, free = busy.handle, f"{busy.free_gb:.0f} / {busy.memory_gb:.0f} GB"
        return words(
            f"注意: 配方约需 {need} GB 显存，GPU {number} 只空闲 {free}，有别的程序在用"
            "（nvidia-smi；本机部署着就先 make stop）",
            f"note: the recipe takes about {need} GB, GPU {number} has {free} free, somebody uses "
            "it (nvidia-smi; a deployment of ours: make stop)",
        )
    return None


def no_rows(file: Path) -> str:
    """The line for a file to train on that is not there."""
    made = rows.maker(file)
    made += " BANK=…" if made == "make data" else ""
    return words(
        f"没有训练数据 {shown(file)}: 请先运行 {made}",
        f"there is no {shown(file)}: run {made} first",
    )


def cheap(settings: dict[str, Any], where: Where) -> list[str]:
    """What is missing as far as any Python can tell, before an environment is made."""
    problems = [text for text in (machine(settings, where), base_model.missing(settings)) if text]
    data = training_file(settings)
    if not data.is_file():
        problems.append(no_rows(data))
    elif data.suffix == ".jsonl" and next(read_jsonl(data), None) is None:
        problems.append(rows.empty(data))
    start = settings["load_from"]
    if start and not (Path(start) / "adapter_model.safetensors").is_file():
        lacks = words("没有 adapter，请先 make train", "holds no adapter: make train first")
        problems.append(f"LOAD_FROM={shown(start)}: {lacks}")
    elif start:
        scan.weights(Path(start))
    return problems


def listed(data: Path) -> list[dict[str, Any]]:
    """The recipes as data: ``name``, ``base``, ``method``, ``environment``, ``epochs``,
    ``evidence`` (whether rows with evidence may be trained on beside the others), and ``lacks``,
    the lines that say what is missing on this machine to train it on ``data``."""
    found = []
    for name in recipes.names():
        settings = recipes.load(recipes.FOLDER / name, {"data": str(data)}).settings.to_dict()
        found.append(
            {
                "name": name,
                "base": Path(settings["pretrained_model_name_or_path"]).name,
                "method": recipes.method(settings),
                "environment": settings["environment"],
                "epochs": settings["max_epochs"],
                "evidence": not (settings["text"] or settings["preference"]),
                "lacks": [named(name, text) for text in cheap(settings, Where())],
            }
        )
    return found


def named(name: str, problem: str) -> str:
    """A problem of recipe ``name`` whose commands are ready to be typed."""
    return problem.replace("CONFIG=…", f"CONFIG={name}")


def refuse(name: str, problems: list[str]) -> None:
    """Raise :class:`UserError` where recipe ``name`` has ``problems``, all in one line."""
    if problems:
        raise UserError(f"{name}: " + "; ".join(named(name, text) for text in problems))


def check(name: str, settings: dict[str, Any], where: Where | None = None) -> None:
    """Raise :class:`UserError` naming all that recipe ``name`` lacks on this machine."""
    where = where or Where()
    problems = cheap(settings, where)
    evidence = evidence_file(settings)
    if evidence and not evidence.is_file():
        problems.append(
            words(
                f"没有 {shown(evidence)}: 请先 make evidence，或 make train EVIDENCE=1",
                f"there is no {shown(evidence)}: make evidence first, or make train EVIDENCE=1",
            )
        )
    track = settings["track"]
    if track and importlib.util.find_spec(track) is None:
        problems.append(f"track={track}: {words('没有安装', 'not installed')}: {pip(track)}")
    if where.problem(settings):
        problems.append(str(where.problem(settings)))
    refuse(name, problems)


def ready(config: str, data: Path, overrides: list[str], where: Where) -> None:
    """``make train``'s first word: :class:`UserError` for what any Python can see is missing, else
    the plan in one line and, where the GPUs are small or busy, that in another. Gigabytes of
    environment are made after it, not before."""
    path = recipes.find(config)
    options = {"data": str(data), **recipes.parse_overrides(overrides)}
    settings = recipes.load(path, options).settings.to_dict()
    refuse(path.name, cheap(settings, where))
    print(plan(path.name, settings, where), flush=True)
    here = settings["device"] == "cuda" and where.launcher != "slurm"
    if here and (mind := tight(settings, where.gpus)):
        print(mind, flush=True)
