"""The page in a real browser: ask, stream, clear, and a server that is away or dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER, CHAIN

QUESTION = "世界上最大的宫殿是？"
BOX = '[data-testid="stChatInputTextArea"]'
MESSAGE = '[data-testid="stChatMessageContent"]'
WAIT = 60_000  # ms: the machine may be busy


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A new visitor."""
    context = browser.new_context(viewport={"width": 1200, "height": 800}, locale="zh-CN")
    context.set_default_timeout(WAIT)
    yield context.new_page()
    context.close()


def ask(page: Any, question: str) -> None:
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")


def answers(page: Any, number: int) -> Any:
    """The ``number``-th message of the conversation."""
    return page.locator(MESSAGE).nth(number)


def finished(page: Any, number: int) -> str:
    """The text of a message once it does not grow any more."""
    page.wait_for_function(
        "([where, number]) => {const all = document.querySelectorAll(where);"
        "return all[number] && !all[number].innerText.includes('▌') &&"
        " all[number].innerText.trim().length > 0}",
        arg=[MESSAGE, number],
    )
    return answers(page, number).inner_text().strip()


def test_ask_stream_ask_again_clear(page: Any, served: Room, address: str, shots: Path) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.get_by_text("公考知识问答助手").first.wait_for()
    page.get_by_text("仅供学习参考").first.wait_for()
    ask(page, QUESTION)
    page.get_by_text("▌").wait_for()
    seen = len(answers(page, 1).inner_text())
    assert finished(page, 1).startswith(ANSWER[:100])
    assert len(answers(page, 1).inner_text()) > seen  # it grew before our eyes
    page.screenshot(path=shots / "chat.png")
    ask(page, "<img src=http://example.org/x.png> ![x](http://example.org/y.png)\nA. 一\nB. 二")
    assert "<img" in answers(page, 2).inner_text()  # shown, not fetched
    assert re.search(r"A\. 一\s*\n\s*B\. 二", answers(page, 2).inner_text())
    assert finished(page, 3).startswith("故宫")
    assert answers(page, 0).inner_text().strip() == QUESTION
    assert served.key() not in page.content()
    page.get_by_role("button", name="清空对话").click()
    page.wait_for_function("where => !document.querySelector(where)", arg=MESSAGE)
    assert {url.split("/")[2] for url in requests if "//" in url} == {address.split("/")[2]}


def test_the_sliders_reach_the_model(page: Any, served: Room, address: str) -> None:
    page.goto(address)
    slider = page.get_by_role("slider").nth(2)
    slider.focus()
    slider.press("Home")  # the shortest answer: 16 tokens, 13 characters with the emoji's four
    page.get_by_text("16", exact=True).first.wait_for()
    ask(page, QUESTION)
    assert finished(page, 1) == ANSWER[:13]


def test_the_chinese_page_is_chinese_and_the_english_one_english(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    page.get_by_text("生成参数").wait_for()
    text = page.locator("body").inner_text()
    allowed = (
        "Skip to main content|English|temperature|top_p|tokens?|gongkao|tiny|cpu|http|merged|q8_0"
    )
    assert not re.findall(r"[A-Za-z_]{4,}", re.sub(allowed, "", text))
    page.set_viewport_size({"width": 390, "height": 780})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=shots / "phone.png")
    page.goto(address + "/?lang=en")
    page.get_by_placeholder("Ask a question").wait_for()


def test_without_a_server_the_page_says_so(
    page: Any, away: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    page.get_by_text("模型服务没有运行").wait_for()
    assert "make deploy" in page.locator("body").inner_text()
    assert page.locator(BOX).is_disabled()
    page.screenshot(path=shots / "down.png")


def test_a_server_that_dies_midway_and_comes_back(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_function(
        "where => (document.querySelectorAll(where)[1]?.innerText || '').includes('故宫')",
        arg=MESSAGE,
    )
    served.kill()
    page.get_by_text("回答中断").wait_for()
    text = answers(page, 1).inner_text()
    assert text.startswith("故宫") and CHAIN[500] not in text and "未完" in text
    page.get_by_text("模型服务没有运行").wait_for()
    page.screenshot(path=shots / "died.png")
    done = served.start("--model", served.run / "gguf" / "merged-q8_0.gguf")
    assert done.returncode == 0, done.stderr
    page.get_by_role("button", name="重新检查").click()
    page.wait_for_function("where => !document.querySelector(where).disabled", arg=BOX)
    ask(page, QUESTION)
    assert finished(page, 3).startswith(ANSWER[:50])
