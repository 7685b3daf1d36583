"""The page goes by codes and keys: what a reader gets is in one language, and data sets of before
open as they did."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.files import write_jsonl
from core.language import choose
from tests.web.test_data import BANK, build, done
from web import edits, jobs, sheet, uploads


@pytest.mark.parametrize(("language", "said"), [("zh", "没有这个文件"), ("en", "no such file")])
def test_a_failed_build_says_why_in_the_language_of_who_started_it(
    tmp_path: Path, language: str, said: str
) -> None:
    gone = tmp_path / "gone.docx"
    step = ["data_tools", "build", "--out", str(tmp_path), "--bank", str(gone)]

    def start() -> None:
        choose(language)
        jobs.start(tmp_path, [step])

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert done(tmp_path)["error"] == f"{gone}: {said}"


def test_a_refused_file_is_told_in_one_language() -> None:
    for language, words in (("zh", "文件是空的"), ("en", "the file is empty")):
        try:
            choose(language)
            with pytest.raises(uploads.UserError) as refused:
                uploads.looked_at("a.txt", b"")
            assert str(refused.value) == f"a.txt: {words}"
        finally:
            choose(None)


OLD = {
    **{"编号": "g-1", "题型": "单选 single", "题干": "问？", "答案": "A"},
    **{"选项 A": "甲", "选项 B": "乙", "来源": "a.docx · p:1", "key": "k"},
    "存疑": "手机号 pii-phone: 手机号\n答案矛盾 conflict: 2 | 3",
}
LOST = {"file": "a.docx", "locator": "p:2", "reason": "重复 duplicate: a.docx p:1", "text": "甲"}


def test_what_the_page_kept_before_opens(tmp_path: Path) -> None:
    """Columns once went by the Chinese half of their titles."""
    job = tmp_path / ".job"
    (tmp_path / "review.xlsx").touch()
    write_jsonl(job / sheet.ROWS, [{**OLD, "已改": "1"}])
    write_jsonl(job / sheet.LOST, [LOST])
    was, now = {"处理": "", "答案": "A"}, {"处理": "删除 drop", "答案": "B"}
    write_jsonl(job / edits.FILE, [{"n": 1, "key": "k", "was": was, "now": now}])
    (row,) = edits.rows(tmp_path) or []
    assert (row["question"], row["kind"], row["decision"], row["answer"], row["edited"]) == (
        *("问？", "single", "drop", "B"),
        True,
    )
    assert edits.options(row) == {"A": "甲", "B": "乙"}
    assert [doubt["code"] for doubt in row["doubts"]] == ["pii-phone", "conflict"]
    (lost,) = edits.listed(tmp_path, sheet.LOST) or []
    assert (lost["code"], lost["en"]) == ("duplicate", "a.docx p:1")
    assert edits.pending(tmp_path) == {"k": {"decision": "drop", "answer": "B"}}
    assert edits.undo(tmp_path) == "k" and not edits.pending(tmp_path)


def test_a_workbook_of_before_is_listed_and_typed_into(tmp_path: Path) -> None:
    """Its hidden sheet has no doubts, its ledger no codes."""
    from openpyxl import load_workbook

    out = tmp_path / "data"
    assert build(out, BANK)["state"] == "done"
    book = load_workbook(out / "review.xlsx")
    for cells in book["_baseline"].iter_rows(min_col=5):
        for cell in cells:
            cell.value = None
    main = book["题目 questions"]
    titles = [cell.value for cell in main[1]]
    main.cell(2, titles.index("存疑 doubts") + 1).value = "手机号 pii-phone: 手机号"
    book.save(out / "review.xlsx")
    lines = (out / "ledger.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "file,locator,reason,text,code,zh,en"
    sheet.list_(out / "review.xlsx", out / ".job")
    rows = edits.rows(out) or []
    assert rows[0]["doubts"] == [{"code": "pii-phone", "zh": "手机号", "en": "手机号"}]
    sheet.apply(out / "review.xlsx", {"changed": {rows[0]["key"]: {"decision": "keep"}}})
    again = load_workbook(out / "review.xlsx")["题目 questions"]
    assert again.cell(2, titles.index("处理 decision") + 1).value == "保留 keep"
