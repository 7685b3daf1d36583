"""A domain carried away and brought back: ``make backup``, ``make restore``.

A backup is a folder: the domain's data sets, corrections, runs and index as they lie below
``work_dirs``, the page's database, what a person's corrections taught the reader, and
``backup.json`` with the hash of each file. It is taken while everything runs: the corrections are
locked for the time of their copy; SQLite copies its own database; and a folder that is switched as
a whole (a data set, an index, a run's notes) is copied again if it was switched meanwhile, the
fourth time under its builder's lock. What is half written (a checkpoint, a generation of the index)
is left to the next one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from core import trust
from core.errors import UserError
from core.files import digest, held, read_json, shown, write_json
from core.language import words
from core.shipped import commit

NOTE = "backup.json"
PAGE, LEARNED = "web/page.db", "reader/learned.json"
# Copies of a folder that is switched meanwhile, the first few without its builder's lock; seconds.
TRIES, FREE, PAUSE = 12, 3, 0.25
HIDDEN = (".baseline.jsonl", ".job")  # the hidden names that last; others are locks and drafts
PASSING = ("log", "state.json", "job.json", "progress.json", "vectors.journal")
GROWING = (".jsonl", ".log", ".csv", ".txt")  # appended to: copied up to the last whole line
SAID = ("feedback.lock", "feedback-judged.lock", "live-votes.lock")  # web/feedback.py
# A folder that is switched as a whole, by the file that makes it one, and what tells of a switch.
TELLING: dict[str, tuple[str, ...]] = {
    "index.json": ("index.json",),
    "inputs.json": (),  # a data set: every file
    "run.json": ("run.json", "launch.json", "quantized.json"),
}
PLACED = ("run.json", "launch.json", "inputs.json")  # files in which places may stand in full
BODY = ("domain", "made", "commit", "files", "work_dirs")
Hashes = dict[str, str]


def lasts(path: Path) -> bool:
    """Whether a file or folder of this name belongs into a backup."""
    hidden = path.name.startswith(".") and path.name not in HIDDEN
    return not hidden and path.name not in PASSING and path.suffix not in (".lock", ".tmp")


def files(folder: Path) -> Iterator[Path]:
    """What lasts below ``folder``; a link to a folder is not followed."""
    for place, folders, names in os.walk(folder):
        kept = [name for name in sorted(folders) if lasts(Path(place, name))]
        folders[:] = [name for name in kept if not Path(place, name).is_symlink()]
        yield from (path for name in sorted(names) if lasts(path := Path(place, name)))


def copied(path: Path, to: Path) -> str:
    """Copy one file; the hash of what was written. One that only grows ends with a whole line; one
    that was changed meanwhile is copied again."""
    to.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(TRIES):
        before, key = path.stat(), hashlib.sha256()
        with open(path, "rb") as source, open(to, "wb") as out:
            while block := source.read(1 << 20):
                out.write(block)
                key.update(block)
        after = path.stat()
        if path.suffix in GROWING and (after.st_size > before.st_size or halved(to)):
            text = to.read_bytes()
            whole = text[: text.rfind(b"\n") + 1]
            to.write_bytes(whole)
            return hashlib.sha256(whole).hexdigest()
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            shutil.copystat(path, to)
            return key.hexdigest()
        time.sleep(PAUSE)
    raise UserError(
        f"{shown(path)}: {words('一直在变，稍后再试', 'keeps changing: try again later')}"
    )


def halved(path: Path) -> bool:
    """Whether JSON lines end within a line: its writer was between two writes, and for that moment
    the file did not grow."""
    if path.suffix != ".jsonl" or not path.stat().st_size:
        return False
    tail = path.read_bytes().rpartition(b"\n")[2]
    try:
        return bool(tail) and not json.loads(tail)
    except ValueError:
        return True


def stamps(place: Path, names: Iterable[str | Path]) -> list[tuple[str, int, int, int]]:
    """What tells whether any of these was changed or exchanged."""
    found = ((path, path.stat()) for path in (place / name for name in names) if path.is_file())
    return [(str(p), about.st_ino, about.st_size, about.st_mtime_ns) for p, about in found]


def parts(folder: Path) -> dict[Path, tuple[str, ...]]:
    """The folders of a domain that are whole in themselves, the domain's own last, and the names
    whose change means that a copy mixes two states of it (none: all)."""
    found = {}
    for place in sorted({path.parent for path in files(folder)}, reverse=True):
        told = next((names for name, names in TELLING.items() if (place / name).is_file()), None)
        if told is not None:
            found[place] = told
    return {**found, folder: ()}


def contents(place: Path, others: Iterable[Path]) -> list[Path]:
    """The files of a part without those of the parts within it; of an index those that readers
    open now."""
    note = place / "index.json"
    if note.is_file():
        name = read_json(note).get("generation", "")
        return [note, *(files(place / name) if name else ())]
    inner = [one for one in others if one != place and one.is_relative_to(place)]
    return [path for path in files(place) if not any(map(path.is_relative_to, inner))]


def snapshot(folder: Path, to: Path) -> Hashes:
    """Copy a domain's folder, each part of it as it was at one moment."""
    found: Hashes = {}
    there = parts(folder)
    for place, telling in there.items():
        with contextlib.ExitStack() as quiet:
            for lock in SAID if place == folder else ():  # a correction and its judgement
                quiet.enter_context(held(folder / lock))
            copies = settled(place, list(there), telling, to / place.relative_to(folder))
        found |= {(place / name).relative_to(folder).as_posix(): k for name, k in copies.items()}
    return found


