"""The quiz as a learning system: due dates, exams, chapters, without a browser."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from fsrs import Card, Rating, Scheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from core import domain
from core.findings import Finding
from core.kept import Entry
from web import banks, catalog, chapters, exam, learning, server, store
from web.exam import Rules
from web.quiz import Question

NOW = 1_790_000_000.0
OPTIONS = {"A": "一", "B": "二", "C": "三", "D": "四"}


def question(key: str, kind: str = "single", letters: str = "A", place: int = 1) -> Question:
    source = {"file": "a.docx", "locator": f"p:{place}", "text": "…"}
    options = {} if kind == "short" else OPTIONS
    return Question(key, kind, f"题 {key}？", options, letters, "甲", "", source)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.floats(1, 40 * 86400)),
        max_size=25,
    )
)
def test_a_schedule_is_the_library_s(said: list[tuple[str, int, float]]) -> None:
    at, reviews = NOW, []
    for key, rating, later in said:
        at += later
        reviews.append((key, rating, at))
    cards = learning.cards(reviews)
    reference, scheduler = {}, Scheduler(enable_fuzzing=False)
    for key, rating, when in reviews:
        card = reference.get(key) or Card(card_id=1)
        moment = datetime.fromtimestamp(when, UTC)
        reference[key], _ = scheduler.review_card(card, Rating(rating), moment)
    assert set(cards) == set(reference)
    for key, card in reference.items():
        mine = cards[key]
        assert (mine.due, mine.state, mine.stability, mine.difficulty) == (
            card.due, card.state, card.stability, card.difficulty,
        )  # fmt: skip
        now = at + 86400 * 30
        moment = datetime.fromtimestamp(now, UTC)
        assert learning.recalled(mine, now) == scheduler.get_card_retrievability(card, moment)
    late = [key for key, card in reference.items() if card.due.timestamp() <= at]
    assert sorted(learning.due(cards, at)) == sorted(late)


def test_the_history_is_only_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FILE", tmp_path / "page.db")
    at = store.tried("me", "bank", "q", True, learning.GOOD)
    store.tried("me", "bank", "r", False, learning.AGAIN)
    store.tried("you", "bank", "q", False, learning.AGAIN)
    before = store.reviews("me", "bank")
    store.rated("me", "bank", "q", learning.EASY, at)
    after = store.reviews("me", "bank")
    assert [one for one in after if one in before] == before and len(after) == 3
    good, easy = learning.cards(before)["q"], learning.cards(after)["q"]
    assert easy.due - good.due > timedelta(days=1)  # the later line of one answer counts
    assert store.score("me", "bank") == (2, 1)  # and the answer counts once
    assert store.reviews("me", "bank", "r") == before[1:]


def test_answers_of_the_first_version_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FILE", tmp_path / "page.db")
    with closing(sqlite3.connect(store.FILE)) as base:
        base.executescript(
            "CREATE TABLE tries(owner TEXT NOT NULL, bank TEXT NOT NULL, question TEXT NOT NULL, "
            "correct INTEGER NOT NULL); INSERT INTO tries VALUES('me', 'bank', 'q', 1), "
            "('me', 'bank', 'q', 1), ('me', 'bank', 'q', 0); PRAGMA user_version=1"
        )
    assert store.score("me", "bank") == (3, 2) and store.reviews("me", "bank") == []
    store.tried("me", "bank", "q", True, learning.GOOD)
    assert store.score("me", "bank") == (4, 3) and len(store.reviews("me", "bank")) == 1


@pytest.mark.parametrize(
    ("given", "partial", "points"),
    [
        ("ABC", "half", 2.0), ("CAB", "none", 2.0), ("AB", "half", 1.0), ("AB", "none", 0.0),
        ("AB", "each", 4 / 3), ("A", "each", 2 / 3), ("ABD", "each", 0.0), ("D", "half", 0.0),
        ("ABCD", "half", 0.0), ("", "half", 0.0),
    ],
)  # fmt: skip
def test_several_right_options_are_marked_by_the_rules(
    given: str, partial: str, points: float
) -> None:
    asked = question("q", "multiple", "ABC")
    rules = Rules({"multiple": 2.0}, partial)
    assert exam.marks(asked, given, rules) == pytest.approx(points)


def test_a_paper_is_drawn_by_numbers_of_each_kind_and_chapter() -> None:
    some = [question(f"s{n}", place=n) for n in range(20)]
    some += [question(f"m{n}", "multiple", "AB", n) for n in range(5)]

    def chapter(one: Question) -> str:
        return "一" if int(one.source["locator"][2:]) < 3 else "二"

    keys = exam.paper(some, {"single": 6, "multiple": 9}, 1)
    assert len(keys) == 11 == len(set(keys)) and keys == exam.paper(
        some, {"single": 6, "multiple": 9}, 1
    )
    assert [key[0] for key in keys] == ["s"] * 6 + ["m"] * 5  # as many as there are
    keys = exam.paper(some, {"single": 8}, 1, ["一", "二"], chapter)
    assert sum(int(key[1:]) < 3 for key in keys) == 3 and len(keys) == 8  # all that 一 has
    assert all(int(key[1:]) >= 3 for key in exam.paper(some, {"single": 8}, 1, ["二"], chapter))


def test_an_answer_in_other_words_waits_for_a_person() -> None:
    short = question("q", "short")
    rules = Rules({"short": 5.0})
    (open_,) = exam.marked([short], {"q": "别的"}, {}, rules)
    assert open_.points is None and not open_.right
    (judged,) = exam.marked([short], {"q": "别的"}, {"q": True}, rules)
    assert judged.points == 5.0 and judged.right
    assert exam.marked([short], {"q": "甲"}, {}, rules)[0].points == 5.0
    state = {"rules": {"minutes": 10}, "began": NOW}
    assert exam.left(state, NOW + 30) == 570 and exam.left(state, NOW + 601) == 0
    assert exam.left({**state, "rules": {"minutes": 0}}, NOW) is None


def test_an_exam_is_its_owner_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FILE", tmp_path / "page.db")
    number = store.begin_exam("me", "bank", {"at": 0})
    store.keep_exam("you", number, {"at": 9})
    assert store.exam("me", "bank") == (number, {"at": 0}) and store.exam("you", "bank") is None
    store.keep_exam("me", number, {"at": 3})
    assert store.exam("me", "bank") == (number, {"at": 3})


def test_chapters_are_the_headings_above() -> None:
    def heading(place: str, text: str) -> Entry:
        return Entry("a.docx", place, Finding.of("heading"), text)

    there = chapters.headings(
        [
            heading("p:9", "第二章  地理"),
            heading("p:1", "第一章 历史"),
            heading("p:2", "一、单项选择题（共 20 题）"),
            heading("p:30", "参考答案"),
        ]
    )
    named = {
        place: chapters.chapter({"file": "a.docx", "locator": place}, there)
        for place in ("p:3", "p:8", "p:9", "p:40", "t:1:r:2:c:3", "Sheet1!B7")
    }
    assert named == {
        "p:3": "第一章 历史", "p:8": "第一章 历史", "p:9": "第二章 地理", "p:40": "第二章 地理",
        "t:1:r:2:c:3": "a", "Sheet1!B7": "Sheet1",
    }  # fmt: skip
    assert chapters.chapter({"file": "b.docx", "locator": "p:3"}, there) == "b"


def test_mastery_counts_what_was_never_asked() -> None:
    some = [question("a"), question("b"), question("c", place=9)]
    known = learning.cards([("a", learning.GOOD, NOW), ("a", learning.GOOD, NOW + 700)])
    first, second = learning.mastery(some, lambda one: one.source["locator"], known, NOW + 800)
    assert (first.chapter, first.questions, first.seen, first.due) == ("p:1", 2, 1, 0)
    assert 0.45 < first.share <= 0.5 and second.share == 0 and second.seen == 0


def test_the_page_opens_what_make_web_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank and its index; another domain's where no data set was named."""
    names = {"a/data": "gongkao", "b/data": "gongkao", "c/data": "medical"}
    there = [catalog.Bank(tmp_path / name, name, domain) for name, domain in names.items()]
    monkeypatch.setattr(catalog, "banks", lambda: there)
    monkeypatch.setattr(banks, "settings", SimpleNamespace(get=lambda _: ""))
    monkeypatch.setattr(banks, "st", SimpleNamespace(session_state=SimpleNamespace(bank="")))
    found = server.Found(None, "down", domain.load("gongkao"))
    assert banks.chosen(found) == there[0]
    monkeypatch.setenv("TIKUFORGE_DOMAIN", "medical")
    assert banks.chosen(found) == there[2]
    monkeypatch.setenv("TIKUFORGE_DATA", str(tmp_path / "b" / "data"))
    monkeypatch.setenv("TIKUFORGE_INDEX", str(tmp_path / "i"))
    assert banks.chosen(found) == there[1]
    assert [bank.index for bank in there[:2]] == [tmp_path / "a" / "index", tmp_path / "i"]
