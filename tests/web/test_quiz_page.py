"""The learning side of the quiz page in a real browser: due dates, exam, reading, export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.conftest import House
from tests.web.steps import go, visitor


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
