"""``streamlit run web/app.py`` (= ``make web``): the frame around the pages in ``web/views``."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # streamlit puts the script's folder there, not the repository
    sys.path.insert(0, str(ROOT))

PAGES = (
    ("chat", ":material/forum:"),
    ("quiz", ":material/quiz:"),
    ("talk", ":material/record_voice_over:"),
    ("compare", ":material/compare_arrows:"),
    ("data", ":material/dataset:"),
    ("train", ":material/model_training:"),
    ("card", ":material/leaderboard:"),
    ("feedback", ":material/rate_review:"),
)


def main() -> None:
    """Set the page up, let in whom it may, and run the chosen view."""
    from web import access, banks, frame, i18n, server, sidebar
    from web.i18n import say

    i18n.remember()
    banks.remember()
    found = server.find()
    st.set_page_config(page_title=i18n.title(found.domain), page_icon="📚", layout="centered")
    frame.around()
    if reason := access.refused():
        st.error(say(reason), icon=":material/lock:")
        st.stop()
    if access.waits():
        st.title(i18n.title(found.domain))
        st.button(say("log_in"), on_click=st.login, type="primary", icon=":material/login:")
        st.stop()
    shown = [one for one in PAGES if one[0] not in ("data", "train") or access.may_edit()]
    views = [
        st.Page(
            ROOT / "web" / "views" / f"{name}.py",
            title=say(name),
            icon=icon,
            url_path=name,
            default=name == "chat",
        )
        for name, icon in shown
    ]
    view = st.navigation(views, position="top")
    frame.bottom(views)
    i18n.choose()
    if view.url_path in ("", "chat", "quiz", "talk", "train"):
        banks.bar(found)
    view.run()
    sidebar.about(found)


main()
