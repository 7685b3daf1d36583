"""The chat page in a real browser: ask, stream, stop, return; a server away, slow, or dying."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.deploy.helper import Room
from tests.deploy.tiny import ANSWER, CHAIN
from tests.web.steps import BOX, MESSAGE, all_there, ask, english, finished, message, visitor
from web import inquiries, sidebar, store

QUESTION = "世界上最大的宫殿是？"


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    made = visitor(browser)
    yield made
    made.context.close()


def test_ask_stream_reload_and_nobody_else_sees_it(
    page: Any, browser: Any, served: Room, address: str, shots: Path
) -> None:
    requests: list[str] = []
    frames: list[bytes] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived",
            lambda data: frames.append(data if isinstance(data, bytes) else data.encode()),
        ),
    )
    page.goto(address)
    page.get_by_text("公考知识问答助手").first.wait_for()
    page.get_by_text("仅供学习参考").first.wait_for()
    ask(page, QUESTION)
    page.get_by_role("button", name="停止生成").wait_for()
    page.wait_for_function(
        "where => (document.querySelectorAll(where)[1]?.innerText || '').includes('故宫')",
        arg=MESSAGE,
    )
    seen = len(message(page, 1).inner_text())
    assert finished(page, 1).startswith(ANSWER[:100])
    assert len(message(page, 1).inner_text()) > seen  # it grew before our eyes
    page.screenshot(path=shots / "chat.png")
    ask(
        page,
        "<img src=http://example.org/x.png onerror=alert(1)> ![x](http://example.org/y.png)\n"
        "A. 一\nB. 二",
    )
    assert finished(page, 3).startswith("故宫")
    assert "<img" in message(page, 2).inner_text()  # shown, not fetched
    assert re.search(r"A\. 一\s*\n\s*B\. 二", message(page, 2).inner_text())
    assert page.locator(f"{MESSAGE} img[src*=example]").count() == 0
    page.reload()
    all_there(page, 4)
    assert message(page, 0).inner_text().strip() == QUESTION
    key = served.key()
    assert key not in page.content()
    assert frames and not any(key.encode() in frame for frame in frames)
    assert {url.split("/")[2] for url in requests if "//" in url} == {address.split("/")[2]}
    other = visitor(browser)
    other.goto(page.url)  # the address of the conversation alone opens nothing
    other.locator(BOX).wait_for()
    assert other.locator(MESSAGE).count() == 0
    other.context.close()


def test_what_was_asked_is_kept_only_where_that_is_switched_on(
    page: Any, served: Room, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "FILE", served.work / "web" / "page.db")
    page.goto(address)
    ask(page, QUESTION)
    finished(page, 1)
    assert inquiries.lines("gongkao") == []
    inquiries.keep(7)
    try:
        ask(page, "再问一次")
        finished(page, 3)
        message(page, 3).locator('button[data-action="down"]').click()
        page.get_by_role("dialog").wait_for()
        (line,) = inquiries.lines("gongkao")
        assert (line["question"], line["thumb"], line["refused"]) == ("再问一次", "down", 0)
        assert line["seconds"] > 0 and line["model"] and len(line["who"]) == inquiries.SHORT
        assert [one["question"] for one in inquiries.wanting("gongkao")] == ["再问一次"]
    finally:
        inquiries.keep(0)
    assert inquiries.lines("gongkao") == []


def test_the_sliders_reach_the_model(page: Any, served: Room, address: str) -> None:
    page.goto(address)
    page.get_by_text("生成参数").click()
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
    page.get_by_text("生成参数").click()
    page.get_by_text("核采样").wait_for()
    page.wait_for_timeout(1000)
    assert english(page) == []
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
    page.get_by_text("模型服务没有运行，暂时不能回答").wait_for()
    assert not page.get_by_text("make deploy").is_visible()  # a learner has no terminal
    page.get_by_text("给管理员").click()
    page.get_by_text("make deploy").wait_for()
    assert page.locator(BOX).is_disabled()
    page.screenshot(path=shots / "down.png")


def test_a_slow_server_is_waited_for_and_can_be_left(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    page.locator(f"{BOX}:not([disabled])").wait_for()
    served_pids = worker_pids(served)
    for pid in served_pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        page.wait_for_timeout(3000)  # longer than the page keeps what it knew of the server
        ask(page, QUESTION)
        page.get_by_text("模型还没有开始回答").wait_for()
        page.screenshot(path=shots / "slow.png")
        page.get_by_role("button", name="停止生成").click()
        page.get_by_text("（未完）").wait_for()
    finally:
        for pid in served_pids:
            os.kill(pid, signal.SIGCONT)
    again = page.get_by_role("button", name="重新检查")  # offered where the page saw it hang
    ready = page.locator(f"{BOX}:not([disabled])")
    ready.or_(again).first.wait_for()
    if again.count():
        again.click()
    ready.wait_for()
    ask(page, QUESTION)
    assert finished(page, 3).startswith(ANSWER[:50])


def worker_pids(served: Room) -> list[int]:
    """The server's process and its children."""
    first = served.record()["pid"]
    found = [first]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def test_a_server_that_dies_midway_and_comes_back(
    page: Any, served: Room, address: str, shots: Path
) -> None:
    page.goto(address)
    ask(page, QUESTION)
    page.wait_for_function(
        "where => (document.querySelectorAll(where)[1]?.innerText || '').includes('故宫')",
        arg=MESSAGE,
    )
    for pid in worker_pids(served):
        os.kill(pid, signal.SIGKILL)
    page.get_by_text("回答中断").wait_for()
    text = message(page, 1).inner_text()
    assert text.startswith("故宫") and CHAIN[500] not in text and "未完" in text
    page.get_by_text("模型服务没有运行，暂时不能回答").wait_for()
    page.screenshot(path=shots / "died.png")
    done = served.start("--model", served.run / "gguf" / "merged-q8_0.gguf")
    assert done.returncode == 0, done.stderr
    page.get_by_role("button", name="重新检查").click()
    page.wait_for_function("where => !document.querySelector(where).disabled", arg=BOX)
    ask(page, QUESTION)
    assert finished(page, 3).startswith(ANSWER[:50])


def test_the_penalty_reaches_the_engine(served: Room) -> None:
    """No browser: the words by which the page asks for it are those that the server knows."""

    def status(extra: dict[str, Any]) -> int:
        asked = {"messages": [{"role": "user", "content": "故"}], "max_tokens": 1}
        return httpx2.post(
            f"http://127.0.0.1:{served.port}/v1/chat/completions",
            headers={"Authorization": f"Bearer {served.key()}"},
            json=asked | extra,
            timeout=60,
        ).status_code

    assert sidebar.beyond(0, 1.0) == {}
    raised = sidebar.beyond(7, 1.2)["extra_body"]
    assert raised["repeat_penalty"] == 1.2 and raised["top_k"] == 7 and status(raised) == 200
    assert status({"repeat_penalty": 1.2, "repetition_penalties": 1.2}) == 400
