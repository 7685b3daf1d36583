"""``make doctor``: what this machine has, and what that means for each step."""

from __future__ import annotations

import os
import shutil
import sys

from core import chat, cores, gpu, terminal, trust
from core.errors import UserError
from core.files import MODELS, ROOT, WORK_DIRS, shown
from core.language import words

STAGES = ("core", "train", "serve", "turbomind", "eval", "dev")
GB = 1e9  # here and wherever GB is written: memory of GPUs, weights, disks
# All environments, measured on a CPU; on a GPU the three that hold torch bring CUDA's libraries
# (about 5 GB each by the wheels' own sizes, shared where the file system links), TurboMind 4.3.
TRAINS = (("1.8B", 7), ("7B", 14), ("20B", 27))  # GB: the recipes' headers (make recipes)
# What the same InternLM2 models are served with: weights in GB, layers, key/value heads, head size.
SERVES: tuple[tuple[str, float, int, int, int], ...] = (
    ("1.8B", 3.8, 24, 8, 128),
    ("7B", 15.5, 32, 8, 128),
    ("20B", 39.8, 48, 8, 128),
)
DISK_CPU, DISK_GPU = 8.0, 25.0


def rows() -> list[tuple[str, str, str]]:
    """What, how much, and what follows from it."""
    from deploy import environments, health

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB
    disk = shutil.disk_usage(ROOT).free / GB
    there = gpu.gpus()
    wanted = DISK_GPU if there else DISK_CPU
    fits = sys.version_info[:2] in ((3, 11), (3, 12))
    found = [
        (
            "Python",
            sys.version.split()[0],
            words("可用", "fits") if fits else words("需要 3.11 或 3.12", "3.11 or 3.12 is needed"),
        ),
        (
            "CPU",
            f"{cores.usable()} {words('核', 'cores')}",
            ""
            if cores.usable() == os.cpu_count()
            else words(f"本机有 {os.cpu_count()} 核", f"of the machine's {os.cpu_count()}"),
        ),
        (
            words("内存", "memory"),
            f"{memory:.0f} GB",
            "" if memory >= 4 else words("演示约需 4 GB", "the demo takes about 4 GB"),
        ),
        (
            words("磁盘", "free disk"),
            f"{disk:.0f} GB",
            ""
            if disk >= wanted
            else words(f"环境约需 {wanted:.0f} GB", f"environments take {wanted:.0f} GB"),
        ),
        *graphics(there),
    ]
    for stage in STAGES:
        made = (environments.VENVS / stage / ".installed").is_file()
        state = words("有", "made") if made else words("无", "not yet")
        found.append((f"{words('环境', 'env')} {stage}", state, f"make env-{stage}"))
    for folder in sorted(MODELS.glob("*/config.json")):
        size = sum(file.stat().st_size for file in folder.parent.glob("*.safetensors")) / GB
        found.append((words("模型", "model"), folder.parent.name, f"{size:.1f} GB"))
    ready = words("可部署：make deploy", "make deploy can serve it")
    for run in sorted(WORK_DIRS.glob("**/merged/config.json")):
        found.append((words("微调", "tuned"), shown(run.parent.parent), ready))
    for code in sorted({one["folder"] for one in trust.allowed().values()}):
        found.append((words("允许的代码", "allowed code"), shown(code), shown(trust.STORE)))
    for port in chat.ports():
        target = chat.endpoint_note(port)
        state = (
            words("就绪", "ready")
            if health.healthy(target.root + "/health")
            else words("不应答：make stop", "does not answer: make stop")
        )
        name = f"{words('服务', 'server')} {port}"
        found.append((name, f"{target.model} ({target.backend})", state))
    return found


def graphics(there: tuple[gpu.GPU, ...]) -> list[tuple[str, str, str]]:
    """The GPUs and their driver, or why there are none."""
    if there:
        many = len(there) > 1 or bool(gpu.left_out())
        each = [(f"GPU {one.handle}" if many else "GPU", size(one), fits_gpu(one)) for one in there]
        old = [(f"GPU {one.handle}", size(one), gpu.too_old(one)) for one in gpu.left_out()]
        return [*each, *old, driver(there[0])]
    if gpu.trouble():
        return [("GPU", words("读不到", "not told"), gpu.trouble())]
    means = words("训练小模型，服务用 llama.cpp", "trains small models, serves by llama.cpp")
    return [("GPU", words("无", "none"), means)]


def size(one: gpu.GPU) -> str:
    """Its name and memory."""
    told = f"{one.memory_gb:.0f} GB" if one.memory_gb else words("显存未知", "memory not told")
    return f"{one.name}, {told}"


def driver(one: gpu.GPU) -> tuple[str, str, str]:
    """The driver, and which builds of torch it runs."""
    version = gpu.version(one.driver)
    try:
        line = gpu.cuda_line()
    except UserError as error:
        return (words("驱动", "driver"), version, str(error))
    build = f"CUDA {line[-2:]} (torch {gpu.TORCH[line]})"
    return (
        words("驱动", "driver"),
        version,
        f"{words('训练用', 'training')}: {build}; TurboMind: CUDA 12",
    )


def fits_gpu(one: gpu.GPU) -> str:
    """The largest of the usual sizes that one such GPU trains in 4 bits and serves in 16."""
    try:
        gpu.cuda_line()
    except UserError:  # said in the driver's row
        return words("现在用不上，见下面的驱动", "of no use yet, see the driver below")
    dtype = "bfloat16" if one.bf16 else "float16"
    if not one.memory_gb:
        return dtype
    trains = [name for name, need in TRAINS if need <= one.memory_gb]
    serves = [name for name, need in served() if need <= one.memory_gb]
    most = trains[-1] if trains else "—", serves[-1] if serves else "—"
    sizes = words(
        f"4-bit 训练至 {most[0]}，TurboMind 16-bit 服务至 {most[1]}（估算）",
        f"4-bit trains up to {most[0]}, TurboMind 16-bit serves up to {most[1]} (estimated)",
    )
    free = f"{one.free_gb:.0f} GB"
    busy = words(f"; 现在只空闲 {free}，有程序在用", f"; but {free} are free now, somebody uses it")
    return f"{dtype}; {sizes}{busy if one.busy else ''}"


def served() -> list[tuple[str, float]]:
    """What ``make deploy`` asks of one GPU for each of :data:`SERVES`, by the same formula."""
    from deploy import engines, fit

    values, found = engines.ENGINES[0].settings(), []
    for name, weights, layers, heads, width in SERVES:
        token = fit.token_bytes(layers, heads, width, values["quant_policy"])
        cache = token * values["session_len"]
        found.append((name, weights + cache * fit.CONVERSATIONS / GB + fit.OVERHEAD_GB))
    return found


def table() -> str:
    """The rows as aligned text; wide characters count for two columns."""
    cells = rows()
    widths = [max(terminal.width(row[column]) for row in cells) for column in range(2)]
    return "\n".join(
        f"{terminal.padded(name, widths[0])}  {terminal.padded(value, widths[1])}  {means}".rstrip()
        for name, value, means in cells
    )