def settled(place: Path, others: list[Path], telling: tuple[str, ...], to: Path) -> Hashes:
    """Copy one part until nothing was switched while it was copied."""
    for turn in range(TRIES):
        found: Hashes = {}
        with contextlib.ExitStack() as still:
            if turn >= FREE and telling != TELLING["run.json"]:
                still.enter_context(held(place / ".lock"))  # its builder's: wait for our turn
            still.enter_context(contextlib.suppress(FileNotFoundError))  # switched meanwhile
            paths = contents(place, others)
            before = stamps(place, telling or paths)
            for path in paths:
                name = path.relative_to(place).as_posix()
                with contextlib.suppress(FileNotFoundError):  # a checkpoint that was pruned
                    found[name] = copied(path, to / name)
            finished = "inputs.json" not in found or "card.json" in found  # a data set's last file
            finished |= turn >= FREE  # nobody writes it: a build that was killed left it so
            if finished and stamps(place, telling or contents(place, others)) == before:
                return found
        for name in found:
            (to / name).unlink(missing_ok=True)
        time.sleep(PAUSE)
    busy = words("正在写，写完后再试", "is being written: try again when it is done")
    raise UserError(f"{shown(place)}: {busy}")


def page(file: Path, to: Path) -> str:
    """The page's database as of one moment, by SQLite's own backup."""
    to.parent.mkdir(parents=True, exist_ok=True)
    closing = contextlib.closing
    with closing(sqlite3.connect(file, timeout=30)) as source, closing(sqlite3.connect(to)) as out:
        source.backup(out)
        out.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    return hashlib.sha256(to.read_bytes()).hexdigest()


@contextlib.contextmanager
def draft(beside: Path) -> Iterator[Path]:
    """A folder for what is not whole yet; what a killed one left is removed."""
    beside.mkdir(parents=True, exist_ok=True)
    with held(beside / ".keep.lock"):
        for old in beside.glob(".keep-*"):
            shutil.rmtree(old)
        folder = beside / f".keep-{os.getpid()}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def backup(domain: str, work_dirs: Path, to: Path | None) -> Path:
    """Write the backup of a domain, whole or not at all; where it lies."""
    folder = work_dirs / domain
    if not folder.is_dir():
        nothing = words("没有可备份的", "nothing to back up")
        raise UserError(f"{shown(folder)}: {nothing} (make data)")
    to = to or work_dirs / "backups" / f"{domain}-{time.strftime('%Y%m%d-%H%M%S')}"
    there = UserError(f"{shown(to)} {words('已存在: 换 TO=', 'is there already: another TO=')}")
    if to.exists():
        raise there
    if to.resolve().is_relative_to(folder.resolve()):
        inside = words("在要备份的目录里: 换 TO=", "lies in what is backed up: another TO=")
        raise UserError(f"{shown(to)} {inside}")
    with draft(to.parent) as new:
        found = {f"{domain}/{name}": key for name, key in snapshot(folder, new / domain).items()}
        if (work_dirs / PAGE).is_file():
            found[PAGE] = page(work_dirs / PAGE, new / PAGE)
        if (work_dirs / LEARNED).is_file():
            found[LEARNED] = copied(work_dirs / LEARNED, new / LEARNED)
        made = time.strftime("%Y-%m-%d %H:%M:%S")
        place = str(work_dirs.resolve())
        body = {"domain": domain, "made": made, "commit": commit(), "files": found}
        body["work_dirs"] = place
        write_json(new / NOTE, {**body, "id": digest(body)})
        os.sync()
        try:
            new.rename(to)
        except OSError:
            if to.exists():  # another backup to it was quicker
                raise there from None
            raise
    return to


