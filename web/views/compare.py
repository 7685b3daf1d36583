"""The compare page: two endpoints on one question, and blind votes on an evaluation's answers."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import streamlit as st

from core import chat
from core.errors import UserError
from core.files import read_json, read_jsonl
from core.thinking import parted
from web import access, catalog, conversation, feedback, frame, i18n, server, store, written
from web.i18n import say

PAIRS, VOTES = "eval/side_by_side.jsonl", "votes.jsonl"
SIDES = ("first", "second")


def endpoints() -> dict[str, chat.Endpoint]:
    """The deployed servers by the name under which they are shown."""
    found = {}
    for port in sorted({server.PORT, *chat.ports()}):
        try:
            one = chat.endpoint(port)
        except UserError:
            continue
        found[f"{one.model} ({port})"] = one
    return found


def live() -> None:
    """One question to two servers."""
    known = endpoints()
    names = list(known)
    if len(names) < 2:
        st.info(say("need_two"), icon=":material/info:")
        frame.for_admin("make deploy RUN=…\nmake deploy RUN=… ROLE=base PORT=23341")
        return
    left, right = st.columns(2)
    first = left.selectbox(say("endpoint", name="A"), names, index=0, key="compare_a")
    second = right.selectbox(say("endpoint", name="B"), names, index=1, key="compare_b")
    blind = st.toggle(say("blind"), value=True, help=say("blind_help"), key="compare_blind")
    with st.form("compare", border=False):
        question = st.text_area(say("question"), max_chars=4000, height=80, key="compare_question")
        sent = st.form_submit_button(say("ask_both"), type="primary")
    if sent and question.strip():
        pair = [first, second]
        if blind:
            random.shuffle(pair)
        st.session_state.pair = {"question": question.strip(), "names": pair, "blind": blind}
        st.session_state.pair["answers"] = stream_both([known[name] for name in pair], question)
        st.rerun()
    if shown := st.session_state.get("pair"):
        result(shown)


def stream_both(targets: list[chat.Endpoint], question: str) -> list[dict[str, Any]]:
    """Both answers at once, side by side as they grow."""
    system = server.find().domain.system
    sent = [{"role": "system", "content": system}, {"role": "user", "content": question.strip()}]
    slots = [column.empty() for column in st.columns(2)]
    began = time.monotonic()
    made: list[dict[str, Any]] = [{"text": "", "first": None, "seconds": None} for _ in targets]
    running = {
        side: conversation.pieces(target, sent, tick=0.05, temperature=0.0, max_tokens=256)
        for side, target in enumerate(targets)
    }
    while running:
        for side, pieces in list(running.items()):
            one = made[side]
            try:
                piece = next(pieces, "")  # the end yields nothing more
                if piece == "":
                    raise StopIteration
                if piece and one["first"] is None:
                    one["first"] = time.monotonic() - began
                one["text"] += piece or ""
                slots[side].markdown(written.markdown(parted(one["text"])[1]) + " ▌")
            except StopIteration:
                one["seconds"] = time.monotonic() - began
                del running[side]
            except UserError as error:
                one["problem"] = str(error)
                del running[side]
    return made


def result(shown: dict[str, Any]) -> None:
    """The two answers, the vote, and after it who they were."""
    open_ = not shown["blind"] or "winner" in shown
    frame.exact(shown["question"], "stem")
    for side, column in enumerate(st.columns(2)):
        one = shown["answers"][side]
        with column, st.container(border=True):
            st.caption(written.literal(shown["names"][side]) if open_ else say(SIDES[side]))
            answer(one["text"])
            if one.get("problem"):
                st.error(say("broken", reason=written.literal(one["problem"])))
            elif open_ and one["first"] is not None:
                st.caption(
                    say("took", first=f"{one['first']:.1f}", seconds=f"{one['seconds']:.1f}")
                )
    if "winner" not in shown:
        if (winner := ballot("live", shown["names"])) is not None:
            first, second = shown["names"]
            store.vote(access.owner(), shown["question"], first, second, winner)
            keep(shown, winner)
            shown["winner"] = winner
            st.rerun()
    else:
        won = say("tie") if shown["winner"] == "tie" else written.literal(shown["winner"])
        st.success(say("voted", winner=won), icon=":material/how_to_vote:")
    if rows := store.tally():
        head = (say("pair"), say("a_won"), say("b_won"), say("tie"))
        frame.table(
            head,
            [(f"A {r['a']} · B {r['b']}", r["a_won"], r["b_won"], r["tied"]) for r in rows],
            (1, 2, 3),
        )


def keep(shown: dict[str, Any], winner: str) -> None:
    """The vote with what was voted on, which training can learn from: whole answers alone, of two
    servers."""
    whole = not any(one.get("problem") for one in shown["answers"])
    said = [parted(one["text"])[1] for one in shown["answers"]]
    answers = dict(zip(shown["names"], said, strict=True))
    if whole and len(answers) == 2:
        domain = server.find().domain.name
        feedback.vote(domain, access.owner(), shown["question"], answers, winner)


def answer(text: str) -> None:
    """A model's answer, what it thought folded away."""
    thought, said = parted(text)
    conversation.thinking(thought)
    st.markdown(written.markdown(said) or say("empty"))


