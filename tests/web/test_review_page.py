"""Reviewing one question at a time: saved at once, undone, refused, in order, and the quiz."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.files import read_jsonl
from tests.web.conftest import House
from tests.web.steps import go, visitor
from web import edits


@pytest.fixture
def page(browser: Any, house: House) -> Iterator[Any]:
    made = visitor(browser, 1280)
    yield made
    made.context.close()


def row_of(house: House, name: str, number: int) -> dict[str, str]:
    found = edits.rows(house.set(name)) or []
    return next(one for one in found if f"第{number}问" in one["question"])


def saved(house: House, name: str, number: int, column: str, text: str) -> float:
    """Seconds until an edit is on disk."""
    began = time.monotonic()
    while row_of(house, name, number).get(column) != text:
        assert time.monotonic() - began < 30, row_of(house, name, number)
        time.sleep(0.02)
    return time.monotonic() - began


def test_one_question_at_a_time(page: Any, house: House) -> None:
    go(page, house.address, "data?bank=gongkao/sets/甲/data")
    stem = row_of(house, "甲", 5)["question"]
    page.get_by_text("第 1 题，共 5 题").wait_for()  # those in doubt first
    page.get_by_text("全部 30", exact=True).click()
    page.get_by_text("共 30 题").wait_for()
    page.locator('[class*="st-key-review-go-"] button').nth(4).click()
    page.get_by_text("第 5 题，共 30 题").wait_for()
    assert "甲第5问" in page.locator(".passage.here").inner_text()  # beside its text
    letters = page.locator(".st-key-letters button")
    letters.filter(has_text="B").click()
    saved(house, "甲", 5, "answer", "B")
    letters.filter(has_text="B ✓").wait_for()
    page.get_by_role("textbox", name="题干", exact=True).fill("改过的甲第5问 2*3*4")
    page.get_by_role("button", name="下一题").click()  # not saved by hand: leaving it is enough
    saved(house, "甲", 5, "question", "改过的甲第5问 2*3*4")
    page.get_by_text("第 6 题，共 30 题").wait_for()
    page.get_by_role("button", name="撤销").click()
    saved(house, "甲", 5, "question", stem)
    page.get_by_text("第 5 题，共 30 题").wait_for()
    page.reload()  # nothing is lost by a reload
    page.get_by_text("已改 1", exact=True).click()
    page.get_by_text("第 1 题，共 1 题").wait_for()
    letters.filter(has_text="B ✓").wait_for()
    page.get_by_role("button", name="撤销").click()
    saved(house, "甲", 5, "answer", "D")


def test_a_word_is_saved_within_a_second_and_a_wrong_letter_is_refused(house: House) -> None:
    out = house.set("乙")
    before = row_of(house, "乙", 3)
    assert edits.save(out, before, {"answer": "X"}) == "refused_letters"
    assert edits.save(out, before, {"answer": ""}) == "refused_empty"
    assert edits.save(out, before, {"answer": "AB"}) == "refused_single"
    assert edits.save(out, before, {"option_D": ""}) == "refused_letters"  # the answer's own option
    assert row_of(house, "乙", 3) == before and not edits.pending(out)
    began = time.monotonic()
    assert edits.save(out, before, {"answer": "c", "explanation": "=1+1"}) == ""
    assert row_of(house, "乙", 3)["answer"] == "C" and time.monotonic() - began < 1
    assert edits.pending(out)[before["key"]] == {"answer": "C", "explanation": "=1+1"}
    edits.undo(out)
    assert row_of(house, "乙", 3) == before and not edits.pending(out)
    edits.save(out, before, {"answer": "A"})
    edits.settle(out, edits.newest(out))
    assert not edits.pending(out)


def test_edits_reach_the_data_set_and_options_keep_their_order(
    house: House, tmp_path: Path
) -> None:
    import json
    import os
    import subprocess
    import sys

    from core.files import ROOT

    out = tmp_path / "set" / "data"
    shutil.copytree(house.set("乙").parent, out.parent)
    (out / ".job" / edits.FILE).unlink(missing_ok=True)
    rows = edits.rows(out) or []
    for row in rows[:6]:
        assert edits.save(out, row, {"answer": "A"}) == ""
    (out / ".job" / "edits.json").write_text(json.dumps({"changed": edits.pending(out)}))
    book, job = str(out / "review.xlsx"), str(out / ".job")
    for seed, step in enumerate(
        (
            ["web.sheet", "apply", book, f"{job}/edits.json"],
            ["data_tools", "review", "--domain", "gongkao", "--out", str(out)],
            ["web.sheet", "list", book, job],
            ["web.sheet", "settle", str(out), str(edits.newest(out))],
        )
    ):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed + 5)}
        subprocess.run(
            [sys.executable, "-m", *step],
            check=True,
            cwd=ROOT,
            env=environment,
            capture_output=True,
        )
    made = [*read_jsonl(out / "train.jsonl"), *read_jsonl(out / "eval.jsonl")]
    assert {"".join(row["options"]) for row in made} == {"ABCD"}
    assert sum(row["answer"] == "A" for row in made) == 6 and not edits.pending(out)
    assert sum(bool(row.get("edited")) for row in edits.rows(out) or []) == 6


def test_the_quiz_keeps_its_options_and_its_place(page: Any, house: House) -> None:
    go(page, house.address, "quiz?bank=gongkao/sets/乙/data")
    page.get_by_test_id("stButtonGroup").get_by_text("单选", exact=True).click()
    cards = page.locator(".options .card")
    cards.nth(3).wait_for()
    page.wait_for_timeout(1000)  # drawn once more for the filter
    heights = cards.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert len(heights) == 4 and min(heights) >= 48
    cards.nth(0).click()
    page.locator(".options .submit").click()
    page.get_by_text("回答错误").wait_for()
    assert cards.count() == 4
    assert (
        "你的选择" in cards.nth(0).inner_text()
        and "正确答案" in page.locator(".options .card.right").inner_text()
    )
    assert page.locator(".options .card.wrong").count() == 1
    assert page.evaluate("document.activeElement !== document.body")
    page.get_by_role("button", name="下一题").click()
    page.get_by_text("第 2 题，共 30 题").wait_for()
    page.locator(".options .card").nth(1).click()
    page.locator(".options .submit").click()
    page.get_by_text("标准答案").wait_for()
    stem = page.locator(".exact.stem").first.inner_text()
    page.wait_for_timeout(500)
    page.goto(f"{house.address}/quiz")
    page.get_by_text("第 2 题，共 30 题").wait_for()  # bank, filter, place and answer are there
    assert page.locator(".exact.stem").first.inner_text() == stem
    assert "你的选择" in page.locator(".options .card").nth(1).inner_text()
    pills = page.get_by_test_id("stButtonGroup").filter(has_text="单选")
    assert (
        pills.locator('[aria-checked="true"], [aria-pressed="true"]')
        .filter(has_text="单选")
        .count()
    )
