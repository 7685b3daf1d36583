"""The card of a run: what it was made from, on what, and how it went; for people and for later."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from core.files import ROOT, shown, write_text

PACKAGES = ("torch", "transformers", "xtuner", "peft", "bitsandbytes", "mmengine", "datasets")


def environment() -> dict[str, Any]:
    """Versions, commit and device of this process."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "packages": versions,
        "commit": commit(),
        "device": device(),
        "cpus": os.cpu_count(),
        "platform": platform.platform(),
    }


def commit() -> str:
    """The project's git commit, ``+`` where files differ from it; ``unknown`` outside git."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        status = [*git, "status", "--porcelain", "-uno"]
        changed = subprocess.run(status, capture_output=True, text=True)
    except OSError:
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "") or "unknown"


def device() -> str:
    """The GPU's name, else the CPU's."""
    try:
        import torch

        if torch.cuda.is_available():
            return str(torch.cuda.get_device_name())
    except ImportError:
        pass
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "CPU"


def figures(points: list[dict[str, Any]], evaluated: list[dict[str, Any]]) -> dict[str, Any]:
    """What a run's curves add up to. ``seconds`` are those of its steps, over all its parts (a part
    that was lost to a kill is not in them), and so are the tokens a second."""
    seconds = sum(point.get("s", 0) for point in points)
    found: dict[str, Any] = {
        "steps": points[-1]["iter"],
        "loss": points[-1]["loss"],
        "seconds": round(seconds, 1),
    }
    for name in ("tokens", "answer_tokens"):
        found[name] = sum(point.get(name, 0) for point in points)
        found[f"{name}_per_second"] = round(found[name] / seconds, 1) if seconds else None
    if evaluated:
        found["eval"] = evaluated[-1]
        found["eval_best_loss"] = min(evaluated, key=lambda point: point["loss"])
    return found


def write(work_dir: Path, state: dict[str, Any]) -> None:
    """Write ``card.md`` from ``run.json``'s content."""
    made = state["made_with"]
    rows = [
        ("配方 recipe", state["config"]),
        ("基座 base", state["base"]),
        ("数据 data", f"{state['data_file']} ({state['rows']} rows)"),
        ("另有带依据的行 and with evidence", f"{state.get('evidence_rows', 0)} rows"),
        ("另有换问法的行 and in other wordings", f"{state.get('wordings_rows', 0)} rows"),
        ("另有抽样的行 and sampled", f"{state.get('sampled_rows', 0)} rows"),
        ("数据哈希 sha256", state["data_sha256"]),
        ("步数 steps", state["steps"]),
        ("训练损失 last loss", f"{state['loss']:.4f}"),
        ("评测 eval", state.get("eval", "—")),
        ("最好 best eval", state.get("eval_best_loss", "—")),
        ("用时 seconds in steps", state["seconds"]),
        ("词元 tokens", f"{state['tokens']} ({state['tokens_per_second']}/s)"),
        (
            "其中答案 supervised tokens",
            f"{state['answer_tokens']} ({state['answer_tokens_per_second']}/s)",
        ),
        ("设备 device", f"{made['device']}, {made['cpus']} CPUs"),
        ("提交 commit", made["commit"]),
        ("环境 environment", ", ".join(f"{k} {v}" for k, v in made["packages"].items())),
    ]
    lines = [f"# 训练卡 Run card: {shown(work_dir)}", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    lines += ["", "![loss](loss.png)", "", "## 设置 Settings", ""]
    lines += [f"- `{key}`: {value}" for key, value in state["settings"].items()]
    write_text(work_dir / "card.md", "\n".join(lines) + "\n")
