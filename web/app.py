"""``streamlit run web/app.py`` (= ``make web``): the frame around the pages in ``web/views``."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # streamlit puts the script's folder there, not the repository
    sys.path.insert(0, str(ROOT))


def main() -> None:
    """Set the page up and run the chosen view."""
    from web import server, texts

    found = server.find()
    st.set_page_config(page_title=found.domain.title, page_icon="📚", layout="centered")
    texts.choose()
    view = st.navigation(
        [st.Page(ROOT / "web" / "views" / "chat.py", title=texts.say("chat"), default=True)],
        position="hidden",  # until there is a second page
    )
    view.run()


main()
