"""Which language a person reads: chosen once, at the edge; a message is written once in each.

``TIKU_LANG`` (what ``./tiku --lang`` sets) is ``zh``, ``en`` or ``both``; without it the terminal's
own language counts (``LC_ALL``, ``LC_MESSAGES``, ``LANG``), and where that is neither Chinese nor
English (``C.UTF-8`` in a bare container) both stand beside each other, Chinese first. The page
chooses for each reader (:func:`choose` in that reader's thread).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar

VARIABLE = "TIKU_LANG"
LANGUAGES = ("zh", "en", "both")

_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def words(zh: str, en: str) -> str:
    """``zh`` or ``en``, or both with a space between: a message, or a part of one that stands by
    itself. Each is whole: names, numbers and commands are in both."""
    language = chosen()
    if language == "both":
        return f"{zh} {en}"
    return zh if language == "zh" else en


def choose(language: str | None) -> None:
    """Let this thread (and what it starts by ``contextvars``) speak ``language``; None: as the
    process does. Raises :class:`ValueError` for one that is none of :data:`LANGUAGES`."""
    if language is not None and language not in LANGUAGES:
        raise ValueError(language)
    _chosen.set(language)


def settle(asked: str) -> None:
    """Let this process and all that it starts speak ``asked``; empty: as before. Raises
    :class:`UserError` that names the nearest for one that is none of :data:`LANGUAGES`."""
    from core.errors import UserError  # imports this module
    from core.hints import nearest

    if asked and asked not in LANGUAGES:
        near = nearest(asked[:2] if asked[:2].lower() in LANGUAGES else asked, LANGUAGES)
        choices = ", ".join(LANGUAGES)
        raise UserError(f"{VARIABLE}={asked}: {words('可选', 'choose from')} {choices}{near}")
    if asked:
        os.environ[VARIABLE] = asked


def chosen() -> str:
    """One of :data:`LANGUAGES`."""
    return _chosen.get() or of(os.environ)


def of(environment: Mapping[str, str]) -> str:
    """What an environment asks for. A ``TIKU_LANG`` that is none of :data:`LANGUAGES` is refused
    at the command line (``commands/main.py``) and counts as not set here."""
    if (asked := environment.get(VARIABLE, "")) in LANGUAGES:
        return asked
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name, ""):
            language = value.lower()[:2]
            return language if language in ("zh", "en") else "both"
    return "both"
