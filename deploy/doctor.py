"""``make doctor``: what this machine has, and what that means for each step."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata

from core import chat
from core.files import MODELS, ROOT, WORK_DIRS, shown

STAGES = ("core", "train", "serve", "turbomind", "eval", "dev")
GIB = 2**30


def rows() -> list[tuple[str, str, str]]:
    """What, how much, and what follows from it."""
    from deploy import engines, health

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    disk = shutil.disk_usage(ROOT).free / GIB
    fits = sys.version_info[:2] in ((3, 11), (3, 12))
    found = [
        ("Python", sys.version.split()[0], "可用 fits" if fits else "需要 needs 3.11 或 or 3.12"),
        ("CPU", f"{os.cpu_count()} 核 cores", ""),
        ("内存 memory", f"{memory:.0f} GB", "" if memory >= 4 else "演示约需 the demo takes 4 GB"),
        (
            "磁盘 free disk",
            f"{disk:.0f} GB",
            "" if disk >= 8 else "环境约需 environments take 8 GB",
        ),
    ]
    names = engines.gpus()
    found += [("GPU", name.split(" (UUID")[0], "4-bit 7B 训练与 TurboMind 可用") for name in names]
    if not names:
        found.append(("GPU", "无 none", "训练小模型, 服务用 llama.cpp small models, CPU engine"))
    for stage in STAGES:
        made = (engines.VENVS / stage / ".installed").is_file()
        found.append(
            (f"环境 env {stage}", "有 made" if made else "无 not yet", f"make env-{stage}")
        )
    for folder in sorted(MODELS.glob("*/config.json")):
        size = sum(file.stat().st_size for file in folder.parent.glob("*.safetensors")) / GIB
        found.append(("模型 model", folder.parent.name, f"{size:.1f} GB"))
    for run in sorted(WORK_DIRS.glob("**/merged/config.json")):
        found.append(("微调 tuned", shown(run.parent.parent), "可部署 make deploy can serve it"))
    for port in chat.ports():
        target = chat.endpoint_note(port)
        state = "就绪 ready" if health.healthy(target) else "不应答 does not answer: make stop"
        found.append((f"服务 server {port}", f"{target.model} ({target.backend})", state))
    return found


def table() -> str:
    """The rows as aligned text; wide characters count for two columns."""
    cells = rows()
    widths = [max(_width(row[column]) for row in cells) for column in range(2)]
    return "\n".join(
        f"{_pad(name, widths[0])}  {_pad(value, widths[1])}  {means}".rstrip()
        for name, value, means in cells
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
