"""The feedback page: what readers said, and corrections that wait for a judgement."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import domain as domains
from web import access, catalog, feedback, frame, i18n, inquiries, server, written
from web.i18n import say

MOST = 20  # corrections shown at once


def chosen() -> str:
    """The domain whose feedback is shown; the served one first."""
    names = domains.names()
    served = server.find().domain.name
    return str(
        st.selectbox(
            say("domain"),
            names,
            index=names.index(served) if served in names else 0,
            format_func=lambda one: i18n.title(domains.load(one)),
            key="feedback_domain",
        )
    )


def correction(domain: str, one: dict[str, Any]) -> None:
    """One correction: what was asked, said and proposed; accept it, mended or not, or reject."""
    with st.container(border=True):
        st.caption(written.literal(f"{one['at']} · {one['model']}"))
        frame.exact(one["answer"] or "—", "", say("model_said"))
        question = st.text_area(say("question"), one["question"], key=f"q-{one['id']}", height=70)
        answer = st.text_area(
            say("right_answer"), one["correction"], key=f"a-{one['id']}", height=80
        )
        for source in one["evidence"][:3]:
            frame.passage(catalog.place(source, i18n.language()), source.get("text", ""), False)
        with st.container(horizontal=True):
            ready = bool(question.strip() and answer.strip())
            if st.button(
                say("accept"),
                key=f"yes-{one['id']}",
                type="primary",
                icon=":material/check:",
                disabled=not ready,
            ):
                feedback.judge(domain, one["id"], True, question, answer)
                st.rerun()
            if st.button(say("reject"), key=f"no-{one['id']}", icon=":material/close:"):
                feedback.judge(domain, one["id"], False)
                st.rerun()


def pending(domain: str) -> None:
    """The corrections that wait."""
    waiting = feedback.pending(domain)
    if not waiting:
        st.info(say("nothing_waits"), icon=":material/inbox:")
    for one in waiting[:MOST]:
        correction(domain, one)
    if len(waiting) > MOST:
        st.caption(say("more_wait", n=len(waiting) - MOST))


def accepted(domain: str) -> None:
    """What was accepted, and how it comes into the data."""
    file = feedback.accepted(domain)
    if file is None:
        st.info(say("none_accepted"), icon=":material/inbox:")
        return
    taken = [one for one in feedback.judged(domain).values() if one["accepted"]]
    frame.table(
        (say("question"), say("right_answer")), [(t["question"], t["answer"]) for t in taken]
    )
    st.caption(say("take_in"))
    bank = "、".join(domains.load(domain).bank) and " ".join(domains.load(domain).bank)
    name = f"work_dirs/{catalog.name_of(file)}"
    frame.for_admin(f'make data DOMAIN={domain} BANK="{bank + " " if bank else ""}{name}"')


def all_of(domain: str) -> None:
    """Everything that was said, the last first."""
    said = feedback.counted(feedback.said(domain))
    ups = sum(one["verdict"] == "up" for one in said)
    downs = sum(one["verdict"] == "down" for one in said)
    st.caption(say("thumbs", up=ups, down=downs, corrections=len(said) - ups - downs))
    if said:
        frame.table(
            [say(name) for name in ("at", "verdict", "question", "answer")],
            [
                (
                    one["at"][5:16],
                    say(f"said_{one['verdict']}"),
                    one["question"],
                    one["answer"][:200],
                )
                for one in said[:200]
            ],
        )


def asked_for(domain: str) -> None:
    """What was asked and found nothing, or displeased; and for how long such questions are kept."""
    kept = inquiries.days()
    told = st.segmented_control(
        say("asked_keep"),
        [0, *inquiries.DAYS],
        default=kept,
        required=True,
        format_func=lambda number: say("asked_days", n=number) if number else say("asked_off"),
        key=f"asked-{kept}",
        help=say("asked_help"),
    )
    if told != kept:
        inquiries.keep(int(told))
        st.rerun()
    if not kept:
        st.info(say("asked_none"), icon=":material/visibility_off:")
        return
    there = inquiries.wanting(domain)
    if not there:
        st.caption(say("asked_nothing"))
    for one in there[:MOST]:
        with st.container(border=True, key=f"wanting-{one['message']}"):
            frame.exact(one["question"])
            why = [say(f"asked_{name}") for name in ("refused", "down") if one[name]]
            st.caption(f"{say('asked_times', n=one['times'])} · {'、'.join(why)}")
            if st.button(say("asked_take"), key=f"take-{one['message']}", icon=":material/add:"):
                take(domain, one)
    if lines := inquiries.lines(domain):
        with st.expander(say("asked_all", n=len(lines))):
            frame.table([say(f"asked_{name}") for name in COLUMNS], map(told_of, lines), (5,))


COLUMNS = ("who", "question", "evidence", "thumb", "model", "seconds")


def told_of(line: dict[str, Any]) -> tuple[str, ...]:
    """A line of what was asked, for the table."""
    places = " · ".join(catalog.place(one, i18n.language()) for one in line["evidence"][:2])
    found = say("asked_refused") if line["refused"] else places or "—"
    thumb = say(f"said_{line['thumb']}") if line["thumb"] else "—"
    return line["who"], line["question"], found, thumb, line["model"], f"{line['seconds']:.1f}"


def take(domain: str, one: dict[str, Any]) -> None:
    """Let a question wait among the corrections, where its answer is written."""
    sources = [{"source": place} for place in one["evidence"]]
    message = {"id": one["message"], "content": "", "extra": {"model": one["model"]}}
    message["extra"] |= {"passages": sources}
    feedback.add(domain, access.owner(), one["question"], message, "correction")
    inquiries.take(domain, one["question"])
    st.toast(say("asked_taken"), icon=":material/check:")
    st.rerun()


def page() -> None:
    """The page from top to bottom."""
    st.title(say("feedback"))
    st.caption(say("feedback_help"))
    domain = chosen()
    if not access.may_edit():
        st.info(say("no_judge"), icon=":material/lock:")
        return
    waiting = len(feedback.pending(domain))
    names = ("tab_pending", "tab_accepted", "tab_all", "tab_asked")
    tabs = st.tabs([say(name, n=waiting) for name in names])
    for tab, show in zip(tabs, (pending, accepted, all_of, asked_for), strict=True):
        with tab:
            show(domain)


page()
