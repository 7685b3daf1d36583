"""The train page: a base, a recipe and the data set; the estimate, the training while it goes on,
and what follows it. The jobs are :mod:`web.training`'s."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from core import journal
from core.errors import UserError
from core.files import MODELS, WORK_DIRS
from web import access, banks, catalog, frame, i18n, server, training, written
from web.i18n import say
from web.training import Choice

LINES = 40  # of a log
ANSWERS = 4  # samples shown


@st.cache_data(ttl=600, max_entries=8, show_spinner=False)
def recipes(data: str, language: str, stamp: float) -> tuple[list[dict[str, Any]], str]:
    """The recipes, those that run on this machine first; asked anew after a change (``stamp``)."""
    found, problem = training.recipes(WORK_DIRS / data, language)
    return sorted(found, key=lambda one: bool(one["lacks"])), problem


def choose(bank: catalog.Bank) -> Choice | None:
    """Base, recipe, epochs, evidence; None where the recipe cannot run here, which is said."""
    with st.spinner(say("looking_recipes")):
        stamp = max(file.stat().st_mtime for file in (bank.folder, MODELS) if file.is_dir())
        there, problem = recipes(catalog.name_of(bank.folder), i18n.language(), stamp)
    if problem:
        st.error(written.literal(problem), icon=":material/error:")
        return None
    able = {one["base"] for one in there if not one["lacks"]}
    left, right = st.columns(2)
    base = left.selectbox(
        say("base"),
        list(dict.fromkeys(one["base"] for one in there)),
        format_func=lambda name: name if name in able else say("not_here", name=name),
        key="train_base",
    )
    some = {one["name"]: one for one in there if one["base"] == base}
    recipe = some[
        right.selectbox(
            say("recipe"),
            list(some),
            format_func=lambda name: f"{name.removesuffix('.py')} · {some[name]['method']}",
            key=f"train_recipe_{base}",
        )
    ]
    usual = recipe["epochs"]
    left, right = st.columns(2, vertical_alignment="bottom")  # under both, also on a telephone
    epochs = left.number_input(say("epochs"), 1, 100, usual, key=f"train_epochs_{recipe['name']}")
    evidence = recipe["evidence"] and right.toggle(
        say("with_evidence"), help=say("with_evidence_help"), key="train_evidence"
    )
    if recipe["lacks"]:
        st.warning(say("lacks"), icon=":material/block:")
        for line in recipe["lacks"]:
            frame.exact(line)
        return None
    return Choice(bank, recipe, int(epochs), bool(evidence))


def lasting(seconds: float) -> str:
    """A time that something takes."""
    if seconds < 120:
        return say("seconds", n=round(seconds))
    return say("minutes", n=round(seconds / 60)) if seconds < 7200 else f"{seconds / 3600:.1f} h"


def begin(choice: Choice, verb: str, *more: str) -> None:
    """Start a job, or say why not."""
    try:
        training.start(choice, verb, *more)
    except UserError as error:
        st.error(written.literal(str(error)), icon=":material/error:")
        return
    st.rerun()


@st.fragment(run_every=1)
def working() -> None:
    """The job that runs: how far it is, its figures, its log, and the button that stops it."""
    i18n.speak()
    now = training.running()
    if not now:
        catalog.look_again()
        server.forget_state()
        st.rerun()
    job = now["job"]
    text = f"{say('verb_' + now['verb'])} · {written.literal(now['about'])}"
    if job["total"]:
        text += " · " + say("step_of", done=f"{job['done']:,}", total=f"{job['total']:,}")
    if job["left"]:
        text += " · " + say("left_about", time=lasting(job["left"]))
    with st.container(border=True, key="working"):
        st.progress(job["share"] if job["total"] else 0.0, text=text)
        if now["verb"] == "train":
            curve(now["run"])
        if job.get("stopping"):
            st.caption(say("stopping"))
        if st.button(say("stop_job"), icon=":material/stop_circle:", key="stop_job"):
            training.stop()
        log(job)


@st.fragment(run_every=3)
def watch(was: tuple[Any, ...]) -> None:
    """Another tab may start a job, or end one, or both between two looks: this one follows."""
    if training.mark() != was:
        catalog.look_again()
        st.rerun()


def curve(run: Any) -> None:
    """The loss so far, and what the model answers to questions that it learns."""
    losses = [point["loss"] for point in journal.lines(run / "loss.jsonl")]
    if losses:
        recent = losses[-10:]
        told = say("loss_now", loss=f"{sum(recent) / len(recent):.3f}", step=len(losses))
        frame.curve(losses, told)
        st.caption(told)
    samples = list(journal.lines(run / "samples.jsonl"))[-ANSWERS:]
    if samples:
        st.caption(say("samples"))
        frame.table(
            [say(name) for name in ("question", "answer", "model_said")],
            [(one["question"], one["expected"], one["given"]) for one in samples],
        )


def log(job: dict[str, Any]) -> None:
    """The end of what a job printed."""
    if job.get("log"):
        with st.expander(say("log"), icon=":material/terminal:"):
            frame.exact("\n".join(job["log"].splitlines()[-LINES:]), "log")


def stand(verb: str, job: dict[str, Any]) -> str:
    """How a job stands, in a word."""
    if job["state"] == "failed":
        return say("job_failed", reason=written.literal(job["error"]))
    return say("job_old" if job.get("old") else f"job_{job['state']}")


def stage(choice: Choice, verb: str, able: bool, next_: bool) -> None:
    """One job of the run: how it stands, what it found, the buttons that begin it."""
    job = training.standing(choice.run, verb)
    with st.container(border=True, key=f"stage-{verb}"):
        st.markdown(f"**{say('verb_' + verb)}**　{stand(verb, job)}")
        if job["state"] == "running":  # above is all there is to say and do
            return
        if verb == "estimate":
            figures(training.estimated(choice))
        if verb == "train":
            result(choice)
        if needed := choice.missing(verb):
            st.caption(say("makes_first", names="、".join(needed)))
        with st.container(horizontal=True):
            kind: Literal["primary", "secondary"] = "primary" if next_ else "secondary"
            for name, more in buttons(choice, verb).items():
                label = say(f"begin_{name}")
                if st.button(label, key=f"begin-{name}", type=kind, disabled=not able):
                    begin(choice, verb, *more)
                kind = "secondary"
            if verb == "eval" and (choice.run / "report.json").is_file():
                st.page_link("views/card.py", label=say("go_card"), icon=":material/leaderboard:")
        log(job)


def buttons(choice: Choice, verb: str) -> dict[str, tuple[str, ...]]:
    """What may be begun: the button's name, and the options it adds."""
    if verb != "train":
        return {verb: ()}
    state = training.trained(choice.run).get("status")
    if state == "trained":
        return {"over": ("--force=1",)}
    return {"resume": ("--resume=1",), "over": ("--force=1",)} if state else {"train": ()}


