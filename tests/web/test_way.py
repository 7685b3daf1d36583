"""From a file to practice by the buttons of the steps; what runs is told, in every tab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import write_json
from tests.web.conftest import House, questions
from tests.web.steps import WAIT, go, visitor
from web import jobs

NAME = "走一遍"


@pytest.fixture
def page(browser: Any, house: House) -> Iterator[Any]:
    made = visitor(browser, 1280)
    yield made
    made.context.close()


def new(page: Any, house: House, files: list[dict[str, Any]]) -> None:
    """The form of a new set, filled in, and its button pressed."""
    go(page, house.address, "data")
    page.get_by_role("combobox", name="数据集").click()
    page.get_by_role("option").filter(has_text="新建").click()
    page.get_by_role("textbox", name="名称").fill(NAME)
    page.get_by_role("textbox", name="名称").press("Tab")
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text(files[-1]["name"]).first.wait_for()
    page.get_by_role("button", name="构建数据集").click()


def file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_file_that_is_not_what_it_says_is_refused_with_the_reason(
    page: Any, house: House
) -> None:
    new(page, house, [file("假的.docx", b"%PDF-1.7 x")])
    page.get_by_text("内容不是 docx，像是PDF").wait_for()
    assert not house.set(NAME).exists()


def test_each_step_has_one_button_and_another_tab_follows(
    page: Any, browser: Any, house: House
) -> None:
    try:
        new(page, house, [file("题.txt", questions("丙").encode())])
        index = page.get_by_role("button", name="建立索引")
        index.wait_for(timeout=2 * WAIT)  # built
        step = page.locator(".steps [aria-current=step]")
        assert "可问答" in step.inner_text() and "存疑 5" in page.locator(".steps").inner_text()
        other = visitor(browser)
        go(other, house.address, f"data?bank=gongkao/sets/{NAME}/data")
        other.get_by_role("button", name="建立索引").wait_for()
        index.click()
        ready = page.get_by_role("button", name="去练习")
        box = page.locator(".st-key-cancel button")
        box.or_(ready).first.wait_for()
        if box.count():  # 停止 stands whole on the screen
            at = box.bounding_box()
            assert at is None or (at["y"] > 60 and at["y"] + at["height"] <= 850)
        ready.wait_for(timeout=2 * WAIT)
        other.get_by_role("button", name="去练习").wait_for()  # without a reload
        other.context.close()
        ready.click()
        page.locator(".exact.stem").filter(has_text="丙第").wait_for()
        assert "/quiz" in page.url
        go(page, house.address, f"data?bank=gongkao/sets/{NAME}/data")
        page.get_by_role("tab", name="追加文件").click()
        page.get_by_role("button", name="删除这份数据").click()
        page.get_by_role("button", name="确认删除").click()
        page.get_by_role("button", name="确认删除").wait_for(state="detached")
        assert not house.set(NAME).parent.exists()
    finally:
        shutil.rmtree(house.set(NAME).parent, ignore_errors=True)


def test_a_job_that_began_and_ended_between_two_looks_is_seen(tmp_path: Path) -> None:
    out = tmp_path / "set" / "data"
    write_json(jobs.folder(out) / "state.json", {"state": "done", "pid": 0, "step": 1})
    before = jobs.mark(out)
    assert jobs.mark(out) == before
    write_json(jobs.folder(out) / "state.json", {"state": "done", "pid": 0, "step": 1})
    assert jobs.mark(out) != before


def test_what_a_job_tells_is_its_share_and_its_stage() -> None:
    """A picture that is recognised is the first part of a build; an index is counted."""
    assert jobs.reached({"step": 0, "steps": 2}, {"stage": "ocr", "done": 1, "total": 2}) == (
        pytest.approx(0.1),
        7,
    )
    assert jobs.reached({"step": 0, "steps": 1}, {"stage": "embed", "done": 1, "total": 4}) == (
        0.25,
        6,
    )
