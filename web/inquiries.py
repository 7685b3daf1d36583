"""What was asked: kept off unless an editor switches it on, under a name that nobody can lead back,
for as many days as they say. The questions that found no evidence, or whose answer was thumbed
down, are the next things to put into the bank.

A line goes with its conversation when its owner deletes that. The salt of the pseudonyms lies
beside the lines; switching off deletes both.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from typing import Any

from web import store

DAYS = (7, 30, 90, 365)  # a line's time to live, to choose from
SHORT = 8  # characters of a pseudonym


def days() -> int:
    """For how many days lines are kept; 0: nothing is kept."""
    return int(store.option("asked_days") or 0)


def keep(number: int) -> None:
    """Keep lines for so many days; 0 deletes all there are, and the salt of their pseudonyms."""
    if number and not store.option("asked_salt"):
        store.put_option("asked_salt", secrets.token_hex(16))
    if not number:
        store.put_option("asked_salt", "")
    store.put_option("asked_days", str(number))
    _expire(number)


def _expire(number: int) -> None:
    with store.opened() as base:
        base.execute("DELETE FROM asked WHERE at <= ?", (time.time() - number * 86400,))


def note(
    owner: str, domain: str, bank: str, question: str, message: dict[str, Any], seconds: float
) -> None:
    """Keep a line of a ``message`` of the assistant, where that is switched on."""
    if not (number := days()):
        return
    salt, extra = store.option("asked_salt"), message["extra"]
    who = hashlib.sha256(f"{salt} {owner}".encode()).hexdigest()[:SHORT]
    places = [
        {name: one["source"].get(name, "") for name in ("file", "locator")}
        for one in extra.get("passages", [])
    ]
    line = [message["id"], who, domain, bank, question, json.dumps(places, ensure_ascii=False)]
    line += [bool(extra.get("refused")), "", seconds, str(extra.get("model", "")), time.time()]
    _expire(number)
    with store.opened() as base:
        base.execute(
            "INSERT OR REPLACE INTO asked(message, who, domain, bank, question, evidence, refused, "
            "thumb, seconds, model, at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
            "WHERE EXISTS (SELECT 1 FROM messages WHERE id=?)",
            (*line, message["id"]),
        )


def thumb(message: int, verdict: str) -> None:
    """Note the reader's thumb (up or down)."""
    with store.opened() as base:
        base.execute("UPDATE asked SET thumb=? WHERE message=?", (verdict, message))


def wanting(domain: str) -> list[dict[str, Any]]:
    """The questions that found no evidence (``refused``) or whose answer was thumbed down
    (``down``), and that nobody has taken up: how often each was asked (``times``), the last time
    (``at``), its ``message``, ``evidence`` and ``model``; the most asked first."""
    _expire(days())
    with store.opened() as base:
        rows = base.execute(
            "SELECT question, count(*) times, max(refused) refused, max(thumb='down') down, "
            "max(at) at, message, evidence, model FROM asked WHERE domain=? AND taken=0 "
            "AND (refused OR thumb='down') GROUP BY question ORDER BY times DESC, at DESC",
            (domain,),
        )
        return [{**dict(row), "evidence": json.loads(row["evidence"])} for row in rows]


def lines(domain: str, most: int = 200) -> list[dict[str, Any]]:
    """What is kept, the last first: the columns of the table."""
    with store.opened() as base:
        rows = base.execute(
            "SELECT * FROM asked WHERE domain=? ORDER BY at DESC LIMIT ?", (domain, most)
        )
        return [{**dict(row), "evidence": json.loads(row["evidence"])} for row in rows]


def take(domain: str, question: str) -> None:
    """Note that somebody has taken a question up."""
    with store.opened() as base:
        base.execute("UPDATE asked SET taken=1 WHERE domain=? AND question=?", (domain, question))
