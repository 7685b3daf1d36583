"""What a visitor does, for the browser tests."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from typing import Any

BOX = '[data-testid="stChatInputTextArea"]'
MESSAGE = '[data-testid="stChatMessageContent"]'
WAIT = 90_000  # ms: the machine may be busy


def up(address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the page server answers."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/", timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "the page server ended"
            time.sleep(0.2)
    raise AssertionError("the page server does not answer")


def visitor(browser: Any, width: int = 1200) -> Any:
    """A new browser's page; ``page.context.close()`` when done."""
    context = browser.new_context(viewport={"width": width, "height": 850}, locale="zh-CN")
    context.set_default_timeout(WAIT)
    return context.new_page()


def all_there(page: Any, count: int) -> None:
    """Wait until ``count`` messages stand there with their words: a box comes before its text."""
    page.wait_for_function(
        "([where, n]) => { const all = [...document.querySelectorAll(where)];"
        " return all.length === n && all.every(one => one.innerText.trim()); }",
        arg=[MESSAGE, count],
    )


def ask(page: Any, question: str) -> None:
    """Type a question and send it."""
    page.locator(BOX).fill(question)
    page.locator(BOX).press("Enter")


def message(page: Any, number: int) -> Any:
    """The ``number``-th message of the conversation."""
    return page.locator(MESSAGE).nth(number)


def finished(page: Any, number: int) -> str:
    """The text of an answer once it does not grow any more: its buttons are there."""
    page.wait_for_function(
        "([where, number]) => {const all = document.querySelectorAll(where);"
        "return all[number] && !all[number].innerText.includes('▌') &&"
        " all[number].querySelector('[data-testid=stBidiComponentRegular], "
        "[data-testid=stBidiComponentIsolated], [data-testid^=stBidi]')}",
        arg=[MESSAGE, number],
    )
    return str(message(page, number).locator("p").first.inner_text()).strip()


def press(page: Any, number: int, action: str) -> None:
    """Press a small button under an answer."""
    message(page, number).locator(f'button[data-action="{action}"]').click()


def go(page: Any, address: str, name: str) -> None:
    """Open a page of the app by its address."""
    page.goto(f"{address}/{name}")
    page.get_by_role("heading", level=1).wait_for()


def pick(page: Any, label: str, option: str) -> None:
    """Choose ``option`` in a select box."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option").filter(has_text=option).first.click()


NAMES = (
    "English|Alt|temperature|top_[pk]|tokens?|gongkao|tiny|cpu|http|merged|q8_0|make \\w+.*|"
    r"[\w.-]+\.(?:docx|xlsx|jsonl?|csv|txt|md|html)|DOCX|XLSX?|CSV|TSV|TXT|JSONL?|demo|smollm2\w*|PYTHONPATH.*|"
    "work_dirs.*|Word|Excel|Markdown|BANK=.*|DOMAIN=.*|data"
)


def english(page: Any) -> list[str]:
    """English words that stand on the page, but for names, commands and files. Icons are letters
    to the browser, too."""
    text = page.evaluate(
        "() => {const icons = [...document.querySelectorAll('span')].filter("
        "one => getComputedStyle(one).fontFamily.includes('Material'));"
        "const kept = icons.map(one => one.textContent);"
        "icons.forEach(one => {one.textContent = ''});"
        "const text = document.body.innerText;"
        "icons.forEach((one, at) => {one.textContent = kept[at]});"
        "return text}"
    )
    return re.findall(r"[A-Za-z_]{3,}", re.sub(NAMES, "", text))
