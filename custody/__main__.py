"""``python -m custody VERB …``: what ``make trust`` and ``make verify`` call."""

from __future__ import annotations

from pathlib import Path

from core import shipped
from core import trust as known
from core.command import main
from core.errors import UserError
from core.files import read_json, shown


def trust(folder: Path, /) -> None:
    """Allow the code that a model folder brings, or a run that was trained elsewhere."""
    if not folder.is_dir():
        raise UserError(f"{shown(folder)}: 没有这个目录 no such folder")
    names = known.wanted(folder)
    runs = [path for path in (folder / "config.py", *folder.glob("*iter_*.pth")) if path.exists()]
    if not names and not runs:
        print(
            f"{shown(folder)}: 没有自带代码 brings no code of its own: 不需要允许 nothing to allow"
        )
        return
    if names:
        allowed = known.allow(folder)
        print(f"已允许 allowed: {', '.join(names)} ({', '.join(allowed)})")
    for path in runs:
        known.seal(path)
        print(f"已允许 allowed: {shown(path)}")
    print(f"记录 noted in {shown(known.STORE)}；make doctor 会列出 lists it")


def verify(folder: Path, /, work_dir: Path | None = None) -> int:
    """Compare a shipped folder with its manifest, and with the run that it was made of if given."""
    if not folder.is_dir():
        raise UserError(f"{shown(folder)}: 没有这个目录 no such folder")
    run = work_dir if work_dir and (work_dir / "run.json").is_file() else None
    found = list(shipped.differences(folder, run))
    for line in found:
        print(line)
    name = shown(folder)
    if found:
        print(f"{name}: {len(found)} 处不同 differences")
        return 1
    print(
        f"{name}: 与清单一致 as its manifest says ({read_json(folder / shipped.NAME)['id'][:16]})"
    )
    return 0


if __name__ == "__main__":
    main("custody", trust, verify)