def ballot(key: str, names: list[str]) -> str | None:
    """The three buttons of a vote; the name of the better side, ``tie``, or None so far."""
    with st.container(horizontal=True, horizontal_alignment="center", key=f"ballot-{key}"):
        chosen = [
            st.button(say(label), key=f"{key}-{label}", icon=icon)
            for label, icon in (
                ("better_first", ":material/arrow_back:"),
                ("tie", ":material/drag_handle:"),
                ("better_second", ":material/arrow_forward:"),
            )
        ]
    for pressed, winner in zip(chosen, (names[0], "tie", names[1]), strict=True):
        if pressed:
            return winner
    return None


@st.cache_data(max_entries=4, show_spinner=False)
def _pairs(file: str, stamp: float) -> list[dict[str, Any]]:
    return list(read_jsonl(file))


def main_column(run: Path, names: list[str]) -> str:
    """The column that the run's card is about."""
    card = run / "report.json"
    main = read_json(card).get("main", "") if card.is_file() else ""
    return main if main in names and main != "base" else next(n for n in names if n != "base")


def blind() -> None:
    """Vote on the answers of an evaluation without knowing whose they are."""
    runs = catalog.runs(PAIRS)
    if not runs:
        st.info(say("no_pairs"), icon=":material/info:")
        frame.for_admin("make eval")
        return
    names = [catalog.name_of(run) for run in runs]
    run = runs[names.index(st.selectbox(say("run"), names, key="blind_run"))]
    file, votes = run / PAIRS, run / "eval" / VOTES
    pairs = [one for one in _pairs(str(file), file.stat().st_mtime) if "base" in one["answers"]]
    pairs = [one for one in pairs if len(one["answers"]) > 1]
    if not pairs:
        st.info(say("no_pairs"), icon=":material/info:")
        return
    main = main_column(run, list(pairs[0]["answers"]))
    done = {(v["suite"], v["id"]) for v in read_jsonl(votes)} if votes.is_file() else set()
    differ = [one for one in pairs if one["answers"]["base"] != one["answers"][main]]
    left = [one for one in differ if (one["suite"], one["id"]) not in done]
    st.caption(say("blind_left", done=len(done), left=len(left), same=len(pairs) - len(differ)))
    if not left:
        st.success(say("blind_done"), icon=":material/done_all:")
        frame.for_admin("make report")
        return
    one, sides = drawn(str(run), left, main)
    with st.container(border=True):
        frame.exact(one["question"], "stem")
        for name, side, column in zip(SIDES, sides, st.columns(2), strict=True):
            with column, st.container(border=True):
                st.caption(say(name))
                answer(one["answers"][side])
        with st.expander(say("show_expected")):
            frame.exact(one["expected"] or "—")
            if one.get("source"):
                st.caption(written.literal(catalog.place(one["source"], i18n.language())))
        if (winner := ballot("blind", sides)) is not None:
            vote = {"suite": one["suite"], "id": one["id"], "winner": winner}
            with feedback.appending(votes, vote):
                pass
            del st.session_state.blind
            st.rerun()


def drawn(run: str, left: list[dict[str, Any]], main: str) -> tuple[dict[str, Any], list[str]]:
    """The question that this visitor is at and the order of its sides: drawn once, and kept until
    the vote, whatever others vote meanwhile."""
    kept = st.session_state.get("blind")
    if not kept or kept["run"] != run:
        sides = random.sample(["base", main], 2)
        kept = {"run": run, "one": random.choice(left), "sides": sides}
        st.session_state.blind = kept
    return kept["one"], kept["sides"]


def page() -> None:
    """The page from top to bottom."""
    st.title(say("compare"))
    if disclaimer := i18n.disclaimer(server.find().domain):
        st.caption(disclaimer)
    tabs = st.tabs([say("compare_live"), say("compare_blind")])
    with tabs[0]:
        live()
    with tabs[1]:
        blind()


page()
