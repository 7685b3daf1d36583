"""What the page sends to the model and how it shows what comes back."""

from __future__ import annotations

import string
from typing import Any

import pytest
import streamlit as st

from web import talk, texts


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session of its own for each test."""

    class State(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    state = State()
    monkeypatch.setattr(st, "session_state", state)
    return state


def turn(question: str, answer: str, problem: str = "") -> None:
    talk.ask(question)
    talk.history()[-1].update(content=answer, problem=problem)


def contents(turns: int) -> list[str]:
    talk.ask("问")
    return [one["content"] for one in talk.messages("系统", turns)]


def test_a_question_goes_alone_or_with_earlier_turns() -> None:
    turn("一", "甲")
    turn("二", "乙")
    assert contents(0) == ["系统", "问"]
    talk.clear()
    turn("一", "甲")
    turn("二", "乙")
    assert contents(1) == ["系统", "二", "乙", "问"]


def test_an_answer_that_broke_off_is_not_sent_along() -> None:
    turn("一", "甲")
    turn("二", "乙的一半", "连不上")
    assert contents(5) == ["系统", "一", "甲", "问"]


def test_clear_forgets() -> None:
    turn("一", "甲")
    talk.clear()
    assert talk.history() == []


def test_pictures_are_not_fetched_and_lines_stay_lines() -> None:
    assert "![" not in talk.shown("![x](http://example.org/a.png)")
    assert talk.shown("A. 一\nB. 二") == "A. 一  \nB. 二"


def test_both_languages_say_the_same_things() -> None:
    chinese, english = texts.TEXTS["zh"], texts.TEXTS["en"]
    assert chinese.keys() == english.keys()
    fields = string.Formatter().parse
    for key in chinese:
        assert {one[1] for one in fields(chinese[key])} == {one[1] for one in fields(english[key])}
    assert all(any("一" <= char <= "鿿" for char in text) for text in chinese.values())
    assert not any("一" <= char <= "鿿" for text in english.values() for char in text)
