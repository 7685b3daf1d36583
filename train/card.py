"""The card of a run: what it was made from, on what, and how it went; for people and for later."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from pathlib import Path
from typing import Any

from core import cores, licences
from core.files import ROOT, shown, write_text
from train import curves

# The card is kept and read by anybody later: in both languages.
TITLE, SETTINGS = ("训练卡", "Run card"), ("设置", "Settings")
ROWS = {
    "config": ("配方", "recipe"),
    "base": ("基座", "base"),
    "data": ("数据", "data"),
    "rows": ("行数", "rows"),
    "evidence_rows": ("另有带依据的行", "rows with evidence beside them"),
    "wordings_rows": ("另有换问法的行", "rows in other wordings beside them"),
    "sampled_rows": ("另有抽样的行", "sampled rows beside them"),
    "data_sha256": ("数据哈希", "sha256 of the data"),
    "steps": ("步数", "steps"),
    "loss": ("训练损失", "last loss"),
    "preference": (
        "偏好：头尾各至多 10 步的均值",
        "preference: means of the first and last steps, at most 10",
    ),
    "eval": ("评测", "eval"),
    "eval_best_loss": ("最好的评测", "best eval"),
    "seconds": ("用时（秒）", "seconds in steps"),
    "tokens": ("词元", "tokens"),
    "answer_tokens": ("其中答案的词元", "supervised tokens"),
    "sweep": ("几组中最好的一组", "the best of so many runs"),
    "device": ("设备", "device"),
    "licences": ("许可", "licences"),
    "commit": ("提交", "commit"),
    "environment": ("环境", "environment"),
}
ENDS = 10  # steps at either end of a preference run over which the card takes means
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
        "cpus": cores.usable(),
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
    summary: dict[str, Any] = {
        "steps": points[-1]["iter"],
        "loss": points[-1]["loss"],
        "seconds": round(seconds, 1),
    }
    for name in ("tokens", "answer_tokens"):
        summary[name] = sum(point.get(name, 0) for point in points)
        summary[f"{name}_per_second"] = round(summary[name] / seconds, 1) if seconds else None
    if "margin" in points[0]:
        few = min(ENDS, (len(points) + 1) // 2)  # of a short run, its halves
        parts = {"first": curves.means(points[:few]), "last": curves.means(points[-few:])}
        names = ("margin", "accuracy", "chosen", "drift")
        summary["preference"] = {
            name: [round(part[name], 4) for part in parts.values()] for name in names
        }
    if evaluated:
        summary["eval"] = evaluated[-1]
        summary["eval_best_loss"] = min(evaluated, key=lambda point: point["loss"])
    return summary


def write(work_dir: Path, state: dict[str, Any]) -> None:
    """Write ``card.md`` from ``run.json``'s content."""
    made_with = state["made_with"]
    values = {
        **state,
        "data": state["data_file"],
        "loss": f"{state['loss']:.4f}",
        "preference": ", ".join(
            f"{name} {first} → {last}"
            for name, (first, last) in state.get("preference", {}).items()
        )
        or "—",
        "tokens": f"{state['tokens']} ({state['tokens_per_second']}/s)",
        "answer_tokens": f"{state['answer_tokens']} ({state['answer_tokens_per_second']}/s)",
        "sweep": "{tried}: {options}".format_map(state["sweep"]) if "sweep" in state else "—",
        "device": f"{made_with['device']}, {made_with['cpus']} CPUs",
        "licences": licences.line(state.get("licences", {})) or "—",
        "commit": made_with["commit"],
        "environment": ", ".join(f"{k} {v}" for k, v in made_with["packages"].items()),
    }
    lines = [f"# {' '.join(TITLE)}: {shown(work_dir)}", "", "| | |", "| --- | --- |"]
    lines += [f"| {' '.join(ROWS[key])} | {values.get(key, '—')} |" for key in ROWS]
    lines += ["", "![loss](loss.png)", "", f"## {' '.join(SETTINGS)}", ""]
    lines += [f"- `{key}`: {value}" for key, value in state["settings"].items()]
    write_text(work_dir / "card.md", "\n".join(lines) + "\n")
