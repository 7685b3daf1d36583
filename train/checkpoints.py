"""Checkpoints that are whole or absent, and finding the one to go on from.

mmengine's ``CheckpointHook`` deletes the oldest checkpoint (and the last best) before it writes the
new one, writes in place, and notes the newest in a file that a kill can leave empty: of it only the
times are used. Here a checkpoint is written under another name, synced and renamed; only then is an
old one deleted; and what is there is asked of the files.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import trust
from core.errors import UserError
from core.files import shown, write_text
from core.language import words

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHECKED = 4 << 30  # bytes; larger archives are asked for their directory, not read through


def step_of(path: Path) -> int:
    """The iteration in ``iter_12.pth`` or ``best_iter_12.pth``; 0 where there is none."""
    match = re.search(r"iter_(\d+)\.pth$", path.name)
    return int(match[1]) if match else 0


def whole(path: Path) -> bool:
    """Whether torch could read ``path``: a zip archive (its checksums too, up to 4 GB), or
    DeepSpeed's folder of them."""
    if path.is_dir():
        states = list(path.rglob("*_states.pt"))
        return bool(states) and all(map(whole, states))
    try:
        with zipfile.ZipFile(path) as archive:
            return path.stat().st_size > CHECKED or archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError, ValueError):
        return False


def listed(work_dir: Path, prefix: str = "iter_") -> list[Path]:
    """The checkpoints in ``work_dir``, newest first, whole or not."""
    paths = (path for path in work_dir.glob(f"{prefix}*.pth") if step_of(path))
    return sorted(paths, key=step_of, reverse=True)


def last(work_dir: Path) -> str:
    """The newest whole checkpoint, or ``""``. Broken ones are named and passed over."""
    for path in listed(work_dir):
        if whole(path):
            return str(path)
        damaged = words("检查点不完整，跳过", "damaged checkpoint, passed over")
        print(f"{damaged}: {shown(path)}", flush=True)
    return ""


def best(work_dir: Path) -> str:
    """The checkpoint that evaluation liked best, or ``""`` where none was chosen."""
    return next((str(path) for path in listed(work_dir, "best_iter_") if whole(path)), "")


def remove(path: Path) -> None:
    """Delete a checkpoint, file or folder."""
    trust.note(path).unlink(missing_ok=True)
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def clear(work_dir: Path) -> None:
    """Delete every checkpoint and half-written one in ``work_dir``."""
    for path in [*work_dir.glob("*iter_*.pth"), *work_dir.glob(".iter_*.tmp")]:
        remove(path)
    (work_dir / "last_checkpoint").unlink(missing_ok=True)


def prune(work_dir: Path, keep: int) -> None:
    """Delete all but the newest ``keep`` checkpoints (none where ``keep`` < 1)."""
    for path in listed(work_dir)[keep:] if keep > 0 else []:
        remove(path)


@contextmanager
def disk(work_dir: Path) -> Iterator[None]:
    """One line for a full disk (or quota, or file size limit), whoever was writing."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        checkpoint, why = last(work_dir), error.strerror
        whole_zh = f"{shown(checkpoint)} 完好" if checkpoint else "还没有检查点"
        whole_en = f"{shown(checkpoint)} is whole" if checkpoint else "no checkpoint yet"
        raise UserError(
            f"{shown(work_dir)}: "
            + words(
                f"磁盘已满 ({why}); {whole_zh}; 清理磁盘后 RESUME=1 继续",
                f"no space left ({why}); {whole_en}; free some space, then RESUME=1",
            )
        ) from None


def save(runner: Any, folder: Path, name: str, meta: dict[str, Any]) -> None:
    """Write ``folder/name`` through the runner: under another name first, synced, then renamed."""
    from mmengine.dist import barrier, is_main_process

    temporary, target = folder / f".{name.removesuffix('.pth')}.tmp", folder / name
    if is_main_process() and temporary.exists():
        remove(temporary)
    try:
        runner.save_checkpoint(str(folder), temporary.name, meta=meta, by_epoch=False)
    except OSError:
        remove(temporary)
        raise
    barrier()
    if is_main_process():
        if target.is_dir():  # a folder cannot be renamed over another
            remove(target)
        if temporary.is_file():
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(target)
        trust.seal(target)
        write_text(folder / "last_checkpoint", str(target))
    barrier()