def noted(folder: Path) -> dict[str, Any]:
    """What a backup says it holds; :class:`UserError` for what is none, or names foreign places."""
    if not (folder / NOTE).is_file():
        none = words(f"不是备份 (没有 {NOTE})", f"is no backup (no {NOTE})")
        raise UserError(f"{shown(folder)} {none}")
    found = read_json(folder / NOTE)
    body = {key: found[key] for key in BODY if key in found}
    domain, names = body.get("domain"), body.get("files")
    known = isinstance(domain, str) and re.fullmatch(r"\w[\w.-]*", domain)
    if not known or not isinstance(names, dict) or digest(body) != found.get("id"):
        changed = words("写好后被改过", "was changed since it was written")
        raise UserError(f"{shown(folder / NOTE)} {changed}")
    for name in names:
        place = PurePosixPath(name)
        own = place.parts[:1] == (domain,) or name in (PAGE, LEARNED)
        if not own or place.is_absolute() or ".." in place.parts:
            raise UserError(f"{shown(folder / NOTE)}: {words('不该有', 'names')} {name}")
    return dict(body)


def in_the_way(about: dict[str, Any], work_dirs: Path, names: list[str]) -> Path | None:
    """What a restore would write over, or None."""
    place = work_dirs / about["domain"]
    if place.is_dir() and any(place.iterdir()):
        return place
    shared = (work_dirs / name for name in names if name in (PAGE, LEARNED))
    return next((path for path in shared if path.exists()), None)


def restore(folder: Path, work_dirs: Path, shared: bool = True) -> str:
    """Bring a backup back, whole or not at all; its domain. ``shared`` False: without what all
    domains have in common (the page's database, what the reader learnt). Nothing that is there is
    written over."""
    about = noted(folder)
    hashes: Hashes = about["files"]
    names = [name for name in hashes if shared or name not in (PAGE, LEARNED)]
    if there := in_the_way(about, work_dirs, names):
        how = f"mv {shlex.quote(shown(there))} {shlex.quote(shown(there) + '.old')}"
        how += ", WORK_DIRS=…" + ("" if there.is_dir() else ", SHARED=0")
        refused = words(
            f"已存在，不会覆盖: 先移开，或换地方: {how}",
            f"is there and is not written over; move it away first, or restore elsewhere: {how}",
        )
        raise UserError(f"{shown(there)} {refused}")
    with draft(work_dirs) as new:
        for name in names:
            source = folder / name
            if source.is_symlink() or not source.is_file():
                raise UserError(f"{shown(source)}: {words('备份缺少它', 'the backup lacks it')}")
            if copied(source, new / name) != hashes[name]:
                damaged = words("与备份记下的不同，已损坏", "is damaged: not what was backed up")
                raise UserError(f"{shown(source)} {damaged}")
        if about.get("work_dirs"):
            replaced(new / about["domain"], about["work_dirs"], str(work_dirs.resolve()))
        os.sync()
        for name in (PAGE, LEARNED):  # the domain last: with it, all of it is there
            if name in names:
                (work_dirs / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).rename(work_dirs / name)
        (new / about["domain"]).rename(work_dirs / about["domain"])
    return str(about["domain"])


def replaced(folder: Path, old: str, new: str) -> None:
    """Let the notes below ``folder`` that name places in full name them where they are now."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        if isinstance(value, str) and (value == old or value.startswith(old + os.sep)):
            return new + value[len(old) :]
        return value

    for file in folder.rglob("*.json") if old != new else ():
        if file.name in PLACED:
            found = read_json(file)
            if moved(found) != found:
                write_json(file, moved(found))


def foreign_seals(folder: Path) -> list[Path]:
    """The runs of a restored domain whose checkpoints were sealed with another key."""
    notes = sorted(folder.rglob("*.pth.seal"))
    runs = {note.parent: note.with_suffix("") for note in notes}
    return [run for run, sealed in runs.items() if not trust.sealed(sealed)]
