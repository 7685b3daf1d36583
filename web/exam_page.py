"""The exam on the page: what is drawn, the paper with its clock and answer sheet, the marking."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from core.files import WORK_DIRS
from web import access, editor, exam, frame, i18n, learning, store
from web.exam import Result, Rules
from web.i18n import say
from web.quiz import Question

Chapter = Callable[[Question], str]
USUAL = {"single": 1.0, "multiple": 2.0, "judge": 1.0, "short": 5.0}
MOST = 100  # questions of one kind


def show(bank: str, questions: Sequence[Question], chapter: Chapter) -> None:
    """The exam that runs or was marked last, else the form for a new one."""
    found = store.exam(access.owner(), bank)
    by_key = {one.key: one for one in questions}
    if found is None or st.session_state.get("exam_new") == bank:
        begin(bank, questions, chapter)
        return
    number, state = found
    paper = [by_key[key] for key in state["keys"] if key in by_key]  # a rebuilt bank may lack some
    rest = exam.left(state, time.time())
    if not state["ended"] and rest == 0:
        finish(bank, number, state, paper)
    if state["ended"] or not paper:
        marked(bank, number, state, paper)
    else:
        sit(bank, number, state, paper)


def rules_of(state: dict[str, Any]) -> Rules:
    """The rules that an exam was begun under."""
    return Rules(**state["rules"])


def begin(bank: str, questions: Sequence[Question], chapter: Chapter) -> None:
    """How many of each kind, from which chapters, for how many points and minutes."""
    there = Counter(one.kind for one in questions)
    names = list(dict.fromkeys(map(chapter, questions)))
    with st.form("exam_form", border=True):
        wanted, points = {}, {}
        for kind in (kind for kind in exam.KINDS if there[kind]):
            left, right = st.columns(2)
            most = min(MOST, there[kind])
            label = say("exam_count", kind=say(f"kind_{kind}"), all=there[kind])
            wanted[kind] = left.number_input(label, 0, most, min(10, most), key=f"exam_n_{kind}")
            worth = say("exam_points", kind=say(f"kind_{kind}"))
            points[kind] = right.number_input(
                worth, 0.5, 100.0, USUAL[kind], 0.5, key=f"exam_p_{kind}"
            )
        chapters = st.multiselect(say("exam_chapters"), names, help=say("exam_chapters_help"))
        partial = st.segmented_control(
            say("exam_partial"),
            exam.PARTIAL,
            default="half",
            required=True,
            format_func=lambda name: say(f"partial_{name}"),
        )
        minutes = st.number_input(say("exam_minutes"), 0, 600, 60, help=say("exam_minutes_help"))
        started = st.form_submit_button(say("exam_begin"), type="primary")
    if not started:
        return
    seed = time.time_ns()
    keys = exam.paper(questions, {k: int(n) for k, n in wanted.items()}, seed, chapters, chapter)
    if not keys:
        st.warning(say("quiz_none"))
        return
    rules = {"points": points, "partial": partial, "minutes": int(minutes)}
    state = {"keys": keys, "rules": rules, "began": time.time(), "ended": 0, "at": 0}
    store.begin_exam(access.owner(), bank, {**state, "answers": {}, "judged": {}})
    st.session_state.pop("exam_new", None)
    st.rerun()


@st.fragment(run_every=1)
def clock(state: dict[str, Any]) -> None:
    """The time that is left; the paper is handed in where it is over."""
    i18n.speak()
    rest = exam.left(state, time.time())
    if rest == 0:
        st.rerun()
    if rest is not None:
        minutes, seconds = divmod(int(rest), 60)
        st.caption(say("exam_left", time=f"{minutes}:{seconds:02d}"))


def sit(bank: str, number: int, state: dict[str, Any], paper: Sequence[Question]) -> None:
    """One question of the paper, with the answer sheet below."""
    clock(state)
    at = min(int(state["at"]), len(paper) - 1)
    asked = paper[at]

    def go(to: int) -> None:
        state["at"] = max(0, min(to, len(paper) - 1))
        store.keep_exam(access.owner(), number, state)

    with st.container(border=True):
        place = say("quiz_number", at=at + 1, all=len(paper))
        st.caption(f"{place} · {say(f'kind_{asked.kind}')}")
        frame.exact(asked.stem, "stem")
        if given := answer(asked, state["answers"].get(asked.key, ""), number):
            state["answers"][asked.key] = given
            go(at + 1)
            st.rerun()
    with st.container(horizontal=True, gap="small", key="sheet"):
        for place_, one in enumerate(paper):
            done = one.key in state["answers"]
            kind: Literal["primary", "secondary", "tertiary"] = "secondary" if done else "tertiary"
            kind = "primary" if place_ == at else kind
            mark = "✓" if done else ""
            st.button(
                f"{place_ + 1}{mark}", key=f"sheet-{place_}", type=kind, on_click=go, args=(place_,)
            )
    open_ = len(paper) - sum(one.key in state["answers"] for one in paper)
    with st.popover(say("exam_hand_in")):
        st.write(say("exam_open", n=open_) if open_ else say("exam_all"))
        if st.button(say("exam_hand_in"), type="primary", key="hand_in"):
            finish(bank, number, state, paper)
            st.rerun()


def answer(asked: Question, given: str, number: int) -> str:
    """What the learner says now; what was said before stands there."""
    if asked.options:
        key = f"exam-{number}-{asked.key}"
        several, judge = asked.kind == "multiple", asked.kind == "judge"
        return frame.options(key, asked.options, several, judge, given)
    with st.form(f"exam-{asked.key}", border=False):
        said = st.text_area(say("your_answer"), given, max_chars=2000)
        sent = st.form_submit_button(say("submit"), type="primary")
    return said.strip() if sent else ""


def finish(bank: str, number: int, state: dict[str, Any], paper: Sequence[Question]) -> None:
    """Hand the paper in: what was answered counts as practice, too."""
    state["ended"] = time.time()
    for one in exam.marked(paper, state["answers"], {}, rules_of(state)):
        if one.given and one.points is not None:
            rating = learning.rating(one.right)
            store.tried(access.owner(), bank, one.asked.key, one.right, rating)
    store.keep_exam(access.owner(), number, state)


def marked(bank: str, number: int, state: dict[str, Any], paper: Sequence[Question]) -> None:
    """The marks, and every question that did not earn all its points."""
    results = exam.marked(paper, state["answers"], state["judged"], rules_of(state))
    total, full = sum(one.points or 0 for one in results), sum(one.full for one in results)
    took = int(state["ended"] or time.time()) - int(state["began"])
    with st.container(horizontal=True, gap="medium"):
        st.metric(say("exam_score"), f"{total:g} / {full:g}", width="content")
        st.metric(say("exam_took"), f"{took // 60}:{took % 60:02d}", width="content")
    rows = []
    for kind in exam.KINDS:
        some = [one for one in results if one.asked.kind == kind]
        if some:
            earned, worth = sum(one.points or 0 for one in some), sum(one.full for one in some)
            right = sum(one.right for one in some)
            rows.append((say(f"kind_{kind}"), f"{right} / {len(some)}", f"{earned:g} / {worth:g}"))
    frame.table([say("kind"), say("right"), say("exam_score")], rows, (1, 2))
    for place, one in enumerate(results, 1):
        if not one.right:
            mistake(bank, number, state, place, one)
    if st.button(say("exam_again"), type="primary", key="exam_again"):
        st.session_state.exam_new = bank
        st.rerun()


def mistake(bank: str, number: int, state: dict[str, Any], place: int, one: Result) -> None:
    """One question to look at again."""
    asked = one.asked
    with st.container(border=True):
        points = "?" if one.points is None else f"{one.points:g}"
        st.caption(f"{place}. {say(f'kind_{asked.kind}')} · {points} / {one.full:g}")
        frame.exact(asked.stem, "stem")
        if asked.options:
            key = f"look-{number}-{asked.key}"
            several, judge = asked.kind == "multiple", asked.kind == "judge"
            frame.options(key, asked.options, several, judge, one.given, asked.letters)
        else:
            frame.exact(one.given or "—", "answer", say("your_answer"))
        frame.exact(asked.answer, "answer", say("bank_answer"))
        if asked.explanation:
            frame.exact(asked.explanation, "answer", say("explanation"))
        editor.mend(WORK_DIRS / bank, asked.source, f"exam-{asked.key}")
        if one.points is None:
            for name, right in (("was_right", True), ("was_wrong", False)):
                if st.button(say(name), key=f"{name}-{asked.key}"):
                    state["judged"][asked.key] = right
                    store.keep_exam(access.owner(), number, state)
                    rating = learning.rating(right)
                    store.tried(access.owner(), bank, asked.key, right, rating)
                    st.rerun()
