"""What the page keeps, sends and shows, without a browser."""

from __future__ import annotations

import string
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from core.errors import UserError
from web import access, conversation, i18n, jobs, learning, quiz, store, written
from web.i18n import widgets


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A session of its own for each test, and a database."""

    class State(dict):
        __getattr__ = dict.__getitem__
        __setattr__ = dict.__setitem__

    state = State(token="0" * 32, conversation=0)
    monkeypatch.setattr(st, "session_state", state)
    monkeypatch.setattr(store, "FILE", tmp_path / "web" / "page.db")
    yield state


def turn(question: str, answer: str, problem: str = "") -> None:
    conversation.ask(question)
    last = conversation.history()[-1]
    store.save(access.owner(), last | {"content": answer, "problem": problem})


def test_only_whole_turns_are_sent_along() -> None:
    turn("一", "甲")
    turn("二", "", "broke off")
    turn("三", "丙")
    conversation.ask("四")
    said = conversation.history()
    sent = conversation.messages("S", said, 2)
    assert [one["content"] for one in sent] == ["S", "一", "甲", "三", "丙", "四"]
    assert [one["content"] for one in conversation.messages("S", said, 0)] == ["S", "四"]
    assert [one["content"] for one in conversation.messages("S", said, 1)] == [
        "S",
        "三",
        "丙",
        "四",
    ]


def test_an_answer_that_breaks_off_keeps_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Iterator[str]:
        yield "故"
        yield "宫"
        raise conversation.UserError("gone")

    monkeypatch.setattr(conversation.chat, "stream", broken)
    conversation.ask("问")
    message = conversation.history()[-1]
    list(conversation.answer(message, None, []))  # type: ignore[arg-type]
    kept = conversation.history()[-1]
    assert (kept["content"], kept["problem"]) == ("故宫", "gone")


def test_a_reader_who_leaves_keeps_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object, **__: object) -> Iterator[str]:
        while True:
            yield "字"

    monkeypatch.setattr(conversation.chat, "stream", endless)
    conversation.ask("问")
    growing = conversation.answer(conversation.history()[-1], None, [])  # type: ignore[arg-type]
    next(growing)
    growing.close()
    kept = conversation.history()[-1]
    assert kept["content"].startswith("字") and kept["problem"] == conversation.CUT


def test_nobody_reads_or_changes_anothers_conversation() -> None:
    turn("我的问题", "我的回答")
    mine, me = conversation.current(), access.owner()
    message = store.messages(me, mine)[-1]
    store.rename("other", mine, "theirs")
    store.delete("other", mine)
    store.add_turn("other", mine, "?")
    store.save("other", message | {"content": "changed"})
    assert store.messages("other", mine) == [] and store.conversations("other") == []
    assert not store.owns("other", mine)
    assert [one["content"] for one in store.messages(me, mine)] == ["我的问题", "我的回答"]
    assert store.conversations(me)[0]["title"] == "我的问题"
    store.delete(me, mine)
    assert store.conversations(me) == [] and store.messages(me, mine) == []


def test_the_notebook_keeps_a_question_until_it_was_right_twice() -> None:
    store.tried("me", "bank", "q", False, learning.AGAIN)
    store.tried("me", "bank", "q", True, learning.GOOD)
    assert [one["question"] for one in store.notebook("me", "bank")] == ["q"]
    store.tried("me", "bank", "q", False, learning.AGAIN)
    store.tried("me", "bank", "q", True, learning.GOOD)
    store.tried("me", "bank", "q", True, learning.GOOD)
    assert store.notebook("me", "bank") == [] and store.score("me", "bank") == (5, 3)
    assert store.notebook("other", "bank") == []


def test_the_address_of_anothers_conversation_opens_nothing(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    turn("一", "甲")
    number = conversation.current()
    session["token"] = "1" * 32
    del session["conversation"]
    for asked in (str(number), "-1", "1e3", "9" * 40, "x", "²"):
        monkeypatch.setattr(st, "query_params", {"c": asked})
        session.pop("conversation", None)
        assert conversation.current() == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("![x](http://e.org/a.png)", "\\!\\[x\\](http://e.org/a.png)  "),
        ("[药监局](http://e.org)", "\\[药监局\\](http://e.org)  "),
        ("[x][1]\n[1]: http://e.org", "\\[x\\]\\[1\\]  \n\\[1\\]: http://e.org"),
        ("一\n二", "一  \n二  "),
        (":green-badge[真的]", "\\:\u2063green-badge\\[真的\\]  "),
        (
            "$\\href{javascript:alert(1)}{x}$ 5$",
            written.literal("$\\href{javascript:alert(1)}{x}$"),
        ),
    ],
)
def test_what_is_shown(given: str, expected: str) -> None:
    assert written.markdown(given).startswith(expected)


def test_sentences_are_marked_by_their_evidence() -> None:
    checks = [
        {"text": "故宫最大。", "numbers": [1], "supported": True},
        {"text": "建于唐代。", "numbers": [], "supported": False},
    ]
    text = conversation.judged("故宫最大。建于唐代。", checks, {True: "{numbers}✓", False: "无据"})
    assert text == "故宫最大。 [1]✓ 建于唐代。 无据   "


def test_both_languages_say_the_same_things() -> None:
    chinese, english = i18n.TEXTS["zh"], i18n.TEXTS["en"]
    assert set(chinese) == set(english)
    for key, sentence in english.items():
        places = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (chinese[key], sentence)
        ]
        assert places[0] == places[1], key
    for text in [*chinese.values(), *widgets.WIDGETS.values()]:
        assert any("\u4e00" <= char <= "\u9fff" for char in text), text


@pytest.mark.parametrize(
    ("address", "login", "served"),
    [
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("localhost", False, True),
        ("", False, False),  # every address
        ("0.0.0.0", False, False),
        ("192.168.1.5", False, False),
        ("0.0.0.0", True, True),
    ],
)
def test_beyond_this_machine_only_with_a_login(
    address: str, login: bool, served: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "get_option", lambda name: address or None)
    monkeypatch.setattr(st, "secrets", {"auth": {}} if login else {})
    assert (access.refused() == "") is served


def test_only_editors_build_and_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", {"email": "a@example.org"})
    for secrets, may in (
        ({}, True),
        ({"auth": {}}, True),
        ({"auth": {}, "editors": ["a@example.org"]}, True),
        ({"auth": {}, "editors": ["b@example.org"]}, False),
    ):
        monkeypatch.setattr(st, "secrets", secrets)
        assert access.may_edit() is may


def test_questions_to_try_are_short_questions_of_the_bank() -> None:
    def row(text: str, kind: str = "qa") -> dict[str, Any]:
        return {"kind": kind, "conversation": [{"input": text}]}

    rows = [row(f"第{n}号行星叫什么名字？") for n in range(10)]
    rows += [row("很" * 30 + "？"), row("不是问句的一行字"), row("这句话对不对呢？", "judge")]
    found = quiz.samples(rows)
    assert found == ["第1号行星叫什么名字？", "第4号行星叫什么名字？", "第7号行星叫什么名字？"]
    assert quiz.samples(rows[:1]) == ["第0号行星叫什么名字？"]
    assert quiz.samples([]) == []


@pytest.mark.parametrize(
    "host,own,served",
    [
        ("localhost:8501", "", True),
        ("127.0.0.1:8501", "", True),
        ("127.8.9.1", "", True),
        ("[::1]:8501", "", True),
        ("page.localhost", "", True),
        ("LOCALHOST.", "", True),
        ("", "", True),  # no browser
        ("evil.example:8501", "", False),
        ("localhost.evil.example", "", False),
        ("127.0.0.1.evil.example", "", False),
        ("192.168.1.5:8501", "", False),
        ("0.0.0.0:8501", "", False),
        ("[fe80::1]:8501", "", False),
        ("evil.example", "tiku.example", False),
        ("tiku.example", "tiku.example", True),  # the owner's own proxy
    ],
)
def test_without_a_login_only_names_of_this_machine(
    host: str, own: str, served: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"server.address": "127.0.0.1", "browser.serverAddress": own}
    monkeypatch.setattr(st, "get_option", options.get)
    monkeypatch.setattr(st, "secrets", {})
    monkeypatch.setattr(st, "context", SimpleNamespace(headers={"Host": host}))
    assert (access.refused() == "") is served


def test_of_two_builds_at_one_moment_one_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    real = jobs.subprocess.Popen

    def slow(line: list[str], **more: Any) -> Any:
        started.append(line)
        time.sleep(0.1)
        return real([sys.executable, "-c", "import time; time.sleep(3)"], **more)

    monkeypatch.setattr(jobs.subprocess, "Popen", slow)
    refused = []

    def press() -> None:
        try:
            jobs.start(tmp_path, [["data_tools", "build"]])
        except UserError as error:
            refused.append(error)

    pressed = [threading.Thread(target=press) for _ in range(6)]
    for one in pressed:
        one.start()
    for one in pressed:
        one.join()
    for runner in jobs.RUNNERS.values():
        runner.kill()
        runner.wait()
    assert len(started) == 1 and len(refused) == 5
