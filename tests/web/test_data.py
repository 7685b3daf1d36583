"""The data, quiz and feedback pages without a browser: uploads, limits, edits, the loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from core.errors import UserError
from core.files import ROOT, read_json, read_jsonl
from web import editor, feedback, inquiries, jobs, quiz, sheet, store, uploads

BANK = ROOT / "samples" / "gongkao" / "bank.docx"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("题库.docx", "题库.docx"),
        ("../../etc/evil.docx", "evil.docx"),
        ("..\\..\\evil.XLSX", "evil.xlsx"),
        ("/abs/a.csv", "a.csv"),
        (".hidden.txt", "hidden.txt"),
        ("a\x00b\n;rm -rf $(x).md", "a_b__rm -rf _(x).md"),
        ("....txt", "file.txt"),
        ("x" * 300 + ".csv", "x" * 80 + ".csv"),
    ],
)
def test_a_name_stays_in_its_folder(given: str, kept: str, tmp_path: Path) -> None:
    assert uploads.safe_name(given) == kept
    assert uploads.keep(tmp_path / "uploads", given, b"x").parent == tmp_path / "uploads"


@pytest.mark.parametrize("name", ["a.exe", "a.py", "docx", "a.docx/", "a.exe.", ""])
def test_other_kinds_are_refused(name: str) -> None:
    with pytest.raises(UserError):
        uploads.safe_name(name)


@pytest.mark.parametrize("name", ["", "..", "a/b", "../x", "（）", "x" * 41, "."])
def test_a_set_has_a_plain_name(name: str) -> None:
    with pytest.raises(UserError):
        uploads.set_folder("gongkao", name)


@pytest.mark.parametrize(
    "name", ["安全员 2026（终稿）", " 安全员-2026-终稿 ", "安全员、2026\n终稿"]
)
def test_a_set_is_called_as_people_call_things(name: str) -> None:
    assert uploads.set_folder("gongkao", name).name == "安全员-2026-终稿"


def test_what_a_line_repeats_is_told_by_its_place() -> None:
    twin = "培训 题库.txt p:12 gongkao-000002"
    told = editor.said({"code": "duplicate", "zh": twin, "en": twin})
    assert "培训 题库.txt · 第 12 段" in told and "gongkao" not in told and "p:12" not in told


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("假的.docx", b"%PDF-1.7", "PDF"),
        ("假的.xlsx", b"<html>", "网页"),
        ("空的.txt", b"", "空的"),
        ("坏的.docx", b"PK\x03\x04 no document", "损坏"),
        ("图.txt", b"\x89PNG\r\n", "图片"),
        ("假的.png", b"PK\x03\x04", "压缩包"),
        ("录音.mp3", b"ID3", "不支持"),
    ],
)
def test_a_wrong_file_is_told_why(name: str, content: bytes, why: str) -> None:
    with pytest.raises(UserError, match=why):
        uploads.looked_at(name, content)
    uploads.looked_at("bank.docx", BANK.read_bytes())
    uploads.looked_at("照片.JPG", b"\xff\xd8\xff\xe0")
    uploads.looked_at("截图.jpg", b"\x89PNG\r\n")  # the reader goes by the content
    uploads.looked_at("表.csv", "题干,答案\n一,二\n".encode("gb18030"))


def test_a_reader_has_one_thumb_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "WORK_DIRS", tmp_path)
    message = {"id": 7, "content": "答", "extra": {}}
    for owner, verdict in (("a", "up"), ("a", "down"), ("b", "up"), ("a", "correction")):
        feedback.add("gongkao", owner * 32, "问", message, verdict, "改")
    counted = feedback.counted(feedback.said("gongkao"))
    assert [one["verdict"] for one in counted] == ["correction", "up", "down"]


def test_uploads_overwrite_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = uploads.keep(tmp_path, "a.txt", b"one")
    assert uploads.keep(tmp_path, "a.txt", b"one") == first
    second = uploads.keep(tmp_path, "a.txt", b"two")
    assert (first.read_bytes(), second.name, second.read_bytes()) == (b"one", "a-2.txt", b"two")
    monkeypatch.setattr(uploads, "MOST", 2)
    with pytest.raises(UserError, match="MB"):
        uploads.keep(tmp_path, "b.txt", b"three")


def done(out: Path, within: float = 120) -> dict[str, Any]:
    """The job's state once it runs no more."""
    end = time.monotonic() + within
    while (now := jobs.state(out))["state"] == "running":
        assert time.monotonic() < end, now
        time.sleep(0.1)
    return now


