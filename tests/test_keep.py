"""A domain backed up while it is written to, and restored on a fresh clone."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core import files
from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl, sha256, write_json, write_text
from custody import keep
from data_tools import learn
from web import edits, feedback, store

SETS = ("train.jsonl", "eval.jsonl", "kb.jsonl", "card.json")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work folders in which a domain has a bit of everything that lasts."""
    work = tmp_path / "work"
    monkeypatch.setattr(store, "FILE", work / "web" / "page.db")
    monkeypatch.setattr(feedback, "WORK_DIRS", work)
    domain = work / "gongkao"
    switch(domain / "data", 0)
    generation(domain / "index", 0)
    run = domain / "smollm2"
    write_json(run / "run.json", {"status": "running", "data": "work_dirs/gongkao/data"})
    for step in (5, 10):
        (run / f"iter_{step}.pth").write_bytes(os.urandom(100_000))
    (run / ".iter_15.pth.tmp").write_bytes(b"half")
    write_text(run / "merged" / "config.json", "{}")
    write_json(work / "reader" / "learned.json", {"examples": []})
    correct(0)
    store.begin("anna", "第一个问题")
    return work


def switch(data: Path, n: int) -> None:
    """Another build of the data set, as data_tools.outputs moves it in: the card first and last."""
    (data / "card.json").unlink(missing_ok=True)
    write_json(data / "inputs.json", {"n": n})
    for name in SETS[:3]:
        write_text(data / name, f'{{"n": {n}}}\n' * 2000)
    write_json(data / "card.json", {"n": n, "outputs": {x: sha256(data / x) for x in SETS[:3]}})


def generation(index: Path, n: int) -> None:
    """Another generation of the index, as rag.layout switches to it."""
    new = index / f"gen-{n}"
    write_text(new / "keys.json", f"{n}" * 5000)
    (index / "vectors.journal").write_bytes(b"x" * n)
    write_json(index / "index.json", {"format": 2, "generation": new.name})
    for old in index.glob("gen-*"):
        if old != new:
            (old / "keys.json").unlink()
            old.rmdir()


def builder(folder: Path, build: Callable[[Path, int], None]) -> Callable[[int], None]:
    """A build again and again, under the lock that builds hold."""

    def job(n: int) -> None:
        with files.held(folder / ".lock"):
            build(folder, n)

    return job


def correct(n: int) -> None:
    """A reader's correction and its acceptance."""
    message = {"id": n, "content": "答", "extra": {}}
    feedback.add("gongkao", "anna", f"问{n}", message, "correction", "正")
    one = feedback.pending("gongkao")[0]
    feedback.judge("gongkao", one["id"], True, one["question"], one["correction"])


