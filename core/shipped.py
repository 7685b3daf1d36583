"""What a shipped folder is made of, written beside it and compared again on another machine.

``manifest.json`` holds the hash of every file of the folder, of the rows, the recipe, the base and
the environments' locks that it was made from, the code's commit, and the proofs; ``id`` is the hash
of all of that, so that one line read out over the telephone says whether two manifests are one.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.files import ROOT, digest, read_json, sha256, shown, write_json
from core.language import words

NAME, SCHEMA = "manifest.json", 1
# Of run.json: what the run was made from. Its machine and its times are in the card.
RUN = (
    "config",
    "domain",
    "template",
    "data_sha256",
    "rows",
    "evidence_rows",
    "wordings_rows",
    "sampled_rows",
    "settings",
    "licences",
    "key",
)
PROOFS = ("merged/handover.json", "eval/report.json", "report.json")


def files(folder: Path) -> dict[str, str]:
    """The hash of every file of a folder but the manifest itself; no link is followed out of it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            outside = words("链接指向目录之外", "a link out of the folder")
            raise UserError(f"{shown(path)}: {outside}")
        if path.is_file() and name != NAME:
            found[name] = sha256(path)
    return found


def made_from(run: Path) -> dict[str, Any]:
    """What the run of a shipped model was made from, as far as it is noted or lies here."""
    note = run / "run.json"
    state = read_json(note) if note.is_file() else {}
    found = {name: state[name] for name in RUN if name in state}
    data = Path(state["data"]) if isinstance(state.get("data"), str) else None
    for name in ("train.jsonl", "eval.jsonl", "card.json") if data else ():
        if data and (data / name).is_file():
            found[f"data/{name}"] = sha256(data / name)
    for name in PROOFS:
        if (run / name).is_file():
            found[f"proof/{name}"] = sha256(run / name)
    base = Path(ROOT / state["base"]) if state.get("base") else None
    if base and (base / "config.json").is_file():
        found["base/config.json"] = sha256(base / "config.json")
    return found


def locks() -> dict[str, str]:
    """The environments, by their locks."""
    return {path.name: sha256(path) for path in sorted((ROOT / "requirements").glob("*.lock"))}


def commit() -> str:
    """The code's git commit, ``+`` where files differ from it; empty outside git."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
    status = [*git, "status", "--porcelain", "-uno"]
    changed = subprocess.run(status, capture_output=True, text=True).stdout.strip()
    return head.stdout.strip() + ("+" if changed else "")


def write(folder: Path, run: Path) -> str:
    """Write the manifest of ``folder``, made of ``run``; its id."""
    body = {
        "schema": SCHEMA,
        "files": files(folder),
        "made_from": made_from(run),
        "locks": locks(),
        "commit": commit(),
    }
    write_json(folder / NAME, {**body, "id": digest(body)})
    return digest(body)


def differences(folder: Path, run: Path | None = None) -> Iterator[str]:
    """What differs from the manifest of ``folder``, a line each: its files, this checkout's locks
    and, where ``run`` is given, what that run is made from."""
    if not (folder / NAME).is_file():
        lacking = words(f"没有 {NAME}: make export 会写", f"has no {NAME}: make export writes one")
        raise UserError(f"{shown(folder)} {lacking}")
    noted = read_json(folder / NAME)
    if not isinstance(noted, dict) or noted.get("schema") != SCHEMA:
        unknown = words("不认识的清单版本", "unknown version of a manifest")
        raise UserError(f"{shown(folder / NAME)}: {unknown}")
    body = {key: value for key, value in noted.items() if key != "id"}
    if digest(body) != noted.get("id"):
        yield f"{NAME}: {words('写好后被改过', 'was changed since it was written')}"
    yield from _compared(words("文件", "file"), noted.get("files", {}), files(folder))
    yield from _compared(words("环境", "lock"), noted.get("locks", {}), locks())
    if run:
        yield from _compared(words("来源", "made from"), noted.get("made_from", {}), made_from(run))


def _compared(what: str, noted: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*noted, *now}):
        if name not in now:
            yield f"{what} {name}: {words('缺少', 'is missing')}"
        elif name not in noted:
            yield f"{what} {name}: {words('多出', 'was added')}"
        elif noted[name] != now[name]:
            yield f"{what} {name}: {words('不同', 'differs')}"
