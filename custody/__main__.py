"""``python -m custody VERB …``: what ``make trust`` and ``make verify`` call."""

from __future__ import annotations

from pathlib import Path

from core import trust as known
from core.command import main
from core.errors import UserError
from core.files import shown


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


if __name__ == "__main__":
    main("custody", trust)