@contextmanager
def busy(*jobs: Callable[[int], object]) -> Iterator[None]:
    """Each job again and again, with 1, 2, …, until the block ends."""
    stop, failed = threading.Event(), []

    def go(job: Callable[[int], object]) -> None:
        n = 0
        while not stop.is_set():
            n += 1
            try:
                job(n)
            except BaseException as error:
                failed.append(error)
                raise
            time.sleep(0.1)

    threads = [threading.Thread(target=go, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed


def custody(*words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "custody", *map(str, words)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True)


def content(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): sha256(p) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "name, text, kept",
    [
        ("loss.jsonl", '{"a": 1}\n{"a": ', '{"a": 1}\n'),
        ("loss.jsonl", '{"a": 1}\n{"a": 2}', '{"a": 1}\n{"a": 2}'),
        ("bank.txt", "题目\n答案", "题目\n答案"),
    ],
)
def test_a_line_whose_writer_pauses_is_left_out(
    tmp_path: Path, name: str, text: str, kept: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    hashed = keep.copied(tmp_path / name, tmp_path / "to" / name)
    assert (tmp_path / "to" / name).read_text(encoding="utf-8") == kept
    assert hashed == sha256(tmp_path / "to" / name)


def test_a_backup_under_load_restores_whole_on_a_fresh_clone(work: Path, tmp_path: Path) -> None:
    domain = work / "gongkao"
    run = domain / "smollm2"

    def trains(n: int) -> None:
        with open(run / "loss.jsonl", "ab") as out:
            out.write(b'{"loss": ')
            out.flush()
            time.sleep(0.02)
            out.write(b"1.5}\n")

    def talks(n: int) -> None:
        conversation = store.begin("anna", f"问题{n}")
        store.add_turn("anna", conversation, f"问题{n}")

    with busy(
        builder(domain / "data", switch),
        builder(domain / "index", generation),
        *(correct, trains, talks),
    ):
        time.sleep(0.5)
        for turn in range(3):
            done = custody(
                "backup", "--work-dirs", work, "--domain=gongkao", "--to", tmp_path / f"b{turn}"
            )
            assert done.returncode == 0, done.stderr
    for turn in range(3):
        new = tmp_path / f"clone{turn}"
        done = custody("restore", tmp_path / f"b{turn}", "--work-dirs", new)
        assert done.returncode == 0, done.stderr
        back = new / "gongkao"
        card = read_json(back / "data" / "card.json")
        assert card["outputs"] == {name: sha256(back / "data" / name) for name in SETS[:3]}
        assert read_json(back / "data" / "inputs.json")["n"] == card["n"]
        index = back / "index" / read_json(back / "index" / "index.json")["generation"]
        assert (index / "keys.json").is_file() and len(list(index.parent.glob("gen-*"))) == 1
        said = {one["id"] for one in read_jsonl(back / "feedback.jsonl")}
        judged = [one["id"] for one in read_jsonl(back / "feedback-judged.jsonl")]
        assert set(judged) <= said and len(said) - len(judged) <= 1
        assert len(list(read_jsonl(back / "corrections.jsonl"))) == len(judged)
        assert len(list(read_jsonl(back / "smollm2" / "loss.jsonl"))) > 0
        assert content(run / "merged") == content(back / "smollm2" / "merged")
        assert {p.name for p in (back / "smollm2").iterdir()} == {
            *("run.json", "iter_5.pth", "iter_10.pth", "merged", "loss.jsonl")
        }
        with closing(sqlite3.connect(new / "web" / "page.db")) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            talked = base.execute("SELECT count(*) FROM messages").fetchone()[0]
        assert talked > 0 and talked % 2 == 0  # a question and the place of its answer
        assert (new / "reader" / "learned.json").is_file()


def test_equal_counts_and_hashes(work: Path, tmp_path: Path) -> None:
    keep.backup("gongkao", work, tmp_path / "b")
    keep.restore(tmp_path / "b", tmp_path / "clone")
    before, after = content(work / "gongkao"), content(tmp_path / "clone" / "gongkao")
    gone = {name for name in before if name not in after}
    assert {name: key for name, key in before.items() if name not in gone} == after
    assert {Path(name).name for name in gone} == {
        *(
            ".iter_15.pth.tmp",
            "vectors.journal",
            "feedback.lock",
            "feedback-judged.lock",
            "live-votes.lock",
        )
    }


def test_places_that_stand_in_full_are_those_of_the_clone(work: Path, tmp_path: Path) -> None:
    """run.json named the data set of the machine that it came from, and make merge looked there."""
    note = work / "gongkao" / "smollm2" / "run.json"
    data = str(work / "gongkao" / "data")
    write_json(note, {"data": data, "base": "/elsewhere/base", "settings": {"data": data}})
    keep.backup("gongkao", work, tmp_path / "b")
    keep.restore(tmp_path / "b", tmp_path / "clone")
    back = read_json(tmp_path / "clone" / "gongkao" / "smollm2" / "run.json")
    there = str(tmp_path / "clone" / "gongkao" / "data")
    assert back == {"data": there, "base": "/elsewhere/base", "settings": {"data": there}}
    assert Path(there, "card.json").is_file()
    old = json.loads((tmp_path / "b" / "backup.json").read_text())
    body = {key: old[key] for key in ("domain", "made", "commit", "files")}
    write_json(tmp_path / "b" / "backup.json", {**body, "id": files.digest(body)})  # of before
    keep.restore(tmp_path / "b", tmp_path / "second")


def test_of_the_pages_jobs_the_persons_work_is_kept_and_no_dead_process(
    work: Path, tmp_path: Path
) -> None:
    made = work / "gongkao" / "sets" / "期末"
    write_text(made / "uploads" / "题库 (1).docx", "uploaded")
    switch(made / "data", 1)
    edits.settle(made / "data", 1)
    jobs = (made / "data" / ".job", work / "gongkao" / "smollm2" / ".page" / "train" / ".job")
    for job in jobs:
        for name in ("job.json", "state.json", "progress.json"):
            write_json(job / name, {"state": "running", "pid": 1})
        write_text(job / "log", "half a li")
    keep.backup("gongkao", work, tmp_path / "b")
    keep.restore(tmp_path / "b", tmp_path / "clone")
    there = {path.relative_to(work) for path in made.rglob("*") if path.is_file()}
    back = tmp_path / "clone" / "gongkao" / "sets" / "期末"
    kept = {path.relative_to(tmp_path / "clone") for path in back.rglob("*") if path.is_file()}
    gone = {path.name for path in there - kept}
    assert kept <= there and "edits.jsonl" in {path.name for path in kept}
    assert gone <= {"job.json", "state.json", "progress.json", "log"} | {
        path.name for path in there if path.suffix == ".lock"
    }
    assert not list((tmp_path / "clone").rglob("state.json"))


def test_nothing_that_is_there_is_written_over(work: Path, tmp_path: Path) -> None:
    keep.backup("gongkao", work, tmp_path / "b")
    before = content(work)
    done = custody("restore", tmp_path / "b", "--work-dirs", work)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "mv " in done.stderr
    assert content(work) == before
    # another domain is at home there: only what is common to all is in the way
    (work / "gongkao").rename(work / "old")
    with pytest.raises(UserError, match="SHARED=0"):
        keep.restore(tmp_path / "b", work)
    assert keep.restore(tmp_path / "b", work, shared=False) == "gongkao"
    assert (work / "gongkao" / "data" / "card.json").is_file()
    with pytest.raises(UserError, match="TO="):
        keep.backup("gongkao", work, tmp_path / "b")
    with pytest.raises(UserError, match="TO="):
        keep.backup("gongkao", work, work / "gongkao" / "b")


@pytest.mark.parametrize("harm", ["flip", "lost", "link", "note", "escape", "none"])
def test_a_damaged_backup_restores_nothing(work: Path, tmp_path: Path, harm: str) -> None:
    place = keep.backup("gongkao", work, tmp_path / "b")
    file, note = place / "gongkao" / "smollm2" / "iter_5.pth", place / "backup.json"
    about = json.loads(note.read_text())
    if harm == "flip":
        file.write_bytes(b"\0" + file.read_bytes()[1:])
    elif harm == "lost":
        file.unlink()
    elif harm == "link":
        file.unlink()
        file.symlink_to("/etc/passwd")
    elif harm == "note":
        about["files"]["gongkao/more"] = "0" * 64
        note.write_text(json.dumps(about))
    elif harm == "escape":
        about["files"]["gongkao/../../out"] = "0" * 64
        body = {key: about[key] for key in keep.BODY}
        note.write_text(json.dumps({**about, "id": files.digest(body)}))
    else:
        note.unlink()
    done = custody("restore", place, "--work-dirs", tmp_path / "clone")
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert [p.name for p in (tmp_path / "clone").glob("*")] in ([], [".keep.lock"])


def test_a_kill_leaves_no_backup_and_the_next_one_cleans_up(work: Path, tmp_path: Path) -> None:
    (work / "gongkao" / "smollm2" / "iter_20.pth").write_bytes(os.urandom(200_000_000))
    line = [sys.executable, "-m", "custody", "backup", "--work-dirs", str(work)]
    process = subprocess.Popen(
        [*line, "--domain=gongkao", f"--to={tmp_path / 'out' / 'b'}"], cwd=ROOT
    )
    until = time.monotonic() + 60
    while not list(tmp_path.glob("out/.keep-*/*")) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out" / "b").exists() and list(tmp_path.glob("out/.keep-*"))
    keep.backup("gongkao", work, tmp_path / "out" / "b")
    assert not list(tmp_path.glob("out/.keep-*/"))
    assert keep.noted(tmp_path / "out" / "b")["domain"] == "gongkao"


@pytest.mark.parametrize("name", sorted(files.LASTING))
def test_what_a_later_version_wrote_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = name.endswith(".jsonl")
    write_text(path, json.dumps({"schema": files.LASTING[name] + 1}) + "\n")
    with pytest.raises(UserError, match="git pull"):
        list(read_jsonl(path)) if lines else read_json(path)
    write_text(path, "{}\n")  # as it was written before there were versions
    assert (list(read_jsonl(path)) if lines else [read_json(path)]) == [{}]


def test_what_lasts_says_its_version(work: Path, tmp_path: Path) -> None:
    learn.save([], tmp_path / "learned.json")
    edits.settle(work / "gongkao" / "data", 1)
    for path in [tmp_path / "learned.json", *work.glob("gongkao/**/*.json*")]:
        if path.name in files.LASTING:
            assert json.loads(path.read_text().splitlines()[0] if path.suffix == ".jsonl"
                              else path.read_text())["schema"] == 1, path  # fmt: skip


def test_the_pages_database_is_brought_up_to_date_or_refused(work: Path) -> None:
    with closing(sqlite3.connect(store.FILE)) as base:  # as before there were versions
        base.executescript("PRAGMA user_version=0; DROP TABLE votes")
    assert [one["title"] for one in store.conversations("anna")] == ["第一个问题"]
    with closing(sqlite3.connect(store.FILE)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (store.VERSION,)
        assert base.execute("SELECT count(*) FROM votes").fetchone() == (0,)
        base.execute("PRAGMA user_version=99")
    with pytest.raises(UserError, match="git pull"):
        store.conversations("anna")
