"""One bank everywhere: a citation opens the document it names, whichever bank is chosen now."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest

from core.files import read_jsonl
from tests.web.conftest import House
from tests.web.steps import WAIT, all_there, go, message, visitor
from web import edits, store

TOKEN = "b" * 32
OWNER = hashlib.sha256(f"tikuforge {TOKEN}".encode()).hexdigest()[:32]


@pytest.fixture
def page(browser: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(store, "FILE", house.work / "web" / "page.db")
    made = visitor(browser)
    made.context.add_cookies([{"name": "tikuforge", "value": TOKEN, "url": house.address}])
    yield made
    made.context.close()


def lines(house: House, name: str) -> list[dict[str, Any]]:
    return list(read_jsonl(house.set(name) / "kb.jsonl"))


def said(house: House, cited: list[tuple[str, dict[str, Any]]]) -> int:
    """A conversation with an answer for each citation, as the chat keeps them."""
    number = store.begin(OWNER, "问")
    for _ in cited:
        store.add_turn(OWNER, number, "问")
    answers = store.messages(OWNER, number)[1::2]
    for one, (name, line) in zip(answers, cited, strict=True):
        passage = {"id": line["id"], "text": line["text"], "source": line["source"]}
        passage["bank"] = f"gongkao/sets/{name}/data"
        extra = {"passages": [passage], "checks": []}
        store.save(OWNER, one | {"content": "答", "problem": "", "extra": extra})
    return number


def opened(page: Any, number: int) -> tuple[str, str]:
    """The dialog of an answer's source: the marked passage, and all of it."""
    message(page, number).get_by_role("button", name="[1]").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".passage.here").wait_for()
    marked, text = dialog.locator(".passage.here").inner_text(), dialog.inner_text()
    dialog.get_by_role("button", name="关闭").click()
    dialog.wait_for(state="detached")
    return marked, text


def test_two_banks_with_the_same_ids_never_show_each_others_source(page: Any, house: House) -> None:
    banks = {name: lines(house, name) for name in ("甲", "乙")}
    assert {one["id"] for one in banks["甲"]} & {one["id"] for one in banks["乙"]}
    pick = random.Random(3)
    # __init__ in a stem is read as an answer on a line, so the source differs from the question.
    banks = {k: [one for one in v if "__" not in one["question"]] for k, v in banks.items()}
    cited = [(name, pick.choice(banks[name])) for name in pick.choices("甲乙", k=8)]
    number = said(house, cited)
    for chosen in "甲乙":  # whichever bank is chosen when the source is opened
        page.goto(f"{house.address}/?c={number}&bank=gongkao/sets/{chosen}/data")
        all_there(page, 16)
        for at, (name, line) in enumerate(cited[:4] if chosen == "甲" else cited[4:]):
            place = 2 * (at if chosen == "甲" else at + 4) + 1
            marked, text = opened(page, place)
            assert line["question"] in marked
            other = "乙" if name == "甲" else "甲"
            assert f"{other}第" not in text and f"题库：{name}" in text


def test_a_source_that_is_gone_says_so_and_shows_what_was_cited(page: Any, house: House) -> None:
    line = lines(house, "甲")[0]
    gone = {**line, "source": {**line["source"], "sha256": "0" * 64, "text": "从前的原文"}}
    number = said(house, [("甲", gone), ("没有的题库", line)])
    page.goto(f"{house.address}/?c={number}")
    marked, text = opened(page, 1)
    assert "从前的原文" in marked and "已经没有这一处" in text and "第1问" not in text
    marked, text = opened(page, 3)
    assert line["question"] in marked and "已经没有这一处" in text


def test_a_correction_is_what_the_source_shows(page: Any, house: House) -> None:
    row = next(one for one in edits.rows(house.set("乙")) or [] if "第7问" in one["question"])
    line = next(one for one in lines(house, "乙") if "第7问" in one["question"])
    assert row["answer"] == "D"
    number = said(house, [("乙", line)])
    assert edits.save(house.set("乙"), row, {"answer": "C"}) == ""
    try:
        page.goto(f"{house.address}/?c={number}")
        marked, text = opened(page, 1)
        assert "答案：C" in marked and "已更正" in marked and "答案：D" not in marked
        assert "答案：D" not in text.partition("第 8 段")[0] or "文件里的原文" in text
    finally:
        edits.undo(house.set("乙"))


def test_one_choice_for_every_page_kept_over_reloads(page: Any, house: House) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    expect.set_options(timeout=WAIT)
    go(page, house.address, "quiz")
    page.get_by_role("combobox", name="题库").click()
    page.get_by_role("option").filter(has_text="甲").click()  # not the first of them
    page.locator(".exact.stem").filter(has_text="甲第").wait_for()
    page.wait_for_timeout(500)
    go(page, house.address, "data")  # a new visit without an address of the bank: the cookie
    expect(page.get_by_role("combobox", name="数据集")).to_have_value("甲")
    page.goto(house.address)
    expect(page.get_by_role("combobox", name="题库")).to_have_value("甲")
    switch = page.get_by_test_id("stCheckbox").filter(has_text="依据题库回答")
    switch.locator("label").first.click()
    expect(switch.locator("input")).not_to_be_checked()
    page.wait_for_function("() => document.cookie.includes('rag')")
    page.goto(f"{house.address}/")
    expect(switch.locator("input")).not_to_be_checked()
    page.get_by_text("English", exact=True).click()
    page.get_by_text("Answer from the bank").first.wait_for()
    page.wait_for_timeout(500)
    page.goto(f"{house.address}/quiz")
    page.get_by_role("heading", name="Quiz").wait_for()
