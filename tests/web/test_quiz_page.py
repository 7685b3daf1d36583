"""The learning side of the quiz page in a real browser: due dates, exam, reading, export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import read_jsonl
from tests.web.conftest import House
from tests.web.steps import go, visitor
from web import edits, inquiries, store


@pytest.fixture
def page(browser: Any, house: House) -> Iterator[Any]:
    made = visitor(browser)
    yield made
    made.context.close()


def answer(page: Any, letter: str) -> None:
    """Choose an option, and send it."""
    page.locator(f'.options .card[data-letter="{letter}"]').click()
    page.locator(".options .submit").click()


def test_an_answer_has_a_due_date_and_a_right_one_can_be_called_easy(
    page: Any, house: House
) -> None:
    go(page, house.address, "quiz")
    page.locator(".options .card").first.wait_for()
    answer(page, "D")
    page.get_by_text("下次复习：10 分钟后").wait_for()
    page.get_by_text("很容易", exact=True).click()
    page.get_by_text("下次复习：8 天后").wait_for()
    page.reload()
    page.get_by_text("下次复习：8 天后").wait_for()  # and the place is kept
    page.get_by_text("已答 1 题").wait_for()


def test_an_exam_from_the_paper_to_its_mistakes(page: Any, house: House, shots: Path) -> None:
    go(page, house.address, "quiz")
    page.get_by_role("tab", name="考试").click()
    page.get_by_label("单选 题数（共 30）").fill("3")
    page.get_by_role("button", name="开始考试").click()
    page.get_by_text("第 1 题，共 3 题").wait_for()
    page.get_by_text("剩余 59:").wait_for()
    answer(page, "D")
    page.get_by_text("第 2 题，共 3 题").wait_for()
    answer(page, "A")
    page.get_by_text("第 3 题，共 3 题").wait_for()
    page.screenshot(path=shots / "exam.png")
    page.reload()  # nothing is lost
    page.get_by_role("tab", name="考试").click()
    page.get_by_text("第 3 题，共 3 题").wait_for()
    page.get_by_role("button", name="交卷").first.click()
    page.get_by_text("还有 1 题没答").wait_for()
    page.get_by_role("button", name="交卷").last.click()
    page.get_by_text("1 / 3").first.wait_for()
    assert page.locator(".options .card.wrong").count() == 1  # one's own; the third was left open
    assert page.locator(".options .card.right").count() == 2
    page.screenshot(path=shots / "exam-marked.png", full_page=True)
    page.get_by_role("tab", name="掌握").click()
    page.get_by_role("cell", name="30").first.wait_for()


def test_reading_through_shows_the_answers(page: Any, house: House) -> None:
    go(page, house.address, "quiz")
    page.get_by_role("tab", name="背题").click()
    page.locator(".options .card.right").wait_for()
    page.get_by_text("第 1 题，共 30 题").wait_for()
    page.get_by_role("button", name="下一题").click()
    page.get_by_text("第 2 题，共 30 题").wait_for()


def test_the_questions_are_downloaded_for_another_tool(page: Any, house: House) -> None:
    go(page, house.address, "quiz")
    page.get_by_role("tab", name="导出").click()
    page.get_by_role("button", name="生成文件").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="下载 paper.docx").click()
    assert Path(started.value.path()).read_bytes()[:2] == b"PK"


def test_a_wrong_question_is_mended_where_it_is_seen(page: Any, house: House) -> None:
    out = house.set("甲")
    go(page, house.address, "quiz?bank=gongkao/sets/甲/data")
    page.get_by_role("tab", name="背题").click()
    page.locator(".exact.stem").filter(has_text="甲第1问").wait_for()
    try:
        page.get_by_role("button", name="改这道题").click()
        page.get_by_role("textbox", name="选项 B").wait_for()
        page.locator(".st-key-letters button").filter(has_text="B").click()
        page.get_by_text("改动已存").wait_for()
        (typed,) = edits.pending(out).values()
        assert typed == {"answer": "B"}
        page.get_by_role("button", name="收起").click()
        page.get_by_role("textbox", name="选项 B").wait_for(state="detached")
    finally:
        edits.undo(out)
    assert not edits.pending(out)


def test_a_question_without_evidence_comes_into_the_bank(
    page: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE", house.work / "web" / "page.db")
    number = store.begin("x" * 32, "没有的题？")
    store.add_turn("x" * 32, number, "没有的题？")
    go(page, house.address, "feedback")
    page.get_by_role("tab", name="问过什么").click()
    page.get_by_text("没有在记").wait_for()
    page.get_by_text("30 天", exact=True).click()
    page.get_by_text("没有找不到依据或被踩的问题").wait_for()
    answer = store.messages("x" * 32, number)[1]
    answer["extra"] = {"refused": True, "model": "m"}
    inquiries.note("x" * 32, "gongkao", "b", "没有的题？", answer, 1.0)
    page.reload()
    page.get_by_role("tab", name="问过什么").click()
    page.get_by_role("button", name="加进题库").click()
    page.get_by_text("没有找不到依据或被踩的问题").wait_for()
    page.get_by_role("tab", name="待审核").click()
    page.get_by_role("textbox", name="正确答案").last.fill("现在有了")
    page.get_by_role("textbox", name="正确答案").last.press("Tab")
    page.get_by_role("button", name="接受").last.click()
    page.get_by_role("tab", name="已接受").click()
    page.get_by_text("现在有了").first.wait_for()
    assert {"question": "没有的题？", "answer": "现在有了"} in read_jsonl(
        house.work / "gongkao" / "corrections.jsonl"
    )
    inquiries.keep(0)