def build(out: Path, *banks: Path) -> dict[str, Any]:
    """What the page does to build a set."""
    command = ["data_tools", "build", "--domain", "gongkao", "--out", str(out), "--bank"]
    listing = ["web.sheet", "list", str(out / "review.xlsx"), str(jobs.folder(out))]
    jobs.start(out, [[*command, *map(str, banks)], listing])
    return done(out)


def test_built_like_make_data_and_edits_survive(tmp_path: Path) -> None:
    out, other = tmp_path / "page" / "data", tmp_path / "cli"
    assert build(out, BANK)["state"] == "done"
    command = [sys.executable, "-m", "data_tools", "build", "--domain", "gongkao"]
    subprocess.run(
        [*command, "--out", str(other), "--bank", str(BANK)],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert (out / "train.jsonl").read_bytes() == (other / "train.jsonl").read_bytes()
    rows = list(read_jsonl(jobs.folder(out) / sheet.ROWS))
    assert len(rows) == 60 and len(list(read_jsonl(jobs.folder(out) / sheet.LOST))) == 5
    edits = {
        "changed": {
            rows[0]["key"]: {"answer": "=鄱阳湖（江西）"},
            rows[1]["key"]: {"decision": "drop"},
        },
        "added": [{"question": "新增的题是？", "answer": "新答案"}],
    }
    (tmp_path / "edits.json").write_text(json.dumps(edits))
    book = str(out / "review.xlsx")
    review = ["data_tools", "review", "--domain", "gongkao", "--out", str(out)]
    listing = ["web.sheet", "list", book, str(jobs.folder(out))]
    jobs.start(out, [["web.sheet", "apply", book, str(tmp_path / "edits.json")], review, listing])
    assert done(out)["state"] == "done"
    assert build(out, BANK, BANK.with_suffix(".xlsx"))["state"] == "done"  # built anew, with more
    said = {
        row["conversation"][0]["input"]: row["conversation"][0]["output"]
        for name in ("train", "eval")
        for row in read_jsonl(out / f"{name}.jsonl")
    }
    assert said[rows[0]["question"]] == "=鄱阳湖（江西）"
    assert rows[1]["question"] not in said and said["新增的题是？"] == "新答案"
    cells = [cell for line in load_workbook(book)["题目 questions"] for cell in line]
    assert not [cell for cell in cells if cell.data_type == "f"]  # no formula that would run
    assert "=鄱阳湖（江西）" in {row["answer"] for row in read_jsonl(jobs.folder(out) / sheet.ROWS)}


def test_a_build_that_fails_says_so_and_one_that_hangs_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.docx"
    bad.write_bytes(b"PK\x03\x04 no document")
    now = build(tmp_path / "bad", bad)
    assert now["state"] == "failed" and "bad.docx" in now["error"]
    script = ["timeit", "-n1", "-r1", "import time; time.sleep(60)"]
    monkeypatch.setattr(jobs, "SECONDS", 1)
    jobs.start(tmp_path / "slow", [script])
    assert done(tmp_path / "slow")["state"] == "late"
    monkeypatch.setattr(jobs, "SECONDS", 60)
    jobs.start(tmp_path / "left", [script])
    with pytest.raises(UserError):
        jobs.start(tmp_path / "left", [script])
    time.sleep(0.5)
    jobs.cancel(tmp_path / "left")
    assert done(tmp_path / "left")["state"] == "cancelled"
    monkeypatch.setattr(jobs, "MEMORY", 300 * 2**20)
    jobs.start(tmp_path / "large", [["timeit", "-n1", "-r1", "bytes(10**9)"]])
    assert done(tmp_path / "large")["state"] == "failed"


def test_a_step_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKUFORGE_API_KEY", "geheim")
    jobs.start(tmp_path, [["timeit", "-n1", "-r1", "import os; print(dict(os.environ))"]])
    assert done(tmp_path)["state"] == "done"
    log = (jobs.folder(tmp_path) / "log").read_text()
    assert "PATH" in log and "geheim" not in log


def test_accepted_corrections_are_read_by_make_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "WORK_DIRS", tmp_path)
    message = {"content": "错的", "extra": {"model": "m", "passages": []}}
    for question, right in (("甲是什么？", "对的"), ("乙是什么？", "也对")):
        feedback.add("gongkao", "o" * 32, question, message, "correction", right)
    feedback.add("gongkao", "o" * 32, "丙？", message, "up")
    first, second = feedback.pending("gongkao")
    assert feedback.accepted("gongkao") is None
    feedback.judge("gongkao", first["id"], True, "甲究竟是什么？", first["correction"])
    feedback.judge("gongkao", second["id"], False)
    assert feedback.pending("gongkao") == []
    file = feedback.accepted("gongkao")
    assert file is not None
    assert build(tmp_path / "set", BANK, file)["state"] == "done"
    rows = [*read_jsonl(tmp_path / "set/train.jsonl"), *read_jsonl(tmp_path / "set/eval.jsonl")]
    said = {row["conversation"][0]["input"]: row["conversation"][0]["output"] for row in rows}
    assert said["甲究竟是什么？"] == "对的" and "乙是什么？" not in said
    assert read_json(tmp_path / "set" / "card.json")["sources"][1]["questions"] == 1