def figures(found: dict[str, Any]) -> None:
    """What the estimate says."""
    if not found:
        return
    told = []
    if "parameters" in found:
        counts = {name: f"{found[name] / 1e6:,.1f}" for name in ("parameters", "trainable")}
        told.append(say("estimate_size", **counts))
    memory = found.get("peak_gb") or found.get("memory_gb", {}).get("total")
    if memory:
        told.append(say("estimate_memory", gb=f"{memory:.1f}"))
    if "seconds" in found:
        told.append(say("estimate_time", n=found["steps"], time=lasting(found["seconds"])))
    st.caption("；".join(told) if i18n.language() == "zh" else "; ".join(told))


def result(choice: Choice) -> None:
    """What was trained last."""
    found = training.trained(choice.run)
    if found.get("status") == "trained":
        loss = f"{found['loss']:.3f}"
        st.caption(say("trained_at", at=found["finished"], steps=found["steps"], loss=loss))
        curve(choice.run)
    elif found:
        st.caption(say("unfinished"))


def stages(choice: Choice) -> None:
    """The run's jobs in their order; the first that was not done is the next."""
    free = not training.running()
    trained = training.trained(choice.run).get("status") == "trained"
    ready = bool(training.estimated(choice))
    done = {
        verb: (job := training.standing(choice.run, verb))["state"] == "done" and not job.get("old")
        for verb in training.STAGES
    }
    done |= {"estimate": ready, "train": trained}
    next_ = next((verb for verb in training.STAGES if not done[verb]), "")
    if not ready:
        st.caption(say("estimate_first"))
    for verb in training.STAGES:
        may = {"estimate": True, "train": ready}.get(verb, trained)
        stage(choice, verb, free and may, free and verb == next_)
    if training.served(choice.run):
        with st.container(key="served", horizontal=True, vertical_alignment="center"):
            st.caption(say("served_here", port=server.PORT))
            if st.button(say("begin_stop"), key="begin-stop", disabled=not free):
                begin(choice, "stop")
            if (job := training.standing(choice.run, "stop"))["state"] == "failed":
                st.caption(stand("stop", job))


def page() -> None:
    """The page from top to bottom."""
    st.title(say("train"))
    if not access.may_edit():
        st.info(say("no_trainer"), icon=":material/lock:")
        return
    st.caption(say("train_help"))
    bank = banks.chosen(server.find())
    if bank is None:
        st.info(say("no_bank"), icon=":material/dataset:")
        return
    mark = training.mark()
    if training.running():
        working()
    else:
        watch(mark)
    if choice := choose(bank):
        stages(choice)


page()
