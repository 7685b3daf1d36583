"""Stored text stands on the page as it is stored; what a model writes on purpose is drawn."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.conftest import ODD, House
from tests.web.steps import MESSAGE, all_there, message, visitor
from web import conversation, store, written

TOKEN = "c" * 32
OWNER = hashlib.sha256(f"tikuforge {TOKEN}".encode()).hexdigest()[:32]
SIGNS = [*"*_~`#>$|<&:-=+!()[]{}\\/@'\"^%.1aZ 天", "->", "--", "<b>", "&amp;", ":red[", "$x$"]
SIGNS += ["\n", "1. ", "- ", "# ", "> ", ":smile:", "http://a.b", "Close", "Delete", "\t", "🎓"]
MODEL = """**要点**：疗程3~5天，最长7~9天，共2*3*4次，见 __init__。

- 甲
- 乙

1. 一
2. 二

| 药 | 量 |
|---|---|
| 甲 | 1~2片 |

```python
x = a * b * c
```

面积 $x^2$ 与 \\(y_1\\)：

\\[
E = mc^2
\\]

价$5和$6
>60分 合格
[链接](http://evil.example/x) ![图](http://evil.example/y.png)
a -> b"""


@pytest.fixture
def page(browser: Any, house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(store, "FILE", house.work / "web" / "page.db")
    made = visitor(browser)
    made.context.add_cookies([{"name": "tikuforge", "value": TOKEN, "url": house.address}])
    yield made
    made.context.close()


def strings(seed: int, count: int) -> list[str]:
    """Random texts of signs that mean something to Markdown, HTML or Streamlit."""
    pick = random.Random(seed)
    made = ("".join(pick.choices(SIGNS, k=pick.randint(1, 14))).strip() for _ in range(count))
    return [text for text in made if text]


def answers(texts: list[tuple[str, str, dict[str, Any]]]) -> int:
    """A conversation of questions, answers and what stands beside them."""
    number = store.begin(OWNER, texts[0][0])
    for asked, _, _ in texts:
        store.add_turn(OWNER, number, asked)
    said = store.messages(OWNER, number)[1::2]
    for one, (_, content, extra) in zip(said, texts, strict=True):
        store.save(OWNER, one | {"content": content, "problem": "", "extra": extra})
    return number


def open_(page: Any, house: House, number: int, count: int) -> None:
    page.goto(f"{house.address}/?c={number}")
    all_there(page, count)
    page.wait_for_function("window.tikuforgeWords")  # the frame is there, too


def test_random_texts_stand_as_they_are_stored(page: Any, house: House) -> None:
    """As questions, many a page, and as labels: the names of files that are cited."""
    many = 40
    texts = [*ODD, "- a\n- b", "  两格\n\n\n空行", "Stop", *strings(1, 16 * many)]
    blocks = [texts[at : at + 16] for at in range(0, len(texts), 16)][:many]
    asked = ["\n".join(f"{at}¦{text}¦" for at, text in enumerate(block)) for block in blocks]
    names = [" ".join(text.split()) for text in strings(2, many)]
    extra = [
        {"passages": [{"id": "1", "text": "", "source": {"file": name, "locator": "p:1"}}]}
        for name in names
    ]
    number = answers([(a, "好", e) for a, e in zip(asked, extra, strict=False)])
    open_(page, house, number, 2 * len(asked))
    shown = page.evaluate(
        "where => [...document.querySelectorAll(where)].filter((_, at) => at % 2 === 0)"
        ".map(one => one.querySelector('.exact').textContent)",
        MESSAGE,
    )
    assert shown == asked
    page.wait_for_function(
        "n => document.querySelectorAll('[class*=st-key-cite-] button p').length === n",
        arg=len(names),
    )
    page.wait_for_timeout(300)
    labels = page.evaluate(
        "() => [...document.querySelectorAll('[class*=st-key-cite-] button')]"
        ".map(one => one.textContent)"
    )
    wanted = [f"[1] {name} · 第 1 段" for name in names]
    assert [" ".join(one.split()) for one in labels] == [" ".join(one.split()) for one in wanted]


def test_what_a_model_writes_is_drawn_and_loses_nothing(page: Any, house: House) -> None:
    thought = "<think>先想 2*3*4</think>所以是三天。"
    number = answers([("问", MODEL, {}), ("再问", thought, {}), *((o, o, {}) for o in ODD)])
    open_(page, house, number, 4 + 2 * len(ODD))
    answer = message(page, 1)
    answer.locator("pre code").wait_for()
    answer.locator(".katex-display").wait_for()
    text = answer.inner_text()
    for piece in (
        "疗程3~5天，最长7~9天，共2*3*4次，见 __init__。",
        "1~2片",
        "价$5和$6",
        ">60分 合格",
    ):
        assert piece in text, piece
    assert "x = a * b * c" in text and "a -> b" in text and "[链接](http" in text
    drawn = {"strong": 1, "ul li": 2, "ol li": 2, "table td": 2, "pre code": 1, "del": 0, "img": 0}
    for where, count in {**drawn, ".katex-display": 1, "blockquote": 0, "em": 0}.items():
        assert answer.locator(where).count() == count, where
    assert answer.locator(".katex").count() == 3
    said = message(page, 3)
    assert said.get_by_text("所以是三天。").is_visible()
    assert not said.get_by_text("先想 2*3*4").is_visible() and "思考过程" in said.inner_text()
    for at, odd in enumerate(ODD):
        if not odd.startswith("#"):  # a heading is what a model may mean
            assert odd in message(page, 5 + 2 * at).inner_text()


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_code_and_prose_come_through_whole(text: str) -> None:
    """Whatever a model writes: no letter or figure of it is lost, and code is left as it is."""
    drawn = written.markdown(text)
    assert [c for c in drawn if c.isalnum()] == [c for c in text if c.isalnum()]
    fenced = f"前\n```\n{text.replace('`', '')}\n```\n"
    assert text.replace("`", "") in written.markdown(fenced)


def test_marks_stand_outside_code_and_inside_cells() -> None:
    text = "甲。乙。\n| 丙 | 丁。 |\n```\n戊。\n```"
    checks = [
        {"text": one, "numbers": [1], "supported": True}
        for one in ("甲。", "乙。", "| 丙 | 丁。 |")
    ]
    checks.append({"text": "戊。", "numbers": [1], "supported": True})
    drawn = conversation.judged(text, checks, {True: "✓", False: ""})
    assert drawn.count("✓") == 3 and "丁。 ✓  |" in drawn and "戊。\n" in drawn