def test_what_was_asked_goes_after_its_days_and_with_its_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE", tmp_path / "page.db")

    def ask(owner: str, question: str, **extra: Any) -> tuple[int, dict[str, Any]]:
        number = store.begin(owner, question)
        store.add_turn(owner, number, question)
        answer = store.messages(owner, number)[1] | {"extra": {"model": "m", **extra}}
        inquiries.note(owner, "gongkao", "bank", question, answer, 1.5)
        return number, answer

    ask("a" * 32, "没人记下")
    assert inquiries.lines("gongkao") == []
    inquiries.keep(30)
    source = {"source": {"file": "a.txt", "locator": "c:1-2", "text": "不在记录里"}}
    first, _ = ask("a" * 32, "找不到的", refused=True, passages=[source])
    ask("b" * 32, "找不到的", refused=True)
    _, bad = ask("b" * 32, "答错的")
    inquiries.thumb(bad["id"], "down")
    ask("b" * 32, "答对的")
    lines = inquiries.lines("gongkao")
    assert len({one["who"] for one in lines}) == 2 and inquiries.lines("medical") == []
    assert lines[-1]["evidence"] == [{"file": "a.txt", "locator": "c:1-2"}]
    wanting = [(one["question"], one["times"]) for one in inquiries.wanting("gongkao")]
    assert wanting == [("找不到的", 2), ("答错的", 1)]
    inquiries.take("gongkao", "答错的")
    store.delete("a" * 32, first)  # its owner deletes the conversation
    wanting = [(one["question"], one["times"]) for one in inquiries.wanting("gongkao")]
    assert wanting == [("找不到的", 1)]
    with store.opened() as base:
        base.execute("UPDATE asked SET at=at - 31 * 86400 WHERE question='找不到的'")
    assert inquiries.wanting("gongkao") == [] and len(inquiries.lines("gongkao")) == 2
    before = lines[0]["who"]
    inquiries.keep(0)
    assert inquiries.lines("gongkao") == []
    inquiries.keep(7)
    ask("b" * 32, "又问")
    assert inquiries.lines("gongkao")[0]["who"] != before  # another salt: nobody is known again


def row(kind: str, **more: Any) -> dict[str, Any]:
    text = {"input": more.pop("input"), "output": more.pop("output")}
    source = {"file": "a.docx", "sha256": "0", "locator": "p:1", "text": ""}
    about = {"id": "x-1", "group": "g-1", "source": source}
    return {"kind": kind, "conversation": [text], **about, **more}


def test_the_quiz_marks() -> None:
    options = {"A": "一", "B": "二", "C": "三"}
    stem = "选哪些？\nA. 一\nB. 二\nC. 三"
    several = quiz.question(
        row("multiple", input=stem, output="A. 一\nC. 三", options=options, answer="AC")
    )
    assert several.stem == "选哪些？" and several.kind == "multiple"
    assert quiz.marked(several, "CA") and quiz.marked(several, "A") is False
    judge = quiz.question(row("judge", input="对吗？", output="错误"))
    assert quiz.marked(judge, "B") and quiz.marked(judge, "A") is False
    short = quiz.question(row("qa", input="首都？", output="北京。"))
    assert quiz.marked(short, " 北京") and quiz.marked(short, "北平") is None
    assert sorted(quiz.order([several, judge, short], 7)) == [0, 1, 2]
