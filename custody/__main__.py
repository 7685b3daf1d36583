"""``python -m custody VERB …``: what ``make trust``, ``verify``, ``backup``, ``restore``, ``audit``
and ``sbom`` call."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from core import licences, shipped
from core import trust as known
from core.command import main
from core.errors import UserError
from core.files import read_json, shown
from core.language import words
from core.terminal import as_json, show
from custody import keep, supply


def trust(folder: Path, /) -> None:
    """Allow the code that a model folder brings, or a run that was trained elsewhere."""
    if not folder.is_dir():
        raise UserError(f"{shown(folder)}: {words('没有这个目录', 'no such folder')}")
    names = known.wanted(folder)
    runs = [path for path in (folder / "config.py", *folder.glob("*iter_*.pth")) if path.exists()]
    if not names and not runs:
        nothing = words("没有自带代码，不需要允许", "brings no code of its own: nothing to allow")
        print(f"{shown(folder)}: {nothing}")
        return
    allowed = words("已允许", "allowed")
    if names:
        print(f"{allowed}: {', '.join(names)} ({', '.join(known.allow(folder))})")
    for path in runs:
        known.seal(path)
        print(f"{allowed}: {shown(path)}")
    store = shown(known.STORE)
    print(words(f"记在 {store}；make doctor 会列出", f"noted in {store}; make doctor lists it"))


def verify(folder: Path, /, work_dir: Path | None = None) -> int:
    """Compare a shipped folder with its manifest, and with the run that it was made of if given."""
    if not folder.is_dir():
        raise UserError(f"{shown(folder)}: {words('没有这个目录', 'no such folder')}")
    run = work_dir if work_dir and (work_dir / "run.json").is_file() else None
    differences = list(shipped.differences(folder, run))
    if as_json():
        print(json.dumps({"folder": str(folder), "differences": differences}, ensure_ascii=False))
        return 1 if differences else 0
    for line in differences:
        print(line)
    name, many = shown(folder), len(differences)
    if differences:
        print(f"{name}: {words(f'{many} 处不同', f'{many} differences')}")
        return 1
    noted = read_json(folder / shipped.NAME)
    print(f"{name}: {words('与清单一致', 'as its manifest says')} ({noted['id'][:16]})")
    stated = licences.line(noted["made_from"].get("licences", {})) or licences.NOT_STATED
    print(f"{words('许可', 'licences')}: {stated}")
    return 0


def backup(work_dirs: Path, domain: str, to: Path | None = None) -> None:
    """Copy a domain and what belongs to it, each part as of one moment, while everything runs."""
    folder = keep.backup(domain, work_dirs, to)
    many = len(keep.noted(folder)["files"])
    print(f"{words('备份', 'backed up')}: {shown(folder)} ({many} {words('个文件', 'files')})")
    print(words("不含基座权重 (models/)", "without the bases' weights (models/)"))
    print(f"{words('恢复', 'to restore')}: make restore FROM={shlex.quote(str(shown(folder)))}")


def restore(folder: Path, /, work_dirs: Path, without_shared: bool = False) -> None:
    """Bring a backup back where nothing is in its place."""
    domain = keep.restore(folder, work_dirs, not without_shared)
    print(f"{words('已恢复', 'restored')}: {shown(work_dirs / domain)}")
    for run in keep.foreign_seals(work_dirs / domain):
        allow = f"./tiku trust {shlex.quote(shown(run))}"
        elsewhere = words(
            "检查点是别处写的，要接着训练", "its checkpoints are from elsewhere; to go on"
        )
        print(f"{shown(run)}: {elsewhere}: {allow}")


def audit() -> int:
    """Name what is known against the versions in the locks; status 1 where one has no reason."""
    lines, open_ = supply.audit()
    many = len(supply.pins())
    summary = words(
        f"核对了 {many} 个版本: {len(lines)} 个有已知漏洞，{open_} 个没有说明",
        f"{many} versions audited: {len(lines)} with known holes, {open_} without a reason",
    )
    value = {"versions": many, "known": lines, "without_reason": open_}
    show(lambda: value, lambda: "\n".join([*lines, summary]))
    return 1 if open_ else 0


def sbom(to: Path) -> None:
    """Write what everything here is made of, with licences, as CycloneDX."""
    found = supply.sbom(to)
    many, lacking = found["components"], found["without"]
    print(
        f"{shown(to)}: "
        + words(
            f"{many} 个部件，{lacking} 个不知许可（只读得到已装的环境）",
            f"{many} components, {lacking} of unknown licence (only "
            "environments that are installed can be read)",
        )
    )


if __name__ == "__main__":
    main("custody", trust, verify, backup, restore, audit, sbom)
