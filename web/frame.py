"""What stands around every page: its style, this browser's cookie, Chinese words for Streamlit's
own, and the small buttons under an answer."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from web import access, i18n, settings
from web.i18n import say

PARTS = Path(__file__).resolve().parent / "parts"


@cache
def _read(name: str) -> str:
    return (PARTS / name).read_text(encoding="utf-8")


@st.cache_resource
def _frame() -> Any:
    return component("tikuforge_frame", js=_read("frame.js"), isolate_styles=False)


@st.cache_resource
def _actions() -> Any:
    return component(
        "tikuforge_actions",
        html='<div class="row"></div>',
        css=_read("actions.css"),
        js=_read("actions.js"),
    )


@st.cache_resource
def _options() -> Any:
    return component(
        "tikuforge_options",
        html='<div class="options"></div>',
        css=_read("options.css"),
        js=_read("options.js"),
    )


@st.cache_resource
def _talk() -> Any:
    return component(
        "tikuforge_talk", html=_read("talk.html"), css=_read("talk.css"), js=_read("talk.js")
    )


def talk(key: str, number: int, wav: str) -> dict[str, Any]:
    """The figure and the open microphone of a spoken dialogue. ``number``: how often the page
    spoke; ``wav``: what it says now (WAV, base64). Returns what the browser heard: ``wav``, or
    ``begin`` when the dialogue starts."""
    names = [
        "begin",
        "end",
        "face",
        "record",
        "film",
        "figure",
        "idle",
        "listening",
        "hearing",
        "thinking",
        "speaking",
        "no_microphone",
    ]
    labels = {name: say(f"talk_now_{name}") for name in names}
    result = _talk()(
        data={"number": number, "wav": wav, "labels": labels}, key=key, on_said_change=lambda: None
    )
    return dict(result.said or {})


def options(
    key: str,
    there: dict[str, str],
    several: bool,
    judge: bool,
    given: str = "",
    right: str | None = None,
) -> str:
    """The options of a question as cards; returns the letters when they are sent. ``right``: the
    right letters, once the question was answered with ``given``."""
    result = _options()(
        data={
            "id": key,
            "options": list(there.items()),
            "several": several,
            "judge": judge,
            "given": given,
            "right": right,
            "labels": {
                "answer": say("your_answer"),
                "submit": say("submit"),
                "mine": say("your_choice"),
                "right": say("right_option"),
            },
        },
        key=key,
        on_sent_change=lambda: None,
    )
    return str(result.sent or "")


@cache
def _colours() -> str:
    """The theme's colours by the names that Streamlit gives them within components, for the whole
    page: outside of them it names none."""
    names = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor")
    rules = ""
    for scheme in ("light", "dark"):
        said = "".join(
            f"--st-{re.sub('[A-Z]', lambda found: f'-{found.group().lower()}', name)}:"
            f"{st.get_option(f'theme.{scheme}.{name}')};"
            for name in (*names, "borderColor")
        )
        rules += f"@media (prefers-color-scheme: {scheme}) {{ :root {{ {said} }} }}\n"
    return rules


def around() -> None:
    """Put the frame around the page."""
    st.html(f"<style>{_colours()}{_read('page.css')}</style>")
    language = i18n.language()
    with st.container(key="frame"):
        _frame()(
            data={
                "token": access.token(),
                "chosen": settings.cookie(),
                "language": language,
                "words": i18n.WIDGETS if language == "zh" else {},
                "patterns": i18n.WIDGET_PATTERNS if language == "zh" else [],
            },
            key="frame_js",
        )


def actions(
    key: str,
    text: str,
    buttons: Sequence[str],
    chosen: str = "",
    browser: bool = True,
    network: bool = False,
) -> str:
    """The buttons under an answer; returns the one that was pressed (copying and the browser's own
    voice happen in the browser and return nothing). ``network``: a voice of a network service may
    be used where the device has none of its own."""
    labels = {name: say(f"act_{name}") for name in (*buttons, "mute")}
    result = _actions()(
        data={
            "text": text,
            "buttons": list(buttons),
            "chosen": chosen,
            "browser": browser,
            "network": network,
            "labels": labels,
        },
        key=key,
        on_action_change=lambda: None,
    )
    return str(result.action or "")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], figures: Iterable[int] = ()) -> None:
    """A plain table; every cell is text (escaped), those in the columns ``figures`` to the right.

    A cell that is a :class:`Markup` of ours is put in as it is."""
    right = set(figures)

    def cells(row: Sequence[Any], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=figure' if i in right else ''}>"
            f"{cell.html if isinstance(cell, Markup) else html.escape(str(cell))}</{tag}>"
            for i, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    st.html(
        f"<div class=scroll tabindex=0 role=region aria-label='{html.escape(say('a_table'))}'>"
        f"<table class=plain><thead><tr>{cells(head, 'th')}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


class Markup:
    """HTML that we wrote ourselves (never a document's, a model's or a person's)."""

    def __init__(self, html: str) -> None:
        self.html = html


def bar(value: float | None, interval: tuple[float, float], grey: bool = False) -> Markup:
    """A share (0 to 1) as a bar with its 95% ``interval``."""
    low, high = interval
    if value is None:
        return Markup("")
    return Markup(
        f"<div class='bar{' grey' if grey else ''}'><i style='width:{100 * value:.1f}%'></i>"
        f"<b style='left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%'></b></div>"
    )


def curve(values: Sequence[float], label: str) -> None:
    """The area under ``values`` (one at least); ``label`` tells it to a screen reader. A clipped
    box: Streamlit lets no SVG through."""
    drawn, top = values[:: max(1, len(values) // 300)], max(values) or 1
    points = "".join(
        f",{100 * at / max(1, len(drawn) - 1):.1f}% {100 - 97 * value / top:.1f}%"
        for at, value in enumerate(drawn)
    )
    st.html(
        f"<div class=curve role=img aria-label='{html.escape(label)}' "
        f"style='clip-path:polygon(0% 100%{points},100% 100%)'></div>"
    )


def steps(label: str, names: Sequence[str], at: int) -> None:
    """The steps of a way in order; those before ``at`` lie behind, ``at`` is where it stands."""
    lines = "".join(
        f"<li{' aria-current=step' if number == at else ''}>"
        f"{'✓' if number < at else number + 1} {html.escape(name)}</li>"
        for number, name in enumerate(names)
    )
    st.html(f"<ol class=steps aria-label='{html.escape(label)}'>{lines}</ol>", width="content")


def bottom(views: Iterable[Any]) -> None:
    """The pages in a bar at the foot of a telephone, where a thumb reaches them."""
    with st.container(key="bottom_bar", horizontal=True, gap=None):
        for view in views:
            st.page_link(view, label=view.title, icon=view.icon)


def for_admin(command: str) -> None:
    """A command of the terminal, folded away: a learner has no use for it."""
    if access.may_edit():
        with st.expander(say("for_admin"), icon=":material/terminal:"):
            st.code(command, language="bash", wrap_lines=True)


def exact(text: str, kind: str = "", mark: str = "") -> None:
    """``text`` exactly as it is stored: no Markdown, spaces and line breaks as they stand.
    ``kind``: a class of ``parts/page.css``; ``mark``: plain words in bold before it."""
    before = f"<b>{html.escape(mark)}</b>　" if mark else ""
    st.html(f"{before}<span class='exact {kind}'>{html.escape(text)}</span>")


def passage(place: str, text: str, here: bool) -> None:
    """A paragraph or cell of a document, as text; ``here`` marks the one that is meant."""
    mark = " here" if here else ""
    st.html(
        f"<div class='passage{mark}'><small>{html.escape(place)}</small>{html.escape(text)}</div>"
    )
